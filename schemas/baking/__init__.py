"""Badges inside pictures and PDFs: puts a credential's text into one and reads it back; never reads the text itself."""

from schemas.baking.artwork import normalise_artwork
from schemas.baking.carrier import sniff
from schemas.baking.pdf import unbake_pdf
from schemas.baking.png import bake_png, unbake_png
from schemas.baking.svg import bake_svg, unbake_svg

__all__ = ["bake_png", "bake_svg", "normalise_artwork", "sniff", "unbake_pdf", "unbake_png", "unbake_svg"]
