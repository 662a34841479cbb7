"""Badges inside pictures: puts a credential's text into a PNG or SVG and reads it back; never reads the text itself."""

from schemas.baking.artwork import normalise_artwork
from schemas.baking.carrier import sniff
from schemas.baking.png import bake_png, unbake_png
from schemas.baking.svg import bake_svg, unbake_svg

__all__ = ["bake_png", "bake_svg", "normalise_artwork", "sniff", "unbake_png", "unbake_svg"]
