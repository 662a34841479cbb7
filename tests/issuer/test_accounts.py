"""Staff accounts: signing in and being refused, passwords, roles, sessions; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from issuer import audit
from issuer.instance import Instance
from issuer.staff import accounts
from issuer.staff.accounts import Account, Role, SignInRefused
from issuer.store import audit_log
from issuer.store.tables import metadata
from schemas.errors import BadgeError, InputError, IssuingError
from tests.issuer.provider import NOW

EMAIL = "hana.parata@provider.example"
GOOD = "the kererū sat on the fence"


def new_account(
    instance: Instance, *roles: Role, email: str = EMAIL, password: str | None = GOOD, name: str = "Hana Parata"
) -> Account:
    """An account that has exchanged its one-time password for this one."""
    account, once = accounts.add_account(
        instance, email=email, name=name, roles=roles or (Role.ADMINISTER,), actor="test", now=NOW
    )
    if password is not None:
        accounts.change_password(instance, account.account_id, current=once, new=password, now=NOW)
    return accounts.load_account(instance, account.account_id)


def test_a_new_account_signs_in_with_its_one_time_password_and_must_change_it(any_instance: Instance) -> None:
    account, once = accounts.add_account(
        any_instance, email=EMAIL.upper(), name="Hana Parata", roles=[Role.ISSUE, Role.READ], actor="test", now=NOW
    )
    assert [len(group) for group in once.split("-")] == [4, 4, 4, 4]
    signed_in = accounts.sign_in(any_instance, f" {EMAIL.title()} ", once, now=NOW)
    assert signed_in.account_id == account.account_id
    assert signed_in.must_change
    assert signed_in.roles == {Role.ISSUE, Role.READ}
    accounts.change_password(any_instance, account.account_id, current=once, new=GOOD, now=NOW)
    assert not accounts.sign_in(any_instance, EMAIL, GOOD, now=NOW).must_change
    with pytest.raises(SignInRefused):
        accounts.sign_in(any_instance, EMAIL, once, now=NOW)


def test_an_address_has_one_account(any_instance: Instance) -> None:
    new_account(any_instance)
    with pytest.raises(InputError) as caught:
        new_account(any_instance, email=EMAIL.upper())
    assert caught.value.extensions["field"] == "email"
    assert "provider.example" not in caught.value.detail


def test_every_refusal_says_the_same(instance: Instance) -> None:
    new_account(instance)
    other = new_account(instance, email="wiremu@provider.example")
    accounts.disable(instance, other.account_id, actor="test", now=NOW)
    locked = new_account(instance, Role.READ, email="ana@provider.example")
    for _ in range(5):
        with pytest.raises(SignInRefused):
            accounts.sign_in(instance, locked.email, "wrong", now=NOW)
    told = set()
    for email, password in [
        ("nobody@provider.example", GOOD),
        ("no address at all", GOOD),
        ("", ""),
        (EMAIL, "wrong"),
        (EMAIL, "x" * 100_000),
        (other.email, GOOD),
        (locked.email, GOOD),
    ]:
        with pytest.raises(SignInRefused) as caught:
            accounts.sign_in(instance, email, password, now=NOW)
        told.add((caught.value.detail, str(caught.value.extensions), caught.value.status))
    assert len(told) == 1


def test_an_account_is_locked_for_longer_each_time_but_never_for_more_than_an_hour(any_instance: Instance) -> None:
    account = new_account(any_instance)
    now = NOW
    minutes = []
    for _ in range(16):
        with pytest.raises(SignInRefused):
            accounts.sign_in(any_instance, EMAIL, "wrong", now=now)
        until = accounts.load_account(any_instance, account.account_id).locked_until
        if until is not None:
            minutes.append(round((until - now).total_seconds() / 60))
            # The right password is refused until then, and so are tries, which do not make it longer.
            for password in (GOOD, "wrong"):
                with pytest.raises(SignInRefused):
                    accounts.sign_in(any_instance, EMAIL, password, now=until - timedelta(seconds=1))
            assert accounts.load_account(any_instance, account.account_id).locked_until == until
            now = until
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert accounts.sign_in(any_instance, EMAIL, GOOD, now=now).locked_until is None
    with pytest.raises(SignInRefused):
        accounts.sign_in(any_instance, EMAIL, "wrong", now=now)
    assert accounts.sign_in(any_instance, EMAIL, GOOD, now=now), "after a good sign-in, failures are counted anew"


def test_guesses_side_by_side_are_counted_one_by_one(any_instance: Instance) -> None:
    account = new_account(any_instance)

    def guess(password: str) -> bool:
        try:
            accounts.sign_in(any_instance, EMAIL, password, now=NOW)
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(guess, [f"guess {n}" for n in range(12)]))
    assert accounts.load_account(any_instance, account.account_id).locked_until == NOW + timedelta(minutes=1)
    assert not guess(GOOD)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        pytest.param("elevenchars", "short", id="eleven characters are too few"),
        pytest.param("Password1234", "common", id="one of the commonest, in any case"),
        pytest.param("aaaaaaaaaaaaaaaa", "common", id="one letter again and again"),
        pytest.param(EMAIL.upper(), "email", id="the e-mail address itself"),
        pytest.param("x y z " * 40, "long", id="longer than the limit"),
        pytest.param("abababababab", "common", id="two letters by turns"),
        pytest.param("ｐａｓｓｗｏｒｄ１２３４", "common", id="one of the commonest in letters twice as wide"),
        pytest.param(GOOD, "same", id="the one there is already"),
    ],
)
def test_a_weak_password_is_refused(instance: Instance, password: str, reason: str) -> None:
    account = new_account(instance)
    with pytest.raises(InputError) as caught:
        accounts.change_password(instance, account.account_id, current=GOOD, new=password, now=NOW)
    assert caught.value.extensions["reason"] == reason
    assert caught.value.extensions["field"] == "new"
    assert accounts.sign_in(instance, EMAIL, GOOD, now=NOW)


def test_a_wrong_current_password_counts_as_a_failure(instance: Instance) -> None:
    account = new_account(instance)
    for _ in range(5):
        with pytest.raises(InputError) as caught:
            accounts.change_password(instance, account.account_id, current="wrong", new="a" + GOOD, now=NOW)
        assert caught.value.extensions["field"] == "current"
    with pytest.raises(InputError):
        accounts.change_password(instance, account.account_id, current=GOOD, new="a" + GOOD, now=NOW)


def test_a_session_ends_after_two_idle_hours_and_after_twelve_in_any_case(any_instance: Instance) -> None:
    account = new_account(any_instance)
    token = accounts.open_session(any_instance, account.account_id, now=NOW)
    found = accounts.load_session(any_instance, token, now=NOW + timedelta(hours=1, minutes=59))
    assert found is not None
    assert found.account_id == account.account_id
    assert accounts.load_session(any_instance, token, now=NOW + timedelta(hours=4)) is None
    token = accounts.open_session(any_instance, account.account_id, now=NOW)
    for hour in range(1, 12):
        assert accounts.load_session(any_instance, token, now=NOW + timedelta(hours=hour))
    assert accounts.load_session(any_instance, token, now=NOW + timedelta(hours=12)) is None
    assert accounts.load_session(any_instance, "made up", now=NOW) is None


def test_signing_out_ends_one_session_and_changing_the_password_every_other(instance: Instance) -> None:
    account = new_account(instance)
    first, second, third = (accounts.open_session(instance, account.account_id, now=NOW) for _ in range(3))
    accounts.end_session(instance, first)
    assert accounts.load_session(instance, first, now=NOW) is None
    accounts.change_password(instance, account.account_id, current=GOOD, new="a" + GOOD, keep=second, now=NOW)
    assert accounts.load_session(instance, second, now=NOW)
    assert accounts.load_session(instance, third, now=NOW) is None
    accounts.open_session(instance, account.account_id, now=NOW)
    assert accounts.end_other_sessions(instance, account.account_id, keep=second) == 1
    assert len(accounts.list_sessions(instance, account.account_id, now=NOW)) == 1


def test_disabling_and_resetting_end_the_sessions(instance: Instance) -> None:
    new_account(instance)
    account = new_account(instance, Role.ISSUE, email="ana@provider.example")
    token = accounts.open_session(instance, account.account_id, now=NOW)
    once = accounts.reset_password(instance, account.account_id, actor="test", now=NOW)
    assert accounts.load_session(instance, token, now=NOW) is None
    assert accounts.sign_in(instance, account.email, once, now=NOW).must_change
    token = accounts.open_session(instance, account.account_id, now=NOW)
    assert accounts.disable(instance, account.account_id, actor="test", now=NOW)
    assert not accounts.disable(instance, account.account_id, actor="test", now=NOW)
    assert accounts.load_session(instance, token, now=NOW) is None
    with pytest.raises(IssuingError):
        accounts.open_session(instance, account.account_id, now=NOW)
    with pytest.raises(IssuingError):
        accounts.reset_password(instance, account.account_id, actor="test", now=NOW)
    assert accounts.enable(instance, account.account_id, actor="test", now=NOW)
    assert accounts.sign_in(instance, account.email, once, now=NOW)


def test_the_last_administrator_stays(any_instance: Instance) -> None:
    first = new_account(any_instance)
    second = new_account(any_instance, email="ana@provider.example")
    accounts.set_roles(any_instance, first.account_id, [Role.READ], actor="test", now=NOW)
    for act in (
        lambda: accounts.disable(any_instance, second.account_id, actor="test", now=NOW),
        lambda: accounts.set_roles(any_instance, second.account_id, [Role.READ], actor="test", now=NOW),
    ):
        with pytest.raises(IssuingError) as caught:
            act()
        assert caught.value.extensions["reason"] == "last-administrator"


def test_two_administrators_cannot_demote_each_other_at_once(any_instance: Instance) -> None:
    both = [new_account(any_instance, email=f"{name}@provider.example") for name in ("ana", "wiremu")]

    def demote(account: Account) -> bool:
        try:
            accounts.set_roles(any_instance, account.account_id, [Role.READ], actor="test", now=NOW)
        except IssuingError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, both)) == [False, True]


@pytest.mark.parametrize("roles", [[], ["owner"], ["issue", "ADMINISTER"]], ids=["none", "unknown", "wrong case"])
def test_roles_that_are_none_are_refused(instance: Instance, roles: list[str]) -> None:
    with pytest.raises(InputError):
        accounts.add_account(instance, email=EMAIL, name="Hana", roles=roles, actor="test", now=NOW)  # type: ignore[arg-type]
    assert accounts.list_accounts(instance) == ()


def test_the_sign_in_service_opens_only_an_account_that_is_there(any_instance: Instance) -> None:
    account = new_account(any_instance, password=None)
    with pytest.raises(SignInRefused):
        accounts.sign_in_by_service(any_instance, subject="s-1", email="else@provider.example", now=NOW)
    found = accounts.sign_in_by_service(any_instance, subject="s-1", email=EMAIL.upper(), now=NOW)
    assert found.account_id == account.account_id
    assert not found.must_change
    assert not found.has_password
    again = accounts.sign_in_by_service(any_instance, subject="s-1", email="renamed@provider.example", now=NOW)
    assert again.account_id == account.account_id, "the service's id counts, not an address that can change hands"
    with pytest.raises(SignInRefused):
        accounts.sign_in_by_service(any_instance, subject="s-2", email=EMAIL, now=NOW)


def test_no_address_no_name_and_no_password_is_in_the_log_or_readable_in_the_database(instance: Instance) -> None:
    account = new_account(instance, password=None)
    once = accounts.reset_password(instance, account.account_id, actor="test", now=NOW)
    token = accounts.open_session(instance, account.account_id, now=NOW)
    for _ in range(5):
        with pytest.raises(BadgeError):
            accounts.sign_in(instance, EMAIL, "wrong", now=NOW)
    with instance.store.reading() as connection:
        entries = list(audit_log.load_entries(connection))
        assert audit.verify_chain(connection)
        rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(table.select())]
    log = " ".join(f"{entry.actor} {entry.facts}" for entry in entries)
    assert account.account_id in log
    assert {"account-new", "password-reset", "account-locked"} <= {entry.action for entry in entries}
    for secret in (EMAIL, "Hana", once, token):
        assert secret not in log
    for secret in (once, token):
        assert not any(secret in row for row in rows)
