"""`python -m demo.drill`: a provider's badges over five months, a stolen key, the provider's end, and what is left.

A thousand badges are issued, corrected, withdrawn, signed with a key that is stolen, signed again, and awarded under a
right that came from a predecessor. Their verdicts are taken while the provider is there. Then the server and the domain
are gone: the same badges are checked with the archive, the register's edition and the pinned anchor alone, nine months
later. The table must be the same on both sides. Everybody in it is invented.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from issuer.archive import write_archive
from issuer.authority.acceptance import accept_request
from issuer.authority.anchor_acceptance import accept_anchors
from issuer.authority.office import build_edition, init_office
from issuer.batches import Options, issue_batch
from issuer.corrections import Correction, correct
from issuer.instance import Instance, init_instance, open_instance
from issuer.rows import read_class_list
from issuer.selfcheck import OwnWeb
from issuer.status import RevocationReason, revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.trust.anchoring import Inclusions, anchor_badges, request_for
from issuer.trust.closing import close_instance
from issuer.trust.editions import load_edition, use_edition
from issuer.trust.enrolment import build_request
from issuer.trust.keyuse import compromise_key, keys_to_enrol, use_key
from issuer.trust.reissuing import Outcome, reissue
from keys.did import did_web_location
from keys.keyring import Purpose
from keys.multikey import KeyType
from keys.resolve import Fetch, Retrieved, load_did_map, no_network
from schemas.errors import Unreachable
from schemas.jsontext import write_json
from schemas.times import write_time
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.edition import load_anchor
from verifier.register.edition import load_edition as load_edition_file
from verifier.verify import Surroundings, verify

HERE = Path(__file__).parent
ACTOR = "drill"
NAME = "Te Kura Whakaatu — Demonstration Polytechnic (invented)"
OWN, INHERITED = ("5055", "2026-01-20"), ("128479-1", "2025-10-06")  # (reference, award day)
STOLEN = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)  # the start of 15 March in New Zealand
BEFORE = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
AFTER = datetime(2027, 4, 1, 0, 0, tzinfo=UTC)
# What becomes of the badges, in parts of a thousand.
SHARES = {
    "in force, anchored": 250,
    "awarded under a predecessor's right": 150,
    "replaced (the learner's old copy)": 100,
    "withdrawn": 100,
    "key stolen later, not anchored": 100,
    "key stolen later, signed again (old copy)": 100,
    "signed with the key after": 200,
}

Verdicts = tuple[str, str, str]
console = Console(highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A badge as its learner keeps it: the bytes, and nothing else."""

    group: str
    name: str
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The verdicts on every copy, while the provider was there and when only the archive was left."""

    copies: tuple[Copy, ...]
    before: tuple[Verdicts, ...]
    after: tuple[Verdicts, ...]
    archive: Path
    reissued: int

    @property
    def is_unchanged(self) -> bool:
        return self.before == self.after

    def rows(self) -> list[tuple[str, Verdicts, int, int]]:
        """(what became of them, verdicts, how many had them before, how many after)."""
        before = Counter(zip((copy.group for copy in self.copies), self.before, strict=True))
        after = Counter(zip((copy.group for copy in self.copies), self.after, strict=True))
        order = list(SHARES)
        keys = sorted(before | after, key=lambda key: (order.index(key[0]), key[1]))
        return [(group, verdicts, before[group, verdicts], after[group, verdicts]) for group, verdicts in keys]


def run_drill(folder: Path, *, badges: int = 1_000, workers: int = 2) -> Drill:
    """All of it in `folder`, from which everything but the archive and the register is removed half way."""
    world = World(folder)
    copies, reissued = world.live(badges)
    with open_instance(world.provider) as instance:
        edition = world.edition
        live = LiveSite(instance, at=BEFORE)
        before = _judged(copies, live=live, edition=edition, anchor=world.office / "anchor.json", workers=workers)
        write_archive(instance, folder / "archive.zip", now=BEFORE)
    world.perish()
    left = folder / "left"
    with zipfile.ZipFile(folder / "archive.zip") as bundle:
        bundle.extractall(left)
    edition = max((left / "register").glob("edition-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))
    after = _judged(copies, live=None, edition=edition, anchor=folder / "anchor.json", workers=workers, left=left)
    return Drill(
        copies=tuple(copies),
        before=tuple(before),
        after=tuple(after),
        archive=folder / "archive.zip",
        reissued=reissued,
    )


# --- while the provider is there ----------------------------------------------------------------------------------
class World:
    """An authority with its records, and a provider with its instance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = folder / "office"
        self.records = folder / "records"
        self.provider = folder / "provider"
        self.edition = folder / "edition.json"
        self._issued = 0

    def live(self, badges: int) -> tuple[list[Copy], int]:
        """Five months. Returns the learners' copies, and how many badges were signed again after the theft."""
        sizes = {group: badges * share // 1_000 for group, share in SHARES.items()}
        self._begin()
        copies: list[Copy] = []
        with open_instance(self.provider) as instance:
            february = list(SHARES)[:4]
            for group in february:
                copies += self._issue(instance, group, sizes[group], at=_moment("2026-02-10"))
            self._record_anchor(instance, "2026-02-11")
            for copy in copies:
                if copy.group == february[2]:
                    self._correct(instance, copy.name, at=_moment("2026-03-02"))
                elif copy.group == february[3]:
                    revoke(
                        instance,
                        copy.name,
                        reason=RevocationReason.ISSUED_IN_ERROR,
                        now=_moment("2026-03-02"),
                        actor=ACTOR,
                    )
            self._record_anchor(instance, "2026-03-03")
            unanchored, again, last = list(SHARES)[4:]
            copies += self._issue(instance, unanchored, sizes[unanchored], at=_moment("2026-03-09"))
            copies += self._issue(instance, again, sizes[again], at=_moment("2026-03-12"))
            reissued = self._lose_a_key(instance)
            copies += self._issue(instance, last, sizes[last], at=_moment("2026-04-07"))
            self._record_anchor(instance, "2026-06-29")
            close_instance(instance, confirm=NAME, now=_moment("2026-06-30"), actor=ACTOR)
        return copies, reissued

    def perish(self) -> None:
        """The server and the domain: the instance, its database, its keys, the office, the records."""
        shutil.copy(self.office / "anchor.json", self.folder / "anchor.json")
        for place in (self.provider, self.office, self.records):
            shutil.rmtree(place)
        self.edition.unlink()

    def _begin(self) -> None:
        now = _moment("2026-02-02")
        shutil.copytree(HERE / "register", self.records)
        init_office(self.office, name="Demonstration Register Authority (invented)", created=now)
        init_instance(
            self.provider,
            name=NAME,
            provider="9990",
            base_url="https://badges.drill.example",
            now=now,
            actor=ACTOR,
        )
        with open_instance(self.provider) as instance:
            self._enrol(instance, now)
            self._publish_edition(instance, now)

    def _issue(self, instance: Instance, group: str, count: int, *, at: datetime) -> list[Copy]:
        ref, day = INHERITED if "predecessor" in group else OWN
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["learner_name", "nzqa_ref", "achieved_on", "row_key"])
        for _ in range(count):
            self._issued += 1
            writer.writerow([f"Ākonga Tauira {self._issued} (invented)", ref, day, f"drill-{self._issued}"])
        edition = load_edition(instance)
        refs = frozenset(edition.register.versions_by_ref) if edition else frozenset()
        class_list = read_class_list(text.getvalue().encode(), filename="class.csv", register_refs=refs)
        report = issue_batch(
            instance,
            class_list,
            file_sha256=class_list.sha256,
            edition=edition,
            options=Options(),
            now=at,
            actor=ACTOR,
        )
        ids = [result.short_id for result in report.results if result.short_id is not None]
        if len(ids) != count:
            raise SystemExit(f"{group}: {report.results[0].sentence}")
        with instance.store.reading() as connection:
            held = {name: credential_store.load_document(connection, name) for name in ids}
        return [Copy(group=group, name=name, document=one.document) for name, one in held.items() if one is not None]

    def _correct(self, instance: Instance, name: str, *, at: datetime) -> None:
        correction = Correction(name=f"Ākonga Tauira {name[:4]}, corrected (invented)")
        correct(instance, name, correction, edition=load_edition(instance), now=at, actor=ACTOR)

    def _lose_a_key(self, instance: Instance) -> int:
        """Stolen on 15 March, found out on the 20th: stop it, tell the register, sign with another, sign again."""
        found, old = _moment("2026-03-20"), instance.config.credential_key
        stolen = compromise_key(instance, old, since=STOLEN, now=found, actor=ACTOR)
        new = instance.keyring.new(Purpose.CREDENTIAL, KeyType.ED25519, created=found)
        self._enrol(instance, found)
        _mark_compromised(self.records / "keys.csv", stolen.public_key_multibase, since=stolen.since)
        self._publish_edition(instance, found)
        use_key(instance, new.id, now=found, actor=ACTOR)
        results = reissue(
            instance,
            old,
            since=_moment("2026-03-12"),
            edition=load_edition(instance),
            now=_moment("2026-03-21"),
            actor=ACTOR,
        )
        return sum(result.outcome is Outcome.REISSUED for result in results)

    def _enrol(self, instance: Instance, now: datetime) -> None:
        config = instance.config
        request = build_request(
            did=config.did,
            moe_number=config.provider,
            name=config.name,
            keys=keys_to_enrol(instance),
            created=now,
        )
        accept_request(self.records, write_json(request), at=now)

    def _record_anchor(self, instance: Instance, day: str) -> None:
        now = _moment(day)
        anchored = anchor_badges(instance, edition=load_edition(instance), now=now, actor=ACTOR)
        accept_anchors(self.records, write_json(request_for(instance, anchored.unrecorded, now=now)), at=now)
        self._publish_edition(instance, now)

    def _publish_edition(self, instance: Instance, now: datetime) -> None:
        previous = self.edition.read_bytes() if self.edition.exists() else None
        built = build_edition(
            self.office, records=self.records, as_at=now.date(), previous=previous, demonstration=True, created=now
        )
        self.edition.write_bytes(built.data)
        anchor = (self.office / "anchor.json").read_bytes()
        use_edition(instance, built.data, anchor_data=anchor, now=now, actor=ACTOR)


