"""What a question asks for, by its meaning: a logistic regression over its embedding.

A factual question that is taken for another is what costs most. So a question that has a word
which names something in particular, and which the articles have, too, is always factual; with
such a word that they do not have the regression must be all the surer.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors
from qa.kinds.wanted import OVERVIEW_QUESTIONS, Wanted
from qa.kinds.wording import has_letter, is_mistyped, particular_words, words_in

WEIGHTS = Path(__file__).parent / "weights.json"
LONGEST = 160
"""Characters of a question; a longer one says too much to be a general one."""
SURE = 0.6
"""Probability from which a question of general words is not factual; docs/kinds.md has what
was tried."""
SURE_OF_PARTICULAR = 0.85
"""The same, where a word is none of the general ones."""
SURE_IN_CONTEXT = 0.95
"""The same, where the question may lean on an earlier one."""
_TALK = frozenset({Wanted.HELP, Wanted.IDENTITY})


@dataclass(frozen=True, eq=False, slots=True)
class KindModel:
    """The weights of the regression, and the words that its phrases are made of."""

    classes: tuple[Wanted, ...]
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
            tuple(Wanted(name) for name in data["classes"]),
            np.array(data["coefficients"]),
            np.array(data["intercepts"]),
            frozenset(data["overview_words"]),
            frozenset(data["talk_words"]),
        )

    def likeliest(self, vector: NDArray[np.floating[Any]]) -> tuple[Wanted, float]:
        """Return the likeliest class but the factual one, and how likely it is no factual one.

        ``vector`` is the question's embedding, ``(dimension,)``, of unit length.
        """
        logits = self.coefficients @ vector.astype(np.float64) + self.intercepts
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        factual = self.classes.index(Wanted.FACTUAL)
        others = chances.copy()
        others[factual] = -1.0
        return self.classes[int(others.argmax())], float(1 - chances[factual])

    def words_for(self, wanted: Wanted) -> frozenset[str]:
        """Return the words that name nothing in particular in a question of this class."""
        if wanted in _TALK:
            return self.overview_words | self.talk_words
        return self.overview_words


@functools.cache
def shipped_model() -> KindModel:
    """Return the model that comes along; it is for the default embedding model alone."""
    return KindModel.from_dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def wanted_by(
    question: str,
    encode: Callable[[str], Vectors],
    said: Callable[[Sequence[str]], bool],
    *,
    titles: Sequence[str] = (),
    leans: bool = False,
) -> Wanted:
    """Return what ``question`` asks for.

    Args:
        question: As it was typed.
        encode: Gives its embedding by the default model, which the weights are fitted to.
        said: Whether the articles say one of these words; asked only where it matters.
        titles: Of the articles asked, whose words in a question name the whole of them.
        leans: Whether it may lean on an earlier question: then it must be all the clearer.
    """
    if not has_letter(question) or len(question) > LONGEST:
        return Wanted.FACTUAL
    if question.strip() in OVERVIEW_QUESTIONS:
        return OVERVIEW_QUESTIONS[question.strip()]
    model = shipped_model()
    wanted, sure = model.likeliest(encode(question))
    general = model.words_for(wanted).union(*map(words_in, titles))
    particular = particular_words(question, general)
    if sure < least(particular, general, leans=leans) or (particular and said(particular)):
        return Wanted.FACTUAL
    return wanted


def least(particular: Sequence[str], general: AbstractSet[str], *, leans: bool = False) -> float:
    """Return how sure it must be that a question with these particular words is not factual."""
    if leans:
        return SURE_IN_CONTEXT
    mistyped = all(is_mistyped(word, general) for word in particular)
    return SURE if mistyped else SURE_OF_PARTICULAR
