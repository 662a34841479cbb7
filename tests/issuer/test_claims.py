"""What a claim link opens and lets a learner do; nothing happens twice, and nobody learns whose link is real."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.instance import Instance
from issuer.learner import claims
from issuer.learner.asking import MAX_OPEN_REQUESTS, ask, change_nzroa_link, read_nzroa_link
from issuer.learner.claims import Held, LinkState, NameChange, NewNames
from issuer.learner.linkedin import linkedin_url
from issuer.minting import NameDisplay
from issuer.sharing import find_shared, grouped, make_share_key, parse_share_key, withdraw_share_key
from issuer.store import claims_rows
from issuer.store.claims_rows import RequestKind, Visibility
from issuer.store.service_tables import outbox
from issuer.store.tables import audit_log
from issuer.trust.editions import load_edition
from schemas.errors import InputError, IssuingError
from tests.issuer.provider import AWARDED, NOW, Completion, Completions, issue, only_id, short_ids, stored_documents

EMAIL = "mere@learner.example"
LATER = NOW + timedelta(minutes=5)
A_YEAR = timedelta(days=365)
MERE = Completion(line=2, learner_name="Mere Awhina", preferred_name="Mere", learner_email=EMAIL)


def held_of(instance: Instance, short_id: str) -> Held:
    with instance.store.reading() as connection:
        claim = claims_rows.load_claim(connection, short_id)
    assert claim is not None
    link = claims.claim_token(instance, short_id, serial=claim.link_serial)
    found = claims.find_claim(instance, link, now=NOW)
    assert found.held is not None
    return found.held


@pytest.fixture
def held(any_instance: Instance) -> Held:
    return held_of(any_instance, only_id(issue(any_instance, Completions(rows=(MERE,)))))


@pytest.fixture
def mere(instance: Instance) -> Held:
    return held_of(instance, only_id(issue(instance, Completions(rows=(MERE,)))))


def mails(instance: Instance) -> int:
    with instance.store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(outbox)) or 0


def test_a_link_is_good_until_its_day_and_has_run_out_from_then(any_instance: Instance, held: Held) -> None:
    link = claims.claim_token(any_instance, held.short_id, serial=1)
    end = held.claim.link_expires_at
    assert claims.find_claim(any_instance, link, now=end - timedelta(seconds=1)).state is LinkState.GOOD
    assert claims.find_claim(any_instance, link, now=end).state is LinkState.EXPIRED


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("a" * 26, id="of the right shape"),
        pytest.param("", id="empty"),
        pytest.param("A" * 26, id="in capitals"),
        pytest.param("a" * 26 + "\n", id="with a line end"),
        pytest.param("../../etc/passwd", id="a path"),
    ],
)
def test_a_guessed_link_opens_nothing(instance: Instance, mere: Held, given: str) -> None:
    found = claims.find_claim(instance, given, now=NOW)
    assert (found.state, found.held) == (LinkState.UNKNOWN, None)


def test_claiming_twice_claims_once_and_keeps_the_first_choice(any_instance: Instance, held: Held) -> None:
    first = claims.claim_badge(any_instance, held.short_id, visibility=Visibility.LINK, now=NOW)
    second = claims.claim_badge(any_instance, held.short_id, visibility=Visibility.PUBLIC, now=LATER)
    assert (first, second) == (True, False)
    again = held_of(any_instance, held.short_id).claim
    assert (again.claimed_at, again.visibility) == (NOW, Visibility.LINK)
    assert again.share_sha256 is not None
    with any_instance.store.reading() as connection:
        actions = list(connection.scalars(sa.select(audit_log.c.action)))
        assert actions.count(audit.CLAIM) == 1
        assert audit.verify_chain(connection)


def test_no_entry_of_the_log_names_the_learner(instance: Instance, mere: Held) -> None:
    claims.claim_badge(instance, mere.short_id, visibility=Visibility.LINK, now=NOW)
    ask(instance, mere.short_id, kind=RequestKind.CORRECTION, words="My name is Mere", now=NOW)
    claims.send_links(instance, EMAIL, valid_for=A_YEAR, now=NOW)
    with instance.store.reading() as connection:
        logged = str([tuple(row) for row in connection.execute(sa.select(audit_log))])
    link = claims.claim_token(instance, mere.short_id, serial=1)
    assert not [secret for secret in ("Mere", "Awhina", EMAIL, link) if secret in logged]


def test_a_macron_is_put_right_at_once_under_the_same_id(instance: Instance, mere: Held) -> None:
    wish = NewNames(spelling="Mere Āwhina")
    assert claims.choose_names(instance, mere, wish, edition=load_edition(instance), now=LATER) is NameChange.SIGNED
    (document,) = stored_documents(instance)
    assert document["id"].endswith(mere.short_id)
    assert "Mere Āwhina" in str(document["credentialSubject"])
    again = held_of(instance, mere.short_id)
    assert again.document.version == 2
    assert again.document.valid_from > mere.document.valid_from
    assert claims.choose_names(instance, again, wish, edition=load_edition(instance), now=LATER) is NameChange.SAME


def test_other_letters_are_asked_of_the_provider_and_sign_nothing(instance: Instance, mere: Held) -> None:
    wish = NewNames(spelling="Mere Smith")
    assert claims.choose_names(instance, mere, wish, edition=load_edition(instance), now=LATER) is NameChange.ASKED
    assert held_of(instance, mere.short_id).document.version == 1


@pytest.mark.parametrize(
    ("display", "shown"),
    [
        pytest.param(NameDisplay.PREFERRED, "Mere", id="the name they go by"),
        pytest.param(NameDisplay.NONE, None, id="no name"),
    ],
)
def test_the_name_stands_as_the_learner_chooses(
    instance: Instance, mere: Held, display: NameDisplay, shown: str | None
) -> None:
    claims.choose_names(instance, mere, NewNames(display=display), edition=load_edition(instance), now=LATER)
    (document,) = stored_documents(instance)
    names = [one["identityHash"] for one in document["credentialSubject"].get("identifier", [])]
    assert names == ([shown] if shown else [])


def test_a_preferred_name_that_nobody_holds_is_refused(instance: Instance) -> None:
    held = held_of(instance, only_id(issue(instance, Completions(rows=(Completion(line=2),)))))
    wish = NewNames(display=NameDisplay.PREFERRED)
    with pytest.raises(IssuingError, match="preferred name"):
        claims.choose_names(instance, held, wish, edition=load_edition(instance), now=LATER)


def test_a_key_from_paper_opens_its_badge_however_it_is_typed(any_instance: Instance, held: Held) -> None:
    key = make_share_key(any_instance, held.short_id, now=NOW)
    assert make_share_key(any_instance, held.short_id, now=NOW) == key
    assert find_shared(any_instance, grouped(key)) == held.short_id
    assert (
        find_shared(any_instance, grouped(key).replace(" ", "-").replace("0", "O").replace("1", "l")) == held.short_id
    )
    assert find_shared(any_instance, "0" * 16) is None


def test_a_withdrawn_key_opens_nothing_and_the_next_is_another(instance: Instance, mere: Held) -> None:
    key = make_share_key(instance, mere.short_id, now=NOW)
    assert withdraw_share_key(instance, mere.short_id, now=NOW)
    assert not withdraw_share_key(instance, mere.short_id, now=NOW)
    assert find_shared(instance, key) is None
    assert make_share_key(instance, mere.short_id, now=NOW) != key
    assert find_shared(instance, key) is None


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD ABCD ABCD ABC!", "u" * 16, "a" * 17])
def test_what_is_no_key_is_not_looked_up(typed: str) -> None:
    assert parse_share_key(typed) is None


def test_the_same_request_is_filed_once(any_instance: Instance, held: Held) -> None:
    asked = [
        ask(any_instance, held.short_id, kind=RequestKind.CORRECTION, words=" My  name is wrong ", now=NOW)
        for _ in range(2)
    ]
    assert asked == [True, False]
    with any_instance.store.reading() as connection:
        (row,) = claims_rows.load_requests(connection, open_only=True)
    assert row.words == "My name is wrong"
    with any_instance.store.writing() as connection:
        assert claims_rows.settle_request(connection, row.request_id, outcome="done", by="user:1", at=NOW)
        assert not claims_rows.settle_request(connection, row.request_id, outcome="done", by="user:2", at=NOW)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("", id="nothing"),
        pytest.param("x" * 1001, id="too long"),
        pytest.param("my number is 123456789", id="a student number"),
        pytest.param("it is 123 456 789", id="a student number in groups"),
        pytest.param("a\x07b", id="a control character"),
    ],
)
def test_words_that_cannot_be_kept_are_refused_unrepeated(instance: Instance, mere: Held, words: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(instance, mere.short_id, kind=RequestKind.WITHDRAWAL, words=words, now=NOW)
    assert "123" not in refused.value.detail.replace("1,001", "")


def test_nobody_floods_the_provider(instance: Instance, mere: Held) -> None:
    for number in range(MAX_OPEN_REQUESTS):
        ask(instance, mere.short_id, kind=RequestKind.CORRECTION, words=f"request {number}", now=NOW)
    with pytest.raises(InputError, match="several requests"):
        ask(instance, mere.short_id, kind=RequestKind.CORRECTION, words="one more", now=NOW)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("http://www.nzqa.govt.nz/r/1", id="without encryption"),
        pytest.param("https://nzqa.govt.nz.evil.example/r", id="another site that begins like it"),
        pytest.param("https://evilnzqa.govt.nz/r", id="another site that ends like it"),
        pytest.param("https://nzqa.govt.nz@evil.example/r", id="with a user"),
        pytest.param("https://www.nzqa.govt.nz:444/r", id="with a port"),
        pytest.param("https://www.nzqa.govt.nz/r?nsn=123456789", id="with a student number"),
        pytest.param("https://www.nzqa.govt.nz/r?n=%31%32%33456789", id="with a student number in disguise"),
        pytest.param("https://www.nzqa.govt.nz/r?m=mere@learner.example", id="with an e-mail address"),
        pytest.param("javascript:alert(1)//nzqa.govt.nz", id="a script"),
        pytest.param("https://www.nzqa.govt.nz/\u202er", id="with an invisible character"),
    ],
)
def test_only_nzqas_own_site_is_linked_to(link: str) -> None:
    with pytest.raises(InputError):
        read_nzroa_link(link)


def test_a_link_to_nzqa_is_kept_and_taken_off_again(instance: Instance, mere: Held) -> None:
    link = "https://secure.nzqa.govt.nz/share/AbC-12345"
    assert change_nzroa_link(instance, mere.short_id, f" {link} ", now=NOW)
    assert held_of(instance, mere.short_id).claim.nzroa_link == link
    assert not change_nzroa_link(instance, mere.short_id, link, now=NOW)
    assert change_nzroa_link(instance, mere.short_id, " ", now=NOW)
    assert held_of(instance, mere.short_id).claim.nzroa_link is None


def test_a_link_that_ran_out_is_replaced_by_one_mail_and_then_opens_nothing(any_instance: Instance, held: Held) -> None:
    old = claims.claim_token(any_instance, held.short_id, serial=1)
    later = held.claim.link_expires_at + timedelta(days=1)
    found = claims.find_claim(any_instance, old, now=later)
    assert found.held is not None
    assert claims.renew_link(any_instance, found.held, valid_for=A_YEAR, now=later)
    assert mails(any_instance) == 1
    assert claims.find_claim(any_instance, old, now=later).state is LinkState.UNKNOWN
    new = claims.claim_token(any_instance, held.short_id, serial=2)
    assert claims.find_claim(any_instance, new, now=later).state is LinkState.GOOD


def test_my_link_is_sent_once_however_often_it_is_asked_for(any_instance: Instance, held: Held) -> None:
    for _ in range(3):
        claims.send_links(any_instance, f" {EMAIL.upper()} ", valid_for=A_YEAR, now=NOW)
    claims.send_links(any_instance, "nobody@learner.example", valid_for=A_YEAR, now=NOW)
    assert mails(any_instance) == 1


def test_an_address_that_two_people_share_is_sent_nobodys_link(instance: Instance) -> None:
    rows = (MERE, Completion(line=3, learner_name="Wiremu Kōtare", learner_email=EMAIL))
    issue(instance, Completions(rows=rows))
    claims.send_links(instance, EMAIL, valid_for=A_YEAR, now=NOW)
    assert mails(instance) == 0


def test_a_persons_badges_are_those_of_their_address_and_their_name(instance: Instance) -> None:
    rows = (
        MERE,
        Completion(line=3, learner_name="MERE ĀWHINA", learner_email=EMAIL.upper(), row_key="second"),
        Completion(line=4, learner_name="Wiremu Kōtare", learner_email=EMAIL),
        Completion(line=5, learner_name="Mere Awhina", learner_email="other@learner.example"),
    )
    first, second, wiremu, other = short_ids(issue(instance, Completions(rows=rows)))
    listed = {one.short_id for one in claims.badges_of_holder(instance, held_of(instance, first))}
    assert listed == {first, second}
    assert not {wiremu, other} & listed


def test_linkedin_is_told_nothing_empty_and_everything_encoded() -> None:
    url = linkedin_url(
        title="Te Reo & Tikanga: Pae 1/2",
        organisation="Tōtara Training",
        awarded_on=AWARDED,
        expires_on=None,
        page_url="https://badges.example/badges/abc?x=1",
        credential_id="abc",
    )
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.linkedin.com", "/profile/add")
    assert {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()} == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Te Reo & Tikanga: Pae 1/2",
        "organizationName": "Tōtara Training",
        "issueYear": str(AWARDED.year),
        "issueMonth": str(AWARDED.month),
        "certUrl": "https://badges.example/badges/abc?x=1",
        "certId": "abc",
    }
    assert "+" not in url
