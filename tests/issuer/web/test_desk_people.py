"""Signing in at the desk, people, keys, and what keeps everybody else out."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.staff import accounts, apikeys
from issuer.staff.accounts import Role
from issuer.web.access import TOKEN
from tests.issuer.provider import NOW, REF
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, make_site, sign_in, site_of

EMAIL = "hana.parata@provider.example"
GOOD = "the kererū sat on the fence"


@pytest.fixture
def desk(app: Flask) -> Instance:
    return site_of(app).instance


def _account(desk: Instance, *roles: Role) -> str:
    """An account with a password of its own; returns its id."""
    made, once = accounts.add_account(
        desk, email=EMAIL, name="Hana Parata", roles=roles or (Role.ADMINISTER,), actor="test", now=NOW
    )
    accounts.change_password(desk, made.account_id, current=once, new=GOOD, now=NOW)
    return made.account_id


def _sign_in(client: FlaskClient, password: str, *, then: str = "", email: str = EMAIL):
    token = csrf_of(client.get("/desk/sign-in"))
    form = {"csrf_token": token, "email": email, "password": password, "then": then}
    return client.post("/desk/sign-in", data=form)


def test_somebody_signs_in_where_they_wanted_to_go_and_out_again(client: FlaskClient, desk: Instance) -> None:
    _account(desk)
    asked = client.get("/desk/people?x=1")
    assert asked.status_code == 302
    assert "/desk/sign-in?then=" in asked.location
    answer = _sign_in(client, GOOD, then="/desk/people?x=1")
    assert (answer.status_code, answer.location) == (303, "/desk/people?x=1")
    page = client.get("/desk/account")
    assert page.status_code == 200
    out = client.post("/desk/sign-out", data={"csrf_token": csrf_of(page)})
    assert out.status_code == 303
    assert "/desk/sign-in" in client.get("/desk/people").location


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/desk",
        "//evil.example/desk",
        "/desk\\@evil.example",
        "/desk\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/elsewhere",
        "",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(client: FlaskClient, desk: Instance, then: str) -> None:
    _account(desk)
    assert _sign_in(client, GOOD, then=then).location == "/desk"


def test_a_one_time_password_leads_to_choosing_another_and_nowhere_else(client: FlaskClient, desk: Instance) -> None:
    _, once = accounts.add_account(
        desk, email=EMAIL, name="Hana Parata", roles=[Role.ADMINISTER], actor="test", now=NOW
    )
    assert _sign_in(client, once).location.endswith("/desk/account/password")
    for path in ("/desk/people", "/desk/keys", "/desk/account"):
        assert client.get(path).location.endswith("/desk/account/password")
    page = client.get("/desk/account/password")
    bad = client.post("/desk/account/password", data={"csrf_token": csrf_of(page), "current": once, "new": "short"})
    assert bad.status_code == 422
    assert "at least 12 characters" in bad.text
    assert 'href="#new"' in bad.text
    form = {"csrf_token": csrf_of(page), "current": once, "new": GOOD}
    assert client.post("/desk/account/password", data=form).status_code == 303
    assert client.get("/desk/people").status_code == 200


def test_the_sign_in_page_lets_password_managers_work_and_says_one_thing_to_everybody(
    client: FlaskClient, desk: Instance
) -> None:
    _account(desk)
    page = client.get("/desk/sign-in")
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert "onpaste" not in page.text
    texts = set()
    for email, password in ((EMAIL, "wrong"), ("nobody@provider.example", "wrong")):
        refused = _sign_in(client, password, email=email)
        assert refused.status_code == 401
        assert password not in refused.text.replace("wrong", "", 0) or 'value="wrong"' not in refused.text
        texts.add(re.sub(r'value="[^"]*"', "", refused.text))
    assert len(texts) == 1


def test_signing_in_makes_a_new_session_whatever_the_cookie_held(client: FlaskClient, desk: Instance) -> None:
    account_id = _account(desk)
    planted = accounts.open_session(desk, account_id, now=NOW)
    client.get("/desk/sign-in")
    accounts.end_session(desk, planted)
    with client.session_transaction() as kept:
        kept[TOKEN] = planted
        kept["planted"] = "yes"
    _sign_in(client, GOOD)
    with client.session_transaction() as kept:
        assert kept[TOKEN] != planted
        assert "planted" not in kept


@pytest.mark.parametrize(
    ("origin", "flags"),
    [
        (None, {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}),
        ("http://localhost", {"HttpOnly", "Path=/", "SameSite=Lax"}),
    ],
    ids=["over https", "tried out on this machine"],
)
def test_the_cookie_has_its_flags(instance_folder: Path, origin: str | None, flags: set[str]) -> None:
    app = make_site(instance_folder, origin=origin)
    with app.test_client() as client:
        base = "https://localhost" if origin is None else origin
        cookie = client.get("/desk/sign-in", base_url=base).headers["Set-Cookie"]
    site_of(app).close()
    assert flags <= set(cookie.split("; "))
    assert cookie.startswith("__Host-badges=" if origin is None else "badges=")
    assert "Domain=" not in cookie


def test_a_session_ends_when_it_lies_unused(instance_folder: Path) -> None:
    now = NOW
    app = make_site(instance_folder, clock=lambda: now)
    client = sign_in(app, add_staff(site_of(app).instance, Role.ADMINISTER))
    assert client.get("/desk/people").status_code == 200
    now = NOW + timedelta(hours=2, minutes=1)
    assert client.get("/desk/people").status_code == 302
    lost = client.post("/desk/people/add", data={})
    assert lost.status_code == 400  # a form without its token, before anything else
    site_of(app).close()


def _routes(app: Flask, method: str) -> list[tuple[str, str]]:
    """(endpoint, an address) of every route of the desk with that method."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "/desk" in rule.rule and method in (rule.methods or ()):
                values = {
                    name: 1 if "int" in type(c).__name__.lower() else REF if name == "ref" else "0" * 12
                    for name, c in rule._converters.items()
                }
                found.append((rule.endpoint, url_for(rule.endpoint, _method=method, **values)))
    assert found
    return found


