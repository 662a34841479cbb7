"""The columns of each kind of register record, once, for the CSV files and the signed edition alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.register import cells, records
from verifier.register.cells import Parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`name` in the file, `field` in the record. `blank`: the cell may be empty.

    `must_stand`: the column may not be left out of a file. `number`: an edition writes it as a JSON number.
    """

    name: str
    field: str
    parse: Parser
    blank: bool
    must_stand: bool
    number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name` in an edition and (with .csv) in a folder. `optional`: the file may be missing."""

    name: str
    row: type[Any]
    columns: tuple[Column, ...]
    identity: tuple[str, ...]  # the fields that say which thing a row is about, to notice a shrunken register
    optional: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


_FIELDS = {"from": "from_day", "to": "to_day"}
_NUMBERS = {cells.a_level, cells.credits_, cells.a_whole_number, cells.review_years}


def _columns(*specs: tuple[str, Parser]) -> tuple[Column, ...]:
    """`name?` may be blank, `name~` must stand in the header but its cells may be blank."""
    return tuple(
        Column(
            name=(name := spec.rstrip("?~")),
            field=_FIELDS.get(name, name),
            parse=parse,
            blank=spec != name,
            must_stand=not spec.endswith("?"),
            number=parse in _NUMBERS,
        )
        for spec, parse in specs
    )


PROVIDERS = Table(
    name="providers",
    row=records.Provider,
    identity=("moe_number",),
    columns=_columns(
        ("moe_number", cells.a_moe_number),
        ("nzqa_provider_id?", cells.a_line),
        ("legal_name", cells.a_line),
        ("trading_as?", cells.a_line),
        ("type", cells.one_of(records.ProviderType)),
        ("registered_from", cells.a_day),
        ("registered_to?", cells.a_day),
    ),
)
ISSUERS = Table(
    name="issuers",
    row=records.Issuer,
    identity=("did",),
    columns=_columns(
        ("moe_number", cells.a_moe_number),
        ("did", cells.a_did),
        ("from", cells.a_day),
        ("to?", cells.a_day),
        ("evidence", cells.a_text),
    ),
)
KEYS = Table(
    name="keys",
    row=records.KeyRow,
    identity=("verification_method",),
    columns=_columns(
        ("did", cells.a_did),
        ("verification_method", cells.a_method),
        ("public_key_multibase", cells.a_multikey),
        ("purpose", cells.one_of(records.KeyPurpose)),
        ("from", cells.a_day),
        ("to?", cells.a_day),
        ("compromised_from?", cells.a_moment),
        ("evidence", cells.a_text),
    ),
)
LISTINGS = Table(
    name="listings",
    row=records.Listing,
    identity=("nzqa_ref",),
    columns=_columns(
        ("nzqa_ref", cells.a_reference),
        ("approval_number?", cells.an_approval_number),
        ("version", cells.a_version),
        ("title_en?", cells.a_line),
        ("title_mi?", cells.a_line),
        # NZQA's pages leave these blank for some listings: nothing is invented, and nothing is refused.
        ("level~", cells.a_level),
        ("credits~", cells.credits_),
        ("nzsced?", cells.an_nzsced),
        ("developer", cells.a_line),
        ("qa_body", cells.one_of(records.QualityBody)),
        ("te_hono", cells.yes_or_no),
        ("origin", cells.one_of(records.Origin)),
        ("review_years?", cells.review_years),
        ("purpose?", cells.a_text),
        ("listed_from", cells.a_day),
        ("approved_on?", cells.a_day),
        ("approval_ended_on?", cells.a_day),
        ("expiring_from?", cells.a_day),
        ("discontinued_on?", cells.a_day),
        ("removed_on?", cells.a_day),
        ("source_url?", cells.a_url),
        ("checked_on?", cells.a_day),
    ),
)
OUTCOMES = Table(
    name="outcomes",
    row=records.LearningOutcome,
    identity=("nzqa_ref", "version", "position"),
    optional=True,
    columns=_columns(
        ("nzqa_ref", cells.a_reference),
        ("version", cells.a_version),
        ("position", cells.a_whole_number),
        ("text_en?", cells.a_text),
        ("text_mi?", cells.a_text),
        ("standard_ref?", cells.a_line),
    ),
)
AWARDING_RIGHTS = Table(
    name="awarding_rights",
    row=records.AwardingRight,
    identity=("moe_number", "nzqa_ref"),
    columns=_columns(
        ("moe_number", cells.a_moe_number),
        ("nzqa_ref", cells.a_reference),
        ("basis", cells.one_of(records.Basis)),
        ("granted_on", cells.a_day),
        ("last_delivered_on?", cells.a_day),
        ("delivery_checked_on?", cells.a_day),
        ("lapse_extended_to?", cells.a_day),
        ("ended_on?", cells.a_day),
        ("end_reason?", cells.end_reason),
        ("reason_text?", cells.a_text),
    ),
)
SUCCESSIONS = Table(
    name="successions",
    row=records.Succession,
    identity=("from_moe", "to_moe", "scope"),
    optional=True,
    columns=_columns(
        ("from_moe", cells.a_moe_number),
        ("to_moe", cells.a_moe_number),
        ("effective_on", cells.a_day),
        ("scope", cells.a_scope),
        ("instrument", cells.a_text),
        ("source", cells.a_text),
    ),
)
EQUIVALENCIES = Table(
    name="equivalencies",
    row=records.Equivalency,
    identity=("organisation", "title"),
    optional=True,
    columns=_columns(
        ("organisation", cells.a_line),
        ("did?", cells.a_did),
        ("title", cells.a_line),
        ("level~", cells.a_level),
        ("credits~", cells.credits_),
        ("statement_on~", cells.a_day),
        ("ref?", cells.an_equivalency_ref),
    ),
)
ANCHORS = Table(
    name="anchors",
    row=records.AnchorRow,
    identity=("did", "merkle_root"),
    optional=True,
    columns=_columns(
        ("did", cells.a_did),
        ("merkle_root", cells.a_root),
        ("count", cells.a_whole_number),
        ("recorded_on", cells.a_day),
    ),
)
TABLES = (
    PROVIDERS,
    ISSUERS,
    KEYS,
    LISTINGS,
    OUTCOMES,
    AWARDING_RIGHTS,
    SUCCESSIONS,
    EQUIVALENCIES,
    ANCHORS,
)
