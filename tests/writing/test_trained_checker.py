"""The checking model as it ships: true and false claims, the wrong words, long evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa.reading.large_model import LargeModel
from qa.writing.claim_checker import Checked, Pair
from qa.writing.trained_checker import (
    CHECKER_WEIGHTS,
    TrainedChecker,
    checking_model_folder,
)

pytestmark = pytest.mark.slow
MAX_BYTES = 25_000_000
EVIDENCE = (
    "The harbour museum in Torvik was founded in 1974 by the shipowner Elin Brandt. It shows "
    "forty boats, most of them built of oak. Admission is free on Sundays, and the café closes "
    "at five o'clock. In 2011 a fire destroyed the east wing, which was never rebuilt."
)
TRUE = (
    "Elin Brandt founded the harbour museum in 1974.",
    "The museum has forty boats.",
    "On Sundays visitors do not have to pay.",
    "The east wing burned down in 2011.",
)
FALSE = (
    ("Lars Holm founded the harbour museum in 1974.", "Lars Holm"),
    ("Elin Brandt founded the harbour museum in 1947.", "1947"),
    ("The museum shows ninety boats.", "ninety"),
    ("Admission is free on Mondays.", "Mondays"),
    ("The east wing was rebuilt after the fire in 2011 by Japanese engineers.", "Japanese"),
)


@pytest.fixture(scope="module")
def checker() -> TrainedChecker:
    return TrainedChecker.shipped(reader=LargeModel.shipped())


@pytest.fixture(scope="module")
def checker_alone() -> TrainedChecker:
    return TrainedChecker.shipped()


def checked(checker: TrainedChecker, claim: str, evidence: str = EVIDENCE) -> Checked:
    (found,) = checker.check([Pair(claim, evidence)])
    return found


@pytest.mark.parametrize("claim", TRUE)
def test_what_the_evidence_says_is_supported(checker: TrainedChecker, claim: str) -> None:
    assert checked(checker, claim).probability >= checker.supported_from


@pytest.mark.parametrize(("claim", "word"), FALSE)
def test_what_it_does_not_say_is_not_supported_and_the_word_is_marked(
    checker: TrainedChecker, claim: str, word: str
) -> None:
    found = checked(checker, claim)
    assert found.probability < checker.supported_from
    marked = " ".join(claim[span.start : span.end] for span in found.unsupported)
    assert word in marked


def test_the_checking_model_alone_tells_true_from_false(checker_alone: TrainedChecker) -> None:
    true = [checked(checker_alone, claim).probability for claim in TRUE]
    false = [checked(checker_alone, claim).probability for claim, _ in FALSE]
    assert max(true) >= checker_alone.supported_from > max(false)
    assert np.mean(true) > np.mean(false) + 0.2


def test_support_is_found_at_the_end_of_long_evidence(checker: TrainedChecker) -> None:
    filler = "Nobody wrote about the weather of that year. " * 90
    claim = TRUE[0]
    assert checked(checker, claim, filler).probability < checker.supported_from
    assert checked(checker, claim, filler + EVIDENCE).probability >= checker.supported_from


def test_what_is_false_at_the_end_of_a_long_claim_is_not_supported(
    checker: TrainedChecker,
) -> None:
    false = "and the boats were sold to a circus."
    claim = " ".join([*["Elin Brandt founded the harbour museum in 1974"] * 15, false])
    found = checked(checker, claim)
    assert found.probability < checker.supported_from
    assert claim[found.unsupported[-1].start :].endswith(false)
    assert claim[: found.unsupported[-1].end] == claim


def test_many_claims_are_checked_as_one_by_one_in_their_order(checker: TrainedChecker) -> None:
    claims = [*TRUE, *(claim for claim, _ in FALSE)]
    together = checker.check([Pair(claim, EVIDENCE) for claim in claims])
    assert together == [checked(checker, claim) for claim in claims]
    assert checker.check([]) == []


def test_the_files_are_small() -> None:
    folder = Path(str(checking_model_folder()))
    assert (folder / CHECKER_WEIGHTS).stat().st_size < MAX_BYTES
