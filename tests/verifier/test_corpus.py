"""The corpus of bad inputs over HTTP: no wrong accept, no good control refused, no fault of ours, nothing over its time."""

from __future__ import annotations

import collections
import io
import os

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from schemas.errors import BadgeError
from schemas.jsontext import parse_json
from tests.patience import work_seconds
from tests.simulator import NOW, Simulator
from tests.verifier.corpus import Case, cases
from verifier.web.app import Service, make_app

MOST_SECONDS = 6.0  # of the processor's time; a PDF is read in a process of its own, which has three


def client_for(case: Case) -> FlaskClient:
    world = Simulator()
    if case.prepare is not None:
        case.prepare(world)
    return make_app(Service(edition=world.edition(), clock=lambda: NOW, network=world.web)).test_client()


def send(client: FlaskClient, case: Case, *, accept: str = "*/*", **more: str) -> TestResponse:
    """The badge as a file of a form; the form is put together here, for the client would leave a file open."""
    file = FileStorage(io.BytesIO(case.data), filename="badge", content_type="application/octet-stream")
    boundary, body = encode_multipart({"file": file, **more})
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post("/verify", data=body, content_type=kind, headers={"Accept": accept})


def fault_of(case: Case, client: FlaskClient) -> str | None:
    """What is wrong with the answer, if anything."""
    before = work_seconds()
    answer = send(client, case)
    took = work_seconds() - before
    if took > MOST_SECONDS:
        return f"{case.id}: took {took:.1f} s"
    if answer.status_code >= 500:
        return f"{case.id}: {answer.status_code}"
    if answer.status_code != 200:
        return f"{case.id}: {answer.status_code}, and a bad badge is a result"
    report = answer.json
    if any(check["reason"] == "internal-fault" for check in report["checks"]):
        return f"{case.id}: a step of ours broke down"
    good = (
        report["genuine"]["verdict"] == "valid"
        and report["current"]["verdict"] == "current"
        and report["accredited"]["verdict"] == "valid"
    )
    if case.good is not None and good != case.good:
        found = [report[name]["verdict"] for name in ("genuine", "current", "accredited")]
        return f"{case.id}: {'accepted' if good else 'refused'} {found}"
    return None


def test_no_wrong_accept_no_good_control_refused_and_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    world = Simulator()
    usual = make_app(Service(edition=world.edition(), clock=lambda: NOW, network=world.web)).test_client()
    faults = []
    counts: collections.Counter[str] = collections.Counter()
    for case in cases():
        counts[case.kind] += 1
        if fault := fault_of(case, usual if case.prepare is None else client_for(case)):
            faults.append(fault)
    assert not faults, "\n".join(faults)
    assert sum(counts.values()) > 900, counts
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    if "CORPUS_COUNTS" in os.environ:
        print(counts)


def test_pages_tell_of_every_kind_without_a_fault() -> None:
    """One case of each kind, as a person with a browser sends it."""
    seen: set[str] = set()
    for case in cases():
        if case.kind not in seen:
            seen.add(case.kind)
            answer = send(client_for(case), case, accept="text/html", lang="mi")
            assert answer.status_code == 200, case.id
            assert "</html>" in answer.text


@pytest.mark.slow
def test_by_every_other_way_in_too_nothing_breaks_and_nothing_bad_is_good() -> None:
    """As members of lists, in lists; and through the generic endpoint. Without a register nothing is accredited."""
    world = Simulator()
    client = make_app(Service(clock=lambda: NOW, network=world.web)).test_client()
    members: list[tuple[Case, object]] = []
    for number, case in enumerate(case for case in cases() if case.prepare is None and len(case.data) < 60_000):
        try:
            value: object = case.data.decode("utf-8")
            value = parse_json(case.data) if number % 2 else value  # as a member, or the text that it is
        except UnicodeDecodeError:
            continue
        except BadgeError:
            pass
        members.append((case, value))
    for start in range(0, len(members), 100):
        several = members[start : start + 100]
        answer = client.post("/verify", json={"credentials": [value for _, value in several]})
        assert answer.status_code == 200
        for (case, value), report in zip(several, answer.json, strict=True):
            if "problem" in report:
                assert not isinstance(value, dict | str), case.id
                assert report["problem"]["status"] == 400, case.id
            else:
                assert report["accredited"]["verdict"] != "valid", case.id
                assert not any(check["reason"] == "internal-fault" for check in report["checks"]), case.id
                if case.good:
                    assert report["genuine"]["verdict"] == "valid", case.id
    for case, value in members[::4]:
        answer = client.post("/credentials/verify", json={"verifiableCredential": value})
        assert answer.status_code in {200, 400}, case.id
