"""What rows of a register say against each other: unknown references, duplicates, overlaps, cycles; no file is read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, TypeAlias

from keys.did import canonical_id
from schemas.errors import Fault
from schemas.limits import MAX_SUCCESSION_PATHS
from schemas.nzqcf import format_nz_date
from verifier.register.records import EVERY_REF, LAPSED, KeyRow, Listing, Register, Succession


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where a row was read."""

    file: str
    line: int | None


# (table name, index of the row) -> where it stands
Where: TypeAlias = Callable[[str, int], Line]


def find_contradictions(
    register: Register, *, where: Where, incomplete: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    """Every contradiction. References into an `incomplete` table are not followed: its bad rows are faults already."""
    check = _Integrity(register=register, where=where, incomplete=incomplete)
    yield from check.providers()
    yield from check.issuers()
    yield from check.keys()
    yield from check.listings()
    yield from check.outcomes()
    yield from check.rights()
    yield from check.successions()
    yield from check.equivalencies()
    yield from check.anchors()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Integrity:
    register: Register
    where: Where
    incomplete: frozenset[str]

    # --- one table after another ---
    def providers(self) -> Iterator[Fault]:
        rows = self.register.providers
        for index, row in enumerate(rows):
            yield from self._order("providers", index, row.registered_from, row.registered_to, "registered_to")
        spans = [(row.registered_from, row.registered_to) for row in rows]
        for index, other in _overlaps(rows, spans, key=lambda row: row.moe_number):
            message = f"is registered for some of these days already on {self._at('providers', other)}"
            yield self._fault(
                "providers", index, f"provider {rows[index].moe_number} {message}", column="registered_from"
            )

    def issuers(self) -> Iterator[Fault]:
        rows = self.register.issuers
        for index, row in enumerate(rows):
            yield from self._order("issuers", index, row.from_day, row.to_day, "to")
            yield from self._known_provider("issuers", index, row.moe_number, "moe_number")
        spans = [(row.from_day, row.to_day) for row in rows]
        for index, other in _overlaps(rows, spans, key=lambda row: canonical_id(row.did)):
            message = (
                f"{rows[index].did} speaks for provider {rows[other].moe_number} on some of these days already, "
                f"on {self._at('issuers', other)}"
            )
            yield self._fault("issuers", index, message, column="did")

    def keys(self) -> Iterator[Fault]:
        rows = self.register.keys
        dids = set(self.register.issuers_by_did)
        for index, row in enumerate(rows):
            yield from self._order("keys", index, row.from_day, row.to_day, "to")
            did = canonical_id(row.did)
            if did not in dids and "issuers" not in self.incomplete:
                yield self._fault("keys", index, f"{row.did} stands in no row of issuers.csv", column="did")
            controller = canonical_id(row.verification_method).partition("#")[0]
            if controller != did:
                message = f"belongs to {controller}, not to the DID of this row"
                yield self._fault("keys", index, message, column="verification_method")
            if did.startswith("did:key:") and did.removeprefix("did:key:") != row.public_key_multibase:
                message = "is not the key that this did:key is made of"
                yield self._fault("keys", index, message, column="public_key_multibase")
        yield from self._shared_keys(rows)
        spans = [(row.from_day, row.to_day) for row in rows]
        for index, other in _overlaps(rows, spans, key=lambda row: canonical_id(row.verification_method)):
            one, two = rows[index], rows[other]
            if one.public_key_multibase != two.public_key_multibase:
                message = f"names another key on some of these days, on {self._at('keys', other)}"
            elif one.purpose == two.purpose:
                message = f"is given for some of these days already on {self._at('keys', other)}"
            else:
                continue
            yield self._fault("keys", index, f"{one.verification_method} {message}", column="verification_method")

    def _shared_keys(self, rows: Sequence[KeyRow]) -> Iterator[Fault]:
        first: dict[str, int] = {}
        for index, row in enumerate(rows):
            other = first.setdefault(row.public_key_multibase, index)
            if canonical_id(rows[other].did) != canonical_id(row.did):
                message = (
                    f"is the key of {rows[other].did} too, on {self._at('keys', other)}; each issuer has its own keys"
                )
                yield self._fault("keys", index, message, column="public_key_multibase")

    def listings(self) -> Iterator[Fault]:
        rows = self.register.listings
        yield from self._duplicates("listings", [(row.nzqa_ref, row.version) for row in rows], "version")
        for index, row in enumerate(rows):
            yield from self._listing(index, row)

    def _listing(self, index: int, row: Listing) -> Iterator[Fault]:
        if row.title_en is None and row.title_mi is None:
            yield self._fault("listings", index, "give a title in English or in te reo Māori", column="title_en")
        for name in ("discontinued_on", "expiring_from", "removed_on"):
            yield from self._order("listings", index, row.listed_from, getattr(row, name), name)
        approved = row.approved_on or row.listed_from
        yield from self._order("listings", index, approved, row.approval_ended_on, "approval_ended_on")
        if row.expiring_from and row.discontinued_on:
            yield from self._order("listings", index, row.expiring_from, row.discontinued_on, "discontinued_on")

    def outcomes(self) -> Iterator[Fault]:
        rows = self.register.outcomes
        versions = {(row.nzqa_ref, row.version) for row in self.register.listings}
        identities = [(row.nzqa_ref, row.version, row.position) for row in rows]
        yield from self._duplicates("outcomes", identities, "position")
        for index, row in enumerate(rows):
            if (row.nzqa_ref, row.version) not in versions and "listings" not in self.incomplete:
                message = f"version {row.version} of {row.nzqa_ref} stands in no row of listings.csv"
                yield self._fault("outcomes", index, message, column="version")
            if row.text_en is None and row.text_mi is None:
                yield self._fault("outcomes", index, "give the text in English or in te reo Māori", column="text_en")

    def rights(self) -> Iterator[Fault]:
        rows = self.register.awarding_rights
        identities = [(row.moe_number, row.nzqa_ref, row.basis, row.granted_on) for row in rows]
        yield from self._duplicates("awarding_rights", identities, "granted_on")
        for index, row in enumerate(rows):
            yield from self._known_provider("awarding_rights", index, row.moe_number, "moe_number")
            yield from self._known_ref("awarding_rights", index, row.nzqa_ref, "nzqa_ref")
            yield from self._order("awarding_rights", index, row.granted_on, row.ended_on, "ended_on")
            if row.end_reason is not None and row.ended_on is None:
                if row.end_reason != LAPSED:
                    message = "is given, but ended_on does not say when"
                    yield self._fault("awarding_rights", index, message, column="end_reason")
                elif row.last_delivered_on is None:
                    message = "is lapsed, but neither ended_on nor last_delivered_on says when"
                    yield self._fault("awarding_rights", index, message, column="end_reason")

    def successions(self) -> Iterator[Fault]:
        rows = self.register.successions
        yield from self._duplicates("successions", [(row.from_moe, row.to_moe, row.scope) for row in rows], "to_moe")
        for index, row in enumerate(rows):
            yield from self._known_provider("successions", index, row.from_moe, "from_moe")
            yield from self._known_provider("successions", index, row.to_moe, "to_moe")
            if row.scope != EVERY_REF:
                yield from self._known_ref("successions", index, row.scope, "scope")
        for index in _cyclic(rows):
            row = rows[index]
            message = f"closes a circle: {row.to_moe} is already, through others, a predecessor of {row.from_moe}"
            if row.from_moe == row.to_moe:
                message = f"makes {row.to_moe} its own successor"
            yield self._fault("successions", index, message, column="to_moe")
        if not _cyclic(rows):
            for moe_number, paths in _path_counts(rows).items():
                if paths > MAX_SUCCESSION_PATHS:
                    message = (
                        f"provider {moe_number} is reached by {paths:,} chains of successions; "
                        f"the limit is {MAX_SUCCESSION_PATHS:,}"
                    )
                    yield Fault(file="successions.csv", message=message)

    def equivalencies(self) -> Iterator[Fault]:
        rows = self.register.equivalencies
        yield from self._duplicates(
            "equivalencies", [(row.organisation, row.title, row.statement_on) for row in rows], "title"
        )

    def anchors(self) -> Iterator[Fault]:
        rows = self.register.anchors
        yield from self._duplicates(
            "anchors", [(canonical_id(row.did), row.merkle_root) for row in rows], "merkle_root"
        )
        for index, row in enumerate(rows):
            if canonical_id(row.did) not in self.register.issuers_by_did and "issuers" not in self.incomplete:
                yield self._fault("anchors", index, f"{row.did} stands in no row of issuers.csv", column="did")
            if row.count == 0:
                yield self._fault("anchors", index, "a root stands for one badge or more", column="count")

    # --- what they share ---
    def _fault(self, table: str, index: int, message: str, *, column: str) -> Fault:
        place = self.where(table, index)
        return Fault(file=place.file, line=place.line, column=column, message=message)

    def _at(self, table: str, index: int) -> str:
        line = self.where(table, index).line
        return "another row" if line is None else f"line {line}"

    def _order(self, table: str, index: int, first: date, last: date | None, column: str) -> Iterator[Fault]:
        if last is not None and last < first:
            message = f"{format_nz_date(last)} is before it begins, on {format_nz_date(first)}"
            yield self._fault(table, index, message, column=column)

    def _known_provider(self, table: str, index: int, moe_number: str, column: str) -> Iterator[Fault]:
        if "providers" not in self.incomplete and moe_number not in self.register.providers_by_number:
            yield self._fault(table, index, f"provider {moe_number} stands in no row of providers.csv", column=column)

    def _known_ref(self, table: str, index: int, ref: str, column: str) -> Iterator[Fault]:
        if "listings" not in self.incomplete and ref not in self.register.versions_by_ref:
            yield self._fault(table, index, f"{ref} stands in no row of listings.csv", column=column)

    def _duplicates(self, table: str, identities: Sequence[Hashable], column: str) -> Iterator[Fault]:
        first: dict[Hashable, int] = {}
        for index, identity in enumerate(identities):
            other = first.setdefault(identity, index)
            if other != index:
                yield self._fault(table, index, f"says the same thing again as {self._at(table, other)}", column=column)


_Span: TypeAlias = tuple[date, date | None]


def _overlaps(rows: Sequence[Any], spans: Sequence[_Span], *, key: Callable[[Any], str]) -> Iterator[tuple[int, int]]:
    """(later row, earlier row) for each pair of rows of one key whose days overlap."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[key(row)].append(index)
    for indexes in groups.values():
        if len(indexes) == 1:
            continue
        for other, index in combinations(indexes, 2):
            (first, last), (other_first, other_last) = spans[index], spans[other]
            if first <= (other_last or date.max) and other_first <= (last or date.max):
                yield index, other


def _cyclic(rows: Sequence[Succession]) -> list[int]:
    """The rows that close a circle, for everything or for one ref."""
    closing: list[int] = []
    for scope in [EVERY_REF, *sorted({row.scope for row in rows} - {EVERY_REF})]:
        concerned = [index for index, row in enumerate(rows) if row.scope in (EVERY_REF, scope)]
        successors: defaultdict[str, set[str]] = defaultdict(set)
        for index in concerned:
            row = rows[index]
            if _reaches(successors, row.to_moe, row.from_moe):
                if index not in closing:
                    closing.append(index)
            else:
                successors[row.from_moe].add(row.to_moe)
    return closing


def _reaches(successors: dict[str, set[str]], start: str, goal: str) -> bool:
    seen, open_ = {start}, [start]
    while open_:
        here = open_.pop()
        if here == goal:
            return True
        following = successors.get(here, set()) - seen
        seen |= following
        open_.extend(following)
    return False


def _path_counts(rows: Iterable[Succession]) -> Counter[str]:
    """How many chains lead to each provider, whatever their scope and order; the rows hold no circle."""
    into: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        into[row.to_moe].append(row.from_moe)
    counts: Counter[str] = Counter()
    remaining = {moe: set(sources) for moe, sources in into.items()}
    while remaining:
        ready = [moe for moe, sources in remaining.items() if not sources & remaining.keys()]
        if not ready:  # circles through different refs, which are no circle for any one of them
            break
        for moe in ready:
            counts[moe] = sum(1 + counts[source] for source in into[moe])
            del remaining[moe]
    return counts
