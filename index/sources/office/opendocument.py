"""Read OpenDocument texts and presentations: what a reader of the pages sees."""

from __future__ import annotations

import re

from index.letters import lowered, raised
from index.limits import LoadLimits
from index.sources.document import InlineMark, ParsedDocument, Run, TableCell, TextBuilder
from index.sources.office.formulas import mathml_text
from index.sources.office.open_xml import whole_number
from index.sources.office.opendocument_parts import (
    CHART,
    DRAW,
    OFFICE,
    PRESENTATION,
    SVG,
    TABLE,
    TEXT,
    XLINK,
    Document,
    Element,
    Lists,
    Styles,
    length,
)
from index.sources.office.reading_order import Box, reading_order
from index.sources.office.symbols import plain_symbols
from index.structure import MarkKind

_MATH = "{http://www.w3.org/1998/Math/MathML}math"
_MAX_SPACES = 1_000  # in a row; the file gives a number
_MAX_COLUMNS = 1_000
# Rows and cells that a file repeats by a number.
_MAX_REPEATED = 10_000
_MAX_REPEATED_CHARS = 200
_PARAGRAPHS = frozenset({f"{TEXT}h", f"{TEXT}p"})
_SHAPES = frozenset(
    f"{DRAW}{name}"
    for name in (
        "frame g rect custom-shape ellipse circle polygon path line connector caption".split()
    )
)
# Deletions, declarations, comments, descriptions of pictures, and what forms look like.
_HIDDEN = frozenset(
    [f"{TEXT}{name}" for name in ("tracked-changes", "sequence-decls", "ruby-text")]
    + [f"{TEXT}{name}-decls" for name in ("variable", "user-field", "dde-connection")]
    + [f"{TEXT}{name}-source" for name in ("table-of-content", "alphabetical-index", "user-index")]
    + [f"{TEXT}{name}-source" for name in ("illustration-index", "table-index", "object-index")]
    + [f"{TEXT}{name}" for name in ("bibliography-source", "script", "meta-field-instruction")]
    + [f"{OFFICE}{name}" for name in ("annotation", "annotation-end", "forms", "event-listeners")]
    + [f"{SVG}title", f"{SVG}desc", f"{PRESENTATION}notes"]
)
_POSITIONS = {"super": raised, "sub": lowered}
_NO_WORDS = frozenset({"date-time", "footer", "header", "page-number", "page"})


