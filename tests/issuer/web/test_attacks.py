"""A hostile visitor, a broken disk, settings changed underneath: every answer is a whole page, and tells no secret."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import create_environ

from issuer.instance import CONFIG_FILE, REGISTER_FOLDER
from issuer.staff.accounts import Role
from issuer.staff.apikeys import Scope, new_key
from issuer.store.engine import SQLITE_FILE
from issuer.trust.editions import CURRENT_FILE
from issuer.web.serving import DiscreetLogger, bound_waiting
from tests.issuer.provider import NOW
from tests.issuer.web.conftest import Staff, add_staff, csrf_of, make_site, sign_in, site_of

HUGE = "9" * 30


@pytest.fixture
def live(instance_folder: Path) -> Callable[[], Flask]:
    """The service as it runs: a fault becomes its page, not a traceback."""
    return lambda: make_site(instance_folder, testing=False)


def test_a_number_that_no_database_takes_is_no_list(client: FlaskClient) -> None:
    assert client.get(f"/status/{HUGE}").status_code == 404


@pytest.mark.parametrize("address", [f"/desk/batches?page={HUGE}", "/desk/audit?from=0001-01-01"])
def test_a_page_or_a_day_beyond_all_bounds_is_answered(staff: Staff, address: str) -> None:
    assert staff(*Role).get(address).status_code == 200


# --- forms and bodies -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/my", "/desk/sign-in", "/desk/issue"])
def test_a_strangers_form_of_a_million_fields_is_refused_unread(client: FlaskClient, address: str) -> None:
    body = "&".join(f"{number:x}=" for number in range(100_000))
    answer = client.post(address, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413


def test_a_class_list_of_megabytes_may_still_be_pasted_by_who_is_signed_in(staff: Staff) -> None:
    browser = staff(Role.ISSUE)
    rows = "learner_name,nzqa_ref,achieved_on\n" + "Mere Tui,0426,2026-05-05\n" * 20_000
    token = csrf_of(browser.get("/desk/issue"))
    answer = browser.post("/desk/issue", data={"pasted": rows, "csrf_token": token})
    assert answer.status_code == 303


def test_a_body_whose_chunks_are_broken_is_the_senders_fault(live: Callable[[], Flask]) -> None:
    from gunicorn.http.errors import InvalidChunkSize

    class Broken:
        def read(self, _size: int = -1) -> bytes:
            raise InvalidChunkSize(b"ZZ")

    environ = create_environ("/my", method="POST", content_type="application/x-www-form-urlencoded")
    environ |= {"wsgi.input": Broken(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    with live().request_context(environ) as context:
        answer = context.app.full_dispatch_request()
    assert answer.status_code == 400


# --- what the service stands on, taken away ---------------------------------------------------------------------
def test_without_a_register_that_can_be_read_pages_and_error_pages_go_on(app: Flask, client: FlaskClient) -> None:
    folder = site_of(app).instance.folder / REGISTER_FOLDER
    assert "Demonstration" in client.get("/nothing").get_data(as_text=True)
    (folder / CURRENT_FILE).write_bytes(b"{")
    for address, status in (("/", 200), ("/nothing", 404), ("/desk/sign-in", 200), ("/claim/x", 404)):
        page = client.get(address)
        assert page.status_code == status
        if address != "/":
            assert "Demonstration" in page.get_data(as_text=True), "what was known last"
    assert client.get("/healthz").get_json()["checks"]["register"] == "degraded"


def test_a_register_folder_that_may_not_be_opened_stops_no_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == REGISTER_FOLDER:
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert client.get("/nothing").status_code == 404
    assert client.get("/healthz").status_code == 200
    assert site_of(app).is_demonstration is False


@pytest.mark.parametrize("text", [None, b"", b"{", b'{"format": 99}'])
def test_while_the_settings_cannot_be_read_those_from_before_hold(
    app: Flask, client: FlaskClient, text: bytes | None
) -> None:
    path = site_of(app).instance.folder / CONFIG_FILE
    whole = path.read_bytes()
    path.unlink()
    if text is not None:
        path.write_bytes(text)
    assert client.get("/").status_code == 200
    path.unlink(missing_ok=True)
    path.write_bytes(whole.replace(b'"suspension": false', b'"suspension": true'))
    assert client.get("/").status_code == 200
    assert site_of(app).instance.config.suspension


@pytest.mark.parametrize("broken", ["away", "no database"])
def test_without_a_database_a_plain_page_says_so_and_names_no_folder(
    live: Callable[[], Flask], instance_folder: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    app = live()
    _made, key = new_key(site_of(app).instance, name="LMS", scopes=list(Scope), days=None, actor="test", now=NOW)
    client = app.test_client()
    assert client.get("/desk/sign-in").status_code == 200
    site_of(app).instance.store.close()
    for path in instance_folder.glob(f"{SQLITE_FILE}*"):
        path.unlink()
    if broken == "away":
        (instance_folder / SQLITE_FILE).mkdir()
    else:
        (instance_folder / SQLITE_FILE).write_bytes(b"not a database, " * 1000)
    for address in ("/", "/desk/sign-in", "/badges/abc", "/claim/" + "a" * 26, "/status/1", "/healthz", "/metrics"):
        answer = client.get(address)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 503, address
        assert str(instance_folder) not in text
    told = client.get("/api/v1/batches/abc", headers={"Authorization": f"Bearer {key}"})
    assert (told.status_code, told.content_type) == (503, "application/problem+json")
    assert "abc" not in caplog.text
    assert "aaaa" not in caplog.text


def test_a_locked_database_is_never_told_as_if_something_had_been_done(
    live: Callable[[], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.store.engine.BUSY_SECONDS", 0.1)
    app = live()
    instance = site_of(app).instance
    browser = sign_in(app, add_staff(instance, *Role))
    token = csrf_of(browser.get("/desk/account"))
    sent = (
        ("/desk/keys/new", {"scope": "read", "name": "LMS"}),
        ("/desk/settings/webhook", {"do": "make", "mark": ""}),
        ("/desk/issue", {"pasted": "learner_name,nzqa_ref,achieved_on\nMere Tui,0426,2026-05-05"}),
    )
    with instance.store.writing():
        for address, form in sent:
            answer = browser.post(address, data={"csrf_token": token, **form})
            assert answer.status_code == 503, address
            assert str(instance.folder) not in answer.get_data(as_text=True)


def test_a_fault_of_the_error_page_itself_is_still_a_page(
    live: Callable[[], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_args: object, **_kwargs: object) -> str:
        raise RuntimeError("mere@learners.example")

    app = live()
    monkeypatch.setattr("issuer.web.app.render_template", burst)
    answer = app.test_client().get("/nothing")
    assert answer.status_code == 404
    assert "<h1>" in answer.get_data(as_text=True)
    assert "@" not in answer.get_data(as_text=True)


def test_the_servers_own_log_names_no_address_of_a_page(caplog: pytest.LogCaptureFixture) -> None:
    from gunicorn.config import Config

    logger = DiscreetLogger(Config())
    logger.error_log.propagate = True
    with caplog.at_level(logging.WARNING):
        try:
            int("mere@learners.example")
        except ValueError:
            logger.exception("Error handling request %s %s", "GET", "/claim/secret")
        logger.warning("Invalid request from ip=192.0.2.1: Invalid request line '/claim/secret'")
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
    assert "@" not in caplog.text


@pytest.mark.network
def test_a_caller_who_falls_silent_keeps_no_thread_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bound_waiting(listener, seconds=1)
        with socket.create_connection(listener.getsockname()) as caller:
            caller.sendall(b"GET /claim/")
            taken, _address = listener.accept()
            with taken:
                assert taken.recv(100) == b"GET /claim/"
                with pytest.raises(BlockingIOError):
                    taken.recv(100)
