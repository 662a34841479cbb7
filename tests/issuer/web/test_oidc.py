"""Signing in with the provider's own service, against one of the tests' own."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.staff import accounts, choices
from issuer.staff.accounts import Role
from issuer.staff.choices import OidcSettings, SecretName, seal_secret
from issuer.web.access import TOKEN
from tests.issuer.provider import NOW
from tests.issuer.web.conftest import csrf_of, site_of
from tests.issuer.web.oidc_provider import Provider
from tests.patience import PATIENCE

pytestmark = pytest.mark.network

EMAIL = "hana.parata@provider.example"
CLAIMS = {"sub": "u-1", "email": EMAIL, "email_verified": True}


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider(client_id="desk", client_secret="a secret of the tests")
    made.claims = dict(CLAIMS)
    yield made
    made.close()


@pytest.fixture
def desk(app: Flask, provider: Provider) -> Instance:
    instance = site_of(app).instance
    sealed = seal_secret(instance, provider.client_secret, SecretName.OIDC_CLIENT)
    oidc = OidcSettings(issuer=provider.issuer, client_id="desk", client_secret_sealed=sealed, label="Staff sign-in")
    with instance.store.writing() as connection:
        choices.save_choices(instance, connection, choices.Choices(oidc=oidc), actor="test", now=NOW)
    return instance


@pytest.fixture
def account_id(desk: Instance) -> str:
    made, _ = accounts.add_account(
        desk, email=EMAIL, name="Hana Parata", roles=[Role.ADMINISTER], actor="test", now=NOW
    )
    return made.account_id


def _begin(client: FlaskClient, *, then: str = "") -> str:
    page = client.get("/desk/sign-in")
    assert "Sign in with Staff sign-in" in page.text
    answer = client.post("/desk/oidc/begin", data={"csrf_token": csrf_of(page), "then": then})
    assert answer.status_code == 303
    return str(answer.location)


def _at_the_service(address: str) -> str:
    """What a browser does there: returns where it is sent back to, without the origin."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    connection.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(str(connection.getresponse().getheader("Location")))
    connection.close()
    assert f"{back.scheme}://{back.netloc}" == "http://localhost"
    return f"{back.path}?{back.query}"


def _is_signed_in(client: FlaskClient) -> bool:
    with client.session_transaction() as kept:
        return TOKEN in kept


def test_somebody_with_an_account_signs_in_and_stays_the_same_when_their_address_changes(
    client: FlaskClient, desk: Instance, account_id: str, provider: Provider
) -> None:
    answer = client.get(_at_the_service(_begin(client, then="/desk/people")))
    assert (answer.status_code, answer.location) == (303, "/desk/people")
    assert client.get("/desk/people").status_code == 200
    asked = provider.asked[0]
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"]
    assert asked["state"]
    provider.claims = CLAIMS | {"email": "renamed@provider.example"}
    again = client.application.test_client()
    again.get(_at_the_service(_begin(again)))
    assert _is_signed_in(again)
    assert len(accounts.list_accounts(desk)) == 1


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email": "else@provider.example"}, id="nobody's address"),
        pytest.param({"email_verified": False}, id="an address that is not verified"),
        pytest.param({"email_verified": "true"}, id="an address verified in words"),
        pytest.param({"email_verified": None}, id="nothing said of the address"),
        pytest.param({"email": None}, id="no address"),
        pytest.param({"sub": ""}, id="no subject"),
        pytest.param({"email": [EMAIL]}, id="a list of addresses"),
    ],
)
def test_the_service_makes_no_account_and_opens_none_by_an_unverified_address(
    client: FlaskClient, desk: Instance, account_id: str, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = CLAIMS | claims
    answer = client.get(_at_the_service(_begin(client)))
    assert answer.location.endswith("/desk/sign-in")
    assert not _is_signed_in(client)
    assert len(accounts.list_accounts(desk)) == 1


@pytest.mark.parametrize(
    "lies",
    [
        pytest.param({"nonce": "another"}, id="the nonce of another sign-in"),
        pytest.param({"aud": "another"}, id="a token for another program"),
        pytest.param({"iss": "http://127.0.0.1:1"}, id="a token of another service"),
        pytest.param({"exp": int(time.time()) - 3600}, id="a token that expired"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    client: FlaskClient, desk: Instance, account_id: str, provider: Provider, lies: dict[str, Any]
) -> None:
    provider.lies = lies
    answer = client.get(_at_the_service(_begin(client)))
    assert answer.location.endswith("/desk/sign-in")
    assert not _is_signed_in(client)


def test_a_token_signed_with_another_key_is_refused(
    client: FlaskClient, desk: Instance, account_id: str, provider: Provider
) -> None:
    provider.sign_with_other_key = True
    client.get(_at_the_service(_begin(client)))
    assert not _is_signed_in(client)


def test_an_answer_for_another_browser_or_one_used_already_is_refused(
    client: FlaskClient, desk: Instance, account_id: str
) -> None:
    mine = _at_the_service(_begin(client))
    other = client.application.test_client()
    other.get(mine)
    assert not _is_signed_in(other), "the state belongs to the browser that began"
    client.get(mine.replace("state=", "state=x"))
    assert not _is_signed_in(client)
    client.get(mine)
    assert _is_signed_in(client)
    third = client.application.test_client()
    third.get(mine)
    assert not _is_signed_in(third)


def test_a_disabled_account_stays_closed(client: FlaskClient, desk: Instance, account_id: str) -> None:
    accounts.add_account(desk, email="ana@provider.example", name="Ana", roles=[Role.ADMINISTER], actor="test", now=NOW)
    accounts.disable(desk, account_id, actor="test", now=NOW)
    client.get(_at_the_service(_begin(client)))
    assert not _is_signed_in(client)


def test_a_service_that_is_away_leaves_the_password(
    client: FlaskClient, desk: Instance, account_id: str, provider: Provider
) -> None:
    provider.close()
    page = client.get("/desk/sign-in")
    answer = client.post("/desk/oidc/begin", data={"csrf_token": csrf_of(page)}, follow_redirects=True)
    assert "cannot be reached" in answer.text


def test_without_settings_there_is_no_such_way(client: FlaskClient) -> None:
    page = client.get("/desk/sign-in")
    assert "Sign in with" not in page.text
    assert client.get("/desk/oidc/callback?code=a&state=b").status_code == 404
    assert client.post("/desk/oidc/begin", data={"csrf_token": csrf_of(page)}).status_code == 404
