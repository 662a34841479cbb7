"""A statement of the authority inside the badge: what it settles without a register, and all that never helps."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keys.multikey import PublicKey
from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.errors import BadgeError, InputError
from schemas.jsontext import JsonObject, write_json
from schemas.limits import DOCUMENT, MAX_STAPLED_KEYS
from schemas.lossless import find_losses
from schemas.validate import validate_endorsement, validate_open_badge
from tests.simulator import (
    MOE_NUMBER,
    NOW,
    REF,
    Party,
    Simulator,
    demonstration_register,
    edited,
    signed_edition,
    signer,
)
from tests.stapling import AS_AT, OFFICE, STATED, STRANGER, office_key, stapled_badge, statement
from tests.verifier.test_every_leaf import edits
from verifier.api import check_file
from verifier.cli import cli
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import Anchor, anchor_document
from verifier.register.edition import Edition
from verifier.register.reasons import Caveat
from verifier.register.records import AwardingRight, Register
from verifier.report import AccreditedVerdict, GenuineVerdict, Outcome, Report
from verifier.staple import read_staple
from verifier.stapling import believe
from verifier.verify import Surroundings, verify

REGISTER_CHECKS = ("register.issuer", "register.listing", "register.provider", "register.right", "register.match")
BY_STAPLE = ("bound-by-staple", "listed-by-staple", "registered-by-staple", "accredited-by-staple", "matches-by-staple")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    """A provider whose website shows no keys: badge and anchor are all there is."""
    world = Simulator()
    world.web.pages.clear()
    world.publish_list()
    return world


def check(
    simulator: Simulator,
    badge: JsonObject | str,
    *,
    anchor: Anchor | None = OFFICE,
    edition: Edition | None = None,
    fault: BadgeError | None = None,
    at: datetime = NOW,
) -> Report:
    data = badge.encode() if isinstance(badge, str) else write_json(badge)
    surroundings = Surroundings(fetch=simulator.web, anchor=anchor, edition=edition, register_fault=fault)
    return verify(intake_bytes(data, name="badge"), policy=BADGE_POLICY, surroundings=surroundings, at=at)


def reasons(report: Report) -> tuple[str, ...]:
    return tuple(report.check(check_id).reason for check_id in REGISTER_CHECKS)


# --- what it settles --------------------------------------------------------------------------------------------
def test_a_statement_settles_everything_but_withdrawal_from_the_badge_and_the_anchor(simulator: Simulator) -> None:
    report = check(simulator, stapled_badge(simulator))
    assert report.genuine.verdict is GenuineVerdict.VALID, "the key is the one that the statement binds"
    assert reasons(report) == BY_STAPLE
    answer = report.accredited
    assert (answer.verdict, answer.reason) == (AccreditedVerdict.VALID, "accredited-by-staple")
    for words in ("Demonstration Register Office", "invented data", "as at 1 May 2026", "not NZQA", "withdrawn since"):
        assert words in answer.sentence
    assert answer.at_award is not None
    assert (answer.at_award["edition"], answer.at_award["as_at"]) == (1, "2026-05-01")
    assert answer.at_award["edition_sha256"] == signed_edition(simulator.register, as_at=AS_AT).sha256
    assert answer.today is not None
    assert (answer.today["outcome"], answer.today["reason"]) == ("unknown", "no-register")
    assert report.badge is not None
    assert (report.badge["provider"], report.badge["provider_number"]) == (simulator.provider.name, MOE_NUMBER)
    assert report.register is None
    assert report.check("endorsements").evidence["endorsements"][0]["reason"] == "statement-of-authority"


def test_a_statement_made_with_either_authority_key_counts(simulator: Simulator) -> None:
    badge = stapled_badge(simulator, statement(simulator.register, key="ed25519 office 2"))
    assert reasons(check(simulator, badge)) == BY_STAPLE


def test_a_statement_counts_in_a_jwt_signed_with_a_key_that_it_binds(simulator: Simulator) -> None:
    text = simulator.sign_text(simulator.badge(endorsement=[statement(simulator.register)]), alg="ES256")
    assert reasons(check(simulator, text)) == BY_STAPLE


def test_a_statement_is_found_among_others(simulator: Simulator) -> None:
    industry = Party(base_url="https://industry.example", name="Industry", prefix="industry-")
    praise = simulator.sign(stranger_praise(simulator, industry), party=industry)
    report = check(simulator, stapled_badge(simulator, praise, statement(simulator.register)))
    assert reasons(report) == BY_STAPLE


def test_a_caveat_is_carried_and_said(simulator: Simulator) -> None:
    rights = tuple(replace(right, last_delivered_on=None) for right in simulator.register.awarding_rights)
    badge = stapled_badge(simulator, statement(replace(simulator.register, awarding_rights=rights)))
    answer = check(simulator, badge).accredited
    assert answer.at_award is not None
    assert answer.at_award["caveats"] == [Caveat.DELIVERY_NOT_RECORDED]
    assert "No delivery is recorded" in answer.at_award["sentence"]


def test_the_form_passes_the_strict_schemas_and_loses_nothing_and_stays_within_the_limits(simulator: Simulator) -> None:
    made, badge = statement(simulator.register), stapled_badge(simulator)
    assert validate_endorsement(made) == validate_open_badge(badge) == ()
    assert find_losses(made) == find_losses(badge) == ()

    def size(value: Any) -> int:
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + sum(map(size, members))

    assert size(badge) < DOCUMENT.max_values / 4


# --- what never helps -------------------------------------------------------------------------------------------
def stranger_praise(simulator: Simulator, party: Party) -> JsonObject:
    return {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": f"{party.base_url}/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Praise",
        "issuer": {"id": party.did, "type": ["Profile"], "name": party.name},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": simulator.provider.did, "type": ["EndorsementSubject"]},
    }


def restated(simulator: Simulator, *, key: str = "ed25519 office 1", created: datetime = STATED, suite: str = v.EDDSA_RDFC_2022, **changes: Any) -> JsonObject:  # fmt: skip
    """A statement with other members at its top, signed by the authority after all."""
    unsigned = {name: value for name, value in statement(simulator.register).items() if name != "proof"} | changes
    return add_proof(unsigned, signer=signer(key), cryptosuite=suite, verification_method=office_key(key).id, created=created)  # fmt: skip


def subject_of(simulator: Simulator, **changes: Any) -> JsonObject:
    return {"credentialSubject": statement(simulator.register)["credentialSubject"] | changes}


def without(simulator: Simulator, kind: str) -> JsonObject:
    facts = statement(simulator.register)["credentialSubject"]["alignment"]
    return subject_of(simulator, alignment=[fact for fact in facts if fact["targetType"] != kind])


def other_register(simulator: Simulator) -> Register:
    """The register with a second listing, and a right to it."""
    listing = replace(simulator.register.listings[0], nzqa_ref="9877")
    right = replace(simulator.register.awarding_rights[0], nzqa_ref="9877")
    tables = {"listings": (*simulator.register.listings, listing), "awarding_rights": (*simulator.register.awarding_rights, right)}  # fmt: skip
    return replace(simulator.register, **tables)


def by_a_stranger(simulator: Simulator) -> JsonObject:
    return statement(simulator.register, key="ed25519 stranger", anchor=STRANGER)


def in_the_authoritys_name(simulator: Simulator) -> JsonObject:
    """A stranger's own signature under the pinned key's name."""
    unsigned = {name: value for name, value in statement(simulator.register).items() if name != "proof"}
    method = OFFICE.keys[0].id
    return add_proof(unsigned, signer=signer("ed25519 stranger"), cryptosuite=v.EDDSA_RDFC_2022, verification_method=method, created=STATED)  # fmt: skip


def about_another_issuer(_: Simulator) -> JsonObject:
    return statement(demonstration_register(Party(base_url="https://badges.other.example", prefix="other-")))


def ended_before(simulator: Simulator) -> JsonObject:
    rights = tuple(replace(right, ended_on=date(2026, 5, 3)) for right in simulator.register.awarding_rights)
    return statement(replace(simulator.register, awarding_rights=rights))


def begun_after(simulator: Simulator) -> JsonObject:
    rights = tuple(replace(right, granted_on=date(2026, 5, 5)) for right in simulator.register.awarding_rights)
    return statement(replace(simulator.register, awarding_rights=rights))


def spoken_too_long_ago(simulator: Simulator) -> JsonObject:
    return statement(simulator.register, as_at=date(2026, 3, 1), created=datetime(2026, 3, 2, tzinfo=UTC))


def binding_other_keys(simulator: Simulator) -> JsonObject:
    keys = tuple(key for key in simulator.register.keys if not key.verification_method.endswith("#ed25519"))
    return statement(replace(simulator.register, keys=keys))


def bound_too_late(simulator: Simulator) -> JsonObject:
    keys = tuple(replace(key, from_day=date(2026, 5, 8)) for key in simulator.register.keys)
    return statement(replace(simulator.register, keys=keys))


NEVER: dict[str, Callable[[Simulator], JsonObject]] = {
    "by a stranger of the same name": by_a_stranger,
    "a stranger's signature under the pinned key's name": in_the_authoritys_name,
    "edited": lambda it: edited(statement(it.register), "credentialSubject", "alignment", 1, "targetCode", value="4 "),
    "about another issuer": about_another_issuer,
    "about another micro-credential": lambda it: statement(other_register(it), ref="9877"),
    "ended before the award": ended_before,
    "begun after the award": begun_after,
    "of an edition too old to speak for the day": spoken_too_long_ago,
    "not binding the key": binding_other_keys,
    "binding the key only from later": bound_too_late,
    "signed before the authority key's window": lambda it: restated(it, created=datetime(2024, 1, 1, tzinfo=UTC)),
    "in another suite": lambda it: restated(it, suite=v.EDDSA_JCS_2022),
    "naming another issuer than its key": lambda it: restated(it, issuer={"id": STRANGER.did, "type": ["Profile"], "name": OFFICE.name}),
    "with a member nobody here knows": lambda it: restated(it, awardedDate="2026-05-01T00:00:00Z"),
    "without its end": lambda it: {name: value for name, value in restated(it).items() if name != "validUntil"},
    "signed without its end": lambda it: restated(it, validUntil="2026-06-15"),
    "without a level": lambda it: restated(it, **without(it, v.EXT_NZQCF_LEVEL)),
    "without credits": lambda it: restated(it, **without(it, v.EXT_NZQCF_CREDITS)),
    "without a key": lambda it: restated(it, **without(it, v.EXT_SIGNING_KEY)),
    "without its edition": lambda it: restated(it, **without(it, v.EXT_DEMONSTRATION_EDITION)),
    "without a right": lambda it: restated(it, **without(it, v.EXT_AWARDING_RIGHT)),
    "without a provider": lambda it: restated(it, **subject_of(it, otherIdentifier=[{"type": "IdentifierEntry", "identifierType": "name", "identifier": "Tōtara"}])),
    "plain praise by the authority": lambda it: restated(it, credentialSubject={"id": it.provider.did, "type": ["EndorsementSubject"], "endorsementComment": "A fine provider."}),
}  # fmt: skip


@pytest.mark.parametrize("make", NEVER.values(), ids=NEVER.keys())
def test_such_a_statement_never_helps(simulator: Simulator, make: Callable[[Simulator], JsonObject]) -> None:
    badge = simulator.sign(simulator.badge(endorsement=[make(simulator)]))
    report = check(simulator, badge)
    assert report.accredited.verdict in {AccreditedVerdict.UNCONFIRMED, AccreditedVerdict.NOT_APPLICABLE}
    assert not set(reasons(report)) & set(BY_STAPLE)
    assert all(report.check(check_id).outcome is not Outcome.PASSED for check_id in REGISTER_CHECKS)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(about_another_issuer, "about another issuer", id="another issuer"),
        pytest.param(NEVER["about another micro-credential"], "another micro-credential", id="another ref"),
        pytest.param(ended_before, "does not speak for the award day", id="another day"),
        pytest.param(in_the_authoritys_name, "not genuine", id="forged"),
    ],
)
def test_a_reader_is_told_why_a_statement_settles_nothing(
    simulator: Simulator, make: Callable[[Simulator], JsonObject], said: str
) -> None:
    report = check(simulator, simulator.sign(simulator.badge(endorsement=[make(simulator)])))
    if report.genuine.verdict is not GenuineVerdict.INVALID:
        assert said in report.check("register.right").sentence


def test_a_statement_that_does_not_bind_the_key_says_so(simulator: Simulator) -> None:
    world = Simulator()  # its website shows the key
    report = check(world, world.sign(world.badge(endorsement=[binding_other_keys(world)])))
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert "does not bind the key" in report.check("register.right").sentence
    assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED


def test_without_an_anchor_a_statement_is_one_endorsement_among_others(simulator: Simulator) -> None:
    report = check(simulator, stapled_badge(simulator), anchor=None)
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert reasons(report) == ("no-register",) * 5
    assert report.check("endorsements").reason == "endorsed", "genuine, and about the award day, though it has run out"


def test_a_statement_does_not_get_around_a_register_that_is_not_believed(simulator: Simulator) -> None:
    fault = InputError("The register was rolled back.")
    report = check(simulator, stapled_badge(simulator), fault=fault)
    assert reasons(report) == ("no-register",) * 5


def test_a_statement_about_an_award_signed_after_its_last_day_binds_nothing(simulator: Simulator) -> None:
    late = datetime(2026, 6, 20, tzinfo=UTC)
    badge = stapled_badge(simulator, created=late, validFrom="2026-06-20T00:00:00Z")
    assert not set(reasons(check(simulator, badge))) & set(BY_STAPLE)


def test_a_key_swapped_under_the_same_name_is_found_out_by_the_statement() -> None:
    """A squatted domain shows the squatter's key; an old genuine statement is stapled to a forged badge."""
    world = Simulator()
    squatter = Party(base_url=world.provider.base_url, prefix="squatter-")
    squatter.publish(world.web)
    badge = world.sign(world.badge(endorsement=[statement(world.register)]), party=squatter)
    report = check(world, badge)
    assert (report.genuine.verdict, report.check("proof").reason) == (GenuineVerdict.INVALID, "key-disagrees")


