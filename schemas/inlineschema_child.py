"""Run on its own, in a process with caps: validates a badge against a stranger's JSON Schema, and says what is wrong.

A schema may hold a pattern that never ends or references that double at every step; here that costs a process. It
imports nothing of ours and retrieves nothing: a reference to another document is refused.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from typing import Any

CPU_SECONDS = 1
MEMORY_BYTES = 512 * 1024 * 1024
MAX_FAULTS = 5


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable()
    given = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"faults": faults(given["schema"], given["documents"])}
    except Exception as error:  # noqa: BLE001 - whatever a broken schema makes of the library, the schema is at fault
        answer = {"refused": type(error).__name__}
    sys.stdout.write(json.dumps(answer))


def faults(schema: dict[str, Any], documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong with the form of the document that has the least wrong; nothing when one of the forms passes."""
    from jsonschema import Draft201909Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft201909Validator)
    kind.check_schema(schema)
    validator = kind(schema, registry=Registry())
    found: list[list[dict[str, Any]]] = []
    for document in documents:
        listed = []
        for error in validator.iter_errors(document):
            listed.append({"path": [str(step) for step in error.absolute_path], "message": str(error.message)[:200]})
            if len(listed) == MAX_FAULTS:
                break
        found.append(listed)
    return min(found, key=len)


if __name__ == "__main__":
    main()
