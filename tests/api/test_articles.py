"""Articles over HTTP: the list, single ones, their files, titles and removal."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from index.types import Article
from qa.api.services import Services
from qa.article_qa import ArticleQA
from tests.api.events import as_json

ARTICLES = "/api/v1/articles"
TEXTS = {
    "Windmills": "A windmill turns wind into flour.",
    "Acorns": "Oaks drop acorns in autumn, and jays hide them.",
    "kelp": "Kelp forests grow in cold water.",
}


@pytest.fixture
def shelf(own_client: TestClient, own_services: Services) -> TestClient:
    for title, text in TEXTS.items():
        own_services.qa.add_text(text, title=title)
    return own_client


def titles_on(client: TestClient, **parameters: str | int) -> list[list[str]]:
    """Return the titles on each page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while not pages or cursor["cursor"]:
        page = client.get(ARTICLES, params={**parameters, **cursor}).json()
        pages.append([each["title"] for each in page["articles"]])
        cursor = {"cursor": page["next"]}
    return pages


def test_articles_are_listed_without_their_text(client: TestClient, bundled: ArticleQA) -> None:
    listed = [info.to_dict() for info in bundled.catalogue()]
    assert client.get(ARTICLES).json() == {"articles": listed, "total": 1, "next": None}


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("added", ["Windmills", "Acorns", "kelp"]),
        ("title", ["Acorns", "kelp", "Windmills"]),
        ("length", ["kelp", "Windmills", "Acorns"]),
    ],
)
def test_articles_are_sorted_and_paged(shelf: TestClient, sort: str, titles: list[str]) -> None:
    assert titles_on(shelf, sort=sort, limit=2) == [titles[:2], titles[2:]]


def test_the_next_page_goes_on_where_the_last_one_ended_whatever_changed(
    shelf: TestClient, own_services: Services
) -> None:
    first = shelf.get(ARTICLES, params={"sort": "title", "limit": 2}).json()
    for each in first["articles"]:
        own_services.qa.remove(each["id"])
    own_services.qa.add_text("Bees dance.", title="Bees")
    rest = shelf.get(ARTICLES, params={"sort": "title", "cursor": first["next"]}).json()
    assert [each["title"] for each in rest["articles"]] == ["Windmills"]


def test_articles_that_are_equal_in_the_order_are_each_on_one_page(
    own_client: TestClient, own_services: Services
) -> None:
    names = [f"Rope {number}" for number in range(7)]
    for name in names:
        own_services.qa.add_text(f"{name} is a rope.", title=name)
    for sort in ("added", "title", "length"):
        assert titles_on(own_client, sort=sort, limit=3) == [names[:3], names[3:6], names[6:]]


def test_articles_are_found_by_title(shelf: TestClient) -> None:
    found = shelf.get(ARTICLES, params={"search": "KEL"}).json()
    assert ([each["title"] for each in found["articles"]], found["total"]) == (["kelp"], 1)


@pytest.mark.parametrize(
    "cursor", ["x", "é", "W10=", "WyJ0aXRsZSIsICJhIiwgImIiXQ==", "WyJhZGRlZCIsIDEsICJiIl0="]
)
def test_a_cursor_of_another_list_is_a_problem(shelf: TestClient, cursor: str) -> None:
    assert shelf.get(ARTICLES, params={"cursor": cursor}).status_code == 422


def test_an_article_is_read_with_or_without_its_text(
    client: TestClient, bundled: ArticleQA, article: Article
) -> None:
    whole = bundled.article(article.id).to_dict()
    assert client.get(f"{ARTICLES}/{article.id}").json() == as_json(whole)
    del whole["text"]
    read = client.get(f"{ARTICLES}/{article.id}?text=false").json()
    assert read == as_json(whole)


def test_the_file_of_an_article_is_a_harmless_attachment(
    own_client: TestClient, own_services: Services
) -> None:
    page = b"The quay has nine bollards.<script>x()</script>"
    added = own_services.qa.add_bytes(page, 'q"uay\n.txt')
    response = own_client.get(f"{ARTICLES}/{added.id}/file")
    assert response.content == page
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["x-content-type-options"] == "nosniff"
    name = "attachment; filename=\"q_uay_.txt\"; filename*=UTF-8''q%22uay%0A.txt"
    assert response.headers["content-disposition"] == name


def test_an_article_without_a_file_has_none(shelf: TestClient) -> None:
    [text, *_] = shelf.get(ARTICLES).json()["articles"]
    response = shelf.get(f"{ARTICLES}/{text['id']}/file")
    assert (response.status_code, response.json()["title"]) == (404, "Not Found")


def test_an_article_is_renamed_and_removed(shelf: TestClient) -> None:
    [found] = shelf.get(ARTICLES, params={"search": "kelp"}).json()["articles"]
    path = f"{ARTICLES}/{found['id']}"
    assert shelf.patch(path, json={"title": "Sea\nforest"}).json() == {
        **found,
        "title": "Sea forest",
    }
    assert shelf.delete(path).status_code == 204
    for response in (shelf.get(path), shelf.patch(path, json={"title": "a"}), shelf.delete(path)):
        assert (response.status_code, response.json()["error"]) == (404, "ArticleNotFound")