@pytest.mark.parametrize(
    ("place", "value", "check_id", "reason"),
    [
        pytest.param(("issuer", "otherIdentifier", 0, "identifier"), "9902", "register.issuer", "issuer-claim-mismatch", id="another provider's number"),
        pytest.param(("credentialSubject", "achievement", "alignment", 0, "targetCode"), "5", "register.match", "level-differs", id="another level"),
        pytest.param(("credentialSubject", "creditsEarned"), 40, "register.match", "credits-differ", id="other credits"),
    ],
)  # fmt: skip
def test_what_the_badge_claims_otherwise_than_the_statement_is_invalid(
    simulator: Simulator, place: tuple[str | int, ...], value: Any, check_id: str, reason: str
) -> None:
    unsigned = edited(simulator.badge(endorsement=[statement(simulator.register)]), *place, value=value)
    report = check(simulator, simulator.sign(unsigned))
    assert report.check(check_id).reason == reason
    assert report.accredited.verdict is AccreditedVerdict.INVALID


def test_one_key_over_the_limit_is_not_read(simulator: Simulator) -> None:
    facts = statement(simulator.register)["credentialSubject"]["alignment"]
    key = facts[-1]
    others = [fact for fact in facts if fact["targetType"] != v.EXT_SIGNING_KEY]
    for count, good in ((MAX_STAPLED_KEYS, True), (MAX_STAPLED_KEYS + 1, False)):
        keys = [key | {"targetUrl": f"{simulator.provider.did}#k{number}"} for number in range(count)]
        made = restated(simulator, **subject_of(simulator, alignment=[*others, *keys]))
        if good:
            assert len(believe(made, anchor=OFFICE).keys) == count
        else:
            with pytest.raises(InputError):
                believe(made, anchor=OFFICE)


