"""Server and domain gone: from edition, anchor and archive alone, old badges get the verdicts they got before."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pytest

from demo import drill
from issuer.trust.archive_check import check_archive
from verifier.register.edition import load_anchor, load_edition

EXPECTED = {
    "in force, anchored": ("valid", "current", "valid (accredited)"),
    "awarded under a predecessor's right": ("valid", "current", "valid (accredited-through-predecessor)"),
    "replaced (the learner's old copy)": ("valid", "replaced", "valid (accredited)"),
    "withdrawn": ("valid", "withdrawn", "valid (accredited)"),
    "key stolen later, not anchored": ("unconfirmed", "current", "unconfirmed (accredited)"),
    "key stolen later, signed again (old copy)": ("unconfirmed", "replaced", "unconfirmed (accredited)"),
    "signed with the key after": ("valid", "current", "valid (accredited)"),
}


def test_the_shares_make_a_thousand_and_each_has_its_verdict() -> None:
    assert sum(drill.SHARES.values()) == 1_000
    assert drill.SHARES.keys() == EXPECTED.keys()


@pytest.mark.slow
def test_a_thousand_verdicts_are_what_they_were_when_only_the_archive_is_left(tmp_path: Path) -> None:
    ran = drill.run_drill(tmp_path)
    assert len(ran.copies) == 1_000
    assert ran.after == ran.before
    found = Counter((copy.group, verdicts) for copy, verdicts in zip(ran.copies, ran.after, strict=True))
    assert found == {(group, EXPECTED[group]): count for group, count in drill.SHARES.items()}
    assert ran.reissued == drill.SHARES["key stolen later, signed again (old copy)"]
    # What is left: the archive, the pinned anchor, and what was unpacked.
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} == {
        "anchor.json",
        "archive.zip",
        "left",
    }
    edition = load_edition(
        tmp_path / "left" / "register" / "edition-5.json", anchor=load_anchor(tmp_path / "anchor.json")
    )
    report = check_archive(ran.archive, edition=edition)
    assert report, report.faults[:3]
    assert report.signed_by is not None
    assert report.signed_by.endswith("#status-1")
    with zipfile.ZipFile(ran.archive) as bundle:
        assert not [name for name in bundle.namelist() if name.startswith(("keys/", "secrets/")) or "sqlite" in name]
