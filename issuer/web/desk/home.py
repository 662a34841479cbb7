"""The desk's first page: what needs a person now, how many badges there are, and what a new provider has yet to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from issuer.staff.accounts import Role, list_accounts
from issuer.staff.choices import Choices
from issuer.store import endings
from issuer.store.searching import Waiting, count_figures, count_waiting
from issuer.store.setups import load_setups
from issuer.web.access import actor, may, needs
from issuer.web.site import site
from issuer.web.words import _, ngettext
from schemas.nzqcf import nz_date
from verifier.register.binding import bind
from verifier.register.decision import KNOWN_AFTER, is_stale
from verifier.register.edition import Edition

blueprint = Blueprint("home", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that waits for a person, and where they do it. `role` is who may."""

    title: str
    words: str
    endpoint: str | None
    link: str = ""
    role: Role | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    urgent: bool = False

    @property
    def address(self) -> str | None:
        """None where there is no such page, or it is not for who looks."""
        if self.endpoint not in current_app.view_functions or (self.role is not None and not may(self.role)):
            return None
        return url_for(self.endpoint, **self.arguments)  # type: ignore[arg-type]  # query arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the first-day list."""

    task: Task
    done: bool


@blueprint.get("")
@needs()
def home() -> str:
    instance, edition, choices = site.instance, site.edition, site.choices
    with instance.store.reading() as connection:
        waiting = count_waiting(connection, not_by=actor() if choices.four_eyes else None)
        figures = count_figures(connection)
        closed_at = endings.load_closed_at(connection)
        has_setup = bool(load_setups(connection))
    steps = []
    if may(Role.ADMINISTER) or may(Role.ISSUE):  # whoever can do none of it is not asked to
        steps = _first_day(edition, choices, has_setup=has_setup, has_issued=figures.issued > 0)
    tasks = [] if closed_at else [*_about_the_register(edition), *_about_people(waiting)]
    return render_template(
        "desk/home/home.html",
        closed_at=closed_at,
        tasks=tasks,
        steps=steps,
        undone=[step for step in steps if not step.done],
        figures=figures,
        edition=edition,
        endpoints=current_app.view_functions,
    )


@blueprint.get("/")
@needs()
def with_slash() -> Response:
    return redirect(url_for("home.home"))


def _about_the_register(edition: Edition | None) -> list[Task]:
    """What stands in the way of issuing, and what soon will."""
    if edition is None:
        return [
            Task(
                title=_("No register is in use"),
                words=_("Without it nothing can be issued: it says what you may award, with level and credits."),
                link=_("Put a register to use"),
                endpoint="credentials.register",
                role=Role.ADMINISTER,
                urgent=True,
            )
        ]
    tasks = []
    if not _is_key_bound(edition):
        tasks.append(
            Task(
                title=_("Your signing key is not in the register"),
                words=_(
                    "Badges signed now would not be recognised as yours, so rows are held. Send the register's "
                    "authority your enrolment request, then use the edition that has it."
                ),
                link=_("What to send, and what to use"),
                endpoint="credentials.register",
                role=Role.READ,
                urgent=True,
            )
        )
    today = nz_date(site.now())
    if today - edition.as_at > KNOWN_AFTER:
        tasks.append(
            Task(
                title=_("The register is too old to issue by"),
                words=_("It says nothing about awards as recent as today's, so rows are held. Use a newer edition."),
                link=_("Use a newer edition"),
                endpoint="credentials.register",
                role=Role.READ,
                urgent=True,
            )
        )
    elif is_stale(edition, today=today):
        tasks.append(
            Task(
                title=_("The register is more than 35 days old"),
                words=_("A newer edition comes out every month. Soon rows would be held for want of it."),
                link=_("Use a newer edition"),
                endpoint="credentials.register",
                role=Role.READ,
            )
        )
    return tasks


