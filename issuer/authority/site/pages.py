"""Views of an edition -> HTML; pure, and the same bytes for the same edition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from issuer.authority.site.shelves import Entry, Shelf
from issuer.authority.site.views import EQUIVALENCY_STATEMENT, Contents, ListingView, ProviderView
from schemas.jsontext import write_json
from schemas.nzqcf import NZ_TIME, NZSCED_BROAD_FIELDS, format_nz_date
from schemas.vocabulary import NZQA_LISTING_PAGE
from verifier.register.edition import Edition
from verifier.register.records import EVERY_REF

ASSETS = ("register.css", "register.js")


def _day(day: date | None) -> str:
    return "not recorded" if day is None else format_nz_date(day)


def _credits(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:g}"


_environment = Environment(
    loader=PackageLoader("issuer.authority.site"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"day": _day, "credits": _credits}
_environment.globals |= {
    "every_ref": EVERY_REF,
    "nzqa_page": NZQA_LISTING_PAGE,
    "subjects": NZSCED_BROAD_FIELDS,
    "statement": EQUIVALENCY_STATEMENT,
    "nz_time": NZ_TIME,
}


def index_page(contents: Contents, shelves: Mapping[str, Sequence[Shelf]]) -> bytes:
    """The front page: whose register this is, the search, and the lists."""
    register = contents.edition.register
    return _rendered(
        "index.html",
        contents.edition,
        root="",
        shelves=shelves,
        listing_count=len(register.versions_by_ref),
        provider_count=len(register.providers_by_number),
        equivalency_count=len(register.equivalencies),
    )


def shelf_page(edition: Edition, shelf: Shelf, *, number: int, entries: Sequence[Entry]) -> bytes:
    return _rendered("shelf.html", edition, root="../", shelf=shelf, number=number, entries=entries)


def listing_page(view: ListingView, contents: Contents) -> bytes:
    return _rendered("listing.html", contents.edition, root="../", view=view, name_of=contents.name_of)


def provider_page(view: ProviderView, contents: Contents) -> bytes:
    return _rendered("provider.html", contents.edition, root="../", view=view, name_of=contents.name_of)


def providers_page(contents: Contents, views: Sequence[ProviderView]) -> bytes:
    return _rendered("providers.html", contents.edition, root="../", views=views)


def equivalencies_page(contents: Contents) -> bytes:
    return _rendered("equivalencies.html", contents.edition, root="", rows=contents.equivalencies())


def search_data(entries: Iterable[Entry], views: Iterable[ProviderView]) -> bytes:
    """What the search looks in, as a script, so that it works from a folder on disk too."""
    listings = [
        [row.nzqa_ref, row.title_en or "", row.title_mi or "", row.level, row.credits, row.developer]
        for row in (entry.listing for entry in entries)
    ]
    providers = [[view.moe_number, view.name, view.periods[0].trading_as or ""] for view in views]
    return b"registerEntries(" + write_json({"listings": listings, "providers": providers}).strip() + b");\n"


def asset(name: str) -> bytes:
    return resources.files("issuer.authority.site").joinpath("static", name).read_bytes()


def _rendered(template: str, edition: Edition, **values: object) -> bytes:
    return _environment.get_template(template).render(edition=edition, **values).encode()
