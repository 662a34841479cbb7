"""The register office: its keys and anchor, the editions it signs, the keys it registers."""

from __future__ import annotations

import copy
import shutil
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from issuer.authority.acceptance import accept_request
from issuer.authority.office import build_edition, init_office, office_anchor
from issuer.trust.enrolment import KeyOffered, build_request, check_request
from keys.did import did_key_of
from keys.multikey import KeyType
from keys.signing import SoftwareSigner
from schemas.errors import (
    BadgeError,
    InputError,
    IssuingError,
    KeyRefused,
    NotAuthorised,
    ProofInvalid,
    RegisterError,
)
from schemas.jsontext import JsonObject, write_json
from schemas.limits import ENROLMENT_DAYS, MAX_ENROLLED_KEYS
from tests.register.making import signer
from verifier.register.binding import bind
from verifier.register.edition import parse_edition, verify_chain
from verifier.register.importing import load_records
from verifier.register.records import KeyPurpose

DEMO = Path(__file__).resolve().parents[2] / "demo" / "register"
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
AS_AT = date(2026, 11, 1)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "authority"
    init_office(folder, name="Authority (invented)", created=AT)
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "records"))


def build(office: Path, records: Path, **more: Any) -> bytes:
    values = {"as_at": AS_AT, "demonstration": True, "created": AT} | more
    return build_edition(office, records=records, **values).data


# --- init and build ---------------------------------------------------------------------------------------------
def test_an_office_has_two_keys_that_only_its_owner_reads(office: Path) -> None:
    anchor = office_anchor(office)
    assert (anchor.name, len(anchor.keys)) == ("Authority (invented)", 2)
    assert anchor.keys[0].from_day == date(2026, 11, 22)
    for path in (*(office / "keys").iterdir(), *(office / "secrets").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (office / "keys", office / "secrets"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_office_is_made_once(office: Path) -> None:
    with pytest.raises(IssuingError, match="already"):
        init_office(office, name="Other", created=AT)


def test_a_killed_init_goes_on_with_the_keys_it_had(tmp_path: Path) -> None:
    first = init_office(tmp_path / "office", name="A", created=AT)
    (tmp_path / "office" / "anchor.json").unlink()
    assert init_office(tmp_path / "office", name="A", created=AT) == first


def test_the_demonstration_records_make_an_edition_that_is_believed(office: Path, records: Path) -> None:
    edition = parse_edition(build(office, records), anchor=office_anchor(office))
    assert (edition.number, edition.as_at, edition.demonstration) == (1, AS_AT, True)
    assert len(edition.register.listings) == 39


def test_the_next_edition_follows_the_previous_one_whichever_key_signs(office: Path, records: Path) -> None:
    first = build(office, records)
    second = build(office, records, previous=first, key_id="register-2")
    anchor = office_anchor(office)
    editions = [parse_edition(data, anchor=anchor) for data in (first, second)]
    verify_chain(editions)
    assert [edition.signed_by for edition in editions] == [key.id for key in anchor.keys]


def test_a_key_signs_only_inside_its_window(office: Path, records: Path) -> None:
    with pytest.raises(IssuingError, match="may sign editions today"):
        build(office, records, created=AT - timedelta(days=1))
    with pytest.raises(IssuingError, match="register-3"):
        build(office, records, key_id="register-3")


def test_faulty_records_sign_nothing(office: Path, records: Path) -> None:
    kept = sorted((office / "editions").glob("*")) if (office / "editions").exists() else []
    (records / "keys.csv").unlink()
    with pytest.raises(RegisterError, match="1 fault; nothing was changed"):
        build(office, records)
    assert (sorted((office / "editions").glob("*")) if kept else []) == kept


def test_an_edition_cannot_follow_another_authoritys(office: Path, records: Path, tmp_path: Path) -> None:
    init_office(tmp_path / "other", name="Other", created=AT)
    foreign = build(tmp_path / "other", records)
    with pytest.raises(NotAuthorised):
        build(office, records, previous=foreign)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"as_at": date(2026, 10, 31)}, id="an earlier day"),
        pytest.param({"demonstration": False}, id="no longer a demonstration"),
    ],
)
def test_an_edition_that_cannot_follow_is_refused(office: Path, records: Path, change: dict[str, Any]) -> None:
    first = build(office, records)
    with pytest.raises(RegisterError, match="does not follow"):
        build(office, records, previous=first, **change)


