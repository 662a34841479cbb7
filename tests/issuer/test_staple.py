"""Badges that carry the authority's statement: only when asked for, only where it speaks, and never without saying so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer.authority.endorsing import Desk, bound_issuers, state
from issuer.authority.entitlement import open_stretches
from issuer.batches import Options
from issuer.cli import badge_issuer
from issuer.corrections import Correction, correct
from issuer.instance import Instance
from issuer.rehearsing import rehearse_batch
from issuer.trust.editions import load_edition
from issuer.trust.staples import STAPLES_FILE, load_staples, use_endorsements
from keys.resolve import no_network
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.jsontext import JsonObject, write_json
from schemas.lossless import find_losses
from schemas.validate import validate_open_badge
from tests import simulator
from tests.issuer.provider import ANCHOR, NOW, PROVIDER, class_of, edition_for, issue, only_id, stored_documents
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import Anchor, anchor_document
from verifier.register.edition import parse_edition
from verifier.register.records import Issuer
from verifier.report import AccreditedVerdict, GenuineVerdict
from verifier.verify import Surroundings, verify

AS_AT = date(2026, 11, 15)
WITHOUT = "It carries no statement of the authority"
Stated = Callable[..., bytes]


def stated(instance: Instance, *, anchor: Anchor = simulator.AUTHORITY, key: str = "ed25519 authority", **tables: Sequence[object]) -> bytes:  # fmt: skip
    """What the authority hands the provider: everything it may award, by an edition with these tables."""
    edition = parse_edition(edition_for(instance, **tables), anchor=simulator.AUTHORITY)
    desk = Desk(
        anchor=anchor,
        edition=edition,
        method=anchor.keys[0].id,
        signer=simulator.signer(key),
        created=datetime(2026, 11, 16, tzinfo=UTC),
    )
    made = [
        state(stretch, did=did, keys=keys, desk=desk)
        for stretch in open_stretches(edition, moe_number=PROVIDER, ref=simulator.REF)
        for did, keys in bound_issuers(edition, PROVIDER)
    ]
    return write_json({"endorsements": made})


def stapling(instance: Instance, data: bytes | None = None) -> Instance:
    use_endorsements(instance, data or stated(instance), anchor_data=ANCHOR, now=NOW, actor="test")
    instance.save_config(replace(instance.config, staple=True))
    return instance


def only_document(instance: Instance) -> JsonObject:
    (document,) = stored_documents(instance)
    return document


# --- what badges carry ------------------------------------------------------------------------------------------
def test_a_badge_carries_the_statement_and_is_good_by_badge_and_anchor_alone(instance: Instance) -> None:
    report = issue(stapling(instance), class_of(1))
    assert report.results[0].sentence == "Issued."
    document = only_document(instance)
    assert len(document["endorsement"]) == 1
    assert validate_open_badge(document) == find_losses(document) == ()
    checked = verify(
        intake_bytes(write_json(document), name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=no_network, anchor=simulator.AUTHORITY),
        at=NOW,
    )
    assert checked.genuine.verdict is GenuineVerdict.VALID
    assert (checked.accredited.verdict, checked.accredited.reason) == (AccreditedVerdict.VALID, "accredited-by-staple")


def test_badges_carry_nothing_unless_it_is_asked_for(instance: Instance) -> None:
    use_endorsements(instance, stated(instance), anchor_data=ANCHOR, now=NOW, actor="test")
    issue(instance, class_of(1))
    assert "endorsement" not in only_document(instance)


def test_an_award_on_a_day_of_which_nothing_is_stated_is_issued_without_and_says_so(instance: Instance) -> None:
    rights = tuple(
        replace(right, granted_on=date(2026, 6, 1)) for right in simulator.demonstration_register(simulator.Party()).awarding_rights
    )  # fmt: skip
    report = issue(stapling(instance, stated(instance, awarding_rights=rights)), class_of(1))
    assert report.counts.issued == 1
    assert WITHOUT in report.results[0].sentence
    assert "endorsement" not in only_document(instance)


def test_a_badge_signed_with_a_key_of_which_nothing_is_stated_is_issued_without(instance: Instance) -> None:
    edition = parse_edition(edition_for(instance), anchor=simulator.AUTHORITY)
    ours = instance.method_of(instance.config.credential_key)
    keys = tuple(key for key in edition.register.keys if key.verification_method != ours)
    report = issue(stapling(instance, stated(instance, keys=keys)), class_of(1))
    assert WITHOUT in report.results[0].sentence
    assert "endorsement" not in only_document(instance)


def test_a_statement_of_another_size_than_the_listing_in_use_is_not_carried(instance: Instance) -> None:
    listings = tuple(replace(row, credits=15) for row in simulator.demonstration_register(simulator.Party()).listings)
    issue(stapling(instance, stated(instance, listings=listings)), class_of(1))
    assert "endorsement" not in only_document(instance)


def test_a_statement_is_not_carried_once_it_was_edited_on_disk(instance: Instance) -> None:
    stapling(instance)
    kept = instance.folder / "register" / STAPLES_FILE
    kept.write_bytes(kept.read_bytes().replace(b"Native Seed", b"Native Tree"))
    report = issue(instance, class_of(1))
    assert WITHOUT in report.results[0].sentence


def test_a_correction_carries_the_statement_too(instance: Instance) -> None:
    short_id = only_id(issue(instance, class_of(1)))
    stapling(instance)
    later = NOW.replace(hour=9)
    correct(instance, short_id, Correction(name="Ana Rākau"), edition=load_edition(instance), now=later, actor="test")
    assert only_document(instance)["endorsement"]


def test_a_rehearsal_mints_with_the_statement(instance: Instance) -> None:
    edition = load_edition(stapling(instance))
    rehearsal = rehearse_batch(instance, class_of(3), edition=edition, options=Options(), now=NOW, actor="test")
    assert rehearsal.ready == 3


def test_a_jwt_beside_the_badge_carries_it_too(instance: Instance) -> None:
    report = issue(stapling(instance), class_of(1), with_jwt=True)
    assert report.counts.issued == 1


# --- what is kept -----------------------------------------------------------------------------------------------
STRANGER = Anchor(
    name=simulator.AUTHORITY.name,
    did="did:web:stranger.example",
    keys=(replace(simulator.AUTHORITY.keys[0], id="did:web:stranger.example#1", public_key=simulator.signer("ed25519 stranger").public_key),),
)  # fmt: skip


def edited_file(instance: Instance) -> bytes:
    return stated(instance).replace(b'"identifier": "9901"', b'"identifier": "9902"').replace(b'"9901"', b'"9902"')


def about_another(instance: Instance) -> bytes:
    return stated(
        instance,
        issuers=(Issuer(moe_number=PROVIDER, did="did:web:else.example", from_day=date(2025, 1, 1), evidence="-"),),
        keys=tuple(
            replace(key, did="did:web:else.example", verification_method=f"did:web:else.example#{number}")
            for number, key in enumerate(parse_edition(edition_for(instance), anchor=simulator.AUTHORITY).register.keys)
        ),
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(edited_file, "is not believed", id="edited"),
        pytest.param(lambda it: stated(it, anchor=STRANGER, key="ed25519 stranger"), "is not believed", id="by a stranger"),
        pytest.param(about_another, "not about this instance", id="about another"),
        pytest.param(lambda _: b'{"endorsements": []}', "holds no statements", id="empty"),
        pytest.param(lambda _: b'{"endorsements": ["x"]}', "holds no statements", id="no documents"),
        pytest.param(lambda _: b"[]", "object", id="no object"),
    ],
)  # fmt: skip
def test_what_is_not_the_authoritys_about_us_is_not_kept(
    instance: Instance, make: Callable[[Instance], bytes], said: str
) -> None:
    with pytest.raises((IssuingError, InputError), match=said):
        use_endorsements(instance, make(instance), anchor_data=ANCHOR, now=NOW, actor="test")
    assert not (instance.folder / "register" / STAPLES_FILE).exists()


def test_another_anchor_than_that_of_the_register_in_use_is_refused(instance: Instance) -> None:
    other = write_json(anchor_document(STRANGER))
    with pytest.raises(IssuingError, match="by whose register this instance issues"):
        use_endorsements(instance, stated(instance), anchor_data=other, now=NOW, actor="test")


def test_asked_for_and_not_there_stops_the_batch_before_anything_is_issued(instance: Instance) -> None:
    instance.save_config(replace(instance.config, staple=True))
    with pytest.raises(BadgeError, match="no statements are kept"):
        issue(instance, class_of(1))
    assert stored_documents(instance) == []


def test_the_commands_keep_the_statements_and_turn_them_on_and_off(instance: Instance, tmp_path: Path) -> None:
    statements, anchor = tmp_path / "statements.json", tmp_path / "anchor.json"
    statements.write_bytes(stated(instance))
    anchor.write_bytes(ANCHOR)

    def run(*words: str) -> str:
        arguments = ["--instance", str(instance.folder), "endorsements", *words]
        return CliRunner().invoke(badge_issuer, arguments, catch_exceptions=False).stdout

    answer = json.loads(run("use", str(statements), "--anchor", str(anchor), "--json"))
    assert (answer["statements"], answer["refs"], answer["staple"]) == (1, [simulator.REF], False)
    assert "endorsements staple on" in run("use", str(statements), "--anchor", str(anchor))
    assert "carry the authority's statement" in run("staple", "on")
    assert json.loads((instance.folder / "instance.json").read_bytes())["staple"] is True
    assert "carry no statement" in run("staple", "off")
    assert load_staples(instance, method="") is None
