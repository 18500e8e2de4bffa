from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.datasets import Document, Query, in_quick_run, read_retrieval_set
from index.errors import UnreadableFile
from index.types import Span
from qa.evaluation.datasets import Evidence, Variant, read_articles


def question(**fields: object) -> dict[str, Any]:
    plain = {"id": "a#q1", "question": "Where?", "answers": ["Here"], "answerable": True}
    return {**plain, "kind": "span", "evidence": [{"start": 0, "end": 4}], **fields}


def article(*questions: dict[str, Any], text: str = "Here it is.\n\nThere.") -> dict[str, Any]:
    return {"id": "a", "title": "A", "text": text, "lang": "en", "questions": list(questions)}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(lines.encode())
    return path


class TestArticles:
    def test_a_question_with_every_field(self, tmp_path: Path) -> None:
        row = question(
            evidence=[{"start": 0, "end": 4}, {"start": 13, "end": 18}],
            evidence_mode="all",
            context={"start": 0, "end": 11},
            variants={"asr": "wear"},
            unknown="ignored",
        )
        (read,) = read_articles(write(tmp_path / "set.jsonl", article(row)))
        (asked,) = read.questions
        assert asked.evidence == Evidence((Span(0, 4), Span(13, 18)), "all")
        assert asked.context == Span(0, 11)
        assert asked.variants == (Variant("asr", "wear"),)

    def test_spans_are_alternatives_unless_said(self, tmp_path: Path) -> None:
        (read,) = read_articles(write(tmp_path / "set.jsonl", article(question())))
        assert read.questions[0].evidence.mode == "any"

    def test_an_unanswerable_question_has_no_gold(self, tmp_path: Path) -> None:
        row = question(answerable=False, kind="adversarial", evidence=[])
        (read,) = read_articles(write(tmp_path / "set.jsonl", article(row)))
        assert read.questions[0].gold == ()
        assert read.questions[0].evidence == Evidence()

    def test_a_line_separator_inside_a_text_ends_no_line(self, tmp_path: Path) -> None:
        odd = "Here\u2028it\u2029is\x85now"
        path = write(tmp_path / "set.jsonl", article(question(), text=odd), article(question()))
        first, second = read_articles(path)
        assert first.text == odd
        assert second.id == "a"

    def test_evidence_outside_the_text_is_refused_with_its_line(self, tmp_path: Path) -> None:
        row = question(evidence=[{"start": 0, "end": 400}])
        path = write(tmp_path / "set.jsonl", article(question()), article(row))
        with pytest.raises(UnreadableFile, match=r"set\.jsonl, line 2.*outside the text"):
            read_articles(path)

    @pytest.mark.parametrize("line", ["{", "[]", '{"id": "a"}', '"text"'])
    def test_a_line_of_another_format_is_refused(self, tmp_path: Path, line: str) -> None:
        path = tmp_path / "set.jsonl"
        path.write_text(line + "\n", encoding="utf-8")
        with pytest.raises(UnreadableFile, match="line 1"):
            read_articles(path)

    def test_an_unknown_evidence_mode_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "set.jsonl", article(question(evidence_mode="most")))
        with pytest.raises(UnreadableFile, match="evidence_mode"):
            read_articles(path)

    def test_a_missing_file_says_which_argument_to_give(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFile, match="--data DIR"):
            read_articles(tmp_path / "none.jsonl")


class TestRetrievalSet:
    def make(self, tmp_path: Path, qrels: str) -> Path:
        write(
            tmp_path / "corpus.jsonl",
            {"_id": "1", "title": "One", "text": "wing"},
            {"_id": "2", "title": "", "text": ""},
        )
        write(tmp_path / "queries.jsonl", {"_id": "1", "text": "q"}, {"_id": "2", "text": "r"})
        (tmp_path / "qrels.tsv").write_text(qrels, encoding="utf-8")
        return tmp_path

    def test_judged_queries_with_their_documents(self, tmp_path: Path) -> None:
        read = read_retrieval_set(
            self.make(tmp_path, "query-id\tcorpus-id\tscore\n2\t1\t1\n2\t2\t1\n1\t2\t0\n")
        )
        assert read.name == tmp_path.name
        assert read.documents == (Document("1", "One", "wing"), Document("2", "", ""))
        assert read.queries == (Query("2", "r", frozenset({"1", "2"})),)

    def test_a_broken_judgement_is_refused_with_its_line(self, tmp_path: Path) -> None:
        folder = self.make(tmp_path, "query-id\tcorpus-id\tscore\n1 2 1\n")
        with pytest.raises(UnreadableFile, match=r"qrels\.tsv, line 2"):
            read_retrieval_set(folder)


def test_quick_runs_use_the_same_eighth_of_the_questions() -> None:
    # The first eight digits of the SHA-1 of q1 are e0417928, of q12 967fbd50.
    assert [n for n in range(1, 13) if in_quick_run(f"q{n}")] == [1, 12]
