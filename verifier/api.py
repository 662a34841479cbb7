"""Checking a file from Python in three lines: puts surroundings together, and leaves every judgement to `verify`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from os import PathLike
from pathlib import Path

from keys.retrieval import Fetch, load_did_map, no_network
from schemas.limits import MAX_IMAGE_BYTES
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY, Policy
from verifier.register.anchor import load_anchor
from verifier.register.edition import load_edition
from verifier.report import Report
from verifier.verify import Surroundings, verify


def check_file(
    path: str | PathLike[str],
    *,
    at: datetime,
    register: str | PathLike[str] | None = None,
    anchor: str | PathLike[str] | None = None,
    did_map: str | PathLike[str] | None = None,
    fetch: Fetch = no_network,
    policy: Policy = BADGE_POLICY,
) -> Report:
    """The report on one badge file (JSON, JWS, PNG, SVG or PDF) as at an aware instant.

    `register` is a signed edition and `anchor` the authority's pinned key file; with an anchor alone, the statements
    of that authority that a badge carries are believed. Addresses are looked up in `did_map`, then by `fetch`, which
    by default reaches nothing; `verifier.fetch.GuardedFetch` is the guarded client. A bad badge is a report, never an
    exception; raises OSError when the file cannot be read, and BadgeError for a register, anchor or map that cannot
    be used.
    """
    if register is not None and anchor is None:
        raise ValueError("a register is only believed under a pinned key: give the anchor too")
    pinned = None if anchor is None else load_anchor(Path(anchor))
    edition = None if register is None or pinned is None else load_edition(Path(register), anchor=pinned)
    answers = fetch if did_map is None else load_did_map(Path(did_map), at=at, otherwise=fetch)
    with Path(path).open("rb") as file:
        subject = intake_bytes(file.read(MAX_IMAGE_BYTES + 1), name=str(path))
    return verify(
        replace(subject, name=Path(path).name),
        policy=policy,
        surroundings=Surroundings(fetch=answers, edition=edition, anchor=pinned),
        at=at,
    )
