"""Signed document -> pictures and certificate, with the provider's own artwork where it gave one, else with ours."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from issuer.certificate import CertificateFacts, draw_certificate
from issuer.drawing import artwork
from issuer.drawing.socialcard import CardState, SocialCard, draw_social_card
from issuer.instance import Instance
from issuer.store.setups import Setup, load_setup
from schemas.baking import bake_png, bake_svg
from schemas.credential import Credential
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject, parse_object

_SETUPS_KEPT: Final = 64  # with their artwork


class Pictures:
    """Draws and bakes for one instance. What a picture says of an award comes from the signed document."""

    def __init__(self, instance: Instance, *, demonstration: bool, keeps_setups: bool = False) -> None:
        """`keeps_setups` is for what is done soon: a set-up is then read once, when it is first needed."""
        self._instance = instance
        self._provider_name = instance.config.name
        self._demonstration = demonstration
        self._setup_of = lru_cache(maxsize=_SETUPS_KEPT if keeps_setups else 0)(self._load_setup)

    def png(self, document: bytes) -> bytes:
        """A PNG whose iTXt chunk is the signed document, byte for byte (Open Badges 3.0, 5.3.1)."""
        return bake_png(self.artwork_png(document), document.decode())

    def svg(self, document: bytes) -> bytes:
        """An SVG that carries the signed document (Open Badges 3.0, 5.3.2)."""
        view = Credential.parse(parse_object(document))
        facts, setup = _facts(view), self._setup(view)
        if own := self._own_png(setup):
            drawn = artwork.carry_in_svg(own, alt=(setup and setup.artwork_alt) or f"Badge: {facts[0]}")
        else:
            drawn = artwork.draw_badge_svg(*facts, self._provider_name, demonstration=self._demonstration)
        return bake_svg(drawn, document.decode())

    def artwork_png(self, document: bytes) -> bytes:
        """The artwork of the badge's achievement, with no badge in it."""
        return self._artwork(Credential.parse(parse_object(document)))

    def achievement_png(self, achievement: JsonObject) -> bytes:
        """The artwork alone, for the achievement's own address."""
        return self._artwork(Credential.parse({"credentialSubject": {"achievement": achievement}}))

    def card_png(self, document: bytes, *, learner_name: str | None = None, state: CardState = "current") -> bytes:
        """The picture for links to the badge (1200 × 630). The learner is named only when a name is given here."""
        view = Credential.parse(parse_object(document))
        title, level, credits_ = _facts(view)
        return draw_social_card(
            SocialCard(
                title=title,
                level=level,
                credits=credits_,
                provider_name=self._provider_name,
                artwork_png=self._artwork(view),
                learner_name=learner_name,
                state=state,
                demonstration=self._demonstration,
            )
        )

    def certificate(
        self, document: bytes, *, check_url: str, short_code: str = "", language: Literal["en", "mi"] = "mi"
    ) -> bytes:
        """The A4 sheet as PDF. `check_url` is where its QR code leads; an empty short code is left out."""
        view = Credential.parse(parse_object(document))
        setup = self._setup(view)
        return draw_certificate(
            CertificateFacts(
                document=document,
                artwork_png=self._picture(view, setup),
                check_url=check_url,
                short_code=short_code,
                signatory_name=setup.signatory_name if setup else None,
                signatory_role=setup.signatory_role if setup else None,
                demonstration=self._demonstration,
                language=language,
            )
        )

    def _artwork(self, view: Credential) -> bytes:
        return self._picture(view, self._setup(view))

    def _picture(self, view: Credential, setup: Setup | None) -> bytes:
        if own := self._own_png(setup):
            return own
        return artwork.draw_badge_png(*_facts(view), self._provider_name, demonstration=self._demonstration)

    def _own_png(self, setup: Setup | None) -> bytes | None:
        if setup is None or setup.artwork is None:
            return None
        return artwork.mark_demonstration_png(setup.artwork) if self._demonstration else setup.artwork

    def _setup(self, view: Credential) -> Setup | None:
        references = view.nz_claim.references if view.nz_claim else ()
        return self._setup_of(references[0]) if references else None

    def _load_setup(self, reference: str) -> Setup | None:
        with self._instance.store.reading() as connection:
            return load_setup(connection, reference)


def _facts(view: Credential) -> tuple[str, int, float]:
    """(title, level, credits) as the badge claims them."""
    achievement, claim = view.achievement, view.nz_claim
    if achievement is None or claim is None or not claim.levels or achievement.credits_available is None:
        raise IssuingError("The stored badge names no level or no credits, so its picture cannot be drawn.")
    return achievement.name or "", int(claim.levels[0]), achievement.credits_available
