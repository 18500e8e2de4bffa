"""Read the paragraphs of Word documents: runs, fields, formulas, symbols and marks of notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from index.letters import lowered, raised
from index.sources.document import InlineMark, Run
from index.sources.numbering import formatted_number, note_mark
from index.sources.office.fields import address_of, symbol_of
from index.sources.office.formulas import omml_text
from index.sources.office.open_xml import (
    CHART,
    COMPATIBILITY,
    DIAGRAM,
    DRAWING,
    MATH,
    RELATION,
    WORD,
    Element,
    Package,
    choice,
    has_attribute,
    is_on,
    whole_number,
)
from index.sources.office.symbols import is_symbol_font, plain_symbols, symbol
from index.sources.office.word_styles import Style, StyleSheet, is_code_font, property_value
from index.structure import MarkKind

DELETED = frozenset({f"{WORD}del", f"{WORD}moveFrom"})
"""Elements that hold deleted text."""

_FALLBACK = f"{COMPATIBILITY}Fallback"
_ALTERNATIVES = f"{COMPATIBILITY}AlternateContent"
_TEXT_BOX = f"{WORD}txbxContent"
_TEXT_BODY = f"{DRAWING}txBody"
_WORD_ART = "{urn:schemas-microsoft-com:vml}textpath"
_POSITION = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_CHARTS = (f"{CHART}chart", "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart")
_INSERTS = frozenset({_TEXT_BOX, _TEXT_BODY, _WORD_ART, f"{DIAGRAM}relIds", *_CHARTS})
_SIGNS = {
    f"{WORD}tab": "\t",
    f"{WORD}ptab": "\t",
    f"{WORD}br": "\n",
    f"{WORD}cr": "\n",
    f"{WORD}noBreakHyphen": "\u2011",
}
_REFERENCES = {f"{WORD}footnoteReference": "footnotes", f"{WORD}endnoteReference": "endnotes"}
_DRAWINGS = (f"{WORD}drawing", f"{WORD}pict", f"{WORD}object", _TEXT_BOX)
_UNREAD = DELETED | {_FALLBACK}
_SKIPPED = DELETED | {f"{WORD}delText", f"{WORD}instrText", f"{WORD}delInstrText", _FALLBACK}
_INSTRUCTION, _RESULT = "instruction", "result"
_MAX_FIELDS = 50  # in each other
_MAX_INSTRUCTION_CHARS = 10_000
_MAX_UNICODE = 0x10FFFF


class Insert(NamedTuple):
    """What a drawing in a paragraph shows: a text box, a chart, a diagram or decorative text."""

    element: Element
    text: str = ""


@dataclass(slots=True)
class _Field:
    """A field that is open, such as a link or a page number."""

    begin: Element
    part: str = _INSTRUCTION
    instruction: str = ""
    address: str = ""
    """What it links to, once its result begins."""


@dataclass(slots=True)
class Notes:
    """The footnotes and endnotes that were referred to, and their marks."""

    formats: dict[str, str] = field(
        default_factory=lambda: {"footnotes": "decimal", "endnotes": "lowerRoman"}
    )
    _marks: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"footnotes": {}, "endnotes": {}}
    )
    _numbers: dict[str, int] = field(default_factory=lambda: {"footnotes": 0, "endnotes": 0})

    def read_formats(self, body: Element, settings: Element | None) -> None:
        """Take the formats of the numbers from the settings and the first section."""
        for kind in self.formats:
            path = f"{WORD}{kind[:-1]}Pr/{WORD}numFmt"
            section = body.find(f".//{WORD}sectPr/{path}")
            found = settings.find(path) if section is None and settings is not None else section
            if found is not None:
                self.formats[kind] = found.get(f"{WORD}val", "decimal")

    def mark(self, reference: Element, kind: str) -> str:
        """Return the mark of a note that is referred to; "" if its own text has one."""
        note_id = reference.get(f"{WORD}id", "")
        marks = self._marks[kind]
        if note_id not in marks:
            marks[note_id] = ""
            if not has_attribute(reference, f"{WORD}customMarkFollows"):
                self._numbers[kind] += 1
                marks[note_id] = formatted_number(self._numbers[kind], self.formats[kind])
        return marks[note_id]

    def used(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the id and mark of each note, in the order of the text."""
        yield from self._marks[kind].items()


class _Piece(NamedTuple):
    """A stretch of text before superscripts are written."""

    text: str
    marks: tuple[InlineMark, ...] = ()
    position: str = ""


def matched_fields(story: Element) -> set[Element]:
    """Return the marks of the fields that end, in the text that is not deleted."""
    opened: list[list[Element]] = []
    matched: set[Element] = set()
    for element in story.iter(f"{WORD}fldChar"):
        if any(outer.tag in _UNREAD for outer in element.iterancestors()):
            continue
        kind = element.get(f"{WORD}fldCharType")
        if kind == "begin":
            opened.append([element])
        elif opened:
            opened[-1].append(element)
            if kind == "end":
                ended = opened.pop()
                matched.update(ended if len(opened) < _MAX_FIELDS else [])
    return matched


