"""Requests for the pages of articles as printed, and what the browser is told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from index.errors import ArticleNotFound
from index.types import Article, ArticleInfo
from qa.article_qa import ArticleQA
from qa.output.places import Highlight
from qa.output.printed_pages import PrintedPages
from qa.page import page_view, picture_route
from qa.page.article_list import article_list_html
from qa.page.guard import Guard, ServedAddresses
from qa.page.page_view import printed_html
from qa.page.picture_route import PictureRoute
from qa.page.view import View
from tests.asgi import HOST, Response, asked, scope_of
from tests.output.test_printed_pages import FERRY, FailingDrawer, Shelf
from tests.page.handling import local

PAGE = f"/pages/{FERRY.id}/1.webp"


class Library(Shelf):
    """The shelf with its article."""

    def article(self, article_id: str) -> Article:
        if article_id != FERRY.id:
            raise ArticleNotFound(article_id)
        return FERRY


def served(printed: PrintedPages) -> ASGIApp:
    route = PictureRoute(local(cast("ArticleQA", Library(FERRY))), printed)
    return Guard(Starlette(routes=route.routes()), ServedAddresses.of("127.0.0.1", 7860))


@pytest.fixture(scope="module")
def app() -> Iterator[ASGIApp]:
    with PrintedPages(Library(FERRY)) as printed:
        yield served(printed)


def get(app: ASGIApp, path: str, query: str = "width=500", **headers: str) -> Response:
    pairs = [("host", HOST), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return asked(app, {**scope_of(path=path, headers=pairs), "query_string": query.encode()})


def test_a_page_is_served_as_a_picture_that_the_browser_may_keep(app: ASGIApp) -> None:
    found = get(app, PAGE)
    assert (found.status, found.header("content-type")) == (200, "image/webp")
    assert found.body[8:12] == b"WEBP"
    tag = found.header("etag") or ""
    assert "immutable" in (found.header("cache-control") or "")
    assert get(app, PAGE, if_none_match=tag).status == 304
    assert get(app, PAGE, if_none_match='"another"').status == 200


def test_the_text_of_a_page_is_served(app: ASGIApp) -> None:
    assert b"sails at nine" in get(app, f"/pages/{FERRY.id}/1.txt").body


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/pages/{FERRY.id}/3.webp", "width=500"),
        (f"/pages/{'0' * 32}/1.webp", "width=500"),
        (f"/pages/{'0' * 32}/1.txt", ""),
        (PAGE, "width=501"),
        (PAGE, "width=99999999"),
        (PAGE, ""),
        ("/pages/../../etc/passwd", "width=500"),
        (f"/pages/{FERRY.id}/0.webp", "width=500"),
        (f"/pages/{FERRY.id}/-1.webp", "width=500"),
        (f"/pages/{FERRY.id}/1.pdf", "width=500"),
    ],
)
def test_nothing_else_is_served(app: ASGIApp, path: str, query: str) -> None:
    assert get(app, path, query).status == 404


def test_other_websites_get_no_page(app: ASGIApp) -> None:
    assert get(app, PAGE, sec_fetch_site="cross-site").status == 403


def test_a_page_that_cannot_be_drawn_says_why() -> None:
    failed = get(served(PrintedPages(Library(FERRY), FailingDrawer())), PAGE)
    assert failed.status == 422
    assert failed.body == b"This page is damaged."


def test_a_visitor_who_waits_for_many_pages_waits_for_no_more(
    app: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_route, "MAX_WAITING_PER_VISITOR", 0)
    assert get(app, PAGE).status == 503


def told(*marks: Highlight) -> dict[str, Any]:
    with PrintedPages(Library(FERRY)) as printed:
        html = printed_html(printed, FERRY, marks)
    values: dict[str, Any] = json.loads(unescape(html.split('data-printed="')[1].split('"')[0]))
    return values


def test_only_the_boxes_of_marked_places_are_sent() -> None:
    start = FERRY.text.index("sails")
    newest = Highlight(FERRY.id, start, start + 5, 1)
    values = told(Highlight(FERRY.id, start, start + 5, found=True, cited=False), newest)
    assert values["sizes"] == [[595.3, 841.9, None, 2]]
    assert list(values["places"]) == [newest.id]
    place = values["places"][newest.id]
    assert (place["kind"], place["number"], place["page"]) == ("cited", 1, 1)
    ((page, left, top, width, height),) = place["boxes"]
    assert page == 1
    assert 0 < left < left + width < 100
    assert 0 < top < top + height < 100


def test_the_boxes_of_a_long_conversation_are_those_of_its_newest_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_view, "MAX_PLACES", 2)
    marks = [Highlight(FERRY.id, 0, end) for end in (1, 2, 3)]
    assert list(told(*marks)["places"]) == [mark.id for mark in marks[1:]]


def test_the_list_of_articles_says_how_large_the_kept_files_are() -> None:
    info = replace(ArticleInfo.of(FERRY), file_bytes=2_140_000)
    plain = ArticleInfo.of(Article.from_text("A text."))
    html = article_list_html([info, plain], View(), is_saved=True)
    assert "2 pages · printed.pdf · 2.1 MB" in html
    assert "The files kept with them take 2.1 MB." in html
    assert "MB" not in article_list_html([plain], View(), is_saved=True)


def test_an_article_without_a_kept_file_has_no_pages_to_show() -> None:
    plain = Article.from_text("A text.")
    with PrintedPages(Library(FERRY)) as printed:
        assert printed_html(printed, plain, []) == ""
