"""Find words that occur in similar places, from the word table of the embedding model."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from index.search.text_index import stems
from training.reader.pretrained import WEIGHTS, vocabulary_of

_WORDS = "embeddings.word_embeddings.weight"
_PLAIN = re.compile(r"[a-z]{4,}")
_ENDINGS = ("ing", "ed", "ly", "est", "er", "s")
_SAME_BEGINNING = 4
"""Characters of words that are taken for forms of one word."""
_NEAREST = 40
ALIKE = (0.58, 1.0)
"""Cosines of words that mostly mean the same."""
RELATED = (0.27, 0.47)
"""Cosines of words that mostly mean something else of the same sort."""


class Neighbours:
    """The nearest words of each word, of the same ending and no form of the same word.

    Args:
        folder: The folder of the embedding model.
    """

    def __init__(self, folder: Path) -> None:
        vocabulary = vocabulary_of(folder)
        places = [place for place, word in enumerate(vocabulary) if _PLAIN.fullmatch(word)]
        self._words = [vocabulary[place] for place in places]
        self._place = {word: place for place, word in enumerate(self._words)}
        vectors = load_file(folder / WEIGHTS)[_WORDS][places]
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def of(self, word: str, cosines: tuple[float, float]) -> tuple[str, ...]:
        """Return the words with a cosine in this range, nearest first; none if it is unknown."""
        low, high = cosines
        return tuple(other for other, cosine in self._nearest(word) if low <= cosine < high)

    @functools.cache  # noqa: B019 - there is one object, as long as the program
    def _nearest(self, word: str) -> tuple[tuple[str, float], ...]:
        place = self._place.get(word)
        if place is None:
            return ()
        cosines = self._vectors @ self._vectors[place]
        order = np.argpartition(-cosines, _NEAREST)[:_NEAREST]
        order = order[np.argsort(-cosines[order])]
        found = ((self._words[i], float(cosines[i])) for i in order if i != place)
        return tuple((other, c) for other, c in found if _is_another(word, other))


def _is_another(word: str, other: str) -> bool:
    return (
        _ending(word) == _ending(other)
        and word[:_SAME_BEGINNING] != other[:_SAME_BEGINNING]
        and stems(word) != stems(other)
    )


def _ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")
