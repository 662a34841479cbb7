"""Badges in PDFs: our certificate and a few others are read, everything hostile is refused in words and in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from issuer.certificate import CertificateFacts, draw_certificate
from schemas.baking import pdf, unbake_pdf
from schemas.errors import BadgeError, BakingError, InputError, TooLarge
from schemas.jsontext import write_json
from schemas.limits import MAX_IMAGE_BYTES, MAX_PDF_READERS, PDF_SECONDS
from tests.issuer.provider import ONE_PIXEL
from tests.patience import work_seconds
from tests.simulator import Simulator
from tests.vectors.pdfs import build
from verifier.intake import intake_bytes
from verifier.report import GenuineVerdict

VECTORS = Path(build.__file__).parent
STEMS = sorted(path.stem for path in VECTORS.glob("*.pdf"))


def test_the_vectors_are_what_their_script_writes() -> None:
    assert {path.stem: path.read_bytes() for path in VECTORS.glob("*.pdf")} == build.PDFS


def test_the_badge_in_our_own_certificate_is_read_as_it_was_signed() -> None:
    signed = write_json(Simulator().good_badge())
    certificate = draw_certificate(
        CertificateFacts(
            document=signed,
            artwork_png=ONE_PIXEL,
            check_url="https://badges.example/s/ABCD2345",
            short_code="ABCD-2345",
            demonstration=True,
            language="mi",
        )
    )
    assert unbake_pdf(certificate).encode() == signed


@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem.startswith("good")])
def test_a_sound_document_gives_its_badge(stem: str) -> None:
    expected = build.JWS if stem == "good-jws" else build.JSON
    assert unbake_pdf((VECTORS / f"{stem}.pdf").read_bytes()).encode() == expected


@pytest.mark.parametrize("stem", [stem for stem in STEMS if not stem.startswith("good")])
def test_any_other_is_refused_in_words_for_what_is_wrong_and_in_time(stem: str) -> None:
    before = work_seconds()
    with pytest.raises(BadgeError) as refused:
        unbake_pdf((VECTORS / f"{stem}.pdf").read_bytes())
    assert work_seconds() - before < PDF_SECONDS
    why = str(refused.value.extensions.get("why") or refused.value.extensions["reason"])
    assert stem.startswith(why)
    assert refused.value.detail.endswith((".", "time."))


def test_a_document_of_too_many_parts_is_refused() -> None:
    crowd = build.pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", **dict.fromkeys(range(2, 20002), b"null")})
    with pytest.raises(InputError, match="too many parts"):
        unbake_pdf(crowd)


def test_one_byte_more_than_the_limit_is_refused_before_anything_reads_it() -> None:
    with pytest.raises(TooLarge):
        unbake_pdf(b"%PDF-1.7\n" + b" " * MAX_IMAGE_BYTES)


def test_no_more_than_so_many_are_read_at_once_and_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.baking.pdf.PDF_SECONDS", 0.05)
    for _ in range(MAX_PDF_READERS):
        pdf._readers.acquire()
    try:
        with pytest.raises(InputError, match="Too many PDFs are being read just now"):
            unbake_pdf(build.PDFS["good"])
    finally:
        for _ in range(MAX_PDF_READERS):
            pdf._readers.release()


def test_a_document_without_a_badge_says_to_use_the_link() -> None:
    with pytest.raises(BakingError, match="Use the link or QR code printed on it"):
        unbake_pdf(build.PDFS["no-badge"])


def test_a_certificate_is_checked_like_the_badge_inside_it() -> None:
    simulator = Simulator()
    carried = build.carrying(build.stream(write_json(simulator.good_badge())))
    report = simulator.check(intake_bytes(carried, name="certificate.pdf"))
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert "PDF" in report.check("intake").sentence


def test_a_document_that_cannot_be_read_is_not_called_false() -> None:
    report = Simulator().check(build.PDFS["encrypted"])
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert "does not mean it is false" in report.genuine.sentence
