"""Tags over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from qa.article_qa import ArticleQA


def test_an_article_is_tagged_listed_and_untagged(client: TestClient, bundled: ArticleQA) -> None:
    (article,) = bundled.titles()
    address = f"/api/v1/articles/{article}/tags"
    client.put(f"{address}/Old%20news")
    tagged = client.put(f"{address}/AC%2FDC")
    assert tagged.json() == {"id": article, "tags": ["AC/DC", "Old news"]}
    assert client.get("/api/v1/tags").json() == {
        "tags": [
            {"tag": "AC/DC", "articles": [article]},
            {"tag": "Old news", "articles": [article]},
        ]
    }
    assert client.delete(f"{address}/ac%2fdc").status_code == 204
    assert client.delete(f"{address}/never").status_code == 204
    assert [each["tag"] for each in client.get("/api/v1/tags").json()["tags"]] == ["Old news"]


@pytest.mark.parametrize("tag", ["a,b", "x" * 41, " ", "\u202e"])
def test_a_tag_that_cannot_be_used_is_a_problem(
    client: TestClient, bundled: ArticleQA, tag: str
) -> None:
    (article,) = bundled.titles()
    response = client.put(f"/api/v1/articles/{article}/tags/{quote(tag)}")
    assert (response.status_code, response.json()["error"]) == (422, "TagError")


def test_an_unknown_article_cannot_be_tagged(client: TestClient) -> None:
    for change in (client.put, client.delete):
        assert change("/api/v1/articles/none/tags/history").status_code == 404
