"""What SVG artwork may hold before a badge is baked into it: shapes and text, nothing that runs or loads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NoReturn

from schemas.errors import BakingError

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_XML: Final = "http://www.w3.org/XML/1998/namespace"

# SVG 1.1 and 2: everything static. Left out: script, foreignObject, animation (it can set href), a, cursor, audio …
_ELEMENTS: Final = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "switch", "marker", "view"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"),
        *("text", "tspan", "textPath", "tref"),
        *("linearGradient", "radialGradient", "stop", "pattern", "clipPath", "mask", "filter"),
        *("feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting"),
        *("feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR"),
        *("feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpotLight"),
        *("feSpecularLighting", "feTile", "feTurbulence"),
    )
)
_OWN_FRAGMENT: Final = re.compile(r"#[^\s]*")
_RASTER: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_CSS_URL: Final = re.compile(r"url\s*\(\s*[\"']?\s*(?!#)", re.IGNORECASE)
_CSS_DANGER: Final = re.compile(
    r"\\|@import|@font-face|@namespace|expression\s*\(|javascript:|behaviou?r\s*:|-moz-binding|image-set\s*\(|src\s*\(",
    re.IGNORECASE,
)


def refuse_unsafe_element(name: str, attributes: Mapping[str, str]) -> None:
    """Raises BakingError for an element (expat's `namespace local`) or attribute that artwork has no need of."""
    namespace, _, local = name.rpartition(" ")
    if namespace in (_XHTML, "") or (namespace == _SVG and local not in _ELEMENTS):
        _unsafe(f"a <{local[:40]}> element")
    for attribute, value in attributes.items():
        owner, _, bare = attribute.rpartition(" ")
        if not owner and bare.lower().startswith("on"):
            _unsafe(f"the event attribute “{bare[:40]}”")
        if owner == _XML and bare == "base":
            _unsafe("an xml:base attribute")
        if bare.lower() in ("href", "src"):
            if not (_OWN_FRAGMENT.fullmatch(value) or (local == "image" and _RASTER.fullmatch(value))):
                _unsafe("a reference to something outside the picture")
        elif not owner:
            refuse_unsafe_css(value)


def refuse_unsafe_css(text: str) -> None:
    """Raises BakingError for style that could load or run something, or hides what it says behind escapes."""
    if _CSS_URL.search(text):
        _unsafe("a reference to something outside the picture")
    if _CSS_DANGER.search(text):
        _unsafe("style that could load or run something")


def _unsafe(what: str) -> NoReturn:
    raise BakingError(
        f"The artwork has {what}; a badge picture may only hold shapes and text.", reason="unsafe-artwork"
    )
