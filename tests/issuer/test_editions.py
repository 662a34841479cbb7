"""Which register an instance issues by: verified, kept, and never an older one or another authority's."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from issuer.instance import Instance
from issuer.trust.editions import load_edition, use_edition
from schemas.errors import BadgeError, IssuingError, NotAuthorised, ProofInvalid
from schemas.jsontext import write_json
from tests.issuer.provider import ANCHOR, NOW, edition_for


def use(instance: Instance, data: bytes, *, anchor: bytes = ANCHOR) -> None:
    use_edition(instance, data, anchor_data=anchor, now=NOW, actor="test")


def current(instance: Instance) -> tuple[int, str]:
    edition = load_edition(instance)
    assert edition is not None
    return edition.number, edition.sha256


def test_a_newer_edition_of_the_chain_is_put_to_use(instance: Instance) -> None:
    _, first = current(instance)
    data = edition_for(instance, number=2, previous_sha256=first, as_at=date(2026, 11, 20))
    use(instance, data)
    assert current(instance)[0] == 2
    assert (instance.folder / "register" / "edition-1.json").is_file()
    again = use_edition(instance, data, anchor_data=ANCHOR, now=NOW, actor="test")
    assert again.already


def test_an_edition_further_on_is_put_to_use(instance: Instance) -> None:
    use(instance, edition_for(instance, number=5, previous_sha256="a" * 64))
    assert current(instance)[0] == 5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {"number": 1, "as_at": date(2026, 11, 14)}, "two editions 1", id="another edition of the same number"
        ),
        pytest.param({"number": 2, "previous_sha256": "a" * 64}, "split in two", id="a fork of the chain"),
        pytest.param(
            {"number": 3, "previous_sha256": "a" * 64, "as_at": date(2026, 1, 1)},
            "out of order",
            id="a later edition of an earlier day",
        ),
    ],
)
def test_a_rollback_or_a_fork_is_refused(instance: Instance, changes: dict[str, object], told: str) -> None:
    before = current(instance)
    with pytest.raises(IssuingError, match=told):
        use(instance, edition_for(instance, **changes))  # type: ignore[arg-type]  # the changes are its own arguments
    assert current(instance) == before


def test_an_older_edition_is_refused(instance: Instance) -> None:
    _, first_sha256 = current(instance)
    first = (instance.folder / "register" / "edition-1.json").read_bytes()
    use(instance, edition_for(instance, number=2, previous_sha256=first_sha256))
    with pytest.raises(IssuingError, match="is older than edition 2"):
        use(instance, first)


def test_a_tampered_edition_is_refused_and_nothing_changes(instance: Instance) -> None:
    before = current(instance)
    document = json.loads(edition_for(instance, number=2, previous_sha256=before[1]))
    document["listings"][0]["level"] = 9
    with pytest.raises(ProofInvalid):
        use(instance, write_json(document))
    assert current(instance) == before


def test_another_authority_is_refused(instance: Instance) -> None:
    anchor = json.loads(ANCHOR)
    anchor["keys"][0]["publicKeyMultibase"] = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    with pytest.raises((ProofInvalid, NotAuthorised)):
        use(instance, edition_for(instance, number=2), anchor=write_json(anchor))


def test_a_kept_edition_that_was_changed_is_noticed(instance: Instance) -> None:
    path = instance.folder / "register" / "edition-1.json"
    path.write_bytes(path.read_bytes().replace(b'"level":"4"', b'"level":"5"').replace(b'"level":4', b'"level":5'))
    with pytest.raises(BadgeError):
        load_edition(instance)


def test_without_a_register_there_is_none(instance: Instance) -> None:
    Path(instance.folder / "register" / "current.json").unlink()
    assert load_edition(instance) is None
