"""Choose the sentences that summarize a whole article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.types import Chunk, Span

MAX_CHARS = 420
"""Longer ones are mostly not sentences, or too long to quote in a summary."""
_MIN_WORDS = 5
_MIN_CHARS_WITHOUT_SPACES = 15
# Prose of the evaluation sets is above 0.75; tables, formulas and references are below.
_MIN_LETTERS = 0.7
_ENDS = re.compile(r"[.!。！।]['\"”’»)\]」』]*\Z")
_BEGINS_WRONG = re.compile(r"\W*[a-zß-öø-ÿ]|[^\w\s“\"'‘’«「『(\[¿¡]|[(\[]?\d+[)\].]? ")
_WORD = re.compile(r"[^\W\d_]+")
_OPENING, _CLOSING = "“«「", "”»」"
_QUOTATION = re.compile(r"[“\"‘'«「]")
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s")
# Openings that refer to the sentence before, which a reader of a summary does not see.
_NEEDS_CONTEXT = re.compile(
    r"(?:he|she|it|they|his|her|its|their|this|that|these|those|such|here|there|him|we|i|you|my|our"
    r"|your|but|and|or|so|yet|however|therefore|thus|moreover|also|instead|then|another|both|again"
    r"|still|meanwhile|later|finally|furthermore|nevertheless|similarly|conversely|as a result"
    r"|on the other hand|for (?:example|instance)|(?:in|by) (?:addition|contrast)"
    r"|the (?:former|latter|same|above)"
    r"|(?:in|at|by|during|after|before|despite|with|for|from|because of|as) "
    r"(?:the same|that|these|those|such|this(?! (?:study|paper|work|article|review|report)))"
    r"|(?:because|although|though|while|when|since|if|as|after|before|once|until) "
    r"(?:he|she|they|it|this|these|those|such)|[^,]{3,60}, (?:he|she|they|it))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its place: ``article.text[start:end] == text``."""

    start: int
    end: int
    text: str
    heading: str
    """The heading of its section."""
    chunk: int
    """The number of its chunk in the article, from 0."""

    @property
    def span(self) -> Span:
        """Its offsets in the article."""
        return Span(self.start, self.end)

    @property
    def needs_context(self) -> bool:
        """Whether its first words refer to the sentence before it."""
        return _NEEDS_CONTEXT.match(self.text) is not None

    @property
    def is_quotation(self) -> bool:
        """Whether it begins with a quotation mark, and so has the words of somebody else."""
        return _QUOTATION.match(self.text) is not None


def sentences_of(chunks: Iterable[Chunk]) -> Iterator[Sentence]:
    """Yield the sentences of an article's chunks in order, without its headings."""
    for number, chunk in enumerate(chunks):
        for start, end in chunk.sentences:
            text = chunk.text[start - chunk.start : end - chunk.start]
            if text != chunk.heading and not _MARKDOWN_HEADING.match(text):
                yield Sentence(start, end, text, chunk.heading, number)


def is_statement(sentence: Sentence) -> bool:
    """Return whether a sentence is a complete statement in prose.

    Questions, list items, captions, and lines of a table or of code are not.
    """
    text = sentence.text
    if len(text) > MAX_CHARS or not _ENDS.search(text) or _BEGINS_WRONG.match(text):
        return False
    if "\n" in text.strip() and text.count("\n") > len(text) / 20:
        return False
    letters = _WORD.findall(text)
    solid = "".join(text.split())
    if sum(map(len, letters)) < _MIN_LETTERS * len(solid):
        return False
    if any(text.count(a) != text.count(b) for a, b in zip(_OPENING, _CLOSING, strict=True)):
        return False  # part of a quotation that has several sentences
    if text.count('"') % 2:
        return False
    is_unspaced = " " not in text and len(text) >= _MIN_CHARS_WITHOUT_SPACES
    return is_unspaced or (len(text.split()) >= _MIN_WORDS and len(letters) >= _MIN_WORDS - 1)


# Above this cosine two sentences differ only in a word or in punctuation.
_NEAR_DUPLICATE = 0.95
# Below this cosine no sentence of 10 articles repeated another.
_MIN_REPEAT = 0.7
_REPEATED_WORDS = 0.9


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights for choosing sentences; the defaults were chosen by ``training.fit_summary``."""

    floor: float = 0.3
    """The cosine from which on a sentence says something of another."""
    title: float = 0.3
    """Added for each unit of cosine to the title."""
    context: float = 0.15
    """Subtracted from a sentence that refers to the one before."""
    speech: float = 0.15
    """Subtracted from a quotation."""


def usual_sentences(statements: int) -> int:
    """Return how many sentences the summary of an article with so many statements has."""
    return min(3 + statements // 60, 5)


def usual_points(statements: int) -> int:
    """Return how many key points an article with so many statements has."""
    return min(4 + statements // 40, 7)


def rank_sentences(
    sentences: Sequence[Sentence],
    vectors: Vectors,
    title: Vectors | None,
    count: int,
    weights: Weights,
) -> list[int]:
    """Return the indices of up to ``count`` sentences, each the best given those before it.

    The best is the one that covers most of what the article says and those before it do not:
    greedy facility location (Lin and Bilmes 2011), so all parts of the article count alike.
    """
    if not sentences:
        return []
    similarity = vectors @ vectors.T
    coverage = np.maximum(similarity - weights.floor, 0.0)
    most = max(float(coverage.mean(axis=0).max()), 1e-9)
    preferences = _preferences(sentences, vectors, title, weights)
    covered = np.zeros(len(sentences), dtype=np.float32)
    is_open = ~_repeats(sentences, similarity)
    selected: list[int] = []
    while len(selected) < count and is_open.any():
        gains = np.maximum(coverage - covered[:, None], 0.0).mean(axis=0) / most
        best = int(np.argmax(np.where(is_open, gains + preferences, -np.inf)))
        selected.append(best)
        covered = np.maximum(covered, coverage[:, best])
        is_open &= similarity[best] <= _NEAR_DUPLICATE
        is_open[best] = False
    return selected


def _repeats(sentences: Sequence[Sentence], similarity: Vectors) -> NDArray[np.bool_]:
    """Return which sentences only repeat words of a longer one, as a pull quote does: ``(n,)``."""
    words = [frozenset(_WORD.findall(s.text.casefold())) for s in sentences]
    repeats = np.zeros(len(sentences), dtype=bool)
    for one, other in np.argwhere(np.triu(similarity >= _MIN_REPEAT, 1)):
        shorter, longer = sorted((int(one), int(other)), key=lambda i: (len(words[i]), -i))
        shared = len(words[shorter] & words[longer])
        is_part = len(words[longer]) > len(words[shorter])
        repeats[shorter] |= is_part and shared >= _REPEATED_WORDS * len(words[shorter])
    return repeats


def _preferences(
    sentences: Sequence[Sentence], vectors: Vectors, title: Vectors | None, weights: Weights
) -> NDArray[np.float32]:
    """Return how well each sentence suits a summary, whatever it covers: ``(n,)`` float32."""
    scores = -weights.context * np.array([s.needs_context for s in sentences], dtype=np.float32)
    scores -= weights.speech * np.array([s.is_quotation for s in sentences], dtype=np.float32)
    if title is not None:
        scores += weights.title * (vectors @ title)
    return np.asarray(scores, dtype=np.float32)
