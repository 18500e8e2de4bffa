"""List, read, rename and remove articles over HTTP."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import JSONResponse

from index.errors import ArticleNotFound
from index.types import ArticleInfo
from qa.api.article_pages import Sort, page_of_articles
from qa.api.bodies import VALID, ArticlePage, TitleBody, WholeArticle
from qa.api.dependencies import LibraryOf
from qa.api.descriptions import problems, returns
from qa.visitors.caller_articles import NO_ARTICLE
from qa.visitors.caller_qa import CallerQA

router = APIRouter(prefix="/api/v1/articles", tags=["articles"])

_NO_FILE = "No file is kept with this article."
_FILE = {
    "description": "The file as it was given, as an attachment.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get(
    "",
    summary="List articles",
    responses=returns(ArticlePage, "Some of the articles.") | problems(422),
)
def list_articles(
    library: LibraryOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[
        str | None,
        Query(
            max_length=4_000,
            pattern="^[A-Za-z0-9_=-]+$",
            description="`next` of the page before.",
        ),
    ] = None,
    search: Annotated[
        str,
        Query(max_length=1_000, description="Words in the title, file name or address."),
        VALID,
    ] = "",
    sort: Annotated[
        Sort, Query(description="Oldest first, by title, or shortest first.")
    ] = Sort.ADDED,
) -> Response:
    """Return a page of the articles, without their texts.

    Articles that are added or removed between two pages shift nothing: none is missed.
    """
    page = page_of_articles(library.catalogue(), sort, search, limit, cursor)
    return JSONResponse(asdict(page))


@router.get(
    "/{article_id}",
    summary="Read an article",
    responses=returns(WholeArticle, "The article.") | problems(404, 422),
)
def read_article(
    article_id: str,
    library: LibraryOf,
    text: Annotated[bool, Query(description="Whether the text is returned, too.")] = True,  # noqa: FBT002 - of a query
) -> Response:
    """Return an article with its text, headings, pages and tables. Offsets count code points."""
    values = library.article(article_id).to_dict()
    if not text:
        del values["text"]
    return JSONResponse(values)


@router.get(
    "/{article_id}/file",
    summary="Download the file of an article",
    response_class=Response,
    responses={200: _FILE, **problems(404, 422)},
)
def download_file(article_id: str, library: LibraryOf) -> Response:
    """Return the file that an article was read from, if it is kept."""
    title = library.article(article_id).title
    file = library.source_file(article_id)
    if file is None:
        raise HTTPException(404, _NO_FILE)
    # Any file is served as plain bytes: a web page among them must not run on this address.
    name = file.name or title
    plain = re.sub(r"[^\w. -]", "_", name, flags=re.ASCII)
    encoded = quote(name, safe="", errors="replace")
    headers = {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}",
        "x-content-type-options": "nosniff",
    }
    return Response(file.data, media_type="application/octet-stream", headers=headers)


@router.patch(
    "/{article_id}",
    summary="Rename an article",
    responses=returns(ArticleInfo, "The article as it is listed.")
    | problems(400, 403, 404, 413, 422),
)
def rename_article(article_id: str, body: TitleBody, library: LibraryOf) -> Response:
    """Change the title of an article, and return the article as it is listed."""
    library.rename(article_id, body.title)
    return JSONResponse(_listed(library, article_id).to_dict())


@router.delete(
    "/{article_id}", status_code=204, summary="Remove an article", responses=problems(403, 404, 422)
)
def remove_article(article_id: str, library: LibraryOf) -> None:
    """Remove an article from the caller's shelf, or from the library."""
    library.remove(article_id)


def _listed(library: CallerQA, article_id: str) -> ArticleInfo:
    for info in library.catalogue():
        if info.id == article_id:
            return info
    raise ArticleNotFound(NO_ARTICLE.format(article_id))
