"""Make summaries, key points, lists of people and timelines of whole articles.

A list has one entry a line, after a bullet; a line without a bullet is the heading of the
entries below it. An empty line separates articles. A quote is shown on one line, and its
citation has the exact words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from cachetools import LRUCache, cached

from index.embedding.embedder import Embedder, Vectors
from index.errors import ArticleNotFound
from index.types import Article, Chunk, Span
from qa.answers.answer import BULLET, LABEL_ENDS, Answer, Kind
from qa.answers.citation import Citation
from qa.conversation.language import seems_english
from qa.overview.article_body import ArticleBody
from qa.overview.boilerplate import EXAMPLES
from qa.overview.length import USUAL, Length, Unit, requested_length
from qa.overview.people import (
    Entity,
    EntityType,
    find_characters,
    find_entities,
    find_introduction,
    first_sentence,
)
from qa.overview.summary import (
    Sentence,
    Weights,
    rank_sentences,
    usual_points,
    usual_sentences,
)
from qa.overview.timeline import find_dates, find_events, select_events

MAX_ARTICLES = 5
"""Articles that one overview covers."""
MAX_READ = 4_000
"""Sentences of an article in which names are looked for, some 200 printed pages."""
_PEOPLE, _ORGANISATIONS, _EVENTS, _CITED_EACH = 10, 6, 12, 3
_LEADS = ("People", "Organisations")
_FEW_PEOPLE = 2
_LONG_CHARS = 12_000
"""In a longer article, an organisation that only one sentence names is not listed."""
_CACHED = 128
_CACHED_BODIES = 8
_FORMS: dict[Unit | None, Kind] = {Unit.POINTS: Kind.KEY_POINTS, Unit.SENTENCES: Kind.SUMMARY}

NO_SENTENCES = "The article has no complete sentences to make a summary from."
NO_PEOPLE = "No names of people or organisations were found in the article."
NO_DATES = "No dated events were found in the article."
NOT_ENGLISH = "This works for English only, and the article does not seem to be in English."
NO_ARTICLES = "There is no article. Add one first."

Chunks = Callable[[str], tuple[list[Chunk], Vectors]]
"""Returns the chunks of the article of an id and their vectors, ``(chunks, dimension)``."""


@dataclass(frozen=True, slots=True)
class ShownQuote:
    """Words of an article that are shown, and the words around them that are cited."""

    shown: Span | None
    """None for a citation mark only."""
    cited: Span
    heading: str = ""

    @classmethod
    def of(cls, sentence: Sentence) -> ShownQuote:
        """Return the quote that shows and cites a whole sentence."""
        return cls(sentence.span, sentence.span, sentence.heading)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list, or a sentence of a paragraph."""

    quotes: tuple[ShownQuote, ...]
    label: str = ""
    """What it is about: a name or a date."""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading of their own."""

    entries: tuple[Entry, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """An overview of one article; ``sections`` is empty if nothing was found."""

    article: Article
    sections: tuple[Section, ...]
    lacking: str = ""
    """The sentence to show instead."""


class _OverviewText:
    """The text of an overview as it grows, with its citations and the marks of them."""

    def __init__(self) -> None:
        self.text = ""
        self.marks: list[Span] = []
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.citations: list[Citation] = []

    def add_sections(self, kind: Kind, overview: Overview) -> None:
        parts_end = " " if kind is Kind.SUMMARY else "\n"
        end = ""
        for section in overview.sections:
            if section.lead:
                self.text += ("\n" if end else "") + section.lead + "\n"
                end = ""
            for entry in section.entries:
                self.text += end
                end = parts_end
                self._add_entry(kind, overview.article, entry)

    def _add_entry(self, kind: Kind, article: Article, entry: Entry) -> None:
        if kind is not Kind.SUMMARY:
            self.text += BULLET
        if entry.label:
            is_shown = entry.quotes[0].shown is not None
            self.text += entry.label + (LABEL_ENDS if is_shown else " ")
        for i, quote in enumerate(entry.quotes):
            self.text += " " if i else ""
            self._add_quote(article, quote)

    def _add_quote(self, article: Article, quote: ShownQuote) -> None:
        """Add a quote and its mark; what is cited a second time keeps its number."""
        if quote.shown is not None:
            self.text += " ".join(article.text[slice(*quote.shown)].split()) + " "
        key = (article.id, *quote.cited)
        if key not in self._numbers:
            self.citations.append(Citation.of(article, *quote.cited, heading=quote.heading))
            self._numbers[key] = len(self.citations)
        mark = f"[{self._numbers[key]}]"
        self.marks.append(Span(len(self.text), len(self.text) + len(mark)))
        self.text += mark


def compose_overview(
    kind: Kind, question: str, overviews: Sequence[Overview], left_out: str = ""
) -> Answer:
    """Return the answer that shows these overviews, or says what was not found.

    With several articles each part begins with a title. ``left_out`` is added at the end.
    """
    page = _OverviewText()
    for overview in overviews:
        if page.text:
            page.text += "\n\n"
        if len(overviews) > 1:
            page.text += f"{overview.article.title}\n"
        if not overview.sections:
            page.text += overview.lacking
        page.add_sections(kind, overview)
    answered = any(overview.sections for overview in overviews)
    if left_out:
        page.text += f"\n\n{left_out}" if page.text else left_out
    return Answer(
        question=question,
        text=page.text,
        short=None,
        citations=tuple(page.citations),
        answered=answered,
        confidence=1.0 if answered else 0.0,
        passages=(),
        marks=tuple(page.marks),
        kind=kind,
    )


@cached(LRUCache(4), key=lambda embedder: embedder.identity, lock=threading.Lock())
def _examples(embedder: Embedder) -> Vectors:
    """Return the vectors of the examples of boilerplate, ``(n, dimension)``."""
    return embedder.encode_documents(EXAMPLES)


class Name(NamedTuple):
    """A person or an organisation of an article."""

    text: str
    is_person: bool


class Overviews:
    """Makes overviews and caches them. Safe to use from several threads.

    An article's id is a hash of its text, so what is cached never becomes outdated.

    Args:
        embedder: The model of the library.
        chunks: Returns the chunks of an article and their vectors.
    """

    def __init__(self, embedder: Embedder, chunks: Chunks) -> None:
        self._embedder = embedder
        self._chunks = chunks
        self._lock = threading.Lock()
        self._cache: LRUCache[tuple[str, str, Kind, Length], Overview] = LRUCache(_CACHED)
        self._bodies: LRUCache[tuple[str, str], ArticleBody] = LRUCache(_CACHED_BODIES)

    def answer(
        self, kind: Kind, articles: Sequence[Article], question: str, count: int | None = None
    ) -> Answer:
        """Return the overviews of up to ``MAX_ARTICLES`` of the articles as one answer.

        ``articles`` are the first of ``count``; None if they are all. The question says how long
        each overview is to be: "in two sentences". A summary in points becomes key points, and key
        points in sentences become a summary.

        Raises:
            ValueError: ``kind`` is not an overview.
        """
        if kind not in _BUILDERS:
            msg = f"{kind!r} is not a kind of overview. Use one of {', '.join(_BUILDERS)}."
            raise ValueError(msg)
        length = requested_length(question)
        if kind in _FORMS.values():
            kind = _FORMS.get(length.unit, kind)
        overviews = []
        for article in articles[:MAX_ARTICLES]:
            with suppress(ArticleNotFound):  # removed meanwhile
                overviews.append(self._overview(kind, article, length))
        if not overviews:
            return compose_overview(kind, question, [], NO_ARTICLES)
        left_out = ""
        count = len(articles) if count is None else count
        if count > MAX_ARTICLES:
            left_out = f"These are the first {len(overviews)} of {count} articles."
        return compose_overview(kind, question, overviews, left_out)

    def names(self, article: Article) -> list[Name]:
        """Return the people that the overview of an article lists, then its organisations.

        Raises:
            ArticleNotFound: It is not in the library.
        """
        return [
            Name(entry.label, is_person=section.lead == _LEADS[0])
            for section in self._overview(Kind.PEOPLE, article, USUAL).sections
            for entry in section.entries
        ]

    def key_sentences(self, article: Article, count: int) -> list[Citation]:
        """Return up to ``count`` sentences that cover an article, the most important first.

        Raises:
            ArticleNotFound: It is not in the library.
        """
        body = self._body(article)
        statements, vectors = body.statements()
        order = rank_sentences(statements, vectors, body.title, count, Weights())
        chosen = [statements[i] for i in order]
        return [Citation.of(article, s.start, s.end, heading=s.heading) for s in chosen]

    def _overview(self, kind: Kind, article: Article, length: Length) -> Overview:
        key = (article.id, article.title, kind, length)
        with self._lock:
            if key in self._cache:
                return self._cache[key]
        overview = _BUILDERS[kind](self._body(article), length)
        with self._lock:
            self._cache[key] = overview
        return overview

    def _body(self, article: Article) -> ArticleBody:
        key = (article.id, article.title)
        with self._lock:
            if key in self._bodies:
                return self._bodies[key]
        chunks, vectors = self._chunks(article.id)
        body = ArticleBody(article, chunks, vectors, self._embedder, _examples(self._embedder))
        with self._lock:
            self._bodies[key] = body
        return body


def _summary(body: ArticleBody, length: Length) -> Overview:
    return _selection(body, length, usual_sentences)


def _key_points(body: ArticleBody, length: Length) -> Overview:
    return _selection(body, length, usual_points)


def _selection(body: ArticleBody, length: Length, usual: Callable[[int], int]) -> Overview:
    """Return the sentences that cover the article, in its order."""
    statements, vectors = body.statements()
    if not statements:
        return Overview(body.article, (), NO_SENTENCES)
    count = length.sentences(usual(body.size))
    order = rank_sentences(statements, vectors, body.title, count, Weights())
    if length.words:
        order = _within_words(order, statements, length.words)
    entries = tuple(Entry((ShownQuote.of(statements[i]),)) for i in sorted(order))
    return Overview(body.article, (Section(entries),))


def _within_words(order: Sequence[int], statements: Sequence[Sentence], most: int) -> list[int]:
    """Return the first of ``order`` that fit into ``most`` words, or the shortest of all."""
    words = {i: len(statements[i].text.split()) for i in order}
    taken: list[int] = []
    for i in order:
        if sum(words[j] for j in taken) + words[i] <= most:
            taken.append(i)
    return taken or [min(order, key=words.__getitem__)]


def _people(body: ArticleBody, length: Length) -> Overview:
    article = body.article
    if not seems_english(body.text):
        return Overview(article, (), NOT_ENGLISH)
    sentences = body.sentences(MAX_READ)
    entities = find_entities(sentences, body.text, article.title)
    people = [e for e in entities if e.type is EntityType.PERSON]
    is_dated = bool(find_dates(" ".join(sentence.text for sentence in sentences)))
    if len(people) < _FEW_PEOPLE or not is_dated:  # it may be a story
        people += find_characters(sentences, people)
        people.sort(key=lambda entity: -len(entity.mentions))
    least = 1 if len(article.text) < _LONG_CHARS else 2
    organisations = [
        e for e in entities if e.type is EntityType.ORGANISATION and len(e.sentences) >= least
    ]
    listed = (people[: length.sentences(_PEOPLE)], organisations[:_ORGANISATIONS])
    sections = tuple(
        Section(tuple(_entry(entity) for entity in some), lead)
        for some, lead in zip(listed, _LEADS, strict=True)
        if some
    )
    return Overview(article, sections, NO_PEOPLE)


def _entry(entity: Entity) -> Entry:
    """Return the entry of a person or an organisation: who it is, and where else it is named."""
    if known := find_introduction(entity):
        sentence = known.sentence
        quotes = [ShownQuote(known.shown, known.quote, sentence.heading)]
    else:
        sentence = first_sentence(entity)
        is_person = entity.type is not EntityType.ORGANISATION
        shown = sentence.span if is_person else None
        quotes = [ShownQuote(shown, sentence.span, sentence.heading)]
    others = [s for s in entity.sentences if s != sentence][: _CITED_EACH - 1]
    quotes += [ShownQuote(None, other.span, other.heading) for other in others]
    return Entry(tuple(quotes), entity.name)


def _timeline(body: ArticleBody, length: Length) -> Overview:
    article = body.article
    if not seems_english(body.text):
        return Overview(article, (), NOT_ENGLISH)
    events = find_events(body.sentences(), body.text)
    shown = select_events(events, length.sentences(_EVENTS))
    entries = tuple(Entry((ShownQuote.of(e.sentence),), e.date.label) for e in shown)
    lead = f"{len(shown)} of {len(events)} dated sentences" if len(shown) < len(events) else ""
    return Overview(article, (Section(entries, lead),) if entries else (), NO_DATES)


_BUILDERS: dict[Kind, Callable[[ArticleBody, Length], Overview]] = {
    Kind.SUMMARY: _summary,
    Kind.KEY_POINTS: _key_points,
    Kind.PEOPLE: _people,
    Kind.TIMELINE: _timeline,
}
