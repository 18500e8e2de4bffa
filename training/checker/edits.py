"""Make true claims false: another name, number, sense, role or detail, or something added."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.checker.neighbours import RELATED, Neighbours
from training.checker.pairs import CONTRADICTED, NOT_MENTIONED, NOT_SUPPORTED
from training.reader.passages import says
from training.reader.swaps import reverse_sense
from training.reader.yes_no import another_number

_NAME = re.compile(r"\b[A-Z][\w’'-]+(?:(?: of| the| de| van)? [A-Z][\w’'-]+)*")
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_YEAR = re.compile(r"^(?:1\d{3}|20\d{2})$")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|did|does|may|might|must)"
    r"\b(?! not)"
)
_NOT = re.compile(r" (?:not|never)\b|n't\b")
_SAID_SO = re.compile(r"\band\b|\bor\b|[,&/–-]")
_TAIL = re.compile(
    r" ((?:in|on|at|with|by|for|because|after|before|during|despite|due to|to|under|through|as|from"
    r"|among|against|while|when|where|which|who) [^.;:()\"“”]{6,60})[.]$"
)
_CALENDAR = (
    "January February March April May June July August September October November December",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "two three four five six seven eight nine ten twelve twenty",
    "first second third fourth fifth sixth seventh",
    "hundred thousand million billion trillion",
    "seconds minutes hours days weeks months years decades centuries",
    "daily weekly monthly yearly annual quarterly",
    "north south east west northern southern eastern western",
    "metres kilometres miles feet inches",
    "dollars euros pounds yen",
    "all most some many few several half",
    "always usually often sometimes rarely never",
    "must may might should could will",
    "everyone someone nobody",
    "before after during since until",
    "increase decrease|increased decreased|rose fell|more less fewer|higher lower|up down",
    "red blue green yellow black white brown purple orange pink grey",
    "brother sister mother father son daughter wife husband uncle aunt",
    "doctor teacher lawyer engineer farmer soldier nurse painter writer singer",
    "French German Spanish Italian English Chinese Japanese Russian American Indian Dutch Greek",
)
_SETS = [group.split() for line in _CALENDAR for group in line.split("|")]
_SET_OF = {word: group for group in _SETS for word in group}
_WORD = re.compile(r"[A-Za-z]+")
_IN_EVIDENCE = 0.5
"""Share of the names and numbers put in that are from the evidence."""
_TRIED = 12
"""The number of names of the article that are looked at."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an edit may use."""

    evidence: str
    names: Sequence[str]
    """Names of the article and of others."""
    details: Sequence[str]
    """Ends of other sentences."""
    others: Sequence[str]
    """Other sentences, of which the evidence says nothing."""
    neighbours: Neighbours


@dataclass(frozen=True, slots=True)
class Edited:
    """A false claim, and what the evidence may say about it."""

    claim: str
    relations: tuple[int, ...]


Edit = Callable[[str, Ground, random.Random], str | None]


def another_name(claim: str, ground: Ground, rng: random.Random) -> str | None:
    """Put in another name, half of the time one of the evidence."""
    own = names_of(claim)
    if not own:
        return None
    name = rng.choice(own)
    near = [n for n in names_of(ground.evidence) if not says(claim, [n]) and not says(n, own)]
    some = rng.sample(ground.names, min(_TRIED, len(ground.names)))
    far = [n for n in some if not says(ground.evidence, [n]) and not says(claim, [n])]
    first, second = (near, far) if rng.random() < _IN_EVIDENCE else (far, near)
    if not (first or second):
        return None
    return _replaced(claim, name, rng.choice(first or second))


def another_quantity(claim: str, ground: Ground, rng: random.Random) -> str | None:
    """Put in another number or year."""
    found = _NUMBER.findall(claim)
    if not found:
        return None
    number = rng.choice(found)
    near = [n for n in _NUMBER.findall(ground.evidence) if n not in found]
    if _YEAR.match(number):
        near = [n for n in near if _YEAR.match(n)]
    if near and rng.random() < _IN_EVIDENCE:
        return _replaced(claim, number, rng.choice(near))
    if _YEAR.match(number) and rng.random() < 0.7:  # noqa: PLR2004 - share
        step = rng.choice((1, 2, 3, 5, 10, 20, 50, 100)) * rng.choice((-1, 1))
        return _replaced(claim, number, str(int(number) + step))
    other = another_number(number, rng)
    return _replaced(claim, number, other) if other else None


def another_of_its_set(claim: str, ground: Ground, rng: random.Random) -> str | None:  # noqa: ARG001
    """Put in another month, unit, colour, number word or the like."""
    found = [m for m in _WORD.finditer(claim) if m.group() in _SET_OF]
    if not found:
        return None
    match = rng.choice(found)
    group = _SET_OF[match.group()]
    other = rng.choice([word for word in group if word != match.group()])
    return claim[: match.start()] + other + claim[match.end() :]


def negated(claim: str, ground: Ground, rng: random.Random) -> str | None:  # noqa: ARG001
    """Put in or take out a "not"."""
    if _NOT.search(claim):
        return _NOT.sub("", claim, count=1)
    found = list(_AUXILIARY.finditer(claim))
    if not found or claim.endswith("?"):
        return None
    match = found[0]
    return claim[: match.end()] + rng.choice((" not", " not", " never")) + claim[match.end() :]


