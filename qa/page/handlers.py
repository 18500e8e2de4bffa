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
from qa.output.error_messages import error_message
from qa.output.places import place_of
from qa.output.printed_pages import PrintedPages
from qa.page.adding import Additions
from qa.page.article_list import (
    ALREADY_REMOVED,
    END,
    START,
    ShelfEvent,
    apply_action,
    article_list_html,
    digest,
)
from qa.page.article_view import (
    BLOCKS_SHOWN,
    articles_that_fit,
    last_block,
    panel_html,
    scroll_target_html,
    target_marks,
)
from qa.page.asking import LOADING, READY, Asking, WaitingVisitors, visit_of
from qa.page.chat import Chat, Turn, answer_to_copy, document_html, export_chat, tools_html
from qa.page.conversation_list import KeptChats
from qa.page.messages import render, status_html
from qa.page.page_view import printed_html
from qa.page.reply import OWN_WORDS, QUOTES
from qa.page.tabs import Tabs
from qa.page.undo import Removals
from qa.page.view import View
from qa.settings import Settings
from qa.visitors.caller import Caller
from qa.visitors.caller_qa import CallerQA
from qa.visitors.conversations import Conversations
from qa.visitors.state_database import StateDatabase


def suggest_questions(
    qa: CallerQA, view: View, should_continue: Callable[[], bool]
) -> Sequence[str]:
    """Return questions about the open article or, if it is not asked, about the first that is.

    Raises:
        ArticleNotFound: Somebody removed the article.
    """
    articles = qa.catalogue()
    visible = view.visible(articles)
    asked = [article.id for article in visible if article.id not in view.unselected]
    if not asked:
        return ()
    open_id = view.open_id(visible)
    about = open_id if open_id in asked else asked[0]
    return qa.suggest(view.selected(articles), about=[about], should_continue=should_continue)


def empty_chat_markdown(questions: Sequence[str]) -> str:
    """Return the text above the suggested questions of an empty conversation."""
    return "**Ask a question**" + (", or begin with one of these." if questions else ".")


def ways_html(view: View) -> str:
    """Return the choice between the ways to answer."""
    chosen = OWN_WORDS if view.own_words else QUOTES
    return render("ways.html", ways=(QUOTES, OWN_WORDS), chosen=chosen)


def account_html(caller: Caller) -> str:
    """Return the name of an account, and the button to log out."""
    return render("account.html", name=caller.name, role=caller.role.value)


def follow_link(library: CallerQA, view: View, data: object) -> View:
    """Return the view at the place that a link names, or with an error message.

    ``data`` comes from the browser, so it may be anything.
    """
    place = place_of(_value(data, "place"))
    ids = [info.id for info in view.visible(library.catalogue())]
    article_id = next((id_ for id_ in ids if place and id_.startswith(place.article)), None)
    if place is None or article_id is None:
        return replace(view.without_form(), problem=ALREADY_REMOVED)
    return view.without_form().showing(article_id, start=place.start, target=place.name)


def turn_to_part(library: CallerQA, view: View, data: object) -> View:
    """Return the view of the earlier or the next part of the article, at its near end."""
    articles = view.visible(library.catalogue())
    open_id = view.open_id(articles)
    length = next((info.characters for info in articles if info.id == open_id), 0)
    if _value(data, "to") == "before":
        return replace(view, block=max(0, view.block - BLOCKS_SHOWN), target=END)
    return replace(view, block=min(view.block + BLOCKS_SHOWN, last_block(length)), target=START)


def _value(data: object, name: str) -> str:
    return str(data.get(name, "")) if isinstance(data, dict) else ""


@contextmanager
def _gradio_errors() -> Iterator[None]:
    """Turn any error into one that Gradio sends with our error message."""
    try:
        yield
    except Exception as error:
        raise gr.Error(error_message(error), print_exception=False) from error


def _with_examples(questions: Sequence[str]) -> gr.Chatbot:
    examples: Any = [{"text": question} for question in questions]
    return gr.Chatbot(examples=examples, placeholder=empty_chat_markdown(questions))


def _at_newest_answer(chat: Chat, view: View) -> View:
    """Return the view at the first place that the newest answer cites, if it cites any."""
    mark = chat.first_place()
    return view.showing(mark.article_id, start=mark.start, target=mark.id) if mark else view


