"""Make dialogues from complete questions by leaving out what an earlier turn names.

Nothing of :mod:`qa.conversation` is used, because it would be measured against itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.evaluation.datasets import EvalArticle, EvalQuestion

# Of a sample, in these shares: pronouns are what people use most.
KINDS = {"name": 0.4, "phrase": 0.2, "dropped": 0.1, "about": 0.15, "bare": 0.15}
_NAME = re.compile(
    r"(?<=[a-z,] )(?:the )?[A-Z][\w.’\-–]*\w(?:(?: | of | de | van | von )[A-Z][\w.’\-–]*\w)*"
)
_PHRASE = re.compile(r"\bthe [a-z\-]+(?: [a-z\-]+){0,2}")
_POINTING = re.compile(
    r"\b(?:he|him|his|she|her|hers|it|its|they|them|their|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_FUNCTION = frozenset(
    "in on at of for from to by with about after before since until during under over into was "
    "is were are did do does has have had can could will would be been and or as that who which "
    "when than against between through".split()
)
_AUXILIARIES = frozenset("was is were are did do does has have had can could will would".split())
_NEAR_CHARS = 120
"""Characters after a name in which its pronouns are looked for."""
_PERSON = 0.25
_DROPPED = re.compile(r" (?:in|at|of|by|for|from|during|within) (?:the )?$")
_WH = re.compile(
    r"^(?P<wh>When|Where|Why|How|In what year|What year|In which year)"
    r"(?= (?:did|was|were|is|are|does|do|has|have|had)\b)"
)
_OTHER_WH = {"When": "Where", "Where": "When", "Why": "When", "How": "When"}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A sequence of questions; the last one is a follow-up."""

    kind: str
    history: tuple[str, ...]
    follow_up: str
    written: str
    """The last question as it is in the set."""
    left_out: str
    question: EvalQuestion


def dialogues_of(item: EvalArticle, seed: int = 0) -> list[Dialogue]:
    """Return every dialogue that the consecutive answerable questions of an article make."""
    # Not for secrets: the same article gives the same dialogues.
    chance = random.Random(f"{seed}\0{item.id}")  # noqa: S311
    answerable = [q for q in item.questions if q.answerable]
    names = sorted({name for q in answerable for name in _names(q.question)})
    found: list[Dialogue] = []
    for before, last, now in zip(answerable, answerable[1:], answerable[2:], strict=False):
        if _POINTING.search(now.question):
            continue
        history = (before.question, last.question)
        known = " ".join([*history, *before.answers[:1], *last.answers[:1]])
        found += _pronouns(item, now, history, known)
        found += _dropped(now, history, known)
        found += _about(now, history[1:], names, chance)
        found += _bare(now, history[1:])
    return found


def sample(dialogues: Sequence[Dialogue], size: int, seed: int = 0) -> list[Dialogue]:
    """Return about ``size`` dialogues in the shares of KINDS, no question twice in a kind."""
    chance = random.Random(seed)  # noqa: S311
    chosen: list[Dialogue] = []
    for kind, share in KINDS.items():
        some = list({d.question.id: d for d in dialogues if d.kind == kind}.values())
        chosen += chance.sample(some, min(len(some), round(size * share)))
    return chosen


def _names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(text):
        yield match[0].removesuffix("'s").removesuffix("’s")


@dataclass(frozen=True, slots=True)
class _Place:
    """Words of a question that could be left out."""

    question: str
    start: int
    words: str

    @property
    def end(self) -> int:
        return self.start + len(self.words)

    @property
    def owner(self) -> str:
        """The words without a possessive ending."""
        return re.sub(r"['’]s$", "", self.words)

    @property
    def possessive(self) -> bool:
        return self.owner != self.words


def _pronouns(
    item: EvalArticle, now: EvalQuestion, history: tuple[str, ...], known: str
) -> Iterator[Dialogue]:
    text = now.question
    for kind, pattern in (("name", _NAME), ("phrase", _PHRASE)):
        for match in pattern.finditer(text):
            words = _known_part(match[0], known) if kind == "phrase" else match[0]
            place = _Place(text, match.start(), words)
            once = bool(place.owner) and text.count(place.owner) == 1
            if not once or place.owner.removeprefix("the ") not in known or not _is_whole(place):
                continue
            pronoun = _pronoun(item.text, place, is_name=kind == "name")
            follow_up = text[: place.start] + pronoun + text[place.end :]
            yield Dialogue(kind, history, follow_up, text, place.owner, now)
            break


