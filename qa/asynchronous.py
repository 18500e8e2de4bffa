"""Ask without blocking an event loop."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from index.types import Passage
from qa.answers.answer import Answer


class AsynchronousQuestions(ABC):
    """The asynchronous methods of :class:`qa.article_qa.ArticleQA`, which work in threads."""

    @abstractmethod
    def retrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        *,
        rerank: bool = False,
    ) -> list[Passage]:
        """Return the ``k`` passages that best match the question, best first."""

    @abstractmethod
    def ask(  # noqa: PLR0913 - one for each option
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        stopped: threading.Event | None = None,
    ) -> Answer:
        """Answer from the articles alone, with exact citations, or refuse."""

    async def aretrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        *,
        rerank: bool = False,
    ) -> list[Passage]:
        """Do what :meth:`retrieve` does in a thread, with the same arguments and errors."""
        return await asyncio.to_thread(self.retrieve, question, k, article_ids, rerank=rerank)

    async def aask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
    ) -> Answer:
        """Do what :meth:`ask` does in a thread, with the same arguments and errors.

        Cancelling it stops the language model, if one is writing the answer.
        """
        stopped = threading.Event()
        try:
            return await asyncio.to_thread(
                self.ask,
                question,
                article_ids,
                history=history,
                rerank=rerank,
                own_words=own_words,
                stopped=stopped,
            )
        finally:
            stopped.set()
