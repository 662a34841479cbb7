"""A stolen key: stopped at once, and what it signed is signed again, each badge once, whatever is killed on the way."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import audit
from issuer.cli import badge_issuer
from issuer.instance import Instance, open_instance
from issuer.selfcheck import OwnWeb
from issuer.status import revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.store import endings
from issuer.store.credentials import State
from issuer.trust.editions import load_edition, use_edition
from issuer.trust.keyuse import compromise_key, use_key
from issuer.trust.reissuing import Outcome, reissue
from keys.keyring import Purpose
from keys.multikey import KeyType
from keys.suites.jwt import parse_jws
from schemas.errors import IssuingError
from tests.issuer.provider import ANCHOR, NOW, class_of, edition_for, issue, register_for, short_ids
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.verify import Surroundings, verify

STOLEN = NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=2)
STEPS = ("claimed", "signed", "checked", "stored", "logged", "committed")
SIGKILLED = -9


def lose_key(instance: Instance) -> str:
    """credential-1 is stolen; a new key is in the register and in use. Returns the new key's id."""
    compromise_key(instance, "credential-1", since=STOLEN, now=LATER, actor="test")
    new = instance.keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=LATER)
    current = load_edition(instance)
    assert current is not None
    stolen = instance.method_of("credential-1")
    keys = tuple(
        replace(row, compromised_from=STOLEN) if row.verification_method == stolen else row
        for row in register_for(instance).keys
    )
    data = edition_for(instance, number=2, previous_sha256=current.sha256, keys=keys)
    use_edition(instance, data, anchor_data=ANCHOR, now=LATER, actor="test")
    use_key(instance, new.id, now=LATER, actor="test")
    return new.id


def run(instance: Instance, **options: object) -> Counter[str]:
    results = reissue(
        instance,
        "credential-1",
        edition=load_edition(instance),
        now=LATER,
        actor="test",
        **options,  # type: ignore[arg-type]  # the options are its own
    )
    return Counter(result.outcome.value for result in results)


def verdicts(instance: Instance, document: bytes) -> tuple[str, str, str]:
    at = LATER + timedelta(hours=1)
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    with instance.store.reading() as connection:
        for badge in credential_store.current_badges(connection):
            web.put(badge.document)
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    report = verify(
        intake_bytes(document, name="badge"), policy=BADGE_POLICY, surroundings=surroundings, at=at
    ).to_json()
    return report["genuine"]["verdict"], report["current"]["verdict"], report["accredited"]["verdict"]


def check_each_once(instance: Instance, short_ids: list[str], *, key: str) -> None:
    """Every badge has two versions, the second by the clean key, the first revoked, all of it logged."""
    method = instance.method_of(key)
    with instance.store.reading() as connection:
        for badge in credential_store.current_badges(connection):
            assert badge.credential.version == 2
            proof = json.loads(badge.document.document)["proof"][0]
            assert proof["verificationMethod"] == method
        held = [badge.credential.short_id for badge in credential_store.current_badges(connection)]
        report = audit.verify_chain(connection)
    assert sorted(held) == sorted(short_ids)
    assert report, report.faults
    assert report.documents == 2 * len(short_ids)


def test_everything_a_stolen_key_signed_is_signed_again_once(any_instance: Instance) -> None:
    ids = list(short_ids(issue(any_instance, class_of(7))))
    with any_instance.store.reading() as connection:
        old = credential_store.load_document(connection, ids[0])
    assert old is not None
    new = lose_key(any_instance)
    assert verdicts(any_instance, old.document)[0] == "unconfirmed"
    assert run(any_instance, dry_run=True) == {"ready": 7}
    assert run(any_instance, chunk_badges=3) == {"reissued": 7}
    assert run(any_instance) == {}
    check_each_once(any_instance, ids, key=new)
    with any_instance.store.reading() as connection:
        fresh = credential_store.load_document(connection, ids[0])
    assert fresh is not None
    before, after = json.loads(old.document), json.loads(fresh.document)
    assert after["id"] == before["id"]
    assert after["validFrom"] > before["validFrom"]
    assert after["credentialStatus"]["id"] != before["credentialStatus"]["id"]
    signing = ("validFrom", "credentialStatus", "proof")
    assert {name: after[name] for name in after if name not in signing} == {
        name: before[name] for name in before if name not in signing
    }
    assert verdicts(any_instance, fresh.document) == ("valid", "current", "valid")
    assert verdicts(any_instance, old.document)[1] == "replaced"


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_is_completed_by_the_same_command(any_instance_folder: Path, step: str) -> None:
    with open_instance(any_instance_folder) as instance:
        ids = list(short_ids(issue(instance, class_of(6))))
        new = lose_key(instance)
    process = multiprocessing.get_context("fork").Process(target=_run_and_die, args=(any_instance_folder, step))
    process.start()
    process.join()
    assert process.exitcode == SIGKILLED
    with open_instance(any_instance_folder) as instance:
        done = run(instance)
        assert done == {"reissued": 4 if step != "committed" else 2}
        check_each_once(instance, ids, key=new)


def _run_and_die(folder: Path, step: str) -> None:
    seen: Counter[str] = Counter()

    def on_step(name: str) -> None:
        seen[name] += 1
        if name == step and seen[name] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_instance(folder) as instance:
        run(instance, chunk_badges=2, on_step=on_step)


def test_two_runs_at_once_sign_each_badge_once(any_instance_folder: Path) -> None:
    with open_instance(any_instance_folder) as instance:
        ids = list(short_ids(issue(instance, class_of(8))))
        new = lose_key(instance)
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=_run_in_child, args=(any_instance_folder,)) for _ in range(2)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert [one.exitcode for one in runs] == [0, 0]
    with open_instance(any_instance_folder) as instance:
        check_each_once(instance, ids, key=new)


