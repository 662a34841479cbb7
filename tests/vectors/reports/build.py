"""Writes the report of every scene as the verifier gives it: run it after a change of wording, and read the difference."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from schemas.jsontext import write_json
from tests.scenes import SCENES
from verifier.digest import report_sha256

HERE = Path(__file__).parent


def golden(name: str) -> dict[str, Any]:
    """The report without the version of the program, which is not part of what is found."""
    report = SCENES[name][0]().report().to_json()
    report["verifier"] = {"version": "of the day"}
    return report | {"report_sha256": report_sha256(report)}


def text(name: str) -> bytes:
    import json

    return json.dumps(json.loads(write_json(golden(name))), ensure_ascii=False, indent=1).encode() + b"\n"


if __name__ == "__main__":
    for old in HERE.glob("*.json"):
        old.unlink()
    for name in SCENES:
        (HERE / f"{name}.json").write_bytes(text(name))
