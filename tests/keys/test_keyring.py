"""Private keys at rest: closed files, bound to what they say, opened by the right passphrase only."""

from __future__ import annotations

import copy
import json
import pickle
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

import keys
from keys.keyring import SCRYPT_N, Keyring, Purpose
from keys.multikey import KeyType, base64url_encode
from keys.signing import SoftwareSigner
from schemas.errors import IssuingError, KeyRefused

AT = datetime(2026, 5, 3, 10, tzinfo=UTC)
LATER = datetime(2027, 5, 3, 10, tzinfo=UTC)
PASSPHRASE = b"correct horse battery staple"


def opened(folder: Path, passphrase: bytes = PASSPHRASE) -> Keyring:
    return Keyring(folder, passphrase, scrypt_n=2**4)  # cheap, for tests


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return opened(tmp_path / "keys")


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.RSA])
def test_a_key_signs_now_and_after_the_ring_is_opened_again(ring: Keyring, key_type: KeyType) -> None:
    entry = ring.new("credential", key_type, created=AT)
    assert (entry.id, entry.purpose, entry.key_type, entry.created) == (
        "credential-1",
        Purpose.CREDENTIAL,
        key_type,
        AT,
    )
    for again in (ring, opened(ring.folder)):
        signer = again.signer("credential-1")
        assert signer.public_key == entry.public_key
        entry.public_key.verify(signer.sign(b"badge"), b"badge")
        assert again.entries() == (entry,)
    assert (entry.public_key_multibase is None) == (key_type is KeyType.RSA)


def test_keys_are_numbered_within_their_purpose_and_listed_in_order(ring: Keyring) -> None:
    for purpose in ["status", *["credential"] * 11, "register"]:
        ring.new(purpose, "Ed25519", created=AT)
    assert [entry.id for entry in ring.entries()] == [
        *(f"credential-{number}" for number in range(1, 12)),
        "register-1",
        "status-1",
    ]
    assert [entry.id for entry in ring.entries(Purpose.STATUS)] == ["status-1"]


def test_nothing_on_disk_is_open_to_others_or_in_the_clear(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    signer = ring.signer("credential-1")
    assert isinstance(signer, SoftwareSigner)
    secret = signer.private_pkcs8()[-32:]
    assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700
    (file,) = ring.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_bytes()
    for form in (secret, secret.hex().encode(), base64url_encode(secret).encode(), PASSPHRASE):
        assert form not in text


def test_the_cost_of_a_guess_is_written_into_the_file(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    assert json.loads((ring.folder / "credential-1.json").read_bytes())["kdf"]["n"] == 2**4
    assert SCRYPT_N >= 2**15


def test_a_key_is_opened_once(tmp_path: Path) -> None:
    Keyring(tmp_path / "keys", PASSPHRASE).new("credential", "Ed25519", created=AT)
    ring = Keyring(tmp_path / "keys", PASSPHRASE)
    ring.signer("credential-1")
    begun = time.process_time()
    for _ in range(20):
        ring.signer("credential-1")
    assert time.process_time() - begun < 1


def test_a_wrong_passphrase_is_said_plainly(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    wrong = opened(ring.folder, b"incorrect")
    assert wrong.entries() == ring.entries(), "what is public needs no passphrase"
    with pytest.raises(IssuingError, match="passphrase is wrong"):
        wrong.signer("credential-1")


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IssuingError):
        opened(tmp_path / "keys", b"")


def edit(ring: Keyring, key_id: str, **changes: object) -> None:
    path = ring.folder / f"{key_id}.json"
    document = json.loads(path.read_bytes()) | changes
    path.write_text(json.dumps({name: value for name, value in document.items() if value is not ...}))


OTHER = SoftwareSigner.generate(KeyType.ED25519).public_key.multibase


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"purpose": "status"}, id="another purpose"),
        pytest.param({"created": "2020-01-01T00:00:00Z"}, id="another day it was made"),
        pytest.param({"publicKeyMultibase": OTHER}, id="another public key"),
        pytest.param({"ciphertext": "AAAA"}, id="another ciphertext"),
        pytest.param({"ciphertext": "%%"}, id="a ciphertext that cannot be read"),
        pytest.param({"ciphertext": ...}, id="no ciphertext"),
        pytest.param({"cipher": {"name": "none", "nonce": "AAAAAAAAAAAAAAAA"}}, id="no cipher"),
        pytest.param({"cipher": "AES-256-GCM"}, id="a cipher that is a text"),
        pytest.param({"kdf": {"name": "scrypt", "salt": "AAAA", "n": 2**30, "r": 8, "p": 1}}, id="a ruinous cost"),
        pytest.param({"kdf": {"name": "scrypt", "salt": "AAAA", "n": 3, "r": 8, "p": 1}}, id="a cost that is no power"),
        pytest.param({"kdf": {"name": "scrypt", "salt": "AAAA", "n": True, "r": 8, "p": 1}}, id="a cost that is true"),
        pytest.param({"kdf": {"name": "scrypt", "salt": "AAAA", "n": 16, "r": 99, "p": 1}}, id="another block size"),
        pytest.param({"kdf": {"name": "md5"}}, id="another derivation"),
        pytest.param({"format": "other/1"}, id="another format"),
        pytest.param({"keyType": "P-256"}, id="another kind of key"),
        pytest.param({"keyType": "Ed448"}, id="an unknown kind of key"),
        pytest.param({"purpose": "everything"}, id="an unknown purpose"),
        pytest.param({"id": "credential-2"}, id="another id"),
        pytest.param({"publicKeyMultibase": "z6Mk"}, id="a broken public key"),
        pytest.param({"publicKeyMultibase": 5}, id="a public key that is a number"),
        pytest.param({"publicKeyMultibase": ...}, id="no public key"),
        pytest.param({"retired": "soon"}, id="a retirement that is no time"),
    ],
)
def test_a_file_that_was_changed_does_not_open(ring: Keyring, changes: dict[str, object]) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    edit(ring, "credential-1", **changes)
    with pytest.raises(IssuingError):
        opened(ring.folder).signer("credential-1")


