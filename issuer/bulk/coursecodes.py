"""Course codes: which micro-credential each stands for, in every class list, until it is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from issuer import audit
from issuer.bulk.upload_choices import NAME_CHARS
from issuer.instance import Instance
from issuer.rows.columnmap import fold_code
from issuer.store import uploads_rows
from schemas.errors import InputError
from schemas.nzqcf import is_reference
from verifier.register.edition import Edition


def load_course_codes(instance: Instance) -> Mapping[str, str]:
    """Course code -> NZQA reference."""
    with instance.store.reading() as connection:
        return uploads_rows.load_course_codes(connection)


def save_course_codes(
    instance: Instance, codes: Mapping[str, str], *, edition: Edition | None, now: datetime, actor: str
) -> None:
    """What these codes stand for from now on, in every class list. Raises InputError, naming the code in `field`."""
    known = edition.register.versions_by_ref if edition else {}
    for code, reference in codes.items():
        if not fold_code(code) or len(code) > NAME_CHARS or not code.isprintable():
            raise InputError("A course code must have 1 to 100 printable characters.", field=code)
        if not is_reference(reference) or (edition is not None and reference not in known):
            raise InputError(f"“{reference[:20]}” is not a micro-credential of the register in use.", field=code)
    if not codes:
        return
    with instance.store.writing() as connection:
        for code, reference in sorted(codes.items()):
            uploads_rows.keep_course_code(
                connection, folded=fold_code(code), code=" ".join(code.split()), nzqa_ref=reference, at=now
            )
        facts = {"references": sorted(set(codes.values())), "count": len(codes)}
        audit.append(connection, at=now, actor=actor, action=audit.COURSE_CODES, facts=facts)


def forget_course_code(instance: Instance, code: str, *, now: datetime, actor: str) -> bool:
    """Class lists that say it ask anew what it stands for; what was issued by it stays. False when there is none."""
    folded = fold_code(code)
    with instance.store.writing() as connection:
        known = uploads_rows.load_course_codes(connection)
        found = next((one for one in known if fold_code(one) == folded), None)
        if found is None:
            return False
        uploads_rows.keep_course_code(connection, folded=folded, code=found, nzqa_ref=None, at=now)
        facts = {"ref": known[found]}
        audit.append(connection, at=now, actor=actor, action=audit.COURSE_CODE_REMOVED, facts=facts)
    return True
