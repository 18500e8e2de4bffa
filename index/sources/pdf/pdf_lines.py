"""Join the words of a PDF's page into rows and lines, in the direction they are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise
from operator import attrgetter

from index.sources.pdf.pdf_page import BOLD, MONOSPACED, Word

BULLETS = "•◦▪▫‣·*■□●○▸►▶✓➢❖\uf0b7\uf0a7\uf0d8\uf0a8\uf06e"

# Shares of the size of the letters.
_SAME_ROW = 0.3
_SMALL = 0.86
_HIGHEST = 0.75
_LOWEST = 0.35
_ATTACHED = 0.3
_SPACE = 0.13
_NO_SPACE = 0.08
_RAISED = 0.12
_SAME_PLACE = 0.2


@dataclass(frozen=True)
class Line:
    """Words on one baseline, in the order in which they are read."""

    words: tuple[Word, ...]
    left: float
    right: float
    baseline: float
    """Downwards from the page's upper edge, in points."""
    size: float
    """The size of most of its letters."""

    @classmethod
    def of(cls, words: Sequence[Word]) -> Line:
        """Return the line of words that are in order from left to right."""
        main = words[0]
        if len({word.baseline for word in words}) > 1:
            main = max(words, key=lambda word: (len(word.text) > 1, word.size * len(word.text)))
        return cls(
            tuple(_in_reading_order(words)),
            min(word.left for word in words),
            max(word.right for word in words),
            main.baseline,
            _usual_size(words),
        )

    @cached_property
    def text(self) -> str:
        """Its plain text."""
        return "".join(
            word.text if not at or glued else f" {word.text}"
            for at, (word, glued) in enumerate(zip(self.words, self.glued, strict=True))
        )

    @cached_property
    def glued(self) -> tuple[bool, ...]:
        """For each word whether it goes on without a space after the one before."""
        return (False, *(is_glued(one, other) for one, other in pairwise(self.words)))

    @property
    def is_bold(self) -> bool:
        """Whether all its words are bold."""
        return all(word.style & BOLD for word in self.words)

    @property
    def is_monospaced(self) -> bool:
        """Whether all its words are in letters of one width."""
        return all(word.style & MONOSPACED for word in self.words)


def _usual_size(words: Sequence[Word]) -> float:
    if len({word.size for word in words}) == 1:
        return words[0].size
    sizes = sorted((word.size, len(word.text)) for word in words)
    half = sum(length for _, length in sizes) / 2
    for size, length in sizes:
        half -= length
        if half <= 0:
            return size
    return sizes[-1][0]


def is_glued(one: Word, other: Word) -> bool:
    """Return whether two neighbouring words of a line are parts of one."""
    gap = max(other.left - one.right, one.left - other.right)
    size = max(one.size, other.size)
    if other.order == one.order + 1:
        is_script = min(one.size, other.size) < _SMALL * size or (
            abs(one.baseline - other.baseline) > _RAISED * size
        )
        # PDFium puts a space where the baseline changes.
        is_joined = other.is_joined or (is_script and abs(gap) < _NO_SPACE * size)
        return is_joined and gap < _ATTACHED * size
    return gap < _SPACE * size


def rows_of(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words by their baseline, downwards; the words of a row from left to right.

    Raised and lowered letters are in the row of the word they are next to. A word that is drawn
    twice at the same place, to look bold, is taken once.
    """
    rows: list[list[Word]] = []
    for word in sorted(words, key=attrgetter("baseline")):
        row = rows[-1] if rows else None
        # Compared with the first, so that a slope cannot chain lines together.
        if row and word.baseline - row[0].baseline <= _SAME_ROW * min(word.size, row[0].size):
            row.append(word)
        else:
            rows.append([word])
    rows = _with_raised_letters(rows)
    return [_without_copies(sorted(row, key=attrgetter("left", "order"))) for row in rows]


def _with_raised_letters(rows: list[list[Word]]) -> list[list[Word]]:
    """Move small letters that stick to a word of a near row into its row."""
    kept: list[list[Word]] = [list(row) for row in rows]
    sizes = [max(word.size for word in row) for row in rows]
    for at, row in enumerate(rows):
        for near in (at + 1, at - 1, at + 2):
            if not 0 <= near < len(rows) or not kept[at]:
                continue
            size = sizes[near]
            shift = kept[near][0].baseline - row[0].baseline if kept[near] else None
            if shift is None or not -_LOWEST * size <= shift <= _HIGHEST * size:
                continue
            edges = {word.order: word for word in kept[near]}
            moved = [
                word
                for word in kept[at]
                if any(
                    is_attached(word, host)
                    for host in (edges.get(word.order - 1), edges.get(word.order + 1))
                    if host is not None
                )
                or (word.size < _SMALL * size and _touches(word, kept[near]))
            ]
            if moved and len(moved) <= len(kept[near]):
                gone = {word.order for word in moved}
                kept[at] = [word for word in kept[at] if word.order not in gone]
                kept[near] += moved
    return [row for row in kept if row]


def is_attached(word: Word, host: Word) -> bool:
    """Return whether a word is a raised or lowered part of the line of another."""
    gap = max(word.left - host.right, host.left - word.right)
    shift = host.baseline - word.baseline
    return (
        word.size < 1.04 * host.size
        and gap < _ATTACHED * host.size
        and -_LOWEST * host.size < shift < _HIGHEST * host.size
        and (word.size < _SMALL * host.size or len(word.text) <= len("(99)"))
    )


def _touches(word: Word, row: Sequence[Word]) -> bool:
    return len(row) < 400 and any(is_attached(word, host) for host in row)  # noqa: PLR2004


def _without_copies(row: list[Word]) -> list[Word]:
    kept: list[Word] = []
    for word in row:
        is_copy = any(
            word.text == before.text
            and abs(word.left - before.left) < _SAME_PLACE * word.size
            and abs(word.baseline - before.baseline) < _SAME_PLACE * word.size
            for before in kept[-4:]
        )
        if not is_copy:
            kept.append(word)
    return kept


def is_wide_script(letter: str) -> bool:
    """Return whether a letter is of a script that is written without spaces."""
    return (
        "\u3000" <= letter <= "\u9fff"
        or "\uf900" <= letter <= "\ufaff"
        or ("\uff00" <= letter <= "\uffef")
    )


@lru_cache(maxsize=20_000)
def _leaning(text: str) -> int:
    """Return 1 for a word that is read from the right, -1 for one from the left, 0 for neither."""
    if text.isascii():
        return -1 if any(letter.isalnum() for letter in text) else 0
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"R", "AL"}:
            return 1
        if kind in {"L", "EN", "AN"}:
            return -1
    return 0


def is_right_to_left(words: Sequence[Word]) -> bool:
    """Return whether most words are of a script that is read from the right."""
    return (
        sum(
            _leaning(word.text) * (_leaning(word.text) > 0 or word.text.isalpha()) for word in words
        )
        > 0
    )


def _in_reading_order(words: Sequence[Word]) -> Iterator[Word]:
    """Yield the words of a line, from left to right, in the order in which they are read."""
    texts = [word.text for word in words]
    if "".join(texts).isascii() or not any(_leaning(text) > 0 for text in texts):
        yield from words
        return
    main = 1 if is_right_to_left(words) else -1
    ordered = list(words) if main < 0 else list(words)[::-1]
    # A run of words in the other direction keeps its own order.
    leanings = [_leaning(word.text) for word in ordered]
    runs = groupby(range(len(ordered)), key=lambda at: leanings[at] == -main)
    for is_other, run in runs:
        places = list(run)
        yield from (ordered[at] for at in (reversed(places) if is_other else places))
