"""Number the sentences of articles that a language model may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.embedding.embedder import Vectors
from index.sentences import split_sentences
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.writing.sections import Section, heading_at

_MARKDOWN_HEADING = re.compile(r"#{1,6}\s")
_BYTES_PER_TOKEN = 3
"""Of UTF-8: English has about four, Chinese and Hindi three or fewer, so this rarely says less."""
_PASSAGES_SHARE = 0.5
"""The share of the room for passages, if sections or key sentences are wanted, too."""
_NUMBER_TOKENS = 5
"""Tokens of the number before a sentence and of the line break after it."""


@dataclass(frozen=True, slots=True)
class Material:
    """What an answer is written from."""

    articles: Sequence[Article]
    """The articles that are asked, or those of the passages."""
    quoted: Sequence[Citation]
    """The sentences that matter most: those that the extractive answer quotes, or of a question
    about the whole text its key points. With none and no near passage, nothing is written."""
    earlier: Sequence[Answer] = ()
    """The answers before this one, oldest first."""
    passages: Sequence[Passage] = ()
    """The passages to use instead of those of the extractive answer, best first."""
    key: Sequence[Citation] = ()
    """Sentences that cover the articles, the most important first, for a request about the whole
    text. They are used if the articles do not fit."""
    sections: Sequence[Section] = ()
    """The sections that the request names. They are shown before the rest of the articles."""
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
    def has_neighbours(self) -> bool:
        """Whether the sentence before or after it is known."""
        return self.before is not None or self.after is not None

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
    passages with the sections that are asked for and the key sentences or, if there are none of
    these, the beginnings of the articles, as far as they fit.

    Args:
        material: The articles and the sentences that matter most.
        passages: The passages of the extractive answer, best first.
        max_tokens: The room that there is for them.
    """
    whole = _whole(material.articles, max_tokens)
    if whole:
        return whole
    passages = material.passages or passages
    by_id = {article.id: article for article in material.articles}
    found = list(_sentences_in(_some_of_each(passages), by_id))
    key = list(_sentences_at(material.key, by_id))
    named = [
        sentence
        for each in material.sections
        if each.article.id in by_id
        for sentence in _sentences_of(each.article, each.start, each.end)
    ]
    share = max_tokens * _PASSAGES_SHARE if named or key else max_tokens
    candidates = [
        *_sentences_at(material.quoted, by_id),
        *_fitting(found, int(share)),
        *named,
        *key,
    ]
    if not passages and not named and not key:
        candidates += _beginnings(material.articles, max_tokens)
    chosen = _fitting(_distinct([*candidates, *found]), max_tokens)
    order = {article_id: rank for rank, article_id in enumerate(by_id)}
    return sorted(chosen, key=lambda each: (order[each.article.id], each.start))


def _whole(articles: Sequence[Article], max_tokens: int) -> list[Sentence]:
    """Return all sentences of the articles; empty if they do not fit."""
    if sum(len(article.text) for article in articles) > max_tokens * _BYTES_PER_TOKEN:
        return []
    whole = [each for article in articles for each in _sentences_of(article)]
    return whole if len(_fitting(whole, max_tokens)) == len(whole) else []


def _beginnings(articles: Sequence[Article], max_tokens: int) -> Iterator[Sentence]:
    """Yield the first sentences of each article; together they about fill the room."""
    share = max_tokens * _BYTES_PER_TOKEN // max(1, len(articles))
    for article in articles:
        yield from _sentences_of(article, end=share)


def _some_of_each(passages: Sequence[Passage]) -> Iterator[Passage]:
    """Yield the best passage of each article, best first, then the others in their order."""
    best = {passage.article_id: passage for passage in reversed(passages)}
    chosen = [passage for passage in passages if best[passage.article_id] is passage]
    yield from chosen
    yield from (passage for passage in passages if passage not in chosen)


def _distinct(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Return each sentence once, in the order of the first, with neighbours if one has them."""
    distinct: dict[tuple[str, int], Sentence] = {}
    for each in sentences:
        key = (each.article.id, each.start)
        if key not in distinct or not distinct[key].has_neighbours:
            distinct[key] = each
    return list(distinct.values())


def _fitting(sentences: Iterable[Sentence], max_tokens: int) -> list[Sentence]:
    """Return the sentences that fit, each as long as there is room left for it."""
    chosen: list[Sentence] = []
    headings: set[tuple[str, str]] = set()
    room = max_tokens
    for sentence in sentences:
        cost = estimate_tokens(sentence.text) + _NUMBER_TOKENS
        place = (sentence.article.id, sentence.heading)
        if sentence.heading and place not in headings:
            cost += estimate_tokens(sentence.heading) + _NUMBER_TOKENS
        if cost <= room:
            chosen.append(sentence)
            headings.add(place)
            room -= cost
    return chosen


def _sentences_of(article: Article, start: int = 0, end: int | None = None) -> list[Sentence]:
    """Return the sentences of a part of an article without its headings.

    A part that ends inside a line is without its last sentence, which may be cut.
    """
    headings = {heading.end for heading in article.headings}
    found = [Span(start + s, start + e) for s, e in split_sentences(article.text[start:end])]
    if end is not None and end < len(article.text) and "\n" not in article.text[end - 1 : end + 1]:
        found = found[:-1]
    spans = [
        span
        for span in found
        if span.end not in headings and not _MARKDOWN_HEADING.match(article.text, span.start)
    ]
    return list(_with_neighbours(article, spans))


def _sentences_in(
    passages: Iterable[Passage], articles: Mapping[str, Article]
) -> Iterator[Sentence]:
    for passage in passages:
        spans = [span for span in passage.sentences if not passage.is_heading(span)]
        if passage.article_id in articles:
            yield from _with_neighbours(articles[passage.article_id], spans)


def _sentences_at(
    citations: Iterable[Citation], articles: Mapping[str, Article]
) -> Iterator[Sentence]:
    for citation in citations:
        article = articles.get(citation.article_id)
        if article:
            heading = heading_at(article, citation.start)
            yield Sentence(article, citation.start, citation.end, heading)


def _with_neighbours(article: Article, spans: Sequence[Span]) -> Iterator[Sentence]:
    for before, span, after in zip((None, *spans), spans, (*spans[1:], None), strict=False):
        yield Sentence(
            article,
            span.start,
            span.end,
            heading_at(article, span.start),
            before.start if before else None,
            after.end if after else None,
        )