class ParagraphReader:
    """Reads paragraphs in the order of the document."""

    def __init__(self, package: Package, part: str, styles: StyleSheet) -> None:
        self.part = part
        """The name of the part that is read."""
        self.fields: list[_Field] = []
        self.matched: set[Element] = set()
        self.notes = Notes()
        self._package, self._styles = package, styles
        self._note_mark = ""
        self._pieces: list[_Piece] = []
        self._inserts: list[Insert] = []
        self._style = Style()

    def read(self, paragraph: Element) -> tuple[list[Run], list[Insert]]:
        """Return the visible text of a paragraph, and what its drawings show."""
        self._pieces, self._inserts = [], []
        self._style = self._styles.paragraph_style(paragraph)[1]
        self._add(paragraph, "")
        self._inserts.sort(key=lambda insert: _place(insert.element))
        return _runs(self._pieces), self._inserts

    def start_note(self, note: Element, mark: str) -> list[Run]:
        """Begin the text of a note; return its mark, unless the text has it."""
        self._note_mark = mark
        has_mark = any(True for _ in note.iter(f"{WORD}footnoteRef", f"{WORD}endnoteRef"))
        return [] if has_mark or not mark else [Run(f"{note_mark(mark)} ")]

    @property
    def _is_shown(self) -> bool:
        return all(entry.part == _RESULT for entry in self.fields)

    def _address(self, outer: str) -> str:
        own = (entry.address for entry in reversed(self.fields) if entry.part == _RESULT)
        return next(filter(None, own), outer)

    def _add(self, parent: Element, link: str) -> None:
        """Add the visible text of what is in a paragraph, a link or the like."""
        for element in parent.iterchildren():
            tag = element.tag
            if not isinstance(tag, str) or tag in _SKIPPED:
                continue
            if tag == f"{WORD}r":
                self._add_run(element, link)
            elif tag == f"{WORD}hyperlink":
                relation = self._package.target(self.part, element.get(f"{RELATION}id"))
                is_external = relation is not None and relation.is_external
                self._add(element, relation.target if relation and is_external else link)
            elif tag == f"{WORD}fldSimple":
                self._add(element, address_of(element.get(f"{WORD}instr", "")) or link)
            elif tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
                self._show(omml_text(element))
            elif tag == _ALTERNATIVES:
                chosen = choice(element)
                if chosen is not None:
                    self._add(chosen, link)
            elif not tag.endswith("Pr"):
                self._add(element, link)  # an insertion, content control, smart tag or direction

    def _add_run(self, run: Element, link: str) -> None:
        look = _look(run, self._style, self._styles)
        if look is None:
            # Hidden fields still begin and end.
            for element in run.iterchildren(f"{WORD}fldChar"):
                self._change_field(element)
            return
        marks, position, font = look
        self._add_run_content(run, link, marks, position, font)

    def _add_run_content(
        self, run: Element, link: str, marks: tuple[InlineMark, ...], position: str, font: str
    ) -> None:
        for element in run.iterchildren():
            tag = element.tag
            if tag == f"{WORD}t":
                self._show(plain_symbols(element.text or "", font), link, marks, position)
            elif tag in _SIGNS:
                self._show(_SIGNS[tag], link, marks)
            elif tag == f"{WORD}sym":
                self._show(_sym(element), link, marks, position)
            elif tag == _ALTERNATIVES:
                chosen = choice(element)
                if chosen is not None:
                    self._add_run_content(chosen, link, marks, position, font)
            else:
                self._add_other_content(element, link)

    def _add_other_content(self, element: Element, link: str) -> None:
        """Add a part of a field, a mark of a note, a word with its reading, or a drawing."""
        tag = element.tag
        if tag == f"{WORD}fldChar":
            self._change_field(element)
        elif tag == f"{WORD}instrText" and self.fields:
            room = _MAX_INSTRUCTION_CHARS - len(self.fields[-1].instruction)
            self.fields[-1].instruction += (element.text or "")[:room]
        elif tag in _REFERENCES and self._is_shown:
            self._show(note_mark(self.notes.mark(element, _REFERENCES[tag])), link)
        elif tag in (f"{WORD}footnoteRef", f"{WORD}endnoteRef"):
            self._show(note_mark(self._note_mark))
        elif tag == f"{WORD}ruby":
            for base in element.iterchildren(f"{WORD}rubyBase"):
                self._add(base, link)
        elif tag in _DRAWINGS and self._is_shown:
            self._inserts += _inserts(element)

    def _show(
        self, text: str, link: str = "", marks: tuple[InlineMark, ...] = (), position: str = ""
    ) -> None:
        if text and self._is_shown:
            address = self._address(link)
            linked = (InlineMark(MarkKind.LINK, address),) if address else ()
            self._pieces.append(_Piece(text, linked + marks, position))

    def _change_field(self, element: Element) -> None:
        if element not in self.matched:
            return
        kind = element.get(f"{WORD}fldCharType")
        if kind == "begin":
            self.fields.append(_Field(element))
        elif kind == "separate" and self.fields:
            self.fields[-1].part = _RESULT
            self.fields[-1].address = address_of(self.fields[-1].instruction)
        elif kind == "end" and self.fields:
            ended = self.fields.pop()
            if ended.part == _INSTRUCTION:
                self._show(_without_result(ended))


