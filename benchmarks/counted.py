"""`python -m benchmarks.counted FOLDER CSV`: issues a class list under a profiler, and prints how often each check ran.

A run apart: nothing of it is timed. What is not called is told as 0, so a check that went missing shows.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

# what is told -> the functions that do it, as (end of the file's path, name)
CHECKS: dict[str, tuple[tuple[str, str], ...]] = {
    "rows admitted": (("issuer/admission.py", "admit"),),
    "decisions of the register (one for each reference and day)": (("register/decision.py", "decide_for_issuer"),),
    "row keys made": (("issuer/rowkeys.py", "_key_of"),),
    "searches for student numbers": (("issuer/minting.py", "refuse_nsns"),),
    "strict schema": (("schemas/validate.py", "validate_status_set"),),
    "lossless expansion": (("schemas/lossless.py", "find_losses"),),
    "badges compared with what the reference path makes": (("issuer/selfcheck.py", "check_made"),),
    "badges believed by the whole verifier": (("issuer/selfcheck.py", "check_badge"),),
    "signatures": (("keys/signing.py", "sign"),),
    "signatures verified": (("keys/public_key.py", "verify"),),
    "audit entries": (("issuer/audit.py", "append"),),
}

# those that belong to making a badge from its order
MAKING = (
    "searches for student numbers",
    "strict schema",
    "lossless expansion",
    "signatures",
    "signatures verified",
)


def main(folder: str, file: str) -> int:
    """Print {what: calls}."""
    from issuer.cli import badge_issuer  # only here: whoever counts in their own process needs no command

    profile = cProfile.Profile()
    try:
        profile.runcall(
            badge_issuer.main, ["--instance", folder, "issue", file, "--json", "--workers", "1"], standalone_mode=False
        )
    except (SystemExit, click.ClickException) as error:
        print(error, file=sys.stderr)
        return 1
    print("COUNTED " + json.dumps(counts_of(profile)))
    return 0


def counts_of(profile: cProfile.Profile) -> dict[str, int]:
    """How often each check was called."""
    called = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed leaves it out
    return {
        what: sum(
            primitive
            for (path, _, name), (primitive, *_) in called.items()
            if any(path.endswith(end) and name == wanted for end, wanted in functions)
        )
        for what, functions in CHECKS.items()
    }


def told(counts: dict[str, int], *, over: int, only: Sequence[str] = tuple(CHECKS)) -> str:
    """As it stands under a table."""
    return f"counted over {over:,}: " + ", ".join(f"{what} {counts[what]:,}" for what in only)


def count_checks(provider: Path, file: Path) -> dict[str, int]:
    """The same, asked from another process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.counted", provider, file], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("COUNTED ")]
    if done.returncode or not told:
        raise SystemExit(f"the checks could not be counted:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    counts: dict[str, int] = json.loads(told[0].removeprefix("COUNTED "))
    return counts


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
