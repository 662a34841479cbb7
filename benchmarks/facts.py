"""On what and with what a benchmark ran: the machine, the versions and the commit, for whoever reads the figures."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.backends.openssl import backend

_PACKAGES = ("pyld", "cryptography", "sqlalchemy", "pyoxigraph", "qrcode", "pillow")


def facts(**more: object) -> dict[str, Any]:
    """Everything that is worth knowing beside a figure."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": {
            "python": sys.version.split()[0],
            "openssl": backend.openssl_version_text(),
            "sqlite": sqlite3.sqlite_version,
            **{name: version(name) for name in _PACKAGES},
        },
        **more,
    }


def machine() -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "model": _model(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "busy_before": round(os.getloadavg()[0], 2),  # processes that wanted a core in the last minute
    }


def commit() -> str:
    """The short name of the commit, with a plus sign where tracked files differ from it; `unknown` outside Git."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def told(known: dict[str, Any]) -> str:
    """One line for a caption."""
    where = known["machine"]
    return f"{where['cores']} cores of {where['model']} · {known['at'][:10]} · commit {known['commit']}"


def _model() -> str:
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        for line in cpus.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()
