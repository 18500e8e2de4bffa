from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from index.articles import bundled_article, examples_for
from index.errors import ArticleNotFound
from index.types import Article
from qa import suggestions
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.answers.confidence_wording import LIKELY
from qa.article_qa import ArticleQA
from qa.conversation.intent import OVERVIEW_QUESTIONS
from qa.overview.overviews import Name
from qa.suggestions import Scope, Suggestions

TEXT = (
    "The Tramway Society runs the trams of Oslo. Its director, Ingrid Solheim, said that a new "
    "line opens in May 2031. Ingrid Solheim is an engineer. The line was approved on 3 June 2029."
)
ARTICLE = Article.from_text(TEXT, title="Trams")
QUOTE = "Ingrid Solheim is an engineer."


def answer_with(quote: str, confidence: float = 0.9) -> Answer:
    start = TEXT.index(quote)
    cited = Citation.of(ARTICLE, start, start + len(quote))
    return Answer("?", quote, None, (cited,), answered=True, confidence=confidence, passages=())


class ToldQA(ArticleQA):
    """Has no overview, names one person, and answers by a function."""

    def __init__(self, reply: Callable[[str], Answer], *, overview: bool = False) -> None:
        self._reply = reply
        self._has_overview = overview
        self.tried: list[str] = []

    def ask(self, question: str, *_: object, **__: object) -> Answer:  # type: ignore[override] # it streams nothing
        self.tried.append(question)
        return self._reply(question)

    def overview(self, kind: Kind, *_: object, question: str = "") -> Answer:
        self.tried.append(kind)
        found = self._has_overview
        return Answer(question, "", None, (), answered=found, confidence=1.0, passages=())

    def main_names(self, _: Article) -> Sequence[Name]:
        return [Name("Ingrid Solheim", is_person=True)]


def suggested(qa: ArticleQA, should_continue: Callable[[], bool] = lambda: True) -> list[str]:
    return Suggestions(qa).find(Scope((ARTICLE,), (ARTICLE.id,)), 8, should_continue)


def test_a_name_is_asked_about_once_in_the_first_form_that_is_answered() -> None:
    qa = ToldQA(lambda q: answer_with(QUOTE, 0.9 if q.startswith("Who is") else 0.5))
    assert suggested(qa) == ["Who is Ingrid Solheim?"]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer_with(QUOTE, LIKELY - 0.01), id="not likely right"),
        pytest.param(answer_with("The line was approved on 3 June 2029."), id="without the name"),
    ],
)
def test_a_question_without_a_confident_answer_is_not_suggested(reply: Answer) -> None:
    assert suggested(ToldQA(lambda _: reply)) == []


def test_an_empty_overview_is_not_suggested() -> None:
    assert suggested(ToldQA(lambda _: answer_with(QUOTE, 0), overview=True)) == [
        *OVERVIEW_QUESTIONS
    ]
    assert suggested(ToldQA(lambda _: answer_with(QUOTE, 0))) == []


def test_the_search_ends_when_it_should_not_continue() -> None:
    qa = ToldQA(lambda _: answer_with(QUOTE))
    assert suggested(qa, should_continue=lambda: len(qa.tried) < 2) == []
    assert len(qa.tried) == 2


def test_nothing_is_tried_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "MAX_SECONDS", -1.0)
    qa = ToldQA(lambda _: answer_with(QUOTE))
    assert suggested(qa) == []
    assert qa.tried == []


def test_only_a_complete_search_is_cached() -> None:
    qa = ToldQA(lambda _: answer_with(QUOTE))
    known = Suggestions(qa)
    scope = Scope((ARTICLE,), (ARTICLE.id,))
    assert known.find(scope, 8, lambda: False) == []
    first = known.find(scope, 8, lambda: True)
    times = len(qa.tried)
    assert known.find(scope, 8, lambda: True) == first != []
    assert len(qa.tried) == times


def test_an_article_may_be_removed_during_the_search() -> None:
    def gone(question: str) -> Answer:
        raise ArticleNotFound(question)

    assert suggested(ToldQA(gone)) == []


def test_suggested_questions_are_answered_confidently() -> None:
    with ArticleQA.from_text(TEXT, title="Trams") as qa:
        questions = qa.suggest()
        assert list(OVERVIEW_QUESTIONS) == questions[:4]
        for question in questions[4:]:
            answer = qa.ask(question)
            assert answer.confidence >= LIKELY
            assert answer.citations[0].quote in TEXT


def test_suggested_overview_questions_have_that_intent(bundled: ArticleQA) -> None:
    for question, intent in OVERVIEW_QUESTIONS.items():
        assert bundled.ask(question).kind is intent.kind


def test_the_examples_of_the_bundled_article_are_suggested(bundled: ArticleQA) -> None:
    written = [example.question for example in examples_for(bundled_article().id)]
    offered = bundled.suggest()
    assert offered[:4] == list(OVERVIEW_QUESTIONS)
    assert len(offered) == 8
    assert set(offered[4:]) <= set(written)
    assert examples_for(ARTICLE.id) == ()


def test_a_text_without_a_sentence_gets_no_suggestion() -> None:
    with ArticleQA.from_text("1 2 3") as qa:
        assert qa.suggest() == []


def test_an_unknown_article_is_an_error() -> None:
    with ArticleQA.from_text(TEXT) as qa, pytest.raises(ArticleNotFound):
        qa.suggest(about=["0" * 32])


@pytest.mark.slow
def test_a_line_of_initials_does_not_delay_suggestions() -> None:
    initials = " ".join(f"{chr(65 + i % 26)}." for i in range(5_000))
    with ArticleQA.from_text(f"{TEXT}\n\n{initials}\n\n{TEXT[:44]}") as qa:
        assert "What is this about?" in qa.suggest()