def _run_in_child(folder: Path) -> None:
    with open_instance(folder) as instance:
        run(instance, chunk_badges=2)


def test_withdrawn_badges_and_those_before_the_day_given_are_left_as_they_are(instance: Instance) -> None:
    early, gone = short_ids(issue(instance, class_of(2)))
    late = short_ids(
        issue(instance, class_of(1, first_line=9, learner_email="x@example.nz"), now=NOW + timedelta(hours=2))
    )[0]
    revoke(instance, gone, now=NOW + timedelta(hours=3), actor="test")
    lose_key(instance)
    assert run(instance, since=STOLEN) == {"reissued": 1}
    with instance.store.reading() as connection:
        versions = {
            badge.credential.short_id: (badge.credential.version, badge.credential.state)
            for badge in credential_store.current_badges(connection)
        }
    assert versions == {early: (1, State.ISSUED), gone: (1, State.REVOKED), late: (2, State.ISSUED)}
    assert run(instance) == {"reissued": 1}


def test_a_badge_with_a_jwt_gets_both_signatures_anew(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1), with_jwt=True))
    new = lose_key(instance)
    assert run(instance) == {"reissued": 1}
    with instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id)
    assert document is not None
    assert document.jwt is not None
    assert parse_jws(document.jwt).kid == instance.method_of("credential-2")
    assert json.loads(document.document)["proof"][0]["verificationMethod"] == instance.method_of(new)


def test_a_key_in_use_or_an_unregistered_one_signs_nothing_again(instance: Instance) -> None:
    issue(instance, class_of(1))
    with pytest.raises(IssuingError, match="is the one in use"):
        run(instance)
    new = instance.keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=NOW)
    use_key(instance, new.id, now=NOW, actor="test")
    with pytest.raises(IssuingError, match="does not have") as refused:
        run(instance)
    assert refused.value.extensions["reason"] == "key-not-bound"


def test_a_badge_the_register_no_longer_allows_fails_alone(instance: Instance) -> None:
    from datetime import date

    issue(instance, class_of(2))
    lose_key(instance)
    current = load_edition(instance)
    assert current is not None
    removed = tuple(replace(row, removed_on=date(2026, 11, 1)) for row in current.register.listings)
    data = edition_for(instance, number=3, previous_sha256=current.sha256, listings=removed)
    use_edition(instance, data, anchor_data=ANCHOR, now=LATER, actor="test")
    results = reissue(instance, "credential-1", edition=load_edition(instance), now=LATER, actor="test")
    assert {(result.outcome, result.reason) for result in results} == {(Outcome.FAILED, "listing-removed")}
    assert all("was not signed again" in result.sentence for result in results)


# --- stopping the key -------------------------------------------------------------------------------------------
def test_a_stolen_key_stops_at_once_and_the_earliest_moment_is_kept(any_instance: Instance) -> None:
    first = compromise_key(any_instance, "credential-1", since=STOLEN, now=LATER, actor="test")
    again = compromise_key(any_instance, "credential-1", since=NOW, now=LATER, actor="test")
    later = compromise_key(any_instance, "credential-1", since=STOLEN, now=LATER, actor="test")
    assert (first.since, again.since, later.since, first.in_use) == (STOLEN, NOW, NOW, True)
    with pytest.raises(IssuingError, match="signs nothing more"):
        any_instance.credential_signer()
    with any_instance.store.reading() as connection:
        assert endings.load_compromises(connection) == {"credential-1": NOW}
        assert audit.verify_chain(connection)
    with pytest.raises(IssuingError, match="a moment that has come"):
        compromise_key(any_instance, "status-1", since=LATER + timedelta(days=1), now=LATER, actor="test")


def test_a_status_list_is_signed_again_with_the_clean_key_at_once(instance: Instance) -> None:
    issue(instance, class_of(1))
    (old,) = signed_lists(instance, now=NOW)
    compromise_key(instance, "status-1", since=NOW, now=NOW, actor="test")
    new = instance.keyring.new(Purpose.STATUS, KeyType.ED25519, created=NOW)
    use_key(instance, new.id, now=NOW, actor="test")
    (fresh,) = signed_lists(instance, now=NOW + timedelta(minutes=1))
    assert fresh.valid_from > old.valid_from
    assert json.loads(fresh.document)["proof"][0]["verificationMethod"] == instance.method_of(new.id)


def test_the_commands_stop_a_key_and_rehearse(instance_folder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    command = ["--instance", str(instance_folder)]
    with open_instance(instance_folder) as instance:
        issue(instance, class_of(1))
    told = runner.invoke(badge_issuer, [*command, "keys", "compromise", "credential-1", "--from", "2026-11-01"])
    assert told.exit_code == 0, told.output
    assert "compromised_from = 2026-10-31T11:00:00Z" in told.output
    listed = json.loads(runner.invoke(badge_issuer, [*command, "keys", "list", "--json"]).output)
    assert {row["id"]: row["state"] for row in listed}["credential-1"] == "compromised"
    wrong = runner.invoke(badge_issuer, [*command, "reissue", "--key", "credential-1"])
    assert wrong.exit_code != 0
    with open_instance(instance_folder) as instance:
        lose_key(instance)
    dry = runner.invoke(badge_issuer, [*command, "reissue", "--key", "credential-1", "--dry-run", "--json"])
    assert dry.exit_code == 0, dry.output
    assert json.loads(dry.output)["ready"] == 1
    out = tmp_path / "reissued.csv"
    done = runner.invoke(badge_issuer, [*command, "reissue", "--key", "credential-1", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "1 signed again" in done.output
    assert out.read_text(encoding="utf-8-sig").splitlines()[0] == "credential_id,outcome,version,reason,sentence"