def test_files_cannot_be_exchanged(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    ring.new("status", KeyType.ED25519, created=AT)
    one, other = (json.loads((ring.folder / f"{name}-1.json").read_bytes()) for name in ("credential", "status"))
    edit(ring, "credential-1", **{name: other[name] for name in ("kdf", "cipher", "ciphertext")})
    assert one["ciphertext"] != other["ciphertext"]
    with pytest.raises(IssuingError):
        opened(ring.folder).signer("credential-1")
    (ring.folder / "status-1.json").rename(ring.folder / "status-2.json")
    with pytest.raises(IssuingError, match="renamed"):
        opened(ring.folder).entries()


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"id": 1, "id": 2}', b"\xff"])
def test_a_file_that_is_no_key_is_named(ring: Keyring, text: bytes) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    (ring.folder / "credential-1.json").write_bytes(text)
    with pytest.raises(IssuingError, match=r"credential-1\.json"):
        ring.entries()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666, 0o610, 0o601])
def test_a_file_that_others_can_reach_is_refused(ring: Keyring, mode: int) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    (ring.folder / "credential-1.json").chmod(mode)
    with pytest.raises(IssuingError, match="chmod 600"):
        ring.signer("credential-1")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770])
def test_a_folder_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(IssuingError, match="chmod 700"):
        opened(folder)


def test_a_link_instead_of_a_file_is_refused(ring: Keyring, tmp_path: Path) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    file = ring.folder / "credential-1.json"
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(IssuingError):
        ring.signer("credential-1")


@pytest.mark.parametrize("package", ["schemas", "keys", "verifier", "issuer"])
def test_keys_are_not_kept_beside_the_program(package: str, tmp_path: Path) -> None:
    root = Path(str(keys.__file__)).parents[1]
    for folder in (root / package, root / package / "private", root / "tests" / ".." / package):
        with pytest.raises(IssuingError, match="beside the program"):
            opened(folder)
    link = tmp_path / "link"
    link.symlink_to(root / package)
    with pytest.raises(IssuingError, match="beside the program"):
        opened(link)


@pytest.mark.parametrize(
    "key_id", ["", "../credential-1", "credential-1.json", "Credential-1", "a" * 64, "credential-9", "."]
)
def test_a_name_that_is_no_key_is_refused(ring: Keyring, key_id: str) -> None:
    with pytest.raises(IssuingError):
        ring.signer(key_id)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "keys"):
        with pytest.raises(IssuingError):
            opened(folder)


