"""A question becomes a cited answer.

Example:
    >>> from qa import ArticleQA, retrieve
    >>> retrieve("Who did Marco Rubio call?", k=1)[0].rank
    1
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from index.source_file import PageLayout, PageShape, SourceFile
    from index.structure import Cell, Mark, MarkKind, Table
    from index.types import Article, ArticleInfo, Passage
    from qa.answers.answer import Answer, Kind
    from qa.answers.citation import Citation
    from qa.article_qa import ArticleQA
    from qa.settings import Settings

__all__ = [
    "Answer",
    "Article",
    "ArticleInfo",
    "ArticleQA",
    "Cell",
    "Citation",
    "Kind",
    "Mark",
    "MarkKind",
    "PageLayout",
    "PageShape",
    "Passage",
    "Settings",
    "SourceFile",
    "Table",
    "aask",
    "aretrieve",
    "ask",
    "retrieve",
]

_bundled_lock = threading.Lock()

# The module of each name, imported when the name is first used.
_MODULES = {
    "Answer": "qa.answers.answer",
    "Article": "index.types",
    "ArticleInfo": "index.types",
    "ArticleQA": "qa.article_qa",
    "Cell": "index.structure",
    "Citation": "qa.answers.citation",
    "Kind": "qa.answers.answer",
    "Mark": "index.structure",
    "MarkKind": "index.structure",
    "PageLayout": "index.source_file",
    "PageShape": "index.source_file",
    "Passage": "index.types",
    "Settings": "qa.settings",
    "SourceFile": "index.source_file",
    "Table": "index.structure",
}


def retrieve(question: str, k: int = 5) -> list[Passage]:
    """Return the ``k`` passages of the bundled article that best match the question.

    Raises:
        QuestionError: The question is blank or too long, or ``k`` less than 1.
    """
    return _bundled().retrieve(question, k)


def ask(question: str, *, history: Sequence[str | Answer] = ()) -> Answer:
    """Answer from the bundled article; see :meth:`ArticleQA.ask`.

    Raises:
        QuestionError: The question is blank or too long.
    """
    return _bundled().ask(question, history=history)


async def aretrieve(question: str, k: int = 5) -> list[Passage]:
    """Do what :func:`retrieve` does in a thread, with the same arguments and errors."""
    import asyncio

    return await (await asyncio.to_thread(_bundled)).aretrieve(question, k)


async def aask(question: str, *, history: Sequence[str | Answer] = ()) -> Answer:
    """Do what :func:`ask` does in a thread, with the same arguments and errors."""
    import asyncio

    return await (await asyncio.to_thread(_bundled)).aask(question, history=history)


def _bundled() -> ArticleQA:
    # Without it, two threads could each open the article and load the models.
    with _bundled_lock:
        return _opened_bundled()


@functools.cache
def _opened_bundled() -> ArticleQA:
    from qa.article_qa import ArticleQA

    return ArticleQA.bundled()


if not TYPE_CHECKING:  # a type checker would accept any name because of it

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return _version()
        if name not in _MODULES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        found: object = getattr(import_module(_MODULES[name]), name)
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
