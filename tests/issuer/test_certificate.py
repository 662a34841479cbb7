"""The printed certificate: it holds every name as text, its QR code reads from a bad copy, it carries the signed badge."""

import io
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFilter, ImageFont

from issuer.certificate import CertificateFacts, draw_certificate, drawing, wording
from issuer.drawing import artwork, lettering
from issuer.drawing.pictures import Pictures
from issuer.export import ExportFormat, export_badge
from issuer.qr import qr_modules
from issuer.store.setups import Setup, save_setup
from schemas.errors import IssuingError
from schemas.jsontext import parse_object, write_json
from tests.issuer.provider import Completion, Completions, issue, only_id
from tests.simulator import REF, Simulator

URL = "https://badges.harbour.example.nz/s/7k3qx9rz2m4t01ab"
CODE = "7K3Q X9RZ 2M4T 01AB"
LONG_TITLE = (
    "Introduction to the Aotearoa New Zealand Screen Industry: preparing yourself for a working life on and off set, "
    "first part of two, with a supplement about health and safety in remote places"
)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
MM = 72 / 25.4
sim = Simulator()


def badge(*, learner="Mere Āwhina", title=None, provider=None, **changes):
    """A signed badge. The simulator's own, with another name, title or provider."""
    document = sim.badge(**changes)
    subject = document["credentialSubject"]
    subject["identifier"] = (
        [{"type": "IdentityObject", "hashed": False, "identityType": "name", "identityHash": learner}]
        if learner
        else []
    )
    if not learner:
        del subject["identifier"]
        subject["id"] = "urn:uuid:0c5c7a4e-6f5e-4f9a-9d0d-5d0f6a1b2c3d"
    if title:
        subject["achievement"]["name"] = title
    if provider:
        document["issuer"]["name"] = provider
    return write_json(sim.sign(document))


@lru_cache(maxsize=1)
def plain_badge():
    return badge()


@lru_cache(maxsize=1)
def plain_artwork():
    return artwork.draw_badge_png("Native Seed Collection", 4, 12, "Tōtara Training", demonstration=False)


def facts(document=None, **changes):
    return CertificateFacts(
        **(
            {
                "document": document or plain_badge(),
                "artwork_png": plain_artwork(),
                "check_url": URL,
                "short_code": CODE,
                "signatory_name": "Hēmi Tūhoe",
                "signatory_role": "Academic director",
                "demonstration": True,
                "language": "mi",
            }
            | changes
        )
    )


@lru_cache(maxsize=1)
def plain_certificate():
    return draw_certificate(facts())


def text_of(pdf):
    """The page's text with single spaces: a line break may stand for one."""
    return " ".join(pdfium.PdfDocument(pdf)[0].get_textpage().get_text_range().split())


def page_image(pdf, *, dpi):
    return pdfium.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil().convert("RGB")


# --- what it says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["mi", "en"])
def test_both_languages_stand_on_the_sheet_whichever_comes_first(language):
    text = text_of(draw_certificate(facts(language=language)))
    for expected in [
        "Native Seed Collection",
        "Mere Āwhina",
        "Tōtara Training",
        "He pūkenga-whāiti tēnei, ehara i te tohu mātauranga.",
        "This is a micro-credential, not a qualification.",
        "4 Haratua 2026",
        "4 May 2026",
        "7 Haratua 2026",
        "7 May 2026",
        "NZQA reference",
        "Hours of learning, about",
        "Hēmi Tūhoe, Academic director",
        "Tirohia tēnei i te ipurangi",
        "Check this online",
        f"badges.harbour.example.nz/s {CODE}",
        URL,
        "Ehara tēnei i te whārangi nā NZQA.",
        "This is not a page of NZQA.",
        "He whakaaturanga.",
        "Demonstration.",
    ]:
        assert expected in text, expected
    first, second = ("Kaupae", "Level") if language == "mi" else ("Level", "Kaupae")
    assert text.index(first) < text.index(second)