def read_odt(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an OpenDocument text, zipped or flat, its notes at the end.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    document = Document(data, limits)
    reader = _TextReader(document, TextBuilder(limits))
    body = document.body()
    if body is not None:
        reader.add_blocks(body)
        reader.add_notes()
    return reader.build()


def read_odp(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an OpenDocument presentation: each slide a page, then its notes.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    document = Document(data, limits)
    reader = _TextReader(document, TextBuilder(limits))
    body = document.body()
    for slide in [] if body is None else body.iter(f"{DRAW}page"):
        reader.add_slide(slide)
    return reader.build()


class _TextReader:
    """Adds the parts of a document to a text."""

    def __init__(self, document: Document, builder: TextBuilder) -> None:
        self._document, self._builder = document, builder
        self._styles = Styles(document)
        self._lists = Lists(document, self._styles)
        self._notes: list[tuple[str, Element]] = []
        self._repeated = 0

    def build(self) -> ParsedDocument:
        """Return the document."""
        found = self._builder.build()
        title = self._document.title() or self._styles.title
        first = found.headings[0] if found.headings else None
        if not title and first is not None and first.start == 0:
            title = found.text[first.start : first.end]
        return ParsedDocument(
            found.text, title, found.headings, found.pages, found.marks, found.tables
        )

    def add_blocks(self, parent: Element) -> None:
        """Add paragraphs, lists, tables and sections."""
        for block in parent.iterchildren():
            if block.tag in _PARAGRAPHS:
                self._add_paragraph(block)
            elif block.tag == f"{TABLE}table":
                self._add_table(block)
            elif block.tag == f"{TEXT}list":
                self._lists.enter(block)
                self.add_blocks(block)
                self._lists.leave()
            elif block.tag in (f"{TEXT}list-item", f"{TEXT}list-header"):
                self._lists.start_item(block)
                self.add_blocks(block)
            elif block.tag in _SHAPES:
                self._add_shape(block)
            elif not _is_hidden_block(block):
                self.add_blocks(block)

    def add_notes(self) -> None:
        """Add the notes that the text has, each after its mark."""
        for mark, body in self._notes:
            runs: list[Run] = [Run(f"{mark} ")] if mark else []
            for block in body.iter():
                if block.tag in _PARAGRAPHS and block.getparent().tag != f"{TEXT}note-body":
                    continue
                if block.tag in _PARAGRAPHS:
                    runs += self._runs(block)[0]
                    self._builder.add_paragraph(runs)
                    runs = []
                elif block.tag == f"{TEXT}list":
                    runs.append(Run(" ".join("".join(block.itertext()).split())))
            self._builder.add_paragraph(runs)
        self._notes = []

    # Paragraphs

    def _add_paragraph(self, paragraph: Element) -> None:
        style = self._styles.paragraph(paragraph.get(f"{TEXT}style-name", ""))
        runs, shapes = ([], []) if style.is_hidden else self._runs(paragraph)
        text = "".join(run.text for run in runs)
        if paragraph.tag == f"{TEXT}h":
            level = max(1, whole_number(paragraph.get(f"{TEXT}outline-level"), 1))
            label = self._lists.heading_label(paragraph, level)
            if text.strip():
                runs = [Run(f"{label} "), *runs] if label else runs
                self._builder.add_paragraph(runs, level=level)
        elif text.strip():
            if style.level:
                self._styles.title = self._styles.title or " ".join(text.split())
                self._builder.add_paragraph(runs, level=style.level)
            elif self._lists.depth:
                label = self._lists.next_label()
                self._builder.add_item(runs, bullet=label, depth=self._lists.depth)
            elif style.is_code:
                self._builder.add_verbatim(text, group="code")
            else:
                self._builder.add_paragraph(runs, quoted=style.is_quotation)
        for shape in shapes:
            self._add_shape(shape)

    def _runs(self, paragraph: Element) -> tuple[list[Run], list[Element]]:
        """Return the visible text of a paragraph, and the shapes in it."""
        style = self._styles.paragraph(paragraph.get(f"{TEXT}style-name", ""))
        is_heading = bool(style.level) or paragraph.tag == f"{TEXT}h"
        runs: list[Run] = []
        shapes: list[Element] = []
        position = ""
        marks = () if is_heading else style.marks
        # Elements are left in the reverse order: (element, marks, position) or a tail.
        waiting: list[tuple[Element, tuple[InlineMark, ...], str, bool]]
        waiting = [(paragraph, marks, position, False)]
        while waiting:
            element, marks, position, is_left = waiting.pop()
            if is_left:
                _append(runs, _collapse_spaces(element.tail), marks, position)
                continue
            if element is not paragraph:
                waiting.append((element, marks, position, True))
            if not isinstance(element.tag, str) or element.tag in _HIDDEN:
                continue
            if element.tag in _SHAPES:
                formula = self._formula(element)
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
        self._notes.append((mark, body))
        return mark

    # Shapes, charts and formulas

    def _formula(self, shape: Element) -> str:
        """Return the formula that a frame shows; "" if it shows something else."""
        for holder in shape.iterchildren(f"{DRAW}object"):
            root = self._document.embedded(holder)
            if root is not None and root.tag == _MATH:
                return mathml_text(root)
        return ""

    def _add_shape(self, shape: Element) -> None:
        if self._styles.is_invisible(shape):
            return
        formula = self._formula(shape)
        if formula:
            self._builder.add_paragraph(formula)
            return
        for holder in shape.iterchildren(f"{DRAW}object"):
            root = self._document.embedded(holder)
            chart = None if root is None else next(root.iter(f"{CHART}chart"), None)
            if chart is not None:
                self._add_chart(chart)
                return
        self._lists.pause()
        self.add_blocks(shape)
        self._lists.resume()

    def _add_chart(self, chart: Element) -> None:
        title = chart.find(f"{CHART}title")
        self._builder.add_paragraph("" if title is None else _plain_text(title))
        for table in chart.iterchildren(f"{TABLE}table"):
            self._add_table(table)

    # Tables

    def _add_table(self, table: Element) -> None:
        rows = [row for row in table.iter(f"{TABLE}table-row") if _table_of(row) is table]
        widths = [_width(row) for row in rows]
        if sum(widths) <= 1 or (max(widths) == 1 and table.find(f".//{TABLE}table") is not None):
            for row in rows:
                for cell in _cells(row):
                    self.add_blocks(cell)
            self._builder.end_group()
            return
        above: dict[int, tuple[int, TableCell]] = {}
        shown: list[list[TableCell]] = []
        for row in rows:
            found = self._row(row, above)
            if any(cell.content for cell in found):
                shown += [found] * self._copies(row.get(f"{TABLE}number-rows-repeated"))
        self._builder.add_table(shown)

    def _copies(self, number: str | None) -> int:
        """Return how often something is shown that a file repeats, within the limit."""
        copies = max(1, whole_number(number, 1))
        copies = min(copies, max(1, _MAX_REPEATED - self._repeated))
        self._repeated += copies - 1
        return copies

    def _row(self, row: Element, above: dict[int, tuple[int, TableCell]]) -> list[TableCell]:
        """Return the cells of a row; those merged with the rows above are repeated."""
        parent = row.getparent()
        is_header = parent is not None and parent.tag == f"{TABLE}table-header-rows"
        cells: list[TableCell] = []
        column = 0
        for element in _cells(row):
            repeats = max(1, whole_number(element.get(f"{TABLE}number-columns-repeated"), 1))
            if element.tag == f"{TABLE}covered-table-cell":
                for at in range(column, column + min(repeats, _MAX_COLUMNS)):
                    rows, cell = above.get(at, (0, TableCell()))
                    if rows:
                        above[at] = rows - 1, cell
                        cells.append(cell)
                column += repeats
                continue
            span = max(
                1, min(whole_number(element.get(f"{TABLE}number-columns-spanned"), 1), _MAX_COLUMNS)
            )
            content = self._cell_content(element)
            cell = TableCell(content, span, is_header)
            rows = whole_number(element.get(f"{TABLE}number-rows-spanned"), 1) - 1
            is_short = sum(len(run.text) for run in content) <= _MAX_REPEATED_CHARS
            above[column] = (rows, cell) if is_short else (0, cell)
            if content:
                cells += [cell] * min(self._copies(str(repeats)), _MAX_COLUMNS)
            else:
                cells.append(TableCell("", min(repeats, _MAX_COLUMNS)))
            column += repeats
        return cells

    def _cell_content(self, cell: Element) -> list[Run]:
        """Return the content of a cell on one line, with that of the tables and boxes in it."""
        runs: list[Run] = []
        waiting = list(reversed(cell))
        while waiting:
            block = waiting.pop()
            if block.tag in _PARAGRAPHS:
                found, shapes = self._runs(block)
                if found:
                    runs += [*([Run(" ")] if runs else []), *found]
                waiting += reversed(shapes)
            elif isinstance(block.tag, str) and block.tag not in _HIDDEN:
                waiting += reversed(block)
        return runs

    # Slides

    def add_slide(self, slide: Element) -> None:
        """Add a slide, unless it is hidden: its title, its shapes in reading order, its notes."""
        self._builder.start_page()
        if self._styles.is_hidden_slide(slide):
            return
        shapes = [
            shape for shape in slide if shape.tag in _SHAPES and _kind(shape) not in _NO_WORDS
        ]
        title = next((shape for shape in shapes if _kind(shape) == "title"), None)
        if title is not None:
            paragraphs = title.iter(f"{TEXT}p")
            runs = [run for p in paragraphs for run in [*self._runs(p)[0], Run(" ")]]
            self._builder.add_paragraph(runs, level=1)
        for shape in reading_order([s for s in shapes if s is not title], _box):
            self._add_shape(shape)
            self._builder.end_group()
        self.add_notes()
        lines = []
        for shape in slide.iterfind(f"{PRESENTATION}notes/{DRAW}frame"):
            if _kind(shape) == "notes":
                lines += [_plain_text(paragraph) for paragraph in shape.iter(f"{TEXT}p")]
        text = "\n".join(filter(None, lines))
        self._builder.add_paragraph(f"Notes: {text}" if text else "")


def _append(runs: list[Run], text: str, marks: tuple[InlineMark, ...], position: str) -> None:
    if not text:
        return
    text = plain_symbols(text)
    runs.append(Run(_POSITIONS[position](text) if position else text, marks))


def _kind(shape: Element) -> str:
    return str(shape.get(f"{PRESENTATION}class", ""))


def _box(shape: Element) -> Box:
    sides = (f"{SVG}x", f"{SVG}y", f"{SVG}width", f"{SVG}height")
    if shape.tag == f"{DRAW}g":
        boxes = [_box(inner) for inner in shape if inner.tag in _SHAPES and inner.tag != shape.tag]
        if boxes:
            left, top = min(box.left for box in boxes), min(box.top for box in boxes)
            right = max(box.left + box.width for box in boxes)
            bottom = max(box.top + box.height for box in boxes)
            return Box(left, top, right - left, bottom - top)
    return Box(*(length(shape.get(side)) for side in sides))


def _plain_text(parent: Element) -> str:
    return " ".join("".join(parent.itertext()).split())


def _table_of(row: Element) -> Element:
    return next(row.iterancestors(f"{TABLE}table"), None)


def _cells(row: Element) -> list[Element]:
    return list(row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"))


def _width(row: Element) -> int:
    """Return how many cells a row has, one more if some are repeated by a number."""
    cells = _cells(row)
    repeated = [row.get(f"{TABLE}number-rows-repeated")]
    repeated += [cell.get(f"{TABLE}number-columns-repeated") for cell in cells]
    return len(cells) + bool(any(repeated))


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


def _is_hidden_block(block: Element) -> bool:
    if not isinstance(block.tag, str) or block.tag in _HIDDEN:
        return True
    is_section = block.tag in (f"{TEXT}section", f"{TEXT}table-of-content")
    display = block.get(f"{TEXT}display")
    hidden = display == "none" or (
        display == "condition" and block.get(f"{TEXT}is-hidden") == "true"
    )
    return is_section and hidden


def _collapse_spaces(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