def test_the_command_takes_an_anchor_alone_and_never_a_register_alone(simulator: Simulator, tmp_path: Path) -> None:
    badge, anchor = tmp_path / "badge.json", tmp_path / "anchor.json"
    badge.write_bytes(write_json(stapled_badge(simulator)))
    anchor.write_bytes(write_json(anchor_document(OFFICE)))
    arguments = ["check", str(badge), "--offline", "--at", "2026-11-22T03:00:00Z", "--json"]
    answer = json.loads(CliRunner().invoke(cli, [*arguments, "--anchor", str(anchor)]).stdout)
    verdicts = [answer[question]["verdict"] for question in ("genuine", "current", "accredited")]
    assert verdicts == ["valid", "unconfirmed", "valid"], "whether it was withdrawn needs the issuer's list"
    assert CliRunner().invoke(cli, [*arguments, "--register", str(anchor)]).exit_code == 2, "wrong usage, to click"
    report = check_file(badge, at=NOW, anchor=anchor)
    assert report.accredited.reason == "accredited-by-staple"


# --- beside a register ------------------------------------------------------------------------------------------
def test_with_a_register_the_edition_decides_and_an_agreeing_statement_changes_nothing(simulator: Simulator) -> None:
    edition = simulator.edition()
    with_it = check(simulator, stapled_badge(simulator), edition=edition)
    assert reasons(with_it) == reasons(check(simulator, simulator.good_badge(), edition=edition))
    assert with_it.check("endorsements").notices == ()


