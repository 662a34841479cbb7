"""Every public file of a badge by its name, made from the signed document: for `publish` and for the live service.

Who may see a page is decided here once. A badge that its learner keeps private has no files at its own address; the
key on a printed certificate opens its page and its JSON all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.engine import Connection

from issuer import pages, qr
from issuer.drawing.pictures import Pictures
from issuer.drawing.socialcard import CardState
from issuer.instance import Instance
from issuer.learner.claims import effective_visibility
from issuer.pages import BadgePage, Publisher
from issuer.sharing import share_key
from issuer.store import claims_rows, nzroa_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import StoredClaim, Visibility
from issuer.store.credentials import CurrentBadge, State
from issuer.store.public_rows import PublicRow
from issuer.trust.editions import load_edition
from issuer.words import ENGLISH, LANGUAGES
from schemas.credential import Credential
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.nzqcf import nz_date
from schemas.times import parse_time

_PAGE_STATES: Final[Mapping[State, CardState]] = {
    State.ISSUED: "current",
    State.SUSPENDED: "suspended",
    State.REVOKED: "revoked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A badge with what decides who sees it and what its page adds to the signed document."""

    badge: CurrentBadge
    visibility: Visibility
    share_key: str | None
    nzroa_link: str | None
    reported_on: date | None

    @property
    def short_id(self) -> str:
        return self.badge.credential.short_id

    @property
    def is_private(self) -> bool:
        return self.visibility is Visibility.PRIVATE


class Face:
    """The public files of one instance's badges, for one run or one answer."""

    def __init__(self, instance: Instance, publisher: Publisher) -> None:
        self._instance = instance
        self.publisher = publisher
        self.pictures = Pictures(instance, demonstration=publisher.demonstration, keeps_setups=True)

    def shown(self, connection: Connection, rows: Sequence[PublicRow]) -> list[Shown]:
        """These badges with their documents, in the order of their ids."""
        by_id = {row.short_id: row for row in rows}
        made = []
        for badge in credential_store.load_badges(connection, list(by_id)):
            row = by_id[badge.credential.short_id]
            made.append(
                Shown(
                    badge=badge,
                    visibility=self.visibility_of(row),
                    share_key=None
                    if row.share_serial is None
                    else share_key(self._instance, row.short_id, serial=row.share_serial),
                    nzroa_link=row.nzroa_link,
                    reported_on=None if row.reported_at is None else nz_date(parse_time(row.reported_at)),
                )
            )
        return made

    def visibility_of(self, row: PublicRow) -> Visibility:
        return row.visibility or Visibility(self._instance.config.visibility)

    def find_badge(self, connection: Connection, short_id: str) -> Shown | None:
        """One badge, as it is now."""
        credential = credential_store.load_credential(connection, short_id)
        document = credential_store.load_document(connection, short_id)
        if credential is None or document is None:
            return None
        claim = claims_rows.load_claim(connection, short_id)
        at = nzroa_rows.load_reported_times(connection, short_id=short_id).get(short_id)
        badge = CurrentBadge(credential=credential, document=document)
        return self._shown(badge, claim, None if at is None else nz_date(at))

    def page_of(self, shown: Shown, *, shared: bool = False) -> BadgePage:
        """What the badge's page says, at its own address or at that of a printed certificate."""
        document = shown.badge.document
        return BadgePage(
            short_id=shown.short_id,
            document=parse_object(document.document),
            state=_PAGE_STATES[shown.badge.credential.state],
            corrected=document.version > 1,
            has_jwt=document.jwt is not None,
            visibility=shown.visibility.value,
            reported_on=shown.reported_on,
            nzroa_link=shown.nzroa_link,
            share_key=shown.share_key if shared else None,
        )

    def html(self, page: BadgePage, *, language: str = ENGLISH, root: str | None = None) -> bytes:
        return pages.badge_html(page, self.publisher, language=language, root=root).encode()

    def published_file(self, shown: Shown, suffix: str) -> bytes | None:
        """The file `badges/{id}{suffix}`; None when there is none of that kind."""
        document = shown.badge.document
        match suffix:
            case ".json":
                return document.document
            case ".png":
                return self.pictures.png(document.document)
            case ".svg":
                return self.pictures.svg(document.document)
            case ".jwt":
                return None if document.jwt is None else document.jwt.encode("ascii")
            case ".qr.svg":
                return qr.qr_svg(self._instance.badge_url(shown.short_id))
            case "/card.png":  # inside the page's folder: the files beside it are badges
                return self._card(shown)
            case _:
                return None

    def shared_file(self, shown: Shown, suffix: str) -> bytes | None:
        """The file `s/{key}{suffix}`, for whoever has the key from a printed certificate."""
        if suffix == ".qr.svg":
            return qr.qr_svg(f"{self.publisher.base_url}/s/{shown.share_key}")
        return self.published_file(shown, suffix) if suffix in SHARED_SUFFIXES else None

    def files(self, shown: Shown, *, proof: JsonObject | None = None) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of everything `publish` writes of a badge; `proof` is that of its inclusion in an anchor."""
        if not shown.is_private:
            stem = f"badges/{shown.short_id}"
            for suffix in PUBLISHED_SUFFIXES:
                if (data := self.published_file(shown, suffix)) is not None:
                    yield stem + suffix, data
            yield from self._pages(stem, self.page_of(shown))
            if proof is not None:
                yield f"{stem}.anchor.json", write_json(proof)
        if shown.share_key is not None:
            stem = f"s/{shown.share_key}"
            for suffix in SHARED_SUFFIXES:
                if (data := self.shared_file(shown, suffix)) is not None:
                    yield stem + suffix, data
            yield from self._pages(stem, self.page_of(shown, shared=True))

    def _pages(self, stem: str, page: BadgePage) -> Iterator[tuple[str, bytes]]:
        for language in LANGUAGES:
            yield f"{stem}/{page_file(language)}", self.html(page, language=language)

    def _card(self, shown: Shown) -> bytes:
        """A link's preview names the learner only where they published the page for everyone."""
        document = shown.badge.document.document
        name = None
        if shown.visibility is Visibility.PUBLIC:
            name = Credential.parse(parse_object(document)).learner_name
        return self.pictures.card_png(document, learner_name=name, state=_PAGE_STATES[shown.badge.credential.state])

    def _shown(self, badge: CurrentBadge, claim: StoredClaim | None, reported_on: date | None) -> Shown:
        key = None
        if claim is not None and claim.share_sha256 is not None:
            key = share_key(self._instance, claim.short_id, serial=claim.share_serial)
        return Shown(
            badge=badge,
            visibility=effective_visibility(claim, self._instance.config),
            share_key=key,
            nzroa_link=None if claim is None else claim.nzroa_link,
            reported_on=reported_on,
        )


PUBLISHED_SUFFIXES = (".json", ".png", ".svg", ".jwt", ".qr.svg", "/card.png")
SHARED_SUFFIXES = (".json", ".svg", ".qr.svg")


def page_file(language: str) -> str:
    """A page's file inside the folder of its address."""
    return "index.html" if language == ENGLISH else f"{language}/index.html"


def publisher_of(instance: Instance, *, demonstration: bool | None = None) -> Publisher:
    """What every page says of the instance; whether it is a demonstration is the register's to say, if not known."""
    config = instance.config
    if demonstration is None:
        edition = load_edition(instance)
        demonstration = edition is not None and edition.demonstration
    return Publisher(
        name=config.name,
        provider_number=config.provider,
        did=config.did,
        base_url=config.base_url,
        demonstration=demonstration,
        visibility=config.visibility,
        verifier_url=config.verifier_url,
    )
