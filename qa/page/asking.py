"""Ask on the page: put a question, wait for the answer, stop, retry or edit it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any, TypeVar

import gradio as gr

from index.errors import ArticleNotFound
from qa.answers.answer import Answer, Kind
from qa.article_qa import ArticleQA
from qa.page.conversation_tools import tools_html
from qa.page.messages import sentence
from qa.page.panel import HOW_TO_ADD, NO_ARTICLE, status_html
from qa.page.state import Asked, Chat, Tabs, Turn
from qa.page.view import View

T = TypeVar("T")


class Stops:
    """Who is waiting, by visitor.

    Gradio can cancel a request as well, but its page then takes no further question.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, threading.Event] = {}

    def expect(self, visitor: str, work: Future[T]) -> Callable[[], T | None]:
        """Return what waits for ``work``, and may be stopped from now on.

        It returns what the work comes to, or None as soon as the visitor stops it. Work that
        has begun then goes on to its end, and what it comes to is dropped. A visitor who goes
        away waits until the work ends.
        """
        woken = threading.Event()
        self._waiting[visitor] = woken

        def forget() -> None:
            if self._waiting.get(visitor) is woken:
                self._waiting.pop(visitor, None)

        def end(_: Future[T]) -> None:
            woken.set()
            forget()

        def outcome() -> T | None:
            woken.wait()
            forget()
            if not work.done():
                work.cancel()
            return work.result() if work.done() and not work.cancelled() else None

        work.add_done_callback(end)
        return outcome

    @property
    def count(self) -> int:
        """How many are waiting."""
        return len(self._waiting)

    def waits(self, visitor: str) -> bool:
        """Return whether this visitor is waiting."""
        return visitor in self._waiting

    def stop(self, visitor: str) -> None:
        """Stop what the visitor waits for, if anything."""
        woken = self._waiting.get(visitor)
        if woken:
            woken.set()


_ALIKE = 0.5
"""The least share of characters that an edited wording has in common with what it was."""


def wording_of(chat: Chat, number: object) -> str:
    """Return what the question of a turn was taken to ask; empty if there is nothing to edit.

    ``number`` is as for :meth:`qa.page.state.Chat.answer_of`.
    """
    answer = chat.answer_of(number)
    return (answer.understood or "") if answer else ""


def is_edited(typed: str, wording: str) -> bool:
    """Return whether ``typed`` is ``wording`` as it was given to be edited, and no new question."""
    # Their lengths alone rule out most: what is typed may be of any length.
    if not wording or len(typed) > (2 / _ALIKE - 1) * len(wording):
        return False
    return SequenceMatcher(None, wording, typed).ratio() >= _ALIKE


READY = "Ready"
LOADING = "Loading the models… You can ask already: the question waits."
STOPPED = "Stopped"
SEARCHING = "Reading the articles…"
NONE_CHOSEN = "No article is chosen. Tick at least one in the list of articles, then ask again."
READ_AT_ONCE = 2
"""Questions read at the same time; the others queue, and can be stopped. On two cores
1, 2 and 3 at once gave 9.5, 10.8 and 10.8 answers a second (bench.load, 20 chats)."""
MOST_ASKED = 64
"""At most this many questions are read or queued; further ones are rejected at once."""
TOO_MANY = "Too many questions are waiting here at the moment. Ask it again in a minute."
_NOTHING = (gr.skip(),) * 5


def visit_of(request: gr.Request) -> str:
    """Return the name of a visit: of one page, from when it is loaded until it is left."""
    return request.session_hash or ""


