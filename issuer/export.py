"""One badge as a file, and the map that lets a verifier find everything this instance publishes without a network."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from issuer import qr
from issuer.drawing.pictures import Pictures
from issuer.instance import Instance
from issuer.profile import did_document_name
from issuer.store import credentials as credential_store
from issuer.store.credentials import StoredDocument
from keys.did import did_web_location
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject


class ExportFormat(StrEnum):
    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    QR = "qr"


def export_badge(instance: Instance, short_id: str, *, form: ExportFormat, pictures: Pictures) -> bytes:
    """The badge in that form, made from the stored signed bytes; nothing is signed here.

    Raises IssuingError when there is no such badge, or for a JWT it was not issued with.
    """
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    if stored is None:
        raise IssuingError(f"This instance has issued no badge {short_id}.", reason="unknown-credential")
    match form:
        case ExportFormat.JSON:
            return stored.document
        case ExportFormat.JWT:
            return _jwt(stored)
        case ExportFormat.PNG:
            return pictures.png(stored.document)
        case ExportFormat.SVG:
            return pictures.svg(stored.document)
        case ExportFormat.PDF:
            return pictures.certificate(stored.document, check_url=instance.badge_url(short_id))
        case ExportFormat.QR:
            return qr.qr_png(instance.badge_url(short_id))


def did_map(instance: Instance, *, site: Path, map_file: Path) -> JsonObject:
    """URL (or prefix ending in `/`) -> local file (or folder), for `badge-verifier --did-map`.

    `site` is the published folder. Paths are relative to the map file where they can be, so that both may be moved.
    """
    base_url = instance.config.base_url
    entries: JsonObject = {f"{base_url}/": _relative(site, map_file) + "/"}
    if not instance.config.is_did_key:
        location = did_web_location(instance.config.did)
        if not location.startswith(f"{base_url}/"):  # an http base, for trying things out: DIDs are always https
            entries[location] = _relative(site / did_document_name(instance), map_file)
    with instance.store.reading() as connection:
        for short_id in credential_store.all_short_ids(connection):
            entries[f"{base_url}/badges/{quote(short_id)}"] = _relative(site / "badges" / f"{short_id}.json", map_file)
    return entries


def _jwt(stored: StoredDocument) -> bytes:
    if stored.jwt is None:
        raise IssuingError(
            f"Badge {stored.short_id} was issued without a JWT, and none is signed afterwards. "
            "Ask for it when issuing: badge-issuer issue … --format ldp,jwt",
            reason="not-issued-as-jwt",
            status=406,
        )
    return stored.jwt.encode("ascii")


def _relative(target: Path, map_file: Path) -> str:
    return os.path.relpath(target.resolve(), map_file.resolve().parent)
