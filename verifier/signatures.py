"""Did the named issuer sign exactly this? Examines every proof of a document, and with whose key; words nothing.

The register is the trust, did:web is the address: for a method that the register binds on the signing day, the
register's key is the key (contract, "Binding the issuer"). Used for badges, status lists and endorsements alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from keys.multikey import PublicKey, parse_multikey
from keys.resolve import VerificationMethod, resolve_jws_method, resolve_method
from keys.suites import suite_of, verify_proof
from keys.suites.jwt import Jws, verify_jws
from schemas import vocabulary as v
from schemas.credential import Credential, as_list
from schemas.errors import (
    BadgeError,
    CanonicalizationLimit,
    DocumentError,
    InputError,
    KeyRefused,
    NotAuthorised,
    ProofInvalid,
    ProofUnsupported,
    UnpinnedContext,
    Unreachable,
)
from schemas.jsontext import JsonObject, JsonValue, parse_object
from schemas.limits import MAX_PROOFS
from schemas.loader import CURRENT, ContextTexts, historical_texts_for
from schemas.lossless import find_losses
from schemas.times import parse_time
from verifier.anchoring import anchored_on
from verifier.proofs import ASSERTION, Expected, ProofFinding, Scene, Secured, Signature, same_id
from verifier.register.binding import Binding, bind, day_of
from verifier.register.records import KeyPurpose
from verifier.report import Outcome, format_instant
from verifier.staple import StapledKey

_RDFC_SUITES = frozenset({v.EDDSA_RDFC_2022, v.ECDSA_RDFC_2019, v.ECDSA_SD_2023, v.ED25519_SIGNATURE_2020})


def examine(
    secured: Secured,
    *,
    scene: Scene,
    purpose: KeyPurpose = KeyPurpose.CREDENTIAL,
    expected: Expected = ASSERTION,
    signer: str | None = None,
) -> Signature:
    """Every proof of the document; all that can be checked must pass (contract, "Suites").

    `signer` is who must have signed a document that is no credential, such as the holder of a presentation.
    """
    view = Credential.parse(secured.document)
    issuer = (view.issuer_id or "") if signer is None else signer
    if len(view.proofs) > MAX_PROOFS:
        facts = {"count": len(view.proofs), "limit": MAX_PROOFS}
        return _alone(issuer, ProofFinding(outcome=Outcome.FAILED, reason="too-many-proofs", facts=facts))
    examiner = _Examiner(
        secured=secured,
        scene=scene,
        purpose=purpose,
        expected=expected,
        issuer=issuer,
        valid_from=view.valid_from,
    )
    findings = [] if secured.jws is None else [examiner.jws(secured.jws)]
    findings.extend(examiner.proof(proof) for proof in view.proofs)
    if not findings:
        return _alone(issuer, ProofFinding(outcome=Outcome.FAILED, reason="no-proof"))
    return _together(issuer, tuple(findings))


def _alone(issuer: str, one: ProofFinding) -> Signature:
    return Signature(issuer=issuer, decided_by=one, findings=(one,))


def _together(issuer: str, findings: tuple[ProofFinding, ...]) -> Signature:
    """A proof that failed decides; else one under a stolen key; else one that passed, whatever else is unsupported."""
    passed = [one for one in findings if one.outcome is Outcome.PASSED]
    failed = [one for one in findings if one.outcome is Outcome.FAILED]
    stolen = [one for one in findings if one.reason == "key-compromised"]
    unchecked = [one for one in findings if one.outcome is Outcome.UNKNOWN and one not in stolen]
    own = [one for one in passed if same_id(one.controller, issuer)]
    decided_by = (*failed, *stolen, *own, *passed, *unchecked)[0]
    notices = [entry for one in findings for entry in one.notices]
    if decided_by.outcome is Outcome.PASSED:
        notices += [("proof-not-checked", {"what": one.suite or one.reason}) for one in unchecked]
    return Signature(issuer=issuer, decided_by=decided_by, findings=findings, notices=tuple(notices))


class _Fault(Exception):
    """A proof that is settled before its signature is looked at."""

    def __init__(self, reason: str, *, problem: BadgeError | None = None, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem
        self.facts = facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examiner:
    secured: Secured
    scene: Scene
    purpose: KeyPurpose
    expected: Expected
    issuer: str
    valid_from: datetime | None

    # --- the two kinds of proof -------------------------------------------------------------------------------------
    def jws(self, jws: Jws) -> ProofFinding:
        """A JWT (OB 3.0, 8.2): the key is the issuer's own, whatever the header brings along."""
        method = jws.kid
        if method is not None and not method.startswith(("did:", "https://")):
            method = f"{self.issuer}#{method.removeprefix('#')}"
        base = ProofFinding(outcome=Outcome.UNKNOWN, reason="", suite=jws.alg, method=method, signed_at=self.valid_from)
        if jws.alg not in self.scene.policy.suites:
            return replace(base, reason="proof-unsupported", facts={"suite": jws.alg})
        return self._settle(
            base,
            verify=lambda key: _verified(lambda: verify_jws(jws, key)),
            site=lambda: resolve_jws_method(
                jws, issuer=self.issuer, fetch=self.scene.fetch, purpose=self.expected.purpose
            ),
        )

    def proof(self, proof: JsonValue) -> ProofFinding:
        """A Data Integrity proof, or Ed25519Signature2020 (Data Integrity 1.0, 4.4)."""
        base = ProofFinding(outcome=Outcome.UNKNOWN, reason="")
        try:
            suite = suite_of(proof).name
        except ProofUnsupported as error:
            suite = str(proof.get("cryptosuite", proof.get("type")))[:80]
            return replace(base, reason="proof-unsupported", suite=suite, facts={"suite": suite}, problem=error)
        except ProofInvalid as error:
            return _refused(base, _Fault("proof-malformed", detail=error.detail, problem=error))
        base = replace(base, suite=suite)
        if suite not in self.scene.policy.suites:
            return replace(base, reason="proof-unsupported", facts={"suite": suite})
        try:
            method = _text(proof, "verificationMethod")
            signed_at = _instant(proof, "created") or self.valid_from
            base = replace(base, method=method, signed_at=signed_at)
            self._check_options(proof)
        except _Fault as fault:
            return _refused(base, fault)
        return self._settle(
            base,
            verify=lambda key: self._verify_embedded(proof, key, suite),
            site=lambda: self._method(method),
        )

    def _check_options(self, proof: JsonObject) -> None:
        at, skew = self.scene.at, self.scene.policy.clock_skew
        if proof.get("proofPurpose") != self.expected.purpose:
            raise _Fault("proof-purpose", purpose=str(proof.get("proofPurpose"))[:80])
        if self.expected.domain and not set(self.expected.domain) <= set(as_list(proof.get("domain"))):
            raise _Fault("proof-domain", detail="The proof was not made for the domain that was asked for.")
        if self.expected.challenge is not None and proof.get("challenge") != self.expected.challenge:
            raise _Fault("proof-challenge", detail="The proof does not answer the challenge that was set.")
        created = _instant(proof, "created")
        # A badge that is itself dated ahead is "not yet valid"; one in force cannot have been signed in the future.
        if created is not None and created > at + skew and (self.valid_from is None or self.valid_from <= at + skew):
            raise _Fault("proof-from-future", signed=format_instant(created))
        expires = _instant(proof, "expires")
        if expires is not None and at > expires:
            raise _Fault("proof-expired", expires=format_instant(expires))

    def _method(self, method: str) -> VerificationMethod:
        """The key, from the issuer's own document; another DID's key is that DID's, so that it is told apart.

        An https issuer may list a method that is named after a DID as its own (Controlled Identifiers 1.0, 3.3).
        """
        owner, purpose, fetch = method.partition("#")[0], self.expected.purpose, self.scene.fetch
        if not owner.startswith("did:"):
            return resolve_method(method, issuer=self.issuer, fetch=fetch, purpose=purpose)
        if self.issuer.startswith("https://"):
            with suppress(NotAuthorised, Unreachable, ProofUnsupported):
                return resolve_method(method, issuer=self.issuer, fetch=fetch, purpose=purpose)
        return resolve_method(method, issuer=owner, fetch=fetch, purpose=purpose)

    def _verify_embedded(self, proof: JsonObject, key: PublicKey, suite: str) -> str:
        return texts_that_verify(self.secured.document, proof, key, suite=suite)

    # --- whose key --------------------------------------------------------------------------------------------------
    def _settle(
        self, base: ProofFinding, *, verify: Callable[[PublicKey], str], site: Callable[[], VerificationMethod]
    ) -> ProofFinding:
        try:
            return self._settled(base, verify=verify, site=site)
        except _Fault as fault:
            return _refused(base, fault)
        except Unreachable as error:
            return replace(base, reason="key-unreachable", facts={"detail": error.detail}, problem=error)
        except ProofUnsupported as error:
            return replace(base, reason="proof-unsupported", facts={"suite": base.suite}, problem=error)
        except UnpinnedContext as error:
            context = error.extensions.get("url", "not named")
            return replace(base, reason="context-not-held", facts={"context": context}, problem=error)
        except ProofInvalid as error:
            return _refused(base, _Fault("signature-wrong", problem=error))
        except KeyRefused as error:
            return _refused(base, _Fault("key-refused", problem=error, detail=error.detail))
        except NotAuthorised as error:
            return _refused(base, _Fault("key-not-authorised", problem=error, detail=error.detail))
        except (DocumentError, InputError) as error:
            reason = "canonicalization-limit" if isinstance(error, CanonicalizationLimit) else "document-refused"
            return _refused(base, _Fault(reason, problem=error, detail=error.detail))

    def _settled(
        self, base: ProofFinding, *, verify: Callable[[PublicKey], str], site: Callable[[], VerificationMethod]
    ) -> ProofFinding:
        binding = self._binding(base)
        stapled = self._stapled_key(base)
        if binding is not None and binding.key_multibase is not None and self.scene.edition is not None:
            key = parse_multikey(binding.key_multibase)
            texts = self._verify_with_register(key, verify, site)
            where = f"the register, edition {self.scene.edition.number}"
            notices = self._compare_with_site(key, site)
            controller = binding.did
        elif stapled is not None and self.scene.staple is not None:
            key = parse_multikey(stapled.public_key_multibase)
            texts = self._verify_with_register(key, verify, site)
            where = f"the statement of {self.scene.staple.authority_name} that the badge carries"
            notices = self._compare_with_site(key, site)
            controller = self.scene.staple.did
        else:
            method = site()
            texts = verify(method.public_key)
            self._check_method_dates(method)
            key, controller, notices = method.public_key, method.controller, []
            base = replace(base, method=base.method or method.id)
            where = method.controller
        if texts not in {"", CURRENT.name}:
            notices.append(("older-context-text", {"texts": texts}))
        passed = replace(
            base,
            outcome=Outcome.PASSED,
            reason="verified",
            controller=controller,
            binding=binding,
            notices=tuple(notices),
            facts={"key": f"the key of {where}" if where == controller else f"the key in {where}"},
            evidence={"key": key.multibase or f"RSA {key.thumbprint}", "key_source": where, "context_texts": texts},
        )
        return self._weigh_compromise(passed, key)

    def _binding(self, base: ProofFinding) -> Binding | None:
        if self.scene.edition is None or base.method is None or base.signed_at is None:
            return None
        owner = base.method.partition("#")[0]
        if not same_id(owner, self.issuer):
            return None
        # A status list may be signed with a badge key, never the other way about.
        purposes = (self.purpose, KeyPurpose.CREDENTIAL) if self.purpose is KeyPurpose.STATUS else (self.purpose,)
        register = self.scene.edition.register
        bindings = [
            bind(register, did=self.issuer, method=base.method, signed_at=base.signed_at, purpose=purpose)
            for purpose in purposes
        ]
        return next((binding for binding in bindings if binding.key is not None), bindings[0])

    def _stapled_key(self, base: ProofFinding) -> StapledKey | None:
        """Without a register, the key that the authority's statement in the badge binds under this name."""
        staple = self.scene.staple
        if staple is None or self.scene.edition is not None or self.purpose is not KeyPurpose.CREDENTIAL:
            return None
        if base.signed_at is None or not same_id(staple.did, self.issuer):
            return None
        return staple.key(base.method, day_of(base.signed_at))

    def _verify_with_register(
        self, key: PublicKey, verify: Callable[[PublicKey], str], site: Callable[[], VerificationMethod]
    ) -> str:
        try:
            return verify(key)
        except ProofInvalid as error:
            try:
                verify(site().public_key)
            except BadgeError:
                raise error from None
            raise _Fault("key-disagrees", problem=error) from None

    def _compare_with_site(
        self, key: PublicKey, site: Callable[[], VerificationMethod]
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """The site is only compared: a lost or squatted domain changes nothing."""
        edition = self.scene.edition
        try:
            shown = site()
        except Unreachable:
            bound = (
                ("as-bound-by-staple", {}) if edition is None else ("as-bound-in-edition", {"edition": edition.number})
            )
            return [bound]
        except BadgeError:
            return [("site-key-differs", {})]
        withdrawn = any(when is not None and self.scene.at >= when for when in (shown.expires, shown.revoked))
        return [("site-key-differs", {})] if shown.public_key != key or withdrawn else []

    def _check_method_dates(self, method: VerificationMethod) -> None:
        """Controlled Identifiers 1.0, 3.3: a method past its `expires`, or revoked, verifies nothing."""
        if method.revoked is not None and self.scene.at >= method.revoked:
            raise _Fault("key-revoked", revoked=format_instant(method.revoked))
        if method.expires is not None and self.scene.at >= method.expires:
            raise _Fault("key-expired", expires=format_instant(method.expires))

    def _weigh_compromise(self, passed: ProofFinding, key: PublicKey) -> ProofFinding:
        """Contract: from T on invalid; before T and anchored before T it stands; before T and not anchored, unknown."""
        edition = self.scene.edition
        if edition is None:
            return passed
        moments = [passed.binding.compromised_from] if passed.binding is not None else []
        moments.append(edition.register.compromised_keys.get(key.multibase or ""))
        known = [moment for moment in moments if moment is not None]
        if not known:
            return passed
        stolen = min(known)
        facts = {"compromised_from": day_of(stolen)}
        evidence = {**passed.evidence, "compromised_from": format_instant(stolen)}
        marked = replace(passed, reason="key-compromised", facts=facts, evidence=evidence)
        if passed.signed_at is None or passed.signed_at >= stolen:
            return replace(marked, outcome=Outcome.FAILED)
        recorded = anchored_on(
            self.secured.text or "",
            self.secured.anchor or self._published_anchor(),
            did=self.issuer,
            register=edition.register,
            before=stolen,
        )
        if recorded is None:
            return replace(marked, outcome=Outcome.UNKNOWN)
        note = ("anchored", {"recorded_on": recorded})
        return replace(
            passed, notices=(*passed.notices, note), evidence=evidence | {"anchored_on": recorded.isoformat()}
        )

    def _published_anchor(self) -> JsonObject | None:
        """The inclusion proof that the issuer publishes beside the badge, `{id}.anchor.json`."""
        address = self.secured.document.get("id")
        if not isinstance(address, str) or not address.startswith("https://"):
            return None
        try:
            return parse_object(self.scene.fetch(f"{address}.anchor.json").body)
        except (Unreachable, InputError):
            return None


def _verified(run: Callable[[], None]) -> str:
    run()
    return ""


def _refused(base: ProofFinding, fault: _Fault) -> ProofFinding:
    return replace(base, outcome=Outcome.FAILED, reason=fault.reason, facts=fault.facts, problem=fault.problem)


def texts_that_verify(document: JsonObject, proof: JsonObject, key: PublicKey, *, suite: str) -> str:
    """Under the current text of the contexts, then under older ones: the name of the texts that fit.

    Raises ProofInvalid when none does.
    """
    try:
        verify_proof(document, proof, key, texts=CURRENT)
    except ProofInvalid:
        if suite not in _RDFC_SUITES:
            raise
        for texts in historical_texts_for(document):
            if _verifies_under(document, proof, key, texts):
                return texts.name
        raise
    return CURRENT.name


def _verifies_under(document: JsonObject, proof: JsonObject, key: PublicKey, texts: ContextTexts) -> bool:
    """A term that the older text does not know would stand in the badge unsigned, so it must lose nothing either."""
    try:
        if find_losses({name: value for name, value in document.items() if name != "proof"}, texts=texts):
            return False
        verify_proof(document, proof, key, texts=texts)
    except (ProofInvalid, DocumentError):
        return False
    return True


def _text(proof: JsonObject, member: str) -> str:
    value = proof.get(member)
    if not isinstance(value, str) or not value:
        raise _Fault("proof-malformed", detail=f"'{member}' is missing or is not a text.")
    return value


def _instant(proof: JsonObject, member: str) -> datetime | None:
    if member not in proof:
        return None
    try:
        return parse_time(proof[member])
    except InputError as error:
        raise _Fault("proof-malformed", detail=f"'{member}': {error.detail}", problem=error) from None
