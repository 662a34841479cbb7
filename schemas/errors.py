"""The one error tree: what cannot proceed, as a machine slug, a status and a sentence.

    BadgeError
    ├── InputError                bytes or values that are not what they should be (400, exit 65)
    │   ├── JsonTextError         not strict JSON: duplicate key, too deep, NaN, lone surrogate …
    │   ├── TooLarge              over one of the limits in `schemas.limits`
    │   ├── BakingError           no badge in the image, or more than one, or a broken image
    │   ├── StatusListError       not a bitstring status list we can read
    │   ├── TableError            a CSV or XLSX file that cannot be read at all; carries `faults`
    │   └── HighWaterError        the file of what a verifier has seen cannot be read, kept or locked
    ├── DocumentError             JSON, but not a credential we may process
    │   ├── UnpinnedContext       a JSON-LD context this program does not hold
    │   ├── DroppedTerm           JSON-LD would silently lose part of it; carries `losses`
    │   ├── SchemaInvalid         fails the JSON Schema; carries `faults`
    │   └── CanonicalizationLimit RDFC-1.0 would take too much work (poisoned)
    ├── KeyRefused                a public key, DID or JWK we will not use
    ├── ProofInvalid              the signature or proof is not right
    ├── ProofUnsupported          a cryptosuite or algorithm we do not know
    ├── NotAuthorised             the key exists, but not for this issuer or purpose
    ├── Unreachable               a document could not be retrieved: unknown, never false
    │   └── NotPublished          its address answered for certain that nothing stands there
    ├── RegisterError             records or an edition that cannot be used; carries `faults`
    │   └── HistoryRefused        an edition that may not come after those seen before; carries `reason`
    └── IssuingError              the instance refuses or cannot do what was asked

Raise for "cannot proceed"; return a `Check` for "found out that it is bad".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong, and where: a JSON pointer, or a file with line (1-based) and column name."""

    message: str
    pointer: str | None = None
    file: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(f"column {self.column}")
        if self.pointer is not None:
            place.append(f"at {self.pointer or '/'}")
        return f"{', '.join(place)}: {self.message}" if place else self.message


class BadgeError(Exception):
    """Root of everything this project raises on purpose.

    `detail` is a sentence for a person. `extensions` are facts for a machine (RFC 9457 extension members).
    """

    slug: ClassVar[str] = "badge-error"
    title: ClassVar[str] = "The request could not be processed"
    status: ClassVar[int] = 400
    type_uri: ClassVar[str | None] = None

    def __init__(self, detail: str, *, faults: tuple[Fault, ...] = (), **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.extensions = extensions


class InputError(BadgeError):
    slug = "bad-input"
    title = "The input is not what it should be"


class JsonTextError(InputError):
    slug = "json-malformed"
    title = "Not strict JSON"
    type_uri = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"


class TooLarge(InputError):
    slug = "too-large"
    title = "Larger than the limit"
    status = 413


class BakingError(InputError):
    slug = "baking"
    title = "The picture carries no readable badge"


class StatusListError(InputError):
    slug = "status-list-malformed"
    title = "Not a readable status list"
    type_uri = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"


class TableError(InputError):
    slug = "table-unreadable"
    title = "The file cannot be read as a table"


class HighWaterError(InputError):
    slug = "high-water"
    title = "The file of what was seen before cannot be used"


class DocumentError(BadgeError):
    slug = "document-refused"
    title = "The document cannot be processed"
    status = 422
    type_uri = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"


class UnpinnedContext(DocumentError):
    slug = "context-not-held"
    title = "A JSON-LD context this program does not hold"


class DroppedTerm(DocumentError):
    slug = "term-dropped"
    title = "JSON-LD would silently lose part of the document"


class SchemaInvalid(DocumentError):
    slug = "schema-invalid"
    title = "Fails the JSON Schema"


class CanonicalizationLimit(DocumentError):
    slug = "canonicalization-limit"
    title = "Canonicalisation would take too much work"


class KeyRefused(BadgeError):
    slug = "key-refused"
    title = "A key or identifier that will not be used"
    type_uri = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"


class ProofInvalid(BadgeError):
    slug = "proof-invalid"
    title = "The proof is not right"
    type_uri = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"


class ProofUnsupported(BadgeError):
    slug = "proof-unsupported"
    title = "A cryptosuite or algorithm that is not supported"
    type_uri = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"


class NotAuthorised(BadgeError):
    slug = "key-not-authorised"
    title = "The key may not be used for this"
    type_uri = "https://w3id.org/security#INVALID_VERIFICATION_METHOD"


class Unreachable(BadgeError):
    slug = "unreachable"
    title = "A document could not be retrieved"
    status = 502


class NotPublished(Unreachable):
    """As unreachable as any to whoever needs the document; only who looks for a newer one may tell it apart."""


class RegisterError(BadgeError):
    slug = "register-refused"
    title = "The register cannot be used"


class HistoryRefused(RegisterError):
    slug = "register-history"
    title = "The edition may not come after those seen before"


class IssuingError(BadgeError):
    slug = "issuing-refused"
    title = "The instance cannot do what was asked"
    status = 409
