"""Generate questions from a text: definitions, quotations, sources, lists, mentions, topics.

No data set has many of these, but people ask them often. Each rule matches one simple sentence
pattern, so that question and answer are right whenever it matches.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from index.sentences import split_sentences
from index.types import Span
from training.reader.swaps import entities

_NAME = r"[A-Z][\w’'-]+(?: (?:of |the |de |van )?[A-Z][\w’'-]+){0,4}"
_DEFINED = re.compile(
    rf"(?:^|\n|(?<=[.!?] ))(?:The |An? )?(?P<what>{_NAME})(?: \([^()]{{1,80}}\))? "
    r"(?:is|was|are|were) (?P<answer>(?:an?|the|one of) [a-z][^.;:\n]{8,140}?)"
    r"(?=[.;]|, (?:and|but|while|who)\b| that | which )"
)
_SAID = "said|says|stated|told|wrote|explained|argued|added|replied|declared|noted|announced"
_QUOTED = re.compile(
    rf"[“\"](?P<answer>[^“”\"\n]{{15,240}}?)[,.!?]?[”\"],? "
    rf"(?:(?P<who>{_NAME}) (?:{_SAID})\b|(?:{_SAID}) (?P<who3>{_NAME}))"
    rf"|(?P<who2>{_NAME}) (?:{_SAID})(?: that)?[,:]? [“\"](?P<answer2>[^“”\"\n]{{15,240}})[”\"]"
)
_ACCORDING = re.compile(
    r"(?:^|\n|(?<=[.!?] ))According to (?P<answer>(?:the |an? )?[A-Z][^,.;\n]{3,60}), "
    r"(?P<claim>[^.;\n]{20,140})\."
)
_LISTED = re.compile(
    r"\b(?P<what>(?:[a-z-]+ )?[a-z-]{3,}s)(?:,? such as|,? including|:) "
    r"(?P<answer>(?:[\w’'“”\"&-]+(?: [\w’'“”\"&-]+){0,4}, ){1,7}(?:and |or )?(?:the )?"
    r"[\w’'“”\"&-]+(?: [\w’'“”\"&-]+){0,3}?"
    r"(?: (?:and|or) [\w’'“”\"&-]+(?: [\w’'“”\"&-]+){0,2}?)?)(?=[.;\n])"
)
_SEPARATOR = re.compile(r", (?:and |or )?| (?:and|or) ")
_MENTIONED = {
    "years": re.compile(r"\b(?:1[5-9]\d\d|20[0-2]\d)\b"),
    "percentages": re.compile(r"\b\d+(?:\.\d+)? ?(?:%|percent\b|per cent\b)"),
    "amounts of money": re.compile(r"[$€£]\d+(?:[.,]\d+)*(?: (?:million|billion|trillion))?"),
    "dates": re.compile(
        r"\b(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October"
        r"|November|December) \d{1,4}\b(?:, \d{4})?"
    ),
}
_LEAST_MENTIONED, _MOST_MENTIONED = 2, 6
_LONGEST_TOPIC_WORDS = 20
"""The most words of a sentence that answers a topic: longer ones are not spans of the reader."""
_CONTENT_WORD = re.compile(r"\b[a-z]{5,}\b")
_TOPIC_WORDINGS = (
    "{0}",
    "{0}",
    "{0} {1}",
    "{0} {1}",
    "{1} {0}",
    "{0}?",
    "about {0}",
    "what about {0}?",
    "anything on {0}?",
    "tell me about {0}",
    "where is {0} mentioned",
    "What does it say about {0}?",
    "What is said about {0}'s {1}?",
)
_NO_NAMES = frozenset("I We You He She It They This That These Those There What Who One".split())
_NO_MEMBERS = frozenset("etc Rev others more".split())


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question generated from a text, with all its answers as offsets into it."""

    text: str
    kind: str
    spans: tuple[Span, ...]
    """One, or the members of the answer."""
    topic: str = ""
    """A name that every passage with an answer contains; empty if the answers must do."""


def made_questions(text: str, rng: random.Random) -> Iterator[MadeQuestion]:
    """Yield the questions generated from ``text``, at most one of each kind."""
    for maker in _MAKERS:
        found = maker(text, rng)
        if found:
            yield found


