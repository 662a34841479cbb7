"""The text of each mail, made when it is sent: both languages, plain and HTML; it says what `Facts` holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from issuer.staff.choices import MailSettings
from issuer.store.claims_rows import Visibility
from issuer.store.outbox_rows import MailKind
from issuer.words import ENGLISH, LANGUAGES, TAGS, parse_language, translations
from schemas.errors import InputError
from schemas.nzqcf import format_nz_date

_MAX_SUBJECT_TITLE: Final = 120
_NO_GREETING: Final = re.compile(r"[:/@\\<>]|\w\.\w{2}|www\.", re.IGNORECASE)  # mail programs make links of such names
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")  # within words of Persian and Indic scripts
_Words = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a mail may tell: nothing of anybody else, no number, no reason. `repr` shows the kind alone."""

    kind: MailKind
    provider: str
    title: str = ""
    outcome: str | None = None  # of a request, as a code
    awarded_on: date | None = None
    name: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)
    link_until: date | None = None
    visibility: Visibility = Visibility.PRIVATE
    claimed: bool = False
    language: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    demonstration: bool = False

    @property
    def greeted(self) -> str | None:
        """The name, unless a mail program would make a link of it."""
        return None if self.name is None or _NO_GREETING.search(self.name) else self.name

    def __repr__(self) -> str:
        return f"Facts(kind={self.kind.value!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The mail in one language."""

    tag: str
    subject: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Whom a mail is from and to, and what it is known by."""

    settings: MailSettings
    recipient: str = field(repr=False)
    mail_id: str
    base_url: str
    provider: str
    reply_to: str | None
    at: datetime


def compose(facts: Facts, envelope: Envelope) -> EmailMessage:
    """The whole mail. Raises InputError for a name or an address that cannot stand in one."""
    sections = write_sections(facts)
    subject = sections[0].subject
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(envelope.settings.sender, name=envelope.settings.sender_name or envelope.provider)
    message["To"] = _address(envelope.recipient)
    if reply_to := envelope.settings.reply_to or envelope.reply_to:
        message["Reply-To"] = _address(reply_to)
    message["Subject"] = subject
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.mail_id}@{_host(envelope.base_url)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answer comes back
    message["Content-Language"] = ", ".join(section.tag for section in sections)
    message.set_content(write_text(sections), cte="quoted-printable")
    message.add_alternative(write_html(sections, link=facts.link), subtype="html", cte="quoted-printable")
    return message


def write_sections(facts: Facts) -> tuple[Section, ...]:
    """The mail in the learner's language, then in the other. Raises InputError."""
    for text in (facts.name, facts.title, facts.provider, facts.contact_name, facts.link):
        if text is not None and not text.translate(_JOINERS).isprintable():
            raise InputError("A name or a title holds a character that cannot stand in a mail.")
    first = parse_language(facts.language)
    return tuple(_section(facts, language) for language in sorted(LANGUAGES, key=lambda each: each != first))


def write_text(sections: tuple[Section, ...]) -> str:
    """The plain text of a mail."""
    return f"\n{'—' * 20}\n\n".join(section.text for section in sections)


def write_html(sections: tuple[Section, ...], *, link: str | None) -> str:
    """The same as simple HTML: no picture, nothing loaded from anywhere."""
    layout = _environment(ENGLISH, True).get_template("layout.html")
    return layout.render(sections=sections, subject=sections[0].subject, link=link)


def _section(facts: Facts, language: str) -> Section:
    def day(value: date | None) -> str:
        return "" if value is None else format_nz_date(value, language=language)

    template = _environment(language, False).get_template(f"{facts.kind.value}.txt")
    written = template.render(facts=facts, awarded=day(facts.awarded_on), until=day(facts.link_until))
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", written)]
    words = translations(language).gettext
    if facts.demonstration:
        paragraphs.insert(
            0, words("Demonstration: provider, learners and register are invented. Nothing here is a real award.")
        )
    return Section(
        tag=TAGS[language],
        subject=_subject(facts, words),
        paragraphs=tuple(part for part in paragraphs if part),
    )


def _subject(facts: Facts, _: _Words) -> str:
    title = facts.title
    if len(title) > _MAX_SUBJECT_TITLE:
        title = f"{title[: _MAX_SUBJECT_TITLE - 1].rstrip()}…"
    subjects: Mapping[MailKind, str] = {
        MailKind.CLAIM: _("Your digital badge: %(title)s"),
        MailKind.REMINDER: _("Your digital badge is waiting for you: %(title)s"),
        MailKind.LINK: _("The link to your digital badge: %(title)s"),
        MailKind.CORRECTED: _("Your digital badge was corrected: %(title)s"),
        MailKind.WITHDRAWN: _("Your digital badge was withdrawn: %(title)s"),
        MailKind.SETTLED: _("What came of your request: %(title)s"),
        MailKind.APPROVAL: _("Badges wait for your approval at %(provider)s"),
        MailKind.TEST: _("Test message from the badge desk of %(provider)s"),
    }
    return subjects[facts.kind] % {"title": title, "provider": facts.provider}


def _address(text: str, *, name: str = "") -> Address:
    """Raises InputError, without the address in it."""
    local, _, domain = text.rpartition("@")
    fault = InputError("An address cannot stand in a mail.")
    if not (local and domain and text.isprintable() and name.isprintable()):
        raise fault
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        return Address(display_name=name, username=local, domain=ascii_domain)
    except (ValueError, IndexError):
        raise fault from None


def _host(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return f"[{host}]" if ":" in host else host or "localhost"


@lru_cache(maxsize=4)
def _environment(language: str, escaping: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("issuer.mail"),
        autoescape=escaping,  # noqa: S701 - plain text is no HTML; the HTML part is a template of its own, and escapes
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # the i18n extension adds it
        translations(language), newstyle=True
    )
    return environment