def _right_ended(right: AwardingRight) -> AwardingRight:
    return replace(right, ended_on=date(2026, 5, 2), last_delivered_on=date(2026, 4, 1))


@pytest.mark.parametrize(
    ("table", "change", "what", "verdict"),
    [
        pytest.param("awarding_rights", _right_ended, "that the award was allowed", AccreditedVerdict.INVALID, id="the right had ended"),
        pytest.param("listings", lambda row: replace(row, credits=15), "the credits", AccreditedVerdict.INVALID, id="other credits"),
        pytest.param("listings", lambda row: replace(row, level=5), "the level", AccreditedVerdict.INVALID, id="another level"),
    ],
)  # fmt: skip
def test_a_statement_that_the_edition_contradicts_is_a_notice(
    simulator: Simulator, table: str, change: Callable[[Any], Any], what: str, verdict: AccreditedVerdict
) -> None:
    register = replace(simulator.register, **{table: tuple(map(change, getattr(simulator.register, table)))})
    edition = signed_edition(register, as_at=date(2026, 11, 15))
    report = check(simulator, stapled_badge(simulator), edition=edition)
    (told,) = report.check("endorsements").notices
    assert told.code == "staple-differs"
    assert what in told.sentence
    assert report.accredited.verdict is verdict


# --- every leaf -------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("with_register", [False, True], ids=["by the anchor alone", "with the register"])
def test_an_edit_of_any_leaf_of_a_stapled_badge_is_never_genuine(simulator: Simulator, *, with_register: bool) -> None:
    good = stapled_badge(simulator)
    edition = simulator.edition() if with_register else None
    assert check(simulator, good, edition=edition).accredited.verdict is AccreditedVerdict.VALID
    shared = ("issuer/", "endorsement/")  # one node in linked data: a part taken from one place might not be missed
    tried = {
        (what.partition(" -> ")[0], what.endswith("gone")): (what, badge)
        for what, badge in edits(good)
        if what.startswith(shared) or not (with_register or what.endswith("gone"))
    }
    believed = [
        what
        for what, badge in tried.values()
        if check(simulator, badge, edition=edition).genuine.verdict is GenuineVerdict.VALID
    ]
    assert len(tried) > 150
    assert believed == []


