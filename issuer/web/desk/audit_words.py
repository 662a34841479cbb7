"""The audit log in words: what each act was and who did it, in the language of the page; reads no database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from issuer.store.audit_log import Entry
from issuer.web.desk.audit_facts import tell_facts
from issuer.web.words import _
from schemas.times import parse_time

_HASH = re.compile(r"[0-9a-f]{40,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry as a person reads it."""

    seq: int
    at: datetime
    who: str
    what: str
    code: str
    badge: str | None  # a short id
    batch: str | None
    person: str | None  # whose account it was about
    about: tuple[str, ...]  # what else a person would ask for, in words
    more: str  # the remaining facts, as they are in the log


def action_words() -> Mapping[str, str]:
    """What each act is called. An act that is not here is told by its code."""
    return {
        "issue": _("Badges issued"),
        "correct": _("Badge corrected"),
        "revoke": _("Badge withdrawn"),
        "suspend": _("Badge put on hold"),
        "reinstate": _("Badge taken off hold"),
        "reissue": _("Badges signed anew"),
        "withdraw-batch": _("Badges of a class list withdrawn"),
        "batch-withdrawn": _("Class list withdrawn whole"),
        "suspension-setting": _("Holding of badges switched on or off"),
        "register-use": _("Register put to use"),
        "endorsements-use": _("Statements of the register put to use"),
        "stapling": _("Statements in badges switched on or off"),
        "instance-init": _("Service set up"),
        "key-new": _("Signing key made"),
        "key-use": _("Signing key put to use"),
        "key-retire": _("Signing key retired"),
        "key-compromise": _("Signing key reported as compromised"),
        "anchor": _("Time stamp noted"),
        "close": _("Service closed"),
        "nzroa-export": _("List for NZQA exported"),
        "nzroa-reported": _("Reported to NZQA"),
        "nsn-purge": _("Student numbers erased"),
        "backup": _("Backup made"),
        "restore": _("Restored from a backup"),
        "database-move": _("Moved to another database"),
        "database-partition": _("Database spread over partitions"),
        "settings": _("Settings changed"),
        "upload": _("Class list received"),
        "upload-change": _("Class list mended"),
        "upload-check": _("Class list checked"),
        "upload-purge": _("Uploaded files erased"),
        "course-codes": _("Course codes changed"),
        "course-code-removed": _("Course code removed"),
        "batch-confirm": _("Class list confirmed for issuing"),
        "batch-approve": _("Class list approved"),
        "batch-reject": _("Class list sent back"),
        "batch-discard": _("Class list discarded"),
        "batch-cancel": _("Issuing cancelled"),
        "batch-retry": _("Issuing tried again"),
        "batch-finished": _("Issuing finished"),
        "batch-stopped": _("Issuing stopped"),
        "mail-hold": _("Mail held back"),
        "mail-release": _("Mail released"),
        "mail-cancel": _("Mail cancelled"),
        "mail-resend": _("Mail sent again"),
        "mail-reminders": _("Reminders prepared"),
        "mail-bounces": _("Returned mail noted"),
        "mail-test": _("Test mail sent"),
        "mail-erased": _("Addresses erased after sending"),
        "learner-address": _("Learner's address changed"),
        "claim": _("Badge claimed by its learner"),
        "claim-visibility": _("Learner chose who can see the badge"),
        "claim-link": _("Claim link made"),
        "claim-nzroa-link": _("Learner added a link to their record"),
        "share-key": _("Share link made"),
        "share-key-withdrawn": _("Share link withdrawn"),
        "learner-request": _("Learner asked for a change"),
        "request-settled": _("Learner's request settled"),
        "learner-told": _("Learner told by mail"),
        "link-replaced": _("Claim link replaced"),
        "links-printed": _("Claim links printed"),
        "setup-change": _("Micro-credential set up"),
        "account-new": _("Account made"),
        "account-roles": _("Roles changed"),
        "account-disable": _("Account disabled"),
        "account-enable": _("Account opened again"),
        "account-locked": _("Account locked after wrong passwords"),
        "password-change": _("Password changed"),
        "password-reset": _("One-time password made"),
        "sign-in": _("Signed in"),
        "api-key-new": _("API key made"),
        "api-key-revoke": _("API key revoked"),
        "webhook-secret": _("Webhook secret changed"),
    }


def tell_entry(entry: Entry, *, people: Mapping[str, str], keys: Mapping[str, str]) -> Told:
    """`people` and `keys` are names by id."""
    facts = _facts(entry)
    badge = facts.pop("credential", None)
    batch = facts.pop("batch", None) or facts.pop("batch_id", None)
    person = facts.pop("account", None)
    documents = facts.pop("documents", None)
    if isinstance(documents, dict):
        names = sorted({name.partition("@")[0] for name in documents})
        if len(names) == 1 and badge is None:
            badge = names[0]
        elif names and badge is None:
            facts = {"badges": len(names)} | facts
    badges = facts.get("credentials")
    if isinstance(badges, list) and "badges" not in facts:
        facts = {"badges": len(badges)} | facts
    about, rest = tell_facts(entry.action, facts)
    return Told(
        seq=entry.seq,
        at=parse_time(entry.at),
        who=tell_actor(entry.actor, people=people, keys=keys),
        what=action_words().get(entry.action, entry.action),
        code=entry.action,
        badge=badge if isinstance(badge, str) else None,
        batch=batch if isinstance(batch, str) else None,
        person=people.get(str(person)) or (str(person) if person else None),
        about=about,
        more=", ".join(f"{name}: {_short(value)}" for name, value in rest.items()),
    )


def tell_actor(actor: str, *, people: Mapping[str, str], keys: Mapping[str, str]) -> str:
    kind, _colon, name = actor.partition(":")
    if kind == "user":
        return people.get(name, actor)
    if actor == "key:webhook":
        return _("The learning platform")
    if kind == "key":
        return _("API key %(name)s") % {"name": keys.get(name, name)}
    if kind == "cli":
        return _("Command line (%(name)s)") % {"name": name or "?"}
    if kind == "learner":
        return _("The learner")
    if kind == "nobody":
        return _("Somebody not signed in")
    if kind == "worker":
        return _("This service by itself")
    return actor


def _facts(entry: Entry) -> dict[str, Any]:
    try:
        facts = json.loads(entry.facts)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _short(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _HASH.fullmatch(text):
        return f"{text[:12]}…"
    return text if len(text) <= 60 else f"{text[:57]}…"
