"""Split a question of several parts, answer each, and join the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from index.types import Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.answers.compose import REFUSAL, quote_starts, verdict_words
from qa.conversation.words import AUXILIARIES, LEAD_INS, PREPOSITIONS, WH, words_of

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
_MIN_WORDS = 3
_ASIDE = re.compile(r"\W*(?:do you know|(?:can|could|would) you|is it|tell me)\b", re.IGNORECASE)


def split_question(question: str) -> tuple[str, ...]:
    """Return the parts of ``question``, at most MAX_CLAUSES; else only ``question`` itself."""
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
    lower = _lower_words(piece)
    return bool(lower) and (lower[0] in WH | AUXILIARIES or _BARE.match(piece) is not None)


def _is_whole(before: str) -> bool:
    """Whether the text before a conjunction is a question with no other embedded in it."""
    lower = _lower_words(before)
    if len(lower) < _MIN_WORDS or lower[0] not in WH | AUXILIARIES or _ASIDE.match(before):
        return False
    return not WH.intersection(lower[1:])


def _is_clause(after: str) -> bool:
    """Whether ``after`` is a question: "how long is it", "did it fail", "who built it"."""
    lower = _lower_words(after)
    if len(lower) < _MIN_WORDS:
        return False
    if lower[0] in AUXILIARIES:
        return lower[1] in _PRONOUNS
    if lower[0] not in WH:
        return False
    for at, low in enumerate(lower[1 : _MAX_WH_WORDS + 1], start=1):
        if low in AUXILIARIES:
            return at < len(lower) - 1
        if low in _PRONOUNS:
            return False
    return lower[0] == "who" and lower[1] != "else"


def _lower_words(text: str) -> list[str]:
    """Return the words in lower case, without "And" and prepositions in front."""
    lower = [word.low for word in words_of(text)]
    while lower and lower[0] in LEAD_INS | PREPOSITIONS:
        lower = lower[1:]
    return lower


def _as_question(clause: str) -> str:
    stem = clause.strip().rstrip(" ?.!")
    return f"{stem[:1].upper()}{stem[1:]}?"


@dataclass
class _JoinedText:
    """The text of joined answers as it grows, with the offsets of marks and short answers."""

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where each citation's quote begins."""
    marks: list[Span] = field(default_factory=list)
    shorts: list[Span] = field(default_factory=list)

    def add_paragraph(self, words: str) -> None:
        self.text += f"\n\n{words}" if self.text else words

    def add(self, answer: Answer) -> None:
        """Add the quotes that it does not have yet, and every short answer."""
        new = [citation for citation in answer.citations if not self._holders(citation)]
        for number, citation in enumerate(new):
            if number:
                self.text += " "
            else:
                self.add_paragraph(verdict_words(answer.verdict))
            self.starts.append(len(self.text))
            self.citations.append(citation)
            mark = f"[{len(self.citations)}]"
            self.text += f"{citation.quote} {mark}"
            self.marks.append(Span(len(self.text) - len(mark), len(self.text)))
        self.shorts += [self._moved(answer, short) for short in answer.shorts]

    def _moved(self, answer: Answer, short: Span) -> Span:
        """Return the new offsets of a short answer."""
        places = quote_starts(answer.citations, answer.marks)
        at = max(i for i, start in enumerate(places) if start <= short.start)
        citation = answer.citations[at]
        holder = self._holders(citation)[0]  # each quote of the answer has been added
        inside = citation.start - self.citations[holder].start
        by = self.starts[holder] + inside - places[at]
        return Span(short.start + by, short.end + by)

    def _holders(self, citation: Citation) -> list[int]:
        """Return the indices of the citations that contain this one."""
        return [
            at
            for at, known in enumerate(self.citations)
            if known.article_id == citation.article_id
            and known.start <= citation.start
            and citation.end <= known.end
        ]


def join_answers(question: str, answers: Sequence[Answer], understood: str | None = None) -> Answer:
    """Return the answers as one, with a paragraph for each; a part that is refused says so.

    Args:
        question: As it was typed.
        answers: At least one of them is answered.
        understood: As of :class:`Answer`.
    """
    joined = _JoinedText()
    for answer in answers:
        if answer.answered:
            joined.add(answer)
        else:
            joined.add_paragraph(_refused_part(answer))
    refused = any(not answer.answered for answer in answers)
    shorts = tuple(sorted(dict.fromkeys(joined.shorts)))
    only = shorts[0] if len(shorts) == len(joined.citations) == 1 and not refused else None
    return Answer(
        question=question,
        text=joined.text,
        short=joined.text[slice(*only)] if only else None,
        citations=tuple(joined.citations),
        answered=True,
        confidence=min(answer.confidence for answer in answers if answer.answered),
        passages=merged(answer.passages for answer in answers),
        marks=tuple(joined.marks),
        short_at=only,
        shorts_at=() if only else shorts,
        understood=understood,
    )


def _refused_part(answer: Answer) -> str:
    """Return the refusal of a part; one that says "this question" names it instead."""
    if answer.text == REFUSAL:
        return REFUSAL.replace("this question", f"“{answer.question}”")
    return answer.text


def merged(lists: Iterable[Sequence[Passage]]) -> tuple[Passage, ...]:
    """Return the passages of several answers without duplicates, the best of each first."""
    found: dict[tuple[str, int], Passage] = {}
    for row in zip_longest(*lists):
        for passage in row:
            if passage is not None:
                found.setdefault((passage.article_id, passage.start), passage)
    return tuple(replace(p, rank=rank) for rank, p in enumerate(found.values(), start=1))