def test_a_key_needs_a_purpose_a_kind_and_a_time_with_a_zone(ring: Keyring) -> None:
    with pytest.raises(IssuingError, match="everything"):
        ring.new("everything", KeyType.ED25519, created=AT)
    with pytest.raises(IssuingError, match="everything"):
        ring.entries("everything")
    with pytest.raises(IssuingError, match="Ed448"):
        ring.new("credential", "Ed448", created=AT)
    with pytest.raises(IssuingError):
        ring.new("credential", KeyType.ED25519, created=datetime(2026, 5, 3))  # noqa: DTZ001 # the defect


# --- the end of a key -------------------------------------------------------------------------------------------
def test_a_retired_key_stays_listed_and_signs_nothing_more(ring: Keyring) -> None:
    made = ring.new("credential", KeyType.ED25519, created=AT)
    retired = ring.retire("credential-1", at=LATER)
    assert (retired.retired, retired.destroyed, retired.public_key) == (LATER, None, made.public_key)
    for again in (ring, opened(ring.folder)):
        assert again.entries() == (retired,)
        with pytest.raises(IssuingError, match="retired"):
            again.signer("credential-1")


def test_a_destroyed_key_leaves_only_its_public_part_and_its_number(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    ring.retire("credential-1", at=AT)
    destroyed = ring.retire("credential-1", at=LATER, destroy=True)
    assert (destroyed.retired, destroyed.destroyed) == (AT, LATER)
    document = json.loads((ring.folder / "credential-1.json").read_bytes())
    assert not document.keys() & {"kdf", "cipher", "ciphertext"}
    assert ring.new("credential", KeyType.ED25519, created=LATER).id == "credential-2"
    with pytest.raises(IssuingError):
        ring.signer("credential-1")
    assert ring.retire("credential-1", at=LATER) == destroyed, "nothing more can be done to it"


def test_two_rings_over_one_folder_never_write_over_each_other(ring: Keyring) -> None:
    other = opened(ring.folder)
    made = [one.new("credential", KeyType.ED25519, created=AT).id for one in (ring, other, ring, other)]
    assert made == ["credential-1", "credential-2", "credential-3", "credential-4"]


def test_a_folder_that_cannot_be_written_is_said_plainly(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keys.keyring.os.fsync", full)
    with pytest.raises(IssuingError, match="No space left"):
        ring.new("credential", KeyType.ED25519, created=AT)
    assert list(ring.folder.iterdir()) == []


def test_a_number_taken_in_between_is_not_written_over(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(ring.folder).new("credential", KeyType.ED25519, created=AT)
    monkeypatch.setattr(ring, "entries", lambda: ())
    assert ring.new("credential", KeyType.ED25519, created=AT).id == "credential-2"
    assert opened(ring.folder).entry("credential-1") == first


def test_no_part_of_a_file_is_left_behind(ring: Keyring) -> None:
    ring.new("credential", KeyType.ED25519, created=AT)
    ring.retire("credential-1", at=LATER)
    assert [path.name for path in ring.folder.iterdir()] == ["credential-1.json"]


# --- signers ----------------------------------------------------------------------------------------------------
def test_a_signer_shows_its_public_key_only_and_stays_in_its_process() -> None:
    signer = SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(32)))
    assert repr(signer) == f"SoftwareSigner({signer.public_key.multibase})"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not leave"):
            leave(signer)
    with pytest.raises(AttributeError):
        _ = signer.__dict__


def test_a_ring_shows_its_folder_only(ring: Keyring) -> None:
    assert PASSPHRASE.decode() not in repr(ring)


@pytest.mark.parametrize(
    ("key_type", "secret"),
    [
        pytest.param(KeyType.ED25519, bytes(31), id="a short seed"),
        pytest.param(KeyType.P256, bytes(32), id="zero"),
        pytest.param(KeyType.P256, b"\xff" * 32, id="beyond the order"),
        pytest.param(KeyType.P384, b"\xff" * 48, id="beyond the order of P-384"),
        pytest.param(KeyType.RSA, bytes(32), id="RSA has no one secret"),
    ],
)
def test_a_secret_that_makes_no_key_is_refused(key_type: KeyType, secret: bytes) -> None:
    with pytest.raises(KeyRefused):
        SoftwareSigner.from_secret(key_type, secret)


@pytest.mark.parametrize("data", [b"", b"no key"])
def test_a_private_key_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(KeyRefused):
        SoftwareSigner.from_private_pkcs8(data)
