"""Ask the large reading model whether evidence supports a claim, as a yes/no question."""

from __future__ import annotations

import numpy as np

from qa.reading.model import WindowReader
from qa.writing.claim_checker import Pair

_QUESTION = "Is it true that {}?"
_YES = 1
"""Place of "yes" among the verdicts, of which the others are an answer in words and "no"."""
_SURE = 1e-6
"""No probability is nearer to 0 or 1, so that one model alone cannot decide."""


def reader_logit(model: WindowReader, pair: Pair) -> float:
    """Return the logit of "yes" to the claim as a question; the highest of several windows.

    Raises:
        TypeError: It is the small model, which has no verdicts.
    """
    claim = pair.claim.strip()
    asked = claim if claim.endswith("?") else _QUESTION.format(claim.rstrip(" ."))
    (windows,) = model.read(asked, [pair.evidence])
    probability = _SURE
    for logits in windows:
        if logits.verdict is None:
            msg = "The small reading model gives no verdicts."
            raise TypeError(msg)
        shares = np.exp(logits.verdict - np.logaddexp.reduce(logits.verdict))
        probability = max(probability, float(shares[_YES]) / (1 + np.exp(-logits.has_answer)))
    probability = min(probability, 1 - _SURE)
    return float(np.log(probability / (1 - probability)))
