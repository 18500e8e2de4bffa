from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bench.embedding import RememberingEmbedder
from index.embedding.embedder import SentenceTransformerEmbedder
from index.types import Article, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.evaluation.datasets import EvalQuestion, Evidence, Variant, read_articles
from qa.evaluation.evaluate import Asked, answer_row, ask_all, calibration_error, variant_phrasing
from qa.evaluation.metrics import AbstentionScore
from qa.reading.reader import ExtractiveReader

ARTICLE = Article.from_text("The bridge opened in 1932. It is long.", title="Bridge")
QUESTION = EvalQuestion(
    id="q",
    question="When did the bridge open?",
    answers=("1932",),
    answerable=True,
    kind="span",
    evidence=Evidence((Span(21, 25),)),
    variants=(Variant("asr", "when did the bridge open"),),
)
OFF_TOPIC = dataclasses.replace(
    QUESTION, id="o", answers=(), answerable=False, kind="off_topic", evidence=Evidence()
)


def asked(question: EvalQuestion, span: Span, confidence: float) -> Asked:
    citation = Citation.of(ARTICLE, *span)
    answer = Answer(
        question=question.question,
        text=f"{citation.quote} [1]",
        short=None,
        citations=(citation,),
        answered=True,
        confidence=confidence,
        passages=(),
        marks=(Span(len(citation.quote) + 1, len(citation.quote) + 4),),
    )
    return Asked("a", "en", question, answer, (), ())


RIGHT = asked(QUESTION, Span(0, 26), 0.9)
WRONG = asked(QUESTION, Span(27, 38), 0.8)
UNSURE = asked(QUESTION, Span(0, 26), 0.1)


def test_a_reply_is_the_quotes_without_marks_or_the_short_answer() -> None:
    assert RIGHT.reply == "The bridge opened in 1932."
    short = dataclasses.replace(RIGHT, answer=dataclasses.replace(RIGHT.answer, short="1932"))
    assert short.reply == "1932"


def test_a_citation_is_right_if_it_covers_the_evidence() -> None:
    assert RIGHT.citations_right == (True,)
    assert WRONG.citations_right == (False,)


def test_a_row_counts_abstentions_as_wrong_where_there_is_an_answer() -> None:
    row = answer_row("set", "as written", [RIGHT, WRONG, UNSURE], 0.5)
    assert row.contained.mean == pytest.approx(1 / 3)
    assert row.first_citation is not None
    assert row.first_citation.mean == pytest.approx(1 / 3)
    assert row.citation_precision == 0.5
    assert row.refused == {"span": pytest.approx(1 / 3)}
    assert row.auroc is None


def test_a_row_counts_abstentions_as_right_where_there_is_none() -> None:
    refused = asked(OFF_TOPIC, Span(0, 26), 0.1)
    row = answer_row("set", "as written", [RIGHT, refused], 0.5)
    assert row.refused == {"span": 0.0, "off_topic": 1.0}
    assert row.f1_of_all.mean == pytest.approx((row.f1.mean + 1) / 2)
    assert row.auroc == 1.0
    assert row.abstention == AbstentionScore(1.0, 1.0, 1.0)
    assert row.coverage == {"80%": 0.0, "90%": 0.0}  # a sentence is no exact match


def test_coverage_counts_exact_replies_from_the_highest_confidence() -> None:
    exact = dataclasses.replace(RIGHT, answer=dataclasses.replace(RIGHT.answer, short="1932"))
    row = answer_row("set", "as written", [exact, WRONG, UNSURE], 0.5)
    assert row.coverage == {"80%": pytest.approx(1 / 3), "90%": pytest.approx(1 / 3)}
    assert row.abstention is None


def test_a_set_without_evidence_has_no_citation_metrics() -> None:
    free = dataclasses.replace(QUESTION, kind="free", evidence=Evidence())
    row = answer_row("set", "as written", [asked(free, Span(0, 26), 0.9)], 0.5)
    assert (row.first_citation, row.citation_precision, row.calibration_error) == (None,) * 3


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    assert calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False]) == 0
    assert calibration_error([0.95, 0.05], [False, False]) == pytest.approx(0.5)


def test_questions_are_asked_of_their_own_article_in_the_given_wording(
    embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    item = {
        "id": "a", "title": ARTICLE.title, "text": ARTICLE.text, "lang": "en",
        "questions": [
            {
                "id": "q", "question": QUESTION.question, "answers": ["1932"],
                "answerable": True, "kind": "span", "evidence": [{"start": 21, "end": 25}],
                "variants": {"asr": "when did the bridge open"},
            },
            {
                "id": "o", "question": "Who won?", "answers": [], "answerable": False,
                "kind": "off_topic", "evidence": [],
            },
        ],
    }  # fmt: skip
    (tmp_path / "set.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    articles = read_articles(tmp_path / "set.jsonl")
    remembering = RememberingEmbedder(embedder)
    reader = ExtractiveReader()
    written = list(ask_all(articles, remembering, reader))
    assert [a.question.id for a in written] == ["q", "o"]
    assert written[0].citations_right[0]
    heard = list(ask_all(articles, remembering, reader, phrasing=variant_phrasing("asr")))
    assert [a.answer.question for a in heard] == ["when did the bridge open"]
    assert heard[0].reply == "1932"
    assert heard[0].is_right(heard[0].scored)
