"""Signed document -> picture with the badge baked in; the artwork of an achievement is drawn once and kept."""

from __future__ import annotations

from issuer import artwork
from issuer.instance import Instance
from schemas.baking import bake_png, bake_svg
from schemas.credential import Credential
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject, parse_object


class Pictures:
    """Draws and bakes for one instance. Everything in a picture comes from the signed document."""

    def __init__(self, instance: Instance, *, demonstration: bool) -> None:
        self._provider_name = instance.config.name
        self._demonstration = demonstration

    def png(self, document: bytes) -> bytes:
        """A PNG whose iTXt chunk is the signed document, byte for byte (Open Badges 3.0, 5.3.1)."""
        drawn = artwork.draw_badge_png(*self._facts(document), demonstration=self._demonstration)
        return bake_png(drawn, document.decode())

    def svg(self, document: bytes) -> bytes:
        """An SVG that carries the signed document (Open Badges 3.0, 5.3.2)."""
        drawn = artwork.draw_badge_svg(*self._facts(document), demonstration=self._demonstration)
        return bake_svg(drawn, document.decode())

    def achievement_png(self, achievement: JsonObject) -> bytes:
        """The artwork alone, for the achievement's own address."""
        facts = self._of(Credential.parse({"credentialSubject": {"achievement": achievement}}))
        return artwork.draw_badge_png(*facts, demonstration=self._demonstration)

    def _facts(self, document: bytes) -> tuple[str, int, float, str]:
        return self._of(Credential.parse(parse_object(document)))

    def _of(self, view: Credential) -> tuple[str, int, float, str]:
        """(title, level, credits, provider) as the badge claims them."""
        achievement, claim = view.achievement, view.nz_claim
        if achievement is None or claim is None or not claim.levels or achievement.credits_available is None:
            raise IssuingError("The stored badge names no level or no credits, so its picture cannot be drawn.")
        return achievement.name or "", int(claim.levels[0]), achievement.credits_available, self._provider_name
