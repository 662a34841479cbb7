"""The conditions under which a template is exact: each is shown on a document that turns a naive template wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import canonicalize, lossless_dataset
from schemas.canonical.jsontemplate import compile_json
from schemas.canonical.leaves import Inexact, Leaves, differences, leaf_at, with_leaves
from schemas.canonical.lines import Nodes
from schemas.canonical.quads import read_graph
from schemas.canonical.template import Forms, Template, compile_template
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from tests.issuer.test_minting import minted
from tests.schemas.test_canonical import plain_pyld, pyoxigraph

TAGGED = minted(result="Merit", evidence_url="https://portfolio.example/1")
TAGGED["credentialSubject"]["achievement"] |= {"tag": ["kākano", "seed", "native"]}
LEAVES: Leaves = {
    "id": ("/id",),
    "day": ("/awardedDate",),
    "name": ("/credentialSubject/identifier/0/identityHash",),
    "result": ("/credentialSubject/result/0/value",),
    "evidence": ("/evidence/1/id",),
    "entry": ("/credentialStatus/id",),
    "index": ("/credentialStatus/statusListIndex",),
    "list": ("/credentialStatus/statusListCredential",),
    "tag": ("/credentialSubject/achievement/tag/0",),
    "other tag": ("/credentialSubject/achievement/tag/1",),
}
OWN = {slot: leaf_at(TAGGED, places[0]) for slot, places in LEAVES.items()}


@pytest.fixture(scope="module")
def template() -> Template:
    return compile_template(TAGGED, leaves=LEAVES)


def by_template(template: Template, texts: Mapping[str, str]) -> bytes | None:
    forms = template.forms([texts[slot] for slot in template.slots])
    return None if forms is None else template.canonical(forms)


def by_reference(texts: Mapping[str, str]) -> bytes | None:
    try:
        return canonicalize(with_leaves(TAGGED, LEAVES, texts))
    except (BadgeError, UnicodeEncodeError):
        return None


def naively(texts: Mapping[str, str]) -> bytes:
    """What a template would be that puts texts into finished lines and sorts them."""
    marks = {slot: f"urn:here:{number}." for number, slot in enumerate(LEAVES)}
    text = canonicalize(with_leaves(TAGGED, LEAVES, marks)).decode()
    for slot, mark in marks.items():
        text = text.replace(mark, texts[slot].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    return "".join(sorted(text.splitlines(keepends=True))).encode("utf-8", "replace")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": "Hōne"}, id="another name has other hashes, so that the labels change places"),
        pytest.param({"result": "Excellence"}, id="another result has another hash"),
        pytest.param({"id": "https://aaa.example/1"}, id="a name for the badge that comes before all other subjects"),
        pytest.param({"evidence": "urn:zzz"}, id="evidence that comes after all other subjects"),
        pytest.param({"evidence": "https://portfolio.example/1#"}, id="an IRI that is the beginning of another with a hash"),
        pytest.param({"name": 'Ani "Nan" \\ Tū\n'}, id="quotation marks, a backslash and a line feed"),
        pytest.param({"name": "a\x07b\x08c\x0cd\x1be\x7f"}, id="control characters"),
        pytest.param({"name": "a\x7f"}, id="nothing to escape but delete"),
        pytest.param({"evidence": "https://badges.example/achievements/9876/"}, id="an IRI that is the beginning of a constant one"),
        pytest.param({"name": "a\x85b\u2028c\u00a0"}, id="line separators that are none in N-Quads"),
        pytest.param({"name": "e\u0304 ē 😀 \ufeff"}, id="combining marks and what is beyond the basic plane"),
        pytest.param({"name": "_:b0", "result": "_:c14n3"}, id="texts that look like labels"),
        pytest.param({"name": "<https://a.example> .\n_:c14n0"}, id="a text that looks like a statement"),
        pytest.param({"name": "@id", "result": "@type"}, id="texts that look like keywords"),
        pytest.param({"name": "%b %s {0} %"}, id="texts that look like formats"),
        pytest.param({"index": "0"}, id="an index of nothing"),
    ],
)  # fmt: skip
def test_a_document_inside_the_conditions_is_given_byte_for_byte(template: Template, changes: dict[str, str]) -> None:
    texts = OWN | changes
    made = by_template(template, texts)
    assert made is not None
    assert made == by_reference(texts) == pyoxigraph(made)
    if not any(character in "".join(changes.values()) for character in "\x07\x7f"):  # which PyLD writes as they are
        assert made == plain_pyld(with_leaves(TAGGED, LEAVES, texts))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"evidence": "portfolio/1"}, id="3 a relative reference is lost"),
        pytest.param({"evidence": "https://a.example/1 2"}, id="3 a space ends an IRI"),
        pytest.param({"evidence": "https://a.example/>"}, id="3 a bracket breaks out of an IRI"),
        pytest.param({"evidence": "_:b0"}, id="3 a blank node's label is no IRI"),
        pytest.param({"evidence": "xsd:string"}, id="3 a term of the contexts stands for a longer IRI"),
        pytest.param({"evidence": "@type"}, id="3 a keyword is no IRI"),
        pytest.param({"evidence": OWN["id"]}, id="4 one IRI for two things makes one thing of them"),
        pytest.param({"evidence": leaf_at(TAGGED, "/evidence/0/id")}, id="4 the IRI of something constant merges with it"),
        pytest.param({"tag": "seed"}, id="4 two texts that are the same in one set are one"),
        pytest.param({"tag": "native"}, id="4 a text that stands in the set already adds nothing"),
        pytest.param({"name": "\ud800"}, id="a lone surrogate has no UTF-8"),
    ],
)  # fmt: skip
def test_a_document_outside_the_conditions_is_left_to_the_reference_path(
    template: Template, changes: dict[str, str]
) -> None:
    texts = OWN | changes
    assert naively(texts) != by_reference(texts)
    assert by_template(template, texts) is None


def test_a_naive_template_is_wrong_as_soon_as_the_name_changes() -> None:
    assert naively(OWN | {"name": "Hōne"}) != by_reference(OWN | {"name": "Hōne"})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": ""}, id="an empty text"),
        pytest.param({"name": "native"}, id="a text equal to a constant elsewhere"),
        pytest.param({"name": "narrative"}, id="a text equal to the name of a member"),
        pytest.param({"name": "Merit"}, id="a text equal to another"),
        pytest.param({"evidence": "https://māori.example/"}, id="an IRI beyond ASCII"),
        pytest.param({"evidence": "mailto:a@b.example"}, id="a scheme that is not expected"),
    ],
)
def test_where_it_would_do_no_harm_a_template_still_steps_back(template: Template, changes: dict[str, str]) -> None:
    assert by_template(template, OWN | changes) is None
    assert by_reference(OWN | changes) is not None


def changed(place: str, value: Any, *, document: JsonObject = TAGGED) -> JsonObject:
    """A copy with one more member, or another value for one."""
    copied = copy.deepcopy(document)
    parent, _, name = place.rpartition("/")
    (leaf_at(copied, parent) if parent else copied)[name] = value
    return copied


def two_subjects(one: str, other: str) -> JsonObject:
    """Two subjects that look alike at first degree; what tells them apart is one step further."""
    subjects = [
        {"type": ["AchievementSubject"], "result": [{"type": ["Result"], "value": text}]} for text in (one, other)
    ]
    return TAGGED | {"credentialSubject": subjects}


DOUBLE = "http://www.w3.org/2001/XMLSchema#double"
SAME_LEVELS = [{"type": ["Alignment"], "targetName": "Level 4", "targetUrl": "https://a.example/"}] * 2
INLINE = [*TAGGED["@context"], {"x": {"@id": "https://x.example/x", "@type": "@id"}}]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param(TAGGED, "/type/0", id="2 a type"),
        pytest.param(TAGGED, "/credentialSubject/type/0", id="2 the type of something inside"),
        pytest.param(changed("/name", {"@value": "ā", "@language": "mi"}), "/name/@language", id="2 a language"),
        pytest.param(changed("/name", {"@value": "1", "@type": DOUBLE}), "/name/@value", id="2 a number as RDF writes it"),
        pytest.param(changed("/name", {"@value": "none", "@type": DOUBLE}), "/name/@value", id="2 a number that is none yet"),
        pytest.param(changed("/name", {"@value": "1", "@type": DOUBLE}), "/name/@type", id="2 a data type"),
        pytest.param(changed("/credentialSubject/type", ["AchievementSubject", "https://x.example/T"]), "/credentialSubject/type/1", id="2 a type by its IRI"),
        pytest.param(changed("/name", {"@value": {"a": "b"}, "@type": "@json"}), "/name/@value/a", id="2 a part of a JSON literal"),
        pytest.param({"@context": TAGGED["@context"], "@id": "urn:g", "@graph": [{"id": "urn:n", "name": "n"}]}, "/@id", id="2 the name of a graph"),
        pytest.param(changed("/unheard", "of"), "/unheard", id="6 a member without a meaning"),
        pytest.param(changed("/name", {"@value": "a", "@index": "b"}), "/name/@index", id="2 an index, which RDF has not"),
        pytest.param(TAGGED, "/@context/0", id="1 a context"),
        pytest.param(changed("/@context", INLINE), "/id", id="3 a document with a context of its own"),
        pytest.param(changed("/@context", [*TAGGED["@context"], "https://x.example/v1"]), "/id", id="3 a context that is not pinned"),
        pytest.param(TAGGED, "/credentialSubject/creditsEarned", id="1 a number"),
        pytest.param(TAGGED, "/credentialSubject/achievement", id="1 an object"),
        pytest.param(TAGGED, "/nowhere", id="1 what is not there"),
        pytest.param(TAGGED, "", id="1 the whole document"),
        pytest.param(changed("/credentialSubject/achievement/alignment", SAME_LEVELS), "/id", id="5 two constant things that look alike"),
        pytest.param(changed("/evidence", [{"type": ["Evidence"], "name": "One"}] * 2), "/id", id="5 two things that look alike and vary with their subject"),
    ],
)  # fmt: skip
def test_no_template_is_made_for_a_leaf_that_is(document: JsonObject, place: str) -> None:
    with pytest.raises(Inexact):
        compile_template(document, leaves={"leaf": (place,)})


def test_things_that_look_alike_whatever_varies_are_found_when_the_template_is_made() -> None:
    leaves = {"leaf": ("/credentialSubject/0/result/0/value",)}
    with pytest.raises(Inexact, match="look alike"):
        compile_template(two_subjects("Excellence", "Merit"), leaves=leaves)


def test_things_that_look_alike_and_vary_have_no_rank() -> None:
    """Were they ranked all the same, the labels would differ from those of Hash N-Degree Quads."""
    leaves = {"leaf": ("/id",)}
    document = with_leaves(two_subjects("Excellence", "Merit"), leaves, {"leaf": "urn:leaf:mark:0"})
    graph = read_graph(lossless_dataset(document)[0], sentinels={"urn:leaf:mark:0": 0}, mark="mark")
    assert Nodes(graph).order([b"https://badges.example/badges/1"]) is None
    with pytest.raises(Inexact):
        compile_template(document, leaves=leaves)


LOOP = {"@id": "_:a", "https://x.example/p": {"@id": "_:a"}}
TWICE = [{"@value": 1.5}, {"@value": "1.5E0", "@type": DOUBLE}]


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        pytest.param(changed("/https:~1~1x.example~1p", LOOP), "/id", "one blank node twice", id="5 a thing that names itself"),
        pytest.param(changed("/https:~1~1x.example~1p", TWICE), "/id", "stands twice", id="4 one number written in two ways"),
        pytest.param(changed("/name", {"@value": ["a", "b"], "@type": "@json"}), "/name/@value/0", "not whole", id="2 a part of a JSON literal"),
    ],
)  # fmt: skip
def test_a_template_that_is_not_made_says_why(document: JsonObject, place: str, reason: str) -> None:
    document = {name.replace("~1", "/"): member for name, member in document.items()}
    with pytest.raises(Inexact, match=reason):
        compile_template(document, leaves={"leaf": (place,)})


def test_more_than_ten_blank_nodes_stand_in_the_order_of_their_text() -> None:
    levels = [{"type": ["Alignment"], "targetName": f"L{n}", "targetUrl": "https://a.example/"} for n in range(14)]
    document = changed("/credentialSubject/achievement/alignment", levels)
    template = compile_template(document, leaves=LEAVES)
    for name in ("Hōne", "Ani", "Mere", "Tama"):
        made = by_template(template, OWN | {"name": name})
        assert made == canonicalize(with_leaves(document, LEAVES, OWN | {"name": name}))


def test_no_template_is_made_when_a_context_names_a_term_like_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    for term in ("https", "urn", "https://x.example/"):
        monkeypatch.setattr("schemas.canonical.template.terms_of", lambda *_, term=term, **__: frozenset({term}))
        with pytest.raises(Inexact, match="beginning of an IRI"):
            compile_template(TAGGED, leaves=LEAVES)


def test_a_slot_may_stand_in_several_places_but_has_one_text() -> None:
    twice = changed("/credentialSubject/result/0/value", OWN["name"])
    places = (*LEAVES["name"], *LEAVES["result"])
    template = compile_template(twice, leaves={"name": places})
    forms = template.forms(["Hōne"])
    assert forms is not None
    assert template.canonical(forms) == canonicalize(with_leaves(twice, {"name": places}, {"name": "Hōne"}))
    with pytest.raises(Inexact):
        compile_template(TAGGED, leaves={"name": places})


CONSTANTS = (
    "native",
    "name",
    "AchievementSubject",
    "Level 4",
    OWN["id"],
    OWN["evidence"],
    "Merit",
    "seed",
    "xsd:string",
)
HOSTILE = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='\\"\x00\x07\x08\t\n\x0c\r\x1b\x7f\x85\u2028<>_:b0. āĀ\u0304😀\ud800@^', max_size=12),
    st.sampled_from(CONSTANTS),
    st.builds("https://a.example/{}".format, st.text(alphabet="ab/:#?[]@!$&'()*+,;=%~<> ā", max_size=8)),
    st.builds("{}:{}".format, st.sampled_from(["urn", "did", "http", "https", "xsd", "name", "_"]), st.text(max_size=5)),
)  # fmt: skip


@given(texts=st.fixed_dictionaries({}, optional=dict.fromkeys(LEAVES, HOSTILE)))
def test_whatever_the_texts_a_template_gives_what_the_reference_gives_or_nothing(texts: dict[str, str]) -> None:
    made = by_template(_hostile_template(), OWN | texts)
    assert made is None or made == by_reference(OWN | texts)


@given(texts=st.fixed_dictionaries({}, optional=dict.fromkeys(LEAVES, HOSTILE)))
def test_json_is_written_as_write_json_writes_it(texts: dict[str, str]) -> None:
    forms = _hostile_template().forms([(OWN | texts)[slot] for slot in LEAVES])
    if forms is not None:
        expected = write_json(with_leaves(TAGGED, LEAVES, OWN | texts))
        assert compile_json(TAGGED, leaves=LEAVES).text(forms.json) == expected


_made: list[Template] = []


def _hostile_template() -> Template:
    if not _made:
        _made.append(compile_template(TAGGED, leaves=LEAVES))
    return _made[0]


def test_a_number_in_json_stands_without_quotation_marks() -> None:
    document = {"exp": 94, "text": "94", "more": ["94"]}
    template = compile_json(document, leaves={"n": ("/exp",), "t": ("/text", "/more/0")})
    assert template.text([b"7", b"\\n"]) == b'{"exp":7,"text":"\\n","more":["\\n"]}'
    with pytest.raises(Inexact):
        compile_json(document, leaves={"n": ("/exp", "/text")})


def test_documents_of_another_structure_have_no_leaves_in_common() -> None:
    with pytest.raises(Inexact):
        list(differences({"a": ["x"]}, {"a": ["x", "y"]}))
    with pytest.raises(Inexact):
        list(differences({"a": "x", "b": 1}, {"b": 1, "a": "x"}))
    assert list(differences({"a": {"b/c": "x"}, "d": [1, 2]}, {"a": {"b/c": "y"}, "d": [1, 3]})) == [
        ("/a/b~1c", "x", "y"),
        ("/d/1", 2, 3),
    ]


def test_a_template_that_is_wrong_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a template gets wrong in general, it gets wrong for its own document and for the sentinels."""

    def canonical(self: Template, forms: Forms) -> bytes:
        return b"".join(reversed(self._lines.text(forms.nquads, range(9)).splitlines(keepends=True)))

    monkeypatch.setattr(Template, "canonical", canonical)
    with pytest.raises(Inexact, match="reference path"):
        compile_template(TAGGED, leaves=LEAVES)
