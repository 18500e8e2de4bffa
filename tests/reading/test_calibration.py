from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest

from index.errors import ModelCorrupt, ModelMissing
from index.types import Passage, Span
from qa.reading.calibration import Calibration, Features, compute_features
from qa.reading.model import shipped_folder
from qa.reading.ranking import RankFeatures, Ranking, ScoredSpan
from qa.reading.spans import SpanCandidate

FLAT = Features(**{field.name: 0.0 for field in fields(Features)})
CALIBRATION = Calibration(
    rank=Ranking(RankFeatures(1.0, 0.5, 10.0, 0.0, 0.0, 0.0), reach=8.0),
    bias=-1.0,
    weights=replace(FLAT, margin=0.5),
    raw=(0.0, 0.5, 1.0),
    true=(0.0, 0.2, 0.9),
    levels={"careful": 0.8, "balanced": 0.5, "eager": 0.2},
)
TEXT = "Rubio called Sharif. Then Rubio left."


def candidate(
    words: str, margin: float, *, has: float = 0.0, score: float = 0.5, rank: int = 1
) -> SpanCandidate:
    passage = Passage("a", "T", TEXT, 10, 10 + len(TEXT), score, rank)
    start = 10 + TEXT.index(words)
    return SpanCandidate(passage, Span(start, start + len(words)), margin, has)


def scored(*candidates: SpanCandidate) -> list[ScoredSpan]:
    return [ScoredSpan(c, c.margin) for c in candidates]


def test_the_confidence_is_the_corrected_logistic_of_the_features() -> None:
    assert math.isclose(CALIBRATION.raw_confidence(replace(FLAT, margin=2.0)), 0.5)
    assert math.isclose(CALIBRATION.confidence(replace(FLAT, margin=2.0)), 0.2)
    assert 0 < CALIBRATION.confidence(replace(FLAT, margin=-1e9)) < 1e-6
    assert CALIBRATION.confidence(replace(FLAT, margin=1e9)) == pytest.approx(0.9)


def test_the_lead_is_zero_for_a_single_span_and_falls_with_rivals() -> None:
    lone = scored(candidate("Sharif", 1.0))
    rivalled = scored(candidate("Sharif", 1.0), candidate("Rubio", 1.0))
    passages = [lone[0].candidate.passage]
    assert compute_features("Who?", lone, passages).lead == pytest.approx(0)
    assert compute_features("Who?", rivalled, passages).lead == pytest.approx(-math.log(2))


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text(json.dumps(CALIBRATION.to_dict() | {"more": 1}))
    assert Calibration.shipped(tmp_path) == CALIBRATION


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"rank": 1}'])
def test_a_calibration_of_another_format_raises_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(ModelCorrupt, match="Reinstall article-qa"):
        Calibration.shipped(tmp_path)


def test_a_missing_calibration_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="Reinstall article-qa"):
        Calibration.shipped(tmp_path)


def test_the_shipped_calibration_names_its_data_and_weights() -> None:
    data = json.loads((shipped_folder() / "calibration.json").read_text(encoding="utf-8"))
    manifest = json.loads((shipped_folder() / "reader.json").read_text(encoding="utf-8"))
    assert data["provenance"]["model_sha256"] == manifest["files"]["reader.onnx"]
    assert data["provenance"]["fitted_on"]
    assert data["true"] == sorted(data["true"])
    assert data["raw"] == sorted(data["raw"])