def test_another_edition_of_the_same_number_is_noted_as_a_fork(office: Path, records: Path) -> None:
    build(office, records)
    built = build_edition(
        office, records=records, as_at=date(2026, 11, 2), demonstration=True, created=AT + timedelta(seconds=1)
    )
    assert any("fork" in note for note in built.notes)


def _keep(path: Path, rows: int) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: rows + 1]))


def test_a_shrunken_register_is_refused_unless_told_otherwise(office: Path, records: Path) -> None:
    first = build(office, records)
    _keep(records / "awarding_rights.csv", 20)
    with pytest.raises(RegisterError, match="shrank suspiciously") as caught:
        build(office, records, previous=first)
    (fault,) = caught.value.faults
    assert str(fault).startswith("awarding_rights.csv: 11 of 31 that the previous edition held are gone")
    build(office, records, previous=first, allow_shrink=True)


@pytest.mark.parametrize(
    ("file", "rows", "refused"),
    [
        pytest.param("awarding_rights.csv", 30, False, id="one right of 31 taken out"),
        pytest.param("awarding_rights.csv", 29, False, id="two, a correction"),
        pytest.param("awarding_rights.csv", 28, False, id="three of 31, under a tenth"),
        pytest.param("awarding_rights.csv", 27, True, id="four of 31"),
        pytest.param("successions.csv", 0, True, id="all successions"),
        pytest.param("equivalencies.csv", 2, False, id="two of four: too few to be a slip"),
    ],
)
def test_what_counts_as_shrunken(office: Path, records: Path, file: str, rows: int, refused: bool) -> None:
    first = build(office, records)
    _keep(records / file, rows)
    if refused:
        with pytest.raises(RegisterError, match="shrank"):
            build(office, records, previous=first)
    else:
        build(office, records, previous=first)


def test_unusual_records_are_noted_and_signed(office: Path, records: Path) -> None:
    path = records / "listings.csv"
    path.write_text(path.read_text().replace(",4,10,050301,", ",,60,050301,", 1))
    notes = build_edition(office, records=records, as_at=AS_AT, created=AT).notes
    assert any("5055" in note and "blank" in note for note in notes)
    assert any("60 credits is unusual" in note for note in notes)
    assert any("New Zealand" in note for note in notes)


# --- enrolment --------------------------------------------------------------------------------------------------
DID = "did:web:te-kura-whakaatu.example"


def request(did: str = DID, moe: str = "9990", *, created: datetime = AT, suffix: str = "") -> JsonObject:
    return build_request(
        did=did,
        moe_number=moe,
        name="Te Kura Whakaatu (invented)",
        keys=[
            KeyOffered(id=f"{did}#credential-1{suffix}", purpose=KeyPurpose.CREDENTIAL, signer=signer(5)),
            KeyOffered(id=f"{did}#status-1{suffix}", purpose=KeyPurpose.STATUS, signer=signer(6)),
        ],
        created=created,
        nonce="0" * 32,
    )


def test_a_request_is_accepted_into_the_records(office: Path, records: Path) -> None:
    accepted = accept_request(records, write_json(request()), at=AT)
    assert (len(accepted.issuers), len(accepted.keys)) == (1, 2)
    edition = parse_edition(build(office, records), anchor=office_anchor(office))
    binding = bind(edition.register, did=DID, method=f"{DID}#credential-1", signed_at=AT)
    assert (binding.reason, binding.moe_number) == ("bound", "9990")
    assert binding.key_multibase == signer(5).public_key.multibase


def test_the_same_request_again_adds_nothing(records: Path) -> None:
    data = write_json(request())
    accept_request(records, data, at=AT)
    files = {name: (records / name).read_bytes() for name in ("issuers.csv", "keys.csv")}
    again = accept_request(records, data, at=AT + timedelta(days=1))
    assert (again.issuers, again.keys) == ((), ())
    assert {name: (records / name).read_bytes() for name in files} == files