def _about_people(waiting: Waiting) -> list[Task]:
    tasks = []
    if waiting.to_approve and may(Role.APPROVE):
        tasks.append(
            Task(
                title=ngettext(
                    "%(n)s class list waits for your approval",
                    "%(n)s class lists wait for your approval",
                    waiting.to_approve,
                )
                % {"n": waiting.to_approve},
                words=_("Prepared by a colleague. Look, then approve or send back."),
                link=_("Look at it"),
                endpoint="bulk.approve" if waiting.first_to_approve else "batches.listing",
                role=Role.APPROVE,
                arguments={"batch_id": waiting.first_to_approve} if waiting.first_to_approve else {},
                urgent=True,
            )
        )
    if waiting.requests and may(Role.ISSUE):
        tasks.append(
            Task(
                title=ngettext("%(n)s learner asks for something", "%(n)s learners ask for something", waiting.requests)
                % {"n": waiting.requests},
                words=_("A correction or a withdrawal, in their own words. They wait for an answer."),
                link=_("Answer"),
                endpoint="requests.listing",
                role=Role.ISSUE,
                urgent=True,
            )
        )
    if waiting.drafts and may(Role.ISSUE):
        tasks.append(
            Task(
                title=ngettext("%(n)s class list is not finished", "%(n)s class lists are not finished", waiting.drafts)
                % {"n": waiting.drafts},
                words=_("Uploaded, but nothing was issued from there yet. Finish it, or throw it away."),
                link=_("Go on with it"),
                endpoint="batches.listing",
                role=Role.READ,
            )
        )
    if waiting.mail_refused and may(Role.ISSUE):
        tasks.append(
            Task(
                title=ngettext("%(n)s mail was refused", "%(n)s mails were refused", waiting.mail_refused)
                % {"n": waiting.mail_refused},
                words=_("The address may be wrong. Change it, or hand the link over."),
                link=_("See which"),
                endpoint="mail.queue",
                role=Role.ISSUE,
            )
        )
    if waiting.mail_held and may(Role.ISSUE):
        tasks.append(
            Task(
                title=ngettext("%(n)s mail is held back", "%(n)s mails are held back", waiting.mail_held)
                % {"n": waiting.mail_held},
                words=_("These learners do not know of their badge yet. Look at the badges, then release the mail."),
                link=_("Release them"),
                endpoint="mail.queue",
                role=Role.ISSUE,
            )
        )
    if waiting.held_rows and may(Role.ISSUE):
        tasks.append(
            Task(
                title=ngettext(
                    "%(n)s row of a class list is held", "%(n)s rows of class lists are held", waiting.held_rows
                )
                % {"n": waiting.held_rows},
                words=_("The register could not say yes or no. A newer edition usually settles it; then try again."),
                link=_("See the class lists"),
                endpoint="batches.listing",
                role=Role.READ,
            )
        )
    return tasks


def _first_day(edition: Edition | None, choices: Choices, *, has_setup: bool, has_issued: bool) -> list[Step]:
    config = site.instance.config
    several = len([one for one in list_accounts(site.instance) if not one.disabled]) > 1
    rows = (
        (
            edition is not None and _is_key_bound(edition),
            _("Have your signing key entered in the register"),
            _("Send the authority your enrolment request; the next edition then knows your key."),
            _("What to send"),
            "credentials.register",
        ),
        (
            edition is not None,
            _("Put the register to use"),
            _("It says what you may award. You get an edition (a file) and its anchor from the register's authority."),
            _("Put a register to use"),
            "credentials.register",
        ),
        (
            has_setup,
            _("Set up your first micro-credential"),
            _("Its picture, the wording of what was achieved, who signs. All of it has a default, and a preview."),
            _("Choose a micro-credential"),
            "credentials.listing",
        ),
        (
            choices.mail is not None,
            _("Set up mail"),
            _("So that learners get their link by e-mail. Without it you can print the links and hand them over."),
            _("Mail settings"),
            "mail.server",
        ),
        (
            choices.contact_email is not None,
            _("Say whom learners can write to"),
            _("A name and an address for questions. They stand in every mail and on the learners' own pages."),
            _("Settings"),
            "settings.form",
        ),
        (
            several,
            _("Add your colleagues"),
            _("Everybody has an account of their own, so that the audit trail says who did what."),
            _("Add a colleague"),
            "people.listing",
        ),
        (
            config.verifier_url is not None,
            _("Say where badges are checked"),
            _("The address of an independent verifier; each badge page leads there."),
            _("Settings"),
            "settings.form",
        ),
        (
            has_issued,
            _("Issue the first badges"),
            _("From a class list: a spreadsheet with names, course codes and dates. You confirm first."),
            _("Upload a class list"),
            "bulk.upload",
        ),
    )
    return [
        Step(task=Task(title=title, words=words, link=link, endpoint=endpoint, role=_role_for(endpoint)), done=done)
        for done, title, words, link, endpoint in rows
    ]


def _role_for(endpoint: str) -> Role:
    return {"bulk.upload": Role.ISSUE, "credentials.listing": Role.READ, "credentials.register": Role.READ}.get(
        endpoint, Role.ADMINISTER
    )


def _is_key_bound(edition: Edition) -> bool:
    instance = site.instance
    method = instance.method_of(instance.config.credential_key)
    return bool(bind(edition.register, did=instance.config.did, method=method, signed_at=site.now()))
