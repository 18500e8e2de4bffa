"""Detect the intent of a question, and answer small talk."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from index.embedding.embedder import Vectors
from index.search.text_index import STOP_WORDS, stems
from qa.answers.answer import Answer, Kind
from qa.output.escape import shorten, single_line


class Intent(StrEnum):
    """What a question asks for: the classes of :class:`IntentModel`."""

    FACTUAL = "factual"
    """A fact: any question that is not one of those below."""
    SUMMARY = "summary"
    KEY_POINTS = "key_points"
    PEOPLE = "people"
    TIMELINE = "timeline"
    AUTHOR = "author"
    """Who wrote the document."""
    DATE = "date"
    """When the document was written or published."""
    TITLE = "title"
    """What the document is called."""
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    """What can be asked, how, and how reliable the answers are."""
    IDENTITY = "identity"
    """Who or what the chatbot is."""

    @property
    def kind(self) -> Kind:
        """The kind of its answer."""
        return _KINDS.get(self, Kind.TALK)


_KINDS = {
    Intent.FACTUAL: Kind.ANSWER,
    Intent.SUMMARY: Kind.SUMMARY,
    Intent.KEY_POINTS: Kind.KEY_POINTS,
    Intent.PEOPLE: Kind.PEOPLE,
    Intent.TIMELINE: Kind.TIMELINE,
    Intent.AUTHOR: Kind.ANSWER,
    Intent.DATE: Kind.ANSWER,
    Intent.TITLE: Kind.DOCUMENT,
}

OVERVIEW_QUESTIONS = {
    "What is this about?": Intent.SUMMARY,
    "What are the key points?": Intent.KEY_POINTS,
    "Who is mentioned?": Intent.PEOPLE,
    "What happened when?": Intent.TIMELINE,
}
"""Questions that the program itself suggests, with their intent."""

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
# A numbered part of a text, or an article of a law.
_NUMBERED = re.compile(
    r"\b(?:article|chapter|section|part|page|paragraph|figure|table) \d+\b", re.IGNORECASE
)
_MIN_CHARS_FOR_EDIT = 5
"""In a shorter word, a letter added, lost or changed makes another word."""


def has_letter(question: str) -> bool:
    """Return whether ``question`` has a letter of any script."""
    return any(map(str.isalpha, question))


def words_in(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, with plain apostrophes."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def specific_words(question: str, general: AbstractSet[str]) -> list[str]:
    """Return the words of ``question`` that are not ``general``, in order.

    A numbered part, such as "Article 5", counts as one.
    """
    known = general | STOP_WORDS
    numbered = [match[0].casefold() for match in _NUMBERED.finditer(question)]
    return numbered + [word for word in words_in(question) if word not in known]


def contains_any(texts: Iterable[str], words: Sequence[str]) -> bool:
    """Return whether one of the texts contains one of ``words``, in any inflection."""
    return not set(stems(" ".join(words))).isdisjoint(s for text in texts for s in stems(text))


def is_misspelled(word: str, general: AbstractSet[str]) -> bool:
    """Return whether ``word`` is one of the ``general`` words with one typing error."""
    return any(is_typo_of(word, known) for known in general | STOP_WORDS)


def is_typo_of(word: str, known: str) -> bool:
    """Return whether ``word`` is ``known`` with one typing error.

    Two neighbouring letters swapped; in words of five letters or more also a letter added,
    lost or changed, but not the first. Numbers have no typing errors.
    """
    if not word.isalpha() or OSA.distance(word, known, score_cutoff=1) != 1:
        return False
    if sorted(word) == sorted(known):
        return True  # one edit that keeps the letters is a swap
    return word[0] == known[0] and len(known) >= _MIN_CHARS_FOR_EDIT


WEIGHTS = Path(__file__).parent / "intent_weights.json"
MAX_CHARS = 160
"""A longer question is taken to be factual."""
MAX_TITLES_READ = 100
"""Of more articles, no title is read: most words of a question are in one of them. An overview is
not what such a question is about either, as it covers the first few articles alone."""
MIN_PROBABILITY = 0.6
"""From this probability on, a question of general words is not factual."""
MIN_PROBABILITY_SPECIFIC = 0.85
"""The same for a question with a word that is not general."""
READING_SHARE = 0.5
"""A question is factual if the reader's confidence is at least this share of the probability that
it is not. Of 764 phrases of other intents, asked of 13 articles, none is taken to be factual."""
DOCUMENT_SHARE = 0.75
"""The same for a question for the author, the date or the title of the document itself. Of 720
questions about 12 articles none is taken for one of these; of 19 that are, the reader answers
four from elsewhere in the text with READING_SHARE, and one with this."""
_ABOUT_CHATBOT = frozenset({Intent.HELP, Intent.IDENTITY})


@dataclass(frozen=True, eq=False, slots=True)
class IntentModel:
    """A logistic regression over question embeddings, with the words of its training phrases."""

    classes: tuple[Intent, ...]
    coefficients: NDArray[np.float64]
    """``(classes, dimension)``."""
    intercepts: NDArray[np.float64]
    """``(classes,)``."""
    overview_words: frozenset[str]
    """Words of phrases that ask for the whole article, greet or thank."""
    talk_words: frozenset[str]
    """Words of phrases about the chatbot."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that ``python -m training.fit_intent`` wrote."""
        return cls(
            tuple(Intent(name) for name in data["classes"]),
            np.array(data["coefficients"]),
            np.array(data["intercepts"]),
            frozenset(data["overview_words"]),
            frozenset(data["talk_words"]),
        )

    def most_likely(self, vector: NDArray[np.floating[Any]]) -> tuple[Intent, float]:
        """Return the most likely intent other than FACTUAL, and the probability of not FACTUAL.

        ``vector`` is the question's embedding, ``(dimension,)``, of unit length.
        """
        logits = self.coefficients @ vector.astype(np.float64) + self.intercepts
        probabilities = np.exp(logits - logits.max())
        probabilities /= probabilities.sum()
        factual = self.classes.index(Intent.FACTUAL)
        others = probabilities.copy()
        others[factual] = -1.0
        return self.classes[int(others.argmax())], float(1 - probabilities[factual])

    def general_words(self, intent: Intent) -> frozenset[str]:
        """Return the words that are general, not specific, in a question of this intent."""
        if intent in _ABOUT_CHATBOT:
            return self.overview_words | self.talk_words
        return self.overview_words


