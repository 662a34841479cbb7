"""Te reo Māori on every page: each text of the source has a draft, with its placeholders, composed and with macrons."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from issuer import words

ISSUER = Path(words.__file__).parent.parent
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None, "say": None}
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<script.*?</script>", re.DOTALL)
_WORD = re.compile(r"[A-Za-zāēīōū]{3,}")
_NAMES = {"JSON", "English", "Te reo Māori"}  # the same in every language
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def extracted() -> list[tuple[str, tuple[str, ...]]]:
    """(where, the message and its plural) of every text that goes through gettext."""
    found = []
    options = {"jinja2": {"trimmed": "true"}}
    for name, line, message, _comments, _context in extract_from_dir(
        str(ISSUER), method_map=METHODS, keywords=KEYWORDS, options_map=options
    ):
        forms = message if isinstance(message, tuple) else (message,)
        found.append((f"{name}:{line}", tuple(form for form in forms if isinstance(form, str))))
    return found


MESSAGES = extracted()


def test_the_texts_of_the_pages_are_found() -> None:
    assert len(MESSAGES) > 500


def test_every_text_of_the_pages_has_a_draft_in_te_reo_maori() -> None:
    drafts = {text for path in PARTS for ids, strings, _context in messages_of(path) if all(strings) for text in ids}
    missing = [f"{where}: {forms[0]!r}" for where, forms in MESSAGES if forms and forms[0] not in drafts]
    assert not missing, "\n".join(missing)


def messages_of(path: Path) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str | None]]:
    with path.open("rb") as file:
        for message in read_po(file, locale="mi"):
            if message.id:
                ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
                strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
                yield tuple(ids), tuple(strings), message.context


PARTS = sorted((ISSUER / "words" / "parts").glob("*.po"))


@pytest.mark.parametrize("path", PARTS, ids=[path.stem for path in PARTS])
def test_a_draft_keeps_the_placeholders_and_is_composed(path: Path) -> None:
    wrong = []
    for ids, strings, _context in messages_of(path):
        wanted = {name for one in ids for name in _PLACEHOLDER.findall(one)}
        for text in strings:
            if not text:
                wrong.append(f"{ids[0]!r} has no draft")
            elif not set(_PLACEHOLDER.findall(text)) <= wanted:
                wrong.append(f"{text!r} has a placeholder of its own")
            elif unicodedata.normalize("NFC", text) != text:
                wrong.append(f"{text!r} is not composed")
    assert not wrong, "\n".join(wrong)


def test_one_text_has_one_draft() -> None:
    drafts: dict[tuple[str, str | None], set[tuple[str, ...]]] = defaultdict(set)
    for path in PARTS:
        for ids, strings, context in messages_of(path):
            drafts[ids[0], context].add(strings)
    differing = {key: texts for key, texts in drafts.items() if len(texts) > 1}
    assert not differing, "\n".join(f"{key}: {texts}" for key, texts in differing.items())


def test_no_page_says_a_sentence_outside_gettext() -> None:
    """In a template every run of words between tags goes through gettext."""
    wrong = []
    for path in sorted((ISSUER / "web" / "templates").rglob("*.html")) + sorted((ISSUER / "pages").rglob("*.html")):
        text = _CODE.sub("", path.read_text(encoding="utf-8"))
        runs = [run.strip() for run in re.findall(r">([^<>]+)<", text.replace("&nbsp;", " "))]
        wrong += [f"{path.name}: {run[:60]!r}" for run in runs if _WORD.search(run) and run not in _NAMES]
    assert not wrong, "\n".join(wrong)
