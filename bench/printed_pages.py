"""Pages of six kinds with known text, drawn by reportlab, for measuring how PDFs are read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

PAGES_OF_A_KIND = 5
_A4 = (595.0, 842.0)
_SLIDE = (720.0, 405.0)
_SECOND_COLUMN = 306
_LONG_WORD = 8
_FONTS = ("Helvetica", "Times-Roman")
_BOLD = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold"}

_NOUNS = (
    "harbour committee report bridge contract committee winter engine library budget garden "
    "railway village agreement measurement laboratory newspaper orchestra telescope fisherman "
    "management environment development temperature instrument"
).split()
_ADJECTIVES = "old quiet northern expensive remarkable public careful wooden recent narrow".split()
_VERBS = "described examined repaired considered replaced discovered visited measured".split()
_PLACES = "Hallam Wexcombe Oldport Marsh Tarrow Linfield Brackwater Sedgemoor".split()
_ENDS = (
    "in the spring of {year}",
    "after a long discussion",
    "for {number} pounds",
    "without any delay",
    "near the well-known mill",
    "as the members had hoped",
    "on behalf of {place}",
)


@dataclass(frozen=True)
class Sample:
    """A PDF and what a reader sees in it, in reading order."""

    kind: str
    data: bytes
    text: str
    pages: int


class Piece(NamedTuple):
    """A piece of text to be drawn."""

    x: float
    y: float
    text: str
    font: str
    size: float


@dataclass
class _Sheet:
    """Collects the pieces of a page, to draw them in some order."""

    random: random.Random
    font: str
    size: tuple[float, float] = _A4
    pieces: list[Piece] = field(default_factory=list)
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def put(self, x: float, y: float, text: str, size: float, font: str = "") -> None:
        self.pieces.append(Piece(x, y, text, font or self.font, size))

    def draw(self, canvas: Canvas) -> None:
        """Draw in the order of reading, by rows, or without any order."""
        canvas.setPageSize(self.size)
        order = self.random.choice(["read", "rows", "rows", "none"])
        pieces = list(self.pieces)
        if order == "rows":
            pieces.sort(key=lambda piece: (-piece.y, piece.x))
        elif order == "none":
            self.random.shuffle(pieces)
        for rule in self.rules:
            canvas.line(*rule)
        for piece in pieces:
            canvas.setFont(piece.font, piece.size)
            canvas.drawString(piece.x, piece.y, piece.text)
        canvas.showPage()


class _Writer:
    """Makes sentences of its own."""

    def __init__(self, chosen: random.Random) -> None:
        self.random = chosen

    def sentence(self) -> str:
        pick = self.random.choice
        end = pick(_ENDS).format(
            year=self.random.randint(1890, 2025),
            number=self.random.randint(20, 900),
            place=pick(_PLACES),
        )
        middle = pick(["", f" and the {pick(_NOUNS)}", f" of {pick(_PLACES)}", ", too,"])
        return (
            f"The {pick(_ADJECTIVES)} {pick(_NOUNS)} {pick(_VERBS)} the {pick(_ADJECTIVES)} "
            f"{pick(_NOUNS)}{middle} {end}."
        )

    def paragraph(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def heading(self) -> str:
        return f"{self.random.choice(_ADJECTIVES).title()} {self.random.choice(_NOUNS).title()}"

    def words(self, count: int) -> str:
        return " ".join(self.random.choice(_NOUNS) for _ in range(count))


def _wrapped(text: str, width: float, font: str, size: float, *, divide: bool = False) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if stringWidth(longer, font, size) <= width:
            line = longer
            continue
        if divide and len(word) > _LONG_WORD and word.isalpha():
            head = f"{line} {word[:4]}-".strip()
            if stringWidth(head, font, size) <= width:
                lines.append(head)
                line = word[4:]
                continue
        lines.append(line)
        line = word
    return [*lines, line]


def _column(  # noqa: PLR0913, PLR0917 - where it is and how it is set
    sheet: _Sheet,
    texts: Sequence[str],
    x: float,
    y: float,
    width: float,
    size: float,
    *,
    divide: bool = False,
    space: float = 0.5,
) -> float:
    """Put paragraphs below each other; return where the next line would be."""
    leading = 1.2 * size
    for text in texts:
        for line in _wrapped(text, width, sheet.font, size, divide=divide):
            sheet.put(x, y, line, size)
            y -= leading
        y -= space * leading
        sheet.known.append(text)
    return y


def _heading(sheet: _Sheet, text: str, x: float, y: float, size: float) -> float:
    sheet.put(x, y, text, size, _BOLD[sheet.font])
    sheet.known.append(text)
    return y - 1.5 * size


def paper(chosen: random.Random) -> Sample:
    """Return a page of two columns below a title and an abstract, with a note."""
    writer, sheet = _Writer(chosen), _Sheet(chosen, chosen.choice(_FONTS))
    y = _heading(sheet, f"On the {writer.heading()} of {chosen.choice(_PLACES)}", 120, 780, 17)
    authors = "Ellen Marsh, University of Hallam"
    sheet.put(200, y, authors, 10)
    sheet.known.append(authors)
    y = _column(sheet, [f"Abstract. {writer.paragraph(3)}"], 70, y - 26, 455, 9.5) - 12
    for x in (56, _SECOND_COLUMN):
        at = y
        for _ in range(2):
            at = _heading(sheet, f"{chosen.randint(1, 9)} {writer.heading()}", x, at - 4, 11)
            at = _column(
                sheet,
                [writer.paragraph(chosen.randint(2, 4)) for _ in range(2)],
                x,
                at,
                232,
                9.5,
                divide=True,
            )
        if x == _SECOND_COLUMN:
            note = f"1 {writer.sentence()}"
            _column(sheet, [note], x, 80, 232, 7)
    return _finish("paper", [sheet])


def form(chosen: random.Random) -> Sample:
    """Return a form of labels and values, with lines around them or without."""
    writer, sheet = _Writer(chosen), _Sheet(chosen, chosen.choice(_FONTS))
    y = _heading(sheet, f"Application for a {writer.heading()}", 60, 780, 16) - 10
    twice, ruled = chosen.choice([True, False]), chosen.choice([True, False])
    bounds = [60, 150, 300, 400, 540] if twice else [60, 220, 540]
    top = y + 14
    for _ in range(chosen.randint(8, 14)):
        row = []
        for at, x in enumerate(bounds[:-1]):
            text = (
                writer.words(1).title() + ":" if at % 2 == 0 else writer.words(chosen.randint(1, 2))
            )
            sheet.put(x + 4, y, text, 10)
            row.append(text)
        sheet.known.append(" ".join(row))
        y -= 22
    if ruled:
        rows = round((top - 14 - y) / 22)
        for at in range(rows + 1):
            sheet.rules.append((bounds[0], top - 22 * at, bounds[-1], top - 22 * at))
        for x in bounds:
            sheet.rules.append((x, top, x, top - 22 * rows))
    _column(sheet, [f"Declaration. {writer.paragraph(3)}"], 60, y - 20, 470, 9)
    return _finish("form", [sheet])


def _table(sheet: _Sheet, writer: _Writer, x: float, y: float) -> float:
    chosen = sheet.random
    columns, rows = chosen.randint(3, 5), chosen.randint(4, 8)
    width = 440 / columns
    ruled = chosen.choice([True, False, False])
    top = y + 11
    for number in range(rows):
        cells = [
            (
                writer.words(1).title()
                if number == 0 or at == 0
                else f"{chosen.uniform(1, 900):,.2f}"
            )
            for at in range(columns)
        ]
        for at, cell in enumerate(cells):
            right = at > 0 and x + (at + 1) * width - 8 - stringWidth(cell, sheet.font, 9)
            sheet.put(right or x + at * width + 4, y, cell, 9)
        sheet.known.append(" ".join(cells))
        y -= 14
    if ruled:
        for number in range(rows + 1):
            sheet.rules.append((x, top - 14 * number, x + 440, top - 14 * number))
        for at in range(columns + 1):
            sheet.rules.append((x + at * width, top, x + at * width, top - 14 * rows))
    return y - 10


def report(chosen: random.Random) -> Sample:
    """Return a report of several pages with running heads, tables, lists and notes."""
    writer, font = _Writer(chosen), chosen.choice(_FONTS)
    head, sheets = f"{chosen.choice(_PLACES)} Annual Report {chosen.randint(1990, 2025)}", []
    head_size = chosen.choice([8.0, 14.0])
    for number in range(1, PAGES_OF_A_KIND + 1):
        sheet = _Sheet(chosen, font)
        sheet.put(70, 806, head, head_size)
        sheet.put(290, 30, str(number + 10), 8)
        y = _heading(sheet, writer.heading(), 70, 760, 15)
        y = _column(sheet, [writer.paragraph(4), writer.paragraph(3)], 70, y, 455, 10)
        y = _table(sheet, writer, 70, y - 6)
        for _ in range(3):
            item = writer.sentence()
            sheet.put(76, y, "•", 10)
            y = _column(sheet, [item], 90, y, 420, 10, space=0.1)
        y = _heading(sheet, writer.heading(), 70, y - 10, 12)
        _column(sheet, [writer.paragraph(3)], 70, y, 455, 10)
        _column(sheet, [f"{number} {writer.sentence()}"], 70, 62, 455, 7)
        sheets.append(sheet)
    return _finish("report", sheets)


def brochure(chosen: random.Random) -> Sample:
    """Return a page of three columns of different lengths below a large heading."""
    writer, sheet = _Writer(chosen), _Sheet(chosen, chosen.choice(_FONTS))
    _heading(sheet, f"Welcome to {chosen.choice(_PLACES)}", chosen.choice([50, 180]), 770, 26)
    for x in (45, 220, 395):
        y = _heading(sheet, writer.heading(), x, 715 - chosen.choice([0, 5]), 13)
        for _ in range(chosen.randint(2, 4)):
            y = _column(sheet, [writer.paragraph(chosen.randint(1, 3))], x, y, 155, 9)
    wide = writer.paragraph(2)
    _column(sheet, [wide], 45, 110, 500, 11)
    return _finish("brochure", [sheet])


def book(chosen: random.Random) -> Sample:
    """Return pages of a book with indents, divided words, heads, and paragraphs over pages."""
    writer, font = _Writer(chosen), chosen.choice(_FONTS)
    text = [writer.paragraph(chosen.randint(3, 8)) for _ in range(30)]
    lines: list[tuple[float, str]] = []
    for paragraph in text:
        wrapped = _wrapped(f"\u2003{paragraph}".strip(), 330, font, 11, divide=True)
        lines += [(14.0 if at == 0 else 0.0, line) for at, line in enumerate(wrapped)]
    sheets = []
    for number in range(PAGES_OF_A_KIND):
        sheet = _Sheet(chosen, font, (420.0, 595.0))
        sheet.put(
            45 if number % 2 else 200, 570, ["THE HARBOUR", "CHAPTER OF STORMS"][number % 2], 9
        )
        sheet.put(205, 22, str(number + 31), 9)
        for at, (indent, line) in enumerate(lines[number * 36 : number * 36 + 36]):
            sheet.put(45 + indent, 545 - 14 * at, line, 11)
        sheets.append(sheet)
    shown = lines[: PAGES_OF_A_KIND * 36]
    sheets[0].known.append(
        "\n".join(line for _, line in shown).replace("well-\n", "well-").replace("-\n", "")
    )
    return _finish("book", sheets)


def slides(chosen: random.Random) -> Sample:
    """Return a slide of one or two columns of points."""
    writer, sheet = _Writer(chosen), _Sheet(chosen, "Helvetica", _SLIDE)
    _heading(sheet, writer.heading(), 40, 350, 30)
    columns = chosen.choice([[50], [50, 380]])
    for x in columns:
        y = 290.0
        for _ in range(chosen.randint(3, 4)):
            sheet.put(x, y, "•", 16)
            y = _column(
                sheet,
                [writer.words(chosen.randint(4, 7)).capitalize()],
                x + 18,
                y,
                270 if len(columns) > 1 else 600,
                16,
                space=0.4,
            )
    sheet.put(40, 16, chosen.choice(_PLACES), 8)
    sheet.known.append(sheet.pieces[-1].text)
    return _finish("slides", [sheet])


def _finish(kind: str, sheets: Sequence[_Sheet]) -> Sample:
    buffer = BytesIO()
    canvas = Canvas(buffer)
    for sheet in sheets:
        sheet.draw(canvas)
    canvas.save()
    known = "\n\n".join(text for sheet in sheets for text in sheet.known)
    return Sample(kind, buffer.getvalue(), known, len(sheets))


KINDS: tuple[Callable[[random.Random], Sample], ...] = (
    paper,
    form,
    report,
    brochure,
    book,
    slides,
)


def samples(seed: int) -> Iterator[Sample]:
    """Yield thirty pages: five of each kind, in files of one or five pages."""
    chosen = random.Random(seed)  # noqa: S311 - the same pages in every run
    for make in KINDS:
        pages = 0
        while pages < PAGES_OF_A_KIND:
            sample = make(chosen)
            pages += sample.pages
            yield sample
