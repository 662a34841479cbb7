"""The hash-chained log of every act that matters: issue, correct, withdraw, key, register; ids, hashes, codes only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoResultFound

from issuer.store import audit_log
from issuer.store.tables import documents, status_bits
from schemas.canonical import jcs
from schemas.errors import Fault, IssuingError
from schemas.jsontext import write_json
from schemas.times import write_time

GENESIS = "0" * 64  # what the first entry names as the one before it

ISSUE = "issue"
CORRECT = "correct"
REVOKE = "revoke"
REGISTER_USE = "register-use"
ENDORSEMENTS_USE = "endorsements-use"
STAPLING = "stapling"
INSTANCE_INIT = "instance-init"
KEY_NEW = "key-new"
KEY_USE = "key-use"
KEY_RETIRE = "key-retire"
KEY_COMPROMISE = "key-compromise"
ANCHOR = "anchor"
REISSUE = "reissue"
CLOSE = "close"
SUSPEND = "suspend"
REINSTATE = "reinstate"
SUSPENSION_SETTING = "suspension-setting"
WITHDRAW_BATCH = "withdraw-batch"
BATCH_WITHDRAWN = "batch-withdrawn"
NZROA_EXPORT = "nzroa-export"
NZROA_REPORTED = "nzroa-reported"
NSN_PURGE = "nsn-purge"
BACKUP = "backup"
RESTORE = "restore"
DATABASE_MOVE = "database-move"
DATABASE_PARTITION = "database-partition"
SETTINGS = "settings"
UPLOAD = "upload"
UPLOAD_CHANGE = "upload-change"
UPLOAD_CHECK = "upload-check"
UPLOAD_PURGE = "upload-purge"
COURSE_CODES = "course-codes"
BATCH_CONFIRM = "batch-confirm"
BATCH_APPROVE = "batch-approve"
BATCH_REJECT = "batch-reject"
BATCH_DISCARD = "batch-discard"
BATCH_CANCEL = "batch-cancel"
BATCH_RETRY = "batch-retry"
BATCH_FINISHED = "batch-finished"
BATCH_STOPPED = "batch-stopped"
MAIL_HOLD = "mail-hold"
MAIL_RELEASE = "mail-release"
MAIL_CANCEL = "mail-cancel"
MAIL_RESEND = "mail-resend"
MAIL_REMINDERS = "mail-reminders"
MAIL_BOUNCES = "mail-bounces"
MAIL_TEST = "mail-test"
MAIL_ERASED = "mail-erased"
LEARNER_ADDRESS = "learner-address"
CLAIM = "claim"
CLAIM_VISIBILITY = "claim-visibility"
CLAIM_LINK = "claim-link"
CLAIM_NZROA_LINK = "claim-nzroa-link"
SHARE_KEY = "share-key"
SHARE_KEY_WITHDRAWN = "share-key-withdrawn"
LEARNER_REQUEST = "learner-request"
REQUEST_SETTLED = "request-settled"
LEARNER_TOLD = "learner-told"
LINK_REPLACED = "link-replaced"
LINKS_PRINTED = "links-printed"
SETUP_CHANGE = "setup-change"
COURSE_CODE_REMOVED = "course-code-removed"
ACCOUNT_NEW = "account-new"
ACCOUNT_ROLES = "account-roles"
ACCOUNT_DISABLE = "account-disable"
ACCOUNT_ENABLE = "account-enable"
ACCOUNT_LOCKED = "account-locked"
PASSWORD_CHANGE = "password-change"
PASSWORD_RESET = "password-reset"
SIGN_IN = "sign-in"
API_KEY_NEW = "api-key-new"
API_KEY_REVOKE = "api-key-revoke"
WEBHOOK_SECRET = "webhook-secret"

_BIT_ACTIONS = frozenset({CORRECT, REVOKE})
_SEVERAL_BITS_ACTIONS = frozenset({REISSUE, WITHDRAW_BATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What going over the whole chain found."""

    entries: int
    documents: int
    head_sha256: str
    faults: tuple[Fault, ...]

    def __bool__(self) -> bool:
        return not self.faults


def append(connection: Connection, *, at: datetime, actor: str, action: str, facts: Mapping[str, Any]) -> str:
    """Add one act to the chain, in the caller's transaction, as its last statement before the commit.

    `facts` are ids, hashes and codes: never a name, address or number of a person. Returns the entry's hash.
    """
    try:
        head = audit_log.lock_head(connection)
    except NoResultFound:
        raise IssuingError("The audit log has lost its end; run `badge-issuer audit verify`.") from None
    moment = write_time(at)
    text = write_json(dict(facts)).decode()
    entry = audit_log.Entry(
        seq=head.seq + 1,
        at=moment,
        actor=actor,
        action=action,
        facts=text,
        previous_sha256=head.entry_sha256,
        entry_sha256=_entry_hash(head.seq + 1, moment, actor, action, text, head.entry_sha256),
    )
    audit_log.add_entry(connection, entry)
    return entry.entry_sha256


def document_facts(rows: Mapping[tuple[str, int], str]) -> dict[str, str]:
    """`{(short id, version): sha256}` as facts: `{"short@version": sha256}`."""
    return {f"{short_id}@{version}": digest for (short_id, version), digest in rows.items()}


