"""Split an article into chunks of whole sentences.

A chunk never crosses a heading. Short paragraphs are joined, and long ones are split between
sentences into even parts. A sentence that is too long for the embedding model is cut, so that no
text is lost.
"""

from __future__ import annotations

import itertools
import math
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.limits import check_cancelled
from index.sentences import guess_language, split_sentences
from index.structure import rows_of
from index.types import Article, Chunk, Span

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Returns the number of tokens of each text, without special tokens."""

# A longer heading is shortened for the embedding.
MAX_HEADING_CHARS = 200
_SPANS_AT_ONCE = 1_000  # takes about 0.1 s, after which the work can be cancelled


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """Limits on the length of chunks."""

    min_tokens: int = 60
    """Paragraphs are joined until a chunk has this many."""
    max_tokens: int = 250
    """No chunk has more, without its heading."""
    max_chars: int = 1_500
    """No chunk has more. The model takes letters without spaces for one token."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive sentences, or pieces of one, and their number of tokens."""

    sentences: tuple[Span, ...]
    tokens: int

    @property
    def chars(self) -> int:
        return self.sentences[-1].end - self.sentences[0].start

    def __add__(self, other: _Run) -> _Run:
        return _Run(self.sentences + other.sentences, self.tokens + other.tokens)


def chunk_article(
    article: Article, count_tokens: TokenCounter, limits: ChunkLimits | None = None
) -> list[Chunk]:
    """Return the chunks of ``article``, in order.

    They do not overlap, and cover every character that is not white space. The first chunk of a
    section starts with the heading; all of them have it as context.
    """
    limits = limits or ChunkLimits()
    language = guess_language(article.text)
    chunks: list[Chunk] = []
    rows = [
        Span(row[0].start, row[-1].end) for table in article.tables for row in rows_of(table.cells)
    ]
    for section in _sections(article):
        check_cancelled()
        spans = _sentences_of(article, section, language, rows)
        paragraphs = _paragraphs(article.text, _fitting(article.text, spans, count_tokens, limits))
        heading = section[0]
        title = article.text[heading.start : heading.end] if heading else ""
        for run in _pack(paragraphs, limits):
            first, last = run.sentences[0].start, run.sentences[-1].end
            text = article.text[first:last]
            chunks.append(
                Chunk(article.id, first, last, text, title[:MAX_HEADING_CHARS], run.sentences)
            )
    return chunks


def _sections(article: Article) -> list[tuple[Span | None, int, int]]:
    """Return (heading, start, end) of each section.

    A heading directly below another belongs to the same section.
    """
    sections: list[tuple[Span | None, int, int]] = []
    heading: Span | None = None
    start = body = 0
    for mark in article.headings:
        line_start = article.text.rfind("\n", 0, mark.start) + 1  # includes a "#"
        if article.text[body:line_start].strip():
            sections.append((heading, start, line_start))
            start = line_start
        heading, body = Span(mark.start, mark.end), mark.end
    sections.append((heading, start, len(article.text)))
    return sections


def _sentences_of(
    article: Article,
    section: tuple[Span | None, int, int],
    language: str,
    rows: Sequence[Span],
) -> list[Span]:
    """Return the sentences of a section; its heading's line and each row of a table are one."""
    heading, start, end = section
    cuts = [start, end]
    if heading:
        line_start = article.text.rfind("\n", start, heading.start) + 1
        line_end = article.text.find("\n", heading.end, end)
        cuts = [start, max(start, line_start), end if line_end < 0 else line_end, end]
    return [
        Span(left + span.start, left + span.end)
        for first, last in itertools.pairwise(cuts)
        for (left, right), is_row in _without_rows(Span(first, last), rows)
        for span in _sentences_or_row(article.text[left:right], language, is_row=is_row)
    ]


