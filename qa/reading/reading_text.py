"""Build the text that a model reads for a passage, with the place of each character.

Compatibility letters, such as ligatures and full-width letters, are read as what they mean, and
rows of tables with the words of their header. What is found in the reading text has a place in
the passage itself, so quotes stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from index.letters import compatibility_letters
from index.types import LabelledCell, LabelledRow, Span
from qa.reading.model import WindowLogits


@dataclass(frozen=True, slots=True)
class ReadingText:
    """A text as a model reads it, and where its characters are in the source."""

    text: str
    starts: Sequence[int] | None = None
    """Where each character starts in the source; for an inserted one, where the next one from
    the source does. None if the text is the source."""
    ends: Sequence[int] | None = None
    """Where each character ends; for an inserted one, where the last one from the source does."""

    def place(self, span: Span) -> Span:
        """Return where ``span`` is in the source: whole characters, without inserted words.

        The place of nothing but inserted words ends before it starts.
        """
        if self.starts is None or self.ends is None or span.start >= span.end:
            return span if self.starts is None else Span(0, 0)
        return Span(self.starts[span.start], self.ends[span.end - 1])

    def place_tokens(self, windows: Sequence[WindowLogits]) -> list[WindowLogits]:
        """Return ``windows``, read from this text, with the tokens' offsets in the source."""
        if self.starts is None:
            return list(windows)
        return [
            replace(
                logits,
                window=replace(
                    logits.window, offsets=tuple(map(self.place, logits.window.offsets))
                ),
            )
            for logits in windows
        ]


def reading_text(text: str, rows: Sequence[LabelledRow] = (), offset: int = 0) -> ReadingText:
    """Return what a model reads for ``text``, in time linear in its length.

    Args:
        text: A passage.
        rows: Its rows of tables.
        offset: Where the text starts in the article that ``rows`` have offsets in.
    """
    pieces = _pieces(text, rows, offset)
    letters = compatibility_letters(text)
    if len(pieces) == 1 and not letters:
        return ReadingText(text)
    builder = _Builder(text, letters)
    for piece in pieces:
        builder.add(piece)
    return builder.build()


@dataclass(slots=True)
class _Builder:
    """Joins parts of a source and inserted words."""

    source: str
    letters: dict[str, str]
    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    copied: int = 0
    """The end of the last part of the source."""
    inserted: int = 0
    """The number of characters inserted since, whose start is that of the next part."""

    def add(self, piece: Span | str) -> None:
        if isinstance(piece, str):
            self.parts.append(piece)
            self.ends += [self.copied] * len(piece)
            self.inserted += len(piece)
            return
        self._start_inserted(piece.start)
        for at, letter in enumerate(self.source[slice(*piece)], piece.start):
            meaning = self.letters.get(letter, letter)
            self.parts.append(meaning)
            self.starts += [at] * len(meaning)
            self.ends += [at + 1] * len(meaning)
        self.copied = piece.end

    def _start_inserted(self, start: int) -> None:
        self.starts += [start] * self.inserted
        self.inserted = 0

    def build(self) -> ReadingText:
        self._start_inserted(len(self.source))
        return ReadingText("".join(self.parts), self.starts, self.ends)


def _pieces(text: str, rows: Sequence[LabelledRow], offset: int) -> list[Span | str]:
    """Return the parts of ``text``, and between them the words to insert in rows of tables."""
    pieces: list[Span | str] = []
    copied = 0
    for row in rows:
        if row.is_read and not any(cell.label for cell in row.cells if not cell.is_name):
            continue
        line = _with_pipes(text, row.cells[0].start - offset, row.cells[-1].end - offset)
        pieces.append(Span(copied, line.start))
        copied = line.end
        for at, cell in enumerate(row.cells if row.is_read else ()):
            place = Span(cell.start - offset, cell.end - offset)
            pieces += [*_before_cell(row, cell, is_first=at == 0), place]
        pieces += ["."] if row.is_read else []
    return [*pieces, Span(copied, len(text))]


def _with_pipes(text: str, start: int, end: int) -> Span:
    """Return a row with the pipes around it, as in Markdown."""
    line = text.rfind("\n", 0, start) + 1
    start = line if not text[line:start].strip("| \t") else start
    line = text.find("\n", end)
    line = len(text) if line < 0 else line
    return Span(start, end if text[end:line].strip("| \t") else line)


def _before_cell(row: LabelledRow, cell: LabelledCell, *, is_first: bool) -> list[str]:
    """Return what is read before a cell.

    Each is read with the name of its row: of sixteen forms this was the best for the reading model.
    """
    separator = [] if is_first else ["; "]
    if cell.is_name:
        return [*separator, f"{cell.label}: "] if cell.label and not is_first else separator
    return [*separator, f"{row.name}, {cell.label}: " if cell.label else f"{row.name}: "]
