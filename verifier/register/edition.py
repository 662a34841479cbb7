"""One signed state of the register: checks the signature under a pinned key first, and only then reads what it says."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from keys.multikey import multibase_decode
from schemas.canonical import jcs
from schemas.errors import Fault, InputError, NotAuthorised, ProofInvalid, ProofUnsupported, RegisterError
from schemas.jsontext import JsonObject, JsonValue, parse_object, pointer
from schemas.limits import EDITION, MAX_JSON_INTEGER
from schemas.nzqcf import nz_date
from schemas.times import parse_date, parse_time
from schemas.vocabulary import ASSERTION_METHOD, DATA_INTEGRITY_PROOF, EDDSA_JCS_2022
from verifier.register.anchor import Anchor, AnchorKey, anchor_document, load_anchor, parse_anchor
from verifier.register.cells import Parser, write_cell
from verifier.register.records import Register
from verifier.register.tables import TABLES, Column, Table

__all__ = [
    "Anchor",
    "AnchorKey",
    "Edition",
    "anchor_document",
    "canonical_digest",
    "edition_document",
    "load_anchor",
    "load_edition",
    "parse_anchor",
    "parse_edition",
    "parse_edition_unverified",
    "row_document",
    "verify_chain",
]

_HEAD = ("edition", "previous_sha256", "as_at", "authority", "demonstration")
_MEMBERS = {*_HEAD, "proof", *(table.name for table in TABLES)}
_PROOF_MEMBERS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SLICE = 2_000  # rows hashed at a time: some 500 KB of text, so that a large edition is never held twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A register as its authority signed it. `sha256` is of the very bytes that were read."""

    number: int
    as_at: date
    authority_name: str
    authority_did: str
    demonstration: bool
    sha256: str
    previous_sha256: str | None
    signed_by: str
    register: Register


# --- writing ----------------------------------------------------------------------------------------------------
def edition_document(
    register: Register,
    *,
    number: int,
    previous_sha256: str | None,
    as_at: date,
    authority: Anchor,
    demonstration: bool,
) -> JsonObject:
    """The edition before it is signed: rows as objects with the CSV's own column names, blank cells left out."""
    document: JsonObject = {
        "edition": number,
        "previous_sha256": previous_sha256,
        "as_at": as_at.isoformat(),
        "authority": {"name": authority.name, "did": authority.did},
        "demonstration": demonstration,
    }
    for table in TABLES:
        document[table.name] = [row_document(row, table) for row in getattr(register, table.name)]
    return document


def row_document(row: Any, table: Table) -> JsonObject:
    """One record under the CSV's own column names."""
    values = ((column.name, getattr(row, column.field)) for column in table.columns)
    return {name: write_cell(value) for name, value in values if value is not None}


# --- reading ----------------------------------------------------------------------------------------------------
def load_edition(path: Path, *, anchor: Anchor) -> Edition:
    """`parse_edition` of a file. Raises RegisterError when it cannot be read."""
    try:
        if path.stat().st_size > EDITION.max_bytes:
            raise RegisterError(f"The edition {path} is over the limit of {EDITION.max_bytes:,} bytes.")
        data = path.read_bytes()
    except OSError as error:
        raise RegisterError(f"The edition {path} cannot be read: {error.strerror}.") from None
    return parse_edition(data, anchor=anchor)


def parse_edition(data: bytes, *, anchor: Anchor) -> Edition:
    """The edition in `data`, believed only under a key of `anchor` inside its window.

    Raises InputError (not JSON, too large), ProofInvalid, ProofUnsupported, NotAuthorised (another's key, or one
    outside its window) and RegisterError (well signed, but not a register).
    """
    document = parse_object(data, limits=EDITION)
    signed_by = _check_proof(document, anchor)
    edition = _edition(document, data, signed_by)
    if edition.authority_did != anchor.did:
        raise NotAuthorised("The edition names another authority than the pinned one.")
    return replace(edition, authority_name=anchor.name)


def parse_edition_unverified(data: bytes) -> Edition:
    """What an edition says, believed by nobody: for comparing two of them, never for a decision.

    `signed_by` is empty. Raises InputError and RegisterError.
    """
    return _edition(parse_object(data, limits=EDITION), data, "")


def _edition(document: JsonObject, data: bytes, signed_by: str) -> Edition:
    if unknown := sorted(document.keys() - _MEMBERS):
        raise RegisterError(f"The edition has a part that this program does not know: {unknown[0][:40]!r}.")
    if missing := [name for name in (*_HEAD, *(table.name for table in TABLES)) if name not in document]:
        raise RegisterError(f"The edition has no {missing[0]!r}.")
    head = _head(document)
    return Edition(
        **head,
        sha256=hashlib.sha256(data).hexdigest(),
        signed_by=signed_by,
        register=_register(document),
    )