def verify_chain(connection: Connection, *, expected_head: str | None = None) -> AuditReport:
    """Go over the chain and every signed document; any edit, drop or reorder is a fault.

    `expected_head` is a hash noted earlier: a log cut back to before it lacks it.
    """
    faults: list[Fault] = []
    logged: dict[str, str] = {}
    bits = _Bits()
    previous, expected_seq, seen_expected = GENESIS, 1, expected_head in {None, GENESIS}
    for entry in audit_log.load_entries(connection):
        faults += _entry_faults(entry, previous=previous, expected_seq=expected_seq)
        previous, expected_seq = entry.entry_sha256, entry.seq + 1
        seen_expected = seen_expected or entry.entry_sha256 == expected_head
        facts = _facts_of(entry)
        logged |= facts["documents"] if isinstance(facts.get("documents"), dict) else {}
        bits.follow(entry.action, facts)
    head = audit_log.load_head(connection)
    if head is None or (head.seq, head.entry_sha256) != (expected_seq - 1, previous):
        faults.append(Fault(message=f"The log ends with entry {expected_seq - 1}, which is not the end it had."))
    if not seen_expected:
        faults.append(Fault(message="The entry noted last is no longer in the log: the log was cut back or replaced."))
    count, document_faults = _document_faults(connection, logged)
    return AuditReport(
        entries=expected_seq - 1,
        documents=count,
        head_sha256=previous,
        faults=(*faults, *document_faults, *_bit_faults(connection, bits.expected)),
    )


@dataclass(slots=True)
class _Bits:
    """The bits that the log set: those of revocation for good, those of suspension until an act cleared them."""

    revoked: set[tuple[int, int]] = field(default_factory=set)
    suspended: set[tuple[int, int]] = field(default_factory=set)

    def follow(self, action: str, facts: Mapping[str, Any]) -> None:
        one = (_whole(facts.get("list")), _whole(facts.get("index")))
        if action in _BIT_ACTIONS:
            self.revoked.add(one)
        elif action in _SEVERAL_BITS_ACTIONS:
            self.revoked |= _pairs(facts.get("bits"))
            self.suspended |= _pairs(facts.get("suspended"))
        elif action == SUSPEND:
            self.suspended.add(one)
        elif action == REINSTATE:
            self.suspended.discard(one)

    @property
    def expected(self) -> set[tuple[int, int]]:
        return self.revoked | self.suspended


def _pairs(value: Any) -> set[tuple[int, int]]:
    pairs = value if isinstance(value, list) else []
    return {(_whole(pair[0]), _whole(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _entry_faults(entry: audit_log.Entry, *, previous: str, expected_seq: int) -> list[Fault]:
    where = f"Entry {entry.seq}"
    if entry.seq != expected_seq:
        return [Fault(message=f"{where} follows entry {expected_seq - 1}: what stood between is gone.")]
    if entry.previous_sha256 != previous:
        return [Fault(message=f"{where} does not follow the entry before it: one of them was changed or moved.")]
    computed = _entry_hash(entry.seq, entry.at, entry.actor, entry.action, entry.facts, entry.previous_sha256)
    if entry.entry_sha256 != computed:
        return [Fault(message=f"{where} was changed after it was written.")]
    return []


def _document_faults(connection: Connection, unseen: dict[str, str]) -> tuple[int, list[Fault]]:
    """Compare the log with what is stored: each signed version is logged once, with the hash of its very bytes.

    What is found is taken out of `unseen`: of many badges, one such table is enough to hold.
    """
    faults: list[Fault] = []
    count = 0
    query = sa.select(documents.c.short_id, documents.c.version, documents.c.document)
    for row in connection.execute(query, execution_options={"yield_per": 200}):
        count += 1
        name = f"{row.short_id}@{row.version}"
        expected = unseen.pop(name, None)
        if expected is None:
            faults.append(Fault(message=f"Badge {row.short_id}, version {row.version}, was signed but is not logged."))
        elif hashlib.sha256(bytes(row.document)).hexdigest() != expected:
            faults.append(Fault(message=f"Badge {row.short_id}, version {row.version}, is not the one logged."))
    faults += [Fault(message=f"The log has badge {name}, but it is no longer stored.") for name in sorted(unseen)]
    return count, faults


def _bit_faults(connection: Connection, logged: set[tuple[int, int]]) -> list[Fault]:
    """Compare the log with the status lists: a bit is set exactly when a withdrawal or a correction set it."""
    found = {(row.list_number, row.list_index) for row in connection.execute(sa.select(status_bits))}
    faults = [
        Fault(message=f"Entry {index} of status list {number} is clear although a logged act set it.")
        for number, index in sorted(logged - found)
    ]
    faults += [
        Fault(message=f"Entry {index} of status list {number} is set, but no act in the log set it.")
        for number, index in sorted(found - logged)
    ]
    return faults


def _facts_of(entry: audit_log.Entry) -> dict[str, Any]:
    try:
        facts = json.loads(entry.facts)
    except ValueError:
        return {}  # an edited entry: its hash has told already
    return facts if isinstance(facts, dict) else {}


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else -1


def _entry_hash(seq: int, at: str, actor: str, action: str, facts: str, previous: str) -> str:
    value = {"seq": seq, "at": at, "actor": actor, "action": action, "facts": facts, "previous": previous}
    return hashlib.sha256(jcs(value)).hexdigest()
