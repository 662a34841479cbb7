"""The files of a batch: badges as JSON and picture, `results.csv`, `claim-links.csv`; written after the commit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from issuer.bulk.delivering import claim_token
from issuer.files import PRIVATE, write_if_different, write_whole
from issuer.instance import Instance
from issuer.results import RowOutcome, RowResult, WrittenFiles, results_csv
from issuer.store import claims_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import StoredClaim
from schemas.errors import InputError

BADGES_FOLDER = "badges"
RESULTS_FILE = "results.csv"
LINKS_FILE = "claim-links.csv"
_AT_ONCE = 500  # ids in one query


class BadgePictures(Protocol):
    """Draws and bakes; `issuer.drawing.pictures.Pictures` is one."""

    def png(self, document: bytes) -> bytes: ...
    def svg(self, document: bytes) -> bytes: ...


class Outputs:
    """A folder being filled. After the first fault nothing more is written, and `fault` says what it was."""

    def __init__(self, folder: Path, instance: Instance, *, pictures: BadgePictures) -> None:
        self._folder = folder
        self._instance = instance
        self._pictures = pictures
        self.files: dict[str, WrittenFiles] = {}
        self.fault: OSError | None = None

    def check_writable(self) -> None:
        """Raises InputError while nothing has been issued yet, rather than after."""
        probe = self._folder / BADGES_FOLDER / ".probe"
        try:
            write_whole(probe, b"")
            probe.unlink()
        except OSError as error:
            raise InputError(
                f"The folder {self._folder} cannot be written to ({error.strerror}); nothing was issued."
            ) from error

    def write_badges(self, results: Iterable[RowResult]) -> None:
        """Write what is missing or out of date of the badges in these results; a withdrawn one is not handed out."""
        short_ids = [
            result.short_id
            for result in results
            if result.short_id is not None
            and (result.outcome is RowOutcome.ISSUED or result.reason == "already-issued")
        ]
        if not short_ids or self.fault is not None:
            return
        with self._instance.store.reading() as connection:
            documents = credential_store.load_documents(connection, short_ids)
        try:
            for short_id in short_ids:
                self._write_badge(documents[short_id])
        except OSError as error:
            self.fault = error

    def write_results(self, results: Sequence[RowResult]) -> None:
        """Write `results.csv`, for its owner alone: its sentences may quote the class list."""
        if self.fault is not None:
            return
        badges_url = f"{self._instance.config.base_url}/badges"
        try:
            data = results_csv(results, files=self.files, badges_url=badges_url)
            write_whole(self._folder / RESULTS_FILE, data, mode=PRIVATE)
            self._write_links(results)
        except OSError as error:
            self.fault = error

    def _write_links(self, results: Sequence[RowResult]) -> None:
        """Write the claim links not taken yet, apart and for their owner alone: whoever has one has the badge."""
        lines = {result.short_id: result.line for result in results if result.short_id is not None}
        ids = list(lines)
        claims: dict[str, StoredClaim] = {}
        with self._instance.store.reading() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                claims |= claims_rows.load_claims(connection, ids[start : start + _AT_ONCE])
        text = io.StringIO(newline="")
        table = csv.writer(text)
        table.writerow(("row", "credential_id", "claim_link"))
        for short_id, line in lines.items():
            claim = claims.get(short_id)
            if claim is not None and claim.claimed_at is None:
                secret = claim_token(self._instance, short_id, serial=claim.link_serial)
                link = f"{self._instance.config.base_url}/claim/{secret}"
                table.writerow((line, self._instance.badge_url(short_id), link))
        write_whole(self._folder / LINKS_FILE, text.getvalue().encode(), mode=PRIVATE)

    @property
    def fault_sentence(self) -> str:
        """What a person needs to know when a file could not be written: the badges stand."""
        told = self.fault.strerror if self.fault is not None else "no fault"
        return (
            f"Everything is issued and recorded, but the folder {self._folder} could not be completed ({told}). "
            "Mend that and run the same command again: nothing is issued twice, and the missing files are written."
        )

    def _write_badge(self, stored: credential_store.StoredDocument) -> None:
        stem = f"{BADGES_FOLDER}/{stored.short_id}"
        write_if_different(self._folder / f"{stem}.json", stored.document)
        write_if_different(self._folder / f"{stem}.png", self._pictures.png(stored.document))
        if stored.jwt is not None:
            write_if_different(self._folder / f"{stem}.jwt", stored.jwt.encode("ascii"))
        self.files[stored.short_id] = WrittenFiles(json=f"{stem}.json", png=f"{stem}.png")
