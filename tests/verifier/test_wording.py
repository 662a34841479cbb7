"""Everything a check can say has a sentence, and everything that has a sentence can be said."""

from __future__ import annotations

import ast
import string
import unicodedata
from datetime import date
from pathlib import Path

import pytest

import verifier.checks
from verifier.register.reasons import Reason
from verifier.report import AccreditedVerdict, CheckId, CurrentVerdict, GenuineVerdict, Outcome
from verifier.wording import HEADLINES, NOTICES, REO_AWAITS_REVIEW, SENTENCES, Sentence, headline_for, sentence_for

PACKAGE = Path(verifier.checks.__file__).parent.parent
SOURCES = [*sorted((PACKAGE / "checks").glob("*.py")), PACKAGE / "signatures.py", PACKAGE / "statuses.py", PACKAGE / "revocations.py", PACKAGE / "verify.py", PACKAGE / "intake.py"]  # fmt: skip
REGISTERS_OWN = {reason.value for reason in Reason}  # worded in verifier.register.sentences


def literals() -> set[str]:
    """Every string constant in the code that decides on reasons."""
    return {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def findings() -> list[tuple[str, str, str]]:
    """(check, outcome, reason) of every call `finding(CheckId.X, OUTCOME, "reason", …)` without a sentence of its own."""
    calls = []
    for path in sorted((PACKAGE / "checks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "finding":
                check, outcome, reason = node.args[:3]
                if (
                    isinstance(check, ast.Attribute)
                    and isinstance(outcome, ast.Name)
                    and isinstance(reason, ast.Constant)
                ):
                    calls.append((check.attr, outcome.id, str(reason.value)))
    return calls


def test_every_reason_in_the_code_has_a_sentence() -> None:
    calls = findings()
    assert len(calls) > 40
    missing = [call for call in calls if (CheckId[call[0]], Outcome[call[1]], call[2]) not in SENTENCES]
    assert missing == []


@pytest.mark.parametrize(
    ("module", "error", "checks"),
    [
        ("signatures.py", "_Fault", (CheckId.PROOF,)),
        ("statuses.py", "_Doubt", (CheckId.REVOCATION, CheckId.SUSPENSION)),
    ],
)
def test_every_reason_that_is_raised_has_a_sentence(module: str, error: str, checks: tuple[CheckId, ...]) -> None:
    raised = {
        str(node.args[0].value)
        for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == error
        and isinstance(node.args[0], ast.Constant)
    }
    if module == "signatures.py":
        raised.add("canonicalization-limit")  # chosen by an expression, so that no call has it as a constant
    assert len(raised) > 8
    for check_id in checks:
        worded = {reason for check, _, reason in SENTENCES if check is check_id}
        assert raised - worded == set()


def test_every_sentence_can_be_said() -> None:
    """No row is left over from a reason that no code gives any more."""
    known = literals() | {"json-malformed", "jws-malformed", "baking", "no-badge", "several", "open-badges-2", "clr"}
    known |= {"too-large", "unreachable", "pdf-not-read"}  # slugs and reasons of errors that other packages raise
    leftover = {reason for _, _, reason in SENTENCES} - known - {"no-nz-claim"}
    assert leftover == set()
    assert {code for _, code in NOTICES} <= known


def test_no_check_words_what_belongs_to_the_register() -> None:
    shared = {"no-register", "issuer-not-bound", "key-not-bound", "key-compromised"}
    assert {reason for _, _, reason in SENTENCES} & REGISTERS_OWN <= shared


def test_every_verdict_has_a_headline() -> None:
    for question, verdicts in (
        ("genuine", GenuineVerdict),
        ("current", CurrentVerdict),
        ("accredited", AccreditedVerdict),
    ):
        for verdict in verdicts:
            facts = {"because": "Because.", "signer": "somebody"}
            assert headline_for(question, verdict.value, facts)
            assert headline_for(question, verdict.value, facts, language="mi")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("table", [SENTENCES, NOTICES, HEADLINES], ids=["sentences", "notices", "headlines"])
def test_the_maori_sentence_names_no_fact_that_the_english_one_does_not(table: dict[object, Sentence]) -> None:
    for key, sentence in table.items():
        assert sentence.en, key
        assert _fields(sentence.mi) <= _fields(sentence.en), key


@pytest.mark.parametrize("table", [SENTENCES, NOTICES, HEADLINES], ids=["sentences", "notices", "headlines"])
def test_no_row_lacks_te_reo_and_every_draft_is_plain_composed_text(table: dict[object, Sentence]) -> None:
    for key, sentence in table.items():
        assert sentence.mi, key
        assert sentence.mi == sentence.en == "{because}" or sentence.mi != sentence.en, key
        assert unicodedata.is_normalized("NFC", sentence.mi), "a macron is one letter with its vowel"
        assert "  " not in sentence.mi, key
        assert sentence.mi[-1] in ".}" or sentence.mi.endswith("{address}"), key


def test_the_drafts_are_marked_as_awaiting_a_reviewer() -> None:
    assert REO_AWAITS_REVIEW


def test_a_day_is_written_in_the_language_and_a_missing_one_is_said_to_be() -> None:
    facts = {
        "ref": "5055",
        "title": "Kelp",
        "on": date(2026, 5, 3),
        "listed_from": date(2023, 6, 1),
        "approved_on": None,
    }
    place = (CheckId.LISTING, Outcome.PASSED, "listed")
    assert sentence_for(*place, facts) == (
        "5055 “Kelp” was listed on the award day, 3 May 2026: listed from 1 June 2023, approved on a day that is not "
        "recorded."
    )
    assert "3 Haratua 2026" in sentence_for(*place, facts, language="mi")
    assert "tētahi rā kāore i tuhia" in sentence_for(*place, facts, language="mi")


def test_a_strangers_braces_are_not_a_format() -> None:
    facts = {"issuer": "{0.__class__}", "controller": "{x}"}
    said = sentence_for(CheckId.IDENTITY, Outcome.FAILED, "controller-not-issuer", facts)
    assert "{0.__class__}" in said