@functools.cache
def shipped_model() -> IntentModel:
    """Return the shipped model, which works with the default embedding model only."""
    return IntentModel.from_dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))


class DetectedIntent(NamedTuple):
    """The intent of a question."""

    intent: Intent
    specific_words: tuple[str, ...] = ()
    """Words that may name something in the articles. If an article contains one of them, the
    question is factual."""
    probability: float = 1.0
    """The probability that it is not factual; 1 if that was not estimated."""


def detect_intent(
    question: str,
    encode: Callable[[str], Vectors],
    *,
    titles: Sequence[str] = (),
) -> DetectedIntent:
    """Return the intent of ``question``.

    Args:
        question: As it was typed.
        encode: Returns its embedding by the default model, which the weights are fitted to.
        titles: Titles of the articles. Their words in a question are not specific.
    """
    if not has_letter(question) or len(question) > MAX_CHARS:
        return DetectedIntent(Intent.FACTUAL)
    if question.strip() in OVERVIEW_QUESTIONS:
        return DetectedIntent(OVERVIEW_QUESTIONS[question.strip()])
    model = shipped_model()
    intent, probability = model.most_likely(encode(question))
    general = model.general_words(intent).union(*map(words_in, titles))
    specific = specific_words(question, general)
    if probability < min_probability(specific, general):
        return DetectedIntent(Intent.FACTUAL)
    return DetectedIntent(intent, tuple(specific), probability)


def min_probability(specific: Sequence[str], general: AbstractSet[str]) -> float:
    """Return the least probability at which a question with these words is not factual."""
    misspelled = all(is_misspelled(word, general) for word in specific)
    return MIN_PROBABILITY if misspelled else MIN_PROBABILITY_SPECIFIC


MAX_TITLES_NAMED = 2
"""The most articles that small talk names by their titles."""
_TITLE_CHARS = 80
_TRY = "“What is it about?”, “What are the key points?” or “Who are the people in it?”"
_REPLIES = {
    Intent.GREETING: f"Hello. Ask me anything about {{articles}}, or try {_TRY}",
    Intent.THANKS: "You are welcome. You can ask more about {articles} at any time.",
    Intent.GOODBYE: "Goodbye. You can come back and ask about {articles} at any time.",
    Intent.HELP: "I answer questions about {articles} by quoting the exact words and showing where "
    "they are; if there is no answer, I say so. {writing} I can be wrong: each answer shows its "
    "confidence, and you can check its quotes. I look nothing up elsewhere. "
    f"Ask for a fact, ask for a timeline, or try {_TRY}",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. A small reading model "
    "finds the words of {articles} that answer a question. {writing} I have no opinions. "
    f"Ask me about the text, or try {_TRY}",
}
_REPLIES_WITHOUT_ARTICLES = {
    Intent.GREETING: "Hello. There is no article here yet. Add one, then ask me anything about it.",
    Intent.THANKS: "You are welcome. There is no article here yet. Add one, then ask me about it.",
    Intent.GOODBYE: "Goodbye. There is no article here yet.",
    Intent.HELP: "I answer questions about articles by quoting the exact words and showing where "
    "they are; if there is no answer, I say so. {writing} I look nothing up elsewhere. "
    "There is no article here yet.",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. A small reading model "
    "finds the words of articles that answer a question. {writing} I have no opinions. "
    "There is no article here yet.",
}
_WRITES = (
    "If you ask for an answer in own words, a language model writes it, and each statement is "
    "checked against the words that it cites."
)
_DOES_NOT_WRITE = "I do not write text of my own, as no language model is set."


def reply_to_small_talk(
    question: str,
    intent: Intent,
    titles: Sequence[str],
    *,
    articles: int | None = None,
    can_write: bool = False,
) -> Answer:
    """Return the reply to a greeting or to a question about the chatbot.

    It has no citations. Its confidence is 1, and is not shown.

    Args:
        question: As it was typed.
        intent: An intent whose kind is :attr:`Kind.TALK`.
        titles: Titles of the first articles.
        articles: How many articles there are; None for as many as titles.
        can_write: Whether a language model is set.
    """
    return Answer(
        question=question,
        text=_reply(
            intent,
            _named(titles, len(titles) if articles is None else articles),
            _WRITES if can_write else _DOES_NOT_WRITE,
        ),
        short=None,
        citations=(),
        answered=True,
        confidence=1.0,
        passages=(),
        kind=Kind.TALK,
    )


def _reply(intent: Intent, articles: str, writing: str) -> str:
    if not articles:
        return _REPLIES_WITHOUT_ARTICLES[intent].format(writing=writing)
    return _REPLIES[intent].format(articles=articles, writing=writing)


def _named(titles: Sequence[str], articles: int) -> str:
    """Return what the articles are called, of which these are the first titles; "" for none."""
    if articles > MAX_TITLES_NAMED:
        return f"the {articles} articles here"
    return " and ".join(f"“{shorten(single_line(title), _TITLE_CHARS)}”" for title in titles)
