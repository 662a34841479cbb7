"""Badges at the desk, as for the first phone call: "my name is misspelt"."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from issuer.audit import verify_chain
from issuer.instance import Instance
from issuer.learner.asking import ask
from issuer.staff.accounts import Role
from issuer.staff.choices import load_choices, save_choices
from issuer.store import claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import Delivery, RequestKind, Visibility
from issuer.store.outbox_rows import MailKind
from issuer.vault import token_sha256
from tests.issuer.provider import AWARDED, NOW, REF, Completion, Completions, issue, short_ids
from tests.issuer.web.conftest import Staff, csrf_of, site_of

NSN = "123456789"
STAFF_ROLES = (Role.ISSUE, Role.READ)


@pytest.fixture
def instance(app: Flask) -> Instance:
    return site_of(app).instance


@pytest.fixture
def badge(instance: Instance) -> str:
    """Mere's, whose name lacks its macron, with a claim link by mail."""
    rows = (
        Completion(line=2, learner_name="Mere Awhina", learner_email="mere@learner.example", nsn=NSN),
        Completion(line=3, learner_name="Tāne Other"),
    )
    short_id = short_ids(issue(instance, Completions(rows=rows)))[0]
    give_claim(instance, short_id)
    return short_id


def give_claim(instance: Instance, short_id: str) -> None:
    from datetime import timedelta

    from issuer.learner.claims import claim_token

    link = (short_id, token_sha256(claim_token(instance, short_id, serial=1)), Delivery.MAIL)
    with instance.store.writing() as connection:
        claims_rows.insert_claims(
            connection,
            [link],
            serial=1,
            expires_at=NOW + timedelta(days=180),
            visibility=Visibility.PRIVATE,
            at=NOW,
        )
        claims_rows.change_delivery(connection, short_id, Delivery.MAIL, at=NOW)


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    """Send the form of that page, as a browser would."""
    token = csrf_of(client.get(path))
    return client.post(path, data={"csrf_token": token} | fields)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_a_learner_is_found_without_macrons_and_no_name_stands_in_the_address(badge: str, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    token = csrf_of(client.get("/desk/badges"))
    answer = client.post("/desk/badges/search", data={"csrf_token": token, "q": "TANE"})
    assert answer.status_code == 303
    assert "tane" not in answer.headers["Location"].lower()
    page = text_of(client.get(answer.headers["Location"]))
    assert "Tāne Other" in page
    assert "Mere Awhina" not in page
    assert 'value="TANE"' in page


def test_a_search_that_was_tampered_with_finds_everything(badge: str, staff: Staff) -> None:
    page = text_of(staff(*STAFF_ROLES).get("/desk/badges?find=AAAA"))
    assert "Mere Awhina" in page


def test_the_badge_page_shows_what_staff_need_and_never_the_student_number(badge: str, staff: Staff) -> None:
    page = text_of(staff(*STAFF_ROLES).get(f"/desk/badges/{badge}"))
    for wanted in ("Mere Awhina", "mere@learner.example", "Not claimed yet", "A student number is kept", "Version"):
        assert wanted in page
    assert NSN not in page


def test_a_check_runs_our_own_verifier(badge: str, staff: Staff) -> None:
    page = text_of(staff(*STAFF_ROLES).get(f"/desk/badges/{badge}?check=now"))
    assert "This badge is genuine" in page
    assert page.count('class="tag good"') >= 3


def test_a_misspelt_name_is_corrected_after_before_and_after_were_shown(
    badge: str, instance: Instance, staff: Staff
) -> None:
    client = staff(*STAFF_ROLES)
    path = f"/desk/badges/{badge}/correct"
    fields = {"name": "Mere Āwhina", "achieved_on": AWARDED.isoformat(), "nzqa_ref": REF, "name_display": "full"}
    review = text_of(post(client, path, **fields))
    assert '>Mere Awhina</td><td data-label="After"><strong>Mere Āwhina</strong></td>' in review
    assert stored(instance, badge)["version"] == 1
    answer = post(client, path, **fields, step="confirm", tell="yes")
    assert answer.status_code == 303
    now = stored(instance, badge)
    assert now["version"] == 2
    assert "Mere Āwhina" in json.dumps(now["document"], ensure_ascii=False)
    with instance.store.reading() as connection:
        mails = outbox_rows.list_mails(connection, short_id=badge)
    assert [mail.kind for mail in mails] == [MailKind.CORRECTED]
    page = text_of(client.get(f"/desk/badges/{badge}"))
    assert "Replaced" in page
    # The same form sent again signs nothing more.
    again = client.post(path, data={"csrf_token": csrf_of(client.get(path)), **fields, "step": "confirm"})
    assert again.status_code == 303
    assert "Nothing is different" in text_of(post(client, path, **fields))
    assert stored(instance, badge)["version"] == 2


def test_the_old_version_can_be_downloaded_as_it_was_signed(badge: str, instance: Instance, staff: Staff) -> None:
    answer = staff(*STAFF_ROLES).get(f"/desk/badges/{badge}/versions/1.json")
    with instance.store.reading() as connection:
        kept = credential_store.load_document(connection, badge, version=1)
    assert kept is not None
    assert answer.data == kept.document
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("achieved_on", "2099-01-01", "has not come yet", id="a day to come"),
        pytest.param("achieved_on", "3 May", "Write the day as 31/05/2026.", id="a day that is no day"),
        pytest.param("name", "", "at least one letter", id="no name"),
        pytest.param("name_display", "preferred", "no preferred name", id="a preferred name that is not there"),
        pytest.param("achieved_on", "1999-01-01", "There is a problem", id="a day before it was listed"),
    ],
)
def test_a_correction_that_cannot_be_is_told_beside_its_field(
    badge: str, instance: Instance, staff: Staff, field: str, value: str, said: str
) -> None:
    fields = {"name": "Mere Āwhina", "achieved_on": AWARDED.isoformat(), "nzqa_ref": REF, "name_display": "full"}
    page = text_of(post(staff(*STAFF_ROLES), f"/desk/badges/{badge}/correct", **(fields | {field: value})))
    assert said in page
    assert "Error:" in page
    assert stored(instance, badge)["version"] == 1


