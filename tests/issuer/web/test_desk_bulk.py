"""A class list at the desk, from an ugly spreadsheet to badges, as an administrator clicks through it."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer.bulk.uploads import purge_uploads
from issuer.staff.accounts import Role
from issuer.staff.choices import load_choices, save_choices
from issuer.store import audit_log
from tests.issuer.provider import NOW, REF
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, make_site, sign_in, site_of

NSN = "123456789"
HEADER = "learner_name,nzqa_ref,achieved_on,learner_email"
GOOD = f"{HEADER}\nMere Āwhina,{REF},2026-10-05,mere@learner.example\n"
# As a student system and Excel leave it: a title above the header, Windows-1252, a course code, an impossible day, a
# lost macron, an address two people share, one that is missing, a formula, student numbers, and a column nobody needs.
UGLY = "\r\n".join(
    [
        "Class export;;;;;;;",
        "Student ID;First Name;Last Name;Date of birth;Course Code;Completed;Email;NSN",
        f"11;René;Müller;01/01/2000;SEED-1;05/10/2026;rene@learner.example;{NSN}",
        f"12;T?maki;Wiremu;01/01/2000;SEED-1;06/10/2026;family@learner.example;{NSN}",
        f"13;Ana;Wiremu;01/01/2000;{REF};07/10/2026;family@learner.example;",
        f"14;Ria;Tapsell;01/01/2000;{REF};31/02/2026;;",
        f'15;"=HYPERLINK(""x"")";Smith;01/01/2000;{REF};08/10/2026;;',
        f"16;Lee;Chan;01/01/2000;{REF};09/10/2026;;",
    ]
).encode("cp1252")


class Idle:
    """A worker that has not come to it yet."""

    def submit(self, batch_id: str) -> None: ...


def upload(client: FlaskClient, data: bytes | str, name: str = "class.csv") -> TestResponse:
    content = data.encode() if isinstance(data, str) else data
    form = {"csrf_token": csrf_of(client.get("/desk/issue")), "list": (io.BytesIO(content), name)}
    return client.post("/desk/issue", data=form, content_type="multipart/form-data")


def batch_of(answer: TestResponse) -> str:
    found = re.search(r"[0-9a-f]{32}", answer.headers["Location"])
    assert found is not None
    return found[0]


def press(client: FlaskClient, url: str, *, on: str | None = None, **fields: Any) -> TestResponse:
    """Send the form at `url`, with the token of the page it stands on."""
    page = client.get(on or url)
    return client.post(url, data={"csrf_token": csrf_of(page), **fields})


def follow(client: FlaskClient, answer: TestResponse) -> TestResponse:
    while answer.status_code == 303:
        answer = client.get(answer.headers["Location"])
    return answer


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def confirm(client: FlaskClient, batch: str, *, ready: int, mail: str = "hold") -> TestResponse:
    return press(client, f"/desk/issue/{batch}/confirm", ready=str(ready), mail=mail)


def issued(client: FlaskClient, data: str = GOOD, *, ready: int = 1) -> str:
    """A list that was issued, its mail held."""
    batch = batch_of(upload(client, data))
    assert confirm(client, batch, ready=ready).status_code == 303
    return batch


def choose(app: Flask, **choices: Any) -> None:
    instance = site_of(app).instance
    with instance.store.writing() as connection:
        wanted = replace(load_choices(connection), **choices)
        save_choices(instance, connection, wanted, actor="test", now=NOW)


@pytest.fixture
def desk(staff: Staff) -> FlaskClient:
    """Somebody who may issue and read."""
    return staff(Role.ISSUE, Role.READ)


@pytest.fixture
def answers(app: Flask) -> list[bytes]:
    """Every byte the service answers with, for a search at the end."""
    seen: list[bytes] = []

    @app.after_request
    def keep(response: Response) -> Response:
        if not response.direct_passthrough:
            seen.append(response.get_data())
        return response

    return seen


def test_a_good_list_goes_from_upload_to_badges_in_two_clicks(desk: FlaskClient) -> None:
    answer = upload(desk, GOOD)
    assert answer.headers["Location"].endswith("/check")
    assert "1 badge is ready" in text(follow(desk, answer))
    done = follow(desk, confirm(desk, batch_of(answer), ready=1))
    assert "1 badge was issued" in text(done)
    assert "Mere Āwhina" in text(done)


def test_an_ugly_spreadsheet_is_asked_about_mended_and_issued_without_a_student_number_on_any_page(
    app: Flask, answers: list[bytes], desk: FlaskClient
) -> None:
    # Letters that can be read two ways are asked about first.
    answer = upload(desk, UGLY, "export.csv")
    batch = batch_of(answer)
    questions = f"/desk/issue/{batch}/questions"
    assert "René" in text(follow(desk, answer))
    assert "Say whether these rows read as they should." in text(press(desk, questions))
    answer = press(desk, questions, encoding="cp1252")
    assert answer.headers["Location"].endswith("/questions")
    # Then the course code; the columns were guessed, and what is not known is left out.
    page = text(follow(desk, answer))
    assert "SEED-1" in page
    assert "not shown: student numbers" in page
    columns = dict(re.findall(r'name="(column-\d+)-name" value="([^"]*)"', page))
    fields: dict[str, str] = {}
    for key, name in columns.items():
        select = page[page.index(f'<select id="{key}"') :].split("</select>")[0]
        chosen = re.search(r'<option value="([^"]+)" selected>', select)
        fields |= {key: chosen[1] if chosen else "", f"{key}-name": name}
    assert fields["column-3"] == ""  # the date of birth
    answer = press(desk, questions, encoding="cp1252", **{"code-0": REF, "code-0-text": "SEED-1"}, **fields)
    assert answer.headers["Location"].endswith("/check")
    # The check: problem rows by their own line numbers, message beside the cell.
    page = text(follow(desk, answer))
    assert "2 rows need fixing" in page
    assert 'value="31/02/2026"' in page
    assert "Row 6" in page
    assert "T?maki" in page
    csv = desk.get(f"/desk/issue/{batch}/problems.csv")
    assert "'=HYPERLINK" in text(csv)
    mended = {"fix-6-achieved_on": "28/02/2026", "leave-7": "true", "then": "check"}
    page = text(follow(desk, press(desk, f"/desk/issue/{batch}/repair", on=f"/desk/issue/{batch}/check", **mended)))
    assert "5 badges are ready" in page
    assert "left out" in page
    named = {"fix-4-learner_name": "Tāmaki Wiremu", "then": "check"}
    follow(desk, press(desk, f"/desk/issue/{batch}/repair", on=f"/desk/issue/{batch}/check", **named))
    # Confirmed by the exact number, with the mail held.
    page = text(desk.get(f"/desk/issue/{batch}/confirm"))
    assert "Issue 5 badges" in page
    assert "Tāmaki Wiremu" in page
    page = text(follow(desk, confirm(desk, batch, ready=5)))
    assert "5 badges were issued" in page
    assert "Release 1 mail" in page
    # Four learners have no address of their own: slips.
    slips = text(desk.get(f"/desk/batches/{batch}/slips"))
    assert slips.count("data:image/svg+xml;base64,") == 4
    assert "Ana Wiremu" in slips
    # The same file again issues nothing, and asks only about its letters.
    answer = upload(desk, UGLY, "export.csv")
    again = batch_of(answer)
    assert "5 badges were issued from it" in text(follow(desk, answer))
    answer = press(desk, f"/desk/issue/{again}/questions", encoding="cp1252")
    page = text(follow(desk, answer))
    assert "rows have their badges already" in page
    # Nowhere a student number, in any answer of the whole way.
    assert answers
    assert not [body for body in answers if NSN.encode() in body]


def test_pasted_rows_are_read_like_a_file(desk: FlaskClient) -> None:
    pasted = GOOD.replace(",", "\t")
    answer = press(desk, "/desk/issue", pasted=pasted)
    assert "1 badge is ready" in text(follow(desk, answer))


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        pytest.param(b"", "empty.csv", "is empty", id="an empty file"),
        pytest.param(b"%PDF-1.7 ...", "list.pdf", "is a PDF, not a class list", id="a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "list.png", "is a picture", id="a picture"),
    ],
)
def test_a_file_that_is_no_list_is_answered_on_the_form(desk: FlaskClient, data: bytes, name: str, told: str) -> None:
    answer = upload(desk, data, name)
    assert answer.status_code == 422
    assert told in text(answer)
    assert 'href="#list"' in text(answer)


def test_headings_that_say_nothing_are_asked_about(desk: FlaskClient) -> None:
    page = text(follow(desk, upload(desk, "one,two\n1,2\n")))
    assert "We could not tell which column holds" in page


def test_a_broken_workbook_is_told_what_to_do_and_nothing_is_asked(desk: FlaskClient) -> None:
    answer = upload(desk, b"PK\x03\x04 and then nothing of a workbook", "class.xlsx")
    assert answer.status_code == 422
    assert "The workbook is damaged" in text(answer)
    assert "not finished" not in text(desk.get("/desk"))


def test_a_workbook_with_real_dates_and_an_eaten_zero_is_read(desk: FlaskClient) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "Course", "Completed"])
    sheet.append(["Mere Āwhina", int(REF), date(2026, 10, 5)])
    data = io.BytesIO()
    book.save(data)
    answer = upload(desk, data.getvalue(), "class.xlsx")
    assert "1 badge is ready" in text(follow(desk, answer))


def test_rows_that_are_held_say_what_would_settle_them(instance_folder: Path) -> None:
    shutil.rmtree(instance_folder / "register")
    app = make_site(instance_folder)
    desk = sign_in(app, add_staff(site_of(app).instance, Role.ISSUE))
    batch = batch_of(upload(desk, GOOD))
    check = f"/desk/issue/{batch}/check"
    page = text(follow(desk, desk.get(f"/desk/issue/{batch}")))
    assert "An administrator has to put a register edition to use" in page
    empty = follow(desk, press(desk, f"/desk/issue/{batch}/accept", on=check, reason=" "))
    assert "Say why these rows cannot wait." in text(empty)
    kept = follow(desk, press(desk, f"/desk/issue/{batch}/accept", on=check, reason="The register is being moved"))
    assert 'value="The register is being moved"' in text(kept)
    site_of(app).close()


def test_choosing_nothing_or_both_is_answered_on_the_form(desk: FlaskClient) -> None:
    assert "Choose a file, or paste your rows" in text(press(desk, "/desk/issue"))
    form = {
        "csrf_token": csrf_of(desk.get("/desk/issue")),
        "pasted": GOOD,
        "list": (io.BytesIO(GOOD.encode()), "class.csv"),
    }
    answer = desk.post("/desk/issue", data=form, content_type="multipart/form-data")
    assert "not both" in text(answer)


def test_a_request_larger_than_any_list_is_told_so(app: Flask, desk: FlaskClient) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 2_000
    form = {"csrf_token": csrf_of(desk.get("/desk/issue")), "list": (io.BytesIO(b"x" * 5_000), "class.csv")}
    answer = desk.post("/desk/issue", data=form, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "too large" in text(answer)


def test_the_template_has_a_header_and_no_row_that_could_be_issued(desk: FlaskClient) -> None:
    data = desk.get("/desk/issue/template.csv").get_data()
    assert data.decode("utf-8-sig").startswith("Learner's name,Micro-credential,Day achieved,")
    assert data.count(b"\n") == 1
    filled = data.decode("utf-8-sig") + f"Mere Āwhina,{REF},5/10/2026,mere@learner.example,,\r\n"
    assert "1 badge is ready" in text(follow(desk, upload(desk, filled)))


def test_columns_that_are_said_to_hold_the_same_are_asked_about_again(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, f"who,what,when\nMere,{REF},2026-10-05\n"))
    names = {"column-0-name": "who", "column-1-name": "what", "column-2-name": "when"}
    url = f"/desk/issue/{batch}/questions"
    twice = press(desk, url, **names, **{"column-0": "learner_name", "column-1": "nzqa_ref", "column-2": "nzqa_ref"})
    assert twice.status_code == 422
    assert "More than one column" in text(twice)
    lacking = press(desk, url, **names, **{"column-0": "learner_name", "column-1": "nzqa_ref", "column-2": ""})
    assert "Every badge needs it" in text(lacking)
    right = {"column-0": "learner_name", "column-1": "nzqa_ref", "column-2": "achieved_on"}
    assert "1 badge is ready" in text(follow(desk, press(desk, url, **names, **right)))
    # Remembered: the next list with these headings is not asked about.
    answer = upload(desk, f"who,what,when\nAna,{REF},2026-10-06\n")
    assert answer.headers["Location"].endswith("/check")


def test_a_second_click_on_confirm_issues_nothing_more(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD))
    form = {"csrf_token": csrf_of(desk.get(f"/desk/issue/{batch}/confirm")), "ready": "1", "mail": "hold"}
    first = desk.post(f"/desk/issue/{batch}/confirm", data=form)
    second = desk.post(f"/desk/issue/{batch}/confirm", data=form)
    assert first.headers["Location"] == second.headers["Location"]
    assert "1 badge was issued" in text(follow(desk, second))


def test_a_number_that_is_no_longer_true_issues_nothing(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD))
    page = text(follow(desk, confirm(desk, batch, ready=7)))
    assert "nothing was issued" in page
    assert "1 badge is ready" in page


def test_when_the_mail_goes_out_has_to_be_said(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD))
    answer = confirm(desk, batch, ready=1, mail="perhaps")
    assert answer.status_code == 422
    assert "Say when the mail is to be sent" in text(answer)


def test_another_person_goes_on_with_a_draft(staff: Staff) -> None:
    batch = batch_of(upload(staff(Role.ISSUE, name="Hine Tauira"), GOOD))
    other = staff(Role.ISSUE, name="Sam Example")
    assert "1 badge was issued" in text(follow(other, confirm(other, batch, ready=1)))


def test_a_page_of_an_earlier_step_leads_to_where_the_list_is(desk: FlaskClient) -> None:
    batch = issued(desk)
    for step in ("questions", "confirm", "approve"):
        page = text(follow(desk, desk.get(f"/desk/issue/{batch}/{step}")))
        assert "it is now: finished" in page
        assert "1 badge was issued" in page


def test_a_list_that_is_not_here_is_not_found(desk: FlaskClient) -> None:
    assert desk.get(f"/desk/issue/{'0' * 32}/check").status_code == 404
    assert desk.get(f"/desk/batches/{'0' * 32}").status_code == 404


# --- who may ----------------------------------------------------------------------------------------------------
PAGES = ("", "/questions", "/check", "/confirm")
POSTS = ("/questions", "/check", "/repair", "/accept", "/confirm", "/cancel", "/discard", "/take-back")


def test_who_may_only_read_sees_results_and_can_do_nothing(staff: Staff) -> None:
    batch = issued(staff(Role.ISSUE))
    reader = staff(Role.READ)
    for path in PAGES:
        assert reader.get(f"/desk/issue/{batch}{path}").status_code == 403
    page = reader.get(f"/desk/batches/{batch}")
    assert page.status_code == 200
    assert "Withdraw this list" not in text(page)
    token = csrf_of(page)
    for path in POSTS:
        assert reader.post(f"/desk/issue/{batch}{path}", data={"csrf_token": token}).status_code == 403
    for path in ("/mail", "/retry", "/withdraw", "/cancel"):
        assert reader.post(f"/desk/batches/{batch}{path}", data={"csrf_token": token}).status_code == 403
    assert reader.get(f"/desk/batches/{batch}/slips").status_code == 403


def test_nobody_gets_anywhere_without_signing_in(client: FlaskClient) -> None:
    for path in ("/desk/issue", "/desk/batches", f"/desk/batches/{'0' * 32}", f"/desk/issue/{'0' * 32}/check"):
        assert "/sign-in" in client.get(path).headers["Location"]


def test_a_form_without_its_token_does_nothing(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD))
    for path in POSTS:
        assert desk.post(f"/desk/issue/{batch}{path}", data={"ready": "1", "mail": "hold"}).status_code == 400
    done = issued(desk, GOOD.replace("Mere", "Hana"))
    for path in ("/mail", "/retry", "/withdraw", "/cancel"):
        assert desk.post(f"/desk/batches/{done}{path}", data={"reason": "duplicate"}).status_code == 400
    assert "1 badge is ready" in text(desk.get(f"/desk/issue/{batch}/check"))


# --- four eyes --------------------------------------------------------------------------------------------------
def test_with_four_eyes_somebody_else_approves(app: Flask, staff: Staff) -> None:
    choose(app, four_eyes=True)
    both = staff(Role.ISSUE, Role.APPROVE, name="Hine Tauira")
    batch = batch_of(upload(both, GOOD))
    assert "Send 1 badge for approval" in text(both.get(f"/desk/issue/{batch}/confirm"))
    page = text(follow(both, confirm(both, batch, ready=1)))
    assert "somebody else has to approve it" in page
    url = f"/desk/issue/{batch}/approve"
    refused = both.post(url, data={"csrf_token": csrf_of(both.get(url)), "ready": "1", "decision": "approve"})
    assert "somebody else has to approve it" in text(follow(both, refused))
    other = staff(Role.APPROVE, Role.READ, name="Sam Example")
    assert "Approve and issue 1 badge" in text(other.get(url))
    stale = follow(other, press(other, url, ready="9", decision="approve"))
    assert "Nothing was approved" in text(stale)
    done = follow(other, press(other, url, ready="1", decision="approve"))
    assert "1 badge was issued" in text(done)
    assert "approved by Sam Example" in text(done)


def test_a_list_that_is_sent_back_is_with_its_preparer_again(app: Flask, staff: Staff) -> None:
    choose(app, four_eyes=True)
    preparer, other = staff(Role.ISSUE, name="Hine Tauira"), staff(Role.APPROVE, Role.READ, name="Sam Example")
    batch = batch_of(upload(preparer, GOOD))
    confirm(preparer, batch, ready=1)
    follow(other, press(other, f"/desk/issue/{batch}/approve", decision="back"))
    page = text(preparer.get(f"/desk/issue/{batch}/check"))
    assert "sent it back" in page
    assert "Go on with 1 badge" in page


def test_rows_that_are_tried_again_are_approved_again(app: Flask, staff: Staff) -> None:
    choose(app, four_eyes=True)
    preparer, other = staff(Role.ISSUE, name="Hine Tauira"), staff(Role.APPROVE, Role.READ, name="Sam Example")
    batch = batch_of(upload(preparer, GOOD + f"Ana Ngata,{REF},31/02/2026,ana@learner.example\n"))
    confirm(preparer, batch, ready=1)
    url, check = f"/desk/issue/{batch}/approve", f"/desk/issue/{batch}/check"
    follow(other, press(other, url, ready="1", decision="approve"))
    assert "Save and send these rows for approval" in text(preparer.get(check))
    press(preparer, f"/desk/issue/{batch}/repair", on=check, **{"fix-3-achieved_on": "2026-02-28"})
    page = text(follow(preparer, press(preparer, f"/desk/batches/{batch}/retry", on=check)))
    assert "1 row waits for approval to be tried again" in page
    assert "Try 1 row again?" in text(other.get(url))
    done = text(follow(other, press(other, url, ready="0", decision="approve")))
    assert "2 badges were issued" in done


def test_whoever_waits_for_approval_may_take_the_list_back(app: Flask, desk: FlaskClient) -> None:
    choose(app, four_eyes=True)
    batch = batch_of(upload(desk, GOOD))
    confirm(desk, batch, ready=1)
    answer = press(desk, f"/desk/issue/{batch}/take-back", on=f"/desk/issue/{batch}/approve")
    assert "Go on with 1 badge" in text(follow(desk, answer))


# --- on its way -------------------------------------------------------------------------------------------------
def test_progress_is_a_page_that_can_be_closed_and_stopped(instance_folder: Path) -> None:
    app = make_site(instance_folder, runner=Idle())
    desk = sign_in(app, add_staff(site_of(app).instance, Role.ISSUE, Role.READ))
    batch = batch_of(upload(desk, GOOD))
    page = text(desk.get(f"/desk/issue/{batch}/check"))
    assert "Checking your list" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert f'data-progress="/desk/issue/{batch}/check"' in page
    stopped = follow(desk, press(desk, f"/desk/issue/{batch}/cancel", on=f"/desk/issue/{batch}/check"))
    assert "How your list is read" in text(stopped)
    site_of(app).close()


def test_a_queued_list_can_be_stopped_before_anything_is_issued(app: Flask, desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD))
    site_of(app).runner = Idle()
    confirm(desk, batch, ready=1)
    page = desk.get(f"/desk/batches/{batch}")
    assert "Issuing badges" in text(page)
    assert "data-progress" in text(desk.get(f"/desk/batches/{batch}/progress"))
    stopped = desk.post(f"/desk/batches/{batch}/cancel", data={"csrf_token": csrf_of(page)})
    assert "Go on with 1 badge" in text(follow(desk, stopped))


# --- afterwards -------------------------------------------------------------------------------------------------
def test_failed_rows_are_mended_and_tried_again_and_what_was_issued_stands(desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ana Ngata,{REF},31/02/2026,ana@learner.example\n")
    page = text(desk.get(f"/desk/batches/{batch}?only=failed"))
    assert "not issued" in page
    check = f"/desk/issue/{batch}/check"
    assert "Rows that were not issued" in text(desk.get(check))
    mended = {"fix-3-achieved_on": "2026-02-28", "then": "issue"}
    answer = press(desk, f"/desk/issue/{batch}/repair", on=check, **mended)
    assert answer.status_code == 307
    done = text(follow(desk, press(desk, answer.headers["Location"], on=check, **mended)))
    assert "2 badges were issued" in done
    assert "Ana Ngata" in done


def test_results_can_be_filtered_and_downloaded(desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ana Ngata,{REF},31/02/2026,\n")
    assert "Mere Āwhina" not in text(desk.get(f"/desk/batches/{batch}?only=failed"))
    assert "Mere Āwhina" in text(desk.get(f"/desk/batches/{batch}?only=issued"))
    assert "Mere Āwhina" in text(desk.get(f"/desk/batches/{batch}?only=nonsense&page=nonsense"))
    csv = text(desk.get(f"/desk/batches/{batch}/results.csv"))
    assert csv.splitlines()[0].startswith("\ufeffrow,row_key,outcome")
    assert len(csv.splitlines()) == 3


def test_held_mail_is_released_and_held_back_again(desk: FlaskClient) -> None:
    batch = issued(desk)
    url, page = f"/desk/batches/{batch}/mail", f"/desk/batches/{batch}"
    assert "1 mail was released" in text(follow(desk, press(desk, url, on=page, do="release")))
    assert "Nothing had to change" in text(follow(desk, press(desk, url, on=page, do="release")))
    assert "1 mail is held back" in text(follow(desk, press(desk, url, on=page, do="hold")))


def test_a_whole_list_is_withdrawn_by_its_exact_number_and_a_reason(desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ana Ngata,{REF},2026-10-05,\n", ready=2)
    url = f"/desk/batches/{batch}/withdraw"
    assert "Withdraw 2 badges?" in text(desk.get(url))
    assert "Say why." in text(press(desk, url, number="2"))
    assert press(desk, url, number="3", reason="duplicate").status_code == 409
    done = text(follow(desk, press(desk, url, number="2", reason="issued-in-error")))
    assert "2 badges were withdrawn. 1 mail that had not left was cancelled." in done
    assert "This list was withdrawn" in done
    assert "nothing to withdraw" in text(follow(desk, desk.get(url)))


def test_opening_the_slips_is_written_down_and_a_withdrawn_badge_has_none(app: Flask, desk: FlaskClient) -> None:
    batch = issued(desk, f"{HEADER}\nAna Ngata,{REF},2026-10-05,\n")
    assert "Ana Ngata" in text(desk.get(f"/desk/batches/{batch}/slips"))
    with site_of(app).instance.store.reading() as connection:
        actions = [entry.action for entry in audit_log.load_entries(connection)]
    assert actions.count("links-printed") == 1
    press(desk, f"/desk/batches/{batch}/withdraw", number="1", reason="duplicate")
    assert "no slip to print" in text(desk.get(f"/desk/batches/{batch}/slips"))


def test_lists_are_found_by_their_day_and_drafts_are_continued_or_discarded(desk: FlaskClient) -> None:
    assert "There is no class list yet." in text(desk.get("/desk/batches"))
    batch = batch_of(upload(desk, GOOD))
    page = text(desk.get("/desk/batches"))
    assert f"/desk/issue/{batch}/check" in page
    assert "checked, not issued" in page
    assert "class.csv" in text(desk.get("/desk/batches?day=22/11/2026"))
    assert "No list was begun on that day." in text(desk.get("/desk/batches?day=2026-11-21"))
    assert "Write the day as" in text(desk.get("/desk/batches?day=soon"))
    gone = press(desk, f"/desk/issue/{batch}/discard", on=f"/desk/issue/{batch}/check")
    assert "nothing was issued" in text(follow(desk, gone))
    assert "It was discarded" in text(desk.get(f"/desk/batches/{batch}"))
    assert "discarded" in text(follow(desk, desk.get(f"/desk/issue/{batch}/check")))


def test_results_stay_when_the_class_list_was_erased(app: Flask, desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ana Ngata,{REF},31/02/2026,\n")
    purge_uploads(site_of(app).instance, now=NOW + timedelta(days=400), days=30)
    page = text(desk.get(f"/desk/batches/{batch}"))
    assert "File erased" in page
    assert "Try these rows again" not in page
    answer = follow(desk, press(desk, f"/desk/batches/{batch}/retry", on=f"/desk/batches/{batch}"))
    assert "erased by now" in text(answer)


def test_a_page_of_many_problem_rows_keeps_what_was_typed_before_the_next(desk: FlaskClient) -> None:
    rows = "".join(f"Learner {number} Tāmati,{REF},31/02/2026,\n" for number in range(60))
    batch = batch_of(upload(desk, f"{HEADER}\n{rows}"))
    check = f"/desk/issue/{batch}/check"
    assert "60 rows need fixing" in text(desk.get(check))
    saved = press(
        desk,
        f"{check.removesuffix('check')}repair?page=1",
        on=check,
        then="next",
        **{"fix-2-achieved_on": "2026-02-27"},
    )
    page = text(follow(desk, saved))
    assert "Page 2 of 3" in page
    assert "Rows were changed since this check" in page
    assert 'value="2026-02-27"' in text(desk.get(check))


def test_the_pages_speak_te_reo_and_so_do_the_faults_of_the_rows(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, GOOD + f"Ana Ngata,{REF},31/02/2026,\n"))
    page = text(desk.get(f"/desk/issue/{batch}/check?lang=mi"))
    assert '<html lang="mi">' in page
    assert "“31/02/2026”: kāore tēnei rā i te maramataka." in page
    assert '<span lang="en">' not in page
    assert "Rows to fix" not in page


# --- withdrawn, and issued anew ---------------------------------------------------------------------------------
def withdrawn(desk: FlaskClient, data: str = GOOD, *, ready: int = 1) -> str:
    """A list that was issued and withdrawn whole."""
    batch = issued(desk, data, ready=ready)
    press(desk, f"/desk/batches/{batch}/withdraw", number=str(ready), reason="issued-in-error")
    return batch


def test_a_withdrawn_badge_is_issued_anew_when_a_person_says_so_and_only_once(desk: FlaskClient) -> None:
    withdrawn(desk)
    batch = batch_of(upload(desk, GOOD))
    check = f"/desk/issue/{batch}/check"
    page = text(desk.get(check))
    assert "had a badge that was withdrawn on 22 November 2026" in page
    assert "1 badge was issued from it. 1 of them has been withdrawn since." in page
    assert "has the badge already" not in page
    again = text(follow(desk, press(desk, f"/desk/issue/{batch}/check", on=check)))
    assert "Nothing to issue" in again  # never of itself
    chosen = text(follow(desk, press(desk, f"/desk/issue/{batch}/repair", on=check, **{"anew-2": "true"})))
    assert "1 badge is ready" in chosen
    assert "in place of a withdrawn badge: 1" in chosen
    other = batch_of(upload(desk, GOOD))  # another window, the same choice
    press(desk, f"/desk/issue/{other}/repair", on=f"/desk/issue/{other}/check", **{"anew-2": "true"})
    assert "1 badge was issued" in text(follow(desk, confirm(desk, batch, ready=1)))
    twice = press(desk, f"/desk/issue/{batch}/confirm", on="/desk/issue", ready="1", mail="hold")
    assert "1 badge was issued" in text(follow(desk, twice))
    late = text(follow(desk, confirm(desk, other, ready=1)))
    assert "Something has changed" in late
    assert "has the badge already" in text(follow(desk, desk.get(f"/desk/issue/{other}")))
    third = batch_of(upload(desk, GOOD))
    assert "Every learner in this list has the badge already." in text(desk.get(f"/desk/issue/{third}/check"))


def test_the_choice_to_issue_anew_can_be_taken_back(desk: FlaskClient) -> None:
    withdrawn(desk, GOOD + f"Ana Ngata,{REF},2026-10-05,ana@learner.example\n", ready=2)
    batch = batch_of(upload(desk, GOOD + f"Ana Ngata,{REF},2026-10-05,ana@learner.example\n"))
    check, repair = f"/desk/issue/{batch}/check", f"/desk/issue/{batch}/repair"
    assert "Ana Ngata" in text(desk.get(check))
    assert "2 badges are ready" in text(follow(desk, press(desk, repair, on=check, **{"anew-all": "true"})))
    assert "1 badge is ready" in text(follow(desk, press(desk, repair, on=check, **{"not-anew-3": "true"})))
    forged = text(follow(desk, press(desk, repair, on=check, **{"anew-99": "true"})))
    assert "1 badge is ready" in forged


def test_a_single_badge_that_was_withdrawn_is_issued_anew_on_a_tick(desk: FlaskClient) -> None:
    withdrawn(desk)
    form = {"learner_name": "Mere Āwhina", "nzqa_ref": REF, "achieved_on": "2026-10-05", "mail": "hold"}
    form |= {"learner_email": "mere@learner.example", "step": "confirm"}
    asked = press(desk, "/desk/badges/new", **form)
    page = text(asked)
    assert "it was withdrawn on 22 November 2026. Nothing was issued." in page
    short_id = re.search(r'name="anew" value="([a-z2-7]{26})"', page)
    assert short_id is not None
    done = press(desk, "/desk/badges/new", **form, anew=short_id[1])
    assert "The badge was issued." in text(follow(desk, done))
    twice = press(desk, "/desk/badges/new", **form, anew=short_id[1])
    assert twice.headers["Location"] == done.headers["Location"]


# --- what to look at before -------------------------------------------------------------------------------------
def test_a_grade_that_says_no_is_pointed_out_and_the_row_left_out_right_there(desk: FlaskClient) -> None:
    rows = f"Mere Āwhina,{REF},2026-10-05,Achieved,a@x.example\nAna Ngata,{REF},2026-10-05,Not achieved,b@x.example\n"
    batch = batch_of(upload(desk, "Name,Course,Completed,Final grade,E-mail\n" + rows))
    check = f"/desk/issue/{batch}/check"
    page = text(desk.get(check))
    assert "Perhaps not achieved: 1" in page
    assert "Final grade:" in page
    assert "1 ready row may be wrong" in page
    assert "1 ready row may be wrong" in text(desk.get(f"/desk/issue/{batch}/confirm"))
    assert "Not achieved" not in page
    left = follow(desk, press(desk, f"/desk/issue/{batch}/repair", on=check, **{"leave-3": "true"}))
    assert "1 badge is ready" in text(left)


def test_one_student_number_under_two_names_is_pointed_out_without_the_number(desk: FlaskClient) -> None:
    rows = f"Mere Āwhina,{REF},2026-10-05,{NSN}\nAna Ngata,{REF},2026-10-05,{NSN}\nmere awhina,{REF},2026-10-06,{NSN}\n"
    batch = batch_of(upload(desk, "Name,Course,Completed,NSN\n" + rows))
    page = text(desk.get(f"/desk/issue/{batch}/check"))
    assert "One student number under two names: 3" in page
    assert "stands in row 2, 4, under another name" in page
    assert NSN not in page


def test_what_the_register_refuses_can_be_mended_by_its_day_too(desk: FlaskClient) -> None:
    batch = batch_of(upload(desk, f"{HEADER}\nMere Āwhina,{REF},2011-10-05,mere@learner.example\n"))
    page = text(desk.get(f"/desk/issue/{batch}/check"))
    assert 'id="fix-2-achieved_on"' in page
    assert re.search(rf'<option value="{REF}">[^<]+ \({REF}\)</option>', page)


def test_one_save_is_one_entry_in_the_audit_trail(app: Flask, desk: FlaskClient) -> None:
    rows = "".join(f"Learner {number} Tāmati,{REF},31/02/2026,\n" for number in range(5))
    batch = batch_of(upload(desk, f"{HEADER}\n{rows}"))
    mended = {f"fix-{line}-achieved_on": "2026-02-27" for line in range(2, 7)}
    press(desk, f"/desk/issue/{batch}/repair", on=f"/desk/issue/{batch}/check", **mended)
    with site_of(app).instance.store.reading() as connection:
        actions = [entry.action for entry in audit_log.load_entries(connection)]
    assert actions.count("upload-change") == 1
    assert "5 badges are ready" in text(desk.get(f"/desk/issue/{batch}/check"))


# --- what stands on the pages -----------------------------------------------------------------------------------
def test_the_approver_sees_every_badge_with_its_address_and_says_why_not(app: Flask, staff: Staff) -> None:
    choose(app, four_eyes=True)
    preparer, other = staff(Role.ISSUE, name="Hine Tauira"), staff(Role.APPROVE, name="Sam Example")
    rows = "".join(f"Learner {number} Tāmati,{REF},2026-10-05,learner{number}@x.example\n" for number in range(120))
    batch = batch_of(upload(preparer, f"{HEADER}\n{rows}"))
    sent = text(follow(preparer, confirm(preparer, batch, ready=120)))
    assert "120 badges wait for approval" in sent
    assert "Approve 120 badges?" not in sent
    url = f"/desk/issue/{batch}/approve"
    assert f'href="{url}"' in text(other.get("/desk"))
    assert "learner99@x.example" in text(other.get(url))
    assert "learner119@x.example" in text(other.get(f"{url}?page=2"))
    follow(other, press(other, url, decision="back", why="Learner 7 has left"))
    assert "Learner 7 has left" in text(preparer.get(f"/desk/issue/{batch}/check"))


def test_trying_rows_again_is_answered(desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ana Ngata,{REF},31/02/2026,ana@learner.example\n")
    page = f"/desk/batches/{batch}"
    assert "Ana Ngata" in text(desk.get(f"{page}?only=failed"))
    told = text(follow(desk, press(desk, f"{page}/retry", on=page)))
    assert "Tried again: 0 more badges were issued. 1 row is still not issued." in told


def test_results_for_a_spreadsheet_keep_macrons_and_name_the_learners(desk: FlaskClient) -> None:
    batch = issued(desk, GOOD + f"Ānahera Ngata,{REF},31/02/2026,\n")
    data = desk.get(f"/desk/batches/{batch}/results.csv").get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[0].endswith(",learner_name")
    assert lines[1].endswith(",Mere Āwhina")
    assert lines[2].endswith(",Ānahera Ngata")


def test_lists_with_nothing_to_do_are_folded_away_and_not_counted(desk: FlaskClient) -> None:
    issued(desk)
    upload(desk, GOOD)
    gone = batch_of(upload(desk, GOOD.replace("Mere", "Hana")))
    press(desk, f"/desk/issue/{gone}/discard", on=f"/desk/issue/{gone}/check")
    page = text(desk.get("/desk/batches"))
    assert "Show 2 lists that were discarded or had nothing to issue" in page
    assert "1 list, the newest first" in page
    assert "3 lists, the newest first" in text(desk.get("/desk/batches?all=1"))
    assert "not finished" not in text(desk.get("/desk"))


def test_the_order_of_day_and_month_is_asked_of_the_days_in_doubt_alone(desk: FlaskClient) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "Course", "Completed"])
    for name, day in (("Mere", date(2026, 5, 3)), ("Ana", "3/05/2026"), ("Ria", "05/25/2026")):
        sheet.append([name, REF, day])
    data = io.BytesIO()
    book.save(data)
    page = text(follow(desk, upload(desk, data.getvalue(), "class.xlsx")))
    assert "<code>3/05/2026</code>" in page
    assert "<code>2026-05-03</code>" not in page
