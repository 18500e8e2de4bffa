"""Ask a question on the page: wait for the answer, stop, ask again, or edit the wording."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import Any, Generic, TypeVar

import gradio as gr

from index.errors import ArticleNotFound
from qa.answers.answer import Answer, Kind
from qa.output.error_messages import error_message
from qa.output.to_text import paragraphs_of, places_of
from qa.page.article_view import HOW_TO_ADD, NO_ARTICLE
from qa.page.chat import Chat, Turn, tools_html
from qa.page.conversation_list import KeptChats
from qa.page.drafting import Drafting
from qa.page.editing import is_edited, wording_of
from qa.page.messages import status_html
from qa.page.tabs import PendingQuestion, Tabs
from qa.page.view import View
from qa.visitors.caller import Caller
from qa.visitors.caller_qa import CallerQA
from qa.writing.events import Finished

T = TypeVar("T")

READY = "Ready"
LOADING = "Loading the models… You can ask already. Your question is answered once they are loaded."
STOPPED = "Stopped"
SEARCHING = "Reading the articles…"
PREPARING = "Reading the articles, then writing. This may take a minute…"
WRITING = "Writing…"
NONE_SELECTED = "No article is selected. Tick at least one in the list of articles, then ask again."
TOO_MANY = "Too many questions are waiting at the moment. Ask again in a minute."
READ_AT_ONCE = 2
"""Questions read at the same time; the others queue, and can be stopped. On two cores
1, 2 and 3 at once gave 9.5, 10.8 and 10.8 answers a second (bench.load, 20 chats)."""
WRITE_AT_ONCE = 4
"""Answers that a language model writes at the same time. Most of that is waiting for its server."""
UPDATE_SECONDS = 0.15
"""The least time between two updates of a draft on the page."""
STOPPING_SECONDS = 3.0
"""How long what is written of a stopped answer is waited for."""
SAVING_SECONDS = 30.0
"""How long an answer is waited for that was being saved when the visitor stopped it."""
MOST_ASKED = 64
"""Questions that are read or queued at once, at most; further ones are rejected."""
_NO_CHANGE = (gr.skip(),) * 5


class Wait(Generic[T]):
    """A visitor's wait for some work, which the visitor may stop."""

    def __init__(self, work: Future[T], unregister: Callable[[], None]) -> None:
        self._work, self._unregister = work, unregister
        self._is_over = threading.Event()

    def is_over(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so many seconds; return whether it has come."""
        return self._is_over.wait(seconds)

    def end(self) -> None:
        """End the wait, whether or not the work is done."""
        self._is_over.set()

    @property
    def is_done(self) -> bool:
        """Whether the work is done."""
        return self._work.done()

    def result(self, seconds: float = 0.0) -> T | None:
        """Return the result of the work; None if it is not there within so many seconds.

        Work that has begun then runs to its end, and its result is dropped.
        """
        self._work.cancel()
        try:
            return self._work.result(seconds)
        except (TimeoutError, CancelledError):
            return None
        finally:
            self._unregister()


class WaitingVisitors:
    """The visitors who wait for an answer, and may stop waiting.

    Gradio can cancel a request as well, but its page then takes no further question.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Wait[Any]] = {}

    def start(self, visitor: str, work: Future[T]) -> Wait[T]:
        """Register a visitor as waiting until ``work`` is done or the visitor stops it."""

        def unregister() -> None:
            if self._waiting.get(visitor) is wait:
                self._waiting.pop(visitor, None)

        def end(_: Future[T]) -> None:
            wait.end()
            unregister()

        wait = Wait(work, unregister)
        self._waiting[visitor] = wait
        work.add_done_callback(end)
        return wait

    def __len__(self) -> int:
        """Return how many are waiting."""
        return len(self._waiting)

    def __contains__(self, visitor: str) -> bool:
        """Return whether this visitor is waiting."""
        return visitor in self._waiting

    def stop(self, visitor: str) -> None:
        """End a visitor's wait, if there is one."""
        wait = self._waiting.get(visitor)
        if wait:
            wait.end()


def visit_of(request: gr.Request) -> str:
    """Return the name of a visit: of one page, from when it is loaded until it is left."""
    return request.session_hash or ""


def caller_of(request: gr.Request) -> Caller | None:
    """Return who made a request, as the server's middleware found out; None if it did not."""
    inner = request.request
    caller: Caller | None = inner.scope.get("state", {}).get("caller") if inner else None
    return caller


