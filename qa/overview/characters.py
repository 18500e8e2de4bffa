"""The persons of a story who have no name: the king, the fisherman, the youngest daughter."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from index.types import Span
from qa.overview.mentions import Mention
from qa.overview.people import Figure, Sort
from qa.overview.sentences import Sentence

_FEWEST_MENTIONS = 4
_WHO = re.compile(
    r"\b(?P<article>[Tt]he|[Aa]n?) "
    r"(?:(?:old|young|little|poor|rich|eldest|youngest|wicked|good) )?"
    r"(?P<noun>king|queen|prince|princess|emperor|empress|knight|lord|lady|man|woman|boy|girl|child"
    r"|father|mother|son|daughter|brother|sister|stepmother|grandmother|grandfather|husband|wife"
    r"|maiden|youth|lad|servant|soldier|fisherman|hunter|huntsman|farmer|shepherd|miller|tailor"
    r"|merchant|robber|thief|giant|dwarf|witch|wizard|magician|fairy|dragon|ogre|troll|monk|priest"
    r"|hermit|beggar|cook|captain|sailor|wolf|fox|bear|lion|cat|dog|frog|bird|horse|mouse|rabbit"
    r"|monkey|tiger|crow|raven|eagle|snake|serpent|mermaid|bride|bridegroom|widow|peasant|nurse)\b"
    r"(?![’'-])"
)


def characters_in(sentences: Sequence[Sentence]) -> list[Figure]:
    """Return who is spoken of again and again as "the …", the most mentioned first."""
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    definite: defaultdict[str, int] = defaultdict(int)
    for sentence in sentences:
        for match in _WHO.finditer(sentence.text):
            noun = match["noun"]
            at = Span(sentence.start + match.start(), sentence.start + match.end())
            groups[noun].append(Mention(match[0], at, at, sentence))
            definite[noun] += match["article"].lower() == "the"
    figures = [
        Figure(f"The {noun}", Sort.PERSON, mentions)
        for noun, mentions in groups.items()
        if definite[noun] >= _FEWEST_MENTIONS
    ]
    return sorted(figures, key=lambda figure: -len(figure.mentions))
