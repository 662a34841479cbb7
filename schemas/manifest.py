"""The JSON-LD contexts and JSON Schemas carried here: URL, file, SHA-256 and, where a URL has had two texts, which."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from schemas import vocabulary as v


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One published text. `sha256` is of the file as it lies here; `edition` tells texts of one URL apart."""

    url: str
    file: str
    sha256: str
    edition: str = "current"

    def read(self) -> bytes:
        """The text, checked against its digest. A mismatch is a damaged installation: RuntimeError."""
        data = resources.files("schemas").joinpath(self.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise RuntimeError(f"{self.file} is not the text that was pinned; reinstall the package.")
        return data


def _context(url: str, file: str, sha256: str, edition: str = "current") -> Pinned:
    return Pinned(url=url, file=f"contexts/{file}", sha256=sha256, edition=edition)


_OB_OLDER = v.OB3

CONTEXTS: tuple[Pinned, ...] = (
    _context(
        v.CREDENTIALS_V2,
        "credentials-v2.jsonld",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    # Published before 2025; the W3C test suite still knows its digest.
    _context(
        v.CREDENTIALS_V2,
        "credentials-v2.8d0ee107.jsonld",
        "24a18c90e9856d526111f29376e302d970b2bd10182e33959995b0207d7043b9",
        edition="8d0ee107",
    ),
    _context(
        v.CREDENTIALS_V1,
        "credentials-v1.jsonld",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    ),
    _context(
        v.OB3_CONTEXT,
        "context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    # 1EdTech adds terms to this URL in place; badges signed against this text did not see `jti`, `endorsementJwt`.
    _context(
        v.OB3_CONTEXT,
        "context-3.0.3.2025-03-27.json",
        "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761",
        edition="2025-03-27",
    ),
    _context(
        _OB_OLDER + "context-3.0.2.json",
        "context-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    _context(
        _OB_OLDER + "context-3.0.1.json",
        "context-3.0.1.json",
        "d582f3564282fb3b709136d28412e78e70b678b4dbc2f0221f67d84932748355",
    ),
    _context(
        _OB_OLDER + "context.json",
        "context.json",
        "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
    ),
    _context(
        v.OB3_EXTENSIONS,
        "extensions.json",
        "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
    ),
    _context(
        v.DATA_INTEGRITY_V1,
        "data-integrity-v1.jsonld",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    _context(
        v.DATA_INTEGRITY_V2,
        "data-integrity-v2.jsonld",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    _context(
        v.ED25519_2020_V1,
        "lds-ed25519-2020-v1.json",
        "3db5c19efb0047a6edfd3b36e24346a8a3caad369d749e3c2d69e862696403e5",
    ),
    _context(
        v.MULTIKEY_V1,
        "multikey-v1.jsonld",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    _context(
        "https://w3id.org/security/jwk/v1",
        "jwk-v1.jsonld",
        "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
    ),
    _context(
        v.DID_V1,
        "did-v1.jsonld",
        "adefa50311393eb1bd788a38ac9fe2696c65367928f6996812cd54577394f4da",
    ),
    _context(
        "https://www.w3.org/ns/credentials/examples/v2",
        "credentials-examples-v2.jsonld",
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    _context(
        "https://www.w3.org/ns/credentials/undefined-terms/v2",
        "credentials-undefined-terms-v2.jsonld",
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    ),
    _context(
        "https://w3id.org/citizenship/v4rc1",
        "citizenship-v4rc1.jsonld",
        "5038c7383afd7ab2158f1b997913a8f60978a0abcf96e0b0d08e29f146d2db1e",
    ),
)

SCHEMAS: Mapping[str, Pinned] = MappingProxyType(
    {
        name: Pinned(url=v.OB3 + "schema/json/", file=f"json/{name}.json", sha256=digest)
        for name, digest in {
            "achievementcredential": "5753fb3ecf7d024ed273dd364bd683f483eb47257e718e6618832cf89eb2083a",
            "endorsementcredential": "4627e1878848d0192c3f9e26f09ef88a96ad48a46f5fca11b80b679ece0de345",
            "profile": "9b05049f720b8ad9bd7aed358ca59c643c34bf1cec0b29fd7baa8bf98efed164",
            "vcdm1.1/achievementcredential": "a6933fdfdd3d645c1b2750321856a052e8870751efc1e8fc00c2cb51cade0cb1",
            "vcdm1.1/endorsementcredential": "5dcfc3ec5bba9f5593169b5b1094d565d4ce1e86b9b233e3d90fce068f6b0a51",
            "vcdm1.1/profile": "d5d6a5fd10340230d667289000aaefbfd3eeadf3cfed979912c98086a443348b",
        }.items()
    }
)


@cache
def editions_of(url: str) -> tuple[str, ...]:
    """Names of the texts held for a context URL, the current one first; empty when it is not held."""
    return tuple(pinned.edition for pinned in CONTEXTS if pinned.url == url)


@cache
def context_text(url: str, edition: str) -> bytes:
    """The pinned text of a context. Raises KeyError when it is not held."""
    for pinned in CONTEXTS:
        if (pinned.url, pinned.edition) == (url, edition):
            return pinned.read()
    raise KeyError((url, edition))
