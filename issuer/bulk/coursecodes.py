"""A course code forgotten: class lists that say it ask anew what it stands for; what was issued by it stays."""

from __future__ import annotations

from datetime import datetime

from issuer import audit
from issuer.instance import Instance
from issuer.rows.columnmap import fold_code
from issuer.store import uploads_rows


def forget_course_code(instance: Instance, code: str, *, now: datetime, actor: str) -> bool:
    """False when there is no such code, however it is written."""
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