def _moment(day: str) -> datetime:
    """Noon or so of that day in New Zealand."""
    chosen = date.fromisoformat(day)
    return datetime(chosen.year, chosen.month, chosen.day, 0, 0, tzinfo=UTC)


def _mark_compromised(path: Path, multibase: str | None, *, since: datetime) -> None:
    """What the authority does by hand when a provider tells it that a key was stolen."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["public_key_multibase"] == multibase:
            row["compromised_from"] = write_time(since)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


class LiveSite:
    """What the provider's server answers while it is there: a value that another process can be given."""

    def __init__(self, instance: Instance, *, at: datetime) -> None:
        lists = signed_lists(instance, now=at)
        web = OwnWeb(instance, lists=lists, at=at)
        addresses = [did_web_location(instance.config.did), *(instance.list_url(one.number) for one in lists)]
        proofs: dict[str, bytes] = {}
        with instance.store.reading() as connection:
            inclusions = Inclusions(connection)
            for badge in credential_store.current_badges(connection):
                web.put(badge.document)
                address = instance.badge_url(badge.credential.short_id)
                addresses.append(address)
                if proof := inclusions.of(badge.credential.short_id):
                    proofs[address] = write_json(proof)
        self._pages = {address: web(address) for address in addresses}
        for address, body in proofs.items():
            url = f"{address}.anchor.json"
            self._pages[url] = replace(self._pages[address], url=url, body=body)

    def __call__(self, url: str) -> Retrieved:
        if url not in self._pages:
            raise Unreachable(f"{url} is no address of this provider.", url=url)
        return self._pages[url]