def _known_part(phrase: str, known: str) -> str:
    """Return the longest beginning of a phrase that an earlier turn has, word by word."""
    words = phrase.split()
    while len(words) > 1 and " ".join(words) not in known:
        words.pop()
    return " ".join(words) if len(words) > 1 else ""


def _is_whole(place: _Place) -> bool:
    """Whether the words are a noun phrase of their own, and not part of a longer one."""
    if place.possessive:
        return True
    before = place.question[: place.start].split()[-1:] or [""]
    if not place.words.startswith("the ") and before[0].lower() not in _FUNCTION:
        return False  # "the architect Enric Miralles", "a Scottish Parliament"
    subject = before[0].lower() in ("did", "does", "do")
    following = re.match(r"(?: |$|\?)([\w\-&]*)", place.question[place.end :])
    if following is None:
        return False
    return subject or following[1] in {"", *_FUNCTION - {"of"}}


def _pronoun(article: str, place: _Place, *, is_name: bool) -> str:
    forms = ("it", "it", "its")
    if is_name and (person := _person(article, place.owner)):
        forms = person
    elif place.owner.startswith("the ") and re.search(r"[^suia]s$", place.owner):
        forms = ("they", "them", "their")
    if place.possessive:
        return forms[2]
    before = place.question[: place.start].split()
    following = place.question[place.end :].split()
    subject = bool(before) and before[-1].lower() in _AUXILIARIES
    subject = subject or (bool(following) and following[0] in _AUXILIARIES)
    return forms[0] if subject else forms[1]


def _person(article: str, owner: str) -> tuple[str, str, str] | None:
    """Return the pronouns of a person: those that follow the name in the article."""
    name = re.escape(owner.rsplit(maxsplit=1)[-1])
    behind = [
        article[m.end() : m.end() + _NEAR_CHARS] for m in re.finditer(rf"\b{name}\b", article)
    ]
    he = sum(bool(re.search(r"\b(?:he|his|him)\b", text, re.I)) for text in behind)
    she = sum(bool(re.search(r"\b(?:she|her)\b", text, re.I)) for text in behind)
    placed = len(re.findall(rf"\b(?:in|at|to|from) {name}\b", article))
    is_person = bool(behind) and max(he, she) / len(behind) >= _PERSON > placed / len(behind)
    if not is_person or owner.startswith("the "):
        return None
    return ("he", "him", "his") if he >= she else ("she", "her", "her")


def _dropped(now: EvalQuestion, history: tuple[str, ...], known: str) -> Iterator[Dialogue]:
    text = now.question.rstrip(" ?")
    for name in _names(text):
        if text.endswith(name) and name.removeprefix("the ") in known:
            rest, dropped = _DROPPED.subn("", text.removesuffix(name))
            if dropped and rest.split()[-1] not in _FUNCTION:
                yield Dialogue("dropped", history, f"{rest}?", now.question, name, now)


def _about(
    now: EvalQuestion, history: tuple[str, ...], names: Sequence[str], chance: random.Random
) -> Iterator[Dialogue]:
    text = now.question
    own = [n for n in _names(text) if _is_whole(_Place(text, text.find(n), n))]
    others = [n for n in names if own and n not in text and _like(n, own[0])]
    if others:
        other = text.replace(own[0], chance.choice(others))
        yield Dialogue("about", (*history, other), f"What about {own[0]}?", text, own[0], now)


def _like(name: str, other: str) -> bool:
    return name.startswith("the ") == other.startswith("the ")


def _bare(now: EvalQuestion, history: tuple[str, ...]) -> Iterator[Dialogue]:
    if match := _WH.match(now.question):
        wh = match["wh"]
        other = _OTHER_WH.get(wh, "Where") + now.question[match.end() :]
        yield Dialogue("bare", (*history, other), f"{wh}?", now.question, "", now)
