"""An instance that closed: its lists are final and say so, nothing is issued again, and its badges stay as they were."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import audit
from issuer.archive import write_archive
from issuer.cli import badge_issuer
from issuer.corrections import Correction, correct
from issuer.instance import Instance
from issuer.publish import publish, publisher_of
from issuer.selfcheck import OwnWeb
from issuer.status import revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.trust.closing import close_instance
from issuer.trust.editions import load_edition
from issuer.trust.keyuse import retire_key
from issuer.trust.reissuing import reissue
from schemas.errors import IssuingError
from schemas.lossless import find_losses
from tests.issuer.provider import NOW, class_of, issue, short_ids
from verifier.documents import unsigned
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.verify import Surroundings, verify

LATER = NOW + timedelta(days=3)
YEARS = timedelta(days=4_000)


def close(instance: Instance) -> None:
    close_instance(instance, confirm=instance.config.name, now=LATER, actor="test")


def verdict(instance: Instance, short_id: str) -> tuple[str, str]:
    """(current?, its sentence) years later, by what the instance last published."""
    at = NOW + YEARS
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    subject = intake_bytes(stored.document, name="badge")
    report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=at).to_json()
    return report["current"]["verdict"], report["current"]["sentence"]


def test_final_lists_have_no_end_say_so_in_words_and_lose_nothing(any_instance: Instance) -> None:
    good, gone = short_ids(issue(any_instance, class_of(2)))
    revoke(any_instance, gone, now=NOW, actor="test")
    signed_lists(any_instance, now=NOW)
    close(any_instance)
    (final,) = signed_lists(any_instance, now=NOW + YEARS)
    document = json.loads(final.document)
    assert final.is_final
    assert document["name"] == "Final status list"
    assert document["description"].startswith(f"Final list: {any_instance.config.name} closed on 25 November 2026.")
    assert "validUntil" not in document
    assert "ttl" not in document["credentialSubject"]
    assert find_losses(unsigned(document)) == ()
    assert verdict(any_instance, good)[0] == "current"
    assert verdict(any_instance, gone)[0] == "withdrawn"
    with any_instance.store.reading() as connection:
        assert audit.verify_chain(connection)


def test_the_age_of_a_final_list_is_said(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1)))
    close(instance)
    at = NOW + YEARS
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    report = verify(
        intake_bytes(stored.document, name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=web, edition=load_edition(instance)),
        at=at,
    ).to_json()
    (check,) = [one for one in report["checks"] if one["id"] == "status.revocation"]
    assert "by the list of 25 November 2026" in check["sentence"]
    assert check["evidence"]["entries"][0]["list_valid_until"] is None


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        pytest.param(True, "current", id="an old copy of a final list"),
        pytest.param(False, "unconfirmed", id="an old copy of one that others follow"),
    ],
)
def test_an_old_copy_says_what_holds_today_only_when_it_is_final(
    instance: Instance, *, final: bool, expected: str
) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1)))
    if final:
        close(instance)
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    web = OwnWeb(instance, lists=signed_lists(instance, now=LATER), at=LATER)  # fetched then, looked at years later
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    subject = intake_bytes(stored.document, name="badge")
    report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=NOW + YEARS).to_json()
    assert report["current"]["verdict"] == expected


def test_a_closed_instance_issues_corrects_and_withdraws_nothing(any_instance: Instance) -> None:
    (short_id,) = short_ids(issue(any_instance, class_of(1)))
    close(any_instance)
    edition = load_edition(any_instance)
    acts = {
        "issue": lambda: issue(any_instance, class_of(1, learner_email="other@example.nz"), now=LATER),
        "correct": lambda: correct(
            any_instance, short_id, Correction(name="Aroha"), edition=edition, now=LATER, actor="test"
        ),
        "revoke": lambda: revoke(any_instance, short_id, now=LATER, actor="test"),
        "reissue": lambda: reissue(any_instance, "credential-2", edition=edition, now=LATER, actor="test"),
    }
    retired = any_instance.config.jwt_key
    assert retired == "credential-2"
    any_instance.keyring.new("credential", "P-256", created=NOW)
    for name, act in acts.items():
        if name == "reissue":
            from dataclasses import replace

            any_instance.save_config(replace(any_instance.config, jwt_key="credential-3"))
        with pytest.raises(IssuingError, match="This instance closed on 25 November 2026") as refused:
            act()
        assert refused.value.extensions["reason"] == "closed", name


def test_closing_needs_the_name_and_is_done_once(instance: Instance) -> None:
    with pytest.raises(IssuingError, match="give the provider's name as it is"):
        close_instance(instance, confirm="yes", now=LATER, actor="test")
    issue(instance, class_of(1))
    first = close_instance(instance, confirm=instance.config.name, now=LATER, actor="test")
    again = close_instance(instance, confirm=instance.config.name, now=NOW + YEARS, actor="test")
    assert (first.lists, first.already, again.already, again.at) == (1, False, True, LATER)


def test_a_closed_instance_publishes_and_archives_after_its_keys_are_destroyed(
    instance: Instance, tmp_path: Path
) -> None:
    issue(instance, class_of(2))
    with pytest.raises(IssuingError, match="is in use"):
        retire_key(instance, "status-1", destroy=True, now=LATER, actor="test")
    close(instance)
    for entry in instance.keyring.entries():
        retire_key(instance, entry.id, destroy=True, now=LATER, actor="test")
    assert publish(instance, tmp_path / "site", publisher=publisher_of(instance), now=NOW + YEARS).badges == 2
    done = write_archive(instance, tmp_path / "end.zip", now=NOW + YEARS)
    assert done.badges == 2
    assert not [note for note in done.notes if "status lists end" in note]


def test_the_command_closes(instance_folder: Path) -> None:
    runner = CliRunner()
    refused = runner.invoke(badge_issuer, ["--instance", str(instance_folder), "close", "--confirm", "no"])
    assert refused.exit_code != 0
    name = json.loads((instance_folder / "instance.json").read_bytes())["name"]
    done = runner.invoke(badge_issuer, ["--instance", str(instance_folder), "close", "--confirm", name])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Closed on ")