def verify_chain(editions: Sequence[Edition]) -> None:
    """Whether each edition follows the one before: next number, its hash, the same authority, no earlier day.

    Raises RegisterError naming the first break. Oldest first.
    """
    for before, after in pairwise(editions):
        problem = _break_between(before, after)
        if problem is not None:
            raise RegisterError(f"Edition {after.number} does not follow edition {before.number}: {problem}.")


def _break_between(before: Edition, after: Edition) -> str | None:
    if after.number != before.number + 1:
        return f"its number should be {before.number + 1}"
    if after.previous_sha256 != before.sha256:
        return "it was made after another edition of that number, or that edition was altered"
    if after.authority_did != before.authority_did:
        return "it is another authority's"
    if after.as_at < before.as_at:
        return "its day is earlier"
    if after.demonstration != before.demonstration:
        return "one of them is demonstration data and the other is not"
    return None


def _head(document: JsonObject) -> dict[str, Any]:
    number, previous = document["edition"], document["previous_sha256"]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MAX_JSON_INTEGER:
        raise RegisterError("The edition's number is not a whole number from 1.")
    if number == 1 and previous is not None:
        raise RegisterError("Edition 1 can follow no other, yet names one.")
    if number > 1 and not (isinstance(previous, str) and _SHA256.fullmatch(previous)):
        raise RegisterError(f"Edition {number} does not name the SHA-256 of the one before.")
    if not isinstance(document["demonstration"], bool):
        raise RegisterError("The edition does not say whether it is demonstration data.")
    authority = document["authority"]
    named = [authority.get(member) for member in ("name", "did")] if isinstance(authority, dict) else []
    if not named or not all(isinstance(text, str) and text for text in named):
        raise RegisterError("The edition does not name its authority.")
    try:
        as_at = parse_date(document["as_at"])
    except InputError:
        raise RegisterError("The edition does not say as at which day it is.") from None
    return {
        "number": number,
        "previous_sha256": previous,
        "as_at": as_at,
        "demonstration": document["demonstration"],
        "authority_name": named[0],
        "authority_did": named[1],
    }


# --- the signature: Data Integrity EdDSA Cryptosuites 1.0, section 3.3 (eddsa-jcs-2022) -------------------------------
def _check_proof(document: JsonObject, anchor: Anchor) -> str:
    """The id of the pinned key that signed the document. Raises ProofInvalid, ProofUnsupported or NotAuthorised."""
    proof = _only_proof(document.get("proof"))
    method = proof["verificationMethod"]
    key = anchor.key(method) if isinstance(method, str) else None
    if key is None:
        raise NotAuthorised(f"The edition is signed with a key that {anchor.name}'s pinned file does not hold.")
    try:
        signed_on = nz_date(parse_time(proof["created"]))
        signature = multibase_decode(_base58(proof["proofValue"]))
    except (InputError, OverflowError) as error:
        raise ProofInvalid(f"The edition's proof cannot be read: {error}") from None
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    message = hashlib.sha256(jcs(options)).digest() + canonical_digest(unsecured)
    try:
        key.public_key.verify(signature, message)
    except ProofInvalid:
        raise ProofInvalid("The edition was altered after it was signed, or another key signed it.") from None
    if not key.covers(signed_on):
        raise NotAuthorised(f"The edition was signed on {signed_on}, outside the window of its key.")
    return key.id


def _only_proof(member: JsonValue) -> JsonObject:
    proofs = member if isinstance(member, list) else [member]
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise ProofInvalid("The edition carries no proof, or more than one.")
    proof: JsonObject = proofs[0]
    if proof.get("type") != DATA_INTEGRITY_PROOF or proof.get("cryptosuite") != EDDSA_JCS_2022:
        raise ProofUnsupported(f"An edition is signed with {EDDSA_JCS_2022} only.")
    if proof.keys() != _PROOF_MEMBERS:
        raise ProofInvalid("The edition's proof lacks a member, or has one that does not belong there.")
    if proof["proofPurpose"] != ASSERTION_METHOD:
        raise ProofInvalid(f"The edition's proof was not made for {ASSERTION_METHOD}.")
    return proof


def _base58(value: JsonValue) -> str:
    if not isinstance(value, str) or not value.startswith("z"):
        raise InputError("the proof value does not begin with 'z' (base58btc)")
    return value


