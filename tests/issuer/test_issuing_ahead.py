"""Badges are made ahead, by templates and in other processes: what goes wrong there is not kept, what is lost comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from issuer import processes
from issuer.batches import Options, issue_batch
from issuer.instance import Instance, open_instance
from issuer.making import Made, Order
from issuer.store.tables import credentials, documents, status_lists
from issuer.templating import BadgeTemplate
from issuer.trust.editions import load_edition
from issuer.trust.keyuse import compromise_key
from schemas.errors import IssuingError
from tests.issuer.durable import check_exactly_once
from tests.issuer.provider import NOW, class_of, issue, stored_documents

REALLY_MAKE = BadgeTemplate.make


@pytest.fixture(autouse=True)
def _processes_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is planted here must be there too, whatever threads earlier tests have left."""
    monkeypatch.setattr(processes, "is_alone", lambda: True)


def _one_letter(made: Made) -> Made:
    return made._replace(document=made.document.replace(b"Learner", b"Larner"))


def _one_signature_for_another(made: Made) -> Made:
    head, value = made.document.split(b'"proofValue":"z', 1)
    other = b"3" if value[5:6] == b"2" else b"2"
    return made._replace(document=head + b'"proofValue":"z' + value[:5] + other + value[6:])


def _wrong(spoil: Callable[[Made], Made], *, which: Callable[[Order], bool]) -> Callable[..., Made | None]:
    def make(template: BadgeTemplate, order: Order) -> Made | None:
        made = REALLY_MAKE(template, order)
        return spoil(made) if made is not None and which(order) else made

    return make


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        pytest.param(_one_letter, -1, id="a letter in the last badge"),
        pytest.param(_one_letter, 200, id="a letter in the two hundredth badge"),
        pytest.param(_one_signature_for_another, -1, id="a signature of something else"),
    ],
)
def test_what_a_wrong_template_makes_is_not_issued(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Made], Made], place: int, workers: int
) -> None:
    rows = class_of(230)
    name = rows.rows[place].learner_name
    monkeypatch.setattr(BadgeTemplate, "make", _wrong(spoil, which=lambda order: order.award.name == name))
    with pytest.raises(IssuingError, match="self-check stopped the batch") as stopped:
        issue(instance, rows, workers=workers)
    assert stopped.value.extensions["reason"] == "self-check"
    with instance.store.reading() as connection:
        for table in (credentials, documents):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    monkeypatch.undo()
    assert issue(instance, rows).counts.issued == 230  # nothing stands in the way of the right ones
    check_exactly_once(instance, expected=230)


def test_the_chunks_before_a_wrong_one_stand(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = class_of(60)
    name = rows.rows[39].learner_name  # the last of the second chunk
    monkeypatch.setattr(BadgeTemplate, "make", _wrong(_one_letter, which=lambda order: order.award.name == name))
    with pytest.raises(IssuingError, match="self-check"):
        issue(instance, rows, chunk_rows=20)
    check_exactly_once(instance, expected=20)
    monkeypatch.undo()
    report = issue(instance, rows, chunk_rows=20)
    assert (report.counts.issued, report.counts.already) == (40, 20)
    check_exactly_once(instance, expected=60)


def test_a_process_that_is_killed_at_its_work_is_told_and_the_same_command_goes_on(
    any_instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = class_of(80)
    name, parent = rows.rows[45].learner_name, os.getpid()

    def die(template: BadgeTemplate, order: Order) -> Made | None:
        if order.award.name == name and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return REALLY_MAKE(template, order)

    monkeypatch.setattr(BadgeTemplate, "make", die)
    with pytest.raises(IssuingError, match="ended early") as stopped:
        issue(any_instance, rows, chunk_rows=10, workers=2)
    assert stopped.value.extensions["reason"] == "worker-lost"
    monkeypatch.setattr(BadgeTemplate, "make", REALLY_MAKE)
    issue(any_instance, rows, chunk_rows=10, workers=2)
    check_exactly_once(any_instance, expected=80)


def test_a_template_that_is_wrong_from_the_first_is_not_used_at_all(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BadgeTemplate, "make", _wrong(_one_letter, which=lambda _order: True))
    assert issue(instance, class_of(20)).counts.issued == 20
    names = {document["credentialSubject"]["identifier"][0]["identityHash"] for document in stored_documents(instance)}
    assert names == {f"Learner {index} Tāmati" for index in range(20)}


def test_what_a_key_signed_that_was_declared_stolen_meanwhile_is_not_kept(instance: Instance) -> None:
    steps: list[str] = []

    def on_step(name: str) -> None:
        steps.append(name)
        if name == "reserved" and steps.count(name) == 3:  # the third chunk is about to be signed
            with open_instance(instance.folder) as other:
                compromise_key(other, instance.config.credential_key, since=NOW, now=NOW, actor="test")

    terms: dict[str, Any] = {"file_sha256": "0" * 64, "edition": load_edition(instance), "now": NOW, "actor": "test"}
    with pytest.raises(IssuingError, match="signs nothing more"):
        issue_batch(instance, class_of(60), options=Options(chunk_rows=10), on_step=on_step, **terms)
    check_exactly_once(instance, expected=20)


def test_places_of_badges_that_were_not_kept_stay_empty(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = class_of(40)
    name = rows.rows[-1].learner_name
    monkeypatch.setattr(BadgeTemplate, "make", _wrong(_one_letter, which=lambda order: order.award.name == name))
    with pytest.raises(IssuingError):
        issue(instance, rows)
    monkeypatch.undo()
    issue(instance, rows)
    with instance.store.reading() as connection:
        assert connection.scalar(sa.select(status_lists.c.taken)) == 80
        kept = connection.execute(sa.select(documents.c.list_number, documents.c.list_index)).all()
    assert len(set(kept)) == 40
