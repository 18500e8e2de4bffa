"""Rewrite a question in the forms in which people type it, without changing what it asks.

Each form depends only on the question, so that it says nothing about whether there is an answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_WORD = re.compile(r"[\w’'-]+(?:[.,:]\d+)*%?")
# What a question loses when it is typed as key words.
_FUNCTION_WORDS = frozenset(
    """a an the of to in on at by for from with as is are was were be been being am do does did
    has have had can could will would shall should may might must who whom whose what which when
    where why how that this these those it its there and or if than then his her their""".split()
)
_KEPT_SHARE = 0.3
"""Share of the question words ("when", "who", "how many") that the key words keep."""
_REQUESTS = (
    "tell me {}",
    "please tell me {}",
    "can you tell me {}",
    "could you please tell me {}?",
    "I would like to know {}",
    "i'd like to know {}",
    "I want to know {}",
    "do you know {}",
    "does it say {}",
    "does the text say {}?",
    "I am looking for information on {}",
    "find out {}",
    "explain {}",
    "hi, {}?",
    "quick question: {}?",
    "So {}?",
    "and {}?",
    "according to the article, {}?",
    "In the text, {}?",
    "{} please",
    "{}? thanks",
    "{}? I need it for school.",
)
_PREAMBLES = (
    "I have been reading this for a while and there is one thing that I could not find.",
    "Sorry if this is obvious, I only skimmed the page.",
    "My colleague and I disagree about something in here.",
    "I'm preparing a short talk for next week and want to get the details right.",
    "This may be a silly question.",
    "We talked about this in class yesterday, but I was not paying attention.",
    "Thanks for the help so far, that was useful.",
    "I know some of the background already, so keep it short.",
    "There is a lot of text here and I don't have much time.",
    "I came across this topic by chance and got curious.",
    "Before I forget:",
    "I heard different things about this from different people, so I would like to be sure.",
)
_PREAMBLE_ENDS = ("", "So, ", "My question is: ", "What I need is this: ", "Now: ", "Basically, ")


def bare(question: str, rng: random.Random) -> str:
    """Return the question without capitals and, mostly, without its question mark."""
    typed = question.lower()
    return typed if rng.random() < 0.2 else typed.rstrip(" ?.")  # noqa: PLR2004 - one in five


def key_words(question: str, rng: random.Random) -> str:
    """Return the key words, without auxiliary verbs and often without capitals."""
    words = _WORD.findall(question)
    kept = [
        word
        for place, word in enumerate(words)
        if word.lower() not in _FUNCTION_WORDS or (place == 0 and rng.random() < _KEPT_SHARE)
    ]
    typed = " ".join(kept or words)
    return typed if rng.random() < 0.3 else typed.lower()  # noqa: PLR2004 - three in ten


def request(question: str, rng: random.Random) -> str:
    """Return the question as a request ("tell me …")."""
    core = question.rstrip(" ?.")
    if not core[:2].isupper():
        core = core[:1].lower() + core[1:]
    return rng.choice(_REQUESTS).format(core)


def long_winded(question: str, rng: random.Random) -> str:
    """Return the question after a few sentences that ask nothing."""
    before = rng.sample(_PREAMBLES, rng.randint(1, 3))
    return " ".join([*before, rng.choice(_PREAMBLE_ENDS) + question])


FORMS: dict[str, Callable[[str, random.Random], str]] = {
    "bare": bare,
    "key_words": key_words,
    "request": request,
    "long_winded": long_winded,
}
