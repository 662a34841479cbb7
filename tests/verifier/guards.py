"""Each guard of the verifier, the line of code that is it, and a test that goes red without it.

    python -m tests.verifier.guards            takes every guard away in turn and runs its test, which must fail
    python -m tests.verifier.guards NAME …     only these
    python -m tests.verifier.guards --write    writes docs/guards.md

A guard is taken away by changing its source as it is imported, in a process of its own; no file is touched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "guards.md"
_SECONDS: Final = 60
_BEFORE: Final = (
    "pytest", "pyld.jsonld", "flask", "jsonschema", "sqlalchemy", "PIL.Image",
    "cryptography.hazmat.primitives.asymmetric.ec", "urllib3.connection", "joserfc", "pypdf",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`there` stands once in `file`; with `instead` in its place the guard is gone. `test` is under tests/."""

    name: str
    against: str
    file: str
    there: str
    instead: str
    test: str

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _guard(name: str, against: str, place: tuple[str, str, str], test: str) -> Guard:
    file, there, instead = place
    return Guard(name=name, against=against, file=file, there=there, instead=instead, test=test)


_CURRENT: Final = "verifier/test_current.py::test_a_list_in_doubt_neither_clears_nor_condemns"
_FETCH: Final = "verifier/test_fetch.py::"
_JSON: Final = "schemas/test_jsontext.py::"
_PNG: Final = "schemas/test_baking.py::test_a_broken_or_ambiguous_picture_is_refused_with_a_sentence"
_LIST: Final = "schemas/test_statuslist.py::"
_WEB: Final = "verifier/web/"

