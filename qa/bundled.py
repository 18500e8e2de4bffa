"""The shortest way in: ask the article that comes along."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from index.types import Passage
from qa.answers.answer import Answer
from qa.article_qa import ArticleQA


def retrieve(question: str, k: int = 5) -> list[Passage]:
    """Return the ``k`` passages of the article that comes along that fit best.

    Raises:
        QuestionError: The question is blank or too long, or ``k`` less than 1.
    """
    return _bundled().retrieve(question, k)


def ask(question: str, *, history: Sequence[str | Answer] = ()) -> Answer:
    """Answer from the article that comes along; see :meth:`ArticleQA.ask`.

    ``history`` is what was asked before, oldest first.

    Raises:
        QuestionError: The question is blank or too long.
    """
    return _bundled().ask(question, history=history)


@functools.cache
def _bundled() -> ArticleQA:
    return ArticleQA.bundled()
