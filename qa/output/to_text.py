"""Write an answer as plain text, for the terminal and the clipboard, and its sources in words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from index.errors import ArticleNotFound
from index.types import Article, Passage, Span
from qa.answers.answer import BULLET, Answer, parts
from qa.answers.citation import Citation
from qa.answers.written_wording import flag_of
from qa.output.blocks import paragraph_ends
from qa.output.checked_text import CheckedLine, lines_of, written_by
from qa.output.escape import replace_control_characters, single_line

NEAREST_SHOWN = 3
NEAR = 0.25
"""Similarity from which a passage is near a question, if the embedding model is the default. On
eight articles of xquad_en the best passage of each of 17 refused questions that have an answer is
at 0.29 or more, and of 46 of 47 questions about another article at 0.22 or less."""
# Two or three sentences: enough to see whether a passage is about the question.
EXCERPT_CHARS = 240
_QUOTATION_MARKS = '"“”„‟«»‹›「」『』'

Paragraphs: TypeAlias = Mapping[Citation | Passage, int]
"""The number of the paragraph, from 1, in which a quote or a passage begins."""
NO_PARAGRAPHS: Paragraphs = MappingProxyType({})


class Piece(NamedTuple):
    """A run of plain text."""

    text: str
    is_short: bool = False
    """Whether it is a short answer, which a terminal prints in bold."""


def to_plain(answer: Answer, paragraphs: Paragraphs = NO_PARAGRAPHS) -> str:
    """Return ``answer`` for a terminal: its text, then its sources or the nearest passages."""
    return "".join(piece.text for piece in plain_pieces(answer, paragraphs))


def plain_pieces(answer: Answer, paragraphs: Paragraphs = NO_PARAGRAPHS) -> Iterator[Piece]:
    """Yield the text of :func:`to_plain`, with the short answers as pieces of their own.

    A source repeats its quote only if the text of the answer does not contain it.
    """
    answer_text = single_line(answer.text)

    def describe(citation: Citation) -> str:
        where = place(citation, paragraphs.get(citation))
        return (
            where if single_line(citation.quote) in answer_text else f"{where}: {_quoted(citation)}"
        )

    return _pieces(answer, describe)


def answer_with_sources(answer: Answer, paragraphs: Paragraphs = NO_PARAGRAPHS) -> str:
    """Return ``answer`` for pasting elsewhere: every source with its place, origin and quote.

    A refusal lists the nearest passages.
    """

    def describe(citation: Citation) -> str:
        origin = f" ({single_line(citation.source)})" if citation.source else ""
        return f"{place(citation, paragraphs.get(citation))}{origin}: {_quoted(citation)}"

    return "".join(piece.text for piece in _pieces(answer, describe))


def understood_as(question: str) -> str:
    """Return the line that says how a follow-up question was understood."""
    return f"Understood as: {single_line(question)}"


def places_of(answer: Answer) -> tuple[Citation, ...]:
    """Return the citations of an answer, or the nearest passages of a refusal."""
    return answer.citations if answer.answered else nearest(answer)


def nearest(answer: Answer, limit: int = NEAREST_SHOWN) -> tuple[Citation, ...]:
    """Return the best passages that are near the question as citations of whole sentences."""
    near = [passage for passage in answer.passages if passage.similarity >= NEAR]
    excerpts = dict.fromkeys(map(_excerpt, near))
    return tuple(excerpts)[:limit]


def place(source: Citation | Passage, paragraph: int | None = None) -> str:
    """Return where a quote or a passage is: ``The title, p. 7`` or ``The title, paragraph 3``.

    Without a page or a paragraph it gives the offsets: ``The title, characters 120–180``.
    """
    title = single_line(source.title)
    if source.page is not None:
        return f"{title}, p. {source.page}"
    if paragraph is not None:
        return f"{title}, paragraph {paragraph}"
    return f"{title}, characters {source.start}–{source.end}"


def paragraphs_of(
    sources: Iterable[Citation | Passage], article_of: Callable[[str], Article]
) -> Paragraphs:
    """Return the number of the paragraph in which each source begins, headings not counted.

    Sources with a page number are left out, as are those of an article for which
    ``article_of`` raises ArticleNotFound.
    """
    ends: dict[str, list[int]] = {}
    numbers: dict[Citation | Passage, int] = {}
    for source in sources:
        if source.page is not None:
            continue
        if source.article_id not in ends:
            ends[source.article_id] = _paragraph_ends(source.article_id, article_of)
        before = bisect_right(ends[source.article_id], source.start)
        if before < len(ends[source.article_id]):
            numbers[source] = before + 1
    return numbers


def in_quotation_marks(text: str) -> str:
    """Return ``text`` in quotation marks, unless it begins or ends with one of its own.

    Doubled marks would look like a mistake, and changing the inner ones would alter the quote.
    """
    if text[:1] in _QUOTATION_MARKS or text[-1:] in _QUOTATION_MARKS:
        return text
    return f"“{text}”"


def _pieces(answer: Answer, describe: Callable[[Citation], str]) -> Iterator[Piece]:
    """Yield the notes, the text, who wrote it, and a list that describes each source."""
    if answer.note:
        yield Piece(f"Note: {single_line(answer.note)}\n")
    if answer.understood:
        yield Piece(f"{understood_as(answer.understood)}\n")
    yield from _text_pieces(answer)
    if by := written_by(answer):
        yield Piece(f"\n\n{by}")
    if answer.answered:
        items = [f"[{n}] {describe(source)}" for n, source in enumerate(answer.citations, start=1)]
    else:
        items = [f"- {describe(source)}" for source in nearest(answer)]
    if items:
        heading = "Sources" if answer.answered else "Nearest passages"
        yield Piece("\n".join(["", "", f"{heading}:", *items]))


def _text_pieces(answer: Answer) -> list[Piece]:
    """Return the text of an answer, without white space around it.

    Behind each statement of a written answer that is not supported, words say so.
    """
    if answer.claims:
        return [Piece("\n".join(map(_checked_line, lines_of(answer))))]
    pieces = [Piece(replace_control_characters(part.text), part.is_short) for part in parts(answer)]
    while pieces and not pieces[0].text.strip():
        del pieces[0]
    while pieces and not pieces[-1].text.strip():
        del pieces[-1]
    if pieces:
        pieces[0] = pieces[0]._replace(text=pieces[0].text.lstrip())
        pieces[-1] = pieces[-1]._replace(text=pieces[-1].text.rstrip())
    return pieces


def _checked_line(line: CheckedLine) -> str:
    words = [flag_of(run.status_of) if run.status_of else run.text for run in line.runs]
    return f"{BULLET * line.is_item}{replace_control_characters(''.join(words)).strip()}"


def _quoted(citation: Citation) -> str:
    return in_quotation_marks(single_line(citation.quote))


def _paragraph_ends(article_id: str, article_of: Callable[[str], Article]) -> list[int]:
    try:
        article = article_of(article_id)
    except ArticleNotFound:
        return []
    return paragraph_ends(article)


def _excerpt(passage: Passage) -> Citation:
    start, end = _first_sentences(passage)
    return Citation(
        article_id=passage.article_id,
        title=passage.title,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
        heading=passage.heading,
        page=passage.page_of(start),
    )


def _first_sentences(passage: Passage) -> Span:
    """Return the first whole sentences of a passage that fit into EXCERPT_CHARS, at least one.

    Headings at the top are skipped, unless there is nothing else.
    """
    first, *more = passage.sentences or (Span(passage.start, passage.end),)
    while more and passage.is_heading(first):
        first, *more = more
    end = first.end
    for sentence in more:
        if sentence.end - first.start > EXCERPT_CHARS:
            break
        end = sentence.end
    return Span(first.start, end)
