"""Read Markdown: what it means instead of its marks, with headings, tables and inline marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from index.letters import lowered, raised
from index.limits import LoadLimits, check_cancelled
from index.sources.document import InlineMark, ParsedDocument, Run, TableCell, TextBuilder, plain
from index.sources.html.html_page import add_visible_text
from index.structure import MarkKind

if TYPE_CHECKING:  # 140 ms to import
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Parsing marks takes time with the square of a block's length: 0.3 s for 4,000 brackets. A longer
# block is parsed in pieces of whole words; one that no person writes is left as it is.
_MAX_NESTING = 100
_MAX_INLINE_NESTING = 20  # each unclosed bracket is read again in as many others before it
_MAX_WHOLE_CHARS = 4_000
_MAX_MARKED_CHARS = 100_000
_PIECE = re.compile(r"(?s).{1,500}(?=\s|\Z)|.{1,500}")
# YAML between lines of "---", as Jekyll has it, or TOML between "+++", as Hugo has it.
_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\n(?=(?:[ \t]*\n|#.*\n)*[\w-]+[ \t]*:)(?P<yaml>(?:.*\n)*?)(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n(?P<toml>(?:.*\n)*?)\+\+\+)[ \t]*(?:\n|\Z)"
)
_FIELD = re.compile(
    r"^(?P<key>title|subtitle|authors?|date)[ \t]*[:=][ \t]*(?P<value>.*)\n"
    r"(?P<items>(?:[ \t]*-[ \t]+.*\n)*)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING_ATTRIBUTES = re.compile(r"\{[#.:][^{}]*\}\s*\Z")
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(?=\n|\Z)")
_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[a-z][a-z0-9]*)\b(?P<attributes>[^>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_KINDS = {
    "strong": MarkKind.STRONG,
    "b": MarkKind.STRONG,
    "em": MarkKind.EMPHASIS,
    "i": MarkKind.EMPHASIS,
    "cite": MarkKind.EMPHASIS,
    "code": MarkKind.CODE,
    "kbd": MarkKind.CODE,
    "sup": MarkKind.SUPERSCRIPT,
    "sub": MarkKind.SUBSCRIPT,
}


def read_markdown(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a Markdown file in UTF-8.

    Its title is that of its front matter, else its first main heading, else the heading that it
    begins with. The authors and the date of the front matter are the first paragraph, footnotes
    the last ones. Headings in lists and quotations are only text.

    Raises:
        TooLarge: It has too much text.
    """
    text = data.decode()
    front_matter = _FRONT_MATTER.match(text)
    reader = _MarkdownReader(TextBuilder(limits), _parser())
    title = ""
    if front_matter:
        fields = _fields(front_matter["yaml"] or front_matter["toml"] or "")
        title = reader.plain(fields.get("title", ""))
        about = [fields.get("author", "") or fields.get("authors", ""), fields.get("date", "")]
        reader.builder.add_paragraph(fields.get("subtitle", ""))
        reader.builder.add_paragraph(" · ".join(filter(None, about)))
        text = text[front_matter.end() :]
    before = reader.builder.build().text
    tokens = reader.parser.parse(text, reader.references)
    reader.parser.options["maxNesting"] = _MAX_INLINE_NESTING
    for token in tokens:
        check_cancelled()
        reader.read(token)
    reader.add_notes()
    document = reader.builder.build(title)
    return document if title else _with_title(document, len(before))