def canonical_digest(document: JsonObject) -> bytes:
    """SHA-256 of the document's RFC 8785 form, fed in slices.

    Rows are flat objects of text and whole numbers under ASCII names. For those `json` with sorted keys writes exactly
    what RFC 8785 asks, ten times faster than the general serialiser, which takes every row of another kind.
    """
    digest = hashlib.sha256()
    for position, name in enumerate(sorted(document, key=lambda text: text.encode("utf-16-be", "surrogatepass"))):
        digest.update((b"," if position else b"{") + jcs(name) + b":")
        value = document[name]
        if isinstance(value, list) and value:
            for start in range(0, len(value), _SLICE):
                digest.update((b"," if start else b"[") + _canonical_rows(value[start : start + _SLICE]))
            digest.update(b"]")
        else:
            digest.update(jcs(value))
    digest.update(b"}" if document else b"{}")
    return digest.digest()


def _canonical_rows(rows: list[JsonValue]) -> bytes:
    if _are_plain(rows):
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True)[1:-1].encode()
    return b",".join(map(jcs, rows))


def _are_plain(rows: list[JsonValue]) -> bool:
    # RFC 8785 sorts by UTF-16 and writes numbers as ECMAScript does: the same as here for ASCII and integers.
    if {type(row) for row in rows} != {dict}:
        return False
    names: set[str] = set().union(*rows)
    return {type(value) for row in rows for value in row.values()} <= {str, int} and all(map(str.isascii, names))


# --- the records ------------------------------------------------------------------------------------------------
def _register(document: JsonObject) -> Register:
    faults: list[Fault] = []
    tables: dict[str, tuple[Any, ...]] = {}
    meanings: _Meanings = defaultdict(dict)
    for table in TABLES:
        rows = document[table.name]
        if not isinstance(rows, list):
            raise RegisterError(f"The edition's {table.name} is not a list.")
        tables[table.name] = tuple(_rows(rows, table, faults, meanings))
    if faults:
        raise RegisterError("The edition is well signed, but its records cannot be read.", faults=tuple(faults))
    return Register(**tables)


# Days, references and names recur by the thousand, in one table after another: each is parsed once.
_Meanings: TypeAlias = defaultdict[Parser, dict[str, object]]


def _rows(rows: list[JsonValue], table: Table, faults: list[Fault], meanings: _Meanings) -> Iterable[Any]:
    readers: dict[str, _Texts | _Numbers] = {
        column.name: _Numbers(column) if column.number else _Texts(column, meanings[column.parse])
        for column in table.columns
    }
    fields = {column.name: column.field for column in table.columns}
    required = {column.name for column in table.columns if not column.blank}
    make: Callable[..., Any] = table.row
    for index, row in enumerate(rows):
        try:
            yield make(**{fields[name]: readers[name][value] for name, value in row.items()})
        except (InputError, AttributeError, KeyError, TypeError) as error:
            faults.append(Fault(pointer=pointer(table.name, index), message=_row_fault(row, required, fields, error)))


def _row_fault(row: JsonValue, required: set[str], known: Mapping[str, str], error: Exception) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    if unknown := sorted(row.keys() - known):
        return f"has a member that this program does not know: {unknown[0][:40]!r}"
    if missing := sorted(required - row.keys()):
        return f"has no {missing[0]}"
    return error.detail if isinstance(error, InputError) else "holds a value that is neither a text nor a number"


class _Texts(dict[JsonValue, object]):
    """The texts of one column and what they mean; parses a text when it is first asked for."""

    def __init__(self, column: Column, meanings: dict[str, object]) -> None:
        super().__init__()
        self.column = column
        self.meanings = meanings

    def __missing__(self, text: JsonValue) -> object:
        if not isinstance(text, str) or not text:
            raise InputError(f"{self.column.name} is not a text")
        if text not in self.meanings:
            self.meanings[text] = _parsed(self.column, text)
        value = self[text] = self.meanings[text]
        return value


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of one column; a dictionary would take 1, 1.0 and true for each other."""

    column: Column
    whole: dict[int, object] = field(default_factory=dict)

    def __getitem__(self, number: float) -> object:
        if type(number) is int:
            if number not in self.whole:
                self.whole[number] = _parsed(self.column, str(number))
            return self.whole[number]
        if not isinstance(number, float):
            raise InputError(f"{self.column.name} is not a number")
        return _parsed(self.column, str(number))


def _parsed(column: Column, text: str) -> object:
    try:
        return column.parse(text)
    except InputError as error:
        raise InputError(f"{column.name}: {error.detail}") from None