def test_keys_of_every_kind_prove_possession(records: Path) -> None:
    offered = [
        KeyOffered(id=f"{DID}#ed", purpose=KeyPurpose.CREDENTIAL, signer=signer(5)),
        KeyOffered(id=f"{DID}#p256", purpose=KeyPurpose.CREDENTIAL, signer=SoftwareSigner.generate(KeyType.P256)),
        KeyOffered(id=f"{DID}#p384", purpose=KeyPurpose.CREDENTIAL, signer=SoftwareSigner.generate(KeyType.P384)),
    ]
    document = build_request(did=DID, moe_number="9990", name="X (invented)", keys=offered, created=AT)
    assert len(accept_request(records, write_json(document), at=AT).keys) == 3


def test_a_did_key_can_be_registered(records: Path) -> None:
    did = did_key_of(signer(5).public_key)
    offered = [KeyOffered(id=f"{did}#{did[8:]}", purpose=KeyPurpose.CREDENTIAL, signer=signer(5))]
    document = build_request(did=did, moe_number="9990", name="X (invented)", keys=offered, created=AT)
    assert len(accept_request(records, write_json(document), at=AT).keys) == 1


def test_an_rsa_key_cannot_be_enrolled() -> None:
    offered = [KeyOffered(id=f"{DID}#r", purpose=KeyPurpose.CREDENTIAL, signer=SoftwareSigner.generate(KeyType.RSA))]
    with pytest.raises(KeyRefused, match="RSA"):
        build_request(did=DID, moe_number="9990", name="X (invented)", keys=offered, created=AT)


def _changed(change: Any) -> JsonObject:
    document = copy.deepcopy(request())
    change(document)
    return document


def _swapped(document: JsonObject) -> None:
    first, second = document["verification_methods"]
    first["publicKeyMultibase"], second["publicKeyMultibase"] = (
        second["publicKeyMultibase"],
        first["publicKeyMultibase"],
    )


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param(_changed(lambda d: d.update(moe_number="9991")), ProofInvalid, id="another provider's number"),
        pytest.param(_changed(lambda d: d.update(name="Y")), ProofInvalid, id="another name"),
        pytest.param(_changed(lambda d: d.update(nonce="1" * 32)), ProofInvalid, id="another nonce"),
        pytest.param(_changed(lambda d: d["proof"].pop()), ProofInvalid, id="one proof too few"),
        pytest.param(_changed(lambda d: d["proof"].append(d["proof"][0])), ProofInvalid, id="one proof too many"),
        pytest.param(_changed(lambda d: d["proof"].__setitem__(1, d["proof"][0])), ProofInvalid, id="one proof twice"),
        pytest.param(_changed(lambda d: d["proof"].__setitem__(1, "x")), ProofInvalid, id="a proof that is a text"),
        pytest.param(_changed(lambda d: d.pop("proof")), ProofInvalid, id="no proofs"),
        pytest.param(
            _changed(lambda d: d["proof"][0].update(proofPurpose="authentication")), ProofInvalid, id="another purpose"
        ),
        pytest.param(
            _changed(lambda d: d["proof"][0].update(cryptosuite="eddsa-rdfc-2022")), ProofInvalid, id="another suite"
        ),
        pytest.param(_changed(_swapped), ProofInvalid, id="the keys swapped under their names"),
        pytest.param(
            _changed(lambda d: d["verification_methods"][0].update(purpose="register")), InputError, id="register key"
        ),
        pytest.param(
            _changed(lambda d: d["verification_methods"][0].update(id="did:web:x.nz#1")), KeyRefused, id="another DID's"
        ),
        pytest.param(
            _changed(lambda d: d["verification_methods"].append(d["verification_methods"][0])), InputError, id="twice"
        ),
        pytest.param(_changed(lambda d: d["verification_methods"].clear()), InputError, id="no keys"),
        pytest.param(_changed(lambda d: d.update(type="Credential")), InputError, id="not a request"),
        pytest.param(_changed(lambda d: d.update(comment="x")), InputError, id="a member not known"),
        pytest.param(_changed(lambda d: d.update(did="te-kura.nz")), KeyRefused, id="no DID"),
        pytest.param(_changed(lambda d: d.update(moe_number="999")), InputError, id="no provider number"),
        pytest.param(_changed(lambda d: d.update(nonce="x")), InputError, id="no nonce"),
        pytest.param(_changed(lambda d: d.update(created="today")), InputError, id="no time"),
        pytest.param(request(created=AT + timedelta(hours=1)), InputError, id="made in the future"),
        pytest.param(request(created=AT - timedelta(days=ENROLMENT_DAYS + 1)), InputError, id="too old"),
    ],
)
def test_a_bad_request_is_refused(records: Path, document: JsonObject, kind: type[BadgeError]) -> None:
    before = {path.name: path.read_bytes() for path in records.iterdir()}
    with pytest.raises(kind):
        accept_request(records, write_json(document), at=AT)
    assert {path.name: path.read_bytes() for path in records.iterdir()} == before


