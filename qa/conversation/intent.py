"""Tell what a question asks for: a fact, an overview or small talk."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.search.text_index import STOP_WORDS, stems
from qa.answers.answer import Kind


class Intent(StrEnum):
    """What a question asks for; each but the first is a class of the recogniser."""

    FACTUAL = "factual"
    """Words of the articles: whatever is none of those below."""
    SUMMARY = "summary"
    KEY_POINTS = "key_points"
    PEOPLE = "people"
    TIMELINE = "timeline"
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    """What can be asked, how, and how far a reply can be trusted."""
    IDENTITY = "identity"
    """Who or what the chatbot is."""

    @property
    def kind(self) -> Kind:
        """The kind of answer that is due."""
        return _KINDS.get(self, Kind.TALK)


_KINDS = {
    Intent.FACTUAL: Kind.ANSWER,
    Intent.SUMMARY: Kind.SUMMARY,
    Intent.KEY_POINTS: Kind.KEY_POINTS,
    Intent.PEOPLE: Kind.PEOPLE,
    Intent.TIMELINE: Kind.TIMELINE,
}

OVERVIEW_QUESTIONS = {
    "What is this about?": Intent.SUMMARY,
    "What are the key points?": Intent.KEY_POINTS,
    "Who is mentioned?": Intent.PEOPLE,
    "What happened when?": Intent.TIMELINE,
}
"""The questions that the program itself offers; each is always taken to ask for this."""


_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
# A part of an article by its number, or an article of a law.
_NUMBERED = re.compile(
    r"\b(?:article|chapter|section|part|page|paragraph|figure|table) \d+\b", re.IGNORECASE
)
_LEAST_FOR_SLIP = 5
"""Characters of a word from which one that is added, lost or changed is a slip."""


def has_letter(question: str) -> bool:
    """Return whether ``question`` has a letter of any script; without one it asks nothing."""
    return any(map(str.isalpha, question))


def words_in(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, with plain apostrophes."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def particular_words(question: str, general: AbstractSet[str]) -> list[str]:
    """Return the words of ``question`` that are not among the ``general`` ones, in order.

    A part of an article by its number, "Article 5", is one of them.
    """
    known = general | STOP_WORDS
    numbered = [match[0].casefold() for match in _NUMBERED.finditer(question)]
    return numbered + [word for word in words_in(question) if word not in known]


def any_stands_in(words: Sequence[str], texts: Iterable[str]) -> bool:
    """Return whether one of ``words`` stands in one of the texts, in any form of it."""
    return not set(stems(" ".join(words))).isdisjoint(s for text in texts for s in stems(text))


def is_mistyped(word: str, general: AbstractSet[str]) -> bool:
    """Return whether ``word`` is one of the ``general`` words with one slip of the keyboard."""
    return any(is_slip_of(word, known) for known in general | STOP_WORDS)


def is_slip_of(word: str, known: str) -> bool:
    """Return whether ``word`` is ``known`` with one slip of the keyboard.

    Two neighbouring letters swapped; in longer words also a letter added, lost or changed,
    but not the first. Numbers are not mistyped.
    """
    if word[0] != known[0] and sorted(word) != sorted(known):
        return False
    if abs(len(word) - len(known)) > 1 or not word.isalpha():
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), None)
    if at is None:
        return word != known and len(known) >= _LEAST_FOR_SLIP
    swapped = word[at : at + 2] == known[at : at + 2][::-1] and word[at + 2 :] == known[at + 2 :]
    if swapped or len(known) < _LEAST_FOR_SLIP:
        return swapped
    lost, changed = word[at:] == known[at + 1 :], word[at + 1 :] == known[at + 1 :]
    return lost or changed or word[at + 1 :] == known[at:]


WEIGHTS = Path(__file__).parent / "intent_weights.json"
LONGEST = 160
"""Characters of a question; a longer one says too much to be a general one."""
SURE = 0.6
"""Probability from which a question of general words is not factual. Other values that were
tried: docs/research-notes.md."""
SURE_OF_PARTICULAR = 0.85
"""The same, where a word is none of the general ones."""
SURE_IN_CONTEXT = 0.95
"""The same, where the question may lean on an earlier one."""
_TALK = frozenset({Intent.HELP, Intent.IDENTITY})


@dataclass(frozen=True, eq=False, slots=True)
class IntentModel:
    """The weights of the regression, and the words that its phrases are made of."""

    classes: tuple[Intent, ...]
    coefficients: NDArray[np.float64]
    """``(classes, dimension)``."""
    intercepts: NDArray[np.float64]
    """``(classes,)``."""
    overview_words: frozenset[str]
    """Of phrases that ask for the whole article, or greet or thank."""
    talk_words: frozenset[str]
    """Of phrases about the chatbot."""

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

    def likeliest(self, vector: NDArray[np.floating[Any]]) -> tuple[Intent, float]:
        """Return the likeliest class but the factual one, and how likely it is no factual one.

        ``vector`` is the question's embedding, ``(dimension,)``, of unit length.
        """
        logits = self.coefficients @ vector.astype(np.float64) + self.intercepts
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        factual = self.classes.index(Intent.FACTUAL)
        others = chances.copy()
        others[factual] = -1.0
        return self.classes[int(others.argmax())], float(1 - chances[factual])

    def words_for(self, wanted: Intent) -> frozenset[str]:
        """Return the words that name nothing in particular in a question of this class."""
        if wanted in _TALK:
            return self.overview_words | self.talk_words
        return self.overview_words


@functools.cache
def shipped_model() -> IntentModel:
    """Return the model that comes along; it is for the default embedding model alone."""
    return IntentModel.from_dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def detect_intent(
    question: str,
    encode: Callable[[str], Vectors],
    said: Callable[[Sequence[str]], bool],
    *,
    titles: Sequence[str] = (),
    leans: bool = False,
) -> Intent:
    """Return what ``question`` asks for.

    Args:
        question: As it was typed.
        encode: Gives its embedding by the default model, which the weights are fitted to.
        said: Whether the articles say one of these words; asked only where it matters.
        titles: Of the articles asked, whose words in a question name the whole of them.
        leans: Whether it may lean on an earlier question: then it must be all the clearer.
    """
    if not has_letter(question) or len(question) > LONGEST:
        return Intent.FACTUAL
    if question.strip() in OVERVIEW_QUESTIONS:
        return OVERVIEW_QUESTIONS[question.strip()]
    model = shipped_model()
    wanted, sure = model.likeliest(encode(question))
    general = model.words_for(wanted).union(*map(words_in, titles))
    particular = particular_words(question, general)
    if sure < least(particular, general, leans=leans) or (particular and said(particular)):
        return Intent.FACTUAL
    return wanted


def least(particular: Sequence[str], general: AbstractSet[str], *, leans: bool = False) -> float:
    """Return how sure it must be that a question with these particular words is not factual."""
    if leans:
        return SURE_IN_CONTEXT
    mistyped = all(is_mistyped(word, general) for word in particular)
    return SURE if mistyped else SURE_OF_PARTICULAR
