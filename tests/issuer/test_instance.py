"""Making and opening an instance: whole or not at all, with keys nobody else reads, and settings in one place."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer import instance as instance_module
from issuer import settings
from issuer.baseurl import parse_base_url
from issuer.export import did_map
from issuer.instance import NSN_KEY, DidMethod, Instance, init_instance, open_instance
from issuer.profile import did_document, jwks
from issuer.store import batches as batch_store
from issuer.store.engine import open_store, parse_database_url, place_of, sqlite_url
from issuer.store.tables import audit_log
from issuer.trust.keyuse import keys_to_enrol, retire_key, use_key
from keys.keyring import Keyring, Purpose
from keys.multikey import KeyType
from keys.resolve import Retrieved, resolve_method
from schemas.errors import InputError, IssuingError
from schemas.jsontext import write_json
from tests.issuer.provider import BASE_URL, NOW, PROVIDER, class_of, issue, make_instance, stored_documents
from tests.simulator import PROVIDER_NAME

NAMED = {"name": PROVIDER_NAME, "provider": PROVIDER, "base_url": BASE_URL, "now": NOW}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://badges.example.nz", "https://badges.example.nz", id="as it should be"),
        pytest.param("HTTPS://Badges.Example.NZ:443/x/", "https://badges.example.nz/x", id="capitals, port, slash"),
        pytest.param("https://example.nz:8443/a/b", "https://example.nz:8443/a/b", id="a port and a path"),
        pytest.param("http://localhost:8801", "http://localhost:8801", id="this machine"),
        pytest.param("https://tepūkenga.example", "https://xn--tepkenga-szb.example", id="a macron in the host"),
    ],
)
def test_a_base_url_has_one_spelling(text: str, expected: str) -> None:
    assert parse_base_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("http://badges.example.nz", id="no encryption"),
        pytest.param("ftp://badges.example.nz", id="another scheme"),
        pytest.param("https://user@badges.example.nz", id="a user"),
        pytest.param("https://badges.example.nz/?x=1", id="a query"),
        pytest.param("https://badges.example.nz/?", id="an empty query"),
        pytest.param("https://badges.example.nz/#x", id="a fragment"),
        pytest.param("https://badges.example.nz/a/../b", id="dots in the path"),
        pytest.param("https://badges.example.nz/a%2Fb", id="an escaped slash"),
        pytest.param("https://badges.example.nz/a//b", id="an empty segment"),
        pytest.param("https://badges example.nz", id="a space"),
        pytest.param("https://badges.example.nz\n", id="a line break"),
        pytest.param("https://-badges.example.nz", id="no host name"),
        pytest.param("https://", id="no host"),
        pytest.param("badges.example.nz", id="no scheme"),
        pytest.param("https://badges.example.nz:99999", id="no port there is"),
        pytest.param("https://badges.example.nz/" + "a" * 1_100, id="too long"),
    ],
)
def test_what_is_no_base_url_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_base_url(text)


def test_an_instance_has_its_own_keys_secrets_and_database(instance_folder: Path) -> None:
    for path in [instance_folder, *instance_folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.parent.name in {"keys", "secrets"} or path.name == "instance.json":
            assert mode == 0o600, path
    assert stat.S_IMODE((instance_folder / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((instance_folder / "secrets").stat().st_mode) == 0o700
    config = json.loads((instance_folder / "instance.json").read_bytes())
    assert config["did"] == "did:web:badges.totara-training.example"
    assert config["credential_key"] != config["status_key"]
    assert "database" not in config


def test_two_instances_share_no_secret(instance_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    init_instance(other, **NAMED)
    for name in ("row-key", "nsn-key", "key-passphrase"):
        assert (other / "secrets" / name).read_bytes() != (instance_folder / "secrets" / name).read_bytes()


def test_an_instance_that_is_there_is_refused_and_left_as_it_is(instance_folder: Path) -> None:
    before = {path: path.read_bytes() for path in instance_folder.rglob("*") if path.is_file()}
    with pytest.raises(IssuingError, match="holds an instance already"):
        init_instance(instance_folder, **NAMED)
    assert {path: path.read_bytes() for path in instance_folder.rglob("*") if path.is_file()} == before


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(IssuingError, match="is not empty"):
        init_instance(tmp_path, **NAMED)


def test_an_init_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(instance_module, "_begin_database", fail)
    with pytest.raises(OSError, match="No space"):
        init_instance(tmp_path / "new", **NAMED)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_init_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / ".new.making"
    (left / "keys").mkdir(parents=True)
    (left / "keys" / "half.json").write_text("{", encoding="utf-8")
    init_instance(tmp_path / "new", **NAMED)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    open_instance(tmp_path / "new").close()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"provider": "12345"}, id="a provider number of five digits"),
        pytest.param({"provider": "١٢٣٤"}, id="digits of another script"),
        pytest.param({"name": "  "}, id="no name"),
        pytest.param({"name": "a\x07b"}, id="a control character in the name"),
        pytest.param({"base_url": "http://badges.example.nz"}, id="an unencrypted base URL"),
        pytest.param({"database": "mysql://db/badges"}, id="another kind of database"),
        pytest.param({"database": "nonsense"}, id="a database URL that is none"),
    ],
)
def test_arguments_are_checked_before_anything_is_made(tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(InputError):
        init_instance(tmp_path / "new", **(NAMED | changed))
    assert not list(tmp_path.iterdir())


def test_an_instance_with_the_database_of_another_is_refused(instance_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    init_instance(other, **(NAMED | {"base_url": "https://other.example"}))
    with pytest.raises(IssuingError, match=r"belongs to did:web:other\.example"):
        open_instance(instance_folder, database=sqlite_url(other / "badges.sqlite3"))


def test_a_database_with_badges_is_not_given_to_a_new_instance(postgresql_url: str, tmp_path: Path) -> None:
    with open_instance(make_instance(tmp_path / "first", database=postgresql_url)) as instance:
        issue(instance, class_of(1))
    with pytest.raises(IssuingError, match="already holds the badges"):
        init_instance(tmp_path / "second", **(NAMED | {"database": postgresql_url}))
    assert not (tmp_path / "second").exists()


def test_what_is_no_instance_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(IssuingError, match="There is no instance in"):
        open_instance(tmp_path)


def test_a_secret_open_to_others_is_refused(instance: Instance) -> None:
    path = instance.folder / "secrets" / NSN_KEY
    path.chmod(0o644)
    with pytest.raises(IssuingError, match="chmod 600"):
        instance.secret(NSN_KEY)


@pytest.mark.parametrize("ending", ["", "/", "/index.html", ".json", ".jwt", ".png", ".svg", ".qr.svg"])
def test_a_short_id_is_taken_from_every_address_a_badge_has(instance: Instance, ending: str) -> None:
    assert instance.short_id(f"ABC234{ending}") == "abc234"
    assert instance.short_id(f" {BASE_URL}/badges/abc234{ending}") == "abc234"


@pytest.mark.parametrize(
    "text",
    ["", "/", ".json", "https://elsewhere.example/badges/abc234", "../abc234", "abc234.exe", "abc.json.json", "ābc234"],
)
def test_what_is_no_credential_id_of_ours_is_refused(instance: Instance, text: str) -> None:
    with pytest.raises(InputError, match="is no credential id of this instance"):
        instance.short_id(text)


# --- settings -----------------------------------------------------------------------------------------------------
def test_the_passphrase_comes_from_the_environment_a_file_or_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = settings.key_passphrase(tmp_path)
    assert len(made) > 40
    assert settings.key_passphrase(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets" / "key-passphrase").stat().st_mode) == 0o600
    named = tmp_path / "named"
    named.write_text("from a file\n", encoding="utf-8")
    named.chmod(0o600)
    monkeypatch.setenv("BADGES_KEY_PASSPHRASE_FILE", str(named))
    assert settings.key_passphrase(tmp_path) == b"from a file"
    monkeypatch.setenv("BADGES_KEY_PASSPHRASE", "from the environment")
    assert settings.key_passphrase(tmp_path) == b"from the environment"


def test_a_passphrase_file_open_to_others_is_refused(tmp_path: Path) -> None:
    settings.key_passphrase(tmp_path)
    (tmp_path / "secrets" / "key-passphrase").chmod(0o640)
    with pytest.raises(IssuingError, match="can be read by others"):
        settings.key_passphrase(tmp_path)


def test_only_one_module_reads_the_environment() -> None:
    root = Path(settings.__file__).parent
    readers = [path.name for path in root.rglob("*.py") if "os.environ" in path.read_text(encoding="utf-8")]
    assert readers == ["settings.py"]
    assert os.environ.get("BADGES_KEY_PASSPHRASE") is None


def test_a_database_is_named_without_its_password() -> None:
    url = parse_database_url("postgresql://badger:s3cret@db.example/badges")
    assert place_of(url) == "badges at db.example"


# --- keys ---------------------------------------------------------------------------------------------------------
def test_a_did_key_instance_issues_with_its_one_key(tmp_path: Path) -> None:
    with open_instance(make_instance(tmp_path / "instance", did_method=DidMethod.KEY)) as instance:
        assert instance.config.did.startswith("did:key:z6Mk")
        assert issue(instance, class_of(1)).counts.issued == 1
        (document,) = stored_documents(instance)
        did = instance.config.did
        assert document["proof"][0]["verificationMethod"] == f"{did}#{did.removeprefix('did:key:')}"
        assert [offered.id for offered in keys_to_enrol(instance)] == [document["proof"][0]["verificationMethod"]]
        with pytest.raises(IssuingError, match="one key, which signs no JWTs; they need an instance with did:web"):
            issue(instance, class_of(2), with_jwt=True, accept_unconfirmed="asked by telephone")


def test_the_did_document_resolves_to_the_key_that_signs(instance: Instance) -> None:
    body = write_json(did_document(instance))

    def fetch(url: str) -> Retrieved:
        return Retrieved(url=url, body=body, media_type=None, retrieved_at=NOW, sha256="")

    method = instance.method_of(instance.config.credential_key)
    found = resolve_method(method, issuer=instance.config.did, fetch=fetch)
    assert found.public_key == instance.credential_signer().public_key


def test_a_new_key_waits_until_it_is_put_to_use_and_the_old_one_stays_published(instance: Instance) -> None:
    new = instance.keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=NOW)
    assert instance.config.credential_key == "credential-1"
    assert use_key(instance, new.id, now=NOW, actor="test") == "credential-1"
    with open_instance(instance.folder) as opened:
        assert opened.config.credential_key == new.id
    retire_key(instance, "credential-1", destroy=True, now=NOW, actor="test")
    methods = [method["id"].partition("#")[2] for method in did_document(instance)["verificationMethod"]]
    assert methods == ["credential-1", "credential-2", "credential-3", "status-1"]
    document = did_document(instance)
    assert not any("revoked" in method or "expires" in method for method in document["verificationMethod"])
    with instance.store.reading() as connection:
        actions = connection.scalars(sa.select(audit_log.c.action).order_by(audit_log.c.seq)).all()
    assert actions[-2:] == ["key-use", "key-retire"]


def test_a_key_in_use_is_not_retired(instance: Instance) -> None:
    with pytest.raises(IssuingError, match="is in use"):
        retire_key(instance, "status-1", destroy=False, now=NOW, actor="test")


def test_the_jwks_has_the_credential_keys_and_no_private_part(instance: Instance) -> None:
    published = jwks(instance)["keys"]
    assert [key["kid"].partition("#")[2] for key in published] == ["credential-1", "credential-2"]
    assert [key["kty"] for key in published] == ["OKP", "EC"]
    assert not any("d" in key for key in published)


def test_an_ed25519_key_is_not_put_to_use_for_jwts(instance: Instance) -> None:
    with pytest.raises(IssuingError, match="P-256"):
        use_key(instance, "credential-1", for_jwt=True, now=NOW, actor="test")


def test_an_rsa_key_serves_jwts_and_is_published_as_a_jwk(instance: Instance) -> None:
    entry = instance.keyring.new(Purpose.CREDENTIAL, KeyType.RSA, created=NOW)
    assert use_key(instance, entry.id, now=NOW, actor="test") == "credential-2"
    assert instance.config.jwt_key == entry.id
    assert instance.config.credential_key == "credential-1"
    (method,) = [one for one in did_document(instance)["verificationMethod"] if one["type"] == "JsonWebKey"]
    assert "d" not in method["publicKeyJwk"]
    assert all(offered.id != method["id"] for offered in keys_to_enrol(instance))


def test_keys_are_not_kept_inside_the_packages(tmp_path: Path) -> None:
    with pytest.raises(IssuingError, match="not kept beside the program"):
        Keyring(Path(settings.__file__).parent / "keys", b"passphrase")


def test_a_new_database_says_whose_it_is(instance_folder: Path) -> None:
    store = open_store(sqlite_url(instance_folder / "badges.sqlite3"))
    with store.reading() as connection:
        owner = batch_store.load_owner(connection)
    store.close()
    assert owner == batch_store.Owner(
        did="did:web:badges.totara-training.example", provider=PROVIDER, base_url=BASE_URL
    )


def test_an_instance_on_this_machine_is_tried_out_over_http(tmp_path: Path) -> None:
    folder = make_instance(tmp_path / "instance", base_url="http://localhost:8801/badges-here")
    with open_instance(folder) as instance:
        assert instance.config.did == "did:web:localhost%3A8801:badges-here"
        assert issue(instance, class_of(1)).counts.issued == 1
        document = did_map(instance, site=tmp_path / "site", map_file=tmp_path / "did-map.json")
    assert document["http://localhost:8801/badges-here/"] == "site/"
    assert document["https://localhost:8801/badges-here/did.json"] == "site/did.json"
