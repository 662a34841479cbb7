"""Cards for shared links: the size Open Graph readers want, small, and every line inside its place."""

import io

import pytest
from PIL import Image, ImageChops

from issuer.drawing import artwork, lettering, socialcard
from issuer.drawing.pictures import Pictures
from issuer.drawing.socialcard import SocialCard, draw_social_card
from issuer.store.credentials import load_document
from tests.issuer.provider import Completion, Completions, issue, only_id

LONG = (
    "Introduction to the Aotearoa New Zealand Screen Industry: preparing yourself for a working life on and off set, "
    "first part of two"
)
LONG_NAME = "Hōhepa Te Rangi-Matanuku " * 8
LONG_PROVIDER = "Demonstration Institute of Applied Learning and Trades of the South Limited " * 2
ARTWORK = artwork.draw_badge_png("Te Waha Ohaoha", 6, 40, "Ōtepoti Pūkenga", demonstration=False)
CASES = [
    pytest.param({}, id="a short title"),
    pytest.param({"title": LONG, "learner_name": LONG_NAME, "provider_name": LONG_PROVIDER}, id="everything long"),
    pytest.param(
        {
            "title": LONG,
            "learner_name": LONG_NAME,
            "provider_name": LONG_PROVIDER,
            "state": "revoked",
            "demonstration": True,
        },
        id="everything long, withdrawn, a demonstration",
    ),
    pytest.param({"title": "Whakawhanaungatanga" * 12, "learner_name": "W" * 200}, id="words too long for any line"),
    pytest.param({"title": "A", "learner_name": "B", "provider_name": "C", "credits": 1}, id="one letter"),
    pytest.param({"title": "蜂", "provider_name": "🐝", "learner_name": "李明"}, id="no letter the typeface has"),
    pytest.param({"title": "word " * 400}, id="a title of 2,000 letters"),
    pytest.param({"state": "suspended"}, id="on hold"),
]


def card(**changes):
    facts = {
        "title": "Te Waha Ohaoha",
        "level": 6,
        "credits": 40,
        "provider_name": "Ōtepoti Pūkenga",
        "artwork_png": ARTWORK,
        "demonstration": False,
    }
    return SocialCard(**(facts | changes))


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.info) == ("PNG", {})
        return image.convert("RGB")


@pytest.mark.parametrize("changes", CASES)
def test_it_is_1200_by_630_and_under_150_kilobytes(changes):
    data = draw_social_card(card(**changes))
    assert opened(data).size == (1200, 630)
    assert len(data) < 150_000


@pytest.mark.parametrize("changes", CASES)
def test_no_line_leaves_the_card_and_the_rows_have_room(changes):
    one = card(**changes)
    room = 630 - (58 if one.demonstration else 0) - (74 if one.state != "current" else 0) - 56
    rows = socialcard._rows(one, room=room)
    assert sum(row.height for row in rows) <= room
    for row in rows:
        for line in row.lines:
            assert lettering.width(line, row.size, row.weight, row.tracking) <= 608


def test_photographs_as_artwork_stay_small_too():
    noise = Image.effect_noise((1200, 1200), 120).convert("RGB")
    data = io.BytesIO()
    noise.save(data, "PNG")
    assert len(draw_social_card(card(artwork_png=data.getvalue()))) < 150_000


def test_a_learner_is_named_only_when_a_name_is_given():
    texts = [line for row in socialcard._rows(card(), room=516) for line in row.lines]
    assert texts == ["PŪKENGA-WHĀITI · MICRO-CREDENTIAL", "Te Waha Ohaoha", "Level 6 · 40 credits", "Ōtepoti Pūkenga"]
    named = [line for row in socialcard._rows(card(learner_name="Mere Āwhina"), room=516) for line in row.lines]
    assert named == [*texts[:2], "Mere Āwhina", *texts[2:]]


def test_a_name_with_a_letter_the_typeface_lacks_is_left_out_whole():
    texts = [line for row in socialcard._rows(card(learner_name="Mere 明"), room=516) for line in row.lines]
    assert not any("Mere" in line for line in texts)


@pytest.mark.parametrize(("state", "colour"), [("revoked", (143, 29, 29)), ("suspended", (244, 185, 66))])
def test_a_state_is_said_in_colour_and_words_and_the_artwork_fades(state, colour):
    shown, current = (opened(draw_social_card(card(state=one))) for one in (state, "current"))
    assert all(abs(a - b) < 6 for a, b in zip(shown.getpixel((1100, 10)), colour, strict=True))
    red, green, blue = shown.crop((60, 200, 430, 430)).resize((1, 1)).getpixel((0, 0))
    assert max(red, green, blue) - min(red, green, blue) < 12
    assert ImageChops.difference(shown.crop((540, 0, 1148, 74)), current.crop((540, 0, 1148, 74))).getbbox()


def test_a_demonstration_says_so_along_the_lower_edge():
    assert opened(draw_social_card(card(demonstration=True))).getpixel((5, 625))[0] > 230
    assert opened(draw_social_card(card())).getpixel((5, 625))[2] > 200


def test_a_card_is_drawn_from_a_stored_badge_without_its_learner(instance):
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    with instance.store.reading() as connection:
        document = load_document(connection, short_id).document
    pictures = Pictures(instance, demonstration=True)
    assert pictures.card_png(document) != pictures.card_png(document, learner_name="Mere Āwhina")
    assert pictures.card_png(document) != pictures.card_png(document, state="revoked")
    assert pictures.card_png(document) is pictures.card_png(document)