def _parser() -> MarkdownIt:
    """Return a parser of blocks, which parses what is inside them when asked to."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    # Its own limit leaves out what is nested ten lists deep.
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(
        ["table", "strikethrough"]
    )
    footnote_plugin(parser, inline=False, move_to_end=False)
    dollarmath_plugin(parser, allow_space=False, allow_digits=False)
    parser.core.ruler.enableOnly(["block"])
    return parser


def _fields(front_matter: str) -> dict[str, str]:
    """Return the fields of a front matter that say what the document is."""
    fields = {}
    for match in _FIELD.finditer(front_matter + "\n"):
        items = [line.strip().removeprefix("-") for line in match["items"].splitlines()]
        value = match["value"].strip()
        if value.startswith("[") and value.endswith("]"):
            items = value[1:-1].split(",")
        values = items or ["" if value in {"|", ">"} else value]
        names = (re.sub(r"\Aname[ \t]*:", "", each.strip()) for each in values)
        fields[match["key"].lower()] = ", ".join(filter(None, map(_unquoted, names)))
    return fields


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in {'"', "'"}:
        return value[1:].split(value[0])[0]
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()  # without a comment


def _with_title(document: ParsedDocument, body: int) -> ParsedDocument:
    """Return the document with the title of its first main heading, or of one at ``body``."""
    text = document.text
    start = body + len(text[body:]) - len(text[body:].lstrip())
    main = (heading for heading in document.headings if heading.level == 1)
    first = (heading for heading in document.headings if heading.start == start)
    title = next(main, None) or next(first, None)
    return replace(document, title=text[title.start : title.end]) if title else document


@dataclass(slots=True)
class _MarkdownReader:
    """Adds the blocks of a Markdown text to a document, one token at a time."""

    builder: TextBuilder
    parser: MarkdownIt
    references: dict[str, Any] = field(default_factory=dict)
    """The targets of the links, by name."""
    level: int = 0
    """The level of the heading that is being read; else 0."""
    lists: int = 0
    """How many lists are open, each in the one before."""
    quotations: int = 0
    """How many quotations are open."""
    bullet: str = ""
    """What the next paragraph begins with if it begins an item."""
    rows: list[list[TableCell]] = field(default_factory=list)
    """Those so far of the table that is being read."""
    in_cell: str = ""
    """"th" or "td" while a cell is being read."""
    note: str | None = None
    """The label of the footnote that is being read."""
    notes: dict[str, list[list[Run]]] = field(default_factory=dict)
    """The paragraphs of each footnote, by its label."""
    note_numbers: dict[str, int] = field(default_factory=dict)
    """By label, in the order in which the text refers to them."""

    def read(self, token: Token) -> None:
        """Add what a token says, or remember what it begins."""
        match token.type:
            case "inline":
                self._add(token.content)
            case "fence" | "code_block":
                self._add_verbatim(token.content)
            case "math_block" | "math_block_label":
                self._add_verbatim(f"$${token.content}$$")
            case "html_block":
                add_visible_text(token.content, self.builder)
            case "heading_open" if not token.level:
                self.level = int(token.tag[1:])
            case "heading_close":
                self.level = 0
            case "footnote_reference_open":
                self.note = token.meta["label"]
            case "footnote_reference_close":
                self.note = None
            case _:
                self._enter_or_leave(token)

    def plain(self, source: str) -> str:
        """Return the text of a line without its marks."""
        return plain([*self._runs(source)])

    def add_notes(self) -> None:
        """Add the footnotes, numbered in the order in which the text refers to them."""
        self.builder.end_group()
        for label in self.notes:
            self.note_numbers.setdefault(label, len(self.note_numbers) + 1)
        for label, number in self.note_numbers.items():
            mark = Run(raised(str(number)), (InlineMark(MarkKind.SUPERSCRIPT),))
            begin = [mark, Run(" ")]
            for runs in self.notes.get(label, ()):
                self.builder.add_paragraph([*begin, *runs], group="note")
                begin = []

    def _enter_or_leave(self, token: Token) -> None:
        """Remember which part of a list or a quotation a token begins or ends."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self.lists += 1
            case "bullet_list_close" | "ordered_list_close":
                self.lists -= 1
                self._end_group()
            case "list_item_open":
                self.bullet = f"{token.info}{token.markup}" if token.info else "-"
            case "list_item_close":
                self.bullet = ""
            case "blockquote_open" | "blockquote_close":
                self.quotations += token.nesting
            case "hr":
                self._end_group()
            case _:
                self._enter_or_leave_table(token)

    def _enter_or_leave_table(self, token: Token) -> None:
        match token.type:
            case "tr_open":
                self.rows.append([])
            case "th_open" | "td_open":
                self.in_cell = token.tag
            case "th_close" | "td_close":
                self.in_cell = ""
            case "table_close":
                self.builder.add_table(self.rows)
                self.rows = []

    def _end_group(self) -> None:
        if not self.lists:
            self.builder.end_group()

    def _add_verbatim(self, text: str) -> None:
        if self.note is not None:
            self.notes.setdefault(self.note, []).append([Run(text.strip())])
        else:
            self.builder.add_verbatim(text, group="item" if self.lists else "")

    def _add(self, source: str) -> None:
        """Add a paragraph, a heading, an item of a list or a cell."""
        if self.level:
            source = _HEADING_ATTRIBUTES.sub("", source).rstrip()
        if self.quotations:
            source = _ALERT.sub(lambda alert: alert[1].capitalize(), source, count=1)
        if self.bullet:
            source = _TASK.sub(lambda task: "☐" if task[1] == " " else "☑", source, count=1)
        runs = [*self._runs(source)]
        if self.note is not None:
            self.notes.setdefault(self.note, []).append(runs)
        elif self.in_cell:
            self.rows[-1].append(TableCell(runs, is_header=self.in_cell == "th"))
        elif self.bullet and plain(runs).strip():
            self.builder.add_item(runs, bullet=self.bullet, depth=self.lists)
            self.bullet = ""
        elif self.lists:
            self.builder.add_paragraph(runs, group="item")
        else:
            self.builder.add_paragraph(runs, level=self.level, quoted=self.quotations > 0)

    def _runs(self, source: str) -> Iterator[Run]:
        if len(source) > _MAX_MARKED_CHARS:
            yield Run(source)
            return
        pieces = _PIECE.findall(source) if len(source) > _MAX_WHOLE_CHARS else [source]
        for piece in pieces:
            tokens: list[Token] = []
            self.parser.inline.parse(piece, self.parser, self.references, tokens)
            yield from _InlineReader(self.note_numbers).runs(tokens)