def test_an_edit_of_any_leaf_of_a_statement_is_not_believed(simulator: Simulator) -> None:
    made = statement(simulator.register)
    believed = []
    for what, changed in edits(made, thorough=False):
        try:
            believe(changed, anchor=OFFICE)
            believed.append(what)
        except BadgeError:
            pass
    assert believed == []


def test_parts_moved_between_the_badges_issuer_and_the_statement_take_the_statement_away(simulator: Simulator) -> None:
    """In linked data both are one node, so the badge's own proof cannot tell; the statement's own proof does."""
    badge = copy.deepcopy(stapled_badge(simulator))
    subject = badge["endorsement"][0]["credentialSubject"]
    badge["issuer"]["otherIdentifier"].append(subject["otherIdentifier"].pop())
    report = check(simulator, badge)
    assert report.accredited.verdict is not AccreditedVerdict.VALID


def test_a_statement_reads_back_as_what_the_register_said(simulator: Simulator) -> None:
    staple = read_staple(statement(simulator.register))
    assert (staple.ref, staple.level, staple.credits, staple.version) == (REF, 4, 12, "1")
    assert (staple.first_day, staple.last_day) == (date(2024, 3, 1), date(2026, 6, 15)), "45 days after the edition"
    keys: list[PublicKey] = [simulator.provider.signer(name).public_key for name in ("ed25519", "p256", "p384")]
    assert [key.public_key_multibase for key in staple.keys] == [key.multibase for key in keys]
