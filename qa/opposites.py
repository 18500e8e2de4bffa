"""Words by which one says the same or the contrary: "accepted" and "turned down".

A sentence that has one decides whether the other is so. The list is short and of common
words; a word that is not in it decides nothing.
"""

from __future__ import annotations

import functools

from index.lexical import stems

_GROUPS = (
    "accept, agree, welcome, approve, reject, refuse, decline, dismiss, spurn, rebuff, oppose,"
    " turn down, deny",
    "allow, permit, let, may, forbid, forbidden, ban, prohibit, prevent, restrict, refuse,"
    " charge, open, not allowed",
    "open, close, shut, reopen, closed, keep",
    "build, destroy, demolish, replace, repair, restore, damage, wreck, wash away, ruin, bomb",
    "grow, rise, increase, gain, expand, more, fall, drop, decrease, shrink, lose, reduce, down,"
    " decline",
    "win, beat, defeat, lose, lost, victory",
    "live, survive, die, died, death, dead, kill, extinct, lives",
    "begin, start, launch, continue, stop, end, cease, suspend, halt, cancel, postpone, abandon,"
    " finish, complete",
    "pay, fund, finance, contribute, free, charge, toll, cost, compensate, compensation",
    "support, back, favour, favor, endorse, oppose, condemn, criticise, criticize, against",
    "succeed, success, fail, failure",
    "true, false, confirm, deny, denied, admit, dispute",
    "safe, unsafe, danger, dangerous, risk, harm, hurt, injure",
    "exist, remain, still, abolish, gone, disappear, survive, vanish",
    "arrive, come, go, leave, stay, attend, present, absent, join, resign",
    "buy, sell, sold, bought, own",
    "find, found, lose, lost, discover, miss",
    "know, unknown, known, ignore, aware, secret",
    "same, different, differ, equal",
    "first, last, before, after, earlier, later",
    "big, large, long, high, small, short, low, enough",
    "arrest, free, release, jail, acquit, convict, guilty, innocent",
)


def bearing_on(words: frozenset[str]) -> tuple[frozenset[str], ...]:
    """Return what says the same as one of ``words``, or the contrary; all of them stems.

    Each is a word, or several that stand together, as in "turn down".
    """
    known = [member for group in _members() if _has(words, group) for member in group]
    return tuple(dict.fromkeys(known))


def bears_on(words: frozenset[str], bearing: tuple[frozenset[str], ...]) -> bool:
    """Return whether stems have one of what :func:`bearing_on` gave."""
    return any(member <= words for member in bearing)


def _has(words: frozenset[str], group: tuple[frozenset[str], ...]) -> bool:
    return any(member <= words for member in group)


@functools.cache
def _members() -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(tuple(frozenset(stems(word)) for word in g.split(",")) for g in _GROUPS)
