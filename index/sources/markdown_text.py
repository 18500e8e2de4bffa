"""Read Markdown: the text without its marks, and the headings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from index.limits import LoadLimits, check_cancelled
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.html_page import add_visible_text

if TYPE_CHECKING:  # 140 ms to import
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Parsing marks takes time with the square of a block's length: 0.3 s for 4,000 brackets.
_MAX_MARKED_CHARS = 4_000
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<lines>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_LINE_BREAK = re.compile(r"<br\b", re.IGNORECASE)


def read_markdown(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a Markdown file in UTF-8; its title is its first main heading.

    Items of lists and rows of tables are lines of their own. The lines of a front matter, which
    may name the author and the date, are the first paragraph. Headings in lists and quotations
    are only text.

    Raises:
        TooLarge: It has too much text.
    """
    from markdown_it import MarkdownIt

    text = data.decode()
    front_matter = _FRONT_MATTER.match(text)
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["block"])
    reader = _MarkdownReader(TextBuilder(limits), parser)
    if front_matter:
        reader.builder.add_verbatim(front_matter["lines"])
        text = text[front_matter.end() :]
    for token in parser.parse(text, reader.references):
        check_cancelled()
        reader.read(token)
    return reader.builder.build(reader.title)


@dataclass(slots=True)
class _MarkdownReader:
    """Adds the blocks of a Markdown text to a document, one token at a time."""

    builder: TextBuilder
    parser: MarkdownIt
    references: dict[str, Any] = field(default_factory=dict)
    """The targets of the links, by name."""
    title: str = ""
    level: int = 0
    """The level of the heading that is being read; else 0."""
    lists: int = 0
    """How many lists are open, each in the one before."""
    bullet: str = ""
    """What the next paragraph begins with."""
    cells: list[str] | None = None
    """The cells so far of the row that is being read."""

    def read(self, token: Token) -> None:
        """Add what a token says, or remember what it begins."""
        match token.type:
            case "inline":
                self._add(self._without_marks(token.content))
            case "fence" | "code_block":
                self.builder.add_verbatim(token.content)
            case "html_block":
                add_visible_text(token.content, self.builder)
            case "heading_open" if not token.level:
                self.level = int(token.tag[1:])
            case "heading_close":
                self.level = 0
            case _:
                self._enter_or_leave(token)

    def _enter_or_leave(self, token: Token) -> None:
        """Remember which part of a list or a table a token begins or ends."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self.lists += 1
            case "bullet_list_close" | "ordered_list_close":
                self.lists -= 1
                self._end_group()
            case "list_item_open":
                self.bullet = f"{token.info}{token.markup} " if token.info else "- "
            case "list_item_close":
                self.bullet = ""
            case "tr_open":
                self.cells = []
            case "tr_close":
                self.builder.add_row(self.cells or ())
                self.cells = None
            case "table_close" | "hr":
                self._end_group()

    def _end_group(self) -> None:
        if not self.lists:
            self.builder.end_group()

    def _add(self, text: str) -> None:
        line = " ".join(text.split())
        if self.cells is not None:
            self.cells.append(line)
        elif self.lists:
            self.builder.add_paragraph(f"{self.bullet}{line}" if line else "", group="item")
            self.bullet = ""
        else:
            if self.level == 1:
                self.title = self.title or line
            self.builder.add_paragraph(text, level=self.level)

    def _without_marks(self, source: str) -> str:
        if len(source) > _MAX_MARKED_CHARS:
            return source
        tokens: list[Token] = []
        self.parser.inline.parse(source, self.parser, self.references, tokens)
        return _text_of(tokens)


def _text_of(tokens: Iterable[Token]) -> str:
    """Return the text of inline tokens, with that of pictures and without tags."""
    return "".join(map(_text_of_one, tokens))


def _text_of_one(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return _text_of(token.children or ())
        case "html_inline":
            return "\n" if _LINE_BREAK.match(token.content) else ""
        case _:
            return token.content
