"""A question of several parts → an answer to each, put together."""

from __future__ import annotations

from collections.abc import Callable

from qa.answer import Answer
from qa.followup.mentions import Exchange
from qa.followup.resolution import Judge, resolve
from qa.parts.clauses import clauses_of
from qa.parts.joining import joined


def answered_in_parts(
    question: str, answer_of: Callable[[str], Answer], judge: Judge
) -> Answer | None:
    """Return the answers to the parts of ``question`` as one.

    A part is read as a follow-up of those before it. None comes back of a question that has
    no parts, or none that is answered: it is asked as it stands.

    Args:
        question: What was asked, in words that stand alone.
        answer_of: Answers a question that stands alone.
        judge: Which wording of a part is meant.
    """
    parts = clauses_of(question)
    if len(parts) == 1:
        return None
    answers: list[Answer] = []
    for part in parts:
        earlier = [Exchange.of(answer) for answer in answers]
        answers.append(answer_of(resolve(part, earlier, judge)))
    if not any(answer.answered for answer in answers):
        return None
    worded = tuple(answer.question for answer in answers)
    understood = " ".join(worded) if worded != parts else None
    return joined(question, answers, understood)
