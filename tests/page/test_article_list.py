"""The list of hundreds of articles: order, reading time and tags."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.types import ArticleInfo
from qa.article_qa import ArticleQA
from qa.page.article_list import (
    LONG_LIST,
    ShelfEvent,
    apply_action,
    article_list_html,
    in_order,
)
from qa.page.reading_time import reading_time
from qa.page.undo import Removals
from qa.page.view import Order, View
from qa.visitors.caller import LOCAL
from qa.visitors.caller_qa import CallerQA
from qa.visitors.state_database import StateDatabase
from qa.visitors.tags import Tags


def info(title: str, characters: int = 1_000, number: int = 0) -> ArticleInfo:
    return ArticleInfo(f"{number:032x}", title, None, characters, None, 0)


def titles(articles: list[ArticleInfo], order: Order) -> list[str]:
    return [article.title for article in in_order(articles, order)]


def test_articles_are_listed_in_the_order_that_was_chosen() -> None:
    added = [info("report 10", 300), info("Éclair", 200), info("Report 9", 900), info("alpha", 50)]
    names = [article.title for article in added]
    assert titles(added, Order.OLDEST) == names
    assert titles(added, Order.NEWEST) == names[::-1]
    assert titles(added, Order.TITLE) == ["alpha", "Éclair", "Report 9", "report 10"]
    assert titles(added, Order.SHORTEST) == ["alpha", "Éclair", "report 10", "Report 9"]
    assert titles(added, Order.LONGEST) == ["Report 9", "report 10", "Éclair", "alpha"]


@pytest.mark.parametrize(
    ("title", "characters", "shown"),
    [
        ("A note", 1, "1 min"),
        ("A report", 13_000, "10 min"),
        ("橋の歴史", 5_000, "10 min"),
        ("北京 report of 2026", 13_000, "10 min"),
        ("A book", 780_000, "10 h"),
        ("2026", 13_000, "10 min"),
    ],
)
def test_length_is_minutes_of_reading(title: str, characters: int, shown: str) -> None:
    assert reading_time(info(title, characters)) == shown


def test_a_long_list_can_be_searched_and_everything_in_it_is_escaped() -> None:
    articles = [info(f"Article {number}", number=number) for number in range(LONG_LIST)]
    nasty = '"><img src=x onerror=alert(1)>'
    html = article_list_html(articles, View(), is_saved=True, tags={articles[3].id: [nasty]})
    assert 'type="search"' in html
    assert "<img" not in html
    assert html.count("&lt;img") == 5
    short = article_list_html(articles[1:3], View(), is_saved=True)
    assert 'type="search"' not in short
    assert "tag-bar" not in short


@pytest.fixture
def library() -> Iterator[CallerQA]:
    state = StateDatabase(None)
    with ArticleQA.from_text("The bridge opened in 1932.", title="Bridge") as qa:
        yield CallerQA(qa, LOCAL, tags=Tags(state))
    state.close()


def after(library: CallerQA, view: View, **data: str) -> View:
    (article,) = library.titles()
    event = ShelfEvent.of({"action": "save", "id": article, "title": "Bridge"} | data)
    return apply_action(library, Removals(library), view, event)


def test_title_and_tags_are_saved_together_or_not_at_all(library: CallerQA) -> None:
    (article,) = library.titles()
    view = after(library, View(renaming=article), tags=" steel, Old  bridges,,steel ")
    assert view == View(focused=article)
    assert library.tags() == {article: ["Old bridges", "steel"]}
    for wrong in (",".join(map(str, range(21))), "x" * 41, "\u202e"):
        view = after(library, View(renaming=article), title="Other", tags=wrong)
        assert view.problem
        assert view.renaming == article
    assert library.titles() == {article: "Bridge"}
    assert library.tags() == {article: ["Old bridges", "steel"]}
    after(library, View(renaming=article), tags="")
    assert library.tags() == {}


@pytest.mark.parametrize("order", [None, "explode", ["title"], {}])
def test_an_unknown_order_is_the_order_of_addition(order: object) -> None:
    assert ShelfEvent.of({"action": "sort", "order": order}).order is Order.OLDEST
