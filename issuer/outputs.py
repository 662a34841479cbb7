"""The files of a batch: badges as JSON and picture, `results.csv`, `claim-links.csv`; written after the commit."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from issuer.bulk.delivering import claim_token
from issuer.files import PRIVATE, write_if_different, write_whole, writing_whole
from issuer.instance import Instance
from issuer.results import NOT_WRITTEN, RowOutcome, RowResult, WrittenFiles, write_results
from issuer.store import claims_rows
from issuer.store import credentials as credential_store
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
        self.fault: OSError | None = None

    @property
    def results_file(self) -> Path:
        return self._folder / RESULTS_FILE

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
        short_ids = [short_id for result in results if (short_id := _handed_out(result))]
        if not short_ids or self.fault is not None:
            return
        with self._instance.store.reading() as connection:
            documents = credential_store.load_documents(connection, short_ids)
        try:
            for short_id in short_ids:
                self._write_badge(documents[short_id])
        except OSError as error:
            self.fault = error

    def write_results(self, results: Iterable[RowResult]) -> None:
        """Write `results.csv`, for its owner alone: its sentences may quote the class list.

        The results are those given to `write_badges` and the others, by their lines; they are gone through twice.
        """
        if self.fault is not None:
            return
        badges_url = f"{self._instance.config.base_url}/badges"
        try:
            with writing_whole(self.results_file, mode=PRIVATE) as text:
                write_results(text, results, files_of=_files_of, badges_url=badges_url)
            self._write_links(results)
        except OSError as error:
            self.fault = error

    def _write_links(self, results: Iterable[RowResult]) -> None:
        """Write the claim links not taken yet, apart and for their owner alone: whoever has one has the badge."""
        with_badge = (result for result in results if result.short_id is not None)
        with writing_whole(self._folder / LINKS_FILE, mode=PRIVATE) as text:
            table = csv.writer(text)
            table.writerow(("row", "credential_id", "claim_link"))
            while part := list(islice(with_badge, _AT_ONCE)):
                table.writerows(self._links(part))

    def _links(self, results: Sequence[RowResult]) -> Iterator[tuple[int, str, str]]:
        with self._instance.store.reading() as connection:
            claims = claims_rows.load_claims(connection, [result.short_id or "" for result in results])
        for result in results:
            claim = claims.get(result.short_id or "")
            if claim is not None and claim.claimed_at is None:
                secret = claim_token(self._instance, claim.short_id, serial=claim.link_serial)
                link = f"{self._instance.config.base_url}/claim/{secret}"
                yield result.line, self._instance.badge_url(claim.short_id), link

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


def _handed_out(result: RowResult) -> str | None:
    """The badge whose files are written for this row."""
    is_current = result.outcome is RowOutcome.ISSUED or result.reason == "already-issued"
    return result.short_id if is_current else None


def _files_of(result: RowResult) -> WrittenFiles:
    short_id = _handed_out(result)
    if short_id is None:
        return NOT_WRITTEN
    stem = f"{BADGES_FOLDER}/{short_id}"
    return WrittenFiles(json=f"{stem}.json", png=f"{stem}.png")
