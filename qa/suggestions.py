"""Questions to begin with: an overview, or one of the article's names; each is tried first."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.articles import examples_for
from index.errors import ArticleNotFound
from index.types import Article
from qa.answers.answer import Kind
from qa.answers.confidence import LIKELY
from qa.conversation.intent import OVERVIEW_QUESTIONS

if TYPE_CHECKING:
    from qa.article_qa import ArticleQA
    from qa.overview.overviews import Name

SECONDS = 5.0
"""No further question is tried after this long."""
_OF_PERSONS = ("What did {} say?", "Who is {}?", "What did {} do?")
_OF_ORGANISATIONS = ("What is {}?", "What did {} say?")
_MOST_NAMES = 6
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """What the questions are about, and the ids of all articles that they are asked of."""

    about: tuple[Article, ...]
    asked: tuple[str, ...]


class Suggestions:
    """Finds questions that are surely answered, and remembers them. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[object, ...], list[str]] = OrderedDict()

    def of(self, scope: Scope, count: int, qa: ArticleQA, wanted: Callable[[], bool]) -> list[str]:
        """Return up to ``count`` questions; fewer if the time ends or they are not ``wanted``.

        Only a complete search is remembered.
        """
        # An article's id is made from its text; its title may change.
        key = (*((article.id, article.title) for article in scope.about), scope.asked, count)
        with self._lock:
            if key in self._found:
                return list(self._found[key])
        until = time.monotonic() + SECONDS
        found: list[str] = []
        for question in _sure(scope, qa, lambda: wanted() and time.monotonic() < until):
            if question is None:
                return found
            found.append(question)
            if len(found) == count:
                break
        with self._lock:
            self._found[key] = list(found)
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        return found


def _sure(scope: Scope, qa: ArticleQA, goes_on: Callable[[], bool]) -> Iterator[str | None]:
    """Yield the questions that are surely answered; None, and no more, when the time is over."""
    ids = [article.id for article in scope.about]
    for question, intent in OVERVIEW_QUESTIONS.items():
        if not goes_on():
            yield None
            return
        with suppress(ArticleNotFound):  # removed since
            if qa.overview(intent.kind, ids).answered:
                yield question
    for article, questions, name in _in_turn(scope.about, qa):
        for question in questions:
            if not goes_on():
                yield None
                return
            if _is_sure(question, name, article, scope.asked, qa):
                yield question
                break


def _in_turn(
    articles: Sequence[Article], qa: ArticleQA
) -> Iterator[tuple[Article, Sequence[str], str]]:
    """Yield what :func:`_about_names` does of each article, one of each in turn."""
    waiting = deque((article, _about_names(article, qa)) for article in articles)
    while waiting:
        article, names = waiting.popleft()
        for questions, name in names:
            yield article, questions, name
            waiting.append((article, names))
            break


def _about_names(article: Article, qa: ArticleQA) -> Iterator[tuple[Sequence[str], str]]:
    """Yield questions, of which one is enough, and the name that they are about."""
    for example in examples_for(article.id):
        yield (example.question,), example.name
    try:
        names: Sequence[Name] = qa.main_names(article)[:_MOST_NAMES]
    except ArticleNotFound:
        return
    for name in names:
        if name.text.startswith("The "):  # "The king" is a word, not a name
            continue
        forms = _OF_PERSONS if name.is_person else _OF_ORGANISATIONS
        the = "the " if not name.is_person and f" the {name.text}" in article.text else ""
        yield [form.format(the + name.text) for form in forms], name.text


def _is_sure(
    question: str, name: str, article: Article, asked: Sequence[str], qa: ArticleQA
) -> bool:
    """Whether the answer is likely right, and is a quote of this article that has the name."""
    try:
        answer = qa.ask(question, asked)
    except ArticleNotFound:
        return False
    if answer.kind is not Kind.ANSWER or not answer.answered or answer.confidence < LIKELY:
        return False
    first = answer.citations[0]
    return first.article_id == article.id and name.casefold() in first.quote.casefold()