def test_a_withdrawal_asks_for_a_reason_and_happens_once(badge: str, instance: Instance, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    path = f"/desk/badges/{badge}/withdraw"
    assert "Choose a reason" in text_of(post(client, path))
    assert stored(instance, badge)["state"] == "issued"
    assert post(client, path, reason="wrong-person").status_code == 303
    assert stored(instance, badge)["state"] == "revoked"
    page = text_of(client.get(f"/desk/badges/{badge}"))
    assert "Issued to the wrong person" in page
    assert "Correct this badge" not in page
    assert client.get(path).status_code == 303
    with instance.store.reading() as connection:
        assert verify_chain(connection)


def test_a_stolen_key_is_no_reason_staff_can_choose(badge: str, instance: Instance, staff: Staff) -> None:
    post(staff(*STAFF_ROLES), f"/desk/badges/{badge}/withdraw", reason="key-compromised")
    assert stored(instance, badge)["state"] == "issued"


def test_hold_is_offered_only_where_the_badge_can_be_held(badge: str, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    assert "Put it on hold" not in text_of(client.get(f"/desk/badges/{badge}"))
    assert client.get(f"/desk/badges/{badge}/hold").status_code == 303


def test_a_badge_is_put_on_hold_and_taken_off_again(instance: Instance, staff: Staff) -> None:
    from issuer.suspension import set_suspension

    set_suspension(instance, on=True, now=NOW, actor="test")
    short_id = short_ids(issue(instance, Completions(rows=(Completion(line=2),))))[0]
    client = staff(*STAFF_ROLES)
    assert post(client, f"/desk/badges/{short_id}/hold", reason="under-review").status_code == 303
    assert stored(instance, short_id)["state"] == "suspended"
    assert client.get(f"/desk/badges/{short_id}/correct").status_code == 303
    assert post(client, f"/desk/badges/{short_id}/reinstate", reason="settled").status_code == 303
    assert stored(instance, short_id)["state"] == "issued"


def test_a_new_link_replaces_the_old_one_and_is_shown_to_print(badge: str, instance: Instance, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    first = text_of(client.get(f"/desk/badges/{badge}/slip"))
    link = re.search(r"/claim/[a-z2-7]{26}", first)
    assert link is not None
    answer = post(client, f"/desk/badges/{badge}/link")
    assert answer.headers["Location"].endswith(f"/desk/badges/{badge}/slip")
    second = re.search(r"/claim/[a-z2-7]{26}", text_of(client.get(answer.headers["Location"])))
    assert second is not None
    assert second[0] != link[0]


def test_the_mail_is_sent_again_once(badge: str, instance: Instance, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    for _ in range(2):
        assert post(client, f"/desk/badges/{badge}/mail").status_code == 303
    with instance.store.reading() as connection:
        assert len(outbox_rows.list_mails(connection, short_id=badge)) == 1


def test_another_address_needs_somebody_who_is_sure(badge: str, instance: Instance, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    path = f"/desk/badges/{badge}/address"
    assert "Confirm that you know who asks" in text_of(post(client, path, email="new@learner.example"))
    assert "There is a problem" in text_of(post(client, path, email="no address", sure="yes"))
    assert post(client, path, email="new@learner.example", sure="yes").status_code == 303
    with instance.store.reading() as connection:
        learner = credential_store.load_learner(connection, badge)
    assert learner is not None
    assert learner.email == "new@learner.example"


def test_a_request_leads_to_the_correction_and_is_settled_by_it(badge: str, instance: Instance, staff: Staff) -> None:
    ask(instance, badge, kind=RequestKind.NAME, words="My name has a macron.", now=NOW)
    client = staff(*STAFF_ROLES)
    page = text_of(client.get("/desk/requests"))
    assert "My name has a macron." in page
    (request,) = requests_of(instance)
    fields = {"name": "Mere Āwhina", "achieved_on": AWARDED.isoformat(), "nzqa_ref": REF, "name_display": "full"}
    post(client, f"/desk/badges/{badge}/correct", **fields, step="confirm", request=request.request_id)
    (settled,) = requests_of(instance)
    assert settled.outcome == "corrected"
    assert "Nobody waits for an answer." in text_of(client.get("/desk/requests"))


def test_a_request_about_another_badge_is_not_settled_by_it(badge: str, instance: Instance, staff: Staff) -> None:
    other = short_ids(issue(instance, Completions(rows=(Completion(line=2, learner_name="Somebody Else"),))))[0]
    give_claim(instance, other)
    ask(instance, other, kind=RequestKind.NAME, words="Mine.", now=NOW)
    (request,) = requests_of(instance)
    client = staff(*STAFF_ROLES)
    post(client, f"/desk/badges/{badge}/withdraw", reason="duplicate", request=request.request_id)
    assert requests_of(instance)[0].settled_at is None


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("?page=99999999999999999999999", id="a page no list has"),
        pytest.param("?page=-1", id="a page before the first"),
        pytest.param("?ref=%00&state=nothing&claimed=maybe", id="conditions that are none"),
        pytest.param("?from=yesterday", id="a day that is no day"),
        pytest.param("?find=%F0%9F%92%A9", id="a search that was not sealed here"),
    ],
)
def test_a_mangled_address_of_the_list_is_answered(badge: str, staff: Staff, path: str) -> None:
    assert staff(*STAFF_ROLES).get(f"/desk/badges{path}").status_code == 200


def test_a_request_can_be_declined_once(badge: str, instance: Instance, staff: Staff) -> None:
    ask(instance, badge, kind=RequestKind.WITHDRAWAL, words="I do not want it any more.", now=NOW)
    (request,) = requests_of(instance)
    client = staff(*STAFF_ROLES)
    path = f"/desk/requests/{request.request_id}"
    assert post(client, path, outcome="declined").status_code == 303
    assert requests_of(instance)[0].outcome == "declined"
    assert "csrf_token" not in text_of(client.get(path)).split("<main")[1]
    assert client.get("/desk/requests/nothing").status_code == 404


def test_learners_words_are_shown_as_text(badge: str, instance: Instance, staff: Staff) -> None:
    ask(instance, badge, kind=RequestKind.CORRECTION, words="<script>alert(1)</script>", now=NOW)
    client = staff(*STAFF_ROLES)
    for path in ("/desk/requests", f"/desk/badges/{badge}"):
        assert "<script>alert" not in text_of(client.get(path))


@pytest.mark.parametrize("path", ["correct", "withdraw", "hold", "reinstate", "link", "slip", "address", "mail"])
def test_who_may_only_read_changes_nothing(badge: str, staff: Staff, path: str) -> None:
    client = staff(Role.READ)
    assert client.get(f"/desk/badges/{badge}/{path}").status_code == 403


def test_a_badge_nobody_issued_is_not_found(staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    for path in ("nothing", "%00", "nothing/correct", "nothing/withdraw", "nothing/versions/1.json"):
        assert client.get(f"/desk/badges/{path}").status_code == 404


def test_a_single_badge_is_issued_after_it_was_shown(instance: Instance, staff: Staff) -> None:
    client = staff(*STAFF_ROLES)
    fields = {
        "learner_name": "Aroha Test",
        "nzqa_ref": REF,
        "achieved_on": AWARDED.isoformat(),
        "learner_email": "aroha@learner.example",
        "name_display": "full",
        "mail": "hold",
    }
    review = text_of(post(client, "/desk/badges/new", **fields))
    assert "Issue this badge?" in review
    answer = post(client, "/desk/badges/new", **fields, step="confirm", nsn=NSN)
    assert answer.status_code == 303, text_of(answer)
    page = text_of(client.get(answer.headers["Location"]))
    assert "Aroha Test" in page
    assert NSN not in page
    twice = post(client, "/desk/badges/new", **fields, step="confirm")
    assert twice.headers["Location"] == answer.headers["Location"]


def test_with_four_eyes_a_single_badge_waits_for_somebody_else(instance: Instance, staff: Staff) -> None:
    with instance.store.writing() as connection:
        choices = replace(load_choices(connection), four_eyes=True)
        save_choices(instance, connection, choices, actor="test", now=NOW)
    client = staff(*STAFF_ROLES)
    fields = {"learner_name": "Aroha Test", "nzqa_ref": REF, "achieved_on": AWARDED.isoformat(), "mail": "none"}
    assert "It goes to somebody else for approval." in text_of(post(client, "/desk/badges/new", **fields))
    answer = post(client, "/desk/badges/new", **fields, step="confirm")
    assert answer.headers["Location"].endswith("/desk/batches")
    assert "No badge has been issued yet." in text_of(client.get("/desk/badges"))
    approver = staff(Role.APPROVE, Role.READ, name="Sam Example")
    assert "1 class list waits for your approval" in text_of(approver.get("/desk"))
    assert "waits for your approval" not in text_of(client.get("/desk"))


def test_a_single_badge_the_register_does_not_allow_is_refused_before_it_is_asked_for(staff: Staff) -> None:
    fields = {"learner_name": "Aroha Test", "nzqa_ref": "0001", "achieved_on": AWARDED.isoformat(), "mail": "hold"}
    page = text_of(post(staff(*STAFF_ROLES), "/desk/badges/new", **fields))
    assert "There is a problem" in page
    assert "Issue this badge?" not in page


def stored(instance: Instance, short_id: str) -> dict[str, Any]:
    with instance.store.reading() as connection:
        held = credential_store.load_credential(connection, short_id)
        document = credential_store.load_document(connection, short_id)
    assert held is not None
    assert document is not None
    return {"state": held.state, "version": held.version, "document": json.loads(document.document)}


def requests_of(instance: Instance) -> list[claims_rows.StoredRequest]:
    with instance.store.reading() as connection:
        return claims_rows.load_requests(connection)