class Handlers:
    """The handlers of the page's events. Chat and view belong to one visitor.

    Only quick handlers write the view, and asking writes only the chat. So what a visitor does
    while waiting for an answer is not lost when it arrives.
    """

    def __init__(
        self,
        qa: CallerQA,
        clock: Callable[[], float] = time.monotonic,
        conversations: Conversations | None = None,
    ) -> None:
        self._qa = qa
        self.kept = KeptChats(conversations or Conversations(StateDatabase(None)))
        self._removals = Removals(qa, clock)
        self._document_numbers = count(1)
        self._waiting = WaitingVisitors()
        self._tabs = Tabs()
        self.printed = PrintedPages(qa)
        self.asking = Asking(qa, self._tabs, self._waiting, self.kept)
        self.additions = Additions(qa, self._removals)

    def close(self) -> None:
        """Stop what visitors wait for."""
        self.asking.close()
        self.printed.close()

    def load_models(self, request: gr.Request) -> Iterator[Any]:
        """Yield the status line until the models are loaded."""
        is_loading, visit = not self._qa.ready, visit_of(request)
        if is_loading:
            yield status_html("loading", LOADING)
            try:
                self._qa.warm_up()
            except Exception as error:
                yield status_html("failed", error_message(error))
                return
        # A question has priority in the status line, even if it was answered meanwhile.
        is_taken = visit in self._waiting or (is_loading and self._tabs.has_questions(visit))
        yield gr.skip() if is_taken else status_html("ready", READY)

    def suggest(self, chat: Chat, view: View) -> Iterator[Any]:
        """Yield the empty conversation, then with suggested questions.

        Finding them waits for the models, and gives way to visitors who ask a question.
        """
        if chat.turns:
            yield gr.skip()
            return
        yield _with_examples(())
        if self._qa.ready:
            with suppress(ArticleQAError):  # the page works without suggestions
                questions = suggest_questions(self._qa, view, lambda: not self._waiting)
                yield _with_examples(questions)

    def copy(self, chat: Chat, event: gr.EventData) -> str:
        """Return the outbox with an answer for the clipboard."""
        document = answer_to_copy(chat, getattr(event, "turn", 0))
        return document_html(document, next(self._document_numbers))

    def download(self, chat: Chat, event: gr.EventData) -> tuple[Any, ...]:
        """Return the outbox with the conversation as a file, and the status."""
        try:
            kind = str(getattr(event, "kind", ""))
            strike = self._qa.settings.strikes
            document = export_chat(
                chat, kind, self._qa.article, strike=strike, printed=self.printed
            )
        except Exception as error:
            return gr.skip(), status_html("failed", error_message(error), len(chat.turns))
        return document_html(document, next(self._document_numbers)), gr.skip()

    def show_answer(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, conversation and tools with the newest answer.

        Answer and article arrive in one step, so that a link works at once and nothing moves
        under the pointer.
        """
        if not chat.turns or visit_of(request) in self._waiting:
            return (gr.skip(),) * 6
        conversation = self.asking.messages(chat), tools_html(chat)
        view = _at_newest_answer(chat, replace(view, edited_question=""))
        try:
            articles = self._updates(chat, view, request)
        except Exception as error:
            status = status_html("failed", error_message(error), len(chat.turns))
            return status, gr.skip(), gr.skip(), gr.skip(), *conversation
        return status_html("done", READY, len(chat.turns)), *articles, *conversation

    def begin_new(self, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return what :meth:`show_chat` does of an empty conversation; the one before is kept."""
        return self.show_chat(Chat(), view, request)

    def show_chat(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return status, shelf, panel, view, chat, tools and conversation with another chat."""
        self.save_chat(chat, request)
        articles = self._updates(chat, _at_newest_answer(chat, view), request)
        status = status_html("ready", READY, len(chat.turns))
        return status, *articles, chat, tools_html(chat), self.asking.messages(chat)

    def save_chat(self, chat: Chat, request: gr.Request) -> None:
        """Save the chat of a tab for a reload."""
        self._tabs.save(visit_of(request), chat=chat)

    @property
    def visitor(self) -> str:
        """Whose conversations the caller sees."""
        return self._qa.caller.visitor

    def is_waiting(self, request: gr.Request) -> bool:
        """Return whether this visit waits for an answer."""
        return visit_of(request) in self._waiting

    def kept_chat(self, conversation: str) -> Chat:
        """Return a kept conversation as a chat.

        Raises:
            ConversationNotFound: The visitor has none of this id.
            LibraryError: It cannot be read.
        """
        settings = self._qa.settings
        like = Turn(
            "",
            has_model=settings.has_language_model,
            strike=settings.strikes,
            several=len(self._qa.catalogue()) > 1,
        )
        return self.kept.open(self.visitor, conversation, self._qa.article, like)

    def restore(self, chat: Chat, view: View, tab: str, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel, view, chat, conversation and tools for a page just loaded.

        Others may have changed the articles, and this tab may have had a conversation. ``tab``
        is its key, a full stop and the id of its kept conversation if it has one, then ``#`` and
        the place in the page's address.
        """
        name, _, place = str(tab).partition("#")
        key, _, conversation = name.partition(".")
        earlier = self._tabs.enter(visit_of(request), key, self._qa.caller.name)
        if conversation and not earlier.last_used:  # the program was started again
            with suppress(ArticleQAError):
                earlier = replace(earlier, chat=self.kept_chat(conversation))
                self.save_chat(earlier.chat, request)
        view = view.restored(earlier.view)
        if earlier.chat.turns:
            view = _at_newest_answer(earlier.chat, view)
        if place_of(place):
            view = follow_link(self._qa, view, {"place": place})
        if not earlier.has_questions:
            return *self._updates(chat, view, request), *(gr.skip(),) * 3
        messages = self.asking.messages(earlier.chat, earlier.pending)
        tools = tools_html(earlier.chat, is_resumed=earlier.pending is not None)
        return *self._updates(earlier.chat, view, request), earlier.chat, messages, tools

    def choose_way(self, view: View, event: gr.EventData, request: gr.Request) -> View:
        """Return the view with the way to answer that was chosen."""
        view = replace(view, own_words=_value(event._data, "way") == OWN_WORDS)
        self._tabs.save(visit_of(request), view=view)
        return view

    def change_shelf(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view after a click in the list of articles."""
        shelf_event = ShelfEvent.of(event._data)
        after = apply_action(self._qa, self._removals, view, shelf_event)
        return self._updates(chat, after, request)

    def open_link(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view for a link to a place that was not in the panel."""
        return self._updates(chat, follow_link(self._qa, view, event._data), request)

    def open_part(
        self, chat: Chat, view: View, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view with the earlier or the next part of the article."""
        return self._updates(chat, turn_to_part(self._qa, view, event._data), request)

    def show_added(
        self, chat: Chat, view: View, added: list[str], request: gr.Request
    ) -> tuple[Any, ...]:
        """Return shelf, panel and view with the article open that was added last."""
        shown = view.showing(added[-1], target=START) if added else view
        return self._updates(chat, shown, request)

    def panel(self, chat: Chat, view: View) -> str:
        """Return the open article, and below it the others that are cited."""
        articles = view.visible(self._qa.catalogue())
        open_id = view.open_id(articles)
        block = view.block if view.article_id in {"", open_id} else 0
        cited = chat.cited()
        shown = self._qa.existing(articles_that_fit(open_id, cited, articles))
        marks = [*cited, *chat.retrieved(), *target_marks(view.target, articles)]
        newest = chat.newest() or Turn("")
        printed = printed_html(self.printed, shown[0], marks) if shown else ""
        return panel_html(shown, marks, block, newest.answer, newest.paragraphs) + printed

    @property
    def is_empty(self) -> bool:
        """Whether the library has no article."""
        return not self._qa.catalogue()

    @property
    def settings(self) -> Settings:
        """The settings of the library."""
        return self._qa.settings

    def show_account(self) -> tuple[str, Any]:
        """Return the name of the account with a button to log out, and the box for sharing."""
        caller = self._qa.caller
        return account_html(caller), gr.Checkbox(visible=caller.may_edit_shared())

    def initial(self) -> tuple[str, str, View]:
        """Return shelf, panel and view of a new visitor."""
        shelf, panel = self._shelf(View()), self.panel(Chat(), View())
        return shelf, panel, View(shelf_digest=digest(shelf), panel_digest=digest(panel))

    def ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the articles alone, with exact citations.

        The answer is always quoted from the articles; a language model does not write it.

        Args:
            question: The question, in plain words.
        """
        with _gradio_errors():
            return self._qa.ask(question).to_dict()

    def retrieve(self, question: str, k: int = 5) -> list[dict[str, Any]]:
        """Return the passages nearest to a question, best first.

        Args:
            question: The question, in plain words.
            k: How many passages at most.
        """
        with _gradio_errors():
            return [passage.to_dict() for passage in self._qa.retrieve(question, k=k)]

    def _shelf(self, view: View) -> str:
        articles = view.visible(self._qa.catalogue())
        undoable = self._removals.undoable(view.removals)
        return article_list_html(
            articles,
            view,
            undoable,
            is_saved=self._qa.is_saved,
            fixed=self._qa.fixed(info.id for info in articles),
            is_own=bool(self._qa.caller.name),
            tags=self._qa.tags(),
        )

    def _updates(self, chat: Chat, view: View, request: gr.Request) -> tuple[Any, ...]:
        """Return shelf, panel and view; what the browser has already is not sent again."""
        problem = self._removals.take_problem(view.removals)
        removals = self._removals.unfinished(view.removals)
        view = replace(view, removals=removals, problem=problem or view.problem)
        shelf, panel = self._shelf(view), self.panel(chat, view)
        # Without the focus, which is given only once, and the ticks, which are compared apart.
        shelf_digest = digest(self._shelf(replace(view, focused="", unselected=frozenset())))
        after = replace(
            view,
            focused="",
            target="",
            unselected_shown=view.unselected,
            shelf_digest=shelf_digest,
            panel_digest=digest(panel),
        )
        self._tabs.save(visit_of(request), view=after)
        target = scroll_target_html(view.target, len(chat.turns))
        is_same_shelf = (
            shelf_digest == view.shelf_digest
            and view.unselected == view.unselected_shown
            and not view.focused
        )
        is_same_panel = after.panel_digest == view.panel_digest and not target
        return (
            gr.skip() if is_same_shelf else shelf,
            gr.skip() if is_same_panel else panel + target,
            after,
        )
