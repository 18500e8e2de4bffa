"""Read the visible text of the paragraphs of OpenDocument files."""

from __future__ import annotations

import re

from index.letters import lowered, raised
from index.sources.document import InlineMark, Run
from index.sources.office.formulas import mathml_text
from index.sources.office.open_xml import Element, whole_number
from index.sources.office.opendocument_parts import (
    DRAW,
    OFFICE,
    PRESENTATION,
    SVG,
    TEXT,
    XLINK,
    Document,
    Styles,
)
from index.sources.office.symbols import plain_symbols
from index.structure import MarkKind

SHAPES = frozenset(
    f"{DRAW}{name}"
    for name in (
        "frame g rect custom-shape ellipse circle polygon path line connector caption".split()
    )
)
# Deletions, declarations, comments, descriptions of pictures, and what forms look like.
HIDDEN = frozenset(
    [f"{TEXT}{name}" for name in ("tracked-changes", "sequence-decls", "ruby-text")]
    + [f"{TEXT}{name}-decls" for name in ("variable", "user-field", "dde-connection")]
    + [f"{TEXT}{name}-source" for name in ("table-of-content", "alphabetical-index", "user-index")]
    + [f"{TEXT}{name}-source" for name in ("illustration-index", "table-index", "object-index")]
    + [f"{TEXT}{name}" for name in ("bibliography-source", "script", "meta-field-instruction")]
    + [f"{OFFICE}{name}" for name in ("annotation", "annotation-end", "forms", "event-listeners")]
    + [f"{SVG}title", f"{SVG}desc", f"{PRESENTATION}notes"]
)
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
_MAX_SPACES = 1_000  # in a row; the file gives a number
_POSITIONS = {"super": raised, "sub": lowered}


class ParagraphReader:
    """Reads the text of paragraphs, and collects the notes that are anchored in them."""

    def __init__(self, document: Document, styles: Styles) -> None:
        self.notes: list[tuple[str, Element]] = []
        """The mark and the body of each note."""
        self._document, self._styles = document, styles

    def read(self, paragraph: Element) -> tuple[list[Run], list[Element]]:
        """Return the visible text of a paragraph, and the shapes in it."""
        style = self._styles.paragraph(paragraph.get(f"{TEXT}style-name", ""))
        is_heading = bool(style.level) or paragraph.tag == f"{TEXT}h"
        runs: list[Run] = []
        shapes: list[Element] = []
        marks = () if is_heading else style.marks
        # In reverse order: (element, marks, position, whether only its tail is still to be read).
        waiting: list[tuple[Element, tuple[InlineMark, ...], str, bool]]
        waiting = [(paragraph, marks, "", False)]
        while waiting:
            element, marks, position, is_left = waiting.pop()
            if is_left:
                _append(runs, _collapse_spaces(element.tail), marks, position)
                continue
            if element is not paragraph:
                waiting.append((element, marks, position, True))
            if not isinstance(element.tag, str) or element.tag in HIDDEN:
                continue
            if element.tag in SHAPES:
                formula = self.formula(element)
                shapes += [] if formula else [element]
                _append(runs, formula, marks, "")
                continue
            if element.tag == f"{TEXT}note":
                _append(runs, self._note_mark(element), (), "")
                continue
            if _is_hidden_field(element):
                continue
            sign = _sign(element)
            if sign:
                _append(runs, sign, marks, "")
                continue
            changed = self._changed(element, marks, position, is_heading=is_heading)
            if changed is None:
                continue
            marks, position = changed
            _append(runs, _collapse_spaces(element.text), marks, position)
            waiting += [(child, marks, position, False) for child in reversed(element)]
        return runs, shapes

    def _changed(
        self, element: Element, marks: tuple[InlineMark, ...], position: str, *, is_heading: bool
    ) -> tuple[tuple[InlineMark, ...], str] | None:
        """Return the marks and position of what is in an element; None if it is hidden."""
        if element.tag in (f"{TEXT}a", f"{DRAW}a"):
            address = element.get(f"{XLINK}href", "")
            if address and not address.startswith("#"):
                return (InlineMark(MarkKind.LINK, address), *marks), position
        if element.tag == f"{TEXT}span":
            look = self._styles.text(element.get(f"{TEXT}style-name", ""))
            if look.is_hidden:
                return None
            if not is_heading:
                marks = look.changed(marks)
            position = position if look.position is None else look.position
        return marks, position

    def _note_mark(self, note: Element) -> str:
        citation, body = note.find(f"{TEXT}note-citation"), note.find(f"{TEXT}note-body")
        if body is None:
            return ""
        mark = "" if citation is None else "".join(citation.itertext()).strip()
        mark = raised(mark).strip()
        self.notes.append((mark, body))
        return mark

    def formula(self, shape: Element) -> str:
        """Return the formula that a frame shows; "" if it shows something else."""
        for holder in shape.iterchildren(f"{DRAW}object"):
            root = self._document.embedded(holder)
            if root is not None and root.tag == _MATH:
                return mathml_text(root)
        return ""


def _append(runs: list[Run], text: str, marks: tuple[InlineMark, ...], position: str) -> None:
    if not text:
        return
    text = plain_symbols(text)
    runs.append(Run(_POSITIONS[position](text) if position else text, marks))


def _sign(element: Element) -> str:
    """Return the white space that an element is; "" if it is none."""
    if element.tag == f"{TEXT}s":
        return " " * min(max(whole_number(element.get(f"{TEXT}c"), 1), 1), _MAX_SPACES)
    if element.tag == f"{TEXT}tab":
        return "\t"
    return "\n" if element.tag == f"{TEXT}line-break" else ""


def _is_hidden_field(element: Element) -> bool:
    if element.tag in (f"{TEXT}hidden-text", f"{TEXT}hidden-paragraph"):
        return bool(element.get(f"{TEXT}is-hidden") == "true")
    return bool(element.get(f"{TEXT}display") == "none")


def _collapse_spaces(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
