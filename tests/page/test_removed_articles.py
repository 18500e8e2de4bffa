"""An article that is removed while somebody else asks about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from index.errors import ArticleNotFound
from index.search.passage_index import PassageIndex
from qa.answers.answer import OVERVIEWS, Kind
from qa.article_qa import ArticleQA
from qa.page.chat import Chat
from qa.page.view import View
from tests.page.handling import handlers_of

FERRY = "The ferry to Lindholm was built in 1911 by the Strand yard. It carries forty cars."
MILL = "The mill of Lindholm was built in 1874. It grinds rye for the bakers of the island."
ASKED = "When was the ferry built?"


@pytest.fixture
def qa() -> Iterator[ArticleQA]:
    with ArticleQA.from_text(FERRY, title="Ferry") as library:
        library.add_text(MILL, title="Mill")
        yield library


def remove_before(
    monkeypatch: pytest.MonkeyPatch, qa: ArticleQA, part: object, name: str
) -> list[str]:
    """Have the ferry removed just before ``part.name`` is called; return what was removed."""
    called: Callable[..., Any] = getattr(part, name)
    removed: list[str] = []

    def first_removed(*arguments: object, **options: object) -> object:
        ferry = next((info.id for info in qa.catalogue() if info.title == "Ferry"), None)
        if ferry:
            qa.remove(ferry)
            removed.append(ferry)
        return called(*arguments, **options)

    monkeypatch.setattr(part, name, first_removed)
    return removed


def test_a_passage_whose_article_is_removed_before_reading_can_be_quoted(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = remove_before(monkeypatch, qa, qa._reader, "read")
    answer = qa.ask(ASKED)
    assert removed
    citation = answer.citations[0]
    assert FERRY[citation.start : citation.end] == citation.quote
    assert answer.short == "1911"


@pytest.mark.parametrize("step", ["candidates", "passage_sources"])
def test_an_article_removed_before_retrieval_is_skipped(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    index = qa._library.index
    removed = remove_before(monkeypatch, qa, index if step == "candidates" else index.store, step)
    ids = [info.id for info in qa.catalogue()]
    answer = qa.ask(ASKED, article_ids=ids)
    assert removed
    assert {passage.title for passage in answer.passages} == {"Mill"}


def test_an_article_removed_right_after_retrieval_is_skipped(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = remove_before(monkeypatch, qa, qa._library, "existing")
    answer = qa.ask(ASKED)
    assert removed
    assert {passage.title for passage in answer.passages} == {"Mill"}


def test_the_only_selected_article_may_be_removed(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    ferry = qa.catalogue()[0].id
    remove_before(monkeypatch, qa, qa._library.index, "candidates")
    assert not qa.ask(ASKED, article_ids=[ferry]).answered


def test_a_follow_up_is_answered_from_the_remaining_articles(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [info.id for info in qa.catalogue()]
    remove_before(monkeypatch, qa, qa._reader, "read")
    answer = qa.ask("How many cars does it carry?", ids, history=[ASKED])
    assert all(passage.title in ("Ferry", "Mill") for passage in answer.passages)


@pytest.mark.parametrize("kind", sorted(OVERVIEWS))
def test_an_overview_covers_the_remaining_articles(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    removed = remove_before(monkeypatch, qa, qa._answerer.overviews, "_chunks")
    answer = qa.overview(kind)
    assert removed
    assert {citation.title for citation in answer.citations} <= {"Mill"}


def test_suggestions_are_about_the_remaining_articles(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = remove_before(monkeypatch, qa, qa._answerer.overviews, "_chunks")
    assert "What is this about?" in qa.suggest()
    assert removed


def test_asking_an_article_removed_earlier_is_an_error(qa: ArticleQA) -> None:
    ferry = qa.catalogue()[0].id
    qa.remove(ferry)
    with pytest.raises(ArticleNotFound):
        qa.ask(ASKED, article_ids=[ferry])
    with pytest.raises(ArticleNotFound):
        qa.overview(Kind.SUMMARY, [ferry])


def test_the_page_asks_the_remaining_articles_if_a_selected_one_was_just_removed(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = qa.add_text("Other words.", title="Other")
    remove_before(monkeypatch, qa, qa, "ask")
    asking = handlers_of(qa).asking
    turn = asking._turn(ASKED, [], View(unselected=frozenset({other.id})))
    assert not turn.problem
    assert turn.answer is not None
    assert {passage.title for passage in turn.answer.passages} == {"Mill"}


def test_the_panel_shows_the_remaining_articles(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_before(monkeypatch, qa, qa, "existing")
    assert "article" in handlers_of(qa).panel(Chat(), View())


def test_an_article_removed_as_soon_as_it_is_added_is_still_returned(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = qa._library.index
    assert isinstance(index, PassageIndex)
    catch_up = index._catch_up
    text = "The quay was paved in 1960."

    def removed_then() -> None:
        catch_up()
        quay = [info.id for info in index.store.catalogue() if info.title == "Quay"]
        for each in quay:
            index.store.remove(each)

    monkeypatch.setattr(index, "_catch_up", removed_then)
    assert qa.add_text(text, title="Quay").text == text