_OPEN = {"session.sign_in", "session.open_desk", "session.sign_out", "oidc.begin", "oidc.finish"}


def test_no_post_is_taken_without_its_token(app: Flask, staff: Staff) -> None:
    client = staff(*Role)
    for endpoint, path in _routes(app, "POST"):
        assert client.post(path, data={"role": "administer"}).status_code == 400, endpoint
        assert client.post(path, data={"csrf_token": "made up"}).status_code == 400, endpoint


def test_every_page_of_the_desk_asks_who_it_is(app: Flask) -> None:
    for method in ("GET", "POST"):
        for endpoint, _path in _routes(app, method):
            if endpoint not in _OPEN:
                assert hasattr(app.view_functions[endpoint], "needs"), endpoint


# What a role may send at the desk, beside its own account; everything else is refused before it is looked at.
_SENDS: dict[Role, set[str]] = {
    Role.READ: {"audit.verify", "badges.search"},
    Role.APPROVE: {"bulk.approve"},
    Role.ADMINISTER: {
        "audit.verify",
        "credentials.codes",
        "credentials.remove_code",
        "credentials.set_up",
        "credentials.use_newer",
        "mail.server",
        "mail.test",
        "nzroa.export",
        "nzroa.purge_now",
        "nzroa.reported",
    },
}
_WHOLE = {
    Role.ISSUE: ("badges.", "batches.", "bulk.", "mail.", "requests.", "credentials."),
    Role.ADMINISTER: ("people.", "keys.", "settings."),
}
_NOT_FOR_ISSUERS = {"bulk.approve", "mail.server", "mail.test", "credentials.use_newer", "credentials.set_up"}
_ADMINISTRATORS = ("people.", "keys.", "settings.", "nzroa.")


@pytest.mark.parametrize("role", Role)
def test_a_role_sends_what_is_its_own_and_nothing_else(app: Flask, staff: Staff, role: Role) -> None:
    client = staff(role)
    token = csrf_of(client.get("/desk/account"))
    for endpoint, path in _routes(app, "POST"):
        if endpoint.startswith(("session.", "oidc.")):
            continue
        mine = endpoint in _SENDS.get(role, set()) or endpoint.startswith(_WHOLE.get(role, ("-",)))
        status = client.post(path, data={"csrf_token": token}).status_code
        if status == 403:
            assert not mine or endpoint in _NOT_FOR_ISSUERS, endpoint
        else:
            assert mine, endpoint


@pytest.mark.parametrize("role", [Role.ISSUE, Role.APPROVE, Role.READ])
def test_nobody_else_reads_what_is_for_administrators(app: Flask, staff: Staff, role: Role) -> None:
    client = staff(role)
    for endpoint, path in _routes(app, "GET"):
        if endpoint.startswith(_ADMINISTRATORS):
            assert client.get(path).status_code == 403, endpoint


def test_an_administrator_adds_somebody_and_sees_the_password_once(staff: Staff, desk: Instance) -> None:
    client = staff(Role.ADMINISTER)
    form = {
        "csrf_token": csrf_of(client.get("/desk/people/add")),
        "email": EMAIL.upper(),
        "name": "Hana Parata",
        "role": ["issue", "read"],
    }
    answer = client.post("/desk/people/add", data=form)
    assert answer.status_code == 303
    shown = client.get(answer.location)
    password = re.search(r'<code id="once">([^<]+)</code>', shown.text)
    assert password is not None
    assert accounts.sign_in(desk, EMAIL, password[1], now=NOW).roles == {Role.ISSUE, Role.READ}
    assert password[1] not in client.get(answer.location).text
    again = client.post("/desk/people/add", data=form)
    assert again.status_code == 422
    assert "already" in again.text
    assert 'href="#email"' in again.text