# --- judging ------------------------------------------------------------------------------------------------------
def _judged(
    copies: Sequence[Copy],
    *,
    live: LiveSite | None,
    edition: Path,
    anchor: Path,
    workers: int,
    left: Path | None = None,
) -> list[Verdicts]:
    if workers == 1:
        return _judge(copies, live, edition, anchor, left)
    parts = [copies[start::workers] for start in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_judge, part, live, edition, anchor, left) for part in parts]
        answers = [job.result() for job in jobs]
    return [answers[place % workers][place // workers] for place in range(len(copies))]


def _judge(
    copies: Sequence[Copy], live: LiveSite | None, edition: Path, anchor: Path, left: Path | None
) -> list[Verdicts]:
    """Each copy as a stranger would check it: the file, the register, the pinned anchor, and what can be fetched."""
    at = BEFORE if left is None else AFTER
    fetch: Fetch = live or no_network
    if left is not None:
        fetch = load_did_map(left / "did-map.json", at=at)
    surroundings = Surroundings(fetch=fetch, edition=load_edition_file(edition, anchor=load_anchor(anchor)))
    verdicts: list[Verdicts] = []
    for copy in copies:
        subject = intake_bytes(copy.document, name=copy.name)
        report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=at).to_json()
        accredited = report["accredited"]
        reason = f" ({accredited['at_award']['reason']})" if accredited["at_award"] else ""
        answer = f"{accredited['verdict']}{reason}"
        verdicts.append((report["genuine"]["verdict"], report["current"]["verdict"], answer))
    return verdicts


def show(drill: Drill) -> None:
    """The table for people."""
    table = Table(title="The provider is there, and then it is not")
    for column in ("what became of them", "genuine?", "current?", "accredited?"):
        table.add_column(column)
    for column in ("before", "after"):
        table.add_column(column, justify="right")
    for group, verdicts, before, after in drill.rows():
        table.add_row(group, *verdicts, str(before), str(after))
    console.print(table)
    same = sum(one == other for one, other in zip(drill.before, drill.after, strict=True))
    size = drill.archive.stat().st_size / 1_000_000
    console.print(f"{same:,} of {len(drill.copies):,} verdicts are what they were. The archive has {size:.1f} MB.")


def main() -> int:
    """Run it in a temporary folder; 0 when every verdict is unchanged."""
    with tempfile.TemporaryDirectory() as folder:
        drill = run_drill(Path(folder))
        show(drill)
    return 0 if drill.is_unchanged else 1


if __name__ == "__main__":
    sys.exit(main())
