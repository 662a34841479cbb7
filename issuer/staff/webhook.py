"""What a learning platform's signed deliveries mean: whether they are its own, and which completions they hold."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from issuer.instance import Instance
from issuer.rows import Field
from issuer.rows.columnmap import fold_code
from issuer.staff.choices import SecretName, WebhookSettings, load_choices, save_choices, seal_secret, unseal_secret
from issuer.staff.machines import parse_item, refuse_faults
from schemas.errors import BadgeError, Fault, IssuingError
from schemas.jsontext import parse_object, pointer
from schemas.limits import MACHINE_BATCH, MAX_MACHINE_ROWS

ACTOR: Final = "key:webhook"  # as the audit log names the platform
TOLERANCE: Final = timedelta(minutes=5)
_PREFIX: Final = "nzobwh_"
_SCHEME: Final = "v1="
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_DELIVERY: Final = re.compile(r"[\x21-\x7e]{1,100}")
_COURSE: Final = "course"
_COMPLETION: Final = "completion_id"


class SignatureRefused(BadgeError):
    """One answer for every delivery that is not shown to be the platform's own."""

    slug = "signature-refused"
    title = "Not signed as agreed"
    status = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery: its id, the hash of its body, and its completions."""

    delivery_id: str
    body_sha256: str
    items: list[dict[str, str]] = field(repr=False)


def sign(secret: str, *, timestamp: int, body: bytes) -> str:
    """The signature of a delivery as its header has it."""
    return _SCHEME + _mac(secret, str(timestamp), body)


def check_signature(
    instance: Instance, settings: WebhookSettings, *, timestamp: str, signature: str, body: bytes, now: datetime
) -> None:
    """Raises SignatureRefused. While a secret is exchanged, the old one is good too."""
    refused = SignatureRefused("The delivery is not signed with the secret agreed on, or its time is minutes off.")
    given = [part.strip().removeprefix(_SCHEME) for part in signature.split(",") if part.strip().startswith(_SCHEME)]
    if not given or len(given) > 4 or not _TIMESTAMP.fullmatch(timestamp):
        raise refused
    good = False
    for sealed in (settings.secret_sealed, settings.previous_sealed):
        if sealed is not None:
            expected = _mac(unseal_secret(instance, sealed, SecretName.WEBHOOK), timestamp, body).encode()
            for one in given:
                good |= hmac.compare_digest(expected, one.encode("utf-8", "replace"))
    if not good or abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise refused


def parse_delivery(body: bytes, codes: Mapping[str, str]) -> Delivery:
    """A delivery's completions, their courses turned into references. Raises InputError; `codes` is course -> ref."""
    members = parse_object(body, limits=MACHINE_BATCH)
    faults = [
        Fault(message="There is no such member. Known are delivery, completions.", pointer=pointer(name))
        for name in members
        if name not in ("delivery", "completions")
    ]
    delivery_id, completions = members.get("delivery"), members.get("completions")
    if not isinstance(delivery_id, str) or not _DELIVERY.fullmatch(delivery_id):
        faults.append(Fault(message="A delivery needs an id of 1 to 100 printable characters.", pointer="/delivery"))
    if not isinstance(completions, list) or not 1 <= len(completions) <= MAX_MACHINE_ROWS:
        message = f"This must be a list of 1 to {MAX_MACHINE_ROWS:,} completions."
        faults.append(Fault(message=message, pointer="/completions"))
        completions = []
    references = {fold_code(code): reference for code, reference in codes.items()}
    items = [_parse_completion(item, index, references, faults) for index, item in enumerate(completions)]
    refuse_faults(faults)
    return Delivery(delivery_id=str(delivery_id), body_sha256=hashlib.sha256(body).hexdigest(), items=items)


def rotate_secret(instance: Instance, *, expected: str, actor: str, now: datetime) -> str:
    """A new secret; the present one stays good beside it until it is ended. Returns the new one, shown once.

    `expected` is the mark of the secret the form was made with: sent twice, it makes one. Raises IssuingError.
    """
    secret = _PREFIX + b32encode(secrets.token_bytes(32)).decode("ascii").rstrip("=").lower()
    sealed = seal_secret(instance, secret, SecretName.WEBHOOK)
    with instance.store.writing() as connection:
        choices = load_choices(connection)
        if mark_of(choices.webhook) != expected:
            raise IssuingError("The secret was exchanged already.", reason="secret-exchanged")
        before = None if choices.webhook is None else choices.webhook.secret_sealed
        changed = replace(choices, webhook=WebhookSettings(secret_sealed=sealed, previous_sealed=before))
        save_choices(instance, connection, changed, actor=actor, now=now)
    return secret


def end_previous_secret(instance: Instance, *, actor: str, now: datetime) -> None:
    """From now on the new secret alone is good."""
    with instance.store.writing() as connection:
        choices = load_choices(connection)
        if choices.webhook is not None and choices.webhook.previous_sealed is not None:
            alone = replace(choices.webhook, previous_sealed=None)
            save_choices(instance, connection, replace(choices, webhook=alone), actor=actor, now=now)


def switch_off(instance: Instance, *, actor: str, now: datetime) -> None:
    """No delivery is taken any more."""
    with instance.store.writing() as connection:
        choices = load_choices(connection)
        save_choices(instance, connection, replace(choices, webhook=None), actor=actor, now=now)


def mark_of(settings: WebhookSettings | None) -> str:
    """What tells one secret from the next without saying anything of it."""
    return "none" if settings is None else hashlib.sha256(settings.secret_sealed).hexdigest()[:16]


def _parse_completion(item: Any, index: int, references: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    values = parse_item(item, at=("completions", index), faults=faults, also=(_COURSE, _COMPLETION))
    course, completion = values.pop(_COURSE, None), values.pop(_COMPLETION, None)
    if course is not None:
        reference = references.get(fold_code(course))
        where = pointer("completions", index, _COURSE)
        if reference is None:
            message = f"The course “{course[:100]}” is not known here. Say at the desk which micro-credential it is."
            faults.append(Fault(message=message, pointer=where))
        elif values.get(Field.NZQA_REF, reference) != reference:
            faults.append(Fault(message="The course is another micro-credential than nzqa_ref.", pointer=where))
        else:
            values[Field.NZQA_REF] = reference
    elif Field.NZQA_REF not in values and isinstance(item, dict):
        message = "The member course or nzqa_ref is missing or empty."
        faults.append(Fault(message=message, pointer=pointer("completions", index)))
    if completion is not None:
        values.setdefault(Field.ROW_KEY, completion)
    return values


def _mac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
