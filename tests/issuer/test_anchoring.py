"""Anchors: what was signed by a day is in a tree, the register records its root, and a thief cannot back-date."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import audit
from issuer.authority.anchor_acceptance import accept_anchors
from issuer.authority.cli import cli as register_cli
from issuer.authority.office import init_office
from issuer.cli import badge_issuer
from issuer.corrections import Correction, correct
from issuer.instance import Instance
from issuer.selfcheck import OwnWeb
from issuer.status import signed_lists
from issuer.store import anchors as anchor_store
from issuer.store import credentials as credential_store
from issuer.trust.anchor_request import AnchorAsked, build_request, check_request
from issuer.trust.anchoring import Inclusions, Tree, anchor_badges, request_for
from issuer.trust.editions import load_edition, use_edition
from schemas.errors import BadgeError, InputError, NotAuthorised, ProofInvalid, RegisterError
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_INCLUSION_PROOFS, MAX_REQUESTED_ANCHORS
from tests import simulator
from tests.issuer.provider import ANCHOR, NOW, class_of, edition_for, issue, register_for, short_ids
from verifier.anchoring import recompute_root
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.edition import edition_document
from verifier.register.records import AnchorRow, KeyRow, Register
from verifier.register.tables import TABLES
from verifier.verify import Surroundings, verify

DAY = timedelta(days=1)


def anchor(instance: Instance, *, now: datetime = NOW) -> JsonObject:
    """Anchor, and the request for it."""
    anchored = anchor_badges(instance, edition=load_edition(instance), now=now, actor="test")
    return request_for(instance, anchored.unrecorded, now=now)


def stored(instance: Instance, short_id: str, *, version: int | None = None) -> bytes:
    with instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id, version=version)
    assert document is not None
    return document.document


def inclusion(instance: Instance, short_id: str) -> JsonObject:
    with instance.store.reading() as connection:
        proof = Inclusions(connection).of(short_id)
    assert proof is not None
    return proof


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 100])
def test_every_proof_of_our_trees_leads_a_verifier_to_the_root(size: int) -> None:
    import hashlib

    texts = [f"badge {number}" for number in range(size)]
    tree = Tree([hashlib.sha256(text.encode()).digest() for text in texts])
    for index, text in enumerate(texts):
        assert recompute_root(text, tree.proof(index)) == tree.root
        assert recompute_root(text + "!", tree.proof(index)) is None


def test_each_signed_text_is_in_one_tree_once(any_instance: Instance) -> None:
    first = short_ids(issue(any_instance, class_of(3)))
    made = anchor_badges(any_instance, edition=None, now=NOW, actor="test")
    assert made.new is not None
    assert made.new.count == 3
    again = anchor_badges(any_instance, edition=None, now=NOW, actor="test")
    assert again.new is None
    assert again.unrecorded == (made.new,)
    second = short_ids(issue(any_instance, class_of(2, first_line=20, learner_email="two@example.nz")))
    later = anchor_badges(any_instance, edition=None, now=NOW + DAY, actor="test")
    assert later.new is not None
    assert (later.new.number, later.new.count, len(later.unrecorded)) == (2, 2, 2)
    for short_id, root in [*((one, made.new.merkle_root) for one in first), (second[0], later.new.merkle_root)]:
        proof = inclusion(any_instance, short_id)
        assert recompute_root(stored(any_instance, short_id).decode(), proof) == root
    with any_instance.store.reading() as connection:
        assert audit.verify_chain(connection)
        assert len(anchor_store.load_anchors(connection)) == 2
        assert [leaf.short_id for leaf in anchor_store.load_leaves(connection, 1)] == sorted(first)


def test_a_jwt_is_anchored_beside_its_document(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1), with_jwt=True))
    anchored = anchor_badges(instance, edition=None, now=NOW, actor="test")
    assert anchored.new is not None
    assert anchored.new.count == 2
    with instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id)
    assert document is not None
    assert document.jwt is not None
    proof = inclusion(instance, short_id)
    (other,) = proof["others"]
    assert recompute_root(document.jwt, other) == anchored.new.merkle_root


def test_no_more_proofs_lie_beside_a_badge_than_a_verifier_looks_at(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1)))
    for turn in range(MAX_INCLUSION_PROOFS + 1):
        now = NOW + timedelta(minutes=turn)
        change = Correction(name=f"Name {chr(97 + turn)}")
        correct(instance, short_id, change, edition=load_edition(instance), now=now, actor="test")
    anchor_badges(instance, edition=None, now=NOW + DAY, actor="test")
    proof = inclusion(instance, short_id)
    assert len(proof["others"]) == MAX_INCLUSION_PROOFS - 1
    assert recompute_root(stored(instance, short_id).decode(), proof) == proof["root"]


# --- the request ------------------------------------------------------------------------------------------------
def test_a_request_is_believed_under_a_key_the_register_has(instance: Instance) -> None:
    issue(instance, class_of(2))
    document = anchor(instance)
    request = check_request(json.loads(write_json(document)), register=register_for(instance), at=NOW)
    assert (request.did, request.anchors[0].count) == (instance.config.did, 2)
    assert request.method.endswith("#status-1")


def _with(document: JsonObject, **members: object) -> JsonObject:
    return json.loads(write_json(document)) | members  # type: ignore[no-any-return]  # JSON is dynamically typed


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"type": "Other"}, InputError, id="another kind of document"),
        pytest.param({"extra": 1}, InputError, id="a member nobody knows"),
        pytest.param({"anchors": []}, InputError, id="no anchors"),
        pytest.param({"anchors": [{"merkle_root": "A" * 64, "count": 2}]}, InputError, id="a root that is none"),
        pytest.param({"anchors": [{"merkle_root": "a" * 64, "count": True}]}, InputError, id="a count that is none"),
        pytest.param({"anchors": [{"merkle_root": "a" * 64, "count": 2}]}, ProofInvalid, id="another root"),
        pytest.param({"did": "did:web:elsewhere.example"}, NotAuthorised, id="another provider"),
        pytest.param({"proof": []}, ProofInvalid, id="no proof"),
    ],
)
def test_a_request_that_was_changed_is_refused(
    instance: Instance, change: dict[str, object], error: type[BadgeError]
) -> None:
    issue(instance, class_of(1))
    with pytest.raises(error):
        check_request(_with(anchor(instance), **change), register=register_for(instance), at=NOW)


def test_a_request_for_more_roots_than_the_limit_is_refused(instance: Instance) -> None:
    asked = [AnchorAsked(merkle_root=f"{number:064x}", count=1) for number in range(MAX_REQUESTED_ANCHORS + 1)]
    for anchors in (asked[:-1], asked):
        document = build_request(
            did=instance.config.did,
            anchors=anchors,
            signer=instance.status_signer(),
            method=instance.method_of(instance.config.status_key),
            created=NOW,
        )
        if len(anchors) <= MAX_REQUESTED_ANCHORS:
            check_request(document, register=register_for(instance), at=NOW)
        else:
            with pytest.raises(InputError, match="more than"):
                check_request(document, register=register_for(instance), at=NOW)


@pytest.mark.parametrize(
    ("later", "told"),
    [pytest.param(timedelta(days=31), "days old", id="old"), pytest.param(-DAY, "in the future", id="of tomorrow")],
)
def test_a_request_of_another_time_is_refused(instance: Instance, later: timedelta, told: str) -> None:
    issue(instance, class_of(1))
    with pytest.raises(InputError, match=told):
        check_request(anchor(instance), register=register_for(instance), at=NOW + later)


def test_a_request_under_a_stolen_or_unknown_key_is_refused(instance: Instance) -> None:
    issue(instance, class_of(1))
    document = anchor(instance)
    register = register_for(instance)
    stolen = tuple(replace(row, compromised_from=NOW - timedelta(hours=1)) for row in register.keys)
    with pytest.raises(NotAuthorised):
        check_request(document, register=replace(register, keys=stolen), at=NOW)
    with pytest.raises(NotAuthorised, match="is not a key that the register has"):
        check_request(document, register=replace(register, keys=()), at=NOW)


# --- the authority ----------------------------------------------------------------------------------------------
def write_records(folder: Path, register: Register) -> Path:
    """The register as the CSV files an office keeps."""
    import csv

    document = edition_document(
        register,
        number=1,
        previous_sha256=None,
        as_at=date(2026, 11, 1),
        authority=simulator.AUTHORITY,
        demonstration=True,
    )
    folder.mkdir(parents=True)
    for table in TABLES:
        if table.name == "anchors" and not document["anchors"]:
            continue
        with (folder / table.file).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[column.name for column in table.columns], restval="")
            writer.writeheader()
            writer.writerows(document[table.name])
    return folder


def test_an_authority_records_a_root_once_with_the_day(instance: Instance, tmp_path: Path) -> None:
    issue(instance, class_of(2))
    records = write_records(tmp_path / "records", register_for(instance))
    data = write_json(anchor(instance))
    first = accept_anchors(records, data, at=NOW, on=date(2026, 11, 22))
    again = accept_anchors(records, data, at=NOW + DAY)
    assert [row.recorded_on for row in first.rows] == [date(2026, 11, 22)]
    assert again.rows == ()
    lines = (records / "anchors.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "did,merkle_root,count,recorded_on"
    assert lines[1].endswith(",2,2026-11-22")


@pytest.mark.parametrize(
    ("on", "told"),
    [
        pytest.param(date(2026, 11, 24), "has not come yet", id="tomorrow"),
        pytest.param(date(2026, 11, 21), "before", id="a day before the request"),
    ],
)
def test_a_root_is_recorded_on_no_day_but_one_it_may_have_come_in_on(
    instance: Instance, tmp_path: Path, on: date, told: str
) -> None:
    issue(instance, class_of(1))
    records = write_records(tmp_path / "records", register_for(instance))
    with pytest.raises(InputError, match=told):
        accept_anchors(records, write_json(anchor(instance)), at=NOW, on=on)
    assert not (records / "anchors.csv").exists()


def test_a_root_that_was_recorded_with_another_count_is_not_recorded_again(instance: Instance, tmp_path: Path) -> None:
    issue(instance, class_of(2))
    document = anchor(instance)
    row = AnchorRow(
        did=instance.config.did,
        merkle_root=document["anchors"][0]["merkle_root"],
        count=7,
        recorded_on=date(2026, 11, 22),
    )
    records = write_records(tmp_path / "records", register_for(instance, anchors=(row,)))
    with pytest.raises(RegisterError):
        accept_anchors(records, write_json(document), at=NOW)


def test_the_commands_pass_a_root_from_the_provider_to_the_register(
    instance_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from issuer.instance import open_instance

    with open_instance(instance_folder) as instance:
        issue(instance, class_of(2))
        records = write_records(tmp_path / "records", register_for(instance))
    office = tmp_path / "office"
    init_office(office, name="Authority (demonstration)", created=datetime.now(UTC))
    runner = CliRunner()
    request = tmp_path / "request.json"
    command = ["--instance", str(instance_folder), "anchor", "--out", str(request)]
    told = runner.invoke(badge_issuer, command)
    assert told.exit_code == 0, told.output
    assert "Anchored 2 signed documents" in told.output
    told = runner.invoke(badge_issuer, [*command, "--json"])
    assert json.loads(told.output)["new"] is None
    arguments = ["accept-anchor", str(office), "--records", str(records), "--request", str(request)]
    told = runner.invoke(register_cli, [*arguments, "--json"])
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.output)["added"]) == 1
    assert "recorded already" in runner.invoke(register_cli, arguments).output


# --- what it is for ---------------------------------------------------------------------------------------------
STOLEN = NOW + 3 * DAY


def stolen_register(instance: Instance, *anchors: AnchorRow) -> dict[str, object]:
    keys: list[KeyRow] = []
    for row in register_for(instance).keys:
        is_stolen = row.verification_method == instance.method_of(instance.config.credential_key)
        keys.append(replace(row, compromised_from=STOLEN) if is_stolen else row)
    return {"keys": tuple(keys), "anchors": anchors}


def genuine(instance: Instance, document: bytes, proof: JsonObject | None, *, at: datetime) -> tuple[str, str]:
    """(the verdict, how it stands) under the register in use."""
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    subject = replace(intake_bytes(document, name="badge"), anchor=proof)
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=at).to_json()
    return report["genuine"]["verdict"], report["current"]["verdict"]


def use(instance: Instance, **tables: object) -> None:
    current = load_edition(instance)
    assert current is not None
    data = edition_for(instance, number=current.number + 1, previous_sha256=current.sha256, **tables)
    use_edition(instance, data, anchor_data=ANCHOR, now=NOW, actor="test")


def test_what_was_anchored_before_the_theft_stands_and_the_rest_cannot_be_told_apart(instance: Instance) -> None:
    (anchored,) = short_ids(issue(instance, class_of(1)))
    document = anchor(instance)
    (unanchored,) = short_ids(issue(instance, class_of(1, first_line=9, learner_email="x@example.nz"), now=NOW + DAY))
    row = AnchorRow(
        did=instance.config.did,
        merkle_root=document["anchors"][0]["merkle_root"],
        count=1,
        recorded_on=date(2026, 11, 23),
    )
    use(instance, **stolen_register(instance, row))
    at = NOW + 5 * DAY
    proof = inclusion(instance, anchored)
    assert genuine(instance, stored(instance, anchored), proof, at=at)[0] == "valid"
    assert genuine(instance, stored(instance, anchored), None, at=at)[0] == "unconfirmed"
    assert genuine(instance, stored(instance, unanchored), proof, at=at)[0] == "unconfirmed"


def test_a_root_recorded_after_the_theft_shows_nothing(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1)))
    document = anchor(instance)
    row = AnchorRow(
        did=instance.config.did,
        merkle_root=document["anchors"][0]["merkle_root"],
        count=1,
        recorded_on=date(2026, 11, 26),
    )
    use(instance, **stolen_register(instance, row))
    proof = inclusion(instance, short_id)
    assert genuine(instance, stored(instance, short_id), proof, at=NOW + 5 * DAY)[0] == "unconfirmed"


def test_an_old_copy_of_a_corrected_badge_finds_its_proof_beside_the_new_one(instance: Instance) -> None:
    (short_id,) = short_ids(issue(instance, class_of(1)))
    old = stored(instance, short_id)
    document = anchor(instance)
    correct(instance, short_id, Correction(name="Aroha"), edition=load_edition(instance), now=NOW + DAY, actor="test")
    second = anchor(instance, now=NOW + DAY)
    rows = [
        AnchorRow(
            did=instance.config.did,
            merkle_root=one["anchors"][-1]["merkle_root"],
            count=1,
            recorded_on=date(2026, 11, 23),
        )
        for one in (document, second)
    ]
    use(instance, **stolen_register(instance, *rows))
    proof = inclusion(instance, short_id)
    assert genuine(instance, old, proof, at=NOW + 5 * DAY)[0] == "valid"
    assert genuine(instance, stored(instance, short_id), proof, at=NOW + 5 * DAY)[0] == "valid"


def test_the_published_site_has_the_proof_beside_each_anchored_badge(instance: Instance, tmp_path: Path) -> None:
    from issuer.cli.public import publish_site

    anchored, other = short_ids(issue(instance, class_of(1)))[0], None
    anchor(instance)
    other = short_ids(issue(instance, class_of(1, first_line=9, learner_email="x@example.nz")))[0]
    publish_site(instance, tmp_path / "site")
    text = (tmp_path / "site" / "badges" / f"{anchored}.anchor.json").read_bytes()
    assert json.loads(text).keys() == {"root", "index", "count", "path"}
    assert not (tmp_path / "site" / "badges" / f"{other}.anchor.json").exists()
    shutil.rmtree(tmp_path / "site")
