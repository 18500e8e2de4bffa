"""Read presentations: what a reader of the slides sees, and the speaker's notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from index.errors import UnreadableFile
from index.letters import lowered, raised
from index.limits import LoadLimits
from index.sources.document import (
    Content,
    InlineMark,
    ParsedDocument,
    Run,
    TableCell,
    TextBuilder,
    plain,
)
from index.sources.numbering import formatted_number
from index.sources.office.drawings import add_chart, add_diagram
from index.sources.office.formulas import omml_text
from index.sources.office.open_xml import (
    CHART,
    DIAGRAM,
    DRAWING,
    MATH,
    RELATION,
    SLIDES,
    Element,
    Package,
    choice,
    has_attribute,
    is_on,
    whole_number,
)
from index.sources.office.reading_order import Box, reading_order
from index.sources.office.slide_layouts import TITLES, SlideLayouts, own_bullet
from index.sources.office.symbols import is_symbol_font, plain_symbols, symbol_text
from index.sources.office.word_styles import is_code_font
from index.structure import MarkKind

_INVALID = "It is not a valid presentation. Open it in PowerPoint and save it as .pptx."
_LEFT_OUT = ("dt", "ftr", "sldNum", "hdr")
_TEXTS = ("body", "subTitle", "obj", "", "half")
_SHAPES = tuple(f"{SLIDES}{name}" for name in ("sp", "grpSp", "graphicFrame", "cxnSp", "pic"))
_MAX_COLUMNS = 1_000
# A cell that is merged over rows is repeated in each, as the label of their group.
_MAX_REPEATED_CHARS = 200
_LEVELS = 9
_SYMBOL_CHARSET = "2"
_NUMBER_TYPE = re.compile(
    r"(arabic|romanUc|romanLc|alphaUc|alphaLc|circleNum)\w*?(Period|ParenR|ParenBoth|Plain)?"
)
_FORMATS = {
    "romanUc": "upperRoman",
    "romanLc": "lowerRoman",
    "alphaUc": "upperLetter",
    "alphaLc": "lowerLetter",
    "circleNum": "decimalEnclosedCircle",
}


def read_pptx(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a presentation: each slide a page, its title a heading, then its notes.

    A hidden slide is an empty page. Shows, templates and those with macros are read alike.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or not a presentation.
    """
    package = Package(data, limits)
    main, root = package.main("ppt/presentation.xml", f"{SLIDES}presentation", _INVALID)
    builder = TextBuilder(limits)
    relations = [package.target(main, e.get(f"{RELATION}id")) for e in root.iter(f"{SLIDES}sldId")]
    limits.check_pages(len(relations))
    parts = [relation.target for relation in relations if relation and not relation.is_external]
    layouts = SlideLayouts(package)
    read: set[str] = set()
    failure: UnreadableFile | None = None
    for part in parts:
        builder.start_page()
        if part in read:
            continue
        try:
            slide = package.root(part)
        except UnreadableFile as error:
            failure = failure or error
            continue
        read.add(part)
        if is_on(slide, "show", default=True):
            _SlideReader(package, part, layouts, builder).add(slide)
    if not read and failure is not None:
        raise failure
    found = builder.build()
    title = package.title()
    first = found.headings[0] if found.headings else None
    if not title and first is not None and first.start == 0:
        title = found.text[first.start : first.end]
    return ParsedDocument(found.text, title, found.headings, found.pages, found.marks, found.tables)


@dataclass(slots=True)
class _Counts:
    """The numbers of the lists of a shape, by level."""

    numbers: dict[int, tuple[str, int]] = field(default_factory=dict)

    def next(self, level: int, kind: str, start: int) -> str:
        """Return the label of the next paragraph of a numbered list."""
        self.end(level + 1)
        before = self.numbers.get(level)
        count = before[1] + 1 if before is not None and before[0] == f"{kind}{start}" else start
        self.numbers[level] = (f"{kind}{start}", count)
        found = _NUMBER_TYPE.fullmatch(kind)
        form, around = (found[1], found[2]) if found else ("arabic", "Period")
        text = formatted_number(count, _FORMATS.get(form, "decimal"))
        match around:
            case "ParenR":
                return f"{text})"
            case "ParenBoth":
                return f"({text})"
            case "Period":
                return f"{text}."
        return text

    def end(self, level: int) -> None:
        """End the lists of a level and those in them."""
        self.numbers = {at: count for at, count in self.numbers.items() if at < level}


class _Shape(NamedTuple):
    element: Element
    box: Box
    placeholder: str | None
    """Its kind; None if it is no placeholder."""


