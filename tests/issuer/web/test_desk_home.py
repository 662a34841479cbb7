"""The desk's overview: what waits, what is to be done first, and nothing to click that leads nowhere."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from issuer.learner.asking import ask
from issuer.staff.accounts import Role
from issuer.store.claims_rows import RequestKind
from tests.issuer.provider import NOW, REF, class_of, issue, only_id
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, make_site, sign_in, site_of


def test_a_new_provider_sees_what_to_do_first(staff: Staff) -> None:
    page = staff(*Role).get("/desk").get_data(as_text=True)
    assert "Kia ora, Hine" in page
    assert "Set up your first micro-credential" in page
    assert "Nothing waits for anybody." in page


def test_every_link_of_the_overview_leads_somewhere(app: Flask, staff: Staff) -> None:
    instance = site_of(app).instance
    short_id = only_id(issue(instance, class_of(1)))
    ask(instance, short_id, kind=RequestKind.NAME, words="Please put the macron on.", now=NOW)
    client = staff(*Role)
    page = client.get("/desk").get_data(as_text=True)
    links = set(re.findall(r'href="(/desk[^"#]*)"', page))
    assert "/desk/requests" in links
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_who_may_not_administer_is_told_who_does(staff: Staff) -> None:
    page = staff(Role.READ, Role.ISSUE).get("/desk").get_data(as_text=True)
    assert "An administrator of your organisation does this." in page
    assert "/desk/people" not in page


def test_an_old_register_is_told_of(instance_folder: Path) -> None:
    later = NOW + timedelta(days=32)
    app = make_site(instance_folder, clock=lambda: later)
    client = sign_in(app, add_staff(site_of(app).instance, *Role, now=later), now=later)
    assert "days old" in client.get("/desk").get_data(as_text=True)
    site_of(app).close()


def test_the_overview_speaks_te_reo(staff: Staff) -> None:
    page = staff(*Role).get("/desk?lang=mi").get_data(as_text=True)
    assert '<html lang="mi">' in page
    assert "What needs somebody now" not in page


def test_nobody_sees_it_without_signing_in(app: Flask) -> None:
    answer = app.test_client().get("/desk")
    assert answer.status_code == 302
    assert "/desk/sign-in" in answer.headers["Location"]


@pytest.mark.network
def test_the_desk_works_on_both_databases(any_instance_folder: Path) -> None:
    app = make_site(any_instance_folder)
    instance = site_of(app).instance
    short_id = only_id(issue(instance, class_of(1)))
    ask(instance, short_id, kind=RequestKind.NAME, words="Please put the macron on.", now=NOW)
    client = sign_in(app, add_staff(instance, *Role))
    for path in (
        "/desk",
        "/desk/badges",
        "/desk/badges?state=current&claimed=no&from=2020-01-01",
        "/desk/badges?state=expired",
        f"/desk/badges/{short_id}?check=now",
        "/desk/micro-credentials",
        f"/desk/micro-credentials/{REF}",
        "/desk/micro-credentials/course-codes",
        "/desk/requests",
        "/desk/nzroa",
    ):
        assert client.get(path).status_code == 200, path
    token = csrf_of(client.get("/desk/badges"))
    found = client.post("/desk/badges/search", data={"csrf_token": token, "q": "TAMATI"})
    assert "Tāmati" in client.get(found.headers["Location"]).get_data(as_text=True)
    site_of(app).close()
