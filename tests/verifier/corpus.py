"""Bad inputs by class, and good controls beside them, for whoever asks a verifier over HTTP.

    for case in cases(): …

A bad case must never be good in all three answers; a good one must be; neither may break the service or hold it.
What is signed here is signed for real, so that a refusal is the verifier's and not the signature's.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from keys.signing import registered_claims
from schemas import vocabulary as v
from schemas.baking import bake_png, bake_svg
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_BITSTRING_BYTES
from schemas.statuslist import status_entry
from tests.issuer.provider import ONE_PIXEL
from tests.simulator import NOW, Party, Simulator

VECTORS: Final = Path(__file__).parents[1] / "vectors"
INDEX: Final = 94_567
_SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect width="1" height="1"/></svg>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is sent, and whether it must be good; None: it only must be answered."""

    kind: str
    name: str
    data: bytes
    good: bool | None = False
    prepare: Callable[[Simulator], None] | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}: {self.name}"


def cases() -> Iterator[Case]:
    """All of them; the same ones each time."""
    world = Simulator()
    for maker in (
        _controls, _json_texts, _members, _leaves, _contexts, _proofs, _issuers, _statuses, _lists, _times, _unicode,
        _tokens, _pngs, _svgs, _files, _huge, _registers,
    ):  # fmt: skip
        yield from maker(world)


def _case(kind: str, name: str, document: Any, **more: Any) -> Case:
    data = document if isinstance(document, bytes) else write_json(document)
    return Case(kind=kind, name=name, data=data, **more)


def _changed(document: JsonObject, change: Callable[[Any], object]) -> JsonObject:
    copied = copy.deepcopy(document)
    change(copied)
    return copied


