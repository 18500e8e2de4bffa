"""Questions of whether something is so: known by their form, answered by what decides them.

The reading model, which learned from questions for words, is right about the place mostly.
What it finds is weighed once more by whether its sentence says the question's verb or its
contrary, and the sentence is quoted. Neither "yes" nor "no" is said: that would take more
than finding it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.evidence import text_stems
from qa.logits import logistic, logit
from qa.opposites import bearing_on, bears_on
from qa.ranking import JudgedSpan, sentences_of

_AUXILIARY = (
    r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|may|might|must|shall|should|will"
    r"|would)(?:n['’]t)?"
)
_INVERTED = re.compile(
    rf"\W*(?:(?:so|and|but|well|ok|okay|then|also|now)[, ]+)*{_AUXILIARY}\s+(?!\w+\s*$)",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"\W*(?:is it (?:true|so|right|correct|a fact) that|does (?:the|this) (?:article|text) "
    r"(?:say|state|mention) (?:that|whether|if)|(?:do you know|(?:can|could) you tell me"
    r"|(?:please )?tell me|i wonder) (?:whether|if))\b",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",\s*(?:right|correct|true|isn['’]t it|didn['’]t (?:he|she|it|they))\s*\?\s*$", re.I
)
# "Can you explain why …", "Is it Kant or Hegel who …": other words are asked for.
_OTHER = re.compile(
    r"\W*(?:(?:can|could|would|will|do) you|may i|(?:is|was) there (?:a|any) (?:name|word|term))\b"
    r"|\b(?:who|whom|whose|what|which|when|where|why|how)\b|\bor\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not?|never|none|nobody|nothing|neither|nor|without)\b|n['’]t\b", re.I)

_BEARING = 1.5
"""What a sentence gains that says the question's verb or its contrary, in logits …"""
_NEGATED = 0.5
"""… and one that denies something."""
_ALSO_GAP = 1.5
"""A second sentence that says the verb or its contrary is quoted when it is this near."""
_SPREAD = 1.5
"""By how much more than for other questions confidence departs from :data:`_PIVOT`, in
logits: the reader is less sure of these questions than it is right."""
_PIVOT = 0.295


def is_yes_no(question: str) -> bool:
    """Return whether ``question`` asks whether something is so."""
    if _WHETHER.match(question) or _TAG.search(question):
        return True
    return _INVERTED.match(question) is not None and not _OTHER.search(question)


def decisive(question: str, judged: Sequence[JudgedSpan]) -> list[JudgedSpan]:
    """Return the spans in the order in which their sentences decide ``question``."""
    bearing = bearing_on(frozenset(text_stems(question)))
    weighed = [replace(span, score=span.score + _weight(span, bearing)) for span in judged]
    return sorted(weighed, key=lambda span: -span.score)


def also_deciding(question: str, ordered: Sequence[JudgedSpan]) -> list[JudgedSpan]:
    """Return one more span, in another sentence, that decides ``question`` as well as the first.

    ``ordered`` is as :func:`decisive` returns it. Empty if there is none.
    """
    bearing = bearing_on(frozenset(text_stems(question)))
    best = ordered[0]
    decided = sentences_of(best.candidate)
    for other in ordered[1:]:
        sentence = sentences_of(other.candidate)
        near = best.score - other.score <= _ALSO_GAP
        if near and sentence != decided and bears_on(frozenset(text_stems(sentence)), bearing):
            return [other]
    return []


def confidence_that_it_decides(confidence: float) -> float:
    """Return the probability that the sentence decides, given that of a question for words."""
    if not 0 < confidence < 1:
        return confidence
    pivot = logit(_PIVOT)
    return logistic(pivot + _SPREAD * (logit(confidence) - pivot))


def _weight(span: JudgedSpan, bearing: tuple[frozenset[str], ...]) -> float:
    sentence = sentences_of(span.candidate)
    said = bears_on(frozenset(text_stems(sentence)), bearing)
    return _BEARING * said + _NEGATED * (_NEGATION.search(sentence) is not None)
