"""The signed badge and what its provider adds -> a PDF/A-3a and PDF/UA-1 file, the same bytes for the same facts."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from issuer.certificate.content import certificate_content
from issuer.qr import qr_svg
from schemas.credential import Credential
from schemas.errors import IssuingError
from schemas.jsontext import parse_object, write_json

if TYPE_CHECKING:
    import typst

ATTACHMENT: Final = "badge.json"
# PDF/A-3 is the archive form that may carry files (ISO 19005-3); PDF/UA-1 is what screen readers need (ISO 14289-1).
_STANDARDS: Final = ["a-3a", "ua-1"]
_open_files = ExitStack()  # a packed installation unpacks the typefaces once; they stay for the process


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """`document` is the signed badge as stored; `language` is which stands first.

    `short_code` is typed at the address that `check_url` lies below (`…/s/{key}` and `…/s`); empty, it is left out.
    """

    document: bytes = field(repr=False)
    artwork_png: bytes = field(repr=False)
    check_url: str
    short_code: str
    signatory_name: str | None = None
    signatory_role: str | None = None
    demonstration: bool
    language: Literal["en", "mi"]


@lru_cache(maxsize=64)
def draw_certificate(facts: CertificateFacts) -> bytes:
    """One A4 page with the badge attached. Raises IssuingError for what cannot be printed, or when typst is missing."""
    view = Credential.parse(parse_object(facts.document))
    content = certificate_content(
        view,
        check_url=facts.check_url,
        short_code=facts.short_code,
        signatory=(facts.signatory_name, facts.signatory_role),
        demonstration=facts.demonstration,
        language=facts.language,
    )
    if view.valid_from is None:
        raise IssuingError("The badge does not say when it was signed, so no certificate can be made of it.")
    return _compiled(
        {
            "main": _template(),
            "facts.json": write_json(content),
            "artwork.svg": _carried(facts.artwork_png),
            "qr.svg": qr_svg(facts.check_url),
            ATTACHMENT: facts.document,
        },
        timestamp=int(view.valid_from.timestamp()),
    )


def _compiled(sheet: dict[str, bytes], *, timestamp: int) -> bytes:
    typst = _typst()
    folder, fonts = _typefaces()
    try:
        made = typst.compile(
            sheet, root=str(folder), font_paths=fonts, format="pdf", pdf_standards=_STANDARDS, timestamp=timestamp
        )
    except typst.TypstError as error:
        raise IssuingError(f"The certificate could not be drawn ({str(error)[:200]}).") from error
    if not isinstance(made, bytes):
        raise IssuingError("The certificate came out as something other than one file.")
    return made


def _carried(png: bytes) -> bytes:
    """The picture within an SVG: typst's compiler takes files of text from memory, and no others."""
    picture = base64.b64encode(png)
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600">'
        b'<image width="600" height="600" href="data:image/png;base64,' + picture + b'"/></svg>'
    )


def _typst() -> Any:
    try:
        import typst
    except ImportError:
        raise IssuingError(
            "Certificates need typst, which is not installed here: pip install 'nz-open-badges[pdf]'",
            reason="pdf-not-installed",
            status=501,
        ) from None
    return typst


@lru_cache(maxsize=1)
def _typefaces() -> tuple[Path, typst.Fonts]:
    """Our own, and none of the machine's: a certificate looks the same wherever it is made."""
    folder = _open_files.enter_context(as_file(files("issuer").joinpath("fonts", "static")))
    return folder, _typst().Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


@lru_cache(maxsize=1)
def _template() -> bytes:
    return files("issuer.certificate").joinpath("certificate.typ").read_bytes()
