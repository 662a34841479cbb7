"""A sentence in two languages: its English is the text it always was, its te reo Māori is made of the same facts."""

from __future__ import annotations

import copy
import json
from datetime import date

from issuer.words.sayings import Saying, any_of, as_it_is, packed, say, say_day, together, unpacked

NOT_A_DATE = "%(value)s is not a date. Write it as 2026-05-03 or 3/05/2026."


def test_a_saying_is_its_english_sentence() -> None:
    saying = say(NOT_A_DATE, value="“soon”")
    assert saying == "“soon” is not a date. Write it as 2026-05-03 or 3/05/2026."
    assert saying.in_("en") == saying
    assert json.dumps(saying) == json.dumps(str(saying))


def test_te_reo_maori_is_made_of_the_same_facts() -> None:
    assert say(NOT_A_DATE, value=say("This value")).in_("mi") == (
        "Tēnei uara: ehara i te rā. Tuhia pēnei 2026-05-03, 3/05/2026 rānei."
    )
    assert say_day(date(2026, 5, 3)) == "3 May 2026"
    assert "2026" in (say_day(date(2026, 5, 3)).in_("mi") or "")
    assert any_of(["a", "b"]) == "a or b"
    assert any_of(["a", "b"]).in_("mi") == "a, b rānei"


def test_a_sentence_without_a_draft_is_not_said_in_half() -> None:
    assert say("There is no draft of %(this)s.", this="this").in_("mi") is None
    assert say(NOT_A_DATE, value=Saying("English alone")).in_("mi") is None
    both = together(say("The value is missing."), say("There is no draft of %(this)s.", this="this"))
    assert isinstance(both, Saying)
    assert both.in_("mi") is None
    assert not isinstance(together(say("The value is missing."), "Plain."), Saying)


def test_sentences_that_follow_each_other_are_said_one_after_the_other() -> None:
    both = together(as_it_is("Day:"), say("The value is missing."))
    assert both == "Day: The value is missing."
    assert isinstance(both, Saying)
    assert both.in_("mi") == "Day: Kei te ngaro te uara."


def test_a_saying_survives_being_kept_as_json_and_plain_text_stays_plain() -> None:
    saying = together(say(NOT_A_DATE, value=say("This value")), say_day(date(2026, 5, 3)))
    kept = json.loads(json.dumps(packed([{"message": saying}, "plain", {"message": "old"}])), object_hook=unpacked)
    assert kept == [{"message": str(saying)}, "plain", {"message": "old"}]
    assert isinstance(saying, Saying)
    assert kept[0]["message"].in_("mi") == saying.in_("mi") is not None
    assert not isinstance(kept[2]["message"], Saying)
    assert copy.deepcopy(saying).in_("mi") == saying.in_("mi")
