"""A badge of an invented learner, to look at before any is issued: never signed, never stored, and it says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from issuer import pages, publicface
from issuer.admission import end_of_validity
from issuer.catalogue import Achievement, achievement_on
from issuer.drawing.pictures import Pictures
from issuer.instance import Instance
from issuer.making import issuer_facts
from issuer.minting import Award, NameDisplay, mint
from issuer.pages import BadgePage
from issuer.store.setups import Setup
from issuer.words import parse_language
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject, write_json
from schemas.nzqcf import nz_date
from verifier.register.edition import Edition
from verifier.register.records import Listing

SHORT_ID = "example"  # too short to be a badge's
NAME = "Example Learner"
NAME_ON_PAPER = "Example Learner (preview, not a badge)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What an award of today would look like."""

    instance: Instance
    setup: Setup | None
    achievement: Achievement
    on: date
    now: datetime
    demonstration: bool
    language: str

    def document(self, *, name: str = NAME) -> JsonObject:
        """The credential as it would be, unsigned: no verifier takes it for a badge."""
        award = Award(
            credential_id=self.instance.badge_url(SHORT_ID),
            achieved_on=self.on,
            name=name,
            preferred_name=None,
            name_display=NameDisplay.FULL,
            subject_urn=None,
            result=None,
            evidence_url=None,
            list_url=self.instance.list_url(0),
            list_index=0,
            valid_until=end_of_validity(self.on, months=self.setup.valid_months if self.setup else None),
        )
        return mint(
            award,
            achievement=self.achievement.document,
            issuer=issuer_facts(self.instance),
            valid_from=self.now.replace(microsecond=0),
        )

    def picture(self) -> bytes:
        """The provider's own picture, or the one we draw (PNG). Raises IssuingError when it cannot be drawn."""
        return self._pictures.artwork_png(write_json(self.document()))

    def page(self, *, language: str) -> str:
        """The badge's page. Its links lead to places beside the page itself."""
        shown = BadgePage(short_id=SHORT_ID, document=self.document(), state="current", corrected=False)
        publisher = publicface.publisher_of(self.instance, demonstration=self.demonstration)
        return pages.badge_html(shown, publisher, language=language, root="./")

    def certificate(self) -> bytes:
        """The printed certificate (PDF)."""
        return self._pictures.certificate(
            write_json(self.document(name=NAME_ON_PAPER)),
            check_url=self.instance.badge_url(SHORT_ID),
            language="mi" if parse_language(self.language) == "mi" else "en",
        )

    @property
    def _pictures(self) -> Pictures:
        return Pictures(self.instance, demonstration=self.demonstration)


def make_example(
    listing: Listing, setup: Setup | None, *, instance: Instance, edition: Edition | None, now: datetime, language: str
) -> Example:
    """An example, as of today or the listing's last day. Raises IssuingError when the register says too little."""
    if edition is None:
        raise IssuingError("No register is in use, so the level, credits and title are not known.")
    today = nz_date(now)
    on = today if listing.is_in_force(today) else max(listing.first_day, min(listing.last_day or today, today))
    achievement = achievement_on(
        edition.register,
        ref=listing.nzqa_ref,
        on=on,
        issuer=issuer_facts(instance),
        language=language,
        criteria=setup.criteria if setup else None,
    )
    return Example(
        instance=instance,
        setup=setup,
        achievement=achievement,
        on=on,
        now=now,
        demonstration=edition.demonstration,
        language=language,
    )
