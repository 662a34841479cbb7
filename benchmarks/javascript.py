"""The JavaScript stack as a peer: a child process that lives as long as the run, and times itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.timing import Peer
from schemas.jsontext import JsonObject
from schemas.loader import load_context
from schemas.manifest import CONTEXTS

SOURCE = Path(__file__).parent / "javascript"
FOLDER = Path("build/bench-javascript")
INSTALL_SECONDS = 120
_NAMES = ("@digitalbazaar/vc", "@digitalbazaar/data-integrity", "@digitalbazaar/eddsa-rdfc-2022-cryptosuite", "jsonld")


class LeftOutError(Exception):
    """Why the JavaScript stack takes no part."""


class Stack:
    """The child process, and what runs in it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def peer(self, what: str, *, count: int) -> Peer:
        """`issue`, `verify` or `canonize`, so many times in each round."""

        def timed() -> float:
            if self._child.stdin is None or self._child.stdout is None:
                raise LeftOutError("its process has no pipes")
            self._child.stdin.write(json.dumps({"do": what, "count": count}) + "\n")
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
            if not answer:
                raise SystemExit(f"the JavaScript stack ended while it was to {what}")
            return float(json.loads(answer)["seconds"])

        return timed


@contextmanager
def javascript_stack(credential: JsonObject) -> Iterator[Stack]:
    """Installed where it is not yet, and started with this unsigned credential. Raises LeftOutError."""
    node = shutil.which("node")
    if node is None:
        raise LeftOutError("there is no node on this machine")
    _install()
    contexts = {pinned.url: load_context(pinned.url) for pinned in CONTEXTS}
    (FOLDER / "contexts.json").write_text(json.dumps(contexts))
    (FOLDER / "credential.json").write_text(json.dumps(credential))
    with subprocess.Popen(
        [node, "stack.mjs", "contexts.json", "credential.json"],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            yield Stack(child)
        finally:
            child.terminate()


def versions() -> dict[str, str]:
    """Of node and of what ran in it."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"node": node, **{name: _package(name)["version"] for name in _NAMES}}


def _package(name: str) -> dict[str, Any]:
    package: dict[str, Any] = json.loads((FOLDER / "node_modules" / name / "package.json").read_text())
    return package


def _install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = (SOURCE / "package.json").read_text()
    shutil.copy(SOURCE / "stack.mjs", FOLDER)
    mark = FOLDER / "installed.json"
    if mark.exists() and mark.read_text() == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise LeftOutError("its packages are not installed, and there is no npm")
    (FOLDER / "package.json").write_text(wanted)
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise LeftOutError("its packages could not be installed (is there a network?)") from None
    mark.write_text(wanted)
