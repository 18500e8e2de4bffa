"""Make summaries, key points, lists of people and timelines of whole articles.

A list has one entry a line, after a bullet; a line without a bullet is the heading of the
entries below it. An empty line separates articles. A quote is shown on one line; its citation
has the exact words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from index.embedding.embedder import Embedder, Vectors
from index.errors import ArticleNotFound
from index.types import Article, Chunk, Span
from qa.answers.answer import BULLET, LABEL_ENDS, Answer, Kind
from qa.answers.citation import Citation
from qa.conversation.language import seems_english
from qa.overview.people import (
    Entity,
    EntityType,
    find_characters,
    find_entities,
    find_introduction,
    first_sentence,
)
from qa.overview.summary import Sentence, is_statement, select_sentences, sentences_of
from qa.overview.timeline import find_dates, find_events, select_events


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of an article that are shown, and the words around them that are cited."""

    shown: Span | None
    """What is shown; None for a citation mark only."""
    cited: Span
    heading: str = ""

    @classmethod
    def whole(cls, span: Span, heading: str) -> Quote:
        """Return the quote that shows all that it cites."""
        return cls(span, span, heading)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list, or a sentence of a paragraph."""

    quotes: tuple[Quote, ...]
    label: str = ""
    """What it is about: a name, a date."""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a line of their own."""

    entries: tuple[Entry, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What an article gives for a kind of overview; ``sections`` is empty if it gives nothing."""

    article: Article
    sections: tuple[Section, ...]
    lacking: str = ""
    """The sentence to show instead."""


class _Text:
    """A text that grows, with the marks in it and the citations that they point at."""

    def __init__(self) -> None:
        self.text = ""
        self.marks: list[Span] = []
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.citations: list[Citation] = []

    def quote(self, article: Article, quote: Quote) -> None:
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
    """Return the answer that shows these overviews, or says what they lack.

    With several articles each part begins with a title. ``left_out`` is added at the end.
    """
    found = _Text()
    several = len(overviews) > 1
    for overview in overviews:
        if found.text:
            found.text += "\n\n"
        if several:
            found.text += f"{overview.article.title}\n"
        _add(found, kind, overview)
    answered = any(overview.sections for overview in overviews)
    if left_out:
        found.text += f"\n\n{left_out}" if found.text else left_out
    return Answer(
        question=question,
        text=found.text,
        short=None,
        citations=tuple(found.citations),
        answered=answered,
        confidence=1.0 if answered else 0.0,
        passages=(),
        marks=tuple(found.marks),
        kind=kind,
    )


def _add(found: _Text, kind: Kind, overview: Overview) -> None:
    if not overview.sections:
        found.text += overview.lacking
        return
    between = " " if kind is Kind.SUMMARY else "\n"
    first = True
    for section in overview.sections:
        if section.lead:
            found.text += ("" if first else "\n") + section.lead + "\n"
            first = True
        for entry in section.entries:
            found.text += "" if first else between
            first = False
            _add_entry(found, kind, overview.article, entry)


def _add_entry(found: _Text, kind: Kind, article: Article, entry: Entry) -> None:
    if kind is not Kind.SUMMARY:
        found.text += BULLET
    if entry.label:
        is_shown = entry.quotes[0].shown is not None
        found.text += entry.label + (LABEL_ENDS if is_shown else " ")
    for i, quote in enumerate(entry.quotes):
        if i:
            found.text += " "
        found.quote(article, quote)


MAX_ARTICLES = 5
"""Of how many articles an overview is given at once."""
MAX_EMBEDDED = 320
"""How many sentences of an article are embedded: a second or two on two cores."""
MAX_READ = 4_000
"""In how many sentences of an article names are looked for, some 200 printed pages."""
_PEOPLE, _ORGANISATIONS, _EVENTS, _PLACES_EACH = 10, 6, 12, 3
_LEADS = ("People", "Organisations")
_NAMED_ENOUGH = 2
_LONG_CHARS = 12_000
"""From here on an organisation that is named but once is not listed."""
_CACHED = 128

NO_SENTENCES = "The article has no complete sentences to make a summary from."
NO_PEOPLE = "No names of people or organisations were found in the article."
NO_DATES = "No dated events were found in the article."
NOT_ENGLISH = "This works for English only, and the article does not seem to be in English."
NO_ARTICLES = "There is no article. Add one first."

Chunks = Callable[[str], tuple[list[Chunk], Vectors]]
"""Returns the chunks of the article of an id and their vectors, ``(chunks, dimension)``."""


class Name(NamedTuple):
    """A person or an organisation of an article."""

    text: str
    is_person: bool


class Overviews:
    """Makes overviews and caches them. Safe to use from several threads.

    An article's id is a hash of its text, so a cached overview never becomes outdated.

    Args:
        embedder: The model of the library.
        chunks: Returns the chunks of an article and their vectors.
    """

    def __init__(self, embedder: Embedder, chunks: Chunks) -> None:
        self._embedder = embedder
        self._chunks = chunks
        self._lock = threading.Lock()
        self._cache: LRUCache[tuple[str, str, Kind], Overview] = LRUCache(_CACHED)

    def answer(self, kind: Kind, articles: Sequence[Article], question: str) -> Answer:
        """Return the overviews of up to ``MAX_ARTICLES`` of the articles as one answer.

        Raises:
            ValueError: ``kind`` is none of an overview.
        """
        if kind not in _BUILDERS:
            msg = f"{kind!r} is not a kind of overview. Use one of {', '.join(_BUILDERS)}."
            raise ValueError(msg)
        made = []
        for article in articles[:MAX_ARTICLES]:
            with suppress(ArticleNotFound):  # somebody removed it just now
                made.append(self._of(kind, article))
        if not made:
            return compose_overview(kind, question, [], NO_ARTICLES)
        more = len(articles) - len(articles[:MAX_ARTICLES])
        left_out = f"These are the first {len(made)} of {len(articles)} articles." if more else ""
        return compose_overview(kind, question, made, left_out)

    def names(self, article: Article) -> list[Name]:
        """Return the people of an article and then its organisations, as its overview has them.

        Raises:
            ArticleNotFound: It is not in the library.
        """
        return [
            Name(entry.label, is_person=section.lead == _LEADS[0])
            for section in self._of(Kind.PEOPLE, article).sections
            for entry in section.entries
        ]

    def _of(self, kind: Kind, article: Article) -> Overview:
        key = (article.id, article.title, kind)
        with self._lock:
            if key in self._cache:
                return self._cache[key]
        chunks, vectors = self._chunks(article.id)
        overview = _BUILDERS[kind](article, chunks, vectors, self._embedder)
        with self._lock:
            self._cache[key] = overview
        return overview


def sample_sentences(sentences: Sequence[Sentence], vectors: Vectors, most: int) -> list[Sentence]:
    """Return the sentences of an article, or of a long one up to ``most`` from all over it.

    The chunks are cut into as many runs as give ``most``; of each run the chunk is taken whose
    vector, one of ``vectors``, is nearest to the mean of all, and the first chunk in any case.
    """
    if len(sentences) <= most:
        return list(sentences)
    by_chunk: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        by_chunk.setdefault(sentence.chunk, []).append(sentence)
    central = vectors @ vectors.mean(axis=0)
    first, *rest = by_chunk
    runs = max(1, most * len(by_chunk) // len(sentences) - 1)
    size = max(1.0, len(rest) / runs)
    kept = [first]
    for i in range(runs):
        run = rest[int(i * size) : int((i + 1) * size)]
        if run:
            kept.append(max(run, key=lambda chunk: central[chunk]))
    return [sentence for chunk in kept for sentence in by_chunk[chunk]][:most]


def _selected(
    count_of: Callable[[int], int],
    article: Article,
    chunks: Sequence[Chunk],
    vectors: Vectors,
    embedder: Embedder,
) -> tuple[Section, ...]:
    statements = [s for s in sentences_of(chunks) if is_statement(s)]
    if not statements:
        return ()
    some = sample_sentences(statements, vectors, MAX_EMBEDDED)
    encoded = embedder.encode_documents([*(s.text for s in some), article.title])
    count = count_of(len(statements))
    picked = select_sentences(some, encoded[:-1], encoded[-1], count)
    return (Section(tuple(Entry((_whole(sentence),)) for sentence in picked)),)


def _summary(
    article: Article, chunks: Sequence[Chunk], vectors: Vectors, embedder: Embedder
) -> Overview:
    sections = _selected(_in_a_summary, article, chunks, vectors, embedder)
    return Overview(article, sections, NO_SENTENCES)


def _key_points(
    article: Article, chunks: Sequence[Chunk], vectors: Vectors, embedder: Embedder
) -> Overview:
    sections = _selected(_in_key_points, article, chunks, vectors, embedder)
    return Overview(article, sections, NO_SENTENCES)


def _in_a_summary(statements: int) -> int:
    """Return how many of so many sentences make a summary: 3 of a page, 5 of a long article."""
    return int(np.clip(3 + statements // 60, 3, 5))


def _in_key_points(statements: int) -> int:
    """Return how many of so many sentences are key points: 4 of a page, 7 of a long article."""
    return int(np.clip(4 + statements // 40, 4, 7))


def _people(
    article: Article, chunks: Sequence[Chunk], vectors: Vectors, embedder: Embedder
) -> Overview:
    del embedder  # names are found by rules only
    if not seems_english(article.text):
        return Overview(article, (), NOT_ENGLISH)
    sentences = sample_sentences(list(sentences_of(chunks)), vectors, MAX_READ)
    entities = find_entities(sentences, article.text, article.title)
    persons = [f for f in entities if f.type is EntityType.PERSON]
    if len(persons) < _NAMED_ENOUGH or not find_dates(article.text):
        persons += find_characters(sentences)
        persons.sort(key=lambda entity: -len(entity.mentions))
    least = 1 if len(article.text) < _LONG_CHARS else 2
    organisations = [
        f for f in entities if f.type is EntityType.ORGANISATION and len(f.sentences) >= least
    ]
    listed = (persons[:_PEOPLE], organisations[:_ORGANISATIONS])
    sections = tuple(
        Section(tuple(_about(entity) for entity in some), lead)
        for some, lead in zip(listed, _LEADS, strict=True)
        if some
    )
    return Overview(article, sections, NO_PEOPLE)


def _about(entity: Entity) -> Entry:
    """Return the entry of a person or an organisation: who it is, and where else it is named."""
    known = find_introduction(entity)
    if known:
        quotes = [Quote(known.shown, known.quote, known.sentence.heading)]
        sentence = known.sentence
    else:
        sentence = first_sentence(entity)
        quotes = [
            Quote(sentence.span if _is_shown(entity) else None, sentence.span, sentence.heading)
        ]
    others = [s for s in entity.sentences if s != sentence][: _PLACES_EACH - 1]
    quotes += [Quote(None, other.span, other.heading) for other in others]
    return Entry(tuple(quotes), entity.name)


def _is_shown(entity: Entity) -> bool:
    """Whether the sentence that first names it is shown: not for an organisation."""
    return entity.type is EntityType.PERSON


def _timeline(
    article: Article, chunks: Sequence[Chunk], vectors: Vectors, embedder: Embedder
) -> Overview:
    del vectors, embedder  # dates are found by rules only
    if not seems_english(article.text):
        return Overview(article, (), NOT_ENGLISH)
    events = find_events(list(sentences_of(chunks)), article.text)
    shown = select_events(events, _EVENTS)
    entries = tuple(Entry((_whole(e.sentence),), e.date.label) for e in shown)
    lead = f"{len(shown)} of {len(events)} dated sentences" if len(shown) < len(events) else ""
    return Overview(article, (Section(entries, lead),) if entries else (), NO_DATES)


def _whole(sentence: Sentence) -> Quote:
    return Quote.whole(sentence.span, sentence.heading)


_Builder = Callable[[Article, Sequence[Chunk], Vectors, Embedder], Overview]
_BUILDERS: dict[Kind, _Builder] = {
    Kind.SUMMARY: _summary,
    Kind.KEY_POINTS: _key_points,
    Kind.PEOPLE: _people,
    Kind.TIMELINE: _timeline,
}
