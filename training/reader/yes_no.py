"""Rewrite a question and its answer as a yes/no question.

The rules cover the most common forms of English questions; others give None.
"""

from __future__ import annotations

import random
import re

_AUXILIARY = r"(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should)"
_BE = r"(?:is|are|was|were)"
_ASKED = "(?:[Ww]ho|[Ww]hat)"
# Each rule: a pattern of the question, and its replacement.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"^(?:When|On what date|On which date) ({_AUXILIARY}) (.+?)\?$"), "{0} {1} {at}"),
    (
        re.compile(
            rf"^(?:In|During|Since|By) (?:what|which) (?:year|month) ({_AUXILIARY}) (.+?)\?$"
        ),
        "{0} {1} {at}",
    ),
    (re.compile(rf"^(?:What|Which) (?:year|date|day) ({_AUXILIARY}) (.+?)\?$"), "{0} {1} {at}"),
    (re.compile(rf"^Where ({_AUXILIARY}) (.+?)\?$"), "{0} {1} {at}"),
    (
        re.compile(rf"^How (?:long|much|far|old|tall|high) ({_AUXILIARY}) (.+?)\?$"),
        "{0} {1} {answer}",
    ),
    (re.compile(rf"^How many ([\w-]+) ({_AUXILIARY}) (.+?)\?$"), "{1} {2} {answer} {0}"),
    (
        re.compile(rf"^How many ([\w-]+) (?!.*\b{_AUXILIARY}\b)(\w.+?)\?$"),
        "is it true that {answer} {0} {1}",
    ),
    (re.compile(rf"^{_ASKED} ({_BE}) (.+?)\?$"), "{0} {answer} {1}"),
    (re.compile(r"^(?:What|Who|Whom) (did|does|do) (.+?)(?<! do)(?<! to)\?$"), "{0} {1} {answer}"),
    (re.compile(rf"^Who (?!{_AUXILIARY}\b)(\w.+?)\?$"), "is it true that {answer} {0}"),
)
_EXCLUSIVE = re.compile(
    r"^(?:When|On|In|During|Since|By|How|Who|(?:What|Which) (?:year|date|day)) "
)
_PREPOSITIONS = frozenset("in on at by from since during near around until before after".split())
_NUMBER = re.compile(
    r"\b\d+(?:[.,]\d+)*\b|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b", re.I
)
_LONGEST = 60
"""Characters of an answer."""
_REPHRASED = ("Is it true that", "Is it correct that", "is it right that", "Does it say that")


def yes_no_question(question: str, answer: str, before: str, rng: random.Random) -> str | None:
    """Return the yes/no question that states ``answer``; None if no rule matches.

    Args:
        question: Begins with its question word and ends with a question mark.
        answer: Takes the place of the question word.
        before: The word before the answer in its text: "in" for "in 1912".
        rng: Chooses the wording.
    """
    if len(answer) > _LONGEST or "\n" in answer:
        return None
    lead = before.lower() if before.lower() in _PREPOSITIONS else ""
    for pattern, wording in _RULES:
        match = pattern.match(question)
        if match:
            asked = wording.format(*match.groups(), at=f"{lead} {answer}".strip(), answer=answer)
            if asked.startswith("is it true that"):
                asked = asked.replace("is it true that", rng.choice(_REPHRASED), 1)
            return asked[:1].upper() + asked[1:] + "?"
    return None


def is_exclusive(question: str) -> bool:
    """Return whether a wrong answer makes the statement false."""
    return _EXCLUSIVE.match(question) is not None


def another_number(answer: str, rng: random.Random) -> str | None:
    """Return ``answer`` with its number changed; None unless there is exactly one."""
    found = list(_NUMBER.finditer(answer))
    if len(found) != 1:
        return None
    text = found[0].group()
    words = "two three four five six seven eight nine ten eleven".split()
    if not text[0].isdigit():
        other = rng.choice([word for word in words if word != text.lower()])
    else:
        digits = [place for place, char in enumerate(text) if char.isdigit()]
        at = rng.choice(digits[-2:])
        other = text[:at] + rng.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]
    return answer[: found[0].start()] + other + answer[found[0].end() :]
