from __future__ import annotations

import numpy as np

from qa.overview.boilerplate import EXAMPLES
from training.fit_boilerplate import NOTICES, Shares, shares


def test_notices_are_told_from_an_article_unless_the_threshold_is_too_high() -> None:
    article = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (6, 1))
    notices = np.tile(np.array([[0.0, 1.0]], dtype=np.float32), (4, 1))
    assert shares([article], notices, notices, 0.2) == Shares(0.0, 1.0, 1.0)
    assert shares([article], notices, notices, 1.5) == Shares(0.0, 0.0, 0.0)


def test_the_notices_that_are_measured_are_not_the_examples() -> None:
    assert not {notice.casefold() for notice in NOTICES} & {each.casefold() for each in EXAMPLES}
    assert len(set(NOTICES)) == len(NOTICES)