class _SlideReader:
    """Adds a slide to a text."""

    def __init__(
        self, package: Package, part: str, layouts: SlideLayouts, builder: TextBuilder
    ) -> None:
        self._package, self._part, self._builder = package, part, builder
        self._layouts = layouts
        self._above = layouts.chain(part)

    def add(self, slide: Element) -> None:
        """Add its title, its other shapes in reading order, and its notes."""
        tree = slide.find(f"{SLIDES}cSld/{SLIDES}spTree")
        if tree is not None:
            shapes = self._shapes(tree)
            title = next((shape for shape in shapes if shape.placeholder in TITLES), None)
            if title is not None:
                self._add_title(title.element)
            self._add_shapes([shape for shape in shapes if shape is not title])
        self._add_notes()

    def _shapes(self, parent: Element) -> list[_Shape]:
        """Return the visible shapes of a slide or a group."""
        found = []
        for element in parent.iterchildren():
            if isinstance(element.tag, str) and element.tag.endswith("}AlternateContent"):
                inner = choice(element)
                found += self._shapes(inner) if inner is not None else []
            elif element.tag in _SHAPES and not _is_hidden(element):
                mark = element.find(f"./*/{SLIDES}nvPr/{SLIDES}ph")
                kind = None if mark is None else mark.get("type", "")
                if kind not in _LEFT_OUT:
                    found.append(_Shape(element, self._box(element, mark), kind))
        return found

    def _box(self, shape: Element, mark: Element | None) -> Box:
        """Return where a shape is, by itself or by the layout's placeholder."""
        boxes = map(self._layouts.box, [shape, *self._inherited(mark)])
        return next((box for box in boxes if box is not None), Box())

    def _inherited(self, mark: Element | None) -> list[Element]:
        """Return the placeholders of the layout and the master that a placeholder follows."""
        found = [] if mark is None else [holders.find(mark) for holders in self._above]
        return [shape for shape in found if shape is not None]

    def _add_shapes(self, shapes: list[_Shape]) -> None:
        # The order of the layout's placeholders is the one meant.
        if any(shape.placeholder is None for shape in shapes):
            shapes = reading_order(shapes, lambda shape: shape.box)
        for shape in shapes:
            self._add_shape(shape.element)
            self._builder.end_group()

    def _add_shape(self, shape: Element) -> None:
        if shape.tag == f"{SLIDES}grpSp":
            self._add_shapes(self._shapes(shape))
            return
        body = shape.find(f"{SLIDES}txBody")
        if body is not None:
            self._add_body(body, shape)
        for data in shape.iterfind(f"{DRAWING}graphic/{DRAWING}graphicData"):
            for element in data.iterchildren():
                if element.tag == f"{DRAWING}tbl":
                    self._add_table(element)
                elif element.tag == f"{DIAGRAM}relIds":
                    add_diagram(self._package, self._part, element, self._builder)
                elif element.tag == f"{CHART}chart" or str(element.tag).endswith("chartex}chart"):
                    relation_id = element.get(f"{RELATION}id")
                    add_chart(self._package, self._part, relation_id, self._builder)

    def _add_title(self, shape: Element) -> None:
        body = shape.find(f"{SLIDES}txBody")
        if body is not None:
            runs: list[Run] = []
            for paragraph in body.iterchildren(f"{DRAWING}p"):
                runs += [*self._runs(paragraph, is_heading=True), Run(" ")]
            self._builder.add_paragraph(runs, level=1)

    def _add_body(self, body: Element, shape: Element) -> None:
        """Add the paragraphs of a shape, those of lists as items."""
        styles = self._list_styles(body, shape)
        counts = _Counts()
        shown = [(p, self._runs(p)) for p in body.iterchildren(f"{DRAWING}p")]
        shown = [(paragraph, runs) for paragraph, runs in shown if plain(runs).strip()]
        for paragraph, runs in shown:
            properties = paragraph.find(f"{DRAWING}pPr")
            level = whole_number(properties.get("lvl") if properties is not None else None)
            level = max(0, min(level, _LEVELS - 1))
            bullet = self._inheritedown_bullet(properties, styles, level)
            if bullet is not None and bullet.tag == f"{DRAWING}buAutoNum":
                start = whole_number(bullet.get("startAt"), 1)
                label = counts.next(level, bullet.get("type", ""), start)
                self._builder.add_item(runs, bullet=label, depth=level + 1)
                continue
            counts.end(level)
            # One paragraph with a bullet is no list.
            if bullet is None or bullet.tag == f"{DRAWING}buNone" or len(shown) == 1:
                self._builder.add_paragraph(runs, group="line")
            else:
                self._builder.add_item(runs, depth=level + 1)

    def _inheritedown_bullet(
        self, properties: Element | None, styles: list[Element], level: int
    ) -> Element | None:
        """Return the element that says the bullet of a paragraph; None if nothing does."""
        own = None if properties is None else own_bullet(properties)
        found = [own, *(self._layouts.bullets(style).get(level) for style in styles)]
        return next((element for element in found if element is not None), None)

    def _list_styles(self, body: Element, shape: Element) -> list[Element]:
        """Return the list styles of a shape's paragraphs, the nearest first."""
        mark = shape.find(f"./*/{SLIDES}nvPr/{SLIDES}ph")
        styles = list(body.iterchildren(f"{DRAWING}lstStyle"))
        for holder in self._inherited(mark):
            styles += self._layouts.list_styles(holder)
        if mark is not None and mark.get("type", "") in _TEXTS:
            for holders in self._above:
                styles += holders.styles
        return styles

    def _add_table(self, table: Element) -> None:
        properties = table.find(f"{DRAWING}tblPr")
        has_head = has_attribute(properties, "firstRow")
        has_side = has_attribute(properties, "firstCol")
        above: dict[int, TableCell] = {}
        rows = []
        for number, row in enumerate(table.iterchildren(f"{DRAWING}tr")):
            cells = []
            for column, cell in enumerate(row.iterchildren(f"{DRAWING}tc")):
                if has_attribute(cell, "hMerge"):
                    continue
                if has_attribute(cell, "vMerge"):
                    cells.append(_repeated(above.get(column, TableCell())))
                    continue
                span = max(1, min(whole_number(cell.get("gridSpan"), 1), _MAX_COLUMNS))
                is_header = (has_head and number == 0) or (has_side and column == 0)
                above[column] = TableCell(self._cell_content(cell), span, is_header)
                cells.append(above[column])
            rows.append(cells)
        self._builder.add_table(rows)

    def _cell_content(self, cell: Element) -> Content:
        runs: list[Run] = []
        for paragraph in cell.iterfind(f"{DRAWING}txBody/{DRAWING}p"):
            runs += [*self._runs(paragraph), Run(" ")]
        return runs

    def _add_notes(self) -> None:
        parts = [relation.target for relation in self._package.related(self._part, "notesSlide")]
        is_new = bool(parts) and self._package.is_first_use(parts[0])
        notes = self._package.part(parts[0]) if is_new else None
        if notes is None:
            return
        lines = []
        for shape in notes.iter(f"{SLIDES}sp"):
            mark = shape.find(f"{SLIDES}nvSpPr/{SLIDES}nvPr/{SLIDES}ph")
            if mark is not None and mark.get("type") == "body":
                for paragraph in shape.iterfind(f"{SLIDES}txBody/{DRAWING}p"):
                    text = "".join(run.text for run in self._runs(paragraph))
                    lines.append(" ".join(text.split()))
        text = "\n".join(line for line in lines if line)
        self._builder.add_paragraph(f"Notes: {text}" if text else "")

    def _runs(self, parent: Element, *, is_heading: bool = False) -> list[Run]:
        """Return the text of a paragraph."""
        runs: list[Run] = []
        for element in parent.iterchildren():
            if element.tag in (f"{DRAWING}r", f"{DRAWING}fld"):
                if element.get("type") != "slidenum":
                    runs.append(self._run(element, is_heading=is_heading))
            elif element.tag == f"{DRAWING}br":
                runs.append(Run("\n"))
            elif not isinstance(element.tag, str):
                continue
            elif element.tag.endswith("}AlternateContent"):
                chosen = choice(element)
                runs += [] if chosen is None else self._runs(chosen, is_heading=is_heading)
            elif element.tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
                runs.append(Run(omml_text(element)))
            elif element.tag.endswith("/2010/main}m"):  # holds a formula
                runs += self._runs(element, is_heading=is_heading)
        return runs

    def _run(self, run: Element, *, is_heading: bool) -> Run:
        properties = run.find(f"{DRAWING}rPr")
        text = run.findtext(f"{DRAWING}t") or ""
        if properties is None:
            return Run(plain_symbols(text))
        marks = []
        link = properties.find(f"{DRAWING}hlinkClick")
        relation = (
            None if link is None else self._package.target(self._part, link.get(f"{RELATION}id"))
        )
        if relation is not None and relation.is_external:
            marks.append(InlineMark(MarkKind.LINK, relation.target))
        font = properties.find(f"{DRAWING}latin")
        name = "" if font is None else font.get("typeface", "")
        if not is_heading:
            kinds = {
                MarkKind.STRONG: has_attribute(properties, "b"),
                MarkKind.EMPHASIS: has_attribute(properties, "i"),
                MarkKind.CODE: is_code_font(name),
            }
            marks += [InlineMark(kind) for kind, found in kinds.items() if found]
        signs = properties.find(f"{DRAWING}sym")
        signs_font = name if is_symbol_font(name) or signs is None else signs.get("typeface", "")
        text = plain_symbols(text, signs_font)
        if font is not None and is_symbol_font(name) and font.get("charset") == _SYMBOL_CHARSET:
            text = symbol_text(text, name)
        raising = whole_number((properties.get("baseline") or "").rstrip("%"))
        if raising:
            text = raised(text) if raising > 0 else lowered(text)
        return Run(text, tuple(marks))


def _is_hidden(shape: Element) -> bool:
    names = shape.find(f"./*/{SLIDES}cNvPr")
    return has_attribute(names, "hidden")


def _repeated(cell: TableCell) -> TableCell:
    """Return a cell as it is shown in a row that it is merged into."""
    is_short = len(plain(cell.content)) <= _MAX_REPEATED_CHARS
    return cell if is_short else TableCell("", cell.columns)
