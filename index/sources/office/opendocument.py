"""Read OpenDocument texts and presentations: what a reader of the pages sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from index.limits import LoadLimits
from index.sources.document import ParsedDocument, Run, TableCell, TextBuilder
from index.sources.office.open_xml import Element, whole_number
from index.sources.office.opendocument_parts import (
    CHART,
    DRAW,
    PRESENTATION,
    SVG,
    TABLE,
    TEXT,
    Document,
    Lists,
    Styles,
    covered_columns,
    length,
)
from index.sources.office.opendocument_text import HIDDEN, SHAPES, ParagraphReader
from index.sources.office.reading_order import Box, reading_order

_MAX_COLUMNS = 1_000
# Rows and cells that a file repeats by a number.
_MAX_REPEATED = 10_000
_MAX_REPEATED_CHARS = 200
_MAX_MERGED = 200_000  # cells that are shown again in the rows that they cover
_Above: TypeAlias = dict[int, tuple[int, TableCell]]
"""By its column, how many more rows a cell covers, and the cell."""
_PARAGRAPHS = frozenset({f"{TEXT}h", f"{TEXT}p"})
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
        self._paragraphs = ParagraphReader(document, self._styles)
        self._repeated = 0
        self._merged = 0

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
            elif block.tag in SHAPES:
                self._add_shape(block)
            elif not _is_hidden_block(block):
                self.add_blocks(block)

    def add_notes(self) -> None:
        """Add the notes that the text has, each after its mark."""
        for mark, body in self._paragraphs.notes:
            runs: list[Run] = [Run(f"{mark} ")] if mark else []
            for block in body.iterchildren():
                if block.tag in _PARAGRAPHS:
                    runs += self._paragraphs.read(block)[0]
                    self._builder.add_paragraph(runs)
                    runs = []
                elif block.tag == f"{TEXT}list":
                    runs.append(Run(_plain_text(block)))
            self._builder.add_paragraph(runs)
        self._paragraphs.notes = []

    # Paragraphs

    def _add_paragraph(self, paragraph: Element) -> None:
        style = self._styles.paragraph(paragraph.get(f"{TEXT}style-name", ""))
        runs, shapes = ([], []) if style.is_hidden else self._paragraphs.read(paragraph)
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

    # Shapes, charts and formulas

    def _add_shape(self, shape: Element) -> None:
        if self._styles.is_invisible(shape):
            return
        formula = self._paragraphs.formula(shape)
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
        above: _Above = {}
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

    def _row(self, row: Element, above: _Above) -> list[TableCell]:
        """Return the cells of a row; those merged with the rows above are repeated."""
        parent = row.getparent()
        is_header = parent is not None and parent.tag == f"{TABLE}table-header-rows"
        cells: list[TableCell] = []
        column = 0
        for element in _cells(row):
            repeats = max(1, whole_number(element.get(f"{TABLE}number-columns-repeated"), 1))
            if element.tag == f"{TABLE}covered-table-cell":
                cells += self._covered(range(column, column + repeats), above)
                column += repeats
                continue
            span = max(
                1, min(whole_number(element.get(f"{TABLE}number-columns-spanned"), 1), _MAX_COLUMNS)
            )
            content = self._cell_content(element)
            cell = TableCell(content, span, is_header)
            rows = whole_number(element.get(f"{TABLE}number-rows-spanned"), 1) - 1
            is_short = sum(len(run.text) for run in content) <= _MAX_REPEATED_CHARS
            above.pop(column, None)
            if rows > 0 and is_short and column < _MAX_COLUMNS:
                above[column] = rows, cell
            if content:
                cells += [cell] * min(self._copies(str(repeats)), _MAX_COLUMNS)
            else:
                cells.append(TableCell("", min(repeats, _MAX_COLUMNS)))
            column += repeats
        return cells

    def _covered(self, columns: range, above: _Above) -> Iterator[TableCell]:
        """Yield the cells of the rows above that cover these columns."""
        for at in covered_columns(above, columns)[: _MAX_MERGED - self._merged]:
            rows, cell = above.pop(at)
            if rows > 1:
                above[at] = rows - 1, cell
            self._merged += 1
            yield cell

    def _cell_content(self, cell: Element) -> list[Run]:
        """Return the content of a cell on one line, with that of the tables and boxes in it."""
        runs: list[Run] = []
        waiting = list(reversed(cell))
        while waiting:
            block = waiting.pop()
            if block.tag in _PARAGRAPHS:
                found, shapes = self._paragraphs.read(block)
                if found:
                    runs += [*([Run(" ")] if runs else []), *found]
                waiting += reversed(shapes)
            elif isinstance(block.tag, str) and block.tag not in HIDDEN:
                waiting += reversed(block)
        return runs

    # Slides

    def add_slide(self, slide: Element) -> None:
        """Add a slide, unless it is hidden: its title, its shapes in reading order, its notes."""
        self._builder.start_page()
        if self._styles.is_hidden_slide(slide):
            return
        shapes = [shape for shape in slide if shape.tag in SHAPES and _kind(shape) not in _NO_WORDS]
        title = next((shape for shape in shapes if _kind(shape) == "title"), None)
        if title is not None:
            paragraphs = title.iter(f"{TEXT}p")
            runs = [run for p in paragraphs for run in [*self._paragraphs.read(p)[0], Run(" ")]]
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


def _kind(shape: Element) -> str:
    return str(shape.get(f"{PRESENTATION}class", ""))


def _box(shape: Element) -> Box:
    sides = (f"{SVG}x", f"{SVG}y", f"{SVG}width", f"{SVG}height")
    if shape.tag == f"{DRAW}g":
        boxes = [_box(inner) for inner in shape if inner.tag in SHAPES and inner.tag != shape.tag]
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


def _is_hidden_block(block: Element) -> bool:
    if not isinstance(block.tag, str) or block.tag in HIDDEN:
        return True
    is_section = block.tag in (f"{TEXT}section", f"{TEXT}table-of-content")
    display = block.get(f"{TEXT}display")
    hidden = display == "none" or (
        display == "condition" and block.get(f"{TEXT}is-hidden") == "true"
    )
    return is_section and hidden