GUARDS: Final[tuple[Guard, ...]] = (
    # --- what is signed is what is read ---
    _guard("dropped terms", "a claim under a name no context knows",
           ("schemas/canonical/__init__.py", "if processor.dropped or lost_in_expansion(expanded) or holds_null(document):", "if False:"),
           "schemas/test_canonical.py::test_what_json_ld_would_lose_is_refused_with_its_pointer"),
    _guard("disguises", "status or expiry hidden with the same RDF in other JSON",
           ("verifier/checks/genuine.py", "    if disguises and all(", "    disguises = []\n    if disguises and all("),
           "verifier/test_disguises.py::test_a_disguise_is_never_genuine"),
    _guard("contexts held", "a context from elsewhere that swaps meaning",
           ("verifier/checks/genuine.py", "    if unheld:\n        return finding(CheckId.CONFORMS, UNKNOWN", "    if False:\n        return finding(CheckId.CONFORMS, UNKNOWN"),
           "verifier/test_genuine.py::test_a_context_that_is_not_held_is_unknown"),
    _guard("no @import", "a context that changes the pinned one for everybody",
           ("schemas/jsonld.py", 'if isinstance(context, dict) and "@import" in context:', "if False:"),
           "schemas/test_canonical.py::test_an_inbound_import_is_refused_and_changes_nothing"),
    _guard("strict schema", "a document that is no Open Badge",
           ("verifier/checks/genuine.py", "    if faults := badge_faults(inspection.document):", "    if faults := ():"),
           "verifier/test_genuine.py::test_each_fault_has_its_own_reason"),
    _guard("nobody's badge", "a badge without a recipient",
           ("verifier/documents.py", ", *_without_recipient(subject)", ""),
           "verifier/test_genuine.py::test_a_badge_that_names_nobody_does_not_conform"),
    # --- poisoned and broken texts ---
    _guard("JSON bytes", "a text that is too long", ("schemas/jsontext.py", "if len(data) > limits.max_bytes:", "if False:"),
           _JSON + "test_the_limits_themselves_pass_and_one_over_fails"),
    _guard("JSON depth", "nesting that ends the stack", ("schemas/jsontext.py", "if depth > limits.max_depth:", "if False:"),
           _JSON + "test_the_limits_themselves_pass_and_one_over_fails"),
    _guard("JSON values", "a text of too many values", ("schemas/jsontext.py", "if values > limits.max_values:", "if False:"),
           _JSON + "test_the_limits_themselves_pass_and_one_over_fails"),
    _guard("JSON twice", "a member that stands twice",
           ("schemas/jsontext.py", 'if _members(value, containers=containers) != skeleton.count(b":"):', "if False:"), _JSON + "test_refuses"),
    _guard("JSON NaN", "numbers that JSON does not have", ("schemas/jsontext.py", "parse_constant=_refuse_constant, ", ""), _JSON + "test_refuses"),
    _guard("JSON surrogates", "half a character", ("schemas/jsontext.py", 'if "\\\\u" in decoded:', "if False:"), _JSON + "test_refuses"),
    _guard("blank nodes", "thousands of blank nodes", ("schemas/canonical/rdfc.py", "if len(self.blank_node_info) > MAX_BLANK_NODES:", "if False:"),
           "schemas/test_limits.py::test_blank_nodes_over_the_limit_are_refused"),
    _guard("poisoned graphs", "a clique of blank nodes",
           ("schemas/canonical/rdfc.py", "if self._ndegree_calls > self._max_ndegree_calls or time.monotonic() > self._deadline:", "if time.monotonic() > self._deadline:"),
           "schemas/test_canonical.py::test_a_poisoned_document_is_refused_quickly"),
    _guard("expansion time", "a document that is slow to expand", ("schemas/jsonld.py", "if time.monotonic() > self.deadline:", "if False:"),
           "schemas/test_limits.py::test_expansion_that_takes_longer_than_allowed_is_refused"),
    # --- proofs and keys ---
    _guard("proofs", "nine proofs", ("verifier/signatures.py", "if len(view.proofs) > MAX_PROOFS:", "if False:"),
           "verifier/test_genuine.py::test_each_fault_has_its_own_reason"),
    _guard("every proof", "a bad proof beside a good one",
           ("verifier/signatures.py", "decided_by = (*failed, *stolen, *own, *passed, *unchecked)[0]", "decided_by = (*own, *passed, *failed, *stolen, *unchecked)[0]"),
           "verifier/test_genuine.py::test_one_bad_proof_in_a_set_is_enough_to_fail"),
    _guard("purpose", "a proof made for something else", ("verifier/signatures.py", 'if proof.get("proofPurpose") != self.expected.purpose:', "if False:"),
           "verifier/test_genuine.py::test_each_fault_has_its_own_reason"),
    _guard("signed ahead", "a proof dated in the future",
           ("verifier/signatures.py", "if created is not None and created > at + skew and (", "if False and ("),
           "verifier/test_genuine.py::test_each_fault_has_its_own_reason"),
    _guard("issuer is signer", "a stranger who signs for an issuer",
           ("verifier/checks/genuine.py", "    if strangers and not named:", "    if False:"),
           "verifier/test_genuine.py::test_a_strangers_signature_is_a_cryptographic_pass_and_an_identity_fail"),
    _guard("listed by the issuer", "a key that the issuer's document does not list",
           ("keys/resolve.py", "    if not listed:\n        raise", "    if False:\n        raise"),
           "keys/test_resolve.py::test_a_method_the_document_does_not_give_the_issuer_is_not_authorised"),
    _guard("controller", "a key with another owner",
           ("keys/resolve.py", "if not isinstance(controller, str) or not _same(controller, issuer):", "if False:"),
           "keys/test_resolve.py::test_a_key_elsewhere_that_names_another_owner_is_not_authorised"),
    _guard("register's key", "a forger who took over the issuer's domain",
           ("verifier/signatures.py", "if binding is not None and binding.key_multibase is not None and self.scene.edition is not None:", "if False:"),
           "verifier/test_binding.py::test_if_only_the_sites_key_verifies_the_badge_is_not_genuine"),
    _guard("key's purpose", "a status key that signs a badge",
           ("verifier/signatures.py", "purposes = (self.purpose, KeyPurpose.CREDENTIAL) if self.purpose is KeyPurpose.STATUS else (self.purpose,)", "purposes = (KeyPurpose.STATUS, KeyPurpose.CREDENTIAL)"),
           "verifier/test_binding.py::test_a_status_key_does_not_sign_badges"),
    _guard("stolen keys", "a key that was stolen", ("verifier/signatures.py", "        if not known:\n            return passed", "        if True:\n            return passed"),
           "verifier/test_binding.py::test_a_stolen_key"),
    _guard("small order", "a key under which anybody's signature verifies",
           ("keys/public_key.py", "            _check_ed25519(encoded)\n", ""), "keys/test_multikey.py::test_a_point_of_small_order_is_refused_in_every_spelling"),
    _guard("base58", "a text that is quadratic to read", ("keys/multibase.py", "    if len(text) > MAX_BASE58_CHARS:\n        raise TooLarge(f\"The base58", "    if False:\n        raise TooLarge(f\"The base58"),
           "keys/test_multikey.py::test_base58_over_the_limit_is_refused_before_any_work"),
    # --- tokens ---
    _guard("header members", "crit, b64, zip, jku, x5u", ("keys/suites/jwt.py", "if strays := sorted(header.keys() - _HEADER_MEMBERS):", "if strays := []:"),
           "keys/test_jwt.py::test_what_is_no_strict_compact_jws_is_refused"),
    _guard("algorithm from the key", "a header that says another algorithm",
           ("keys/suites/jwt.py", "if JWS_ALGORITHMS.get(jws.alg) is not public_key.key_type:", "if False:"),
           "keys/test_jwt.py::test_the_algorithm_comes_from_the_key_and_not_from_the_header"),
    _guard("key from the issuer", "a key brought along in the header",
           ("keys/suites/jwt.py", "if jws.jwk is not None and jws.jwk != public_key:", "if False:"),
           "keys/test_jwt.py::test_a_signature_by_the_issuer_with_a_strange_key_in_the_header_is_refused"),
    _guard("shared secrets", "HMAC under the public key", ("keys/suites/jwt.py", 'if alg.startswith("HS"):', "if False:"),
           "keys/test_jwt.py::test_a_shared_secret_proves_nothing"),
    _guard("claims agree", "iss, sub, jti, nbf and exp against the credential",
           ("verifier/checks/genuine.py", "    if inspection.subject.claims:", "    if False:"),
           "verifier/test_genuine.py::test_claims_of_a_jwt_must_agree_with_the_badge"),
    _guard("token length", "a token that is too long", ("keys/suites/jwt.py", "if len(text) > MAX_JWS_CHARS:", "if False:"),
           "keys/test_jwt.py::test_a_jws_over_the_limit_is_refused"),
    # --- pictures ---
    _guard("picture bytes", "a picture that is too large", ("schemas/baking/carrier.py", "if len(data) > MAX_IMAGE_BYTES:", "if False:"),
           "schemas/test_baking.py::test_one_byte_over_the_limit_is_refused_unread"),
    _guard("one badge", "two badges in one PNG", ("schemas/baking/png.py", "if len(badges) > 1:", "if False:"), _PNG),
    _guard("checksums", "a PNG that was tampered with",
           ("schemas/baking/png.py", 'if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):', "if False:"), _PNG),
    _guard("not inflated", "a compressed badge, which may be a bomb", ("schemas/baking/png.py", 'if rest[1:3] != b"\\0\\0":', "if False:"), _PNG),
    _guard("after the end", "more after the picture", ("schemas/baking/png.py", "if position != len(data):", "if False:"), _PNG),
    _guard("PNG chunks", "a picture of endless chunks", ("schemas/baking/png.py", "if seen > MAX_PNG_CHUNKS:", "if False:"),
           "schemas/test_limits.py::test_a_png_of_too_many_chunks_is_refused"),
    _guard("DOCTYPE", "entities that multiply or read files", ("schemas/baking/svg.py", "parser.StartDoctypeDeclHandler = self._on_doctype", "pass"), _PNG),
    _guard("SVG depth", "nesting without end", ("schemas/baking/svg.py", "if len(self._path) >= MAX_SVG_DEPTH:", "if False:"),
           "schemas/test_limits.py::test_an_svg_over_its_limits_is_refused"),
    _guard("SVG attributes", "attributes without end", ("schemas/baking/svg.py", "if self._attributes > MAX_SVG_ATTRIBUTES:", "if False:"),
           "schemas/test_limits.py::test_an_svg_over_its_limits_is_refused"),
    _guard("PDF bytes", "a PDF that is too large", ("schemas/baking/pdf.py", "if len(data) > MAX_IMAGE_BYTES:", "if False:"),
           "schemas/test_pdf.py::test_one_byte_more_than_the_limit_is_refused_before_anything_reads_it"),
    # --- status ---
    _guard("list's bomb", "a list that inflates without end",
           ("schemas/statuslist.py", "if len(bits) > MAX_BITSTRING_BYTES:", "if False:"), _LIST + "test_a_malformed_list_is_refused_with_a_sentence"),
    _guard("herd", "a list so short that it tells on a badge", ("schemas/statuslist.py", "if len(octets) * 8 < minimum:", "if False:"),
           _LIST + "test_a_list_too_short_to_hide_in_is_refused_when_a_minimum_is_asked"),
    _guard("index", "an index in other digits", ("schemas/statuslist.py", "if isinstance(value, str) and _INDEX.fullmatch(value):", "if isinstance(value, str):"),
           _LIST + "test_any_other_index_is_refused"),
    _guard("list's proof", "a list that nobody signed",
           ("verifier/statuses.py", 'raise _Doubt("status-list-unproven", detail=detail, problem=signature.decided_by.problem)', "by_issuer = signature.decided_by"),
           _WEB + "test_standing.py::test_without_a_register_a_list_that_its_issuer_did_not_sign_neither_clears_nor_condemns"),
    _guard("list's issuer", "somebody else's list",
           ("verifier/statuses.py", "if register is None or not signature.is_bound or not _same_provider(signature, badge, register):", "if False:"), _CURRENT),
    _guard("list's address", "another list of the same issuer", ("verifier/statuses.py", "if listed.id != url:", "if False:"), _CURRENT),
    _guard("list's purpose", "a list about something else", ("verifier/statuses.py", "if purpose not in purposes:", "if False:"), _CURRENT),
    _guard("list's end", "a list that has run out", ("verifier/statuses.py", "if end is not None and scene.at > end:", "if False:"), _CURRENT),
    _guard("list's age", "an old copy", ("verifier/statuses.py", "if not is_final(listed) and scene.at - retrieved.retrieved_at > scene.policy.max_status_age:", "if False:"),
           "verifier/test_current.py::test_a_policy_may_want_fresher_lists"),
    _guard("status entries", "nine entries, each a retrieval", ("verifier/checks/current.py", "    if len(entries) > MAX_STATUS_ENTRIES:", "    if False:"),
           "verifier/test_current.py::test_one_entry_over_the_limit_is_unknown"),
    _guard("unknown status", "a kind of status that nobody here reads",
           ("verifier/checks/current.py", '_status(inspection, CheckId.REVOCATION, v.REVOCATION, "withdrawn", "not-revoked", strange)', '_status(inspection, CheckId.REVOCATION, v.REVOCATION, "withdrawn", "not-revoked", [])'),
           "verifier/test_current.py::test_an_entry_in_doubt_is_unknown"),
    _guard("older lists", "an older list served again", ("verifier/statuses.py", "    newest = scene.lists.compare(shown)", "    newest = None"),
           _WEB + "test_standing.py::test_a_withdrawn_badge_stays_withdrawn_when_an_older_list_is_served"),
    # --- the network ---
    _guard("public addresses", "a host inside the network", ("verifier/fetch.py", "not all(is_public(address) for address in addresses):", "False:"),
           _FETCH + "test_an_address_that_is_not_on_the_public_internet_is_refused"),
    _guard("https", "plain http", ("verifier/fetch.py", '        if parts.scheme != "https":', "        if False:"), _FETCH + "test_an_address_that_is_no_plain_https_address_is_refused"),
    _guard("port", "the port of another service", ("verifier/fetch.py", "if port not in {None, 443}:", "if False:"),
           _FETCH + "test_an_address_that_is_no_plain_https_address_is_refused"),
    _guard("user names", "an address with somebody's name", ("verifier/fetch.py", 'if not parts.hostname or parts.username is not None or parts.password is not None or "@" in parts.netloc:', "if not parts.hostname:"),
           _FETCH + "test_an_address_that_is_no_plain_https_address_is_refused"),
    _guard("pinned", "a name that leads elsewhere the second time",
           ("verifier/fetch.py", "answer = _exchange(parts, ip=ip,", "answer = _exchange(parts, ip=self._pinned_address(parts, deadline=deadline),"),
           _FETCH + "test_a_host_is_resolved_once_and_the_connection_goes_there"),
    _guard("redirects", "redirects without end", ("verifier/fetch.py", "for _ in range(self.max_redirects + 1):", "for _ in range(99):"),
           _FETCH + "test_exactly_the_limit_and_two_redirects_are_allowed"),
    _guard("fetched bytes", "an answer without end", ("verifier/fetch.py", "if len(body) > max_bytes:", "if False:"),
           _FETCH + "test_what_a_server_can_do_is_bounded"),
    _guard("deadline", "a host that drips", ("verifier/fetch.py", "    watchdog.start()\n", ""), _FETCH + "test_a_slow_server_is_left_at_the_deadline"),
    _guard("silent name servers", "a name server that says nothing", ("verifier/fetch.py", "found.get(timeout=max(0.0, deadline - time.monotonic()))", "found.get(timeout=30)"),
           _FETCH + "test_a_silent_name_server_does_not_hold_us"),
    _guard("name look-ups", "any number of silent name servers", ("verifier/fetch.py", "if not _RESOLVING.acquire(timeout=max(0.0, deadline - time.monotonic())):", "if False:"),
           _FETCH + "test_silent_name_servers_hold_so_many_threads_and_no_more"),
    _guard("twelve seconds", "many slow hosts in one badge", ("verifier/fetch.py", "if self._spent > self.seconds - FETCH_SECONDS:", "if False:"),
           _FETCH + "test_the_time_for_one_report_is_limited"),
    _guard("one account", "a slow page before slow lists",
           ("verifier/web/service.py", "fetch=self._recorder() if recorder is None else recorder,", "fetch=self._recorder(),"),
           _WEB + "test_standing.py::test_everything_one_report_waits_for_together_is_bounded"),
    _guard("requests to one host", "a slow host that many badges name",
           ("verifier/caching.py", " and self._hosts.get(host, 0) < self.per_host", ""),
           "verifier/test_caching.py::test_one_slow_host_holds_so_many_requests_and_no_other_host"),
    _guard("one request for all", "fifty requests for one list",
           ("verifier/caching.py", "            leads = flight is None\n", "            flight, leads = None, True\n"),
           "verifier/test_caching.py::test_fifty_requests_for_one_list_cause_one_fetch"),
    _guard("cache's end", "an old list used beyond what it says", ("verifier/caching.py", "        usable = min([usable, *said]) if said else policy.fresh", "        usable = 10**9"),
           "verifier/test_caching.py::test_a_list_says_how_long_it_may_be_used"),
    _guard("badges anew", "a badge remembered after it was withdrawn", ("verifier/caching.py", '    if "VerifiableCredential" in types or "credentialSubject" in document:\n        return Kind.OTHER', '    if "VerifiableCredential" in types or "credentialSubject" in document:\n        return Kind.KEYS'),
           "verifier/test_caching.py::test_a_badge_is_asked_for_each_time"),
    _guard("cache's size", "strangers' lists that fill the memory",
           ("verifier/caching.py", "while self._bytes > self.policy.max_bytes or len(self._kept) > self.policy.max_addresses:", "while False:"),
           "verifier/test_caching.py::test_memory_is_bounded_and_the_longest_unused_goes_first"),
    _guard("doubts not kept", "a doubt of one moment kept for the next", ("verifier/statuses.py", "lasting=isinstance(known, _List))", "lasting=True)"),
           _WEB + "test_standing.py::test_a_doubt_about_a_list_is_not_kept"),
    # --- the service ---
    _guard("older editions", "an older edition put in place", ("verifier/web/standing.py", "        if self._high_water_file is None:\n", "        if True:\n"),
           _WEB + "test_standing.py::test_an_edition_put_in_its_place_is_taken_up_and_a_worse_one_is_not"),
    _guard("strangers' lists", "thousands of lists that push out the known ones", ("verifier/web/standing.py", "while len(self._strangers) > MAX_SEEN_STRANGERS:", "while False:"),
           _WEB + "test_standing.py::test_strangers_lists_are_let_go_before_they_fill_the_memory"),
    _guard("body", "a request with one badge that is too long", ("verifier/web/machine.py", "if len(data) > DOCUMENT.max_bytes + _AROUND_BYTES:", "if False:"),
           _WEB + "test_machine.py::test_what_cannot_be_read_is_told_with_its_place"),
    _guard("batch", "a list of too many badges", ("verifier/web/machine.py", "if len(members) > MAX_BATCH_MEMBERS:", "if False:"),
           _WEB + "test_machine.py::test_what_cannot_be_read_is_told_with_its_place"),
    _guard("batch's time", "a slow member of a list", ("verifier/web/machine.py", "future.result(timeout=max(0.0, end - time.monotonic()))", "future.result()"),
           _WEB + "test_machine.py::test_a_slow_or_broken_member_spoils_no_other"),
    _guard("rate", "one address that asks without end", ("verifier/web/rates.py", "    if wait:\n        current", "    if False:\n        current"),
           _WEB + "test_machine.py::test_who_asks_too_often_is_told_when_to_ask_again"),
    _guard("rate's memory", "addresses without end", ("verifier/web/rates.py", "while len(self._clients) > MAX_CLIENTS:", "while False:"),
           _WEB + "test_machine.py::test_buckets_fill_and_are_forgotten_in_order"),
    _guard("development machines", "a page from elsewhere that reads through one",
           ("verifier/web/machine.py", ' or current_service().origins:', ":"),
           _WEB + "test_machine.py::test_a_page_from_elsewhere_reads_nothing_through_a_development_machine"),
    _guard("numbers", "somebody away who reads the numbers", ("verifier/web/health.py", "    if not _is_near():", "    if False:"),
           _WEB + "test_machine.py::test_numbers_are_for_this_machine_and_its_network"),
    # --- accreditation ---
    _guard("award and listing", "another level, credits or reference than the register's",
           ("verifier/checks/accredited.py", "    if claim.levels != (str(listing.level),):", "    if False:"), "verifier/test_accredited.py::test_what_the_badge_claims_is_compared"),
)  # fmt: skip


