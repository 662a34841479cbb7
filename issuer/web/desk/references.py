"""Which micro-credentials a form offers: what may be awarded first, the others apart; the issuing decides anew."""

from __future__ import annotations

from datetime import date

from issuer.web.desk.badge_pages import title_of
from issuer.web.site import site
from issuer.web.words import _
from verifier.register.decision import decide

Groups = list[tuple[str, list[tuple[str, str]]]]


def for_issuing(*, today: date, on: date | None) -> Groups:
    """What may be awarded today or on the day given; then what this provider has a right to on some other day."""
    good = _accredited({today, on or today})
    edition, provider = site.edition, site.instance.config.provider
    others = set()
    if edition is not None:
        ours = {provider, *(one.from_moe for one in edition.register.successions_into.get(provider, ()))}
        others = {ref for moe, ref in edition.register.rights_by_pair if moe in ours}
    return _groups(good, others, _("On another day, or not certain"))


def for_correcting(*, today: date, on: date, keep: str) -> Groups:
    """The same for the badge's own day; then all the others, for the day may be what is wrong."""
    good = _accredited({today, on})
    others = {keep} if site.edition is None else {keep, *site.edition.register.versions_by_ref}
    return _groups(good, others, _("Others"))


def _accredited(days: set[date]) -> set[str]:
    edition = site.edition
    if edition is None:
        return set()
    provider = site.instance.config.provider
    refs = edition.register.versions_by_ref
    return {ref for ref in refs if any(decide(edition, provider=provider, ref=ref, on=day) for day in days)}


def _groups(good: set[str], others: set[str], name: str) -> Groups:
    rows = [(_("You may award"), good), (name, others - good)]
    return [(label, _titled(refs)) for label, refs in rows if refs]


def _titled(refs: set[str]) -> list[tuple[str, str]]:
    rows = [(ref, f"{title_of(ref)} ({ref})") for ref in refs]
    return sorted(rows, key=lambda row: row[1].casefold())
