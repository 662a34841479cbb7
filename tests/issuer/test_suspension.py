"""On hold and off again: two status entries, a bit that is set and cleared, and a log that knows both acts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.corrections import Correction, correct
from issuer.instance import Instance, load_config
from issuer.publish import publish, publisher_of
from issuer.selfcheck import OwnWeb
from issuer.status import revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store.credentials import State
from issuer.store.tables import audit_log, documents, status_bits
from issuer.suspension import Suspended, reinstate, set_suspension, suspend
from issuer.trust.closing import close_instance
from issuer.trust.editions import load_edition, use_edition
from issuer.trust.reissuing import Outcome, reissue
from keys.keyring import Purpose
from keys.multikey import KeyType
from schemas import vocabulary as v
from schemas.errors import IssuingError
from schemas.lossless import find_losses
from schemas.validate import validate_open_badge, validate_status_set
from tests.issuer.provider import ANCHOR, NOW, Completion, Completions, class_of, edition_for, issue, only_id, short_ids
from tests.issuer.provider import stored_documents as badges_of
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.verify import Surroundings, verify

ONE = Completions(rows=(Completion(line=2),))
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def holding(any_instance: Instance) -> Instance:
    """An instance whose badges can be put on hold."""
    assert set_suspension(any_instance, on=True, now=NOW, actor="test")
    return any_instance


def told(instance: Instance, short_id: str, *, at: datetime = LATER, version: int | None = None) -> dict[str, str]:
    """What a stranger is told by what the instance publishes at that moment."""
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    with instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id, version=version)
        newest = credential_store.load_document(connection, short_id)
    assert document is not None
    assert newest is not None
    web.put(newest)
    report = verify(
        intake_bytes(document.document, name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=web, edition=load_edition(instance)),
        at=at,
    ).to_json()
    return {question: report[question]["verdict"] for question in ("genuine", "current", "accredited")}


def verdict(instance: Instance, short_id: str, *, at: datetime = LATER, version: int | None = None) -> str:
    return told(instance, short_id, at=at, version=version)["current"]


def hold(instance: Instance, short_id: str, *, minutes: int = 0) -> Suspended:
    return suspend(instance, short_id, now=NOW + timedelta(minutes=minutes), actor="test")


def log_is_whole(instance: Instance) -> bool:
    with instance.store.reading() as connection:
        report = audit.verify_chain(connection)
    assert report.faults == ()
    return bool(report)


def test_a_badge_of_such_an_instance_carries_two_entries_that_each_pass_the_strict_schema(holding: Instance) -> None:
    issue(holding, ONE)
    (document,) = badges_of(holding)
    entries = document["credentialStatus"]
    assert [entry["statusPurpose"] for entry in entries] == [v.REVOCATION, v.SUSPENSION]
    assert entries[0]["statusListCredential"] != entries[1]["statusListCredential"]
    assert validate_status_set(document) == find_losses(document) == ()
    assert validate_open_badge(document) != ()
    for entry in entries:
        assert validate_open_badge(document | {"credentialStatus": entry}) == ()


def test_a_wrong_entry_of_two_is_a_fault(holding: Instance) -> None:
    issue(holding, ONE)
    (document,) = badges_of(holding)
    document["credentialStatus"][1].pop("type")
    assert validate_status_set(document) != ()


def test_without_the_setting_a_badge_carries_one_entry_and_cannot_be_put_on_hold(any_instance: Instance) -> None:
    short_id = only_id(issue(any_instance, ONE))
    (document,) = badges_of(any_instance)
    assert isinstance(document["credentialStatus"], dict)
    with pytest.raises(IssuingError, match="signed without the entry") as refused:
        hold(any_instance, short_id)
    assert refused.value.extensions["reason"] == "no-suspension-entry"


def test_the_lists_of_suspension_are_lists_of_their_own(holding: Instance) -> None:
    issue(holding, class_of(6))
    with holding.store.reading() as connection:
        purposes = {one.number: (one.purpose, one.taken) for one in list_store.load_lists(connection)}
        documents = [badge.document for badge in credential_store.current_badges(connection)]
    assert sorted(purposes.values()) == [("revocation", 6), ("suspension", 6)]
    assert {purposes[one.list_number][0] for one in documents} == {"revocation"}
    assert {purposes[one.suspension_list or 0][0] for one in documents} == {"suspension"}
    assert len({one.suspension_index for one in documents}) == 6


def test_on_hold_and_off_again_is_what_a_stranger_is_told(holding: Instance) -> None:
    one, other = short_ids(issue(holding, class_of(2)))
    assert told(holding, one, at=NOW) == {"genuine": "valid", "current": "current", "accredited": "valid"}
    assert not hold(holding, one, minutes=1).already
    assert told(holding, one) == {"genuine": "valid", "current": "suspended", "accredited": "valid"}
    assert verdict(holding, other) == "current"
    assert not reinstate(holding, one, now=LATER + timedelta(minutes=1), actor="test").already
    assert verdict(holding, one, at=LATER + timedelta(hours=1)) == "current"
    assert log_is_whole(holding)


def test_a_newer_list_is_signed_each_time_and_never_dated_back(holding: Instance) -> None:
    short_id = only_id(issue(holding, ONE))
    seen = []
    for _ in range(2):
        hold(holding, short_id)
        seen.append(signed_lists(holding, now=NOW)[1].valid_from)
        reinstate(holding, short_id, now=NOW, actor="test")
        seen.append(signed_lists(holding, now=NOW)[1].valid_from)
    assert seen == sorted(set(seen))
    assert len(seen) == 4


def test_twice_is_once_either_way(holding: Instance) -> None:
    short_id = only_id(issue(holding, ONE))
    assert reinstate(holding, short_id, now=NOW, actor="test").already
    first = hold(holding, short_id)
    again = hold(holding, short_id, minutes=5)
    assert (first.already, again.already, again.at) == (False, True, first.at)
    assert not reinstate(holding, short_id, now=LATER, actor="test").already
    assert reinstate(holding, short_id, now=LATER, actor="test").already
    with holding.store.reading() as connection:
        acts = list(connection.scalars(sa.select(audit_log.c.action).order_by(audit_log.c.seq)))
        held = credential_store.load_credential(connection, short_id)
    assert acts[-2:] == [audit.SUSPEND, audit.REINSTATE]
    assert held is not None
    assert (held.state, held.suspended_at) == (State.ISSUED, None)


def test_a_withdrawn_badge_is_neither_put_on_hold_nor_reinstated(holding: Instance) -> None:
    short_id = only_id(issue(holding, ONE))
    hold(holding, short_id)
    assert not revoke(holding, short_id, now=LATER, actor="test").already
    assert verdict(holding, short_id) == "withdrawn"
    for act in (suspend, reinstate):
        with pytest.raises(IssuingError, match=r"was withdrawn on .* for good") as refused:
            act(holding, short_id, now=LATER, actor="test")
        assert refused.value.extensions["reason"] == "withdrawn"
    assert log_is_whole(holding)


def test_an_unknown_badge_is_named_as_such(holding: Instance) -> None:
    for act in (suspend, reinstate):
        with pytest.raises(IssuingError, match="has issued no badge"):
            act(holding, "nosuchbadge", now=NOW, actor="test")


def test_a_badge_on_hold_is_not_corrected_until_it_is_reinstated(holding: Instance) -> None:
    short_id = only_id(issue(holding, ONE))
    hold(holding, short_id)
    better = Correction(name="Mere Awhina")
    edition = load_edition(holding)
    with pytest.raises(IssuingError, match="reinstate it first") as refused:
        correct(holding, short_id, better, edition=edition, now=LATER, actor="test")
    assert refused.value.extensions["reason"] == "suspended"
    reinstate(holding, short_id, now=LATER, actor="test")
    assert correct(holding, short_id, better, edition=edition, now=LATER, actor="test").version == 2
    assert not hold(holding, short_id, minutes=200).already
    assert verdict(holding, short_id, at=NOW + timedelta(hours=4)) == "suspended"
    assert verdict(holding, short_id, at=NOW + timedelta(hours=4), version=1) == "replaced"
    assert log_is_whole(holding)


def test_a_badge_signed_before_the_setting_gains_the_entry_by_being_signed_anew(any_instance: Instance) -> None:
    short_id = only_id(issue(any_instance, ONE))
    set_suspension(any_instance, on=True, now=NOW, actor="test")
    edition = load_edition(any_instance)
    with pytest.raises(IssuingError, match="badge-issuer correct"):
        hold(any_instance, short_id)
    correct(any_instance, short_id, Correction(), edition=edition, now=LATER, actor="test")
    assert not hold(any_instance, short_id, minutes=200).already
    assert verdict(any_instance, short_id, at=NOW + timedelta(hours=4)) == "suspended"
    reinstate(any_instance, short_id, now=LATER, actor="test")
    with pytest.raises(IssuingError, match="says all this already"):  # it has the entry, so nothing would change
        correct(any_instance, short_id, Correction(), edition=edition, now=LATER, actor="test")


def test_a_badge_on_hold_that_a_stolen_key_signed_stays_on_hold_when_signed_again(holding: Instance) -> None:
    one, other = short_ids(issue(holding, class_of(2)))
    hold(holding, one)
    set_suspension(holding, on=False, now=NOW, actor="test")
    old_key = holding.config.credential_key
    new_key = holding.keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=NOW)
    holding.save_config(replace(holding.config, credential_key=new_key.id))
    first = load_edition(holding)
    assert first is not None
    newer = edition_for(holding, number=2, previous_sha256=first.sha256, as_at=first.as_at + timedelta(days=1))
    use_edition(holding, newer, anchor_data=ANCHOR, now=NOW, actor="test")
    results = reissue(holding, old_key, edition=load_edition(holding), now=LATER, actor="test")
    assert {result.outcome for result in results} == {Outcome.REISSUED}
    at = LATER + timedelta(hours=1)
    assert verdict(holding, one, at=at) == "suspended"
    assert verdict(holding, other, at=at) == "current"
    reinstate(holding, one, now=at, actor="test")
    assert verdict(holding, one, at=at + timedelta(hours=1)) == "current"
    assert log_is_whole(holding)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(sa.delete(status_bits), "is clear although", id="a hold undone behind the log's back"),
        pytest.param(
            sa.insert(status_bits).values(list_number=2, list_index=9, set_at="2026-11-22T03:00:00Z"),
            "no act in the log set it",
            id="a hold set behind the log's back",
        ),
    ],
)
def test_a_bit_of_suspension_changed_behind_the_log_is_found(
    holding: Instance, harm: sa.sql.Executable, said: str
) -> None:
    short_id = only_id(issue(holding, ONE))
    hold(holding, short_id)
    assert log_is_whole(holding)
    with holding.store.writing() as connection:
        connection.execute(harm)
        report = audit.verify_chain(connection)
    assert any(said in fault.message for fault in report.faults)


def test_a_reinstatement_in_the_log_clears_no_bit_of_withdrawal(holding: Instance) -> None:
    """Whoever adds an act to the log cannot make a withdrawal look undone."""
    short_id = only_id(issue(holding, ONE))
    revoke(holding, short_id, now=NOW, actor="test")
    with holding.store.writing() as connection:
        slot = list_store.load_bits(connection, 1)[0]
        facts = {"credential": short_id, "list": 1, "index": slot}
        audit.append(connection, at=NOW, actor="test", action=audit.REINSTATE, facts=facts)
        connection.execute(sa.delete(status_bits))
        report = audit.verify_chain(connection)
    assert any("is clear although" in fault.message for fault in report.faults)


def test_a_page_of_a_badge_on_hold_says_so(instance: Instance, tmp_path: Path) -> None:
    set_suspension(instance, on=True, now=NOW, actor="test")
    short_id = only_id(issue(instance, ONE))
    hold(instance, short_id)
    page = tmp_path / "site" / "badges" / short_id / "index.html"
    publish(instance, tmp_path / "site", publisher=publisher_of(instance), now=LATER)
    assert "On hold" in page.read_text(encoding="utf-8")
    reinstate(instance, short_id, now=LATER, actor="test")
    publish(instance, tmp_path / "site", publisher=publisher_of(instance), now=LATER)
    assert "On hold" not in page.read_text(encoding="utf-8")


def test_the_setting_is_kept_logged_and_harmless_twice(instance: Instance) -> None:
    assert set_suspension(instance, on=True, now=NOW, actor="test")
    assert not set_suspension(instance, on=True, now=NOW, actor="test")
    assert load_config(instance.folder).suspension
    with instance.store.reading() as connection:
        last = connection.execute(sa.select(audit_log).order_by(audit_log.c.seq.desc()).limit(1)).one()
    assert (last.action, json.loads(last.facts)) == (audit.SUSPENSION_SETTING, {"on": True})


def test_an_instance_that_closed_puts_nothing_on_hold_and_reinstates_nothing(holding: Instance) -> None:
    short_id = only_id(issue(holding, ONE))
    hold(holding, short_id)
    close_instance(holding, confirm=holding.config.name, now=LATER, actor="test")
    for act in (suspend, reinstate):
        with pytest.raises(IssuingError, match="closed on"):
            act(holding, short_id, now=LATER, actor="test")
    assert verdict(holding, short_id, at=LATER + timedelta(days=400)) == "suspended"


def test_a_place_of_suspension_is_granted_once(any_instance: Instance) -> None:
    """A short list, so that a place taken before would be drawn again if nobody looked."""
    ids = short_ids(issue(any_instance, class_of(40)))
    granted: list[list_store.Slot] = []
    for start in (0, 20):
        with any_instance.store.writing() as connection:
            slots = list_store.reserve(any_instance.store, connection, 20, at=NOW, purpose=v.SUSPENSION, length=64)
            for short_id, slot in zip(ids[start : start + 20], slots, strict=True):
                place = {"suspension_list": slot.list_number, "suspension_index": slot.list_index}
                connection.execute(sa.update(documents).where(documents.c.short_id == short_id).values(**place))
        granted += slots
    assert len(set(granted)) == 40
    twice = {"suspension_list": granted[0].list_number, "suspension_index": granted[0].list_index}
    with pytest.raises(sa.exc.IntegrityError), any_instance.store.writing() as connection:
        connection.execute(sa.update(documents).where(documents.c.short_id == ids[-1]).values(**twice))
