"""Divide an HTML page into blocks as a browser shows them: paragraphs, headings, items, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from index.sources.document import Content, Run, TableCell, TextBuilder, collapsed, plain
from index.sources.html.html_inline import InlineText, flat_runs, visible_text
from index.sources.html.html_tables import is_data_table, table_rows
from index.sources.html.html_tags import (
    BLOCKS,
    HEADINGS,
    LINE_END,
    LISTS,
    heading_level,
    is_custom,
    is_shown,
    tag_of,
)
from index.sources.numbering import letter_number, roman

_TERM_GROUP = "term"
# A page that says how to read each word, for learners, would be hard to read and to search.
_MAX_READINGS = 30
_MAX_HEADING_CHARS = 300  # some pages put all that they have into a heading
_WITHIN_LINE = frozenset({"p", "div", "section", "article", "address", "figure", "figcaption"})
"""Blocks that are on the line of the list item or heading that they are in."""


class BlockKind(Enum):
    """What a block of a page is."""

    PARAGRAPH = auto()
    HEADING = auto()
    ITEM = auto()
    TABLE = auto()
    PREFORMATTED = auto()


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list item, table or preformatted text of a page."""

    kind: BlockKind
    element: Any
    """The innermost block-level element that it is in."""
    runs: Content = ()
    """Its text on one line or several; empty for a table."""
    rows: Sequence[Sequence[TableCell]] = ()
    """The rows of a table."""
    level: int = 0
    """Of a heading."""
    bullet: str = ""
    """Of an item: its sign or number."""
    depth: int = 0
    """Of an item: how deep its list is nested, from 1."""
    group: str = ""
    """What it is one of, as :meth:`TextBuilder.add_paragraph` knows it."""
    starts_group: bool = False
    """Whether it is the first of a list."""
    quoted: bool = False
    links: int = 0
    """How many of its characters are links."""

    @property
    def text(self) -> str:
        """Return its text without marks."""
        if self.kind is BlockKind.TABLE:
            return "\n".join(" | ".join(plain(c.content) for c in row) for row in self.rows)
        return plain(self.runs)

    def add_to(self, builder: TextBuilder) -> None:
        """Add it to a document."""
        if self.starts_group:
            builder.end_group()
        match self.kind:
            case BlockKind.HEADING:
                builder.add_paragraph(self.runs, level=self.level)
            case BlockKind.ITEM:
                builder.add_item(self.runs, bullet=self.bullet, depth=self.depth)
            case BlockKind.TABLE:
                builder.add_table(self.rows)
            case BlockKind.PREFORMATTED:
                builder.add_verbatim(self.text, self.group)
            case BlockKind.PARAGRAPH:
                builder.add_paragraph(self.runs, group=self.group, quoted=self.quoted)


