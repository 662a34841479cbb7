"""The few marks of Markdown that criteria use, paragraphs and lists, as plain data; everything else stays text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_NUMBERED = re.compile(r"[ ]{0,3}\d{1,9}[.)]\s+(.*)")
_BULLETED = re.compile(r"[ ]{0,3}[-*+]\s+(.*)")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


class BlockKind(StrEnum):
    PARAGRAPH = "paragraph"
    NUMBERED = "numbered"
    BULLETED = "bulleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph has one text, a list one for each item. Texts are not escaped: that is the template's to do."""

    kind: BlockKind
    texts: tuple[str, ...]


def parse_blocks(markdown: str | None) -> tuple[Block, ...]:
    """Blocks in their order. Links, pictures and HTML are not followed, drawn or run: they stay as written."""
    blocks: list[tuple[BlockKind, list[str]]] = []
    open_block = False
    for line in (markdown or "").splitlines():
        if not line.strip():
            # A list goes on over an empty line; a paragraph ends.
            open_block = open_block and blocks[-1][0] is not BlockKind.PARAGRAPH
            continue
        kind, text = _read(line)
        if kind is BlockKind.PARAGRAPH:
            if open_block and _HEADING.fullmatch(line) is None:
                blocks[-1][1][-1] += f" {text}"
                continue
            blocks.append((kind, [text]))
            open_block = _HEADING.fullmatch(line) is None
            continue
        if blocks and blocks[-1][0] is kind and open_block:
            blocks[-1][1].append(text)
        else:
            blocks.append((kind, [text]))
        open_block = True
    return tuple(Block(kind=kind, texts=tuple(texts)) for kind, texts in blocks)


def _read(line: str) -> tuple[BlockKind, str]:
    for kind, shape in ((BlockKind.NUMBERED, _NUMBERED), (BlockKind.BULLETED, _BULLETED)):
        if found := shape.fullmatch(line):
            return kind, _plain(found[1])
    heading = _HEADING.fullmatch(line)
    return BlockKind.PARAGRAPH, _plain(heading[1] if heading else line)


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\2", text.strip())
