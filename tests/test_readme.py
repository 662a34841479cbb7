"""The README's story is run as it stands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_story_of_the_readme_runs_when_pasted(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    story = re.search(r"<!-- story: .*?-->\n```sh\n(.*?)```", readme, re.DOTALL)
    assert story is not None
    shutil.copytree(ROOT / "demo", tmp_path / "demo")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BADGES_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", story[1]],
        cwd=tmp_path, env=clean | {"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert re.search(r"[Aa]ccredited", done.stdout)
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert example is not None
    badge = next((tmp_path / "issued" / "badges").glob("*.json"))
    script = example[1].replace("issued/badges/….json", str(badge))
    said = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "genuine" in said.stdout
    assert "Accredited" in said.stdout


def test_the_commands_the_makefile_wraps_stand_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = [line for line in makefile.splitlines() if line.startswith(".PHONY:")]
    for target in phony.split()[1:]:
        assert f"\n{target}:" in makefile
        assert f"make {target}" in readme or target == "clean"
