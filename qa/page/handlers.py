"""Handle the events of the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any

import gradio as gr

from index.errors import ArticleQAError
from index.types import ArticleInfo
from qa.article_qa import ArticleQA
from qa.output.article_html import place_of
from qa.page.adding import Additions
from qa.page.asking import LOADING, READY, Asking, Stops, visit_of
from qa.page.conversation_tools import copied, exported, outbox_html, tools_html
from qa.page.messages import sentence
from qa.page.panel import (
    LEAVES,
    fitting,
    landing_html,
    landing_marks,
    last_leaf,
    panel_html,
    status_html,
)
from qa.page.shelf import END, GONE, START, Request, acted, digest, opened, shelf_html
from qa.page.state import Chat, ClearedChats, Tabs
from qa.page.undo import Removals
from qa.page.view import View


def suggested(qa: ArticleQA, view: View, should_continue: Callable[[], bool]) -> Sequence[str]:
    """Return questions about the article in view, or about the first that is asked.

    Raises:
        ArticleNotFound: Somebody removed the article.
    """
    articles = qa.catalogue()
    about = _about(articles, view)
    return (
        qa.suggest(view.chosen(articles), about=[about], should_continue=should_continue)
        if about
        else ()
    )


def invitation(questions: Sequence[str]) -> str:
    """Return what stands above the questions, in Markdown."""
    return "**Ask a question**" + (", or begin with one of these." if questions else ".")


def _about(articles: Sequence[ArticleInfo], view: View) -> str:
    """Return the id of the article to begin with: the one in view, if it is asked at all."""
    listed = view.listed(articles)
    asked = [article.id for article in listed if article.id not in view.left_out]
    in_view = opened(view.article_id, listed)
    return in_view if in_view in asked else next(iter(asked), "")


def followed(library: ArticleQA, view: View, data: object) -> View:
    """Return the view at the place that a link names, or with a problem if there is none.

    ``data`` is what the browser says; anything at all may be in it.
    """
    place = place_of(_value(data, "place"))
    ids = [info.id for info in view.listed(library.catalogue())]
    article_id = next((id_ for id_ in ids if place and id_.startswith(place.article)), None)
    if place is None or article_id is None:
        return replace(view.settled(), problem=GONE)
    return view.settled().showing(article_id, start=place.start, land=place.name)


def turned(library: ArticleQA, view: View, data: object) -> View:
    """Return the view with what comes before or after; it is read on from the near end."""
    articles = view.listed(library.catalogue())
    open_id = opened(view.article_id, articles)
    length = next((info.characters for info in articles if info.id == open_id), 0)
    if _value(data, "to") == "before":
        return replace(view, leaf=max(0, view.leaf - LEAVES), land=END)
    return replace(view, leaf=min(view.leaf + LEAVES, last_leaf(length)), land=START)


def _value(data: object, name: str) -> str:
    return str(data.get(name, "")) if isinstance(data, dict) else ""


CLEARED_TOO_LONG_AGO = "It is too late to bring the conversation back."


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


class Handlers:
    """What the page's events do. The chat and the view are a visitor's own.

    Only quick handlers write the view, and asking writes the chat alone, so that
    nothing that is done while an answer is awaited is lost when it comes.
    """

    def __init__(self, qa: ArticleQA, clock: Callable[[], float] = time.monotonic) -> None:
        self._qa = qa
        self._removals = Removals(qa, clock)
        self._cleared = ClearedChats(clock)
        self._parcels = count(1)
        self._stops = Stops()
        self._tabs = Tabs()
        self.asking = Asking(qa, self._tabs, self._stops)
        self.additions = Additions(qa, self._removals)

    def announce(self, request: gr.Request) -> Iterator[Any]:
        """Yield the status line until the models are loaded."""
        loads, visit = not self._qa.ready, visit_of(request)
        if loads:
            yield status_html("loading", LOADING)
            try:
                self._qa.warm_up()
            except Exception as error:
                yield status_html("failed", sentence(error))
                return
        # A question that is waited for has the line for itself, as has one that was put
        # meanwhile: it may have been answered before this is told.
        taken = self._stops.waits(visit) or (loads and self._tabs.talks(visit))
        yield gr.skip() if taken else status_html("ready", READY)

    def suggest(self, chat: Chat, view: View) -> Iterator[Any]:
        """Yield the conversation with the questions that it offers to begin with.

        They are tried out first, which waits for the models, and gives way to whoever has
        asked a question.
        """
        if chat.turns:
            yield gr.skip()
            return
        yield _offering(())
        if self._qa.ready:
            with suppress(ArticleQAError):  # they are not missed
                yield _offering(suggested(self._qa, view, lambda: not self._stops.count))

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
        if not chat.turns or self._stops.waits(visit_of(request)):
            return (gr.skip(),) * 6
        answered = self.asking.messages(chat), tools_html(chat)
        view = _at_newest(chat, replace(view, wording=""))
        try:
            sent = self._sent(chat, view, request)
        except Exception as error:
            status = status_html("failed", sentence(error), len(chat.turns))
            return status, gr.skip(), gr.skip(), gr.skip(), *answered
        return status_html("done", READY, len(chat.turns)), *sent, *answered

    def clear(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, chat and tools with nothing asked."""
        empty, visit = Chat(), visit_of(request)
        self._cleared.put(visit, chat)
        self._tabs.keep(visit, chat=empty)
        sent = self._sent(empty, view, request)
        tools = tools_html(empty, is_cleared=bool(chat.turns))
        return status_html("ready", READY), *sent, empty, tools

    def bring_back(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, chat, tools and conversation as before clearing."""
        visit = visit_of(request)
        # A question that was asked since has the place.
        back = None if chat.turns or self._stops.waits(visit) else self._cleared.take(visit)
        if back is None:
            status = status_html("failed", CLEARED_TOO_LONG_AGO, len(chat.turns))
            return status, *(gr.skip(),) * 6
        self._tabs.keep(visit, chat=back)
        sent = self._sent(back, _at_newest(back, view), request)
        status = status_html("ready", READY, len(back.turns))
        return status, *sent, back, tools_html(back), self.asking.messages(back)

    def arrive(self, chat: Chat, view: View, sent: str, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel, view, chat, conversation and tools as they are by now.

        Others may have changed the articles, and this tab may have been here before.
        ``sent`` is its key, and the place that the page's address names.
        """
        key, _, place = str(sent).partition("#")
        kept = self._tabs.arrive(visit_of(request), key)
        view = view.restored(kept.view)
        if kept.chat.turns:
            view = _at_newest(kept.chat, view)
        if place_of(place):
            view = followed(self._qa, view, {"place": place})
        if not kept.is_talk:
            return *self._sent(chat, view, request), *(gr.skip(),) * 3
        messages = self.asking.messages(kept.chat, kept.asked)
        tools = tools_html(kept.chat, is_resumed=kept.asked is not None)
        return *self._sent(kept.chat, view, request), kept.chat, messages, tools

    def act(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view after something was pressed on the shelf."""
        asked = Request.of(event._data)
        return self._sent(chat, acted(self._qa, self._removals, view, asked), request)

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

    def show_added(
        self, chat: Chat, view: View, added: list[str], request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view; the article that was added last is open."""
        shown = view.showing(added[-1], land=START) if added else view
        return self._sent(chat, shown, request)

    def panel(self, chat: Chat, view: View) -> str:
        """Return the article in view, and below it the others that are cited."""
        articles = view.listed(self._qa.catalogue())
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

    def _shelf(self, view: View) -> str:
        articles = view.listed(self._qa.catalogue())
        undoable = self._removals.undoable(view.removals)
        return shelf_html(articles, view, undoable, lasts=self._qa.folder is not None)

    def _sent(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel and view; what the browser has already is not sent again."""
        problem = self._removals.take_problem(view.removals)
        removals = self._removals.current(view.removals)
        view = replace(view, removals=removals, problem=problem or view.problem)
        shelf, panel = self._shelf(view), self.panel(chat, view)
        # The focus is given once: shown again for another reason, the shelf takes none.
        kept = digest(self._shelf(replace(view, focused="")))
        after = replace(view, focused="", land="", shelf=kept, panel=digest(panel))
        self._tabs.keep(visit_of(request), view=after)
        landing = landing_html(view.land, len(chat.turns))
        return (
            gr.skip() if kept == view.shelf and not view.focused else shelf,
            gr.skip() if after.panel == view.panel and not landing else panel + landing,
            after,
        )
