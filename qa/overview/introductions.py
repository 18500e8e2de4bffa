"""Who somebody is, in the words with which the article introduces them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.types import Span
from qa.overview.people import Figure, Sort
from qa.overview.sentences import Sentence, is_statement
from qa.overview.words import ORGANISATION_HEADS, ROLES, TITLES

_TELLS_LITTLE = frozenset(
    "mr mrs ms miss dr prof sir lord lady dame madam brother sister father mother uncle aunt "
    "st saint sen rep gov gen col maj capt lt sgt rev republican democrat".split()
)
_BEFORE = re.compile(
    r"\b(?P<told>(?:[Aa]n?|[Tt]he) (?:[\w-]+ ){0,2}?(?P<role>[a-z-]+)"
    r"(?: (?:of|for|at|from) [^,.;:“”]{2,80})?), \Z"
)
_IS = re.compile(r"(?: \((?:[^()]|\([^()]*\))*\))?,? (?:is|was|are|were) (?:an?|the|one of)\b")


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who somebody is, in the words of the article."""

    told: Span
    """What is shown: a title, an apposition, or a whole sentence."""
    quote: Span
    """What is cited: the same, with the name."""
    sentence: Sentence


def introduction(figure: Figure) -> Introduction | None:
    """Return the words that say who it is: an apposition, a sentence "X is a …", a title."""
    ways = (_appositions(figure), _inverted(figure), _definitions(figure), _titled(figure))
    return next(itertools.chain(*ways), None)


def first_told(figure: Figure) -> Sentence:
    """Return the first whole sentence that names somebody in full, or else the first at all."""
    full = [m for m in figure.mentions if m.name == figure.name and is_statement(m.sentence)]
    whole = [m for m in figure.mentions if is_statement(m.sentence)]
    return (full or whole or figure.mentions)[0].sentence


def _appositions(figure: Figure) -> Iterator[Introduction]:
    for mention in figure.mentions:
        match = mention.apposition
        is_body = (
            figure.sort is Sort.ORGANISATION
            and match
            and match[1].startswith(("a ", "an ", "the ", "one "))
            and ORGANISATION_HEADS.intersection(re.findall(r"[a-z]+", match[1]))
        )
        if match and (mention.has_role or is_body):
            start = mention.span.end + match.start(1)
            told = Span(start, start + len(match[1].rstrip()))
            yield Introduction(told, Span(mention.whole.start, told.end), mention.sentence)


def _inverted(figure: Figure) -> Iterator[Introduction]:
    """Yield what stands before the name between commas: "A spokeswoman for the town, X, …"."""
    for mention in figure.mentions:
        match = _BEFORE.search(mention.before)
        if match and match["role"] in ROLES and mention.after.startswith(","):
            start = mention.sentence.start + match.start("told")
            told = Span(start, start + len(match["told"]))
            yield Introduction(told, Span(start, mention.span.end), mention.sentence)


def _definitions(figure: Figure) -> Iterator[Introduction]:
    """Yield the sentences that begin with the name and say what it is, the full name first."""
    for mention in sorted(figure.mentions, key=lambda m: m.name != figure.name):
        alone = not mention.before.strip("“\"' ") or mention.before.strip().lower() == "the"
        if alone and _IS.match(mention.after) and is_statement(mention.sentence):
            yield Introduction(mention.sentence.span, mention.sentence.span, mention.sentence)


def _titled(figure: Figure) -> Iterator[Introduction]:
    """Yield the titles before the name, the longest first, but those that say too little."""
    titled = [m for m in figure.mentions if m.is_titled]
    for mention in sorted(titled, key=lambda m: m.whole.start - m.span.start):
        if not mention.name.endswith(figure.name.split()[-1]):
            continue  # "Prince William" of who is elsewhere William Pitt
        words = mention.sentence.text[
            mention.whole.start - mention.sentence.start : mention.span.start
            - mention.sentence.start
        ].rstrip()
        last = words.lower().split()[-1]
        of_several = last.endswith("s") and last[:-1] in TITLES
        if words.lower().strip(".") not in _TELLS_LITTLE and not of_several:
            told = Span(mention.whole.start, mention.whole.start + len(words))
            yield Introduction(told, Span(mention.whole.start, mention.span.end), mention.sentence)
