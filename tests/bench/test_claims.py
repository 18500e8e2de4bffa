"""The benchmark of claims: how its figures are counted and evidence is chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.claim_evidence import ClaimCase, EvidenceChooser, WordMatch, read_claim_set
from bench.claim_scorers import Pair, WordOverlap
from bench.claims import (
    Scored,
    balanced_accuracy,
    best_threshold,
    figures_of,
    kind_rows,
    marked_words,
    score_cases,
)
from index.embedding.embedder import SentenceTransformerEmbedder
from index.types import Span
from qa.writing.claim_checker import Checked
from qa.writing.claim_checker import Pair as CheckerPair

TEXT = "The mill burned. " + "Nobody spoke of the weather that year. " * 60 + "Ruth sold the horse."


def case(label: str = "supported", claim: str = "The mill burned.", text: str = TEXT) -> ClaimCase:
    kinds = () if label == "supported" else ("entity",)
    return ClaimCase("toy_set", "t", "c", claim, text, label, kinds)


def scored(*pairs: tuple[str, float]) -> list[Scored]:
    return [Scored(case(label), score) for label, score in pairs]


MIXED = scored(
    ("supported", 0.9), ("supported", 0.8), ("not_supported", 0.85), ("partly", 0.1)
)  # fmt: skip


@pytest.fixture(scope="module")
def chooser() -> EvidenceChooser:
    return EvidenceChooser(SentenceTransformerEmbedder(), max_tokens=40)


def test_both_classes_weigh_the_same_in_the_balanced_accuracy() -> None:
    assert balanced_accuracy(MIXED, 0.7) == 0.75
    assert balanced_accuracy([*MIXED, *MIXED[:1]], 0.7) == 0.75


def test_one_threshold_is_chosen_for_all_sets() -> None:
    low = scored(("supported", 0.3), ("not_supported", 0.1))
    high = scored(("supported", 0.9), ("not_supported", 0.8))
    threshold = best_threshold([low, high])
    assert 0.1 < threshold <= 0.3 or 0.8 < threshold <= 0.9


def test_partly_supported_claims_count_as_not_supported() -> None:
    figures = figures_of(MIXED, 0.7)
    assert (figures.claims, figures.supported) == (4, 2)
    assert figures.auroc == 0.75


def test_the_share_caught_allows_few_false_alarms() -> None:
    supported = [("supported", 0.5 + i / 100) for i in range(20)]
    figures = figures_of(scored(*supported, ("partly", 0.505), ("partly", 0.2)), 0.7)
    assert figures.caught == 1.0
    fewer = figures_of(scored(*supported[:5], ("partly", 0.505), ("partly", 0.2)), 0.7)
    assert fewer.caught == 0.5


def test_kinds_are_counted_over_sets_of_one_family_if_there_are_many() -> None:
    sets = {"toy_a": MIXED * 12, "toy_b": MIXED[:3]}
    assert kind_rows(sets, 0.7)[0][:3] == ("toy: entity", "25", "0.520")
    assert kind_rows({"toy_a": MIXED}, 0.7) == []


def test_a_claim_is_as_likely_as_its_least_likely_sentence(chooser: EvidenceChooser) -> None:
    class Marked:
        def score(self, pairs: Sequence[Pair]) -> list[float]:
            return [0.2 if "stable" in claim else 0.9 for claim, _ in pairs]

    given = case(claim="The mill burned. The stable burned, too.")
    (found,), milliseconds = score_cases([given], chooser, Marked())
    assert found.score == 0.2
    assert milliseconds >= 0


def test_evidence_of_a_long_text_is_its_best_sentences_with_neighbours(
    chooser: EvidenceChooser,
) -> None:
    ((_, evidence),) = chooser.pairs(case(claim="Ruth sold a horse."))
    assert evidence.endswith("Ruth sold the horse.")
    assert len(evidence) < len(TEXT) / 4


def test_a_short_text_is_evidence_as_a_whole(chooser: EvidenceChooser) -> None:
    ((_, evidence),) = chooser.pairs(case(text="The mill burned. Ruth left."))
    assert evidence == "The mill burned. Ruth left."


def test_rare_words_of_a_claim_count_more() -> None:
    words = WordMatch(["the town mill", "the town fair", "the town"])
    mill, fair, _ = words.shares("The mill of the town.")
    assert mill > fair
    assert WordOverlap().score([("A mill.", "A mill burned.")]) == [1.0]


def test_sets_are_read_with_kinds_of_edits_and_without_replies_that_state_nothing(
    tmp_path: Path,
) -> None:
    claims = [
        {"id": "1", "claim": "A.", "label": "no_claim"},
        {"id": "2", "claim": "B.", "label": "supported"},
        {"id": "3", "claim": "C.", "label": "not_supported", "edit": ["swap", "name"]},
        {"id": "4", "claim": "D.", "label": "not_supported", "relation": "contradicted"},
    ]
    (tmp_path / "claims").mkdir()
    line = json.dumps({"id": "t", "title": "", "text": "T.", "lang": "en", "claims": claims})
    (tmp_path / "claims" / "begin_cmu.jsonl").write_text(line + "\n", encoding="utf-8")
    found = read_claim_set(tmp_path, "begin_cmu")
    assert [each.kinds for each in found] == [(), ("swap", "name"), ("contradicted",)]
    assert [each.is_supported for each in found] == [True, False, False]


class MarksNames:
    """Marks every capitalised word but the first as unsupported."""

    supported_from = partly_from = 0.5

    def check(self, pairs: Sequence[CheckerPair]) -> list[Checked]:
        return [
            Checked(0.0, tuple(Span(*m.span()) for m in re.finditer(r"(?<= )[A-Z]\w+", p.claim)))
            for p in pairs
        ]


def test_marked_words_are_compared_at_their_places_in_the_whole_claim(
    chooser: EvidenceChooser,
) -> None:
    claim = "The mill of Ruth burned. It was near Bonn."
    marked = (Span(claim.index("near"), claim.index("near") + 9),)
    given = ClaimCase("toy", "t", "c", claim, TEXT, "not_supported", (), marked)
    precision, recall, f1 = marked_words([given], chooser, MarksNames())
    assert (precision, recall, f1) == (0.5, 0.5, 0.5)


def test_wice_can_be_read_with_the_chosen_evidence_alone(tmp_path: Path) -> None:
    groups = [[{"start": 0, "end": 3}, {"start": 4, "end": 7}], [{"start": 8, "end": 13}], []]
    claims = [{"id": "c", "claim": "x", "label": "partly", "evidence_groups": groups}]
    row = {"id": "t", "text": "one two three", "claims": claims}
    (tmp_path / "claims").mkdir()
    file = tmp_path / "claims" / "wice.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert [c.text for c in read_claim_set(tmp_path, "wice_evidence")] == ["three"]
    assert [c.text for c in read_claim_set(tmp_path, "wice")] == ["one two three"]