# --- taking one away ------------------------------------------------------------------------------------------------
class _Without(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the guard's module without it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._guard.module:
            return None
        file = ROOT / self._guard.file
        places = [str(file.parent)] if file.name == "__init__.py" else None
        spec = importlib.util.spec_from_file_location(name, file, loader=self, submodule_search_locations=places)
        assert spec is not None
        return spec

    def exec_module(self, module: ModuleType) -> None:
        source = source_without(self._guard)
        exec(compile(source, str(ROOT / self._guard.file), "exec"), module.__dict__)  # noqa: S102 - our own source


def source_without(guard: Guard) -> str:
    """The module's source without the guard. Raises ValueError when it no longer stands where the table says."""
    source = (ROOT / guard.file).read_text(encoding="utf-8")
    if source.count(guard.there) != 1:
        raise ValueError(f"{guard.name}: {guard.there!r} stands {source.count(guard.there)} times in {guard.file}")
    return source.replace(guard.there, guard.instead)


def is_needed(guard: Guard) -> bool:
    """Whether the guard's test fails without it."""
    code = _run([guard.test], without=guard)
    if code not in {0, 1}:
        raise ValueError(f"{guard.name}: {guard.test} could not be run (pytest's code {code})")
    return code == 1


def _run(tests: Sequence[str], *, without: Guard | None) -> int:
    """pytest's exit code, from a child: what was imported cannot be taken back."""
    child = os.fork()
    if child == 0:
        quiet = io.StringIO()
        code = 70
        try:
            if without is not None:
                signal.alarm(_SECONDS)  # without its guard a test may never end, and that is red too
                sys.meta_path.insert(0, _Without(without))
            import pytest

            plugins = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:playwright")
            with redirect_stdout(quiet), redirect_stderr(quiet):
                code = int(pytest.main(["-q", "-x", *plugins, *(str(ROOT / "tests" / test) for test in tests)]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return 1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def page() -> str:
    """docs/guards.md."""
    lines = [
        "# Guards of the verifier, and the test that goes red without each",
        "",
        "Written by `python -m tests.verifier.guards --write`. `make guards` takes each away in turn, and its test must fail.",
        "",
        "| guard | against | where | test (`tests/…`) |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.against} | `{one.file}` | `{one.test}` |" for one in GUARDS),
        "",
    ]
    return "\n".join(lines)


def main(names: Sequence[str]) -> int:
    """0 when every guard is needed."""
    if names == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    for module in _BEFORE:  # in the parent, so that no child need do it again
        importlib.import_module(module)
    chosen = [guard for guard in GUARDS if not names or guard.name in names]
    if _run(sorted({guard.test for guard in chosen}), without=None) != 0:
        print("The tests are not green to begin with.")
        return 1
    bad = 0
    for guard in chosen:
        try:
            outcome = "red" if is_needed(guard) else "STILL GREEN"
        except ValueError as error:
            outcome = f"LOST: {error}"
        bad += outcome != "red"
        print(f"{guard.name:24} {outcome}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
