"""A library as one caller may use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

from index.types import Article, Passage
from qa.answers.answer import Answer, Kind
from qa.article_qa import ArticleQA
from qa.conversation.intent import Intent
from qa.suggestions import MAX_SUGGESTIONS
from qa.visitors.caller import Caller
from qa.visitors.caller_articles import CallerArticles
from qa.visitors.limits import CallerCounts
from qa.visitors.observer import NullObserver, Observer, observed, observed_events
from qa.visitors.shelves import Shelves
from qa.visitors.tags import Tags
from qa.writing.events import Event


class CallerQA(CallerArticles):
    """What :class:`~qa.article_qa.ArticleQA` does, limited to what one caller may see and do.

    An article that the caller may not see is, to the caller, not there. All interfaces of a
    server use this: the page, HTTP and MCP.

    Args:
        qa: The library.
        caller: Who uses it.
        shelves: Which articles are whose; None if everybody sees all.
        counts: Counts what the caller does; None for no limits.
        observer: Sees each question and answer; None for nobody.
        tags: The tags of the articles; None if they have none.
    """

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        qa: ArticleQA,
        caller: Caller,
        shelves: Shelves | None = None,
        counts: CallerCounts | None = None,
        observer: Observer | None = None,
        *,
        tags: Tags | None = None,
    ) -> None:
        super().__init__(qa, caller, shelves, counts, tags)
        self._observer = observer or NullObserver()

    @property
    def ready(self) -> bool:
        """Whether the models are loaded and all articles embedded."""
        return self._qa.ready

    def warm_up(self) -> None:
        """Load the models; see :meth:`ArticleQA.warm_up`."""
        self._qa.warm_up()

    def retrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        *,
        rerank: bool = False,
    ) -> list[Passage]:
        """Return the passages that best match; see :meth:`ArticleQA.retrieve`.

        Raises:
            LimitReached: The caller has asked too much.
        """
        self._count_question()
        with observed(self._observer):
            return self._qa.retrieve(question, k, self._asked(article_ids), rerank=rerank)

    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
    ) -> Answer:
        """Answer from the articles that the caller sees; see :meth:`ArticleQA.ask`.

        Raises:
            LimitReached: The caller has asked too much.
        """
        self._count_question()
        asked = self._asked(article_ids)
        with observed(self._observer):
            answer = self._qa.ask(
                question, asked, history=history, rerank=rerank, own_words=own_words
            )
        self._observer.answered(answer)
        return answer

    def ask_in_steps(  # noqa: PLR0913 - one for each option
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        stopped: threading.Event | None = None,
    ) -> Generator[Event, None, None]:
        """Yield the events of an answer; see ``stream`` of :meth:`ArticleQA.ask`.

        Raises:
            LimitReached: The caller has asked too much.
        """
        self._count_question()
        events = self._qa.ask(
            question,
            self._asked(article_ids),
            history=history,
            rerank=rerank,
            own_words=own_words,
            stream=True,
            stopped=stopped,
        )
        return observed_events(events, self._observer)

    @contextmanager
    def with_only(
        self, articles: Sequence[Article], *, own_words: bool = False
    ) -> Iterator[CallerQA]:
        """Return a library in memory of articles of the caller's own that are not kept.

        See :meth:`ArticleQA.with_only`.
        """
        with self._qa.with_only(articles, own_words=own_words) as qa:
            yield CallerQA(qa, self.caller, None, self._counts)

    def intent(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
    ) -> Intent:
        """Return what a question asks for; see :meth:`ArticleQA.intent`."""
        return self._qa.intent(question, self._asked(article_ids), history=history)

    def overview(
        self, kind: Kind, article_ids: Iterable[str] | None = None, *, question: str = ""
    ) -> Answer:
        """Return an overview of whole articles; see :meth:`ArticleQA.overview`."""
        self._count_question()
        with observed(self._observer):
            answer = self._qa.overview(kind, self._asked(article_ids), question=question)
        self._observer.answered(answer)
        return answer

    def suggest(
        self,
        article_ids: Iterable[str] | None = None,
        count: int = MAX_SUGGESTIONS,
        *,
        about: Iterable[str] | None = None,
        should_continue: Callable[[], bool] = lambda: True,
    ) -> list[str]:
        """Return questions that the articles answer; see :meth:`ArticleQA.suggest`."""
        self._count_question()
        asked = self._asked(article_ids)
        return self._qa.suggest(asked, count, about=about, should_continue=should_continue)

    def _asked(self, article_ids: Iterable[str] | None) -> list[str] | None:
        """Return the articles to ask: the given ones, or all that the caller sees."""
        if article_ids is not None:
            ids = list(article_ids)
            self._check_visible(ids)
            return ids
        if self._shelves is None:
            return None
        return list(self.titles())

    def _count_question(self) -> None:
        if self._counts:
            self._counts.count_question(self.caller)
