"""How a conversation begins: the questions that an empty one offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.types import ArticleInfo
from qa.page.shelf import View, opened
from qa.pipeline import ArticleQA


def suggested(qa: ArticleQA, view: View, wanted: Callable[[], bool]) -> Sequence[str]:
    """Return questions about the article in view, or about the first that is asked.

    Raises:
        ArticleNotFound: Somebody removed the article meanwhile.
    """
    articles = qa.catalogue()
    about = _about(articles, view)
    return qa.suggest(view.chosen(articles), about=[about], wanted=wanted) if about else ()


def invitation(questions: Sequence[str]) -> str:
    """Return what stands above the questions, in Markdown."""
    return "**Ask a question**" + (", or begin with one of these." if questions else ".")


def _about(articles: Sequence[ArticleInfo], view: View) -> str:
    """Return the id of the article to begin with: the one in view, if it is asked at all."""
    listed = view.listed(articles)
    asked = [article.id for article in listed if article.id not in view.left_out]
    in_view = opened(view.article_id, listed)
    return in_view if in_view in asked else next(iter(asked), "")