def _without_rows(part: Span, rows: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
    """Yield what is between the rows of tables in a part of the text, and the rows themselves."""
    position = part.start
    for row in itertools.islice(rows, bisect_right(rows, (part.start, 0)), None):
        if row.start >= part.end:
            break
        if row.start >= position and row.end <= part.end:
            yield Span(position, row.start), False
            yield row, True
            position = row.end
    yield Span(position, part.end), False


def _sentences_or_row(text: str, language: str, *, is_row: bool) -> list[Span]:
    return [Span(0, len(text))] if is_row else split_sentences(text, language)


def _fitting(
    text: str, spans: list[Span], count_tokens: TokenCounter, limits: ChunkLimits
) -> list[_Run]:
    """Return one run for each sentence, or for each piece of one that is too long."""
    spans = [piece for span in spans for piece in _cut_by_chars(text, span, limits.max_chars)]
    runs: list[_Run] = []
    while spans:
        pending: list[Span] = []
        for first in range(0, len(spans), _SPANS_AT_ONCE):
            check_cancelled()
            some = spans[first : first + _SPANS_AT_ONCE]
            counts = count_tokens([text[start:end] for start, end in some])
            for span, tokens in zip(some, counts, strict=True):
                if tokens <= limits.max_tokens or span.end - span.start == 1:
                    runs.append(_Run((span,), tokens))
                else:
                    pending.extend(_halves(text, span))
        spans = pending
    return sorted(runs, key=lambda run: run.sentences[0])


def _cut_by_chars(text: str, span: Span, max_chars: int) -> list[Span]:
    pieces = []
    pending = [span]
    while pending:
        piece = pending.pop()
        if piece.end - piece.start <= max_chars:
            pieces.append(piece)
        else:
            pending.extend(_halves(text, piece))
    return pieces


def _halves(text: str, span: Span) -> list[Span]:
    """Cut ``span`` near its middle, at white space if its middle half has any."""
    start, end = span
    middle, quarter = (start + end) // 2, (end - start) // 4
    left = next((i for i in range(middle, middle - quarter, -1) if text[i].isspace()), None)
    right = next((i for i in range(middle, middle + quarter) if text[i].isspace()), None)
    spaces = [i for i in (left, right) if i is not None]
    cut = min(spaces, key=lambda i: abs(i - middle)) if spaces else _between_characters(text, span)
    halves = (_trim(text, start, cut), _trim(text, cut, end))
    return [half for half in halves if half.start < half.end]


def _between_characters(text: str, span: Span) -> int:
    """Return the middle of ``span``, moved back if it would split a letter from its accents."""
    middle = (span.start + span.end) // 2
    cut = middle
    while cut > span.start + 1 and (unicodedata.combining(text[cut]) or text[cut] == "\u200d"):
        cut -= 1
    return cut if cut > span.start + 1 else middle


def _trim(text: str, start: int, end: int) -> Span:
    body = text[start:end]
    start += len(body) - len(body.lstrip())
    return Span(start, start + len(body.strip()))


def _paragraphs(text: str, runs: list[_Run]) -> list[list[_Run]]:
    """Group the runs that are not separated by a newline."""
    paragraphs: list[list[_Run]] = []
    for run in runs:
        if paragraphs:
            gap = text[paragraphs[-1][-1].sentences[-1].end : run.sentences[0].start]
            if "\n" not in gap:
                paragraphs[-1].append(run)
                continue
        paragraphs.append([run])
    return paragraphs


def _pack(paragraphs: list[list[_Run]], limits: ChunkLimits) -> list[_Run]:
    packed: list[_Run] = []
    is_short = False  # whether the last of `packed` may be extended
    for paragraph in paragraphs:
        for run in _even_runs(paragraph, limits):
            if is_short and _fits(packed[-1] + run, limits):
                packed[-1] += run
            else:
                packed.append(run)
            is_short = packed[-1].tokens < limits.min_tokens
    return packed


def _even_runs(paragraph: list[_Run], limits: ChunkLimits) -> list[_Run]:
    """Split a paragraph between sentences into runs of about the same length that fit."""
    total = sum(run.tokens for run in paragraph)
    chars = paragraph[-1].sentences[-1].end - paragraph[0].sentences[0].start
    parts = max(math.ceil(total / limits.max_tokens), math.ceil(chars / limits.max_chars))
    share = total / parts
    runs = [paragraph[0]]
    for run in paragraph[1:]:
        grown = runs[-1] + run
        if _fits(grown, limits) and grown.tokens - run.tokens / 2 <= share:
            runs[-1] = grown
        else:
            runs.append(run)
    return runs


def _fits(run: _Run, limits: ChunkLimits) -> bool:
    return run.tokens <= limits.max_tokens and run.chars <= limits.max_chars
