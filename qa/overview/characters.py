"""The persons of a story who have no name: the king, the fisherman, the youngest daughter."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from index.types import Span
from qa.overview.mentions import Mention
from qa.overview.people import Figure, Sort
from qa.overview.sentences import Sentence
from qa.overview.words import CHARACTERS

_FEWEST_MENTIONS = 4
_WHO = re.compile(
    r"\b(?P<article>[Tt]he|[Aa]n?) "
    r"(?:(?:old|young|little|poor|rich|eldest|youngest|wicked|good) )?"
    rf"(?P<noun>(?i:{'|'.join(sorted(CHARACTERS))}))\b(?![’'-])"
)


def characters_in(sentences: Sequence[Sentence]) -> list[Figure]:
    """Return who is spoken of again and again as "the …", the most mentioned first."""
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    definite: defaultdict[str, int] = defaultdict(int)
    for sentence in sentences:
        for match in _WHO.finditer(sentence.text):
            noun = match["noun"].lower()
            at = Span(sentence.start + match.start(), sentence.start + match.end())
            groups[noun].append(Mention(match[0], at, at, sentence))
            definite[noun] += match["article"].lower() == "the"
    figures = [
        Figure(_name(mentions), Sort.PERSON, mentions)
        for noun, mentions in groups.items()
        if definite[noun] >= _FEWEST_MENTIONS
    ]
    return sorted(figures, key=lambda figure: -len(figure.mentions))


def _name(mentions: Sequence[Mention]) -> str:
    """Return "The" with the noun, as it is written most often: "The king" or "The King"."""
    nouns = Counter(mention.name.split()[-1] for mention in mentions)
    return f"The {nouns.most_common(1)[0][0]}"
