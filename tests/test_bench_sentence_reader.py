from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from bench.sentence_reader import MIN_PARAGRAPHS, fit_logistic, training_articles


def test_a_logistic_regression_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 2))
    y = rng.random(20_000) < 1 / (1 + np.exp(-(-1.0 + x @ np.array([2.0, -0.5]))))
    np.testing.assert_allclose(fit_logistic(x, y), [-1.0, 2.0, -0.5], atol=0.1)


def test_paragraphs_are_put_together_again_and_answers_still_point_at_their_words(
    tmp_path: Path,
) -> None:
    rows = [
        {
            "title": "T",
            "context": f"Paragraph {i} is here.",
            "question": f"What is {i}?",
            "answers": [{"text": f"Paragraph {i}", "start": 0}],
        }
        for i in range(MIN_PARAGRAPHS)
    ]
    rows.append({**rows[0], "question": "Why?", "answers": []})
    for name in ("squad2_dev_part", "squad1_train_part"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
    (article, asked), _ = training_articles(tmp_path)
    assert article.text.count("\n\n") == MIN_PARAGRAPHS - 1
    for question in asked:
        for start, end in question.answers:
            number = question.question.removeprefix("What is ").rstrip("?")
            assert article.text[start:end] == f"Paragraph {number}"
    assert any(question.answers == () for question in asked)
