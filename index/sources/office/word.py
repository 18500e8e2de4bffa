"""Read Word documents: what a reader of the pages sees, without headers, footers and comments."""

from __future__ import annotations

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.document import Content, ParsedDocument, Run, TableCell, TextBuilder, plain
from index.sources.office.drawings import add_chart, add_diagram
from index.sources.office.open_xml import (
    CHART,
    COMPATIBILITY,
    DIAGRAM,
    RELATION,
    WORD,
    Element,
    Package,
    choice,
    has_attribute,
    is_on,
    whole_number,
)
from index.sources.office.word_styles import Numbering, StyleSheet, property_value
from index.sources.office.word_text import DELETED, Insert, ParagraphReader, matched_fields

_INVALID = "It is not a valid Word document. Open it in Word and save it as .docx, or as .txt."
_MAX_COLUMNS = 1_000
# A cell that is merged over rows is repeated in each, as the label of their group. A longer text
# is none.
_MAX_REPEATED_CHARS = 200
_FIRST_ROW, _FIRST_COLUMN = 0x0020, 0x0080
_DROP_CAPS = ("drop", "margin")


def read_docx(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a Word document, its notes at the end.

    Documents, templates, those with macros and the variant Strict are read alike.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or not a Word document.
    """
    package = Package(data, limits)
    main, root = package.main("word/document.xml", f"{WORD}document", _INVALID)
    body = root.find(f"{WORD}body")
    if body is None:
        raise UnreadableFile(_INVALID)
    reader = _WordReader(package, main, limits)
    reader.add_body(body)
    return reader.build()


class _WordReader:
    """Adds the parts of a Word document to a text."""

    def __init__(self, package: Package, main: str, limits: LoadLimits) -> None:
        self._package, self._main = package, main
        self._builder = TextBuilder(limits)
        self._styles = StyleSheet(package.related_part(main, "styles"))
        self._numbering = Numbering(package.related_part(main, "numbering"), self._styles)
        self._paragraphs = ParagraphReader(package, main, self._styles)
        self._carried: list[Run] = []  # of a paragraph whose end was deleted
        self._title = ""

    def build(self) -> ParsedDocument:
        """Return the document."""
        found = self._builder.build()
        title = self._package.title() or self._title
        first = found.headings[0] if found.headings else None
        if not title and first is not None and first.start == 0:
            title = found.text[first.start : first.end]
        return ParsedDocument(
            found.text, title, found.headings, found.pages, found.marks, found.tables
        )

    def add_body(self, body: Element) -> None:
        """Add the text of the body, then the notes that it refers to."""
        settings = self._package.related_part(self._main, "settings")
        self._paragraphs.notes.read_formats(body, settings)
        self._add_story(body)
        for kind in ("footnotes", "endnotes"):
            for relation in self._package.related(self._main, kind)[:1]:
                root = self._package.part(relation.target)
                if root is not None:
                    self._paragraphs.part = relation.target
                    self._add_notes(root, kind)
        self._paragraphs.part = self._main

    def _add_notes(self, root: Element, kind: str) -> None:
        notes = {note.get(f"{WORD}id", ""): note for note in root.iterchildren()}
        for note_id, mark in self._paragraphs.notes.used(kind):
            if note_id in notes:
                self._carried = self._paragraphs.start_note(notes[note_id], mark)
                self._add_story(notes[note_id])

    def _add_story(self, story: Element) -> None:
        self._paragraphs.fields.clear()
        self._paragraphs.matched = matched_fields(story)
        self._add_blocks(story)
        self._flush()

    def _add_blocks(self, parent: Element) -> None:
        for block in parent.iterchildren():
            if block.tag == f"{WORD}p":
                self._add_paragraph(block)
            elif block.tag == f"{WORD}tbl":
                self._flush()
                self._add_table(block)
            elif block.tag == f"{COMPATIBILITY}AlternateContent":
                chosen = choice(block)
                if chosen is not None:
                    self._add_blocks(chosen)
            elif _is_read(block):
                self._add_blocks(block)  # a content control, insertion or custom XML

    def _flush(self) -> None:
        carried, self._carried = self._carried, []
        self._builder.add_paragraph(carried)

    def _add_paragraph(self, paragraph: Element) -> None:
        runs, inserts = self._paragraphs.read(paragraph)
        runs = [*self._carried, *runs]
        self._carried = []
        if _runs_on(paragraph):
            self._carried = runs
        else:
            self._add_runs(paragraph, runs)
        for insert in inserts:
            self._add_insert(insert)

    def _add_runs(self, paragraph: Element, runs: list[Run]) -> None:
        style = self._styles.paragraph_style(paragraph)[1]
        label = self._numbering.next_label(paragraph)
        outline = property_value(paragraph, "pPr/outlineLvl")
        level = whole_number(outline, 9) + 1 if outline else style.level
        text = "".join(run.text for run in runs)
        if not text.strip():
            return
        if 0 < level <= 9:  # noqa: PLR2004 - the levels of an outline
            if label is not None and label.text:
                runs = [Run(f"{label.text} "), *runs]
            self._builder.add_paragraph(runs, level=level)
            if style.name == "title" and not self._title:
                self._title = " ".join(text.split())
        elif label is not None and (label.text or label.is_bullet):
            self._builder.add_item(runs, bullet=label.text or "-", depth=label.depth)
        elif style.is_code:
            self._builder.add_verbatim(text, group="code")
        else:
            self._builder.add_paragraph(runs, quoted=style.is_quotation)

    def _add_insert(self, insert: Insert) -> None:
        """Add what a drawing in a paragraph shows."""
        element = insert.element
        if element.tag == f"{CHART}chart" or element.tag.endswith("/chartex}chart"):
            add_chart(
                self._package, self._paragraphs.part, element.get(f"{RELATION}id"), self._builder
            )
        elif element.tag == f"{DIAGRAM}relIds":
            add_diagram(self._package, self._paragraphs.part, element, self._builder)
        elif insert.text:
            self._builder.add_paragraph(insert.text)
        else:
            self._flush()
            self._add_blocks(element)
            self._flush()

    # Tables

    def _add_table(self, table: Element) -> None:
        rows = list(_rows(table))
        if _is_layout(table, rows):
            for row in rows:
                for cell in _cells(row):
                    self._add_blocks(cell)
                    self._flush()
                    self._builder.end_group()
            return
        heads = _Heads(table, self._styles)
        above: dict[int, TableCell] = {}
        shown = []
        for number, row in enumerate(rows):
            shown.append(self._row(row, above, heads.of_row(row, number)))
        self._builder.add_table(shown)

    def _row(
        self, row: Element, above: dict[int, TableCell], heads: tuple[bool, bool]
    ) -> list[TableCell]:
        """Return the cells of a row, those merged with the row above repeated.

        ``above`` has the last cells that may be continued, by their column.
        """
        skipped = min(whole_number(property_value(row, "trPr/gridBefore")), _MAX_COLUMNS)
        cells = [TableCell() for _ in range(skipped)]
        column = max(0, skipped)
        for cell in _cells(row):
            span = whole_number(property_value(cell, "tcPr/gridSpan"), 1)
            span = max(1, min(span, _MAX_COLUMNS))
            merged = cell.find(f"{WORD}tcPr/{WORD}vMerge")
            value = None if merged is None else merged.get(f"{WORD}val", "continue")
            is_head = heads[0] or (heads[1] and column == 0)
            if value == "continue" and column in above:
                found = above[column]
                if len(plain(found.content)) > _MAX_REPEATED_CHARS:
                    found = TableCell("", span)
                self._cell_runs(cell)  # it may hold numbered paragraphs or the end of a field
            else:
                found = TableCell(self._cell_runs(cell), span, is_head)
                above.pop(column, None)
                if value is not None:
                    above[column] = found
            if property_value(cell, "tcPr/hMerge") != "continue":
                cells.append(found)
            column += span
        return cells

    def _cell_runs(self, cell: Element) -> Content:
        """Return the content of a cell on one line, with that of the tables and boxes in it."""
        runs: list[Run] = []
        waiting = [cell]
        while waiting:
            block = waiting.pop()
            if block.tag == f"{WORD}p":
                found, inserts = self._paragraphs.read(block)
                label = self._numbering.next_label(block)
                if label is not None and "".join(run.text for run in found).strip():
                    runs.append(Run(f"{label.text or '•'} "))
                runs += [*found, *([] if _runs_on(block) else [Run(" ")])]
                waiting += [insert.element for insert in reversed(inserts)]
            elif _is_read(block):
                waiting += reversed(block)
        return runs


def _is_read(element: Element) -> bool:
    """Return whether an element that holds others may hold visible text."""
    tag = element.tag
    if not isinstance(tag, str) or tag in DELETED or tag == f"{COMPATIBILITY}Fallback":
        return False
    return not tag.endswith("Pr")


def _runs_on(paragraph: Element) -> bool:
    """Return whether the next paragraph goes on in the same line."""
    mark = paragraph.find(f"{WORD}pPr/{WORD}rPr")
    if mark is not None and any(mark.find(tag) is not None for tag in DELETED):
        return True
    frame = paragraph.find(f"{WORD}pPr/{WORD}framePr")
    return frame is not None and frame.get(f"{WORD}dropCap") in _DROP_CAPS


def _inside(parent: Element, tag: str) -> list[Element]:
    """Return the rows of a table or the cells of a row, also those in content controls."""
    found: list[Element] = []
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if element.tag == tag:
            found.append(element)
        elif _is_read(element):
            waiting += reversed(element)
    return found


def _rows(table: Element) -> list[Element]:
    """Return the rows of a table that are neither deleted nor hidden."""
    return [
        row
        for row in _inside(table, f"{WORD}tr")
        if row.find(f"{WORD}trPr/{WORD}del") is None
        and not is_on(row.find(f"{WORD}trPr/{WORD}hidden"))
    ]


def _cells(row: Element) -> list[Element]:
    cells = _inside(row, f"{WORD}tc")
    return [cell for cell in cells if cell.find(f"{WORD}tcPr/{WORD}cellDel") is None]


def _is_layout(table: Element, rows: list[Element]) -> bool:
    """Return whether a table only places blocks: it has one cell, or most of it is other tables."""
    widths = [len(_cells(row)) for row in rows]
    if sum(widths) <= 1:
        return True
    nested = [inner for inner in table.iter(f"{WORD}tbl") if inner is not table]
    if not nested:
        return False
    inner_cells = sum(1 for inner in nested for _ in inner.iterchildren(f"{WORD}tr"))
    return max(widths) == 1 or len(rows) == 1 or inner_cells > len(rows)


class _Heads:
    """Which cells of a table are its headers."""

    def __init__(self, table: Element, styles: StyleSheet) -> None:
        parts = styles.style(property_value(table, "tblPr/tblStyle")).table_parts
        look = table.find(f"{WORD}tblPr/{WORD}tblLook")
        self._first_row = "firstRow" in parts and _looks(look, "firstRow", _FIRST_ROW)
        self._first_column = "firstCol" in parts and _looks(look, "firstColumn", _FIRST_COLUMN)

    def of_row(self, row: Element, number: int) -> tuple[bool, bool]:
        """Return whether all cells of a row are headers, and whether the first one is."""
        is_header = is_on(row.find(f"{WORD}trPr/{WORD}tblHeader"))
        return is_header or (number == 0 and self._first_row), self._first_column


def _looks(look: Element | None, name: str, bit: int) -> bool:
    if look is None:
        return False
    if look.get(f"{WORD}{name}") is not None:
        return has_attribute(look, f"{WORD}{name}")
    try:
        return bool(int(look.get(f"{WORD}val", "0"), 16) & bit)
    except ValueError:
        return False
