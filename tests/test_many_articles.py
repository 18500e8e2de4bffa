"""Questions of many articles: what is read for them does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from index.errors import ArticleNotFound
from index.store.store import Store
from index.types import Article
from qa.answers.answer import Kind
from qa.article_qa import ArticleQA
from qa.conversation.intent import MAX_TITLES_READ

COUNT = MAX_TITLES_READ + 20


@pytest.fixture(scope="module")
def qa() -> Iterator[ArticleQA]:
    with ArticleQA.from_text("The harbour bridge opened in 1932.", title="Bridge 0") as qa:
        for number in range(1, COUNT - 1):
            qa.add_text(f"Tower number {number} is {number} metres tall.", title=f"Tower {number}")
        qa.add_text("The island exports cloves and pepper.", title="Zanzibar")
        yield qa


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read of the store: "all titles", and the ids of articles."""
    found: list[str] = []
    titles, article = Store.titles, Store.article

    def recorded_titles(
        store: Store, article_ids: Iterable[str] | None = None, *, limit: int | None = None
    ) -> dict[str, str]:
        found.extend(["all titles"] * (article_ids is None and limit is None))
        return titles(store, article_ids, limit=limit)

    def recorded_article(store: Store, article_id: str) -> Article:
        found.append(article_id)
        return article(store, article_id)

    monkeypatch.setattr(Store, "titles", recorded_titles)
    monkeypatch.setattr(Store, "article", recorded_article)
    return found


@pytest.mark.parametrize(
    "question",
    [
        "How tall is tower number 77?",
        "Who is the mayor of Reykjavik?",
        "Can you summarise it?",
        "Who wrote this?",
        "What is the title?",
        "Hello!",
    ],
)
@pytest.mark.parametrize("asked", ["all", "ticked"])
def test_neither_all_titles_nor_all_texts_are_read(
    question: str, asked: str, qa: ArticleQA, read: list[str]
) -> None:
    ids = list(qa.titles()) if asked == "ticked" else None
    read.clear()
    qa.ask(question, ids)
    assert "all titles" not in read
    assert len(read) <= 30


def test_answers_say_how_many_articles_there_are(qa: ArticleQA) -> None:
    assert f"the {COUNT} articles here" in qa.ask("Hello!").text
    assert f"and {COUNT - 5} more" in qa.ask("What are the titles?").text
    summary = qa.ask("Can you summarise it?")
    assert summary.kind is Kind.SUMMARY
    assert f"These are the first 5 of {COUNT} articles." in summary.text


def test_a_fact_is_found_among_many_articles(qa: ArticleQA) -> None:
    assert qa.ask("When did the harbour bridge open?").short == "1932"


def test_a_name_that_only_a_title_has_is_not_called_missing(qa: ArticleQA) -> None:
    refusal = qa.ask("When was Zanzibar conquered by Napoleon?")
    assert not refusal.answered
    assert "“Napoleon”" in refusal.text
    assert "“Zanzibar”" not in refusal.text


def test_a_title_among_many_is_searched_for(qa: ArticleQA) -> None:
    # An overview would be of the first five articles.
    answer = qa.ask("Summarise the Zanzibar article")
    assert answer.kind is Kind.ANSWER
    assert answer.passages[0].title == "Zanzibar"


def test_unknown_ids_are_refused(qa: ArticleQA) -> None:
    with pytest.raises(ArticleNotFound):
        qa.ask("How tall is tower 3?", [next(iter(qa.titles())), "none"])


def test_pending_articles_count_once() -> None:
    with ArticleQA.bundled() as qa:
        assert (qa.article_count(), len(qa.titles())) == (1, 1)
        (known,) = qa.titles()
        assert list(qa.titles([known, "none", known])) == [known]
        qa.warm_up()
        assert (qa.article_count(), len(qa.titles())) == (1, 1)


def test_suggestions_for_many_articles_are_about_the_first(qa: ArticleQA, read: list[str]) -> None:
    assert "What is this about?" in qa.suggest(count=2)
    assert "all titles" not in read
