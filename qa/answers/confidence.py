"""How sure an answer is, in words, and what its number means.

The words are two of the likelihood scale of the IPCC (Mastrandrea et al. 2010): "likely"
begins at 66 % and "more likely than not" at 50 %. Nothing stronger is said, because the
calibration that comes along goes no higher than 89 %.
"""

from __future__ import annotations

from qa.answers.answer import OVERVIEWS, Answer

LIKELY = 2 / 3
EVEN = 1 / 2


def confidence_in_words(answer: Answer) -> str:
    """Return how sure ``answer`` is, in two or three words; of an overview, that it is one."""
    if answer.kind in OVERVIEWS:
        return "A selection" if answer.answered else "Nothing found"
    if not answer.answered:
        return "No confident answer found"
    if answer.confidence >= LIKELY:
        return "Likely right"
    return "Perhaps right" if answer.confidence >= EVEN else "Not sure"


def confidence_explained(answer: Answer) -> str:
    """Return the calibrated probability in per cent and what it is the share of: a sentence.

    Of an overview, for which nothing is estimated, it says how it came about.
    """
    if answer.kind in OVERVIEWS:
        return (
            "Every word is quoted; what is shown was chosen by rules, which can miss what matters."
            if answer.answered
            else "Rules looked for it, which can miss what is there."
        )
    share = f"{answer.confidence:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    if not answer.answered:
        return (
            f"{share}: in that share of such cases the best place found held the answer; "
            "too few to give it as one."
        )
    first = "the first quote" if len(answer.citations) > 1 else "the quote"
    return f"{share}: in that share of such cases {first} held the answer."
