"""The table of guards is true: each stands where it says, names a test that exists, and is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.verifier.guards import GUARDS, PAGE, ROOT, Guard, page, source_without

# The whole table takes some minutes (`make guards`); these few show here that taking one away is seen.
SOME = ("disguises", "every proof", "list's bomb", "public addresses", "rate", "JSON twice")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_the_table_says_and_its_test_exists(guard: Guard) -> None:
    compile(source_without(guard), guard.file, "exec")
    file, _, name = guard.test.partition("::")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_no_guard_is_named_twice_and_the_page_is_the_table() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.slow
def test_without_a_guard_its_test_is_red() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.verifier.guards", *SOME], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(" red") == len(SOME)
