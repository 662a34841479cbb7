"""Looking for badges as the desk does, on both databases."""

from __future__ import annotations

from datetime import date

import pytest

from issuer.instance import Instance
from issuer.status import revoke
from issuer.store.dialect import fold_text
from issuer.store.searching import Standing, Wanted, count_figures, count_waiting, search_badges
from tests.issuer.provider import AWARDED, NOW, REF, Completion, Completions, issue

CLASS = Completions(
    rows=(
        Completion(line=2, learner_name="Mere Āwhina", learner_email="mere@example.invalid"),
        Completion(line=3, learner_name="Wiremu Ngāti-Porou Smith"),
        Completion(line=4, learner_name="Zoë O'Brien", preferred_name="Zed"),
        Completion(line=5, learner_name="100% Percent"),
    )
)


def names(instance: Instance, **wanted: object) -> set[str | None]:
    with instance.store.reading() as connection:
        found = search_badges(connection, Wanted(**wanted), now=NOW, page=1, size=50)  # type: ignore[arg-type]  # a test's own
    return {badge.name for badge in found.badges}


@pytest.mark.network
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("mere awhina", {"Mere Āwhina"}, id="macrons and case do not matter"),
        pytest.param("ĀWHINA", {"Mere Āwhina"}, id="a macron in capitals finds the small one"),
        pytest.param("smith wiremu", {"Wiremu Ngāti-Porou Smith"}, id="words in any order"),
        pytest.param("zoe", {"Zoë O'Brien"}, id="other accents are folded too"),
        pytest.param("zed", {"Zoë O'Brien"}, id="the preferred name is looked at"),
        pytest.param("100%", {"100% Percent"}, id="a per cent sign is no wildcard"),
        pytest.param("%", {"100% Percent"}, id="a lone per cent sign is itself"),
        pytest.param("_", set(), id="an underscore is no wildcard"),
        pytest.param("MERE@example.invalid", {"Mere Āwhina"}, id="a whole address finds its learner"),
        pytest.param("nobody", set(), id="nobody of that name"),
    ],
)
def test_a_search_finds(any_instance: Instance, text: str, expected: set[str]) -> None:
    issue(any_instance, CLASS)
    assert names(any_instance, text=text) == expected


def test_facts_narrow_a_search(instance: Instance) -> None:
    report = issue(instance, CLASS)
    gone = report.results[0].short_id
    assert gone is not None
    revoke(instance, gone, now=NOW, actor="test")
    assert names(instance, standing=Standing.WITHDRAWN) == {"Mere Āwhina"}
    assert len(names(instance, standing=Standing.CURRENT)) == 3
    assert names(instance, text=gone) == {"Mere Āwhina"}
    assert len(names(instance, nzqa_ref=REF, awarded_from=AWARDED, awarded_to=AWARDED)) == 4
    assert names(instance, awarded_from=date(2026, 12, 1)) == set()
    assert names(instance, claimed=True) == set()
    with instance.store.reading() as connection:
        figures = count_figures(connection)
        waiting = count_waiting(connection, not_by=None)
    assert (figures.issued, figures.withdrawn, figures.claimed) == (4, 1, 0)
    assert waiting.requests == waiting.drafts == 0


def test_folding_keeps_letters_and_drops_marks() -> None:
    assert fold_text("  Tāne   Māhuta ÉLAN ") == "tane mahuta elan"
