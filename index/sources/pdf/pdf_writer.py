"""Write the parts of a PDF as text, each word with its place on the page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from index.letters import lowered, raised
from index.sources.document import InlineMark, Run, TableCell, TextBuilder, WordPlace
from index.sources.pdf.pdf_hyphens import HyphenRules
from index.sources.pdf.pdf_lines import BULLETS, Line, is_wide_script
from index.sources.pdf.pdf_page import BOLD, ITALIC, MONOSPACED, PageLink, Word
from index.sources.pdf.pdf_paragraphs import (
    HYPHENATED,
    BodyStyle,
    Part,
    PartKind,
    PlacedLine,
)
from index.sources.pdf.pdf_tables import PrintedCell, TableBlock
from index.structure import MarkKind

# Shares of the size of the line's letters.
_SMALL = 0.86
_RISE = 0.12
_FALL = 0.07
_LARGEST_SCRIPT = 1.04
_MAX_SCRIPT_CHARS = 4
_BUCKET = 20.0
_DASHES = "–—-"
_SIGNS = f"{_DASHES}!"
_ADDRESS_END = re.compile(r"(?:^|\S)(?:://|@)$|(?:://|^www\.)\S+[/_=&?]$")
_MAX_SPACES = 80
# Names of files and addresses without "www.": "quay_", "doi.org/10.1000/".
_NAME_END = re.compile(r"[^\W_]_$|^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}/(?:\S*/)?$")
# "www.example." and "org/quay", but not the last address of a sentence.
_STOP_INSIDE = re.compile(r"(?:://|^www\.)\S*\.$")
_REST_OF_ADDRESS = re.compile(r"[a-z0-9][\w-]*(?:[./][\w-]|/)|(?:com|org|net|edu|gov)\b")


class PartWriter:
    """Adds parts to a builder.

    Args:
        builder: What they are added to.
        body: The usual measures of the document.
        hyphens: Decides on hyphens at the ends of lines.
        links: The links of each page.
    """

    def __init__(
        self,
        builder: TextBuilder,
        body: BodyStyle,
        hyphens: HyphenRules,
        links: Sequence[Sequence[PageLink]],
    ) -> None:
        self._builder, self._body, self._hyphens = builder, body, hyphens
        self._all_links = links
        self._links: dict[int, _PageLinks] = {}

    def add(self, part: Part) -> None:
        """Add a part."""
        if part.table is not None:
            self._builder.add_table(self._rows(part.table, part.page))
        elif part.kind is PartKind.CODE:
            self._builder.add_verbatim(list(self._code(part.lines)))
        elif part.kind is PartKind.ITEM:
            self._add_item(part)
        elif part.kind is PartKind.HEADING:
            runs = [Run(run.text, (), run.place) for run in self._runs(part.lines)]
            self._builder.add_paragraph(runs, level=part.level)
        else:
            self._builder.add_paragraph(list(self._runs(part.lines)))

    def _add_item(self, part: Part) -> None:
        runs = list(self._runs(part.lines))
        first = runs[0]
        bullet = first.text.strip()
        if bullet in BULLETS or bullet in _SIGNS:
            runs[0] = Run("-", (), first.place)
        self._builder.add_item(runs, bullet="", depth=part.level)

    def _rows(self, table: TableBlock, page: int) -> Iterator[list[TableCell]]:
        headers = _header_rows(table)
        for number, row in enumerate(table.rows):
            cells: list[TableCell] = []
            column = 0
            for cell in row:
                cells += [TableCell()] * (cell.column - column)
                lines = [
                    PlacedLine(line, page, line.right, starts_block=False) for line in cell.lines
                ]
                content = list(self._runs(lines))
                cells.append(TableCell(content, cell.columns, number < headers))
                column = cell.column + cell.columns
            yield cells

    def _runs(self, lines: Sequence[PlacedLine]) -> Iterator[Run]:
        """Yield the words of lines, with the spaces between them."""
        before: tuple[InlineMark, ...] = ()
        gap = False
        for at, placed in enumerate(lines):
            line = placed.line
            below = lines[at + 1].line if at + 1 < len(lines) else None
            joins, keeps = self._line_end(line, below)
            is_level = len({(word.baseline, word.size) for word in line.words}) == 1
            for number, (word, glued) in enumerate(zip(line.words, line.glued, strict=True)):
                text, script = (word.text, None) if is_level else _scripted(word, line)
                if number == len(line.words) - 1 and joins and not keeps:
                    text = text[:-1]
                text = text.replace("\u00ad", "")
                marks = self._marks(word, placed.page, script)
                if not text:
                    continue
                if gap and not glued:
                    if before == marks:
                        text = f" {text}"
                    else:
                        yield Run(" ", tuple(mark for mark in before if mark in marks))
                yield Run(text, marks, WordPlace(placed.page, *word.box))
                before, gap = marks, True
            gap = not joins

    def _line_end(self, line: Line, below: Line | None) -> tuple[bool, bool]:
        """Return whether the last word goes on in the line below, and whether with its hyphen."""
        last = line.words[-1].text
        if below is None:
            return False, True
        begins = below.words[0].text
        if begins[:1].isalnum() and HYPHENATED.search(_last_word(line)):
            return True, last[-1] in _DASHES[:2] or self._hyphens.keeps_hyphen(
                _last_word(line), _first_word(below)
            )
        if _ADDRESS_END.search(last) or _is_in_address(last, begins):
            return True, True
        return is_wide_script(last[-1:]) and is_wide_script(begins[:1]), True

    def _marks(self, word: Word, page: int, script: MarkKind | None) -> tuple[InlineMark, ...]:
        style = word.style & ~self._body.style
        if not style and script is None and not self._all_links[page - 1]:
            return ()
        marks: list[InlineMark] = []
        target = self._target(word, page)
        if target:
            marks.append(InlineMark(MarkKind.LINK, target))
        if style & BOLD:
            marks.append(InlineMark(MarkKind.STRONG))
        if style & ITALIC:
            marks.append(InlineMark(MarkKind.EMPHASIS))
        if style & MONOSPACED:
            marks.append(InlineMark(MarkKind.CODE))
        if script:
            marks.append(InlineMark(script))
        return tuple(marks)

    def _target(self, word: Word, page: int) -> str:
        links = self._all_links[page - 1]
        if not links:
            return ""
        if page not in self._links:
            self._links = {page: _PageLinks(links)}
        return self._links[page].target(word)

    def _code(self, lines: Sequence[PlacedLine]) -> Iterator[Run]:
        """Yield the words of lines of code with their indentation."""
        left = min(placed.line.left for placed in lines)
        before: PlacedLine | None = None
        for placed in lines:
            line = placed.line
            if before is not None:
                gap = line.baseline - before.line.baseline
                is_apart = before.page == placed.page and gap > 1.7 * self._body.leading(line.size)
                yield Run("\n\n" if is_apart else "\n")
            letters = sum(len(word.text) for word in line.words)
            width = sum(word.right - word.left for word in line.words) / letters or 1.0
            end = left
            for word, glued in zip(line.words, line.glued, strict=True):
                spaces = round((word.left - end) / width)
                least = 0 if glued or word is line.words[0] else 1
                yield Run(" " * min(max(spaces, least), _MAX_SPACES))
                yield Run(word.text, (), WordPlace(placed.page, *word.box))
                end = word.right
            before = placed


class _PageLinks:
    """The links of a page by their height."""

    def __init__(self, links: Sequence[PageLink]) -> None:
        self._by_height: defaultdict[int, list[PageLink]] = defaultdict(list)
        for link in links:
            first, last = int(link.top // _BUCKET), int(link.bottom // _BUCKET)
            for height in range(max(first, -1), min(last, first + 500) + 1):
                self._by_height[height].append(link)

    def target(self, word: Word) -> str:
        """Return the address that a word leads to, or ""."""
        left, top, right, bottom = word.box
        x, y = (left + right) / 2, (top + bottom) / 2
        for link in self._by_height.get(int(y // _BUCKET), ()):
            if link.left <= x <= link.right and link.top <= y <= link.bottom:
                return link.target
        return ""


def _scripted(word: Word, line: Line) -> tuple[str, MarkKind | None]:
    """Return the text of a word as it is written in a line, raised or lowered."""
    rise = (line.baseline - word.baseline) / line.size
    small = word.size < _SMALL * line.size
    if word.size > _LARGEST_SCRIPT * line.size or len(line.words) == 1:
        return word.text, None
    if rise > _RISE and (small or len(word.text) <= _MAX_SCRIPT_CHARS):
        return raised(word.text), MarkKind.SUPERSCRIPT
    if (
        rise < -_FALL
        and (small or len(word.text) <= _MAX_SCRIPT_CHARS)
        and rise < -_RISE * (0 if small else 1)
    ):
        return lowered(word.text), MarkKind.SUBSCRIPT
    return word.text, None


def _is_in_address(before: str, after: str) -> bool:
    """Return whether a line ends inside an address or the name of a file."""
    if _NAME_END.search(before):
        return True
    return bool(_STOP_INSIDE.search(before) and _REST_OF_ADDRESS.match(after))


def _last_word(line: Line) -> str:
    words = [line.words[-1].text]
    for at in range(len(line.words) - 1, 0, -1):
        if not line.glued[at]:
            break
        words.insert(0, line.words[at - 1].text)
    return "".join(words)


def _first_word(line: Line) -> str:
    words = [line.words[0].text]
    for word, glued in list(zip(line.words, line.glued, strict=True))[1:]:
        if not glued:
            break
        words.append(word.text)
    return "".join(words)


def _header_rows(table: TableBlock) -> int:
    """Return how many rows at the top of a table are its header.

    They are bold and those below are not, or they have no figures and those below have. Bold
    names of groups are above the names of most columns.
    """
    rows = table.rows
    bold = [all(line.is_bold for cell in row for line in cell.lines) for row in rows]
    by_bold = min(bold.index(False), 3) if bold[0] and not all(bold) else 0
    figures = [_share_of_figures(row) for row in rows[:50]]
    body = sorted(figures[1:])
    by_figures = 0
    if len(body) > 1 and body[len(body) // 2] >= 0.3:  # noqa: PLR2004
        by_figures = next((at for at, share in enumerate(figures[:4]) if share > 0.2), 0)  # noqa: PLR2004
    columns = max(cell.column + cell.columns for row in rows for cell in row)
    are_names = all(2 * len(row) >= columns for row in rows[by_bold:by_figures])
    return max(by_bold, by_figures) if not by_bold or are_names else by_bold


def _share_of_figures(row: Sequence[PrintedCell]) -> float:
    texts = [cell.lines[0].text for cell in row]
    numbers = sum(sum(map(str.isdigit, text)) * 2 >= len(text.replace(",", "")) for text in texts)
    return numbers / len(texts)
