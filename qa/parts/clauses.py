"""A question of several clauses → the questions that it is made of, by rules without a parser.

A clause counts only if it has the word order of a question ("and how long is it?"): one that
is embedded ("what he did and why he left") belongs to what it stands in.
"""

from __future__ import annotations

import re

from qa.followup.words import AUXILIARIES, LEAD_INS, PREPOSITIONS, WH, words_of

MAX_CLAUSES = 3

_JOINT = re.compile(r"[,;]?\s+(?:and|but)\s+(?:also\s+|then\s+)?|;\s+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=\?)\s+")
_TWO_WORDS = re.compile(
    r"\W*(?P<first>when|where|why|how|who)\s+and\s+(?P<second>(?:by )?(?:when|where|why|how|whom?))"
    r"\s+(?P<rest>\S+\s.*)",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(
    r"\W*(?:(?:by|to|from|with|for) whom|since when|when|where|why|(?:by )?how(?: long| much| many"
    r"| often)?)"
    r"\s*\?*\s*$",
    re.IGNORECASE,
)
_PRONOUNS = frozenset("he she it they this that these those there".split())
_MAX_WH_WORDS = 4
"""Words of a wh-phrase, such as "how many people"."""
_LEAST_WORDS = 3
_ASIDE = re.compile(r"\W*(?:do you know|(?:can|could|would) you|is it|tell me)\b", re.IGNORECASE)


def clauses_of(question: str) -> tuple[str, ...]:
    """Return the questions that ``question`` is made of, at most MAX_CLAUSES; else itself alone."""
    pieces = [piece for piece in _SENTENCE_END.split(question.strip()) if piece]
    if len(pieces) > 1 and not all(map(_is_question, pieces)):
        return (question,)
    found = [clause for piece in pieces for clause in _split(piece)]
    if not 1 < len(found) <= MAX_CLAUSES:
        return (question,)
    return tuple(map(_as_question, found))


def _split(piece: str) -> list[str]:
    if match := _TWO_WORDS.match(piece):
        return [f"{match[name]} {match['rest']}" for name in ("first", "second")]
    for joint in _JOINT.finditer(piece):
        before, after = piece[: joint.start()], piece[joint.end() :]
        if _is_whole(before) and (_BARE.match(after) or _is_clause(after)):
            return [before, *_split(after)]
    return [piece]


def _is_question(piece: str) -> bool:
    lows = _lows(piece)
    return bool(lows) and (lows[0] in WH | AUXILIARIES or _BARE.match(piece) is not None)


def _is_whole(before: str) -> bool:
    """Whether what stands before a joint is a question in which no other is embedded."""
    lows = _lows(before)
    if len(lows) < _LEAST_WORDS or lows[0] not in WH | AUXILIARIES or _ASIDE.match(before):
        return False
    return not WH.intersection(lows[1:])


def _is_clause(after: str) -> bool:
    """Whether a question begins here: "how long is it", "did it fail", "who built it"."""
    lows = _lows(after)
    if len(lows) < _LEAST_WORDS:
        return False
    if lows[0] in AUXILIARIES:
        return lows[1] in _PRONOUNS
    if lows[0] not in WH:
        return False
    for at, low in enumerate(lows[1 : _MAX_WH_WORDS + 1], start=1):
        if low in AUXILIARIES:
            return at < len(lows) - 1
        if low in _PRONOUNS:
            return False
    return lows[0] == "who" and lows[1] != "else"


def _lows(text: str) -> list[str]:
    """Return the words in lower case, without "And" and prepositions in front."""
    lows = [word.low for word in words_of(text)]
    while lows and lows[0] in LEAD_INS | PREPOSITIONS:
        lows = lows[1:]
    return lows


def _as_question(clause: str) -> str:
    stem = clause.strip().rstrip(" ?.!")
    return f"{stem[:1].upper()}{stem[1:]}?"