def test_the_password_is_not_readable_in_the_cookie_that_carries_it(staff: Staff, desk: Instance) -> None:
    client = staff(Role.ADMINISTER)
    target = _account(desk)
    page = client.get(f"/desk/people/{target}")
    client.post(f"/desk/people/{target}/reset", data={"csrf_token": csrf_of(page)})
    with client.session_transaction() as kept:
        carried = str(dict(kept))
    password = re.search(r'<code id="once">([^<]+)</code>', client.get(f"/desk/people/{target}").text)
    assert password is not None
    assert password[1] not in carried


def test_roles_change_at_the_next_request_and_the_last_administrator_stays(app: Flask, desk: Instance) -> None:
    me = add_staff(desk, Role.ADMINISTER)
    client = sign_in(app, me)
    page = client.get(f"/desk/people/{me.account_id}")
    form = {"csrf_token": csrf_of(page), "role": ["read"]}
    refused = client.post(f"/desk/people/{me.account_id}/roles", data=form)
    assert refused.status_code == 422
    assert "last administrator" in refused.text
    assert client.post(f"/desk/people/{me.account_id}/disable", data=form).status_code == 422
    other = add_staff(desk, Role.ISSUE, name="Wiremu Ngata")
    theirs = sign_in(app, other)
    assert theirs.get("/desk/people").status_code == 403
    client.post(f"/desk/people/{other.account_id}/roles", data=form | {"role": ["administer"]})
    assert theirs.get("/desk/people").status_code == 200
    assert "Disable this account?" in client.get(f"/desk/people/{other.account_id}/disable").text
    assert theirs.get("/desk/people").status_code == 200
    client.post(f"/desk/people/{other.account_id}/disable", data=form)
    assert theirs.get("/desk/people").status_code == 302


def test_a_key_is_made_shown_once_replaced_and_revoked(staff: Staff, desk: Instance) -> None:
    client = staff(Role.ADMINISTER)
    page = client.get("/desk/keys")
    wanted = re.findall(r'name="key_id" value="([0-9a-f]{12})"', page.text)[-1]
    form = {"csrf_token": csrf_of(page), "name": "Learning platform", "scope": ["issue"], "key_id": wanted}
    assert client.post("/desk/keys/new", data=form).status_code == 303
    text = re.search(r"nzob_[0-9a-f]{12}_[a-z2-7]{52}", client.get("/desk/keys").text)
    assert text is not None
    assert apikeys.find_key(desk, text[0], now=NOW)
    assert client.post("/desk/keys/new", data=form).status_code == 303
    assert len(apikeys.list_keys(desk)) == 1, "the same form sent twice makes one key"
    assert text[0] not in client.get("/desk/keys").text
    client.post(f"/desk/keys/{wanted}/rotate", data=form | {"key_id": "a" * 12})
    assert len(apikeys.list_keys(desk)) == 2
    assert "cannot be undone" in client.get(f"/desk/keys/{wanted}/revoke").text
    assert apikeys.find_key(desk, text[0], now=NOW)
    client.post(f"/desk/keys/{wanted}/revoke", data=form)
    assert client.post("/desk/keys/000000000000/revoke", data=form).status_code == 404
    assert apikeys.find_key(desk, text[0], now=NOW) is None
    bad = client.post("/desk/keys/new", data={"csrf_token": form["csrf_token"], "name": "x", "days": "-1"})
    assert bad.status_code == 422


@pytest.mark.parametrize("language", ["en", "mi"])
def test_the_pages_are_there_in_both_languages(staff: Staff, client: FlaskClient, language: str) -> None:
    signed_in = staff(Role.ADMINISTER, Role.READ)
    assert client.get(f"/desk/sign-in?lang={language}").status_code == 200
    for path in ("/desk/account", "/desk/account/password", "/desk/people", "/desk/people/add", "/desk/keys"):
        page = signed_in.get(f"{path}?lang={language}")
        assert page.status_code == 200, path
        assert page.text.count("<h1") == 1, path


def test_the_sign_in_page_takes_so_many_tries_a_minute_from_one_address(client: FlaskClient) -> None:
    token = csrf_of(client.get("/desk/sign-in"))
    codes = [
        client.post("/desk/sign-in", data={"csrf_token": token, "email": f"{n}@x.example", "password": "p"}).status_code
        for n in range(62)
    ]
    assert set(codes[:60]) == {401}
    assert codes[-1] == 429
