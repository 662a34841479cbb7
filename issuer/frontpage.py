"""The front page: of which micro-credentials there are badges, and how many; of a demonstration, some learners."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from sqlalchemy.engine import Connection

from issuer import pages
from issuer.pages import BadgePage, Publisher
from issuer.publicface import Face
from issuer.store import credentials as credential_store
from issuer.store import public_rows
from issuer.store.claims_rows import Visibility
from schemas.credential import Credential
from schemas.jsontext import parse_object

LISTED_MOST: Final = 100  # learners of a demonstration: a page is for people


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """What the page lists, as it was counted."""

    publisher: Publisher
    achievements: tuple[tuple[str, str, int], ...]
    badges: tuple[BadgePage, ...]
    badges_in_all: int

    @classmethod
    def load(cls, face: Face, connection: Connection) -> Self:
        """Counted by the database; the documents that are read are those of the learners it lists."""
        otherwise = Visibility(face.publisher.visibility)
        titles = {(ref, version): _title(text) for ref, version, text in credential_store.load_achievements(connection)}
        counts: Counter[tuple[str, str]] = Counter()
        for key, number in public_rows.count_shown(connection, otherwise=otherwise).items():
            counts[key[0], titles.get(key, "")] += number
        listed: tuple[BadgePage, ...] = ()
        in_all = 0
        if face.publisher.demonstration:
            # One that its learner wants seen by those who have the link is in no list.
            among = {Visibility.PUBLIC, otherwise} - {Visibility.PRIVATE}
            ids, in_all = public_rows.find_listed(
                connection, among=sorted(among), otherwise=otherwise, limit=LISTED_MOST
            )
            rows = public_rows.load_rows(connection, ids)
            listed = tuple(face.page_of(shown) for shown in face.shown(connection, rows))
        return cls(
            publisher=face.publisher,
            achievements=tuple((ref, title, number) for (ref, title), number in sorted(counts.items())),
            badges=listed,
            badges_in_all=in_all,
        )

    def html(self, *, now: datetime, language: str, root: str | None = None, live: bool = False) -> bytes:
        return pages.index_html(
            self.publisher,
            achievements=self.achievements,
            badges=self.badges,
            badges_in_all=self.badges_in_all,
            as_at=now,
            language=language,
            root=root,
            live=live,
        ).encode()


def _title(achievement: bytes) -> str:
    view = Credential.parse({"credentialSubject": {"achievement": parse_object(achievement)}})
    return (view.achievement.name if view.achievement else None) or ""
