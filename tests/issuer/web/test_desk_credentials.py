"""Micro-credentials at the desk: what may be awarded, what a provider adds, course codes, the register itself."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from issuer.bulk.uploads import load_course_codes
from issuer.instance import Instance, init_instance
from issuer.staff.accounts import Role
from issuer.store.setups import load_setup
from issuer.trust.editions import load_edition
from issuer.trust.enrolment import check_request
from schemas.jsontext import parse_object
from tests.issuer.provider import (
    ANCHOR,
    BASE_URL,
    NOW,
    PROVIDER,
    REF,
    class_of,
    edition_for,
    issue,
    stored_documents,
)
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, make_site, sign_in, site_of

PLAIN = {"artwork_from": "drawn", "criteria": "", "signatory_name": "", "signatory_role": "", "valid_months": ""}


@pytest.fixture
def instance(app: Flask) -> Instance:
    return site_of(app).instance


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    data = {"csrf_token": csrf_of(client.get(path))} | fields
    return client.post(path, data=data, content_type="multipart/form-data")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def picture(width: int = 600, height: int = 600) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "#336699").save(written, "PNG")
    return written.getvalue()


def test_the_list_says_what_may_be_awarded_and_why_not(staff: Staff) -> None:
    client = staff(*Role)
    mine = text_of(client.get("/desk/micro-credentials"))
    assert REF in mine
    whole = text_of(client.get("/desk/micro-credentials?all=yes"))
    assert whole.count("<tr>") >= mine.count("<tr>")
    assert REF in text_of(client.get(f"/desk/micro-credentials?q={REF}"))
    assert "nothing of that name" in text_of(client.get("/desk/micro-credentials?q=zzzz"))


def test_a_set_up_is_kept_and_goes_into_new_badges_alone(instance: Instance, staff: Staff) -> None:
    issue(instance, class_of(1))
    (before,) = stored_documents(instance)
    client = staff(*Role)
    fields = PLAIN | {"criteria": "They built a hive.", "signatory_name": "Hine Tauira", "valid_months": "24"}
    assert post(client, f"/desk/micro-credentials/{REF}", **fields).status_code == 303
    issue(instance, class_of(2))
    documents = stored_documents(instance)
    assert before in documents
    (after,) = [one for one in documents if one != before]
    assert "They built a hive." in json.dumps(after)
    assert "validUntil" in after
    page = text_of(client.get(f"/desk/micro-credentials/{REF}"))
    assert "They built a hive." in page
    assert 'value="24"' in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"valid_months": "0"}, "whole number of months", id="no months"),
        pytest.param({"valid_months": "two years"}, "whole number of months", id="months in words"),
        pytest.param({"signatory_role": "Director"}, "Give the name of who signs", id="a role without a name"),
        pytest.param({"criteria": "Student 123456789 did it."}, "student number", id="a student number in the wording"),
        pytest.param({"artwork_from": "own"}, "Choose the picture", id="own picture, but none sent"),
        pytest.param({"criteria": "x" * 4001}, "the limit is 4,000", id="a wording too long"),
    ],
)
def test_a_set_up_that_cannot_be_is_told_beside_its_field(
    instance: Instance, staff: Staff, fields: dict[str, str], said: str
) -> None:
    page = text_of(post(staff(*Role), f"/desk/micro-credentials/{REF}", **(PLAIN | fields)))
    assert said in page
    assert "Error:" in page
    with instance.store.reading() as connection:
        assert load_setup(connection, REF) is None


def test_artwork_needs_a_word_that_it_is_no_mark_of_the_government_and_words_for_who_cannot_see(
    instance: Instance, staff: Staff
) -> None:
    client = staff(*Role)
    path = f"/desk/micro-credentials/{REF}"

    def send(**fields: str) -> Any:
        return post(client, path, **PLAIN | {"artwork_from": "own"} | fields, artwork=(io.BytesIO(picture()), "a.png"))

    assert "Confirm below" in text_of(send(artwork_alt="Three cells"))
    assert "Say in words" in text_of(send(artwork_is_ours="yes"))
    assert send(artwork_is_ours="yes", artwork_alt="Three cells").status_code == 303
    with instance.store.reading() as connection:
        setup = load_setup(connection, REF)
    assert setup is not None
    assert setup.artwork is not None
    shown = client.get(f"{path}/picture.png").data
    assert Image.open(io.BytesIO(shown)).convert("RGB").getpixel((10, 10)) == (0x33, 0x66, 0x99)
    # It stays when the form is saved again without a file, and goes when the drawn one is chosen.
    assert post(client, path, **PLAIN | {"artwork_from": "own", "artwork_alt": "Three cells"}).status_code == 303
    with instance.store.reading() as connection:
        assert load_setup(connection, REF) == setup
    post(client, path, **PLAIN)
    with instance.store.reading() as connection:
        after = load_setup(connection, REF)
    assert after is not None
    assert after.artwork is None


def test_a_file_that_is_no_picture_is_refused(staff: Staff) -> None:
    fields = PLAIN | {"artwork_from": "own", "artwork_is_ours": "yes", "artwork_alt": "x"}
    answer = post(
        staff(*Role), f"/desk/micro-credentials/{REF}", **fields, artwork=(io.BytesIO(b"<svg onload='x'/>"), "a.svg")
    )
    assert "SVG" in text_of(answer)


def test_previews_show_an_invented_learner_and_say_that_nothing_was_issued(instance: Instance, staff: Staff) -> None:
    client = staff(*Role)
    page = text_of(client.get(f"/desk/micro-credentials/{REF}/preview/"))
    assert "Example Learner" in page
    assert "nothing was issued or signed" in page
    for place in re.findall(r'(?:src|href)="(/desk/[^"]+)"', page):
        assert client.get(place).status_code in {200, 302}, place
    assert "Preview" not in text_of(client.get(f"/desk/micro-credentials/{REF}/preview/badges/example/mi/index.html"))
    paper = client.get(f"/desk/micro-credentials/{REF}/certificate.pdf")
    assert paper.data.startswith(b"%PDF")
    assert stored_documents(instance) == []


def test_who_may_not_administer_sees_a_set_up_but_does_not_change_it(staff: Staff) -> None:
    client = staff(Role.READ, Role.ISSUE)
    page = text_of(client.get(f"/desk/micro-credentials/{REF}"))
    assert "An administrator of your organisation can change it." in page
    token = csrf_of(client.get("/desk"))
    assert client.post(f"/desk/micro-credentials/{REF}", data={"csrf_token": token} | PLAIN).status_code == 403
    assert client.post("/desk/micro-credentials/register", data={"csrf_token": token}).status_code == 403


def test_a_reference_the_register_does_not_have_is_not_found(staff: Staff) -> None:
    client = staff(*Role)
    for rest in ("", "/preview/", "/certificate.pdf", "/picture.png"):
        assert client.get(f"/desk/micro-credentials/0000{rest}").status_code == 404


def test_course_codes_are_added_and_taken_away(instance: Instance, staff: Staff) -> None:
    client = staff(*Role)
    path = "/desk/micro-credentials/course-codes"
    assert "There is a problem" in text_of(post(client, path, code="", ref=REF))
    assert "There is a problem" in text_of(post(client, path, code="BEE-101", ref=""))
    assert post(client, path, code="BEE-101", ref=REF).status_code == 303
    assert load_course_codes(instance) == {"BEE-101": REF}
    assert "BEE-101" in text_of(client.get(path))
    token = csrf_of(client.get(path))
    for _ in range(2):
        assert client.post(f"{path}/remove", data={"csrf_token": token, "code": "bee-101"}).status_code == 303
    assert load_course_codes(instance) == {}


def test_the_register_page_says_what_is_in_use_and_whether_we_are_in_it(staff: Staff) -> None:
    page = text_of(staff(*Role).get("/desk/micro-credentials/register"))
    assert "The register knows your signing key." in page
    assert "15 November 2026" in page


def test_a_newer_edition_is_used_under_the_pinned_anchor_and_nothing_else(instance: Instance, staff: Staff) -> None:
    client = staff(*Role)
    path = "/desk/micro-credentials/register"
    first = load_edition(instance)
    assert first is not None
    newer = edition_for(instance, number=2, previous_sha256=first.sha256)
    forged = newer.replace(b'"demonstration":true', b'"demonstration":false')
    assert "There is a problem" in text_of(post(client, path, edition=(io.BytesIO(forged), "e.json")))
    assert "There is a problem" in text_of(post(client, path))
    assert load_edition(instance) == first
    assert post(client, path, edition=(io.BytesIO(newer), "e.json")).status_code == 303
    used = load_edition(instance)
    assert used is not None
    assert used.number == 2
    assert "in use already" in text_of(
        client.get(post(client, path, edition=(io.BytesIO(newer), "e.json")).headers["Location"])
    )


def test_the_enrolment_request_is_one_an_authority_takes(instance: Instance, staff: Staff) -> None:
    answer = staff(*Role).get("/desk/micro-credentials/register/enrolment.json")
    request = check_request(parse_object(answer.data), at=NOW)
    assert request.did == instance.config.did
    assert staff(Role.READ).get("/desk/micro-credentials/register/enrolment.json").status_code == 403


def test_the_first_edition_pins_the_anchor_it_came_with(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    init_instance(folder, name="Kura Hou", provider=PROVIDER, base_url=BASE_URL, now=NOW, actor="test")
    app = make_site(folder)
    instance = site_of(app).instance
    client = sign_in(app, add_staff(instance, *Role))
    assert "Put a register to use" in text_of(client.get("/desk"))
    path = "/desk/micro-credentials/register"
    for page in ("/desk/badges/new", "/desk/badges", "/desk/micro-credentials", "/desk/nzroa", path):
        assert client.get(page).status_code == 200, page
    edition = edition_for(instance)

    def send(**fields: Any) -> Any:
        return post(client, path, edition=(io.BytesIO(edition), "e.json"), **fields)

    assert "Choose the anchor" in text_of(send())
    assert "Confirm that the anchor comes from the authority" in text_of(send(anchor=(io.BytesIO(ANCHOR), "a.json")))
    assert "There is a problem" in text_of(send(anchor=(io.BytesIO(b"{}"), "a.json"), anchor_is_theirs="yes"))
    assert load_edition(instance) is None
    assert send(anchor=(io.BytesIO(ANCHOR), "a.json"), anchor_is_theirs="yes").status_code == 303
    assert load_edition(instance) is not None
    assert "The register knows your signing key." in text_of(client.get(path))
    site_of(app).close()