def reversed_sense(claim: str, ground: Ground, rng: random.Random) -> str | None:  # noqa: ARG001
    """Put in the opposite of a word."""
    return reverse_sense(claim, rng)


def related_word(claim: str, ground: Ground, rng: random.Random) -> str | None:
    """Put in a word of the same sort for one or two others."""
    made = claim
    places = [m.group() for m in _WORD.finditer(claim) if m.group().islower()]
    rng.shuffle(places)
    changed = 0
    for word in places:
        near = ground.neighbours.of(word, RELATED)
        near = tuple(n for n in near if not says(ground.evidence, [n]))[:12]
        if near:
            made = _replaced(made, word, rng.choice(near))
            changed += 1
        if changed > rng.random() * 2:
            break
    return made if changed else None


def other_roles(claim: str, ground: Ground, rng: random.Random) -> str | None:  # noqa: ARG001
    """Let two names change places, unless they are beside each other."""
    found = [m for m in _NAME.finditer(claim) if m.group() in names_of(claim)]
    pairs = [
        (one, two)
        for place, one in enumerate(found)
        for two in found[place + 1 :]
        if one.group() != two.group()
        and not _SAID_SO.search(claim[one.end() : two.start()])
        and " " in claim[one.end() : two.start()].strip()
    ]
    if not pairs:
        return None
    one, two = rng.choice(pairs)
    middle = claim[one.end() : two.start()]
    return claim[: one.start()] + two.group() + middle + one.group() + claim[two.end() :]


def added_detail(claim: str, ground: Ground, rng: random.Random) -> str | None:
    """Add the end of another sentence, or put it for the claim's own end."""
    if not ground.details or "?" in claim:
        return None
    detail = rng.choice(ground.details)
    if says(ground.evidence, [detail]):
        return None
    own = _TAIL.search(claim)
    stem = claim[: own.start()] if own and rng.random() < 0.6 else claim.rstrip(" .")  # noqa: PLR2004
    return f"{stem} {detail}."


def half_true(claim: str, ground: Ground, rng: random.Random) -> str | None:
    """Join the claim with another of which the evidence says nothing."""
    if not ground.others or "?" in claim:
        return None
    other = rng.choice(ground.others)
    other = other[:1].lower() + other[1:] if other.startswith(("The ", "In ", "It ")) else other
    first, second = (claim, other) if rng.random() < 0.7 else (other, claim)  # noqa: PLR2004
    return first.rstrip(" .") + rng.choice((", and ", "; ", ", while ")) + second


EDITS: dict[str, tuple[float, Edit, tuple[int, ...]]] = {
    "name": (0.22, another_name, NOT_SUPPORTED),
    "number": (0.22, another_quantity, NOT_SUPPORTED),
    "set": (0.12, another_of_its_set, NOT_SUPPORTED),
    "negation": (0.08, negated, (CONTRADICTED,)),
    "sense": (0.08, reversed_sense, (CONTRADICTED,)),
    "related": (0.1, related_word, NOT_SUPPORTED),
    "roles": (0.14, other_roles, NOT_SUPPORTED),
    "detail": (0.09, added_detail, (NOT_MENTIONED,)),
    "half": (0.05, half_true, (NOT_MENTIONED,)),
}
"""By name: how often it is tried, which fails for some claims; the function; and what the evidence
says about the result."""


def edited(claim: str, ground: Ground, rng: random.Random) -> tuple[str, Edited] | None:
    """Return the kind of an edit and its result; None if none is possible."""
    names = list(EDITS)
    weights = [EDITS[name][0] for name in names]
    for _ in range(6):
        name = rng.choices(names, weights)[0]
        _, edit, relations = EDITS[name]
        made = edit(claim, ground, rng)
        if made and made != claim:
            return name, Edited(made, relations)
    return None


def names_of(text: str) -> list[str]:
    """Return the distinct names of a text; not a single capital at the start of a sentence."""
    found = {}
    for match in _NAME.finditer(text):
        name, start = match.group(), match.start()
        begins = start == 0 or text[max(0, start - 2) : start] in (". ", "? ", "! ")
        first, _, rest = name.partition(" ")
        if begins and (not rest or _is_small(first)):
            name = rest if rest[:1].isupper() else ""
        if len(name) > 2 and not _is_small(name):  # noqa: PLR2004 - no initials
            found[name] = True
    return list(found)


def detail_of(sentence: str) -> str | None:
    """Return the end of a sentence that can be added to another; None if it has none."""
    match = _TAIL.search(sentence)
    return match[1] if match else None


def _is_small(word: str) -> bool:
    return word in _SMALL


_SMALL = frozenset(
    "The A An It He She They This That These Those In On At His Her Their Its There As By After "
    "During When While Some Many Most We You One Two I If For From With But And What Who Where How "
    "Why Which According Since Although Because Both Each Before Under Such Other Another".split()
)


def _replaced(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _: new, text, count=1)
