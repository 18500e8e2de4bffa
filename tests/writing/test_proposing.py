from __future__ import annotations

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article
from qa import suggestions
from qa.article_qa import ArticleQA
from qa.settings import Settings
from qa.writing.evidence import Material
from qa.writing.proposing import propose_questions
from qa.writing.writer import Writer
from tests.writing.fakes import ARTICLE, SENTENCES, FakeChecker, FakeModel

MATERIAL = Material([ARTICLE], [])


def test_the_questions_are_the_lines_that_are_one_short_question() -> None:
    model = FakeModel(
        "Here are some questions:\n",
        "1. Who resigned a week later?\n- What will the new dam cost?\n\n",
        "Who resigned a week later?\nWhat broke? And when?\n???\n",
        f"What {'very ' * 40}old dam broke?\nThe dam broke.",
    )
    assert propose_questions(model, MATERIAL, 8) == [
        "Who resigned a week later?",
        "What will the new dam cost?",
    ]
    assert SENTENCES[3] in model.asked[0][1].content


def test_no_more_are_returned_than_asked_for() -> None:
    assert propose_questions(FakeModel("What is a?\nWhat is b?\nWhat is c?"), MATERIAL, 2) == [
        "What is a?",
        "What is b?",
    ]


def test_a_fault_proposes_nothing() -> None:
    assert propose_questions(FakeModel("What?\n", fault="It broke off."), MATERIAL, 2) == []


def test_only_proposed_questions_that_are_answered_are_suggested_before_the_others(
    embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "MAX_SECONDS", 300.0)
    model = FakeModel("How many moons has Saturn?\nWhen did the Harbour Bridge open?\n")
    bridge = Article.from_text("The Harbour Bridge opened in 1932. It is 1,149 metres long.")
    with ArticleQA(
        PassageIndex(None, embedder),
        embedder,
        Settings(reader="small"),
        pending=[bridge],
        writer=Writer(model, FakeChecker()),
    ) as qa:
        suggested = qa.suggest(own_words=True)
        assert "When did the Harbour Bridge open?" not in qa.suggest()
    assert suggested[0] == "When did the Harbour Bridge open?"
    assert not [question for question in suggested if "Saturn" in question]
