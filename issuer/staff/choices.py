"""What staff chose at the desk: four eyes, mail, how long links work; secrets among them are kept sealed."""

from __future__ import annotations

import ipaddress
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Identity
from issuer.rows.single import read_one_email
from issuer.store import settings_rows
from issuer.vault import seal, unseal
from schemas.errors import InputError, IssuingError
from schemas.jsontext import write_json

_SEALS: Final = "settings"  # the purpose under which secrets among the settings are sealed
_MAX_LINE_CHARS: Final = 200
_MAX_TEXT_CHARS: Final = 4_000
_MAX_SECRET_CHARS: Final = 1_000
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
# (least, most) days of each setting that counts them.
_DAYS: Final[Mapping[str, tuple[int, int]]] = {
    "claim_days": (1, 1_825),
    "reminder_days": (0, 365),  # 0: nobody is reminded
    "nsn_purge_days": (1, 730),
    "upload_days": (1, 365),
}


class MailDefault(StrEnum):
    """Whether the mail of a class list waits until somebody releases it, unless it was said otherwise."""

    HOLD = "hold"
    SEND = "send"


class Security(StrEnum):
    """How the way to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class SecretName(StrEnum):
    """What a secret is of; a seal cannot be moved from one to another."""

    SMTP_PASSWORD = "smtp-password"
    OIDC_CLIENT = "oidc-client-secret"
    WEBHOOK = "webhook-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server, and who the mail is from."""

    host: str
    sender: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str | None = None
    password_sealed: bytes | None = field(default=None, repr=False)
    sender_name: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The provider's own sign-in service."""

    issuer: str
    client_id: str
    client_secret_sealed: bytes | None = field(default=None, repr=False)
    label: str | None = None  # what the sign-in page calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """What a learning platform signs its deliveries with."""

    secret_sealed: bytes = field(repr=False)
    previous_sealed: bytes | None = field(default=None, repr=False)  # good too while the secret is exchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The settings as they are; every one has a default, so that a new instance needs none."""

    four_eyes: bool = False
    mail_default: MailDefault = MailDefault.HOLD
    claim_days: int = 180
    reminder_days: int = 14
    nsn_purge_days: int = 90
    upload_days: int = 30
    contact_email: str | None = None
    contact_name: str | None = None
    privacy_text: str | None = None
    mail: MailSettings | None = None
    oidc: OidcSettings | None = None
    webhook: WebhookSettings | None = None


def load_choices(connection: Connection) -> Choices:
    """The settings as they are now. Raises IssuingError when a row cannot be read."""
    rows = settings_rows.load_values(connection)
    names = {each.name for each in fields(Choices)}
    try:
        return Choices(**{name: _read(name, json.loads(text)) for name, text in rows.items() if name in names})
    except (KeyError, TypeError, ValueError):
        raise IssuingError("The settings cannot be read; restore the database from a backup.") from None


def save_choices(instance: Identity, connection: Connection, choices: Choices, *, actor: str, now: datetime) -> Choices:
    """Keep the settings, in the caller's transaction, with its audit entry last. Returns them tidied.

    What did not change is not written, and a save that changes nothing is no act. Raises InputError, whose
    `extensions["field"]` names the setting.
    """
    tidy = check_choices(choices)
    _refuse_foreign_seals(instance, tidy)
    before = load_choices(connection)
    changed = sorted(each.name for each in fields(Choices) if getattr(before, each.name) != getattr(tidy, each.name))
    if changed:
        values = {name: write_json(_write(getattr(tidy, name))).decode() for name in changed}
        settings_rows.save_values(connection, values, at=now, by=actor)
        facts = {"changed": changed, "four_eyes": tidy.four_eyes}
        audit.append(connection, at=now, actor=actor, action=audit.SETTINGS, facts=facts)
    return tidy


def seal_secret(instance: Identity, secret: str, name: SecretName) -> bytes:
    """A secret as the settings keep it. Raises InputError."""
    if not secret or len(secret) > _MAX_SECRET_CHARS or not secret.isprintable():
        raise InputError(f"A secret must have 1 to {_MAX_SECRET_CHARS} printable characters.", field=name.value)
    return seal(instance, secret.encode(), purpose=_SEALS, context=name.value)


def unseal_secret(instance: Identity, sealed: bytes, name: SecretName) -> str:
    """The secret again. Raises IssuingError when this instance's secrets do not open it."""
    return unseal(instance, sealed, purpose=_SEALS, context=name.value).decode()


