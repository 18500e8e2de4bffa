"""Describe the confidence of an answer in words, and explain its number.

The thresholds are from the likelihood scale of the IPCC (Mastrandrea et al. 2010): "likely"
begins at 66 % and "more likely than not" at 50 %. There is no stronger word, so that the quote is
still read.
"""

from __future__ import annotations

from qa.answers.answer import OVERVIEWS, Answer
from qa.answers.claim import Status
from qa.answers.written_wording import support_in_words

LIKELY = 2 / 3
EVEN = 1 / 2


def confidence_in_words(answer: Answer) -> str:
    """Return the confidence of ``answer`` in two or three words; an overview has none to give.

    Of an answer that a language model wrote, it is how many statements are supported.
    """
    if answer.engine:
        return support_in_words(answer)
    if answer.kind in OVERVIEWS:
        return "A selection" if answer.answered else "Nothing found"
    if not answer.answered:
        return "No confident answer found"
    if answer.confidence >= LIKELY:
        return "Likely right"
    return "Perhaps right" if answer.confidence >= EVEN else "Not sure"


def confidence_explained(answer: Answer) -> str:
    """Return a sentence with the calibrated probability in per cent and what it means.

    Overviews have no probability; for them the sentence says how they are made. So it does for an
    answer that a language model wrote.
    """
    if answer.engine:
        return _check_explained(answer)
    if answer.kind in OVERVIEWS:
        return (
            "Every word is quoted. Rules chose what is shown, and can miss what matters."
            if answer.answered
            else "Rules looked for it, and can miss what is there."
        )
    share = f"{answer.confidence:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    if not answer.answered:
        return (
            f"In tests, the best passage had the answer in {share} of cases like this, "
            "which is too few to show one."
        )
    if len(answer.citations) > 1:
        return f"In tests, the first quote had the answer in {share} of cases like this."
    return f"In tests, {share} of answers like this were right."


def _check_explained(answer: Answer) -> str:
    unchecked = sum(claim.status is Status.UNCHECKED for claim in answer.claims)
    if not unchecked:
        return (
            "A model on this computer compared each statement with the sentences that it cites, "
            "and can be wrong."
        )
    known = "The model that checks statements knows English only"
    if unchecked == len(answer.claims):
        return f"{known}: compare them with the quotes yourself."
    return f"{known}, and can be wrong: compare the others with the quotes yourself."
