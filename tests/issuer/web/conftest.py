"""The service over an instance of its own, with people signed in who have the roles a test asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.staff.accounts import Account, Role, add_account, open_session
from issuer.store import account_rows
from issuer.web.access import TOKEN
from issuer.web.site import EXTENSION, ServeOptions, Site
from tests.issuer.provider import NOW

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

ORIGIN = "http://localhost"
Staff = Callable[..., FlaskClient]
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_site(folder: Path, *, clock: Callable[[], datetime] = lambda: NOW, **options: Any) -> Flask:
    """The application over the instance in `folder`. What waits for the worker is done at once, by the caller.

    It is reached over plain HTTP, as while it is tried out; give `origin=None` for the cookies of the real thing.
    """
    from issuer.runners.inline import InlineRunner
    from issuer.web.app import make_app

    chosen: dict[str, Any] = {"origin": ORIGIN, "testing": True} | options
    app = make_app(folder, options=ServeOptions(clock=clock, **chosen))
    if "runner" not in options:
        site = site_of(app)
        site.runner = InlineRunner(site.instance, clock=clock)
    return app


def site_of(app: Flask) -> Site:
    found: Site = app.extensions[EXTENSION]
    return found


def add_staff(instance: Instance, *roles: Role, name: str = "Hine Tauira", now: datetime = NOW) -> Account:
    """Somebody with these roles who has chosen a password of their own already."""
    email = f"{'.'.join((*name.lower().split(), *sorted(roles)))}@staff.example"
    account, _ = add_account(instance, email=email, name=name, roles=roles, actor="test", now=now)
    with instance.store.writing() as connection:
        account_rows.update_account(connection, account.account_id, must_change=0)
    return account


def sign_in(app: Flask, account: Account, *, now: datetime = NOW) -> FlaskClient:
    """A browser in which they are signed in. The sign-in page itself has tests of its own."""
    client = app.test_client()
    token = open_session(site_of(app).instance, account.account_id, now=now)
    with client.session_transaction() as session:
        session[TOKEN] = token
    return client


def csrf_of(page: TestResponse) -> str:
    """The token of the first form of a page."""
    found = _CSRF.search(page.get_data(as_text=True))
    assert found is not None, "the page has no form"
    return found[1]


@pytest.fixture
def app(instance_folder: Path) -> Iterator[Flask]:
    """The service over a provider's instance that is enrolled in the demonstration register."""
    made = make_site(instance_folder)
    yield made
    site_of(made).close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture
def staff(app: Flask) -> Staff:
    """`staff(Role.ISSUE, Role.READ)` is the browser of somebody new with these roles."""

    def make(*roles: Role, name: str = "Hine Tauira") -> FlaskClient:
        return sign_in(app, add_staff(site_of(app).instance, *roles, name=name))

    return make
