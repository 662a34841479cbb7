"""What must never leave: student numbers and e-mail addresses, plain or hashed, in any byte that is public or logged."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer.instance import Instance
from issuer.minting import refuse_nsns
from issuer.profile import did_document, issuer_profile, jwks
from issuer.results import RowOutcome
from issuer.status import signed_lists
from issuer.store.tables import audit_log, batch_rows, batches, credentials, nzroa_entries
from schemas.errors import IssuingError
from schemas.jsontext import write_json
from tests.issuer.provider import NOW, Completion, Completions, issue, stored_documents

NSNS = ("123456789", "0987654321")
EMAIL = "mere.awhina@learner.example"
ROWS = (
    Completion(line=2, learner_name="Mere Āwhina", learner_email=EMAIL, nsn=NSNS[0]),
    Completion(line=3, learner_name="Wiremu Kōtare", nsn=NSNS[1], name_display="none"),
)


def forms(secret: str) -> list[bytes]:
    """The secret as it is, and as anybody would hash or encode it."""
    plain = secret.encode()
    digests = [hashlib.new(name, plain).digest() for name in ("sha256", "sha1", "md5", "sha512")]
    return [
        plain,
        base64.b64encode(plain),
        *[digest.hex().encode() for digest in digests],
        *[base64.urlsafe_b64encode(digest).rstrip(b"=") for digest in digests],
    ]


def test_nothing_public_and_nothing_logged_tells_a_number_or_an_address(
    instance: Instance, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    report = issue(instance, Completions(rows=ROWS), out=tmp_path / "out")
    assert report.counts.issued == 2
    public = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    public += [path.name.encode() for path in (tmp_path / "out").rglob("*")]
    public += [write_json(document) for document in stored_documents(instance)]
    public += [write_json(made(instance)) for made in (did_document, issuer_profile, jwks)]
    public += [signed.document for signed in signed_lists(instance, now=NOW)]
    public += [str(result).encode() for result in report.results]
    with instance.store.reading() as connection:
        for table in (audit_log, batches, batch_rows, credentials):
            public += [str(tuple(row)).encode() for row in connection.execute(sa.select(table))]
    public += [caplog.text.encode(), *(stream.encode() for stream in capsys.readouterr())]
    everything = b"\n".join(public)
    for secret in (*NSNS, EMAIL):
        for form in forms(secret):
            assert form not in everything


def test_a_student_number_is_nowhere_in_the_database_in_the_clear(instance: Instance) -> None:
    issue(instance, Completions(rows=ROWS))
    files = [path for path in instance.folder.rglob("*") if path.is_file()]
    assert any(path.name == "badges.sqlite3-wal" for path in files)
    for path in files:
        data = path.read_bytes()
        for nsn in NSNS:
            for form in forms(nsn):
                assert form not in data, path
    with instance.store.reading() as connection:
        assert len(connection.execute(sa.select(nzroa_entries)).all()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("learner_name", "Mere 123456789", id="in the name"),
        pytest.param("preferred_name", "123456789", id="as the preferred name"),
        pytest.param("result", "Pass 123 456 789", id="grouped, in the result"),
        pytest.param("evidence_url", "https://lms.example/u/123456789", id="in the evidence link"),
        pytest.param("row_key", "123456789", id="as the row key"),
    ],
)
def test_a_number_in_a_public_field_fails_the_row_and_is_not_repeated(
    instance: Instance, field: str, value: str
) -> None:
    row = Completion(line=2, nsn="123456789", **{field: value})  # type: ignore[arg-type]  # the field's name is data
    (result,) = issue(instance, Completions(rows=(row,))).results
    assert result.outcome is RowOutcome.FAILED
    assert result.reason == "nsn-in-public-field"
    assert "123456789" not in result.sentence
    assert not stored_documents(instance)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x123456789y", id="between letters"),
        pytest.param("999123456789", id="inside a longer number"),
        pytest.param("123 456 789", id="in groups"),
        pytest.param("123-456-789", id="with hyphens"),
        pytest.param("123.456\u00a0789", id="with a dot and a hard space"),
    ],
)
def test_a_known_number_is_found_anywhere_in_a_document(text: str) -> None:
    with pytest.raises(IssuingError, match="National Student Number") as refused:
        refuse_nsns(text, known=frozenset(NSNS))
    assert NSNS[0] not in str(refused.value)


def test_a_document_without_a_known_number_passes() -> None:
    refuse_nsns("2026-05-04T00:00:00Z 128480-1 111222333", known=frozenset(NSNS))


def test_with_no_name_chosen_the_badge_names_nobody(instance: Instance) -> None:
    issue(instance, Completions(rows=ROWS))
    nameless = [document for document in stored_documents(instance) if "id" in document["credentialSubject"]]
    assert len(nameless) == 1
    assert nameless[0]["credentialSubject"]["id"].startswith("urn:uuid:")
    assert "Kōtare" not in write_json(nameless[0]).decode()