def test_what_is_not_there_is_not_invented():
    text = text_of(
        draw_certificate(
            facts(
                badge(learner=None, validUntil=None),
                demonstration=False,
                signatory_name=None,
                signatory_role=None,
                short_code="",
            )
        )
    )
    for absent in ["Demonstration", "For the provider", "Code to type", "Expires", "Awarded to", "None", "null"]:
        assert absent not in text, absent
    assert "The learner chose to show no name here." in text
    assert "Kua kōwhiri te ākonga" in text


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("#set page(width: 1pt) #panic()", id="a typst command"),
        pytest.param('"); #read("/etc/passwd")', id="quotes and a call"),
        pytest.param("\\u{41} \\ C:\\temp", id="backslashes"),
        pytest.param("$x^2$ $ sum $", id="mathematics"),
        pytest.param("*bold* _sly_ `raw` ~ @ref <label>", id="markup"),
        pytest.param("= Heading", id="a heading"),
        pytest.param("- list", id="a list"),
        pytest.param("// no comment /* none */", id="comments"),
        pytest.param("{{ name }} ${name} %(name)s", id="other templates' marks"),
        pytest.param('Ngāti O\'Brien "Pā" d’Arcy-Ōāēīū', id="quotation marks and macrons"),
        pytest.param("Nguyễn Thị Ánh", id="Vietnamese"),
        pytest.param("Faʻamoana", id="a glottal stop"),
        pytest.param("</text><script>alert(1)</script>", id="tags"),
    ],
)
def test_a_hostile_name_stays_the_text_it_is(name):
    pdf = draw_certificate(facts(badge(learner=name, title=f"T {name}", provider=f"P {name}"), signatory_name=name))
    text = text_of(pdf)
    plain = " ".join(name.split())
    assert text.count(plain) >= 4, text
    assert len(pdfium.PdfDocument(pdf)) == 1


@pytest.mark.parametrize("name", ["\u202eeman desrever a", "zero\u200bwidth\u2060joiner", "two\nlines\tand a tab"])
def test_a_name_cannot_turn_the_text_around(name):
    text = text_of(draw_certificate(facts(badge(learner=name))))
    assert lettering.plain(name) in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", text)


@pytest.mark.parametrize("name", ["李明", "دانا", "שרה כהן", "Mere 🐝 Āwhina"])
def test_a_name_in_a_script_the_typeface_lacks_is_not_printed_in_part(name):
    text = text_of(draw_certificate(facts(badge(learner=name))))
    assert "in a script that this sheet cannot print" in text
    assert "Mere" not in text
    assert "Awarded to" not in text


@pytest.mark.parametrize("changes", [{"title": "蜂"}, {"provider": "蜂"}])
def test_a_title_the_typeface_lacks_is_refused(changes):
    with pytest.raises(IssuingError, match="cannot show “蜂”"):
        draw_certificate(facts(badge(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"learner": "Hōhepa Te Rangi-Matanuku " * 8}, id="a name of 200 letters"),
        pytest.param({"learner": "W" * 200}, id="a name of one word"),
        pytest.param({"title": LONG_TITLE, "learner": "Hōhepa " * 28}, id="a long title and a long name"),
        pytest.param({"title": "Whakawhanaungatanga" * 12}, id="a title of one word"),
        pytest.param({"title": "a very long title " * 100}, id="a title of 1,800 letters"),
        pytest.param({"provider": "Demonstration Institute of Applied Learning and Trades " * 4}, id="a long provider"),
        pytest.param({"learner": "A", "title": "B", "provider": "C"}, id="one letter each"),
    ],
)
def test_it_is_one_sheet_whose_text_keeps_inside_the_frame(changes):
    pdf = draw_certificate(
        facts(badge(**changes), check_url=URL + "/" + "k" * 150, signatory_role="Director of many things, " * 4)
    )
    document = pdfium.PdfDocument(pdf)
    assert len(document) == 1
    assert [round(side / MM) for side in document[0].get_size()] == [210, 297]
    text = document[0].get_textpage()
    for index in range(text.count_rects()):
        left, bottom, right, top = (edge / MM for edge in text.get_rect(index))
        assert left > 15
        assert right < 195
        assert bottom > 9
        assert top < 289


