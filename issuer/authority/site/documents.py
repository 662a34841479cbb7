"""The JSON that lies beside each page: the register's rows under their own column names, and whose word they are."""

from __future__ import annotations

from typing import Any

from issuer.authority.site.views import EQUIVALENCY_STATEMENT, Contents, Holding, ListingView, ProviderView
from schemas.jsontext import JsonObject
from verifier.register.edition import Edition, row_document
from verifier.register.tables import TABLES

_TABLE_OF = {table.row: table for table in TABLES}
NOT_NZQA = "This is not NZQA's register."


def heading_document(edition: Edition) -> JsonObject:
    """Whose word it is and as at when; stands in every document."""
    return {
        "edition": edition.number,
        "as_at": edition.as_at.isoformat(),
        "authority": edition.authority_name,
        "sha256": edition.sha256,
        "demonstration": edition.demonstration,
        "notice": NOT_NZQA,
    }


def index_document(contents: Contents) -> JsonObject:
    """What the edition holds, and where each part lies."""
    edition = contents.edition
    register = edition.register
    return {
        "register": heading_document(edition)
        | {"authority_did": edition.authority_did, "signed_by": edition.signed_by},
        "file": "edition.json",
        "previous_sha256": edition.previous_sha256,
        "counts": {table.name: len(getattr(register, table.name)) for table in TABLES},
        "listings": [f"listings/{ref}.json" for ref in sorted(register.versions_by_ref)],
        "providers": [f"providers/{number}.json" for number in sorted(register.providers_by_number)],
        "equivalencies": "equivalencies.json",
    }


def listing_document(view: ListingView, edition: Edition) -> JsonObject:
    """All versions of a listing, newest first, and who may award it."""
    versions: list[Any] = [
        row_document(version.listing, _TABLE_OF[type(version.listing)])
        | {"state": version.state, "outcomes": [_row(outcome) for outcome in version.outcomes]}
        for version in view.versions
    ]
    return {
        "register": heading_document(edition),
        "nzqa_ref": view.ref,
        "nzqa_page": view.newest.listing.nzqa_page,
        "versions": versions,
        "awarding_rights": [_holding(one) for one in view.holdings],
    }


def provider_document(view: ProviderView, edition: Edition) -> JsonObject:
    return {
        "register": heading_document(edition),
        "moe_number": view.moe_number,
        "state": view.state,
        "periods": [_row(row) for row in view.periods],
        "issuers": [_row(row) for row in view.issuers],
        "keys": [_row(row) for row in view.keys],
        "successions": [_row(row) for row in (*view.successions_in, *view.successions_out)],
        "awarding_rights": [_holding(one) for one in view.holdings],
    }


def equivalencies_document(contents: Contents) -> JsonObject:
    return {
        "register": heading_document(contents.edition),
        "statement": EQUIVALENCY_STATEMENT,
        "equivalencies": [_row(row) for row in contents.equivalencies()],
    }


def _holding(one: Holding) -> JsonObject:
    lapses = {} if one.lapses_after is None else {"lapses_after": one.lapses_after.isoformat()}
    heirs = {"successions": [_row(link) for link in one.heirs]} if one.heirs else {}
    return _row(one.right) | {"provider": one.provider, "state": one.state} | lapses | heirs


def _row(row: Any) -> JsonObject:
    return row_document(row, _TABLE_OF[type(row)])