def _refuse_foreign_seals(instance: Identity, choices: Choices) -> None:
    """A secret that this instance cannot open again is not worth keeping. Raises IssuingError."""
    if choices.mail is not None and choices.mail.password_sealed is not None:
        unseal_secret(instance, choices.mail.password_sealed, SecretName.SMTP_PASSWORD)
    if choices.oidc is not None and choices.oidc.client_secret_sealed is not None:
        unseal_secret(instance, choices.oidc.client_secret_sealed, SecretName.OIDC_CLIENT)
    if choices.webhook is not None:
        for sealed in filter(None, (choices.webhook.secret_sealed, choices.webhook.previous_sealed)):
            unseal_secret(instance, sealed, SecretName.WEBHOOK)


def check_choices(choices: Choices) -> Choices:
    """The settings tidied. Raises InputError, whose `extensions["field"]` names the setting."""
    for name, (least, most) in _DAYS.items():
        days = getattr(choices, name)
        if not least <= days <= most:
            raise InputError(f"This must be a number of days from {least} to {most:,}.", field=name)
    return replace(
        choices,
        contact_email=_address(choices.contact_email, name="contact_email"),
        contact_name=_line(choices.contact_name, name="contact_name"),
        privacy_text=_text(choices.privacy_text, name="privacy_text"),
        mail=None if choices.mail is None else _checked_mail(choices.mail),
        oidc=None if choices.oidc is None else _checked_oidc(choices.oidc),
    )


def _checked_mail(mail: MailSettings) -> MailSettings:
    host = mail.host.strip().lower()
    if not _is_host(host):
        raise InputError("The mail server must be a host name, such as smtp.example.nz.", field="mail_host")
    if not 1 <= mail.port <= 65_535:
        raise InputError("The port must be a number from 1 to 65,535; 587 is usual.", field="mail_port")
    sender = _address(mail.sender, name="mail_sender")
    if sender is None:
        raise InputError("Say which address the mail comes from.", field="mail_sender")
    user = _line(mail.user, name="mail_user")
    if user is not None and mail.security is Security.NONE and not _is_this_machine(host):
        raise InputError(
            "A user name and password would cross the network readable by others. Choose STARTTLS or TLS.",
            field="mail_security",
        )
    return replace(
        mail,
        host=host,
        sender=sender,
        user=user,
        password_sealed=mail.password_sealed if user is not None else None,
        sender_name=_line(mail.sender_name, name="mail_sender_name"),
        reply_to=_address(mail.reply_to, name="mail_reply_to"),
    )


def _checked_oidc(oidc: OidcSettings) -> OidcSettings:
    issuer = oidc.issuer.strip().rstrip("/")
    parts = urlsplit(issuer)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or ""))
    if not (secure and parts.hostname) or parts.query or parts.fragment or parts.username or not issuer.isprintable():
        raise InputError("The sign-in service must be an https address, without ? or #.", field="oidc_issuer")
    client_id = _line(oidc.client_id, name="oidc_client_id")
    if client_id is None:
        raise InputError("Say under which client id the sign-in service knows this desk.", field="oidc_client_id")
    return replace(oidc, issuer=issuer, client_id=client_id, label=_line(oidc.label, name="oidc_label"))


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and bool(_HOST.fullmatch(text))
    return True


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(text: str | None, *, name: str) -> str | None:
    if text is None or not text.strip():
        return None
    try:
        return read_one_email(text)
    except InputError as error:
        raise InputError(error.detail, field=name) from None


def _line(text: str | None, *, name: str) -> str | None:
    tidy = " ".join((text or "").split(" ")).strip()
    if not tidy.isprintable() or len(tidy) > _MAX_LINE_CHARS:
        raise InputError(f"This must be one line of at most {_MAX_LINE_CHARS} characters.", field=name)
    return tidy or None


def _text(text: str | None, *, name: str) -> str | None:
    tidy = "\n".join((text or "").splitlines()).strip()
    if len(tidy) > _MAX_TEXT_CHARS:
        raise InputError(f"This text has {len(tidy):,} characters; the limit is {_MAX_TEXT_CHARS:,}.", field=name)
    if not tidy.replace("\n", "").replace("\t", "").isprintable():
        raise InputError("This text holds a character that cannot be printed.", field=name)
    return tidy or None


def _write(value: Any) -> Any:
    if isinstance(value, MailSettings | OidcSettings | WebhookSettings):
        members = asdict(value)
        return {
            name: b64encode(member).decode() if isinstance(member, bytes) else member
            for name, member in members.items()
        }
    return value


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "mail_default":
        return MailDefault(value)
    if name == "mail":
        members = _members(value)
        return MailSettings(**(members | {"security": Security(members["security"])}))
    if name == "oidc":
        return OidcSettings(**_members(value))
    if name == "webhook":
        return WebhookSettings(**_members(value))
    return value


def _members(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: b64decode(member) if name.endswith("_sealed") and member is not None else member
        for name, member in value.items()
    }