# --- good controls --------------------------------------------------------------------------------------------------
def _controls(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    text = write_json(good).decode()
    for suite in (v.EDDSA_RDFC_2022, v.ECDSA_RDFC_2019, v.EDDSA_JCS_2022, v.ECDSA_JCS_2019):
        yield _case("control", suite, world.sign(world.badge(), suite=suite), good=True)
    for alg in ("EdDSA", "ES256", "ES384"):
        yield _case("control", f"a JWT with {alg}", world.sign_text(world.badge(), alg=alg).encode(), good=True)
    yield _case("control", "laid out for people", json.dumps(good, indent=4, ensure_ascii=False).encode(), good=True)
    yield _case("control", "escaped", json.dumps(good, ensure_ascii=True).encode(), good=True)
    yield _case("control", "members the other way round", dict(reversed(good.items())), good=True)
    yield _case("control", "white space around", b" \r\n\t" + text.encode() + b"\n\n", good=True)
    yield _case("control", "in a PNG", bake_png(ONE_PIXEL, text), good=True)
    yield _case("control", "in an SVG", bake_svg(_SVG, text), good=True)
    yield _case("control", "a JWT in a PNG", bake_png(ONE_PIXEL, world.sign_text(world.badge())), good=True)
    yield _case("control", "two proofs", world.sign(good, suite=v.ECDSA_RDFC_2019), good=True)
    yield _case("control", "no expiry", world.sign(world.badge(validUntil=None)), good=True)
    for name in ("Mere Āwhina", unicodedata.normalize("NFD", "Mere Āwhina"), "𠮷野 家", "O'Brien-Šmíd & <b>", "א ב"):
        yield _case("control", f"the name {name!r}", world.sign(_named(world, name)), good=True)
    for start in ("2026-05-06T21:15:00.5Z", "2026-05-07T09:15:00+12:00"):
        yield _case("control", f"from {start}", world.sign(world.badge(validFrom=start)), good=True)


def _named(world: Simulator, name: str) -> JsonObject:
    return _changed(world.badge(), lambda b: b["credentialSubject"]["identifier"][0].update(identityHash=name))


# --- JSON ---------------------------------------------------------------------------------------------------------------
def _json_texts(world: Simulator) -> Iterator[Case]:
    good = write_json(world.good_badge())
    text = good.decode()
    inner = text[1:-1]
    texts: dict[str, bytes] = {
        "nothing": b"",
        "white space": b" \n",
        "null": b"null",
        "true": b"true",
        "a number": b"1",
        "a text": b'"x"',
        "a list": b"[" + good + b"]",
        "an empty object": b"{}",
        "two texts": good + good,
        "a comma at the end": ("{" + inner + ",}").encode(),
        "a comment": ("{/* x */" + inner + "}").encode(),
        "single quotes": text.replace('"', "'").encode(),
        "NaN": ("{" + inner + ',"x":NaN}').encode(),
        "infinity": ("{" + inner + ',"x":-Infinity}').encode(),
        "beyond a double": ("{" + inner + ',"x":1e999}').encode(),
        "a large whole number": ("{" + inner + ',"x":' + "9" * 5_000 + "}").encode(),
        "a leading zero": ("{" + inner + ',"x":01}').encode(),
        "a plus": ("{" + inner + ',"x":+1}').encode(),
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": text.encode("utf-16"),
        "UTF-32": text.encode("utf-32"),
        "Latin-1": text.encode("latin-1", "replace"),
        "a stray byte": good.replace(b"Mere", b"Mer\xff"),
        "an overlong NUL": good.replace(b"Mere", b"Mer\xc0\x80"),
        "a surrogate": good.replace(b"Mere", b"Mer\\ud800"),
        "a control character": good.replace(b"Mere", b"Mer\x01"),
        "a NUL after the end": good + b"\0",
        "more after the end": good + b"x",
        "a form of the shell": b"$(id)",
        "an HTML page": b"<!DOCTYPE html><html><body>" + good + b"</body></html>",
        "a vertical tab before": b"\x0b" + good,
        "a no-break space before": b"\xc2\xa0" + good,
    }
    for name, data in texts.items():
        yield _case("JSON", name, data)
    for name in ("name", "validUntil", "credentialStatus", "proof", "issuer", "type", "@context", "credentialSubject"):
        member = json.dumps(name) + ":" + json.dumps("x")
        yield _case("JSON twice", f"{name} first", ("{" + member + "," + inner + "}").encode())
        yield _case("JSON twice", f"{name} last", ("{" + inner + "," + member + "}").encode())
        escaped = '"' + "".join(f"\\u{ord(one):04x}" for one in name) + '":"x"'
        yield _case("JSON twice", f"{name} escaped", ("{" + inner + "," + escaped + "}").encode())
    for part in range(1, 20):
        yield _case("JSON cut", f"at {part} of 20", good[: len(good) * part // 20])


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(member, (*place, name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _places(member, (*place, number))


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


_STRANGE_MEMBERS: Final[tuple[tuple[str, Any], ...]] = (
    ("@id", "urn:x"), ("@type", "Thing"), ("@value", "x"), ("@graph", []), ("@included", [{"id": "urn:x"}]),
    ("@reverse", {"issuer": "urn:x"}), ("@context", {"name": "https://a.example/x"}), ("@language", "mi"),
    ("@nest", {}), ("@index", "x"), ("@set", []), ("@list", []), ("@base", "https://a.example/"),
    ("__proto__", {"verified": True}), ("constructor", {"prototype": {}}), ("prototype", {}), ("toString", "x"),
    ("hasOwnProperty", True), ("length", 0), ("then", {}), ("", "x"), (" ", "x"), ("name ", "x"), ("Name", "x"),
    ("https://schema.org/name", "x"), ("schema:name", "x"), ("_:b0", "x"), ("honours", "first class"),
    ("credentialStatus\u200b", {}), ("nаme", "x"), ("validuntil", "2099-01-01T00:00:00Z"),
)  # fmt: skip


def _members(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    for name, value in _STRANGE_MEMBERS:
        for place, where in (((), "the badge"), (("credentialSubject",), "its subject"), (("issuer",), "its issuer")):
            if name in _at(good, place) and name == "@context":
                continue
            yield _case(
                "member added",
                f"{name!r} in {where}",
                _changed(good, lambda b, p=place, n=name, x=value: _at(b, p).update({n: x})),
            )
    for name in good:
        yield _case("member removed", name, {key: value for key, value in good.items() if key != name})
        for swapped in (None, 0, "", [], {}, True, [[[]]], "x" * 5_000):
            kind = type(swapped).__name__
            yield _case("member swapped", f"{name} is {kind} {str(swapped)[:8]}", good | {name: swapped})
    for renamed in ("credentialStatus", "validUntil", "proof"):
        iri = f"https://www.w3.org/2018/credentials#{renamed}"
        yield _case(
            "member renamed",
            renamed,
            {iri if key == renamed else key: value for key, value in good.items()},
        )


def _leaves(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    for place in _places(good):
        value = _at(good, place)
        if not place or isinstance(value, dict | list):
            continue
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else f"{value}x"
        yield _case(
            "leaf",
            "/".join(map(str, place)),
            _changed(good, lambda b, p=place, o=other: _at(b, p[:-1]).__setitem__(p[-1], o)),
        )


def _contexts(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    contexts: dict[str, Any] = {
        "reversed": [v.OB3_CONTEXT, v.CREDENTIALS_V2],
        "one alone": [v.CREDENTIALS_V2],
        "the other alone": [v.OB3_CONTEXT],
        "twice": [v.CREDENTIALS_V2, v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "a text": v.CREDENTIALS_V2,
        "inline": [v.CREDENTIALS_V2, v.OB3_CONTEXT, {"name": "https://a.example/other"}],
        "inline vocabulary": [v.CREDENTIALS_V2, v.OB3_CONTEXT, {"@vocab": "https://a.example/"}],
        "an import": [v.CREDENTIALS_V2, v.OB3_CONTEXT, {"@import": "https://a.example/c"}],
        "not held": [v.CREDENTIALS_V2, v.OB3_CONTEXT, "https://a.example/context.json"],
        "plain http": [v.CREDENTIALS_V2.replace("https", "http"), v.OB3_CONTEXT],
        "a slash more": [v.CREDENTIALS_V2 + "/", v.OB3_CONTEXT],
        "a fragment": [v.CREDENTIALS_V2 + "#", v.OB3_CONTEXT],
        "capitals": [v.CREDENTIALS_V2.upper(), v.OB3_CONTEXT],
        "both data models": [v.CREDENTIALS_V1, v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "a file": ["file:///etc/passwd", v.OB3_CONTEXT],
        "null": None,
        "a null among them": [v.CREDENTIALS_V2, None, v.OB3_CONTEXT],
        "nested": [[v.CREDENTIALS_V2, v.OB3_CONTEXT]],
        "an object": {"@vocab": "https://a.example/"},
        "empty": [],
        "a number": 2,
        "a hundred": [v.CREDENTIALS_V2, v.OB3_CONTEXT] * 50,
    }
    for name, value in contexts.items():
        yield _case("context", name, good | {"@context": value})


# --- proofs and issuers ---------------------------------------------------------------------------------------------
def _proofs(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    proof = good["proof"][0] if isinstance(good["proof"], list) else good["proof"]
    other = world.sign(world.badge(name="Another"))["proof"]
    value = proof["proofValue"]
    changes: dict[str, Any] = {
        "another badge's": other,
        "none of them": [],
        "null": None,
        "a text": "x",
        "nine": [proof] * 9,
        "a broken one beside": [proof, proof | {"proofValue": "z" + "1" * 88}],
        "a graph": {"@graph": [proof]},
        "type unknown": proof | {"type": "MagicProof"},
        "type missing": {name: member for name, member in proof.items() if name != "type"},
        "suite unknown": proof | {"cryptosuite": "eddsa-rdfc-2099"},
        "suite of another key": proof | {"cryptosuite": v.ECDSA_RDFC_2019},
        "suite JCS": proof | {"cryptosuite": v.EDDSA_JCS_2022},
        "suite in capitals": proof | {"cryptosuite": v.EDDSA_RDFC_2022.upper()},
        "purpose authentication": proof | {"proofPurpose": "authentication"},
        "purpose missing": {name: member for name, member in proof.items() if name != "proofPurpose"},
        "method of nobody": proof | {"verificationMethod": f"{world.provider.did}#none"},
        "method without a fragment": proof | {"verificationMethod": world.provider.did},
        "method of the status key": proof | {"verificationMethod": world.provider.method("status")},
        "method an object": proof | {"verificationMethod": {"id": proof["verificationMethod"]}},
        "method a list": proof | {"verificationMethod": [proof["verificationMethod"]]},
        "created garbage": proof | {"created": "yesterday"},
        "created ahead": proof | {"created": "2031-01-01T00:00:00Z"},
        "expired": proof | {"expires": "2026-06-01T00:00:00Z"},
        "a chain to nowhere": proof | {"previousProof": "urn:uuid:none"},
        "a domain more": proof | {"domain": "a.example"},
        "a nonce more": proof | {"nonce": "x"},
        "a context of its own": proof | {"@context": {"proofPurpose": "https://a.example/"}},
        "a jws more": proof | {"jws": "x.y.z"},
        "a prototype": proof | {"__proto__": {"verified": True}},
        "value cut": proof | {"proofValue": value[:-1]},
        "value longer": proof | {"proofValue": value + "1"},
        "value empty": proof | {"proofValue": ""},
        "value alone its prefix": proof | {"proofValue": "z"},
        "value base64url": proof | {"proofValue": "u" + base64.urlsafe_b64encode(b"\1" * 64).decode().rstrip("=")},
        "value of zeros": proof | {"proofValue": "z" + "1" * 64},
        "value of letters not in base58": proof | {"proofValue": "z0OIl" + value[5:]},
        "value very long": proof | {"proofValue": "z" + "2" * 100_000},
        "value a number": proof | {"proofValue": 1},
        "value unicode": proof | {"proofValue": "z" + "１" * 80},
    }
    for name, changed in changes.items():
        yield _case("proof", name, good | {"proof": changed})
    yield _case("proof", "by the status key", world.sign(world.badge(), key="status"))
    for purpose in ("authentication", "keyAgreement"):
        made = world.sign(world.badge())
        yield _case("proof", f"relabelled {purpose}", _changed(made, lambda b, p=purpose: _relabel(b, p)))


def _relabel(badge: JsonObject, purpose: str) -> None:
    one = badge["proof"][0] if isinstance(badge["proof"], list) else badge["proof"]
    one["proofPurpose"] = purpose


_STRANGE_DIDS: Final = (
    "did:web:", "did:web:localhost", "did:web:127.0.0.1", "did:web:%5B%3A%3A1%5D", "did:web:169.254.169.254",
    "did:web:..", "did:web:a.example:..:..:etc", "did:web:a.example%2F..", "did:web:a.example%3A22",
    "did:web:user@a.example", "did:web:a.example%40b.example", "did:web:a.example%00", "did:web:a.example#", "did:web:a b",
    "did:web:" + "a" * 2_000 + ".example", "did:web:bādges.example", "did:web:xn--bdges-gza.example", "did:key:", "did:key:z",
    "did:key:z6Mk", "did:key:z" + "1" * 46, "did:key:u7QE", "did:example:123", "did:", "did", "https://", "https://localhost/i",
    "https://127.0.0.1/i", "http://a.example/i", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "urn:uuid:1", "", " ",
    "\u202edid:web:a.example", "did:web:badges.totara-training.example\u200b", "did:web:BADGES.totara-training.example.",
    "did:web:badges.totara-training.example%2e", "DID:WEB:badges.totara-training.example",
)  # fmt: skip


def _issuers(world: Simulator) -> Iterator[Case]:
    stranger = Party(base_url="https://stranger.example", prefix="stranger ")
    badge = world.badge()

    def publish(simulator: Simulator) -> None:
        stranger.publish(simulator.web)

    yield _case("issuer", "a stranger signs for the provider", world.sign(badge, party=stranger), prepare=publish)
    yield _case(
        "issuer",
        "a stranger's key under the provider's name",
        world.sign(badge, party=stranger, method=world.provider.method("ed25519")),
    )
    own = _changed(badge, lambda b: b["issuer"].update(id=stranger.did))
    yield _case("issuer", "a stranger with the provider's number", world.sign(own, party=stranger), prepare=publish)
    cosigned = world.sign(world.sign(own, party=stranger))
    yield _case("issuer", "a stranger, and the provider beside", cosigned, prepare=publish)
    for did in _STRANGE_DIDS:
        strange = _changed(badge, lambda b, d=did: b["issuer"].update(id=d))
        try:
            yield _case("issuer", f"is {did[:60]!r}", world.sign(strange, party=stranger, method=f"{did}#ed25519"))
        except Exception:  # noqa: BLE001 - what cannot be signed is sent as it is
            yield _case("issuer", f"is {did[:60]!r}, unsigned", strange | {"proof": world.good_badge()["proof"]})
    for value in (None, 1, [], {}, [{"id": stranger.did}], {"id": [stranger.did]}, {"id": {"id": stranger.did}}):
        yield _case("issuer", f"is {value!r}"[:60], world.good_badge() | {"issuer": value})


# --- status ---------------------------------------------------------------------------------------------------------
def _entry(world: Simulator, **changes: Any) -> JsonObject:
    entry = status_entry(list_url=world.list_url, index=INDEX, purpose=v.REVOCATION) | changes
    return {name: value for name, value in entry.items() if value is not ...}


_STRANGE_INDEXES: Final = (
    -1, 1.5, "-1", "+5", " 5", "5 ", "0x10", "1_0", "05", "٣", "1e3", "", "x", None, True, [], {}, 131_072, "131072",
    "9" * 30, 2**53, "5\n",
)  # fmt: skip
_STRANGE_URLS: Final = (
    "", "x", "/status/1", "http://badges.totara-training.example/status/1", "file:///etc/passwd", "data:,x", "javascript:x",
    "https://localhost/1", "https://169.254.169.254/latest", "https://user@a.example/1", "https://a.example:22/1",
    "https://gone.example/1", "https://badges.totara-training.example/status/2", "https://a.example/" + "x" * 3_000,
    "https://badges.totara-training.example/status/1#other", "https://badges.totara-training.example/status/1?x=1",
    "\u202e", 1, None, [], ["https://badges.totara-training.example/status/1"], {"id": "https://a.example"},
)  # fmt: skip


def _statuses(world: Simulator) -> Iterator[Case]:
    def signed(name: str, status: Any, **more: Any) -> Iterator[Case]:
        try:
            yield _case("status", name, world.sign(world.badge() | {"credentialStatus": status}), **more)
        except Exception:  # noqa: BLE001 - what cannot be signed is sent as it is
            document = world.badge() | {"credentialStatus": status, "proof": world.good_badge()["proof"]}
            yield _case("status", f"{name}, unsigned", document)

    for index in _STRANGE_INDEXES:
        yield from signed(f"index {index!r}"[:40], _entry(world, statusListIndex=index))
    for url in _STRANGE_URLS:
        yield from signed(f"list {url!r}"[:60], _entry(world, statusListCredential=url))
    for purpose in ("", "Revocation", "revocation ", "other", None, [], ["revocation"], 1):
        yield from signed(f"purpose {purpose!r}", _entry(world, statusPurpose=purpose))
    for kind in ("", "BitstringStatusListEntr", "StatusList2021Entry", "1EdTechRevocationList", None, 1, ["Other"]):
        yield from signed(f"type {kind!r}", _entry(world, type=kind))
    for size in (0, 2, 8, "1", -1, 1.5, 10**9):
        yield from signed(f"size {size!r}", _entry(world, statusSize=size))
    for name in ("statusListIndex", "statusListCredential", "type", "statusPurpose"):
        yield from signed(f"without {name}", _entry(world, **{name: ...}))
    for value in (None, 1, "x", [], {}, [[]], [None], {"id": "x"}):
        yield from signed(f"is {value!r}", value)
    yield from signed("nine entries", [_entry(world, id=f"{world.list_url}#{n}") for n in range(9)])
    yield from signed("a hundred entries", [_entry(world, id=f"{world.list_url}#{n}") for n in range(100)])


def _lists(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()

    def listed(name: str, put: Callable[[Simulator], object], **more: Any) -> Case:
        return _case("list", name, good, prepare=lambda simulator: (put(simulator), None)[1], **more)

    yield listed("clear", lambda w: w.publish_list(), good=True)
    yield listed("other bits set", lambda w: w.publish_list(set_={INDEX - 1, INDEX + 1, 0}), good=True)
    yield listed("the badge's bit set", lambda w: w.publish_list(set_={INDEX}))
    yield listed("of suspension", lambda w: w.publish_list(purpose=v.SUSPENSION))
    yield listed("expired", lambda w: w.publish_list(valid_until=NOW - timedelta(days=1)))
    yield listed("from tomorrow", lambda w: w.publish_list(valid_from=NOW + timedelta(days=1)))
    yield listed("unsigned", lambda w: w.web.put(w.list_url, w.status_list()))
    yield listed("of another issuer", lambda w: w.publish_list(issuer="did:web:stranger.example"))
    yield listed(
        "with another id", lambda w: w.web.put(w.list_url, w.sign(w.status_list(url=f"{w.list_url}x"), key="status"))
    )
    yield listed("not there", lambda w: w.web.pages.pop(w.list_url))
    yield listed("gone for certain", lambda w: w.web.private.add(w.list_url))
    for name, body in {
        "empty": b"", "a page": b"<html>", "a picture": ONE_PIXEL, "a list": b"[]", "cut": b'{"a":', "two": b"{}{}",
        "not UTF-8": b"\xff\xfe", "another badge": write_json(good), "deep": b'{"a":' * 3_000, "a number": b"1",
    }.items():  # fmt: skip
        yield listed(name, lambda w, b=body: w.web.put(w.list_url, b))
    for path in sorted((VECTORS / "status-lists").glob("*.txt")):
        if path.stem.startswith("good") or path.stem == "empty-text":
            continue
        encoded = path.read_text()
        yield listed(path.stem, lambda w, e=encoded: w.publish_list(encoded=e))
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    squeezed = bomb.compress(bytes(MAX_BITSTRING_BYTES * 8)) + bomb.flush()
    text = "u" + base64.urlsafe_b64encode(squeezed).decode().rstrip("=")
    yield listed("a bomb", lambda w: w.publish_list(encoded=text))
    yield listed("short", lambda w: w.publish_list(encoded=_short()))


def _short() -> str:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    return "u" + base64.urlsafe_b64encode(squeezed.compress(bytes(8)) + squeezed.flush()).decode().rstrip("=")


# --- times, names ------------------------------------------------------------------------------------------------------
_STRANGE_TIMES: Final = (
    "", "now", "2026", "2026-05", "2026-05-06", "06/05/2026", "2026-05-06T21:15:00", "2026-05-06 21:15:00Z", "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-05-06T24:00:00Z", "2026-05-06T25:00:00Z", "2026-05-06T21:60:00Z",
    "2026-05-06T21:15:61Z", "2026-05-06T21:15:00+25:00", "2026-05-06T21:15:00+1200", "2026-05-06T21:15:00ZZ", "+2026-05-06T21:15:00Z",
    "-2026-05-06T21:15:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "２０２６-05-06T21:15:00Z", "2026-05-06T21:15Z",
    "2026-W19-3T00:00:00Z", "2026-126T00:00:00Z", "2026-05-06T21:15:00Z\n", " 2026-05-06T21:15:00Z", "1778102100",
)  # fmt: skip


def _times(world: Simulator) -> Iterator[Case]:
    for member in ("validFrom", "validUntil", "awardedDate"):
        for text in (*_STRANGE_TIMES, None, 1, 1.5, [], {}, ["2026-05-06T21:15:00Z"], "9" * 10_000):
            name = f"{member} {text!r}"[:50]
            badge = world.badge() | {member: text}
            try:
                yield _case("time", name, world.sign(badge))
            except Exception:  # noqa: BLE001 - what cannot be signed is sent as it is
                yield _case("time", f"{name}, unsigned", badge | {"proof": world.good_badge()["proof"]})
    for name, changes in {
        "expired a second ago": {"validUntil": "2026-11-22T02:59:59Z"},
        "from an hour on": {"validFrom": "2026-11-22T04:00:00Z"},
        "ends before it begins": {"validFrom": "2026-05-06T21:15:00Z", "validUntil": "2026-05-06T21:14:00Z"},
        "from the year 9999": {"validFrom": "9999-12-31T23:59:59Z"},
        "until the year 0001": {"validUntil": "0001-01-01T00:00:00Z"},
    }.items():
        yield _case("time", name, world.sign(world.badge(**changes)))


def _unicode(world: Simulator) -> Iterator[Case]:
    good = write_json(world.good_badge())
    for name, before, after in (
        ("a macron taken off", "Āwhina", "Awhina"),
        ("composed otherwise", "Āwhina", unicodedata.normalize("NFD", "Āwhina")),
        ("a letter that looks alike", "Mere", "Мere"),
        ("a zero-width space", "Mere", "Me\u200bre"),
        ("turned round", "Mere", "\u202eereM"),
        ("a capital", "Mere", "MERE"),
        ("a NUL", "Mere", "Mere\\u0000"),
        ("a tag character", "Mere", "Mere\U000e0041"),
        ("a full-width digit", "9876", "９876"),
        ("a soft hyphen", "Native", "Na\u00adtive"),
    ):
        data = good.replace(before.encode(), after.encode())
        assert data != good
        yield _case("unicode", name, data)
    for name in ("\0", "\u202e" * 100, "\ufffe", "a" * 50_000, "\x7f"):
        try:
            yield _case("unicode", f"signed {name[:3]!r}", world.sign(_named(world, name)), good=None)
        except Exception:  # noqa: BLE001, S112 - what cannot be signed is no case
            continue


# --- tokens ---------------------------------------------------------------------------------------------------------
def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _token(world: Simulator, header: JsonObject | bytes, payload: JsonObject | bytes, *, key: str = "ed25519") -> str:
    parts = [_b64(part if isinstance(part, bytes) else write_json(part)) for part in (header, payload)]
    signing = ".".join(parts)
    return f"{signing}.{_b64(world.provider.signer(key).sign(signing.encode()))}"


def _tokens(world: Simulator) -> Iterator[Case]:
    badge = world.badge()
    payload = badge | registered_claims(badge)
    header = {"alg": "EdDSA", "kid": world.provider.method("ed25519"), "typ": "JWT"}
    good = _token(world, header, payload)
    yield _case("token", "as it should be", good.encode(), good=True)
    head, body, signature = good.split(".")
    public = world.provider.signer("ed25519").public_key
    stranger = Party(prefix="stranger ").signer("ed25519").public_key.to_jwk()
    headers: dict[str, Any] = {
        "alg none": {"alg": "none"},
        "alg missing": {"alg": ...},
        "alg of another key": {"alg": "ES256"},
        "alg unknown": {"alg": "EdDSA2"},
        "alg a list": {"alg": ["EdDSA"]},
        "kid missing": {"kid": ...},
        "kid a number": {"kid": 1},
        "kid of a stranger": {"kid": "did:web:stranger.example#ed25519"},
        "kid of the status key": {"kid": world.provider.method("status")},
        "kid a path": {"kid": "../../../etc/passwd"},
        "a stranger's jwk": {"jwk": stranger},
        "jku": {"jku": "https://a.example/jwks"},
        "x5u": {"x5u": "https://a.example/cert"},
        "x5c": {"x5c": ["AAAA"]},
        "crit": {"crit": ["exp"], "exp": 1},
        "crit empty": {"crit": []},
        "b64 false": {"b64": False, "crit": ["b64"]},
        "zip": {"zip": "DEF"},
        "cty": {"cty": "JWT"},
    }
    for name, changes in headers.items():
        changed = {key: value for key, value in (header | changes).items() if value is not ...}
        yield _case("token header", name, _token(world, changed, payload).encode())
    yield _case("token header", "alg twice", _token(world, b'{"alg":"none","alg":"EdDSA"}', payload).encode())
    yield _case("token header", "no JSON", _token(world, b"x", payload).encode())
    yield _case("token header", "very long", _token(world, header | {"x": "x" * 20_000}, payload).encode())
    claims: dict[str, Any] = {
        "iss of a stranger": {"iss": "did:web:stranger.example"},
        "sub of somebody": {"sub": "did:web:stranger.example"},
        "jti of another": {"jti": "urn:uuid:1"},
        "nbf ahead": {"nbf": 4_000_000_000},
        "exp over": {"exp": 1_700_000_000},
        "nbf another": {"nbf": 1_700_000_000},
        "exp a text": {"exp": "never"},
        "nbf beyond": {"nbf": 2**60},
        "nbf a fraction": {"nbf": 0.1},
    }
    for name, changes in claims.items():
        yield _case("token claim", name, _token(world, header, payload | changes).encode())
    nested = {"vc": badge} | registered_claims(badge)
    yield _case("token claim", "the badge under vc", _token(world, header, nested).encode(), good=None)
    yield _case("token claim", "twice", _token(world, header, write_json(payload)[:-1] + b',"name":"x"}').encode())
    yield _case("token claim", "no object", _token(world, header, b"[]").encode())
    forged = f"{head}.{_b64(write_json(payload | {'name': 'Brain surgery'}))}.{signature}"
    hashed = _b64(write_json({"alg": "HS256", "kid": header["kid"]}))
    mac = hmac.new(str(public.multibase).encode(), f"{hashed}.{body}".encode(), hashlib.sha256).digest()
    texts = {
        "payload changed": forged,
        "signature missing": f"{head}.{body}.",
        "signature cut": good[:-2],
        "signature of zeros": f"{head}.{body}.{_b64(bytes(64))}",
        "signature padded": good + "=",
        "two parts": f"{head}.{body}",
        "four parts": good + ".x",
        "a space": good.replace(".", ". ", 1),
        "a line end": good.replace(".", ".\n", 1),
        "HMAC with the public key": f"{hashed}.{body}.{_b64(mac)}",
        "nothing at all": "..",
        "standard base64": good.replace("_", "/").replace("-", "+"),
        "in quotation marks": json.dumps(good),
        "a scheme before it": f"Bearer {good}",
    }
    for name, text in texts.items():
        yield _case("token", name, text.encode(), good=None if text == good else False)
    es256 = world.sign_text(badge, alg="ES256")
    start, _, _ = es256.rpartition(".")
    for name, raw in {"r and s zero": bytes(64), "DER": b"\x30\x44" + bytes(68), "short": bytes(63)}.items():
        yield _case("token ES256", name, f"{start}.{_b64(raw)}".encode())


# --- files ----------------------------------------------------------------------------------------------------------
def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _itxt(text: bytes, *, keyword: bytes = b"openbadgecredential", compressed: bytes = b"\0\0") -> bytes:
    return _chunk(b"iTXt", keyword + b"\0" + compressed + b"\0\0" + text)


def _pngs(world: Simulator) -> Iterator[Case]:
    good = write_json(world.good_badge())
    start, end = ONE_PIXEL[:33], ONE_PIXEL[33:]
    baked = bake_png(ONE_PIXEL, good.decode())
    other = write_json(world.sign(world.badge(name="Another")))
    files = {
        "no badge": ONE_PIXEL,
        "two badges": start + _itxt(good) + _itxt(other) + end,
        "the same badge twice": start + _itxt(good) + _itxt(good) + end,
        "a checksum wrong": baked.replace(b"Native", b"Nativi", 1),
        "keyword in capitals": start + _itxt(good, keyword=b"OpenBadgeCredential") + end,
        "keyword of Open Badges 2": start + _itxt(good, keyword=b"openbadges") + end,
        "tEXt": start + _chunk(b"tEXt", b"openbadgecredential\0" + good) + end,
        "a bomb": start + _itxt(zlib.compress(bytes(50_000_000), 9), compressed=b"\1\0") + end,
        "a bomb in zTXt": start + _chunk(b"zTXt", b"openbadgecredential\0\0" + zlib.compress(bytes(50_000_000))) + end,
        "after the end": ONE_PIXEL + _itxt(good),
        "signature alone": ONE_PIXEL[:8],
        "a length beyond": start + struct.pack(">I", 2**31 - 1) + b"iTXt" + good,
        "a huge picture": ONE_PIXEL[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + ONE_PIXEL[24:],
        "ten thousand chunks": start + _chunk(b"tEXt", b"a\0b") * 20_000 + end,
        "a token of garbage": bake_png(ONE_PIXEL, "a.b.c") if False else start + _itxt(b"a.b.c") + end,
        "an address": start + _itxt(b"https://badges.totara-training.example/badges/1") + end,
    }
    for name, data in files.items():
        yield _case("PNG", name, data)
    for part in range(1, 10):
        yield _case("PNG cut", f"at {part} of 10", baked[: len(baked) * part // 10])
    for place in range(0, len(baked), max(1, len(baked) // 25)):
        spoiled = bytearray(baked)
        spoiled[place] ^= 0x55
        yield _case("PNG spoiled", f"at byte {place}", bytes(spoiled))


def _svgs(world: Simulator) -> Iterator[Case]:
    text = write_json(world.good_badge()).decode()
    baked = bake_svg(_SVG, text).decode()
    start = baked.index("<openbadges:credential") if "<openbadges:credential" in baked else baked.index(">") + 1
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{n} "{("&a" + (str(n - 1) if n > 1 else "") + ";") * 10}">' for n in range(1, 10)
    )
    files = {
        "no badge": _SVG.decode(),
        "cut": baked[:-20],
        "an entity": '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + baked,
        "entities that multiply": bomb + "]>" + baked.replace("<rect", "<text>&a9;</text><rect", 1),
        "a script": baked.replace("<rect", "<script>alert(1)</script><rect", 1),
        "two badges": baked[:start] + baked[start:].replace("</svg>", "") + baked[start:],
        "deep": baked.replace("<rect", "<g>" * 5_000 + "</g>" * 5_000 + "<rect", 1),
        "many attributes": baked.replace("<rect", "<rect " + " ".join(f'a{n}="1"' for n in range(20_000)), 1),
        "another namespace": baked.replace("https://purl.imsglobal.org/ob/v3p0", "https://a.example/ns"),
        "not SVG": "<svg></svg>",
        "XML of something else": "<?xml version='1.0'?><a/>",
        "a stylesheet": '<?xml-stylesheet href="https://a.example/x.css"?>' + baked,
        "another declaration": '<?xml version="1.0" encoding="UTF-7"?>' + baked,
    }
    for name, data in files.items():
        good = None if name in {"a script", "a stylesheet", "another namespace"} else False
        yield _case("SVG", name, data.encode(), good=good)
    yield _case("SVG", "UTF-16", baked.encode("utf-16"), good=None)


def _files(_world: Simulator) -> Iterator[Case]:
    for path in sorted((VECTORS / "images").iterdir()):
        if path.suffix in {".png", ".svg"}:
            yield _case("image vector", path.name, path.read_bytes())
    for path in sorted((VECTORS / "pdfs").glob("*.pdf"))[:12]:
        yield _case("PDF vector", path.name, path.read_bytes(), good=None)
    for name, data in {
        "alone its start": b"%PDF-1.7", "garbage": b"%PDF-1.7\n" + bytes(range(256)) * 20, "JPEG": b"\xff\xd8\xff" + bytes(50),
        "GIF": b"GIF89a" + bytes(50), "ZIP": b"PK\3\4" + bytes(50), "gzip": b"\x1f\x8b" + bytes(50), "ELF": b"\x7fELF" + bytes(50),
        "zeros": bytes(2_000), "every byte": bytes(range(256)) * 10,
    }.items():  # fmt: skip
        yield _case("file", name, data)


def _huge(world: Simulator) -> Iterator[Case]:
    good = world.good_badge()
    text = write_json(good)[1:-1]
    deep = b'{"credentialSubject":' * 100 + b"{}" + b"}" * 100
    clique = [{"id": f"_:b{n}", "knows": [{"id": f"_:b{m}"} for m in range(12) if m != n]} for n in range(12)]
    evidence = [{"type": ["Evidence"], "name": str(n)} for n in range(400)]
    for name, data in {
        "deep lists": b"[" * 100_000,
        "deep objects": b'{"a":' * 100_000,
        "deep subjects": deep,
        "deep within": b"{" + text + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
        "too many values": b"{" + text + b',"x":[' + b"0," * 2_000 + b"0]}",
        "too long": b"{" + text + b',"x":"' + b"x" * 1_100_000 + b'"}',
        "a long name": write_json(good | {"name": "x" * 500_000}),
        "many members": b"{" + text + b"," + b",".join(b'"m%d":1' % n for n in range(900)) + b"}",
        "a clique of blank nodes": write_json(good | {"evidence": clique}),
        "many blank nodes": write_json(good | {"evidence": evidence}),
        "much escaping": b'{"a":"' + b"\\u0041" * 100_000 + b'"}',
        "a long number": b'{"a":' + b"1" * 500_000 + b"}",
        "a long fraction": b'{"a":0.' + b"1" * 500_000 + b"}",
        "quotation marks": b'{"' * 100_000,
        "backslashes": b'{"a":"' + b"\\" * 200_001 + b'"}',
        "dots": b"." * 300_000,
        "a long token": b"eyJ" + b"A" * 500_000 + b"." + b"B" * 500_000 + b".",
        "half a million spaces": b" " * 500_000 + b"x",
    }.items():
        yield _case("huge", name, data)
    subjects = _changed(good, lambda b: b.update(credentialSubject=[b["credentialSubject"]] * 20))
    yield _case("huge", "twenty subjects", subjects)


def _registers(world: Simulator) -> Iterator[Case]:
    def made(name: str, change: Callable[[Any], object], **more: Any) -> Case:
        return _case("register", name, world.sign(_changed(world.badge(), change)), **more)

    def achievement(badge: JsonObject) -> JsonObject:
        return badge["credentialSubject"]["achievement"]  # type: ignore[no-any-return]  # JSON

    yield made("another reference", lambda b: achievement(b)["otherIdentifier"][0].update(identifier="1234"))
    yield made("two references", lambda b: achievement(b)["otherIdentifier"].append(
        {"type": "IdentifierEntry", "identifier": "1234", "identifierType": v.EXT_NZQA_REFERENCE}))  # fmt: skip
    yield made("a reference with a space", lambda b: achievement(b)["otherIdentifier"][0].update(identifier="9876 "))
    yield made("another level", lambda b: achievement(b)["alignment"][0].update(targetCode="7"))
    yield made("more credits", lambda b: achievement(b).update(creditsAvailable=120))
    yield made("awarded before the right", lambda b: b.update(awardedDate="2020-01-01T00:00:00Z"))
    yield made("awarded after signing", lambda b: b.update(awardedDate="2026-12-01T00:00:00Z"), good=None)
    yield made("another provider's number", lambda b: b["issuer"]["otherIdentifier"][0].update(identifier="9999"))
