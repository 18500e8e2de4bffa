"""Number the sentences of articles that a language model may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.embedding.embedder import Vectors
from index.sentences import split_sentences
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation

_BYTES_PER_TOKEN = 3
"""Of UTF-8: English has about four, Chinese and Hindi three or fewer, so this rarely says less."""
_NUMBER_TOKENS = 5
"""Tokens of the number before a sentence and of the line break after it."""


@dataclass(frozen=True, slots=True)
class Material:
    """What an answer is written from, besides the passages of the extractive answer."""

    articles: Sequence[Article]
    """The articles that are asked, or those of the passages."""
    quoted: Sequence[Citation]
    """The sentences that matter most: those that the extractive answer quotes, or of a question
    about the whole text its key points. With none and no near passage, nothing is written."""
    earlier: Sequence[Answer] = ()
    """The answers before this one, oldest first."""
    encode: Callable[[Sequence[str]], Vectors] | None = None
    """Embeds sentences with the default model, to tell which of them belong to their article."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article, ``article.text[start:end]``."""

    article: Article
    start: int
    end: int
    heading: str = ""
    """The heading of its section, where it is known."""
    before: int | None = None
    """Where the sentence before it begins; None for the first."""
    after: int | None = None
    """Where the sentence after it ends; None for the last."""

    @property
    def text(self) -> str:
        """The words of the sentence."""
        return self.article.text[self.start : self.end]

    @property
    def with_neighbours(self) -> str:
        """The sentence with the ones before and after it, which say what its pronouns mean."""
        start = self.start if self.before is None else self.before
        return self.article.text[start : self.end if self.after is None else self.after]

    def cite(self) -> Citation:
        """Return the citation of the sentence."""
        return Citation.of(self.article, self.start, self.end, heading=self.heading)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather more than fewer."""
    return len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN + 1


def select_sentences(
    material: Material, passages: Sequence[Passage], max_tokens: int
) -> list[Sentence]:
    """Return the sentences to show to the model, in reading order; empty if there is no room.

    These are the whole articles if they fit. Else they are the quoted sentences, then the best
    passages or, if there are none, the beginnings of the articles, as far as they fit.

    Args:
        material: The articles and the quoted sentences.
        passages: The passages retrieved for the question, best first.
        max_tokens: The room that there is for them.
    """
    articles = material.articles
    room = max_tokens * _BYTES_PER_TOKEN
    if sum(len(article.text) for article in articles) <= room:
        whole = [sentence for article in articles for sentence in _sentences_of(article)]
        if len(_fitting(whole, max_tokens)) == len(whole):
            return whole
    by_id = {article.id: article for article in articles}
    candidates = [*_sentences_at(material.quoted, by_id), *_sentences_in(passages, by_id)]
    if not passages:
        share = room // max(1, len(articles))
        candidates += [each for article in articles for each in _sentences_of(article, share)]
    # In the order of the first one, with the neighbours of the last one.
    distinct = {(each.article.id, each.start): each for each in candidates}
    chosen = _fitting(distinct.values(), max_tokens)
    order = {article_id: rank for rank, article_id in enumerate(by_id)}
    return sorted(chosen, key=lambda each: (order[each.article.id], each.start))


def _fitting(sentences: Iterable[Sentence], max_tokens: int) -> list[Sentence]:
    """Return the sentences that fit, each as long as there is room left for it."""
    chosen: list[Sentence] = []
    room = max_tokens
    for sentence in sentences:
        cost = estimate_tokens(sentence.text) + _NUMBER_TOKENS
        if cost <= room:
            chosen.append(sentence)
            room -= cost
    return chosen


def _sentences_of(article: Article, chars: int | None = None) -> Iterator[Sentence]:
    """Yield the sentences of an article, or of its first ``chars``, without its headings."""
    headings = {(heading.start, heading.end) for heading in article.headings}
    found = split_sentences(article.text[:chars])
    if chars is not None and chars < len(article.text):
        found = found[:-1]  # it may be cut
    spans = [span for span in found if tuple(span) not in headings]
    return _with_neighbours(article, spans, "")


def _sentences_in(
    passages: Iterable[Passage], articles: Mapping[str, Article]
) -> Iterator[Sentence]:
    for passage in passages:
        spans = [span for span in passage.sentences if not passage.is_heading(span)]
        if passage.article_id in articles:
            yield from _with_neighbours(articles[passage.article_id], spans, passage.heading)


def _sentences_at(
    citations: Iterable[Citation], articles: Mapping[str, Article]
) -> Iterator[Sentence]:
    for citation in citations:
        article = articles.get(citation.article_id)
        if article:
            yield Sentence(article, citation.start, citation.end, citation.heading)


def _with_neighbours(article: Article, spans: Sequence[Span], heading: str) -> Iterator[Sentence]:
    for before, span, after in zip((None, *spans), spans, (*spans[1:], None), strict=False):
        yield Sentence(
            article,
            span.start,
            span.end,
            heading,
            before.start if before else None,
            after.end if after else None,
        )
