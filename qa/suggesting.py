"""Questions to begin with, made from an article and tried out before they are offered."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence

from index.errors import ArticleNotFound
from index.sentences import split_sentences
from index.types import Article, Span, overlap
from qa.answer import Answer
from qa.confidence import LIKELY
from qa.questions.phrases import OFTEN, Names
from qa.questions.rules import Candidate, candidates

TRIES = 16
"""How many questions at most are tried out for one article."""
SECONDS = 5.0
"""How long at most they are tried out, on a machine that is slow or busy."""
# Of a long article as many pieces of this length are read as questions are wanted.
_PIECE_CHARS = 12_000
_PAGE_CHARS = 2_000
"""Of a text of a page one has it all in mind; of a longer one what comes more often."""
_REMEMBERED = 64

Ask = Callable[[str], Answer]
Key = tuple[tuple[str, ...], frozenset[str], int]


class Suggestions:
    """The questions that were found for articles, remembered. Safe to use from several threads.

    An article's id is made from its text, so what is remembered of one never grows old.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Key, list[str]] = OrderedDict()
        self._late: set[Key] = set()
        """What was sought in vain for the whole time once, as on a machine that was busy."""

    def of(
        self,
        articles: Sequence[Article],
        asked: frozenset[str],
        count: int,
        ask: Ask,
        wanted: Callable[[], bool],
    ) -> list[str]:
        """Return up to ``count`` questions made from ``articles``, the first ones first.

        Args:
            articles: What they are made from.
            asked: The ids of the articles that ``ask`` answers from.
            count: How many at most.
            ask: Answers a question.
            wanted: Whether to go on; what was cut short is not remembered, nor what ran out
                of time for the first time.
        """
        key = (tuple(article.id for article in articles), asked, count)
        with self._lock:
            if key in self._found:
                return list(self._found[key])
        found: list[str] = []
        until = time.monotonic() + SECONDS
        for article, share in zip(articles, _shares(count, len(articles)), strict=True):
            try:
                found += suggested(
                    article, ask, share, wanted=lambda: wanted() and time.monotonic() < until
                )
            except ArticleNotFound:  # somebody removed it meanwhile
                return found
        if wanted():
            with self._lock:
                if len(found) < count and time.monotonic() >= until and key not in self._late:
                    self._late = {*list(self._late)[-_REMEMBERED:], key}
                    return found
                self._found[key] = list(found)
                if len(self._found) > _REMEMBERED:
                    self._found.popitem(last=False)
        return found


def suggested(
    article: Article, ask: Ask, count: int, *, wanted: Callable[[], bool] = lambda: True
) -> list[str]:
    """Return up to ``count`` questions that ``ask`` answers in the words they were made from.

    Each answer is likely right. The questions are from all over the article, in its order, of
    several kinds, and the same every time. Fewer come back, or none, where the rules are not
    sure, as of any language but English.
    """
    kept: list[Candidate] = []
    for candidate in _in_turn(article, count, kept):
        if len(kept) == count or not wanted():
            break
        if _confidence_there(candidate, article.id, ask) >= LIKELY:
            kept.append(candidate)
    return [made.question for made in sorted(kept, key=lambda made: made.answer)]


def _shares(count: int, articles: int) -> list[int]:
    """Return how many questions each of the articles gets; the first ones get the odd ones."""
    each, odd = divmod(count, max(1, articles))
    return [each + (i < odd) for i in range(articles)]


def _in_turn(article: Article, count: int, kept: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield candidates from each part of an article in turn, of kinds that are rare in ``kept``.

    No question comes twice.
    """
    regions = [_made(article, piece) for piece in _pieces(len(article.text), count)]
    tried: set[str] = set()
    for turn in range(TRIES * len(regions)):
        region = regions[turn % len(regions)]
        kinds = Counter(made.kind for made in kept)
        region[:] = [made for made in region if made.question not in tried]
        if region and len(tried) < TRIES:
            best = min(region, key=lambda made: kinds[made.kind])
            tried.add(best.question)
            yield best


def _pieces(length: int, count: int) -> list[Span]:
    """Return ``count`` stretches of a text, spread over it."""
    step = -(-length // max(1, count))
    return [
        Span(start, min(start + step, start + _PIECE_CHARS)) for start in range(0, length, step)
    ]


def _made(article: Article, piece: Span) -> list[Candidate]:
    """Return the questions made from the sentences that begin in a piece."""
    text = article.text
    first = max(text.rfind("\n", 0, piece.start) + 1, piece.start - _PIECE_CHARS)
    part = text[first : piece.end + _PIECE_CHARS // 10]
    names = Names.of(part, article.title, min(OFTEN, 1 + len(text) // _PAGE_CHARS))
    made: list[Candidate] = []
    for sentence in split_sentences(part):
        at = Span(first + sentence.start, first + sentence.end)
        if piece.start <= at.start < piece.end:
            made.extend(candidates(text, at, names))
    return made


def _confidence_there(candidate: Candidate, article_id: str, ask: Ask) -> float:
    """Return how sure the answer is, or 0 if it is not in the words that the question is after."""
    answer = ask(candidate.question)
    if answer.short_at is None:
        return 0.0
    first = answer.citations[0]
    short = Span(first.start + answer.short_at.start, first.start + answer.short_at.end)
    is_there = first.article_id == article_id and overlap(short, candidate.answer)
    return answer.confidence if is_there else 0.0
