"""What happens on the page, apart from how it is laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import ArticleQAError
from qa.answer import Answer
from qa.page.adding import Adding, Source, add_each, adding_html, delete_uploads
from qa.page.beginning import at_once, invitation, tried_out
from qa.page.chat import Chat, Turn
from qa.page.editing import is_edited, wording_of
from qa.page.finishing import copied, exported, outbox_html, tools_html
from qa.page.line import Line
from qa.page.marked import place_of
from qa.page.panel import (
    NO_ARTICLE,
    fitting,
    landing_html,
    landing_marks,
    panel_html,
    status_html,
)
from qa.page.problems import sentence
from qa.page.reloading import Tabs
from qa.page.shelf import START, View, digest, opened, shelf_html
from qa.page.shelving import Request, acted
from qa.page.stopping import Stops
from qa.page.turning import followed, turned
from qa.pipeline import ArticleQA

LOADING = "Loading the models… You can ask already: the question waits."
READY = "Ready"
STOPPED = "Stopped"
SEARCHING = "Reading the articles…"
NONE_CHOSEN = "No article is chosen. Tick at least one in the list of articles, then ask again."


@contextmanager
def _told() -> Iterator[None]:
    """Turn any error into the one sentence that Gradio shows or sends."""
    try:
        yield
    except Exception as error:
        raise gr.Error(sentence(error), print_exception=False) from error


def _offering(questions: Sequence[str]) -> gr.Chatbot:
    examples: Any = [{"text": question} for question in questions]
    return gr.Chatbot(examples=examples, placeholder=invitation(questions))


def _at_newest(chat: Chat, view: View) -> View:
    """Return the view at the place that the newest answer rests on, if it rests on any."""
    rests_on = chat.rests_on()
    if rests_on is None:
        return view
    return view.showing(rests_on.article_id, start=rests_on.start, land=rests_on.id)


def _visit(request: gr.Request) -> str:
    """Return the name of a visit: of one page, from when it is loaded until it is left."""
    return request.session_hash or ""


class Handlers:
    """What the page's events do. The chat and the view are a visitor's own.

    Only quick handlers write the view, and asking writes the chat alone, so that
    nothing that is done while an answer is awaited is lost when it comes.
    """

    def __init__(self, qa: ArticleQA) -> None:
        self._qa = qa
        self._parcels = count(1)
        self._stops = Stops()
        self._line = Line()
        self._tabs = Tabs()

    def announce(self) -> Iterator[str]:
        """Yield the status line until the models are loaded."""
        if not self._qa.ready:
            yield status_html("loading", LOADING)
            try:
                self._qa.warm_up()
            except Exception as error:
                yield status_html("failed", sentence(error))
                return
        yield status_html("ready", READY)

    def respond(
        self, typed: str, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield question box, conversation, status, chat and tools: waiting, then answered.

        The answer is in the chat; :meth:`settle` shows it. A question that is stopped
        comes back into its box.
        """
        picked = isinstance(event.target, gr.Chatbot)
        question = (event.value["text"] if picked else typed).strip()
        if not question:
            yield (gr.skip(),) * 5
            return
        yield from self._asking(question, chat, chat, view, request)

    def edit(self, chat: Chat, view: View, event: gr.EventData) -> tuple[Any, ...]:
        """Return the question box, with what a question was taken to ask, and the view."""
        wording = wording_of(chat, getattr(event, "turn", 0))
        return (wording, replace(view, wording=wording)) if wording else (gr.skip(),) * 2

    def retry(self, chat: Chat, view: View, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield likewise: the last question, asked again."""
        if not chat.turns:
            yield (gr.skip(),) * 5
            return
        question = chat.turns[-1].question
        yield from self._asking(question, chat, chat.without_last(), view, request)

    def stop(self, request: gr.Request) -> None:
        """Stop the question that this visitor waits for."""
        self._stops.stop(_visit(request))

    def suggest(self, chat: Chat, view: View) -> Iterator[Any]:
        """Yield the conversation with what it offers to begin with: at once, then tried out.

        It waits for the models, and gives way to whoever has asked a question.
        """
        if chat.turns:
            yield gr.skip()
            return
        ready = at_once(self._qa.catalogue(), view)
        yield _offering(ready)
        if self._qa.ready and not ready:
            with suppress(ArticleQAError):  # they are not missed
                yield _offering(tried_out(self._qa, view, lambda: not self._stops.is_waiting))

    def copy(self, chat: Chat, event: gr.EventData) -> str:
        """Return what carries an answer of the chat to the clipboard."""
        return outbox_html(copied(chat, getattr(event, "turn", 0)), next(self._parcels))

    def download(self, chat: Chat, event: gr.EventData) -> tuple[Any, ...]:
        """Return what carries the conversation into a file, and the status."""
        try:
            document = exported(chat, str(getattr(event, "kind", "")), self._qa.article)
        except Exception as error:
            return gr.skip(), status_html("failed", sentence(error), len(chat.turns))
        return outbox_html(document, next(self._parcels)), gr.skip()

    def settle(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, conversation and tools with the newest answer.

        Its article comes into view with it, in one step: what a visitor clicks at once
        is there already, and nothing moves under the click.
        """
        if not chat.turns:
            return (gr.skip(),) * 6
        answered = self._messages(chat), tools_html(chat)
        view = _at_newest(chat, replace(view, wording=""))
        try:
            sent = self._sent(chat, view, request)
        except Exception as error:
            status = status_html("failed", sentence(error), len(chat.turns))
            return status, gr.skip(), gr.skip(), gr.skip(), *answered
        return status_html("done", READY, len(chat.turns)), *sent, *answered

    def clear(self, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, chat and tools with nothing asked."""
        empty = Chat()
        self._tabs.keep(_visit(request), chat=empty)
        sent = self._sent(empty, view, request)
        return status_html("ready", READY), *sent, empty, tools_html(empty)

    def arrive(self, chat: Chat, view: View, told: str, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel, view, chat, conversation and tools as they are by now.

        Others may have changed the articles, and this tab may have been here before.
        ``told`` is its key, and the place that the page's address names.
        """
        key, _, place = str(told).partition("#")
        kept = self._tabs.arrive(_visit(request), key)
        view = view.restored(kept.view)
        if kept.chat.turns:
            view = _at_newest(kept.chat, view)
        if place_of(place):
            view = followed(self._qa, view, {"place": place})
        if not kept.chat.turns:
            return *self._sent(chat, view, request), *(gr.skip(),) * 3
        shown = self._messages(kept.chat), tools_html(kept.chat)
        return *self._sent(kept.chat, view, request), kept.chat, *shown

    def act(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view after something was pressed on the shelf."""
        return self._sent(chat, acted(self._qa, view, Request.of(event._data)), request)

    def follow(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view with the place of a link that was not in the panel."""
        return self._sent(chat, followed(self._qa, view, event._data), request)

    def turn(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view with what comes before or after the part shown."""
        return self._sent(chat, turned(self._qa, view, event._data), request)

    def add_text(self, text: str, title: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles, text and title; what was refused stays in its box."""
        add = partial(self._qa.add_text, text, title=title)
        source = Source(title.strip() or "the text", lambda progress: add(progress=progress))
        states = add_each([source], self._line, _visit(request))
        yield from self._adding(states, ("", ""))

    def add_url(self, url: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles and addresses, which white space parts, likewise."""
        sources = [self._address(each) for each in url.split() or [""]]
        states = add_each(sources, self._line, _visit(request))
        yield from self._adding(states, ("",))

    def add_files(
        self, paths: Sequence[str] | None, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles and files; the uploaded copies are deleted."""
        files = [Path(path) for path in paths or ()]
        if files:
            sources = [self._file(path) for path in files]
            states = add_each(sources, self._line, _visit(request), lambda: delete_uploads(files))
            yield from self._adding(states, (None,), always=True)

    def stop_adding(self, request: gr.Request) -> None:
        """Stop what this visitor adds, or waits to add."""
        self._line.stop(_visit(request))

    def show_added(
        self, chat: Chat, view: View, added: list[str], request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view; the article that was added last is open."""
        shown = view.showing(added[-1], land=START) if added else view
        return self._sent(chat, shown, request)

    def panel(self, chat: Chat, view: View) -> str:
        """Return the article in view, and below it the others that are cited."""
        articles = self._qa.catalogue()
        first = opened(view.article_id, articles)
        leaf = view.leaf if view.article_id in ("", first) else 0
        cited = chat.marks()
        shown = self._qa.existing(fitting(first, cited, articles))
        marks = [*cited, *chat.found(), *landing_marks(view.land, articles)]
        return panel_html(shown, marks, leaf, chat.newest())

    def arrival(self) -> tuple[str, str, View]:
        """Return shelf, panel and view as a visitor meets them."""
        shelf, panel = self._shelf(View()), self.panel(Chat(), View())
        return shelf, panel, View(shelf=digest(shelf), panel=digest(panel))

    def ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the articles alone, with exact citations.

        Args:
            question: The question, in plain words.
        """
        with _told():
            return self._qa.ask(question).to_dict()

    def retrieve(self, question: str, k: int = 5) -> list[dict[str, Any]]:
        """Return the passages nearest to a question, best first.

        Args:
            question: The question, in plain words.
            k: How many passages at most.
        """
        with _told():
            return [passage.to_dict() for passage in self._qa.retrieve(question, k=k)]

    def _asking(
        self, question: str, before: Chat, chat: Chat, view: View, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what :meth:`respond` does, for a question that comes after those of ``chat``.

        One that was edited to stand alone leans on none of them.
        """
        history = [] if is_edited(question, view.wording) else chat.answers()
        waiting = SEARCHING if self._qa.ready else LOADING
        messages = self._messages(chat.with_turn(Turn(question, waiting=waiting)))
        status = status_html("busy", waiting, len(chat.turns) + 1)
        yield "", messages, status, gr.skip(), tools_html(chat, is_busy=True)
        visitor = _visit(request)
        turn = self._stops.wait_for(visitor, lambda: self._answered(question, history, view))
        if turn is None:
            status = status_html("stopped", STOPPED, len(before.turns))
            yield question, self._messages(before), status, gr.skip(), tools_html(before)
            return
        chat = chat.with_turn(turn)
        self._tabs.keep(_visit(request), chat=chat)
        # The answer is shown by the step that follows, together with its article.
        yield gr.skip(), gr.skip(), gr.skip(), chat, gr.skip()

    def _answered(self, question: str, history: Sequence[Answer], view: View) -> Turn:
        try:
            articles = self._qa.catalogue()
            chosen = view.chosen(articles)
            if not articles or chosen == []:
                return Turn(question, problem=NONE_CHOSEN if articles else NO_ARTICLE)
            answer = self._qa.ask(question, article_ids=chosen, history=history)
            several = len(articles if chosen is None else chosen) > 1
        except Exception as error:
            return Turn(question, problem=sentence(error))
        return Turn(question, answer, several=several)

    def _adding(
        self, states: Iterator[Adding], emptied: tuple[str | None, ...], *, always: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """Yield note, ids of what was added, and the boxes; emptied if all of it was added."""
        limit = self._qa.settings.max_article_bytes
        for state in states:
            over = not state.label and (always or not (state.problems or state.stopped))
            boxes = emptied if over else (gr.skip(),) * len(emptied)
            yield adding_html(state, limit), [article.id for article in state.added], *boxes

    def _address(self, url: str) -> Source:
        return Source(url or "the page", lambda progress: self._qa.add_url(url, progress=progress))

    def _file(self, path: Path) -> Source:
        return Source(path.name, lambda progress: self._qa.add_file(path, progress=progress))

    def _messages(self, chat: Chat) -> list[dict[str, str]]:
        return chat.messages({info.id for info in self._qa.catalogue()})

    def _shelf(self, view: View) -> str:
        return shelf_html(self._qa.catalogue(), view, lasts=self._qa.folder is not None)

    def _sent(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel and view; what the browser has already is not sent again."""
        shelf, panel = self._shelf(view), self.panel(chat, view)
        # The focus is given once: shown again for another reason, the shelf takes none.
        kept = digest(self._shelf(replace(view, focused="")))
        after = replace(view, focused="", land="", shelf=kept, panel=digest(panel))
        self._tabs.keep(_visit(request), view=after)
        landing = landing_html(view.land, len(chat.turns))
        return (
            gr.skip() if kept == view.shelf and not view.focused else shelf,
            gr.skip() if after.panel == view.panel and not landing else panel + landing,
            after,
        )