@dataclass(slots=True)
class _InlineReader:
    """Turns the tokens of a line into text with marks."""

    note_numbers: dict[str, int]
    open: list[tuple[str, InlineMark | None]] = field(default_factory=list)
    """The elements around what is being read, and what they mean."""

    def runs(self, tokens: Sequence[Token]) -> Iterator[Run]:
        """Yield the text of inline tokens, with that of pictures and without tags."""
        for token in tokens:
            match token.type:
                case "html_inline":
                    yield from self._tag(token.content)
                case "link_open":
                    self._enter("a", str(token.attrGet("href") or ""))
                case "footnote_ref":
                    label = token.meta["label"]
                    number = self.note_numbers.setdefault(label, len(self.note_numbers) + 1)
                    yield self._run(raised(str(number)), InlineMark(MarkKind.SUPERSCRIPT))
                case "code_inline":
                    yield self._run(token.content, InlineMark(MarkKind.CODE))
                case _ if token.nesting > 0:
                    self._enter(token.tag)
                case _ if token.nesting < 0:
                    self._leave(token.tag)
                case _:
                    yield self._run(_text_of(token))

    def _run(self, text: str, *inner: InlineMark) -> Run:
        marks = [mark for _, mark in self.open if mark]
        kinds = {mark.kind for mark in marks}
        if MarkKind.SUPERSCRIPT in kinds:
            text = raised(text)
        elif MarkKind.SUBSCRIPT in kinds:
            text = lowered(text)
        return Run(text, tuple(dict.fromkeys([*marks, *inner])))

    def _enter(self, name: str, target: str = "") -> None:
        mark = None
        if name in _KINDS:
            mark = InlineMark(_KINDS[name])
        elif name == "a" and _ADDRESS.match(target):
            mark = InlineMark(MarkKind.LINK, target)
        self.open.append((name, mark))

    def _leave(self, name: str) -> None:
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at][0] == name:
                del self.open[at]
                return

    def _tag(self, source: str) -> Iterator[Run]:
        """Read an HTML tag; comments are left out."""
        tag = _TAG.match(source)
        name = tag["name"].lower() if tag else ""
        attributes = {
            key.lower(): double or single
            for key, double, single in _ATTRIBUTE.findall(tag["attributes"] if tag else "")
        }
        if name == "br":
            yield self._run("\n")
        elif name == "img":
            yield self._run(attributes.get("alt", ""))
        elif name in _KINDS or name == "a":
            if tag and tag["closing"]:
                self._leave(name)
            else:
                self._enter(name, attributes.get("href", ""))


def _text_of(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return "".join(map(_text_of, token.children or ()))
        case "math_inline" | "math_inline_double":
            return f"{token.markup}{token.content}{token.markup}"
        case _:
            return token.content
