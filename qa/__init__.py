"""A question becomes a cited answer.

Example:
    >>> from qa import ArticleQA, retrieve
    >>> retrieve("Who did Marco Rubio call?", k=1)[0].rank
    1
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from index.types import Article, ArticleInfo, Passage
    from qa.answers.answer import Answer, Kind
    from qa.answers.citation import Citation
    from qa.article_qa import ArticleQA
    from qa.bundled import ask, retrieve
    from qa.settings import Settings

__all__ = [
    "Answer",
    "Article",
    "ArticleInfo",
    "ArticleQA",
    "Citation",
    "Kind",
    "Passage",
    "Settings",
    "ask",
    "retrieve",
]

# What each name comes from, imported when it is first asked for.
_PLACES = {
    "Answer": "qa.answers.answer",
    "Article": "index.types",
    "ArticleInfo": "index.types",
    "ArticleQA": "qa.article_qa",
    "Citation": "qa.answers.citation",
    "Kind": "qa.answers.answer",
    "Passage": "index.types",
    "Settings": "qa.settings",
    "ask": "qa.bundled",
    "retrieve": "qa.bundled",
}


if not TYPE_CHECKING:  # with it, a checker takes any name for one of ours

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return _version()
        if name not in _PLACES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        found: object = getattr(import_module(_PLACES[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("article-qa")
    except PackageNotFoundError:  # run from a copy of the source
        return "unknown"
