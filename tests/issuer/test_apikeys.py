"""Keys of programs, and the commands that make them and the accounts of staff."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import audit
from issuer.cli import badge_issuer
from issuer.instance import Instance, open_instance
from issuer.staff import accounts, apikeys
from issuer.staff.apikeys import KeyState, Scope
from issuer.store import audit_log
from issuer.store.service_tables import api_keys
from schemas.errors import BadgeError, InputError, IssuingError
from tests.issuer.provider import NOW


def _new(instance: Instance, *, scopes: str = "issue", days: int | None = None) -> tuple[str, str]:
    key, text = apikeys.new_key(instance, name="LMS", scopes=scopes.split(","), days=days, actor="test", now=NOW)
    return key.key_id, text


def test_a_key_is_recognised_and_its_use_noted(any_instance: Instance) -> None:
    key_id, text = _new(any_instance, scopes="read,issue")
    assert re.fullmatch(r"nzob_[0-9a-f]{12}_[a-z2-7]{52}", text)
    found = apikeys.find_key(any_instance, text, now=NOW)
    assert found is not None
    assert (found.key_id, found.scopes) == (key_id, {Scope.ISSUE, Scope.READ})
    assert apikeys.list_keys(any_instance)[0].last_used_at == NOW


def test_the_secret_is_nowhere_in_the_database(instance: Instance) -> None:
    _, text = _new(instance)
    with instance.store.reading() as connection:
        rows = str(connection.execute(api_keys.select()).all())
        entries = list(audit_log.load_entries(connection))
        assert audit.verify_chain(connection)
    assert text.rpartition("_")[2] not in rows
    assert entries[-1].action == audit.API_KEY_NEW
    assert text not in entries[-1].facts


def _guesses(text: str, other: str) -> dict[str, str]:
    prefix, key_id, secret = text.split("_")
    return {
        "nothing at all": "",
        "its public half alone": f"{prefix}_{key_id}",
        "its public half and an underscore": f"{prefix}_{key_id}_",
        "one character missing": text[:-1],
        "one character more": text + "a",
        "its secret in capitals": f"{prefix}_{key_id}_{secret.upper()}",
        "its secret hashed": f"{prefix}_{key_id}_{apikeys.token_sha256(secret)}",
        "another key's secret": f"{prefix}_{key_id}_{other.split('_')[2]}",
        "another prefix": f"nzop_{key_id}_{secret}",
        "an unknown id": f"{prefix}_{'0' * 12}_{secret}",
        "letters beyond ASCII": f"{prefix}_{key_id}_{secret[:-1]}ā",
        "a line break after it": text + "\n",
    }


@pytest.mark.parametrize("guess", list(_guesses("a_b_c", "a_b_d")))
def test_a_guess_is_no_key(instance: Instance, guess: str) -> None:
    _, text = _new(instance)
    _, other = _new(instance)
    assert apikeys.find_key(instance, _guesses(text, other)[guess], now=NOW) is None
    assert apikeys.find_key(instance, text, now=NOW) is not None


def test_a_key_ends_when_its_term_does_and_when_it_is_revoked(any_instance: Instance) -> None:
    key_id, text = _new(any_instance, days=1)
    assert apikeys.find_key(any_instance, text, now=NOW + timedelta(hours=23))
    assert apikeys.find_key(any_instance, text, now=NOW + timedelta(days=1)) is None
    assert apikeys.list_keys(any_instance)[0].state(NOW + timedelta(days=1)) is KeyState.EXPIRED
    key_id, text = _new(any_instance)
    assert apikeys.revoke_key(any_instance, key_id, actor="test", now=NOW)
    assert not apikeys.revoke_key(any_instance, key_id, actor="test", now=NOW)
    assert apikeys.find_key(any_instance, text, now=NOW) is None
    with pytest.raises(IssuingError):
        apikeys.revoke_key(any_instance, "0" * 12, actor="test", now=NOW)


def test_while_a_key_is_rotated_the_old_and_the_new_both_work(instance: Instance) -> None:
    key_id, text = _new(instance, scopes="issue,read")
    successor, new_text = apikeys.rotate_key(instance, key_id, actor="test", now=NOW)
    assert successor.scopes == {Scope.ISSUE, Scope.READ}
    within, after = NOW + timedelta(days=6), NOW + timedelta(days=7)
    assert apikeys.find_key(instance, text, now=within)
    assert apikeys.find_key(instance, new_text, now=within)
    assert apikeys.find_key(instance, text, now=after) is None
    assert apikeys.find_key(instance, new_text, now=after)
    with pytest.raises(IssuingError):
        apikeys.rotate_key(instance, key_id, actor="test", now=after)


def test_a_rotation_never_makes_the_old_key_last_longer(instance: Instance) -> None:
    key_id, text = _new(instance, days=2)
    successor, _ = apikeys.rotate_key(instance, key_id, actor="test", now=NOW + timedelta(days=1))
    assert apikeys.find_key(instance, text, now=NOW + timedelta(days=2)) is None
    assert successor.expires_at == NOW + timedelta(days=3)


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        pytest.param("", ["issue"], None, id="without a name"),
        pytest.param("LMS", [], None, id="without a scope"),
        pytest.param("LMS", ["administer"], None, id="with a role for a scope"),
        pytest.param("LMS", ["issue"], 0, id="for no day"),
        pytest.param("LMS", ["issue"], 100_000, id="for centuries"),
    ],
)
def test_a_key_is_refused(instance: Instance, name: str, scopes: list[str], days: int | None) -> None:
    with pytest.raises(InputError):
        apikeys.new_key(instance, name=name, scopes=scopes, days=days, actor="test", now=NOW)
    assert apikeys.list_keys(instance) == ()


def _run(folder: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(badge_issuer, [*arguments, "--instance", str(folder)])
    if isinstance(result.exception, BadgeError) and code:
        return result.exception.detail
    assert result.exit_code == code, result.output
    return result.output


def test_the_commands_for_people_and_keys(instance_folder: Path) -> None:
    folder = instance_folder
    assert "No accounts yet" in _run(folder, "user", "list")
    made = _run(folder, "user", "add", "Hana.Parata@provider.example", "--role", "administer", "--role", "issue")
    password = re.search(r"one-time password  (\S+)", made)
    assert password
    with open_instance(folder) as instance:
        account = accounts.sign_in(instance, "hana.parata@provider.example", password[1], now=NOW)
        assert account.name == "Hana Parata"
    assert password[1] not in _run(folder, "user", "list")
    assert "last administrator" in _run(folder, "user", "disable", "hana.parata@provider.example", code=1)
    again = json.loads(_run(folder, "user", "reset", "hana.parata@provider.example", "--json"))
    assert again["one_time_password"] != password[1]
    made_key = json.loads(_run(folder, "api-key", "new", "--scope", "issue,read", "--name", "LMS", "--json"))
    with open_instance(folder) as instance:
        assert apikeys.find_key(instance, made_key["key"], now=NOW)
    assert made_key["key_id"] in _run(folder, "api-key", "list")
    assert made_key["key"] not in _run(folder, "api-key", "list", "--json")
    assert "works no longer" in _run(folder, "api-key", "revoke", made_key["key_id"])