def _definition(text: str, rng: random.Random) -> MadeQuestion | None:
    match = _DEFINED.search(text)
    if not match or match["what"].split()[0] in _NO_NAMES:
        return None
    wording = ("What is {}?", "what is {}", "What does {} mean?", "define {}", "{}", "What was {}?")
    return MadeQuestion(
        rng.choice(wording).format(match["what"]), "definition", (Span(*match.span("answer")),)
    )


def _quotation(text: str, rng: random.Random) -> MadeQuestion | None:
    match = _QUOTED.search(text)
    if not match:
        return None
    part = "answer" if match["answer"] else "answer2"
    who = match["who"] or match["who2"] or match["who3"]
    if who.split()[0] in _NO_NAMES:
        return None
    wording = (
        "What did {} say?",
        "quotes by {}",
        "{} quote",
        "What were {}'s words?",
        "what did {} say",
    )
    return MadeQuestion(rng.choice(wording).format(who), "quotation", (Span(*match.span(part)),))


def _source(text: str, rng: random.Random) -> MadeQuestion | None:
    match = _ACCORDING.search(text)
    if not match:
        return None
    claim = match["claim"][:1].lower() + match["claim"][1:]
    wording = (
        "According to whom {}?",
        "Who says that {}?",
        "according to whom {}",
        "Who claims {}?",
    )
    return MadeQuestion(rng.choice(wording).format(claim), "source", (Span(*match.span("answer")),))


def _list(text: str, rng: random.Random) -> MadeQuestion | None:
    match = _LISTED.search(text)
    if not match:
        return None
    spans = list_members(text, Span(*match.span("answer")))
    spans = tuple(span for span in spans if text[slice(*span)] not in _NO_MEMBERS)
    if len(spans) < 3:  # noqa: PLR2004 - two may be one name with a comma
        return None
    wording = (
        "Which {} are mentioned?",
        "What {} are there?",
        "which {}",
        "List the {}.",
        "What are the {}?",
        "What are some {}?",
        "Name all {}.",
    )
    return MadeQuestion(rng.choice(wording).format(match["what"]), "list", spans)


def _mentions(text: str, rng: random.Random) -> MadeQuestion | None:
    names = list(_MENTIONED)
    rng.shuffle(names)
    for name in names:
        spans = tuple(Span(*match.span()) for match in _MENTIONED[name].finditer(text))
        if _LEAST_MENTIONED <= len(spans) <= _MOST_MENTIONED:
            wording = ("Which {} are mentioned?", "what {} are given", "List all {}.", "all {}")
            return MadeQuestion(rng.choice(wording).format(name), "mentions", spans)
    return None


def _topic(text: str, rng: random.Random) -> MadeQuestion | None:
    """Return a name, alone or with a word beside it, answered by the first sentence that has it."""
    names = entities(text)["name"]
    rng.shuffle(names)
    for name in names:
        sentence = next((s for s in split_sentences(text) if name in text[slice(*s)]), None)
        if sentence is None or text[slice(*sentence)].count(" ") >= _LONGEST_TOPIC_WORDS:
            continue
        words = _CONTENT_WORD.findall(text[slice(*sentence)]) or [""]
        name_typed = name if rng.random() < 0.5 else name.lower()  # noqa: PLR2004 - half
        asked = rng.choice(_TOPIC_WORDINGS).format(name_typed, rng.choice(words)).strip()
        return MadeQuestion(asked, "topic", (sentence,), name)
    return None


def list_members(text: str, span: Span) -> tuple[Span, ...]:
    """Return the members of "A, B and C" as offsets into ``text``; the span itself if it is one."""
    found, start = [], span.start
    for match in _SEPARATOR.finditer(text, span.start, span.end):
        found.append(Span(start, match.start()))
        start = match.end()
    found.append(Span(start, span.end))
    return tuple(member for member in found if member.end > member.start)


_MAKERS: tuple[Callable[[str, random.Random], MadeQuestion | None], ...] = (
    _definition,
    _quotation,
    _source,
    _list,
    _mentions,
    _topic,
)
