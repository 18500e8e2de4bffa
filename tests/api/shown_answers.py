"""Answers of every kind over small articles, made by hand."""

from __future__ import annotations

import re

from index.types import Article, Span
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.answers.claim import Claim, Status

LAMP = Article.from_text(
    "The 🏮 lamp house was built in 1871. Its keeper was Ada Brook. It closed in 1990.",
    title="Lamp house",
)
PAGED = Article.from_text(
    "The first page ends here.\nThe second page tells of the tide.", title="Tides", pages=(0, 26)
)


def cite(article: Article, words: str) -> Citation:
    start = article.text.index(words)
    return Citation.of(article, start, start + len(words))


def answer(
    text: str, *citations: Citation, claims: tuple[Claim, ...] = (), **more: object
) -> Answer:
    """Return an answer with this text, in which every [n] is a mark."""
    values: dict[str, object] = {
        "question": "?",
        "short": None,
        "answered": True,
        "confidence": 0.9,
        "passages": (),
        "marks": tuple(Span(*mark.span()) for mark in re.finditer(r"\[\d\]", text)),
    }
    return Answer(text=text, citations=citations, claims=claims, **{**values, **more})  # type: ignore[arg-type]


BUILT = cite(LAMP, "The 🏮 lamp house was built in 1871.")
KEEPER = cite(LAMP, "Its keeper was Ada Brook.")
CLOSED = cite(LAMP, "It closed in 1990.")
TIDE = cite(PAGED, "The second page tells of the tide.")
BOTH_PAGES = cite(PAGED, "ends here.\nThe second")

QUOTED = answer(f"{BUILT.quote} [1] {CLOSED.quote} [2]", BUILT, CLOSED)
VERDICT = answer(f"Yes. {BUILT.quote} [1]", BUILT, verdict="yes")
REFUSAL = answer("No sentence answers this question.", answered=False, confidence=0.1)
TIMELINE = answer(
    f"• 1871 — {BUILT.quote} [1]\n• 1990 — {CLOSED.quote} [2]", BUILT, CLOSED, kind=Kind.TIMELINE
)
PEOPLE = answer("People\n• Ada Brook — keeper [1], [2]", BUILT, KEEPER, kind=Kind.PEOPLE)
_WRITTEN = "Ada kept the lamp. [1] It shone blue. [2] It shut in 1990. [1][2]"
WRITTEN = answer(
    _WRITTEN,
    KEEPER,
    CLOSED,
    claims=(
        Claim(0, 18, (1,), Status.SUPPORTED, 0.9),
        Claim(23, 37, (2,), Status.NOT_SUPPORTED, 0.1),
        Claim(42, 58, (1, 2), Status.PARTLY, 0.5),
    ),
    engine="scripted-1b",
)
ALL = (QUOTED, VERDICT, REFUSAL, TIMELINE, PEOPLE, WRITTEN)
