"""Questions for several things: "Which countries signed?", "Who took part?".

What answers may be spread over sentences, so that the best span is but one of several. More
are given only where the question is worded for more than one, the reader ranks them near the
best, and their sentence answers the question read by itself, too: within a passage the best
span takes from the others what likelihood there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from index.types import Passage, Span, overlap
from qa.ranking import JudgedSpan, sentences_of
from qa.span_decoding import sentences_around

MAX_MEMBERS = 5

# "Which countries", "what three gases", "who were the judges", "who took part".
_PLURAL = re.compile(
    r"\W*(?:and |in |from |to |of |by |with |for )?(?:which|what)(?: (?:are|were))?(?: the)?"
    r"(?: other| main| different| two| three| four| five| six| several)?(?: \w+)?"
    r" (?!(?:is|was|has|does|this|its|his|us|series|species|news|basis|process|status|class"
    r"|business|address|success|access|loss|mass|focus|virus|campus|physics|politics)\b)"
    r"(?:\w+[^s\Wui]s|people|men|women|children)\b(?=\W*$| (?:are|were|do|did|have|had|can|could"
    r"|should|may|might|must|will|would|took|went|came|became|made|gave|sent|lost|won|fought"
    r"|left|got|held|voted|\w{2,}ed)\b)(?!.*\bdoing\b)"
    r"|\W*who (?:are|were) (?:the|all|among)\b.*s\b"
    r"|\W*who (?:all )?(?:took part|takes part|participated|attended|signed|spoke|testified"
    r"|competed|was there|were there)\b"
    r"|\W*(?:name|list) (?:all|some|the)\b",
    re.IGNORECASE,
)
_GAP = 2.0
"""A further member is given when its score is this near to the best, in logits, …"""
_LEAST_MARGIN = -2.0
"""… and it is hardly less likely than no answer, its sentence read alone."""
_NEGATION = re.compile(r"\b(?:not|never|no|none|neither|nor|without)\b|n['’]t\b", re.IGNORECASE)

# The best span is a list itself: what else there is has another sense mostly.
_LISTED = re.compile(r",|;|\band\b|\bor\b")

MarginAlone = Callable[[Passage], float]
"""Gives by how many logits the likeliest words of a passage are likelier than no answer."""


def asks_for_several(question: str) -> bool:
    """Return whether ``question`` is worded for more than one answer."""
    return _PLURAL.match(question) is not None


def members_of(
    question: str, judged: Sequence[JudgedSpan], margin_alone: MarginAlone
) -> list[JudgedSpan]:
    """Return the best of ``judged`` and, of a question for several, those as good from elsewhere.

    Each is from other sentences than those before it, has other words, and is a name or a
    number as the best one is. None is added to a span that is a list by itself. The best is
    left out if its sentence denies what is asked and there are others.
    """
    best = judged[0]
    members = [best]
    if not asks_for_several(question) or _LISTED.search(best.candidate.text):
        return members
    for other in judged[1:]:
        near = best.score - other.score <= _GAP and _alike(best, other)
        if near and all(_is_new(other, known) for known in members):
            denied = _is_denied(question, other)
            if not denied and margin_alone(_sentence_alone(other)) > _LEAST_MARGIN:
                members.append(other)
    if len(members) > 1 and _is_denied(question, best):
        members = members[1:]
    return members[:MAX_MEMBERS]


def _is_denied(question: str, span: JudgedSpan) -> bool:
    """Whether the sentence of a span denies something that the question does not."""
    denies = _NEGATION.search(sentences_of(span.candidate)) is not None
    return denies and not _NEGATION.search(question)


def _sentence_alone(span: JudgedSpan) -> Passage:
    """Return the sentences that a span has a part in, as a passage."""
    passage = span.candidate.passage
    around = sentences_around(passage, span.candidate.span)
    start, end = around[0].start, around[-1].end
    text = passage.words(Span(start, end))
    return replace(passage, text=text, start=start, end=end, sentences=tuple(around))


def _is_new(span: JudgedSpan, known: JudgedSpan) -> bool:
    mine, other = span.candidate, known.candidate
    words, have = mine.text.casefold(), other.text.casefold()
    if words in have or have in words:
        return False
    if mine.passage.article_id != other.passage.article_id:
        return True
    return not any(
        overlap(a, b)
        for a in sentences_around(mine.passage, mine.span)
        for b in sentences_around(other.passage, other.span)
    )


def _alike(span: JudgedSpan, other: JudgedSpan) -> bool:
    """Whether both have a capital letter or a digit in front, or neither has."""
    first, second = (each.candidate.text.lstrip("“\"‘'") for each in (span, other))
    return (first[:1].isupper(), first[:1].isdigit()) == (
        second[:1].isupper(),
        second[:1].isdigit(),
    )
