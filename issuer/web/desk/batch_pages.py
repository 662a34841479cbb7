"""What the pages about class lists have in common: one list loaded, and what this provider may award."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from flask import abort

from issuer.bulk.batch_views import BatchSummary, BatchView, load_batch_summary, load_batch_view
from issuer.web.desk.badge_pages import title_of
from issuer.web.site import site
from schemas.errors import IssuingError
from verifier.register.decision import decide
from verifier.register.reasons import Outcome


def load_view(batch_id: str, *, page: int = 1, page_size: int = 1, only: str | None = None) -> BatchView:
    """One list and a page of its rows; 404 for one that is not here."""
    with _here():
        return load_batch_view(site.instance, batch_id, page=page, page_size=page_size, only=only)


def load_summary(batch_id: str) -> BatchSummary:
    """Where a list stands; 404 for one that is not here."""
    with _here():
        return load_batch_summary(site.instance, batch_id)


@contextmanager
def _here() -> Iterator[None]:
    try:
        yield
    except IssuingError as error:
        if error.extensions.get("reason") == "unknown-batch":
            abort(404)
        raise


def awardable(*, today: date) -> list[tuple[str, str]]:
    """(reference, title) of what the register gives this provider, now or formerly: class lists may be late."""
    edition = site.edition
    if edition is None:
        return []
    register, provider = edition.register, site.instance.config.provider
    ours = {provider, *(one.from_moe for one in register.successions_into.get(provider, ()))}
    refs = {ref for moe_number, ref in register.rights_by_pair if moe_number in ours}
    refs |= {
        ref
        for ref in register.versions_by_ref
        if decide(edition, provider=provider, ref=ref, on=today).outcome is not Outcome.NOT_ACCREDITED
    }
    rows = ((ref, f"{title_of(ref)} ({ref})") for ref in refs if ref in register.versions_by_ref)
    return sorted(rows, key=lambda row: row[1].casefold())
