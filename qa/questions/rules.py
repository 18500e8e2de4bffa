"""Each rule asks for one kind of fact that a sentence states plainly.

It gives up at the first word that it is not sure of, so of most sentences nothing is made.
Heilman and Smith (2010) overgenerate and rank instead; here the reading model is asked
afterwards (:mod:`qa.suggesting`), which finds a wrong answer but no wrong English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.types import Span
from qa.questions import asking
from qa.questions.phrases import Names, tidy
from qa.questions.words import BASE_OF_PAST, PAST_OF_PARTICIPLE, STUDIED

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_YEAR = r"(?:1[0-9]|20)\d\d"
_DATE = (
    rf"(?:{_MONTH} \d{{1,2}}, {_YEAR}|\d{{1,2}} {_MONTH} {_YEAR}|{_MONTH},? {_YEAR}"
    rf"|(?:early |late |mid-)?{_YEAR}|the {_YEAR}s"
    rf"|{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})"
)
_WORDS = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty"
_NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|{'|'.join(_WORDS.split())})"
    r"(?: (?:hundred|thousand|million|billion))?"
)
_ABOUT = "(?i:about|around|over|some|nearly|almost|approximately|roughly|at least|more than)"
_WORD = r"(?:[A-Z]\.(?: ?[A-Z]\.)*|[\w’'-]+)"
_S = rf"(?P<s>{_WORD}(?: {_WORD}){{0,6}}?)"
_BE = "(?P<be>is|are|was|were)"
_PP = f"(?P<pp>{'|'.join(sorted(PAST_OF_PARTICIPLE))})"
_PAST = f"(?P<v>{'|'.join(sorted(BASE_OF_PAST))})"
_REST = rf"(?P<rest>(?: {_WORD}){{0,7}}?)"
_STOP = r"(?=[.,;:!?]|$)"
_DATE_STOP = r"(?=[.,;:!?]|$| by )"
# A sentence, perhaps after a few words that its main clause can do without.
_START = "^(?:(?:And|But|So|Then|Now|Yet|Thus) |[A-Z][^,;:“”()]{2,50}, )?"
_APPOSITION = r"(?:, (?:an?|the|who) [^,;]{3,80},)?"
_NOUN_PHRASE = (
    rf"(?:the|an?|[A-Z][\w’'-]*|{_NUMBER})"
    rf"(?: (?!(?:in|on|at|to|from|against|with|by|for|and|or|that|which|who|into)\b){_WORD}){{0,8}}"
)
_OF_NOUNS = (
    "capital|population|area|length|height|purpose|aim|goal|motto|currency|headquarters"
    "|largest city|main cause|main purpose|main goal|official language|highest point|original name"
)
_SAID = "(?:said|told|stated|added|explained|argued|claimed|announced|warned|wrote)"


_PAPER = "study|review|paper|article|trial|survey|report|work"
_STUDIED = "|".join(STUDIED)
_BEST = "(?:first|last|only|main|most [a-z]+|least [a-z]+|[a-z]+est)"
_DOES = "consists of|depends on|belongs to|refers to|stands for|causes|produces|encodes"
_TRANSITIVE = (
    "abolished|approved|built|captured|created|discovered|established|founded|introduced|invented"
    "|launched|lost|designed|developed|proposed|published|ratified"
    "|rejected|signed|suspended|translated|won"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question and where an article answers it."""

    question: str
    answer: Span
    """Some of these words must be what is found."""
    kind: str
    """The rule that made it."""


def candidates(text: str, sentence: Span, names: Names) -> Iterator[Candidate]:
    """Yield the questions that ``text[sentence]`` answers; ``names`` are those of the text."""
    words = text[slice(*sentence)].replace("\n", " ")
    for kind, (pattern, ask, group) in _RULES.items():
        for match in pattern.finditer(words):
            question = tidy(ask(match, names))
            if question:
                start, end = match.span(group)
                at = Span(sentence.start + start, sentence.start + end)
                yield Candidate(question, at, kind)
                break


