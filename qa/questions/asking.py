"""What a rule has matched in a sentence → the question for it, or nothing if it is not certain.

The sentence's own words are kept in their order, as far as English allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from qa.questions.phrases import Names, rest_of, subject_of
from qa.questions.words import (
    AGENTIVE_PASTS,
    BASE_OF_PAST,
    PAST_OF_PARTICIPLE,
    PERSON_NOUNS,
    STUDIED,
    THING_NOUNS,
)

Ask = Callable[[re.Match[str], Names], str]


def _verbal(start: str, match: re.Match[str], names: Names) -> str:
    """Return ``start`` as the beginning of a question for what the subject did or underwent."""
    subject, rest = subject_of(match["s"], names), rest_of(match["rest"])
    if not subject or rest is None:
        return ""
    if match.groupdict().get("pp"):
        return f"{start} {match['be']} {subject} {match['pp']} {rest}".strip() + "?"
    return f"{start} did {subject} {BASE_OF_PAST[match['v']]} {rest}".strip() + "?"


def when(match: re.Match[str], names: Names) -> str:
    """Ask for a date."""
    return _verbal("When", match, names)


def why(match: re.Match[str], names: Names) -> str:
    """Ask for a cause."""
    return _verbal("Why", match, names)


def where(match: re.Match[str], names: Names) -> str:
    """Ask for a place."""
    subject = subject_of(match["s"], names)
    return f"Where {match['be']} {subject} {match['located']}?" if subject else ""


def who_by(match: re.Match[str], names: Names) -> str:
    """Ask who did what was done to the subject."""
    subject, past = subject_of(match["s"], names), PAST_OF_PARTICIPLE[match["pp"]]
    agent = match["who"].split()[0]
    if not subject or past not in AGENTIVE_PASTS or not names.has(agent):
        return ""
    return f"Who {past} {subject}?"


def who(match: re.Match[str], names: Names) -> str:
    """Ask for a subject that is a person."""
    subject, rest = subject_of(match["s"], names), rest_of(match["rest"])
    words = match["s"].split()
    is_person = words[-1] in PERSON_NOUNS if words[0] == "The" else len(words) > 1
    is_told = bool(rest) and names.any_in(rest or "")
    if not subject or not is_person or not is_told or match["v"] not in AGENTIVE_PASTS:
        return ""
    return f"Who {match['v']} {rest}?"


def what_is(match: re.Match[str], names: Names) -> str:
    """Ask what the subject is, or who, if one of the words for it says which."""
    subject = subject_of(match["s"], names)
    noun = re.split(
        r" (?:of|in|that|which|who|for|from|with|to|at|by|on|and|whose|where|across|over|"
        r"under|near|between|around|along|during|after|before|using|based|located|containing)\b",
        match["what"],
    )
    head = noun[0].split()[-1].lower()
    asked = "Who" if head in PERSON_NOUNS else "What" if head in THING_NOUNS else ""
    if not subject or not asked or (asked == "Who" and subject.startswith("the ")):
        return ""
    return f"{asked} {match['be']} {subject}?"


def how_many(match: re.Match[str], names: Names) -> str:
    """Ask for the number of those that something was done to."""
    rest = rest_of(match["rest"])
    if not rest or not names.any_in(rest):
        return ""
    return f"How many {match['noun']} were {match['pp']} {rest}?"


def how_many_has(match: re.Match[str], names: Names) -> str:
    """Ask how many of something the subject has."""
    subject, noun = subject_of(match["s"], names), match["noun"]
    does = {"has": "does", "contains": "does", "have": "do", "contain": "do", "had": "did"}
    verb = "contain" if match["has"].startswith("contain") else "have"
    return f"How many {noun} {does[match['has']]} {subject} {verb}?" if subject else ""


def there_are(match: re.Match[str], names: Names) -> str:
    """Ask how many of something there are in the subject."""
    place = subject_of(match["s"], names)
    return f"How many {match['noun']} {match['be']} there in {place}?" if place else ""


def what_did(match: re.Match[str], names: Names) -> str:
    """Ask for the object of what the subject did."""
    subject = subject_of(match["s"], names)
    return f"What did {subject} {BASE_OF_PAST[match['v']]}?" if subject else ""


def what_does(match: re.Match[str], names: Names) -> str:
    """Ask for the object of what the subject does."""
    subject = subject_of(match["s"], names)
    verb, *particle = match["does"].split()
    return (
        f"What does {subject} {' '.join([verb.removesuffix('s'), *particle])}?" if subject else ""
    )


def best(match: re.Match[str], names: Names) -> str:
    """Ask for the first, largest or most known of something."""
    phrase, rest = match["best"], rest_of(match["rest"])
    known = names.any_in(f"{phrase} {rest or ''}")
    if rest is None or not known:
        return ""
    noun = match["noun"].lower()
    is_person = noun in PERSON_NOUNS or noun in ("person", "man", "woman", "european", "american")
    return f"{'Who' if is_person else 'What'} {match['be']} the {phrase} {rest}?"


def total(match: re.Match[str], _names: Names) -> str:
    """Ask for the number of those studied."""
    rest = rest_of(match["rest"])
    return (
        "" if rest is None else f"How many {match['noun']} were {match['pp']} {rest}".strip() + "?"
    )


def paper_of(match: re.Match[str], _names: Names) -> str:
    """Ask for the aim of a paper."""
    return f"What {match['be']} the {match['noun']} of the {match['paper']}?"


def paper_did(match: re.Match[str], _names: Names) -> str:
    """Ask for the findings of a paper."""
    return f"What did the {match['paper']} {STUDIED[match['did']]}?"


def what_of(match: re.Match[str], names: Names) -> str:
    """Ask for a property of the subject."""
    subject = subject_of(match["s"], names)
    return f"What {match['be']} the {match['noun']} of {subject}?" if subject else ""


def known_as(match: re.Match[str], names: Names) -> str:
    """Ask for another name of the subject."""
    subject = subject_of(match["s"], names)
    return f"What {match['be']} {subject} {match['adv'] or ''}{match['known']}?" if subject else ""


def what_for(match: re.Match[str], names: Names) -> str:
    """Ask for use, cause or material of the subject."""
    subject = subject_of(match["s"], names)
    return f"What {match['be']} {subject} {match['done']}?" if subject else ""


def said(match: re.Match[str], names: Names) -> str:
    """Ask what somebody quoted said about a name in the quote."""
    speaker = subject_of(match["s"], names)
    about = re.finditer(r"(?<=[a-z] )(?:the )?[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*", match["words"])
    topics = [found[0] for found in about]
    fit = [
        topic
        for topic in topics
        if all(names.has(word) for word in topic.split() if word != "the")
        and not topic.endswith(("’s", "'s", "’", "'"))
        and not set(topic.split()) & set(speaker.split())
    ]
    if not speaker or speaker.startswith("the ") or not fit:
        return ""
    return f"What did {speaker} say about {max(fit, key=lambda topic: len(topic.split()))}?"
