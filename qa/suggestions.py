"""Suggest questions that are answered confidently: for overviews and about names."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from cachetools import LRUCache

from index.articles import examples_for
from index.errors import ArticleNotFound
from index.types import Article
from qa.answers.answer import Answer, Kind
from qa.answers.confidence_wording import LIKELY
from qa.conversation.intent import OVERVIEW_QUESTIONS

if TYPE_CHECKING:  # slow to import
    from qa.overview.overviews import Name

MAX_SUGGESTIONS = 8
"""The most questions that are suggested by default."""
MAX_SECONDS = 5.0
"""After this time no more questions are tried."""
_ABOUT_PEOPLE = ("What did {} say?", "Who is {}?", "What did {} do?")
_ABOUT_ORGANISATIONS = ("What is {}?", "What did {} say?")
_MAX_NAMES = 6
_CACHED = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """The articles that the questions are about, and those that are searched."""

    about: tuple[Article, ...]
    asked: tuple[str, ...] | None
    """The ids of those that are searched; None for all."""
    revision: Hashable = None
    """Changes with the library, if all are searched."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Questions of which one is suggested, and what its answer must contain."""

    questions: Sequence[str]
    overview: Kind | None = None
    """The kind of an overview; without one the answer must quote ``name`` from ``article``, if
    there is one."""
    name: str = ""
    article: Article | None = None


class AnswersQuestions(Protocol):
    """The part of :class:`qa.article_qa.ArticleQA` that suggestions are tried on."""

    def ask(self, question: str, article_ids: Iterable[str] | None = None) -> Answer:
        """Return the answer to a question."""
        ...

    def overview(self, kind: Kind, article_ids: Iterable[str] | None = None) -> Answer:
        """Return an overview of articles."""
        ...


class Suggestions:
    """Finds questions that are answered confidently, and caches them.

    Safe to use from several threads.

    Args:
        qa: Answers the questions.
        names_of: Returns the names in an article, the most mentioned first.
    """

    def __init__(self, qa: AnswersQuestions, names_of: Callable[[Article], Sequence[Name]]) -> None:
        self._qa = qa
        self._names_of = names_of
        self._lock = threading.Lock()
        self._cache: LRUCache[tuple[object, ...], list[str]] = LRUCache(_CACHED)

    def find(
        self,
        scope: Scope,
        count: int,
        should_continue: Callable[[], bool],
        proposed: Sequence[str] = (),
    ) -> list[str]:
        """Return up to ``count`` questions; fewer if time runs out or it should not continue.

        Those that are ``proposed`` are tried first. Only a complete search is cached.
        """
        # An article's id is a hash of its text; its title may change.
        key = (
            *((article.id, article.title) for article in scope.about),
            scope.asked,
            scope.revision,
            count,
            *proposed,
        )
        with self._lock:
            if key in self._cache:
                return list(self._cache[key])
        deadline = time.monotonic() + MAX_SECONDS
        found: list[str] = []
        candidates = (_Candidate((question,)) for question in proposed)
        for candidate in chain(candidates, self._candidates(scope)):
            for question in candidate.questions:
                if not should_continue() or time.monotonic() >= deadline:
                    return found
                if question not in found and self._is_answered(question, candidate, scope):
                    found.append(question)
                    break
            if len(found) == count:
                break
        with self._lock:
            self._cache[key] = list(found)
        return found

    def _candidates(self, scope: Scope) -> Iterator[_Candidate]:
        """Yield overviews, then questions about names, one of each article in turn."""
        for question, intent in OVERVIEW_QUESTIONS.items():
            yield _Candidate((question,), overview=intent.kind)
        waiting = deque(self._about_names(article) for article in scope.about)
        while waiting:
            candidates = waiting.popleft()
            if candidate := next(candidates, None):
                yield candidate
                waiting.append(candidates)

    def _about_names(self, article: Article) -> Iterator[_Candidate]:
        for example in examples_for(article.id):
            yield _Candidate((example.question,), name=example.name, article=article)
        names: Sequence[Name] = ()
        with suppress(ArticleNotFound):  # removed meanwhile
            names = self._names_of(article)[:_MAX_NAMES]
        for name in names:
            if name.text.startswith("The "):  # "The king" is not a name
                continue
            forms = _ABOUT_PEOPLE if name.is_person else _ABOUT_ORGANISATIONS
            the = "the " if not name.is_person and f" the {name.text}" in article.text else ""
            questions = [form.format(the + name.text) for form in forms]
            yield _Candidate(questions, name=name.text, article=article)

    def _is_answered(self, question: str, candidate: _Candidate, scope: Scope) -> bool:
        """Whether the overview has content, or the answer is likely right and has the name."""
        with suppress(ArticleNotFound):  # removed meanwhile
            if candidate.overview:
                ids = [article.id for article in scope.about]
                return self._qa.overview(candidate.overview, ids).answered
            answer = self._qa.ask(question, scope.asked)
            likely = answer.kind is Kind.ANSWER and answer.answered and answer.confidence >= LIKELY
            if likely and candidate.article:
                first = answer.citations[0]
                in_article = first.article_id == candidate.article.id
                return in_article and candidate.name.casefold() in first.quote.casefold()
            return likely
        return False