_RULES: dict[str, tuple[re.Pattern[str], asking.Ask, str]] = {
    kind: (re.compile(pattern), ask, group)
    for kind, pattern, ask, group in (
        ("said", rf"“(?P<words>[^”]{{40,400}}),?” {_S}(?: {_SAID}|,)", asking.said, "words"),
        (
            "who by",
            rf"{_START}{_S}{_APPOSITION} (?:was|were) {_PP} by "
            rf"(?P<who>[A-Z]{_WORD}(?: {_WORD}){{0,3}})",
            asking.who_by,
            "who",
        ),
        (
            "where",
            rf"{_START}{_S} {_BE} (?P<located>located|situated|born|buried|headquartered) "
            rf"(?:in|at|on|near) (?P<where>(?:[Tt]he )?[A-Z]{_WORD})",
            asking.where,
            "where",
        ),
        (
            "what of",
            rf"^The (?P<noun>{_OF_NOUNS}) of {_S} {_BE} (?P<what>[^.;]{{2,80}})",
            asking.what_of,
            "what",
        ),
        (
            "why",
            rf"{_START}{_S}{_APPOSITION} {_PAST}{_REST} (?P<why>because [^.;]{{5,}})",
            asking.why,
            "why",
        ),
        (
            "why passive",
            rf"{_START}{_S}{_APPOSITION} {_BE} {_PP}{_REST} "
            rf"(?P<why>(?:because|due to) [^.;]{{5,}})",
            asking.why,
            "why",
        ),
        (
            "how many",
            rf"(?:^|after |when )(?:{_ABOUT} )?(?P<n>{_NUMBER}) (?P<noun>(?:[a-z-]+ )?"
            rf"(?:[a-z]+s|people|children|men|women)) were {_PP}{_REST}{_STOP}",
            asking.how_many,
            "n",
        ),
        (
            "how many has",
            rf"{_START}{_S} (?P<has>has|have|had|contains|contain) (?:{_ABOUT} )?"
            rf"(?P<n>{_NUMBER}) (?P<noun>(?:[a-z-]+ )?(?:[a-z]+s|people)){_STOP}",
            asking.how_many_has,
            "n",
        ),
        (
            "there are",
            rf"^There (?P<be>are|were) (?:{_ABOUT} )?(?P<n>{_NUMBER}) (?P<noun>(?:[a-z-]+ )?"
            rf"(?:[a-z]+s|people)) in {_S}{_STOP}",
            asking.there_are,
            "n",
        ),
        (
            "what does",
            rf"{_START}{_S} (?P<does>{_DOES}) (?P<what>[^.;:]{{4,100}})",
            asking.what_does,
            "what",
        ),
        (
            "what did",
            rf"{_START}{_S} (?P<v>{_TRANSITIVE}) (?P<what>{_NOUN_PHRASE})",
            asking.what_did,
            "what",
        ),
        (
            "paper of",
            rf"(?:^|, )[Tt]he (?P<noun>purpose|aim|objective|goal) of (?:this|the|our) "
            rf"(?P<paper>{_PAPER}) {_BE} (?P<what>[^.;]{{10,200}})",
            asking.paper_of,
            "what",
        ),
        (
            "paper did",
            rf"(?:^|, )(?:This|The|Our|this|the|our) (?P<paper>{_PAPER}) "
            rf"(?P<did>{_STUDIED}) (?P<what>[^.;]{{10,200}})",
            asking.paper_did,
            "what",
        ),
        (
            "total",
            rf"(?:^|, )[Aa] total of (?P<n>{_NUMBER}) (?P<noun>(?:[a-z-]+ )?(?:[a-z]+s|people)) "
            rf"were {_PP}{_REST}{_STOP}",
            asking.total,
            "n",
        ),
        (
            "best",
            rf"{_START}[Tt]he (?P<best>{_BEST} (?P<noun>{_WORD}))(?P<rest>(?: {_WORD}){{0,9}}?) "
            rf"(?P<be>is|was) (?P<what>(?:the )?[A-Z][^,.;]{{2,60}})",
            asking.best,
            "what",
        ),
        (
            "when passive",
            rf"{_START}{_S}{_APPOSITION} {_BE} {_PP}{_REST} (?:in|on) (?P<a>{_DATE}){_DATE_STOP}",
            asking.when,
            "a",
        ),
        (
            "when active",
            rf"{_START}{_S}{_APPOSITION} {_PAST}{_REST} (?:in|on) (?P<a>{_DATE}){_DATE_STOP}",
            asking.when,
            "a",
        ),
        (
            "in passive",
            rf"^(?:In|On) (?P<a>{_DATE}),? {_S}{_APPOSITION} {_BE} {_PP}{_REST}{_STOP}",
            asking.when,
            "a",
        ),
        (
            "in active",
            rf"^(?:In|On) (?P<a>{_DATE}),? {_S}{_APPOSITION} {_PAST}{_REST}{_STOP}",
            asking.when,
            "a",
        ),
        (
            "what for",
            rf"{_START}{_S} {_BE} (?P<done>used for|caused by|based on|made of) "
            r"(?P<what>[^.;]{3,120})",
            asking.what_for,
            "what",
        ),
        (
            "known as",
            rf"{_START}{_S} {_BE} (?P<adv>also |often |commonly )?(?P<known>known as|called) "
            r"(?P<what>[^.,;]{3,60})",
            asking.known_as,
            "what",
        ),
        ("who", rf"{_START}{_S}{_APPOSITION} {_PAST}{_REST}{_STOP}", asking.who, "s"),
        (
            "what is",
            rf"{_START}{_S}(?: \([^)]*\))?(?:, (?:also|often|sometimes|or) [^,]*,)? {_BE} "
            r"(?P<what>an? [^.,;]{8,})",
            asking.what_is,
            "what",
        ),
    )
}
