"""Questions that look answerable and are not: a name or number swapped, or the sense reversed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from training.reader.passages import says

# Kinds are tried in this order: a year is a number, too.
_KINDS = {
    "year": re.compile(r"\b(?:1\d{3}|20\d{2})\b"),
    "number": re.compile(r"\b\d+(?:[.,]\d+)*\b"),
    # Not the first word of a sentence, which is capitalised whatever it is.
    "name": re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+)*"),
}
# How often the stranger is one that the passage does not even mention.
_ABSENT_SHARE = 0.8
# Of the questions without a word that has an opposite, how many are negated instead.
_NEGATED_SHARE = 0.4

_ANTONYMS = """
first last|largest smallest|biggest smallest|highest lowest|most least|more fewer|greater lesser
|before after|north south|northern southern|east west|eastern western|increase decrease
|increased decreased|increasing decreasing|won lost|win lose|winner loser|began ended|begin end
|start finish|started finished|older younger|oldest youngest|earliest latest|early late
|maximum minimum|male female|men women|man woman|boy girl|king queen|son daughter|mother father
|husband wife|brother sister|good bad|best worst|better worse|strong weak|strength weakness
|strongest weakest|high low|higher lower|long short|longer shorter|longest shortest|large small
|larger smaller|big little|rich poor|hot cold|warm cool|fast slow|faster slower|old new
|oldest newest|upper lower|above below|left right|top bottom|inside outside|internal external
|domestic foreign|public private|major minor|majority minority|always never|often rarely
|usually rarely|common rare|same different|similar different|allowed forbidden|legal illegal
|accepted rejected|supported opposed|support oppose|agree disagree|agreed disagreed|love hate
|loved hated|like dislike|liked disliked|success failure|succeeded failed|gain lose|gained lost
|rise fall|rose fell|arrived left|entered left|bought sold|buy sell|gave took|give take
|opened closed|open closed|created destroyed|built destroyed|cause prevent|caused prevented
|include exclude|includes excludes|included excluded|positive negative|advantage disadvantage
|possible impossible|easy difficult|easier harder|happy sad|cheap expensive|day night
|summer winter|ancient modern|former latter|western eastern|offense defense|attack defend
|attacked defended|friend enemy|allies enemies|victory defeat|birth death|born buried|life death
|husband's wife's|maximum minimum|primary secondary|natural artificial|urban rural|single married
|single multiple|correct incorrect|known unknown|true false|safe dangerous|united divided
|export import|exports imports|teacher student|employer employee|buyer seller|winner runner-up
""".replace("\n", " ")
_REVERSED: dict[str, list[str]] = {}
for _pair in _ANTONYMS.split("|"):
    _one, _other = _pair.split()
    _REVERSED.setdefault(_one, []).append(_other)
    _REVERSED.setdefault(_other, []).append(_one)
_NEGATED = {
    word: f"{word}n't" for word in "is are was were did does do has have had could should".split()
} | {"can": "can't", "will": "won't", "would": "wouldn't"}
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What answers the question that is to be swapped."""

    passage: str
    sentence: str
    """The sentence, or sentences, of the answers."""
    answers: tuple[str, ...]


def entities(text: str) -> dict[str, list[str]]:
    """Return the distinct years, numbers and names of ``text``, by kind, by first appearance."""
    found: dict[str, list[str]] = {}
    for kind, pattern in _KINDS.items():
        items = dict.fromkeys(pattern.findall(text))
        found[kind] = [e for e in items if kind != "number" or e not in found["year"]]
    return found


def swap_entity(
    question: str, grounds: Grounds, strangers: dict[str, list[str]], rng: random.Random
) -> str | None:
    """Return ``question`` with a name or number of the passage replaced by another of its kind.

    The replacement is one of ``strangers`` (see :func:`entities`) that is neither in the question,
    nor in an answer, nor in the sentence that answers. None if there is nothing to swap.
    """
    passage = grounds.passage
    own = [(k, e) for k, found in entities(question).items() for e in found if says(passage, [e])]
    rng.shuffle(own)
    must_be_absent = rng.random() < _ABSENT_SHARE
    for kind, entity in own:
        taken = " ".join([question, grounds.sentence, *grounds.answers])
        taken += f" {passage}" if must_be_absent else ""
        others = [e for e in strangers[kind] if not says(taken, [e]) and not says(e, [entity])]
        if others:
            return rng.choice(others).join(re.split(rf"\b{re.escape(entity)}\b", question))
    return None


def reverse_sense(question: str, rng: random.Random) -> str | None:
    """Return ``question`` with a word made into its opposite, or its verb negated; or None."""
    words = list(_WORD.finditer(question))
    before = ["", *(match.group().lower() for match in words)]
    # "How small is it?" is answered by what answers "How large is it?".
    free = [m for m, last in zip(words, before, strict=False) if last != "how"]
    opposite = [(m, o) for m in free for o in _REVERSED.get(m.group().lower(), ())]
    negated = [(m, _NEGATED[m.group().lower()]) for m in words if m.group().lower() in _NEGATED]
    if opposite:
        match, other = rng.choice(opposite)
    elif negated and rng.random() < _NEGATED_SHARE:
        match, other = negated[0]
    else:
        return None
    other = other.capitalize() if match.group()[0].isupper() else other
    return question[: match.start()] + other + question[match.end() :]