def page_blocks(page_root: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    """Return the blocks of a page that a browser shows, in its order."""
    from lxml import etree

    root = page_root.find(".//body")
    root = page_root if root is None else root
    page = _Walk(root, _base(page_root))
    walk = etree.iterwalk(root, events=("start", "end"))
    skipped = None
    for event, element in walk:
        tag = tag_of(element)
        if event == "end":
            if element is not skipped and tag:
                page.leave(element, tag)
            skipped = None
            if element is not root:
                page.text.add(element.tail)
        elif not tag or not is_shown(element, tag) or page.enter(element, tag):
            skipped = element
            walk.skip_subtree()
    page.close_block()
    return page.blocks


_MAX_DIGITS = 9


def _base(root: Any) -> str:  # noqa: ANN401
    """Return the address that the page's relative links are relative to; "" if it says none."""
    base = root.find(".//base[@href]")
    address = "" if base is None else base.get("href").strip()
    return address if re.match(r"https?://", address, re.IGNORECASE) else ""


@dataclass(slots=True)
class _List:
    numerals: str
    """Their HTML type, such as "a"; "" for a list with bullets."""
    number: int
    step: int


@dataclass(slots=True)
class _Item:
    bullet: str
    depth: int
    is_card: bool
    """Whether it holds headings, so that its parts are blocks of their own."""


class _Walk:
    """The state of a walk through a page."""

    def __init__(self, root: Any, base: str) -> None:  # noqa: ANN401
        self.blocks: list[Block] = []
        readings = sum(1 for _ in root.iter("rt"))
        self.text = InlineText(base, shows_readings=readings <= _MAX_READINGS)
        self._base = base
        self._elements: list[Any] = [root]  # the blocks that are open
        self._lists: list[_List] = []
        self._items: list[_Item] = []
        self._headings: list[int] = []  # the levels of those that are open
        self._quotations = 0
        self._starts_group = False
        self._has_text: dict[Any, bool] = {}

    def enter(self, element: Any, tag: str) -> bool:  # noqa: ANN401
        """Begin an element; return whether its content is dealt with already."""
        level = heading_level(element, tag)
        if not level and not self._is_block(element, tag):
            return self.text.enter(element, tag)
        if self._is_on_the_line(tag):
            self.text.add(" ")
            self.text.add(element.text)
            return False
        self.close_block()
        self._elements.append(element)
        if tag == "table" and is_data_table(element):
            self._add_table(element)
        elif tag == "pre" or _is_code(element, tag):
            self._add_preformatted(element)
        else:
            self._begin(element, tag, level)
            self.text.add(element.text)
            return False
        self._elements.pop()
        return True

    def leave(self, element: Any, tag: str) -> None:  # noqa: ANN401
        """End an element that :meth:`enter` has not dealt with."""
        if self._elements[-1] is not element:
            if tag in BLOCKS or self._is_block(element, tag):
                self.text.add(" ")
            else:
                self.text.leave(element, tag)
            return
        self.close_block()
        self._elements.pop()
        if heading_level(element, tag):
            self._headings.pop()
        elif tag == "li":
            self._items.pop()
        elif tag in LISTS:
            self._lists.pop()
        elif tag == "blockquote":
            self._quotations -= 1

    def close_block(self) -> None:
        """Add the text that was collected since the last block, if any."""
        runs, links = self.text.take()
        if not runs:
            return
        for paragraph in _paragraphs(runs):
            self.blocks.append(self._block(paragraph, links))

    def _block(self, runs: list[Run], links: int) -> Block:
        element = self._elements[-1]
        block = Block(BlockKind.PARAGRAPH, element, runs, links=min(links, len(plain(runs))))
        block.starts_group, self._starts_group = self._starts_group, False
        if self._headings and len(plain(runs)) <= _MAX_HEADING_CHARS:
            return replace(
                block, kind=BlockKind.HEADING, level=self._headings[-1], runs=_one_line(runs)
            )
        item = self._items[-1] if self._items else None
        if item is not None and not item.is_card:
            bullet, item.bullet = item.bullet, ""
            runs = _one_line(runs)
            return replace(block, kind=BlockKind.ITEM, runs=runs, bullet=bullet, depth=item.depth)
        block.quoted = self._quotations > 0
        tag = tag_of(element)
        if tag in ("dt", "dd"):
            block.group = _TERM_GROUP
        return block

    def _begin(self, element: Any, tag: str, level: int) -> None:  # noqa: ANN401
        if level:
            self._headings.append(level)
        elif tag == "li":
            self._items.append(self._item(element))
        elif tag in LISTS:
            self._starts_group = not self._lists
            self._lists.append(_list_of(element, tag))
        elif tag == "dl":
            self._starts_group = not self._lists
        elif tag == "blockquote":
            self._quotations += 1

    def _item(self, element: Any) -> _Item:  # noqa: ANN401
        is_card = next(element.iter(*HEADINGS), None) is not None
        if not self._lists:
            return _Item("-", 1, is_card)
        current = self._lists[-1]
        number = _integer(element.get("value"), current.number)
        current.number = number + current.step
        bullet = f"{_numeral(number, current.numerals)}." if current.numerals else "-"
        return _Item(bullet, len(self._lists), is_card)

    def _is_block(self, element: Any, tag: str) -> bool:  # noqa: ANN401
        if tag in BLOCKS:
            return True
        if not (is_custom(tag) or _is_code(element, tag)):
            return False
        parent = element.getparent()
        if parent is None or self._headings or tag_of(self._elements[-1]) == "p":
            return False
        if parent is not self._elements[-1]:
            return False
        if parent not in self._has_text:
            pieces = [parent.text, *(child.tail for child in parent)]
            self._has_text[parent] = any(piece and not piece.isspace() for piece in pieces)
        return not self._has_text[parent]

    def _is_on_the_line(self, tag: str) -> bool:
        """Return whether a block belongs to the line of the item or heading that it is in."""
        if tag not in _WITHIN_LINE:
            return False
        return bool(self._headings or (self._items and not self._items[-1].is_card))

    def _add_table(self, table: Any) -> None:  # noqa: ANN401
        for caption in table.findall("caption"):
            runs = collapsed(flat_runs(caption, self._base))
            if plain(runs):
                self.blocks.append(Block(BlockKind.PARAGRAPH, caption, runs))
        rows = table_rows(table, self._base)
        self.blocks.append(Block(BlockKind.TABLE, table, rows=rows))

    def _add_preformatted(self, element: Any) -> None:  # noqa: ANN401
        text = visible_text(element)
        if text.strip():
            self.blocks.append(Block(BlockKind.PREFORMATTED, element, [Run(text)]))


def _paragraphs(runs: list[Run]) -> Iterator[list[Run]]:
    """Yield the paragraphs of a block, which two line ends in a row separate."""
    paragraph: list[Run] = []
    line: list[Run] = []
    for run in [*runs, Run(LINE_END), Run(LINE_END)]:
        if run.text != LINE_END:
            line.append(run)
            continue
        words = collapsed(line)
        line = []
        assert not isinstance(words, str)  # noqa: S101 - runs give runs
        if words:
            paragraph += [Run("\n")] * bool(paragraph) + [*words]
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _one_line(runs: list[Run]) -> list[Run]:
    return [Run(" ", run.marks) if run.text == "\n" else run for run in runs]


def _is_code(element: Any, tag: str) -> bool:  # noqa: ANN401
    """Return whether an element is a block of code without a ``pre``."""
    return (
        tag == "code" and not (element.tail or "").strip() and "\n" in (element.text or "").strip()
    )


def _list_of(element: Any, tag: str) -> _List:  # noqa: ANN401
    if tag != "ol":
        return _List("", 1, 1)
    down = element.get("reversed") is not None
    count = sum(1 for child in element if child.tag == "li") if down else 1
    number = _integer(element.get("start"), count)
    return _List(element.get("type") or "1", number, -1 if down else 1)


def _integer(value: str | None, default: int) -> int:
    value = (value or "").strip()
    digits = value.removeprefix("-")
    return (
        int(value)
        if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
        else default
    )


def _numeral(number: int, kind: str) -> str:
    """Return a number as a list of this HTML type shows it: ``3``, ``c``, ``C``, ``iii``."""
    write = {"a": letter_number, "i": roman}.get(kind.lower(), str)
    return write(number).upper() if kind.isupper() else write(number)
