"""`badge-issuer user` and `badge-issuer api-key`: who may sign in at the desk, and which programs may use the API."""

from __future__ import annotations

from typing import Any

import click

from issuer.cli.common import current_actor, current_time, instance_option, json_option, opened, print_json
from issuer.staff import accounts, apikeys
from issuer.staff.accounts import Account, Role
from issuer.staff.apikeys import ApiKey, Scope
from schemas.times import write_time


@click.group("user")
@instance_option
def user() -> None:
    """The accounts of staff."""


@user.command("add")
@instance_option
@click.argument("email")
@click.option("--name", help="Their name, as the desk shows it. Default: what stands before the @.")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="What they may do; give it once for each role.",
)
@json_option
@click.pass_context
def user_add(context: click.Context, email: str, name: str | None, roles: tuple[str, ...], *, as_json: bool) -> None:
    """Make an account; its one-time password is shown once, here."""
    with opened(context) as instance:
        account, password = accounts.add_account(
            instance,
            email=email,
            name=name or email.partition("@")[0].replace(".", " ").title(),
            roles=accounts.parse_roles(roles),
            actor=current_actor(),
            now=current_time(),
        )
    if as_json:
        print_json(_account_members(account) | {"one_time_password": password})
        return
    click.echo(f"Made the account {account.account_id} for {account.email} ({', '.join(sorted(account.roles))}).")
    _tell_password(password)


@user.command("list")
@instance_option
@json_option
@click.pass_context
def user_list(context: click.Context, *, as_json: bool) -> None:
    """List the accounts."""
    with opened(context) as instance:
        found = accounts.list_accounts(instance)
    if as_json:
        print_json([_account_members(account) for account in found])
        return
    for account in found:
        state = "disabled" if account.disabled else "one-time password" if account.must_change else "in use"
        roles = ", ".join(sorted(account.roles))
        click.echo(f"{account.account_id}  {account.email}  {account.name}  [{roles}]  {state}")
    if not found:
        click.echo("No accounts yet. Make one: badge-issuer user add EMAIL --role administer")


@user.command("disable")
@instance_option
@click.argument("email")
@json_option
@click.pass_context
def user_disable(context: click.Context, email: str, *, as_json: bool) -> None:
    """Close an account and sign it out everywhere. The last administrator cannot be disabled."""
    with opened(context) as instance:
        account = accounts.find_account(instance, email)
        done = accounts.disable(instance, account.account_id, actor=current_actor(), now=current_time())
    if as_json:
        print_json({"account": account.account_id, "already": not done})
        return
    click.echo(f"{account.email} {'is disabled and signed out' if done else 'was disabled already'}.")


@user.command("reset")
@instance_option
@click.argument("email")
@json_option
@click.pass_context
def user_reset(context: click.Context, email: str, *, as_json: bool) -> None:
    """Give an account a new one-time password, shown once, here; a lock is opened."""
    with opened(context) as instance:
        account = accounts.find_account(instance, email)
        now, actor = current_time(), current_actor()
        accounts.enable(instance, account.account_id, actor=actor, now=now)
        password = accounts.reset_password(instance, account.account_id, actor=actor, now=now)
    if as_json:
        print_json({"account": account.account_id, "one_time_password": password})
        return
    click.echo(f"{account.email} is signed out everywhere.")
    _tell_password(password)


@click.group("api-key")
@instance_option
def api_key() -> None:
    """The keys of programs that use the API."""


@api_key.command("new")
@instance_option
@click.option(
    "--scope",
    "scopes",
    required=True,
    metavar="SCOPE,…",
    help=f"What the key may do: {', '.join(Scope)}; several with commas between.",
)
@click.option("--name", default="API key", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, apikeys.MAX_DAYS), help="How long it works. Default: until revoked.")
@json_option
@click.pass_context
def api_key_new(context: click.Context, scopes: str, name: str, days: int | None, *, as_json: bool) -> None:
    """Make a key; its text is shown once, here."""
    with opened(context) as instance:
        key, text = apikeys.new_key(
            instance, name=name, scopes=scopes.split(","), days=days, actor=current_actor(), now=current_time()
        )
    if as_json:
        print_json(_key_members(key) | {"key": text})
        return
    click.echo(f"Made the key {key.key_id} ({', '.join(sorted(key.scopes))}).")
    click.echo(f"  {text}")
    click.echo("It is shown this once. Whoever has it can do all of that: keep it where the program keeps its secrets.")


@api_key.command("list")
@instance_option
@json_option
@click.pass_context
def api_key_list(context: click.Context, *, as_json: bool) -> None:
    """List the keys, ended ones too."""
    now = current_time()
    with opened(context) as instance:
        found = apikeys.list_keys(instance)
    if as_json:
        print_json([_key_members(key) | {"state": key.state(now).value} for key in found])
        return
    for key in found:
        used = "never used" if key.last_used_at is None else f"last used {write_time(key.last_used_at)}"
        ends = "" if key.expires_at is None else f", until {write_time(key.expires_at)}"
        click.echo(f"{key.key_id}  {key.name}  [{', '.join(sorted(key.scopes))}]  {key.state(now)}, {used}{ends}")
    if not found:
        click.echo("No keys yet. Make one: badge-issuer api-key new --scope issue --name 'Learning platform'")


@api_key.command("revoke")
@instance_option
@click.argument("key_id")
@json_option
@click.pass_context
def api_key_revoke(context: click.Context, key_id: str, *, as_json: bool) -> None:
    """End a key at once."""
    with opened(context) as instance:
        done = apikeys.revoke_key(instance, key_id, actor=current_actor(), now=current_time())
    if as_json:
        print_json({"key_id": key_id, "already": not done})
        return
    click.echo(f"The key {key_id} {'works no longer' if done else 'was revoked already'}.")


def _tell_password(password: str) -> None:
    click.echo(f"  one-time password  {password}")
    click.echo("It is shown this once. Tell it to them in person or by telephone; they choose their own at first use.")


def _account_members(account: Account) -> dict[str, Any]:
    return {
        "account": account.account_id,
        "email": account.email,
        "name": account.name,
        "roles": sorted(account.roles),
        "must_change": account.must_change,
        "disabled": account.disabled,
    }


def _key_members(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": write_time(key.created_at),
        "last_used_at": None if key.last_used_at is None else write_time(key.last_used_at),
        "expires_at": None if key.expires_at is None else write_time(key.expires_at),
        "revoked_at": None if key.revoked_at is None else write_time(key.revoked_at),
    }
