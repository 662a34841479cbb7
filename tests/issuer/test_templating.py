"""Badges made by template: byte for byte those of the reference path, or left to it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from issuer import making, minting, templating
from issuer.making import Made, Order, Workshop, make_badge
from issuer.minting import Award, NameDisplay
from issuer.templating import FACTS, BadgeTemplate, Templates, facts_of, form_of
from schemas.jsontext import JsonObject
from tests.issuer.test_minting import achievement, award
from tests.schemas import template_fuzz
from tests.schemas.template_fuzz import mismatches, workshop
from tests.simulator import NOW


def orders(count: int, *, carried: JsonObject | None = None, **facts: Any) -> list[Order]:
    """A class of ordinary learners."""
    document = carried or achievement()
    return [
        Order(
            short_id=f"s{number}",
            award=award(
                **{
                    "credential_id": f"https://badges.example/badges/b{number}",
                    "name": f"Learner {number} Tāmati",
                    "list_index": 94 + number,
                }
                | facts
            ),
            achievement=document,
        )
        for number in range(count)
    ]


def unlike(shop: Workshop, ordered: list[Order], made: list[Made]) -> list[Order]:
    """The orders of which the reference path makes something else."""
    return [
        order
        for order, one in zip(ordered, made, strict=True)
        if one._replace(by_template=False) != make_badge(order, workshop=shop)
    ]


@pytest.mark.parametrize(
    ("kind", "endorsed", "count"),
    [
        pytest.param("ed25519", False, 1_500, id="with Ed25519"),
        pytest.param("p256", False, 500, id="with P-256"),
        pytest.param("jwt", False, 300, id="with a JWT beside them"),
        pytest.param("ed25519", True, 200, id="carrying the authority's statement"),
    ],
)
def test_made_up_learners_get_what_the_reference_path_pyld_and_pyoxigraph_say(
    kind: str, endorsed: bool, count: int
) -> None:
    chance = random.Random(f"{kind} {endorsed}")
    shop = workshop(kind)
    ordered = list(template_fuzz.orders(chance, count, endorsed=endorsed))
    made = shop(ordered)
    assert sum(one.by_template for one in made) > count / 2
    assert list(mismatches(shop, ordered)) == []


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({}, id="a full name"),
        pytest.param({"name_display": NameDisplay.PREFERRED, "preferred_name": "Mel"}, id="a preferred name"),
        pytest.param({"name_display": NameDisplay.PREFERRED}, id="a preferred name that nobody gave"),
        pytest.param({"name_display": NameDisplay.NONE, "subject_urn": "urn:uuid:1"}, id="no name"),
        pytest.param({"result": "Merit", "evidence_url": "https://a.example/1"}, id="a result and evidence"),
        pytest.param({"suspension_url": "https://badges.example/status/9", "suspension_index": 7}, id="a hold"),
        pytest.param({"valid_until": NOW.replace(year=2030)}, id="an end"),
        pytest.param({"valid_until": NOW.replace(year=2030), "list_index": 0}, id="the first place of a list"),
    ],
)  # fmt: skip
def test_every_shape_of_badge_gets_a_template(facts: dict[str, Any]) -> None:
    for kind in ("ed25519", "jwt"):
        shop, ordered = workshop(kind), orders(8, **facts)
        made = shop(ordered)
        assert [one.by_template for one in made] == [False] * templating.WORTH + [True] * (8 - templating.WORTH)
        assert unlike(shop, ordered, made) == []


def test_every_field_of_an_award_is_part_of_its_form_or_a_fact_that_varies() -> None:
    """A new field is so looked at by shape, and a template is not made from two awards that differ in it."""
    one = award(preferred_name="Mel", result="Merit", evidence_url="https://a.example/", subject_urn="urn:a")
    full = replace(one, suspension_url="https://b.example/9", suspension_index=3, valid_until=NOW)
    probes = [templating._probe(full, number) for number in (1, 2)]
    for field in fields(Award):
        without: dict[str, Any] = {field.name: NameDisplay.NONE if field.name == "name_display" else None}
        absent = replace(full, **without)
        assert form_of(absent) != form_of(full), field.name
        if field.name != "name_display":
            assert len({getattr(award_, field.name) for award_ in (full, *probes)}) == 3, field.name
    assert len(FACTS) == len(facts_of(full)) == len({*facts_of(probes[0]), *facts_of(probes[1])}) / 2


def test_a_badge_that_says_more_of_an_award_than_templates_know_is_left_to_the_reference_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mint(award: Award, **facts: Any) -> JsonObject:
        return minting.mint(award, **facts) | {"description": f"For {award.name}"}

    monkeypatch.setattr(making, "mint", mint)
    monkeypatch.setattr(templating, "mint", mint)
    shop, ordered = workshop("ed25519"), orders(9)
    made = shop(ordered)
    assert {one.by_template for one in made} == {False}
    assert json.loads(made[8].document)["description"] == "For Learner 8 Tāmati"


def test_a_leaf_of_which_the_strict_schema_asks_more_than_a_text_is_left_to_the_reference_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mint(award: Award, **facts: Any) -> JsonObject:
        document = minting.mint(award, **facts)
        document["credentialSubject"]["identifier"][0]["identityType"] = award.result
        return document

    monkeypatch.setattr(making, "mint", mint)
    monkeypatch.setattr(templating, "mint", mint)
    shop = workshop("ed25519")
    assert {one.by_template for one in shop(orders(9, result="systemId"))} == {False}
    (made,) = shop(orders(1, result="no type of an identity"))
    assert made.reason == "not-a-valid-badge"


@pytest.mark.parametrize("name", ["multibase_encode", "base64url_encode", "jwt_header"])
def test_a_template_whose_first_badge_is_another_than_the_reference_path_made_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(templating, name, lambda *_, **__: "another")
    shop, ordered = workshop("jwt"), orders(8)
    made = shop(ordered)
    assert {one.by_template for one in made} == {False}
    assert unlike(shop, ordered, made) == []


def _another_name(template: BadgeTemplate) -> Callable[[Order], Made | None]:
    before: list[Order] = []

    def make(order: Order) -> Made | None:
        before.append(order)
        return template.make(order._replace(award=replace(order.award, name=before[0].award.name)))

    return make


def _another_place(template: BadgeTemplate) -> Callable[[Order], Made | None]:
    return lambda order: template.make(order._replace(award=replace(order.award, list_index=94)))


def _another_day(template: BadgeTemplate) -> Callable[[Order], Made | None]:
    return lambda order: template.make(order._replace(award=replace(order.award, achieved_on=date(2026, 1, 1))))


def _a_space_more(template: BadgeTemplate) -> Callable[[Order], Made | None]:
    def make(order: Order) -> Made | None:
        made = template.make(order)
        return made and made._replace(document=made.document.replace(b'","', b'", "', 1))

    return make


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_another_name, id="puts one learner's name into all badges"),
        pytest.param(_another_place, id="gives all badges one place in the status list"),
        pytest.param(_another_day, id="gives all badges one day"),
        pytest.param(_a_space_more, id="writes one space more than was signed"),
    ],
)
def test_a_wrong_template_that_was_planted_is_noticed_by_comparison(
    spoil: Callable[[BadgeTemplate], Callable[[Order], Made | None]],
) -> None:
    class Planted(BadgeTemplate):
        wrong: Callable[[Order], Made | None] | None = None

        def make(self, order: Order) -> Made | None:
            return super().make(order) if self.wrong is None else self.wrong(order)

    class Wrong(Templates):
        def _compile(self, order: Order, made: Made, shop: templating.Shop) -> BadgeTemplate:
            planted = Planted(order, made, shop=shop)
            planted.wrong = spoil(BadgeTemplate(order, made, shop=shop))
            return planted

    shop = replace(workshop("ed25519"), templates=Wrong(worth=1))
    ordered = orders(6)
    made = shop(ordered)
    assert [one.by_template for one in made] == [False, *[True] * 5]
    assert ordered[5] in unlike(shop, ordered, made)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"name": "Mere 123456789"}, "nsn-in-badge", id="a student number in the name"),
        pytest.param({"name": "Mere 123 456-789"}, "nsn-in-badge", id="a student number in groups"),
        pytest.param({"name": "x123456789\n"}, "nsn-in-badge", id="a student number beside what JSON escapes"),
        pytest.param({"name": "\x0012345678"}, None, id="digits of an escape that make no student number"),
        pytest.param({"credential_id": "https://badges.example/badges/a1.2345.6789"}, "nsn-in-badge", id="a student number in an address"),
        pytest.param({"name": "ends in 12345", "list_index": 6789}, None, id="two halves of a student number in two places"),
        pytest.param({"name": "Mere ١٢٣٤٥٦٧٨٩"}, None, id="nine digits that are no student number"),
    ],
)  # fmt: skip
def test_what_the_reference_path_refuses_no_template_makes(facts: dict[str, Any], reason: str | None) -> None:
    shop = workshop("ed25519")
    shop(orders(6))
    (order,) = orders(1, **facts)
    (made,) = shop([order])
    assert (made.reason, made.by_template) == (reason, reason is None)
    if reason is None:
        assert unlike(shop, [order], [made]) == []


def test_a_time_that_the_schema_would_refuse_is_left_to_the_reference_path(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = workshop("ed25519")
    shop(orders(6))
    templating._written.cache_clear()
    monkeypatch.setattr(templating, "write_time", lambda _instant: "12-05-04T00:00:00Z")
    (made,) = shop(orders(1, achieved_on=date(12, 5, 4)))
    templating._written.cache_clear()
    assert not made.by_template


def test_a_student_number_among_what_stays_lets_no_template_be_made() -> None:
    shop = workshop("ed25519")
    made = shop(orders(9, carried=achievement() | {"fieldOfStudy": "123 456 789"}))
    assert {one.reason for one in made} == {"nsn-in-badge"}


def test_a_first_learner_named_like_the_award_does_not_keep_the_others_from_a_template() -> None:
    shop = workshop("ed25519")
    ordered = orders(templating.WORTH, name=achievement()["name"]) + orders(6)
    made = shop(ordered)
    assert [one.by_template for one in made[-4:]] == [True] * 4
    assert unlike(shop, ordered, made) == []


def test_a_copy_of_an_achievement_shares_its_template_and_another_one_does_not() -> None:
    shop = workshop("ed25519")
    shop(orders(6))
    (copied,) = shop(orders(1, carried=copy.deepcopy(achievement())))
    (other,) = shop(orders(1, carried=achievement() | {"fieldOfStudy": "Seeds"}))
    assert (copied.by_template, other.by_template) == (True, False)


def test_a_badge_that_carries_a_statement_has_another_template_than_one_that_carries_none() -> None:
    shop = workshop("ed25519")
    shop(orders(6))
    carrying = [order._replace(endorsement=template_fuzz.endorsement()) for order in orders(6)]
    made = shop(carrying)
    assert [one.by_template for one in made] == [False] * 4 + [True] * 2
    assert unlike(shop, carrying, made) == []


def test_a_template_serves_no_other_workshop() -> None:
    shop, ordered = workshop("ed25519"), orders(6)
    shop(ordered)
    later = replace(shop, valid_from=shop.valid_from.replace(year=2027))
    assert later.templates is shop.templates
    made = later(ordered)
    assert unlike(later, ordered, made) == []


def test_templates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "MOST", 2)
    shop = replace(workshop("ed25519"), templates=Templates(worth=1))
    for number in range(20):
        shop(orders(1, carried=achievement() | {"fieldOfStudy": str(number)}))
    kept = shop.templates
    assert (len(kept._by_shape), len(kept._seen) <= 16, len(kept._documents) <= 4) == (2, True, True)
    (made,) = shop(orders(1, carried=achievement() | {"fieldOfStudy": "19"}))
    assert made.by_template