def _without_result(ended: _Field) -> str:
    """Return what a field shows that has no result: a check box, a choice or a symbol."""
    box = ended.begin.find(f"{WORD}ffData/{WORD}checkBox")
    if box is not None:
        checked = box.find(f"{WORD}checked")
        checked = box.find(f"{WORD}default") if checked is None else checked
        return "☒" if is_on(checked) else "☐"
    choices = ended.begin.find(f"{WORD}ffData/{WORD}ddList")
    if choices is not None:
        entries = [entry.get(f"{WORD}val", "") for entry in choices.iter(f"{WORD}listEntry")]
        at = whole_number(property_value(choices, "result"))
        return entries[at] if 0 <= at < len(entries) else ""
    return symbol_of(ended.instruction)


def _sym(element: Element) -> str:
    """Return the Unicode of a ``w:sym``; "" if it is unknown."""
    try:
        code = int(element.get(f"{WORD}char", ""), 16)
    except ValueError:
        return ""
    return symbol(code, element.get(f"{WORD}font", "")) if 0 < code <= _MAX_UNICODE else ""


def _look(
    run: Element, style: Style, styles: StyleSheet
) -> tuple[tuple[InlineMark, ...], str, str] | None:
    """Return the marks, the position and the font of a run; None if it is hidden."""
    properties = run.find(f"{WORD}rPr")
    own = styles.style(property_value(properties, "rStyle")) if properties is not None else Style()

    def is_set(name: str, *, by_style: bool) -> bool:
        found = None if properties is None else properties.find(f"{WORD}{name}")
        return is_on(found, default=by_style)

    # What two styles both switch on is off.
    if is_set("vanish", by_style=style.is_hidden != own.is_hidden):
        return None
    if is_set("webHidden", by_style=False):
        return None
    fonts = None if properties is None else properties.find(f"{WORD}rFonts")
    font = own.font if fonts is None else fonts.get(f"{WORD}ascii", "")
    kinds = []
    if not style.level:
        if is_set("b", by_style=style.is_bold != own.is_bold):
            kinds.append(MarkKind.STRONG)
        if is_set("i", by_style=style.is_italic != own.is_italic):
            kinds.append(MarkKind.EMPHASIS)
        if (own.is_code or is_code_font(font)) and not style.is_code:
            kinds.append(MarkKind.CODE)
    position = property_value(properties, "vertAlign") or own.position or style.position
    return tuple(map(InlineMark, kinds)), position, font if is_symbol_font(font) else ""


def _runs(pieces: list[_Piece]) -> list[Run]:
    """Return the runs of pieces, with superscripts and subscripts written in plain text."""
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and joined[-1].marks == piece.marks and joined[-1].position == piece.position:
            joined[-1] = piece._replace(text=joined[-1].text + piece.text)
        else:
            joined.append(piece)
    runs = []
    for text, marks, position in joined:
        if position == "superscript":
            runs.append(Run(raised(text), marks))
        elif position == "subscript":
            runs.append(Run(lowered(text), marks))
        else:
            runs.append(Run(text, marks))
    return runs


def _inserts(drawing: Element) -> list[Insert]:
    """Return what a drawing shows beside pictures."""
    from lxml import etree

    found: list[Insert] = []
    walk = etree.iterwalk(drawing, events=("start",))
    for _, element in walk:
        if element.tag == _FALLBACK:
            walk.skip_subtree()
        elif element.tag == f"{_POSITION}docPr" and element.get("hidden") in ("1", "true"):
            return []
        elif element.tag in _INSERTS:
            text = ""
            if element.tag == _TEXT_BODY:
                lines = ("".join(p.itertext(f"{DRAWING}t")) for p in element.iter(f"{DRAWING}p"))
                text = "\n".join(lines)
            elif element.tag == _WORD_ART:
                text = element.get("string", "")
            found.append(Insert(element, text))
            walk.skip_subtree()
    return found


def _place(element: Element) -> tuple[int, int]:
    """Return how far down and right a drawing is from its paragraph, in a 360,000th of 1 cm."""
    anchor = next(element.iterancestors(f"{_POSITION}anchor"), None)
    if anchor is None:
        return 0, 0
    down = anchor.findtext(f"{_POSITION}positionV/{_POSITION}posOffset")
    right = anchor.findtext(f"{_POSITION}positionH/{_POSITION}posOffset")
    return whole_number(down), whole_number(right)