def test_a_long_name_is_printed_whole():
    name = "Hōhepa Te Rangi-Matanuku " * 8
    assert name.strip() in text_of(draw_certificate(facts(badge(learner=name))))


def test_the_typefaces_hold_every_macron():
    for weight in ("Regular", "SemiBold", "Bold"):
        folder, _ = drawing._typefaces()
        font = ImageFont.truetype(str(folder / f"SourceSans3-{weight}.ttf"), 40)
        box = bytes(font.getmask("\U0010ffff"))
        for letter in "āēīōūĀĒĪŌŪʻ’·":
            assert bytes(font.getmask(letter)) != box, (weight, letter)
        for with_macron, without in zip("āēōūĀĒĪŌŪ", "aeouAEIOU", strict=True):
            assert font.getbbox(with_macron)[1] < font.getbbox(without)[1]


def test_one_sheet_names_its_kind_with_one_word():
    kind, sentence = wording.pair(wording.KIND), wording.pair(wording.NOT_A_QUALIFICATION)
    for language in ("mi", "en"):
        assert kind[language].lower() in sentence[language]


def test_every_sentence_is_said_in_te_reo_too():
    sentences = [
        value
        for name, value in vars(wording).items()
        if name.isupper() and isinstance(value, str) and name not in {"ENGLISH", "MAORI", "LANGUAGES"}
    ]
    assert len(sentences) > 15
    for sentence in sentences:
        said = wording.pair(sentence, provider="X", url="Y") if "%(" in sentence else wording.pair(sentence)
        assert said["mi"] != said["en"], sentence


# --- the QR code ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [0, 3, 17, 45, 90, 197, -31])
def test_the_code_reads_from_a_blurred_and_turned_copy(angle):
    copy = page_image(plain_certificate(), dpi=150).convert("L").filter(ImageFilter.GaussianBlur(1.2))
    turned = copy.rotate(angle, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    assert [found.text for found in zxingcpp.read_barcodes(turned)] == [URL]


def test_the_code_of_a_long_address_reads_too():
    url = URL + "?k=" + "0123456789abcdef" * 5
    copy = page_image(draw_certificate(facts(check_url=url)), dpi=150).convert("L")
    assert [found.text for found in zxingcpp.read_barcodes(copy.filter(ImageFilter.GaussianBlur(1.0)))] == [url]


def test_the_code_is_25_millimetres_wide_at_level_q_with_its_quiet_zone():
    dpi = 600
    page = page_image(plain_certificate(), dpi=dpi).convert("L")
    (found,) = zxingcpp.read_barcodes(page)
    assert found.ec_level == "Q"
    corners = found.position
    width = (corners.top_right.x - corners.top_left.x) / dpi * 25.4
    assert 25 <= width <= 36
    modules = len(qr_modules(URL))
    quiet = round((corners.top_right.x - corners.top_left.x) / modules * 4) - 4
    box = (
        corners.top_left.x - quiet,
        corners.top_left.y - quiet,
        corners.bottom_right.x + quiet,
        corners.bottom_right.y + quiet,
    )
    around = page.crop(box)
    inner = Image.new("L", page.size, 255).crop(box)
    inner.paste(
        around.crop((quiet - 3, quiet - 3, around.width - quiet + 3, around.height - quiet + 3)), (quiet - 3,) * 2
    )
    assert ImageChops.difference(around, inner).getbbox() is None


def test_it_prints_in_black_and_white():
    """Dark ink on light paper everywhere: what a laser printer makes of it can be read, and the code too."""
    grey = page_image(plain_certificate(), dpi=150).convert("L").point([0] * 128 + [255] * 128)
    assert [found.text for found in zxingcpp.read_barcodes(grey)] == [URL]
    assert text_of(plain_certificate())


# --- the badge inside -------------------------------------------------------------------------------------------


def test_the_signed_badge_is_inside_byte_for_byte_and_verifies():
    sim.publish_list()
    document = plain_badge()
    pdf = pdfium.PdfDocument(plain_certificate())
    assert pdf.count_attachments() == 1
    attachment = pdf.get_attachment(0)
    assert attachment.get_name() == "badge.json"
    assert bytes(attachment.get_data()) == document
    assert sim.check(bytes(attachment.get_data())).genuine.verdict == "valid"


def test_it_is_tagged_named_and_in_a_language():
    pdf = pdfium.PdfDocument(plain_certificate())
    assert pdf.get_metadata_dict()["Title"].startswith("Native Seed Collection")
    assert pdfium_c.FPDFCatalog_IsTagged(pdf)
    raw = plain_certificate()
    assert b"/Lang(mi)" in raw
    assert b"/Lang(en)" in raw
    assert b"<pdfuaid:part>1<" in raw
    assert b"<pdfaid:part>3<" in raw
    assert b"/AFRelationship/Source" in raw
    assert b"/Lang(en)" in draw_certificate(facts(language="en"))


def test_only_our_typeface_is_in_it():
    assert {name.split(b"+")[1] for name in re.findall(rb"/BaseFont/([A-Z]{6}\+[\w-]+)", plain_certificate())} <= {
        b"SourceSans3-Regular",
        b"SourceSans3-SemiBold",
        b"SourceSans3-Bold",
    }


def test_the_same_facts_give_the_same_bytes():
    assert draw_certificate(facts()) == plain_certificate()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: draw_certificate(facts()), range(8))) == {plain_certificate()}


