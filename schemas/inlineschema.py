"""A JSON Schema that a badge brings along (1EdTech VCCS 1.0): asks a process with caps; fetches nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from schemas.errors import Fault, InputError
from schemas.jsontext import JsonObject, pointer
from schemas.limits import MAX_SCHEMA_READERS, SCHEMA_SECONDS
from schemas.validate import in_array_form

_CHILD: Final = Path(__file__).with_name("inlineschema_child.py")
_readers = threading.BoundedSemaphore(MAX_SCHEMA_READERS)


def validate_against(schema: JsonObject, document: JsonObject) -> tuple[Fault, ...]:
    """Faults of the document, as it stands or with arrays for single values, whichever has fewer.

    Raises InputError for a schema that cannot be applied: that says nothing about the document.
    """
    answer = _ask({"schema": schema, "documents": [document, in_array_form(document)]})
    found = answer.get("faults")
    if not isinstance(found, list):
        raise InputError(f"The schema cannot be applied ({str(answer.get('refused'))[:60]}).")
    return tuple(Fault(pointer=pointer(*one["path"]), message=one["message"]) for one in found)


def _ask(question: JsonObject) -> JsonObject:
    if not _readers.acquire(timeout=SCHEMA_SECONDS):
        return {"refused": "too many at once"}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a file of this package, no words of a stranger's
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(question).encode(),
            capture_output=True,
            timeout=SCHEMA_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {"refused": "too much work"}
    except subprocess.TimeoutExpired:
        return {"refused": "too much work"}
    except ValueError:
        return {"refused": "no answer"}
    finally:
        _readers.release()
    return answer if isinstance(answer, dict) else {"refused": "no answer"}
