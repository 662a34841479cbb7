"""Made-up inputs through the verifier's service, for as long as is wanted: `python -m tests.verifier.fuzz --minutes 10`.

Every case of the corpus is mutated: bytes, JSON values, chunks, and signed anew where that is possible. What comes of a
mutation that is not the text that was signed must never be good; nothing may break the service, or hold it.
A seed is printed first, and the same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from schemas.jsontext import write_json
from tests.simulator import NOW, Simulator
from tests.verifier.corpus import Case, cases
from verifier.web.app import Service, make_app

MOST_SECONDS: Final = 6.0
FOUND: Final = Path("build/fuzz")
_TOKENS: Final = (
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"true", b"-1", b"1e999", b"\\u0000", b"\\ud800", b"\xff", b"\0", b"@id",
    b"@context", b"__proto__", b"https://www.w3.org/ns/credentials/v2", b"did:key:z", b"eyJ", b".", b"]]>", b"<!DOCTYPE", b"IEND",
    b"9" * 400, "Ā".encode(), "\u202e".encode(), b" " * 999,
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few small changes somewhere."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0:
                changed[place:place] = chance.choice(_TOKENS)
            case 1:
                del changed[place : place + chance.choice((1, 1, 2, 8, 64, 999))]
            case 2 if changed:
                changed[place % len(changed)] = chance.randrange(256)
            case 3 if changed:
                changed[place % len(changed)] ^= 1 << chance.randrange(8)
            case 4:
                start = chance.randrange(len(changed) + 1)
                changed[place:place] = changed[start : start + chance.choice((1, 8, 64, 500))]
            case _:
                changed[place : place + 4] = chance.choice(_TOKENS)
    return bytes(changed)


def mutated_value(value: Any, chance: random.Random) -> Any:
    """The JSON value with one member changed, moved, doubled or taken away."""
    places = [(one, key) for one in _containers(value) for key in (one if isinstance(one, dict) else range(len(one)))]
    if not places:
        return value
    container, key = chance.choice(places)
    strange: tuple[Callable[[], Any], ...] = (
        lambda: None, lambda: True, lambda: -1, lambda: 1.5, lambda: "", list, dict, lambda: [container[key]],
        lambda: {"id": container[key]}, lambda: str(container[key]) + "\u200b", lambda: chance.choice(places)[0],
        lambda: {"@value": container[key]}, lambda: "x" * chance.choice((1, 300, 70_000)),
    )  # fmt: skip
    match chance.randrange(4):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[str(key) + chance.choice(("", " ", "\u200b", "x"))] = container.pop(key)
        case 2 if isinstance(container, dict):
            container[chance.choice(("@id", "@type", "id", "type", "proof", "credentialStatus", "name"))] = container[
                key
            ]
        case _:
            container[key] = json.loads(json.dumps(chance.choice(strange)()))
    return value


def _containers(value: Any) -> list[Any]:
    found = [value] if isinstance(value, dict | list) else []
    for one in found:
        found += [each for each in (one.values() if isinstance(one, dict) else one) if isinstance(each, dict | list)]
    return found


def fault_in(client: FlaskClient, data: bytes, *, may_be_good: bool) -> str | None:
    """What is wrong with the answer, if anything."""
    began = time.monotonic()
    answer = client.post("/verify", data=data, content_type="application/vc+jwt")
    if time.monotonic() - began > MOST_SECONDS:
        return f"took {time.monotonic() - began:.1f} s"
    if answer.status_code != 200:
        return None if answer.status_code in {400, 413} else f"answered {answer.status_code}"
    report = answer.json
    if any(check["reason"] == "internal-fault" for check in report["checks"]):
        return "a step of ours broke down"
    if not may_be_good and report["genuine"]["verdict"] == "valid":
        return "accepted"
    return None


class Fuzz:
    """One run of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = Simulator()
        service = Service(edition=self.world.edition(), clock=lambda: NOW, network=self.world.web)
        self.client = make_app(service).test_client()
        self.cases = [case for case in cases() if case.prepare is None and len(case.data) < 100_000]
        self.good = [case for case in self.cases if case.good and case.data[:1] == b"{"]

    def once(self) -> tuple[bytes, str | None]:
        """One made-up input, and what is wrong with its answer."""
        match self.chance.randrange(3):
            case 0:
                return self._bytes(self.chance.choice(self.cases))
            case 1:
                value = mutated_value(json.loads(self.chance.choice(self.good).data), self.chance)
                data = write_json(value)
                return data, fault_in(self.client, data, may_be_good=self._says_the_same(value))
            case _:
                value = mutated_value(self.world.badge(), self.chance)
                try:
                    data = write_json(self.world.sign(value))
                except Exception:  # noqa: BLE001 - what cannot be signed is another's test
                    return b"", None
                return data, fault_in(self.client, data, may_be_good=True)  # signed by the provider itself

    def _bytes(self, case: Case) -> tuple[bytes, str | None]:
        data = mutated(case.data, self.chance)
        return data, fault_in(self.client, data, may_be_good=bool(case.good) and self._may_carry(data, case))

    def _says_the_same(self, value: Any) -> bool:
        """Whether nothing but its proofs differs from a badge that was signed; a proof less, or twice, may be good."""
        return any(_unsigned(value) == _unsigned(json.loads(case.data)) for case in self.good)

    def _may_carry(self, data: bytes, case: Case) -> bool:
        """White space and artwork may change; what was signed may not."""
        if case.data[:2] == b"ey":
            return data.strip() == case.data.strip()
        if case.data.lstrip()[:1] != b"{":
            return True
        try:
            return self._says_the_same(json.loads(data))
        except (ValueError, RecursionError):
            return False


def _unsigned(value: Any) -> Any:
    """Without its proofs; one value alone in a list says the same as the value (JSON-LD), and RDF signs both alike."""
    return _plain({name: one for name, one in value.items() if name != "proof"} if isinstance(value, dict) else value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(member) for member in value]
    return value


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    wanted = parser.parse_args()
    print(f"--seed {wanted.seed}", flush=True)
    fuzz = Fuzz(wanted.seed)
    end, tried, found = time.monotonic() + wanted.minutes * 60, 0, 0
    while time.monotonic() < end:
        data, fault = fuzz.once()
        tried += 1
        if fault is not None:
            FOUND.mkdir(parents=True, exist_ok=True)
            path = FOUND / f"{wanted.seed}-{tried}"
            path.write_bytes(data)
            print(f"{fault}: {path}", flush=True)
            found += 1
    print(f"{tried} inputs, {found} faults")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