def test_it_is_drawn_in_a_moment():
    draw_certificate(facts())
    times = []
    for number in range(5):
        one = facts(check_url=f"{URL}{number}")
        started = time.process_time()
        draw_certificate(one)
        times.append(time.process_time() - started)
    assert min(times) < 0.5  # 50 ms on a quiet machine


def test_without_typst_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(IssuingError, match=r"nz-open-badges\[pdf\]"):
        drawing._typst()


def test_a_badge_that_says_too_little_is_refused():
    document = parse_object(plain_badge())
    del document["credentialSubject"]["achievement"]["name"]
    with pytest.raises(IssuingError, match="no title"):
        draw_certificate(facts(write_json(document)))


# --- from the store ---------------------------------------------------------------------------------------------


def own_artwork():
    data = io.BytesIO()
    Image.new("RGB", (600, 600), (200, 30, 30)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize("demonstration", [False, True])
def test_the_providers_own_artwork_and_signatory_are_used(any_instance, demonstration):
    instance = any_instance
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    pictures = Pictures(instance, demonstration=demonstration)
    drawn = export_badge(instance, short_id, form=ExportFormat.PNG, pictures=pictures)
    with instance.store.writing() as connection:
        setup = Setup(nzqa_ref=REF, artwork=own_artwork(), artwork_alt="A red square", signatory_name="Hēmi Tūhoe")
        save_setup(connection, setup, at=NOW, by="test")
    png = export_badge(instance, short_id, form=ExportFormat.PNG, pictures=pictures)
    assert png != drawn
    with Image.open(io.BytesIO(png)) as picture:
        shown = picture.convert("RGB")
    assert shown.getpixel((300, 100)) == (200, 30, 30)
    assert (shown.getpixel((175, 553)) == (200, 30, 30)) is not demonstration
    svg = export_badge(instance, short_id, form=ExportFormat.SVG, pictures=pictures)
    assert b"<title>A red square</title>" in svg
    pdf = export_badge(instance, short_id, form=ExportFormat.PDF, pictures=pictures)
    assert "Hēmi Tūhoe" in text_of(pdf)
    assert instance.badge_url(short_id) in text_of(pdf).replace(" ", "")
    document = export_badge(instance, short_id, form=ExportFormat.JSON, pictures=pictures)
    assert bytes(pdfium.PdfDocument(pdf).get_attachment(0).get_data()) == document