def test_a_request_for_too_many_keys_is_refused() -> None:
    listed = request()["verification_methods"]
    many = [listed[0] | {"id": f"{DID}#{number}"} for number in range(MAX_ENROLLED_KEYS + 1)]
    with pytest.raises(InputError, match="or more than"):
        check_request(request() | {"verification_methods": many}, at=AT)


def test_a_delivery_after_the_last_check_is_noted(office: Path, records: Path) -> None:
    path = records / "awarding_rights.csv"
    path.write_text(path.read_text().replace("2026-10-15", "2026-09-15", 1))
    notes = build_edition(office, records=records, as_at=AS_AT, created=AT).notes
    assert any("last delivered after deliveries were last checked" in note for note in notes)


def test_somebody_elses_proof_does_not_enrol_a_key() -> None:
    document = request()
    thief = build_request(
        did=DID,
        moe_number="9990",
        name=document["name"],
        keys=[
            KeyOffered(id=f"{DID}#credential-1", purpose=KeyPurpose.CREDENTIAL, signer=signer(8)),
            KeyOffered(id=f"{DID}#status-1", purpose=KeyPurpose.STATUS, signer=signer(9)),
        ],
        created=AT,
        nonce="0" * 32,
    )
    with pytest.raises(ProofInvalid, match="may not hold that key"):
        check_request(document | {"proof": thief["proof"]}, at=AT)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        pytest.param(request(), request(moe="9991", suffix="b"), "speaks for provider 9990", id="a DID of another"),
        pytest.param(request(), request("did:web:x.example"), "is the key of", id="a key of another"),
        pytest.param(request(), request(moe="9998"), "not registered today", id="a provider no longer registered"),
        pytest.param(request(), request(moe="0001"), "not registered today", id="a provider not known"),
    ],
)
def test_a_request_that_contradicts_the_register_changes_nothing(
    records: Path, first: JsonObject, second: JsonObject, reason: str
) -> None:
    accept_request(records, write_json(first), at=AT)
    before = {path.name: path.read_bytes() for path in records.iterdir()}
    with pytest.raises(RegisterError) as caught:
        accept_request(records, write_json(second), at=AT)
    assert reason in " ".join([caught.value.detail, *map(str, caught.value.faults)])
    assert {path.name: path.read_bytes() for path in records.iterdir()} == before


def test_a_stolen_key_is_not_registered_again(records: Path) -> None:
    accept_request(records, write_json(request()), at=AT)
    path = records / "keys.csv"
    stolen = path.read_text().replace("2026-11-22,,,", "2026-11-22,2026-11-22,2026-11-22T05:00:00Z,")
    path.write_text(stolen)
    with pytest.raises(RegisterError, match="stolen"):
        accept_request(records, write_json(request(suffix="b")), at=AT + timedelta(days=2))


@pytest.mark.parametrize(
    ("end", "line_end"),
    [pytest.param("\n", "\n", id="Unix"), pytest.param("\r\n", "\r\n", id="Windows"), pytest.param("", "\n", id="cut")],
)
def test_rows_are_added_in_the_files_own_manner(records: Path, end: str, line_end: str) -> None:
    header = "evidence,moe_number,did,from"  # other order, optional column left out
    row = "seen,9991,did:web:y.example,2024-01-01"
    (records / "issuers.csv").write_bytes(("\ufeff" + header + line_end + row + end).encode())
    accept_request(records, write_json(request()), at=AT)
    data = (records / "issuers.csv").read_bytes()
    assert data.count(line_end.encode()) == 3
    assert [row.did for row in load_records(records).issuers] == ["did:web:y.example", DID]