class Asking:
    """What the page's events do about a question.

    Each yields question box, conversation, status, chat and tools: waiting, then answered.
    The answer is in the chat; what shows it is the step that follows. A question that is
    stopped comes back into its box.
    """

    def __init__(self, qa: ArticleQA, tabs: Tabs, stops: Stops) -> None:
        self._qa, self._tabs, self._stops = qa, tabs, stops
        self._readers = ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="asking")

    def respond(
        self, typed: str, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what comes of a question that was typed, or of an example that was picked."""
        picked = isinstance(event.target, gr.Chatbot)
        question = (event.value["text"] if picked else typed).strip()
        if question:
            yield from self._asking(question, chat, chat, view, request)
        else:
            yield _NOTHING

    def retry(self, chat: Chat, view: View, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield likewise: the last question, asked again."""
        if chat.turns:
            question = chat.turns[-1].question
            yield from self._asking(question, chat, chat.without_last(), view, request)
        else:
            yield _NOTHING

    def resume(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield likewise: the question that an earlier visit in the same tab waited for."""
        asked = self._tabs.asked(visit_of(request))
        if asked:
            yield from self._awaited(asked, request)
        else:
            yield _NOTHING

    def stop(self, request: gr.Request) -> None:
        """Stop the question that this visitor waits for."""
        self._stops.stop(visit_of(request))

    def edit(self, chat: Chat, view: View, event: gr.EventData) -> tuple[Any, ...]:
        """Return the question box, with what a question was taken to ask, and the view."""
        wording = wording_of(chat, getattr(event, "turn", 0))
        return (wording, replace(view, wording=wording)) if wording else (gr.skip(),) * 2

    def messages(self, chat: Chat, asked: Asked | None = None) -> list[dict[str, str]]:
        """Return a conversation as it is shown, with the question that is waited for."""
        if asked:
            chat = asked.after.with_turn(Turn(asked.question, waiting=self._waiting()))
        return chat.messages({info.id for info in self._qa.catalogue()})

    def _asking(
        self, question: str, before: Chat, after: Chat, view: View, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Ask a question that follows those of ``after``; if it is stopped, show ``before``.

        A question whose wording was edited is complete, so it is asked without history.

        Raises:
            gr.Error: Too many questions wait. The question stays in its box.
        """
        visit = visit_of(request)
        if self._stops.waits(visit):  # one at a time: it stays in the box
            yield _NOTHING
            return
        if self._stops.count >= MOST_ASKED:
            raise gr.Error(TOO_MANY, print_exception=False)
        history = [] if is_edited(question, view.wording) else after.answers()
        turn = self._readers.submit(self._answered, question, history, view)
        asked = Asked(question, before, after, turn)
        self._tabs.asks(visit, asked)
        yield from self._awaited(asked, request)

    def _awaited(self, asked: Asked, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        visit, after, before = visit_of(request), asked.after, asked.before
        outcome = self._stops.expect(visit, asked.turn)
        status = status_html("busy", self._waiting(), len(after.turns) + 1)
        yield "", self.messages(after, asked), status, gr.skip(), tools_html(after, is_busy=True)
        turn = outcome()
        chat = before if turn is None else after.with_turn(turn)
        self._tabs.keep(visit, chat=chat)
        if turn is None:
            status = status_html("stopped", STOPPED, len(before.turns))
            yield asked.question, self.messages(before), status, before, tools_html(before)
        else:
            # The answer is shown by the step that follows, together with its article.
            yield gr.skip(), gr.skip(), gr.skip(), chat, gr.skip()

    def _waiting(self) -> str:
        """Return what a question waits for, in words."""
        return SEARCHING if self._qa.ready else LOADING

    def _answered(self, question: str, history: Sequence[Answer], view: View) -> Turn:
        try:
            try:
                return self._turn(question, history, view)
            except ArticleNotFound:  # somebody removed one just now: ask those that are left
                return self._turn(question, history, view)
        except Exception as error:
            return Turn(question, problem=sentence(error))

    def _turn(self, question: str, history: Sequence[Answer], view: View) -> Turn:
        articles = self._qa.catalogue()
        chosen = view.chosen(articles)
        if not articles or chosen == []:
            return self._of_none(question, is_empty=not view.listed(articles))
        answer = self._qa.ask(question, article_ids=chosen, history=history)
        several = len(articles if chosen is None else chosen) > 1
        return Turn(question, answer, several=several)

    def _of_none(self, question: str, *, is_empty: bool) -> Turn:
        """Return the turn where no article is asked: what is said to the program has a reply."""
        if self._qa.intent(question).kind is not Kind.TALK:
            return Turn(question, problem=NO_ARTICLE if is_empty else NONE_CHOSEN)
        answer = self._qa.ask(question)
        if is_empty:
            answer = replace(answer, text=f"{answer.text} {HOW_TO_ADD}")
        return Turn(question, answer)