class Asking:
    """Handlers of the events that ask questions.

    Each yields question box, conversation, status, chat and tools: first while waiting, then
    with the answer in the chat, which the next event shows. The text of a stopped question
    returns to the box.
    """

    def __init__(self, qa: CallerQA, tabs: Tabs, waiting: WaitingVisitors, kept: KeptChats) -> None:
        self._qa, self._tabs, self._waiting, self._kept = qa, tabs, waiting, kept
        self._readers = ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="asking")
        # llama.cpp writes one at a time; others would wait in its queue, within their time limits.
        at_once = 1 if qa.settings.llm_file else WRITE_AT_ONCE
        self._writers = ThreadPoolExecutor(at_once, thread_name_prefix="writing")
        self._stops: set[threading.Event] = set()
        """Set to stop the language model; one for each answer that is being written."""
        self._has_model = qa.settings.has_language_model
        self._strike = qa.settings.strikes

    def respond(
        self, typed: str, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Ask the question that was typed, or the example that was clicked."""
        is_example = isinstance(event.target, gr.Chatbot)
        question = (event.value["text"] if is_example else typed).strip()
        if question:
            yield from self._ask(question, chat, chat, view, request)
        else:
            yield _NO_CHANGE

    def retry(self, chat: Chat, view: View, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Ask the last question again."""
        newest = chat.newest()
        if newest:
            yield from self._ask(newest.question, chat, chat.without_last(), view, request)
        else:
            yield _NO_CHANGE

    def ask_other_way(
        self, chat: Chat, view: View, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Ask the last question again, for quotes if a model answered it, else for its words."""
        newest = chat.newest()
        is_written = newest is not None and newest.is_written
        yield from self.retry(chat, replace(view, own_words=not is_written), request)

    def resume(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Wait for the answer to the question of an earlier visit in the same tab."""
        pending = self._tabs.pending(visit_of(request))
        if pending:
            yield from self._wait_for(pending, request)
        else:
            yield _NO_CHANGE

    def stop(self, request: gr.Request) -> None:
        """Stop the question that this visitor waits for."""
        self._waiting.stop(visit_of(request))

    def close(self) -> None:
        """Stop the language model, which the end of the program would wait for otherwise."""
        self._writers.shutdown(wait=False, cancel_futures=True)
        for stopped in tuple(self._stops):
            stopped.set()

    def edit(self, chat: Chat, view: View, event: gr.EventData) -> tuple[Any, ...]:
        """Return the question box with the wording of a turn to edit, and the view."""
        wording = wording_of(chat, getattr(event, "turn", 0))
        return (wording, replace(view, edited_question=wording)) if wording else (gr.skip(),) * 2

    def messages(self, chat: Chat, pending: PendingQuestion | None = None) -> list[dict[str, str]]:
        """Return a conversation as chat messages, with the pending question last."""
        if pending:
            chat = pending.history.with_turn(self._pending_turn(pending))
        return chat.messages({info.id for info in self._qa.catalogue()})

    def _ask(
        self, question: str, before: Chat, history: Chat, view: View, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Ask a question that follows the turns of ``history``; show ``before`` if stopped.

        An edited wording has the question before it, so it is asked without history.

        Raises:
            gr.Error: Too many questions wait. The question stays in the box.
        """
        visit = visit_of(request)
        if visit in self._waiting:  # one at a time; the question stays in the box
            yield _NO_CHANGE
            return
        if len(self._waiting) >= MOST_ASKED:
            raise gr.Error(TOO_MANY, print_exception=False)
        answers = [] if is_edited(question, view.edited_question) else history.answers()
        is_written = view.own_words and self._has_model
        drafting = Drafting(strike=self._strike) if is_written else None
        threads = self._writers if is_written else self._readers
        decided, visitor = threading.Lock(), self._qa.caller.visitor

        def answer_and_save() -> Turn:
            turn = self._turn(question, answers, view, drafting)
            if drafting and drafting.stopped.is_set() and not turn.is_written:
                return turn
            if not decided.acquire(blocking=False):
                return turn
            return self._kept.save(visitor, history, turn, instead_of=_replaced(before, history))

        # The thread acts for the same caller.
        turn = threads.submit(copy_context().run, answer_and_save)
        if drafting:
            self._stops.add(drafting.stopped)
            turn.add_done_callback(lambda _: self._stops.discard(drafting.stopped))
        pending = PendingQuestion(question, before, history, turn, drafting, decided)
        self._tabs.save_pending(visit, pending)
        yield from self._wait_for(pending, request)

    def _wait_for(self, pending: PendingQuestion, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        visit, history, before = visit_of(request), pending.history, pending.before
        wait = self._waiting.start(visit, pending.turn)
        status = status_html("busy", self._waiting_message(pending), len(history.turns) + 1)
        tools = tools_html(history, is_busy=True)
        messages = self.messages(history, pending)
        yield "", messages, status, gr.skip(), tools
        writing = status_html("busy", WRITING, len(history.turns) + 1)
        for newest in self._drafts(pending, wait):
            shown = [*messages[: -len(newest)], *newest]
            yield gr.skip(), shown, writing, gr.skip(), gr.skip()
        turn = _outcome(pending, wait)
        chat = before if turn is None else history.with_turn(turn)
        self._tabs.save(visit, chat=chat)
        if turn is None:
            status = status_html("stopped", STOPPED, len(before.turns))
            yield pending.question, self.messages(before), status, before, tools_html(before)
        else:
            # The next event shows the answer together with its article.
            yield gr.skip(), gr.skip(), gr.skip(), chat, gr.skip()

    def _drafts(self, pending: PendingQuestion, wait: Wait[Turn]) -> Iterator[list[dict[str, str]]]:
        """Wait for the end, and yield the question and its draft whenever the draft changes."""
        if not pending.drafting:
            wait.is_over()
            return
        shown = pending.drafting.draft
        number = len(pending.history.turns) + 1
        while not wait.is_over(UPDATE_SECONDS):
            if pending.drafting.draft is not shown:
                shown = pending.drafting.draft
                yield self._pending_turn(pending).messages(number, is_newest=True)

    def _pending_turn(self, pending: PendingQuestion) -> Turn:
        drafting = pending.drafting
        return Turn(
            pending.question,
            waiting=self._waiting_message(pending),
            draft=drafting.draft if drafting else None,
            strike=self._strike,
        )

    def _waiting_message(self, pending: PendingQuestion) -> str:
        if not self._qa.ready:
            return LOADING
        return PREPARING if pending.drafting else SEARCHING

    def _turn(
        self,
        question: str,
        history: Sequence[Answer],
        view: View,
        drafting: Drafting | None = None,
    ) -> Turn:
        """Return the turn with the answer, or with an error message."""
        try:
            try:
                return self._answered_turn(question, history, view, drafting)
            except ArticleNotFound:  # somebody removed one just now: ask those that are left
                return self._answered_turn(question, history, view, drafting)
        except Exception as error:
            return Turn(question, problem=error_message(error))

    def _answered_turn(
        self, question: str, history: Sequence[Answer], view: View, drafting: Drafting | None
    ) -> Turn:
        articles = self._qa.catalogue()
        selected = view.selected(articles)
        if not articles or selected == []:
            return self._turn_without_articles(question, is_empty=not view.visible(articles))
        if drafting:
            answer = self._written_answer(question, selected, history, drafting)
        else:
            answer = self._qa.ask(question, article_ids=selected, history=history)
        return Turn(
            question,
            answer,
            several=len(articles if selected is None else selected) > 1,
            paragraphs=paragraphs_of((*places_of(answer), *answer.passages), self._qa.article),
            has_model=self._has_model,
            strike=self._strike,
        )

    def _written_answer(
        self,
        question: str,
        article_ids: Sequence[str] | None,
        history: Sequence[Answer],
        drafting: Drafting,
    ) -> Answer:
        """Return the answer of the language model, and keep the draft up to date meanwhile."""
        drafting.clear()
        events = self._qa.ask_in_steps(
            question,
            article_ids=article_ids,
            history=history,
            own_words=True,
            stopped=drafting.stopped,
        )
        for event in events:
            drafting.add(event)
            if isinstance(event, Finished):
                return event.answer
        msg = "The events of a written answer ended without the answer."
        raise ValueError(msg)

    def _turn_without_articles(self, question: str, *, is_empty: bool) -> Turn:
        """Return a reply to small talk, or say that there is no article to ask."""
        if self._qa.intent(question).kind is not Kind.TALK:
            return Turn(question, problem=NO_ARTICLE if is_empty else NONE_SELECTED)
        answer = self._qa.ask(question)
        if is_empty:
            answer = replace(answer, text=f"{answer.text} {HOW_TO_ADD}")
        return Turn(question, answer)


def _replaced(before: Chat, history: Chat) -> int:
    """Return the number of the turn that is asked again; 0 for a new question."""
    newest = before.newest()
    return newest.number if newest and len(history.turns) < len(before.turns) else 0


def _outcome(pending: PendingQuestion, wait: Wait[Turn]) -> Turn | None:
    """Return the turn that was waited for; if it was stopped, what is written of it, or None."""
    if wait.is_done:
        return wait.result()
    if pending.drafting:
        pending.drafting.stopped.set()
        if pending.drafting.draft.text:
            turn = wait.result(STOPPING_SECONDS)
            if turn:
                return turn if turn.is_written else None
    is_dropped = pending.decided.acquire(blocking=False)
    return wait.result(0.0 if is_dropped else SAVING_SECONDS)
