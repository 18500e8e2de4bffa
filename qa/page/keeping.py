"""Handle the events of kept conversations: their list, pins and notes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from index.errors import ArticleQAError, ConversationNotFound
from qa.output.error_messages import error_message
from qa.page.article_list import digest
from qa.page.chat import Chat, tools_html
from qa.page.conversation_list import (
    Deletion,
    Deletions,
    ListAction,
    ListEvent,
    ListView,
    conversation_list_html,
)
from qa.page.handlers import Handlers
from qa.page.messages import status_html
from qa.page.view import View
from qa.visitors.conversations import LISTED

ANSWER_FIRST = "Wait for the answer or stop it before you open another conversation."
UNDO_TOO_LATE = "It is too late to undo this."
NOT_SAVED = "This answer is not saved, so it cannot be pinned or have a note."
_NO_CHAT: tuple[Any, ...] = (gr.skip(),) * 7


class Keeping:
    """Handlers of the list of conversations, and of pins and notes.

    Handlers of the list return the list, its view, and what :meth:`Handlers.show_chat` returns.
    """

    def __init__(self, handlers: Handlers, clock: Callable[[], float] = time.monotonic) -> None:
        self._handlers, self._kept = handlers, handlers.kept.conversations
        self._deletions = Deletions(clock)

    def refresh(self, chat: Chat, shown: ListView) -> tuple[Any, ...]:
        """Return the list and its view after the conversation has changed."""
        return self._list(chat, shown)

    def change_list(
        self,
        chat: Chat,
        view: View,
        shown: ListView,
        event: gr.EventData,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Return the list, its view and the conversation after a click or a search in the list."""
        listed = ListEvent.of(event._data)
        opened: Chat | None = None
        try:
            shown, opened = self._changed(chat, shown, listed, request)
        except ConversationNotFound as error:
            shown = replace(shown.without_form(), problem=error_message(error))
        except Exception as error:
            shown = replace(shown, problem=error_message(error))
        if opened is None:
            return *self._list(chat, shown), *_NO_CHAT
        updates = self._handlers.show_chat(opened, view, request)
        return *self._list(opened, shown), *updates

    def pin(self, chat: Chat, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Pin an answer, or undo that; return status, chat, conversation and tools."""
        turn = chat.turn(getattr(event, "turn", 0))
        return self._annotate(chat, event, request, pinned=not (turn and turn.pinned))

    def write_note(self, chat: Chat, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Change the note on an answer; return status, chat, conversation and tools."""
        return self._annotate(chat, event, request, note=str(getattr(event, "note", "")))

    def _annotate(
        self,
        chat: Chat,
        event: gr.EventData,
        request: gr.Request,
        *,
        note: str | None = None,
        pinned: bool | None = None,
    ) -> tuple[Any, ...]:
        turn = chat.turn(getattr(event, "turn", 0))
        try:
            if turn is None or not turn.number:
                raise ConversationNotFound(NOT_SAVED)
            visitor = self._handlers.visitor
            changed = self._kept.annotate(
                visitor, turn.conversation, turn.number, note=note, pinned=pinned
            )
        except Exception as error:
            return status_html("failed", error_message(error), len(chat.turns)), *_NO_CHAT[:3]
        chat = chat.with_changed(replace(turn, note=changed.note, pinned=changed.pinned))
        self._handlers.save_chat(chat, request)
        return gr.skip(), chat, self._handlers.asking.messages(chat), tools_html(chat)

    def _changed(
        self, chat: Chat, shown: ListView, event: ListEvent, request: gr.Request
    ) -> tuple[ListView, Chat | None]:
        """Return the view of the list, and the chat that is to be open if it changes."""
        chosen, opened = event.conversation, None
        after = shown.without_form()
        match event.action:
            case ListAction.SEARCH:
                after = replace(after, words=event.text, shown=LISTED)
            case ListAction.MORE:
                after = replace(after, shown=shown.shown + LISTED)
            case ListAction.RENAME:
                after = replace(after, renaming=chosen)
            case ListAction.SAVE:
                self._kept.rename(self._handlers.visitor, chosen, event.text)
                after = shown.without_form(chosen)
            case ListAction.CANCEL:
                after = shown.without_form(chosen)
            case ListAction.OPEN:
                after, opened = self._open(chat, shown, chosen, request)
            case ListAction.DELETE:
                after, opened = self._delete(chat, shown, chosen, request)
            case ListAction.UNDO:
                after, opened = self._undo(chat, shown, chosen, request)
            case ListAction.REFRESH | None:
                after = shown
        return after, opened

    def _open(
        self, chat: Chat, shown: ListView, chosen: str, request: gr.Request
    ) -> tuple[ListView, Chat | None]:
        if self._handlers.is_waiting(request):
            return replace(shown.without_form(), problem=ANSWER_FIRST), None
        if chosen == chat.conversation:
            return shown.without_form(chosen), None
        return shown.without_form(chosen), self._handlers.kept_chat(chosen)

    def _delete(
        self, chat: Chat, shown: ListView, chosen: str, request: gr.Request
    ) -> tuple[ListView, Chat | None]:
        is_open = chosen == chat.conversation
        if is_open and self._handlers.is_waiting(request):
            return replace(shown.without_form(), problem=ANSWER_FIRST), None
        visitor = self._handlers.visitor
        deleted = self._kept.delete(visitor, chosen)
        number = self._deletions.put(visitor, deleted, was_open=is_open)
        view = replace(shown.without_form(chosen), deleted=(*shown.deleted, number))
        return view, Chat() if is_open else None

    def _undo(
        self, chat: Chat, shown: ListView, chosen: str, request: gr.Request
    ) -> tuple[ListView, Chat | None]:
        number = int(chosen) if chosen.isascii() and chosen.isdigit() else 0
        deletion = self._deletions.take(self._handlers.visitor, number)
        if deletion is None:
            return replace(shown.without_form(), problem=UNDO_TOO_LATE), None
        self._kept.restore(deletion.deleted)
        restored = deletion.deleted.info.id
        is_free = not chat.turns and not self._handlers.is_waiting(request)
        opened = self._reopened(deletion) if is_free else None
        return shown.without_form(restored), opened

    def _reopened(self, deletion: Deletion) -> Chat | None:
        if not deletion.was_open:
            return None
        return self._handlers.kept_chat(deletion.deleted.info.id)

    def _list(self, chat: Chat, shown: ListView) -> tuple[Any, ...]:
        """Return the list and its view; what the browser has already is not sent again."""
        undoable = self._deletions.undoable(shown.deleted)
        shown = replace(shown, deleted=tuple(deletion.number for deletion, _ in undoable))
        try:
            visitor = self._handlers.visitor
            found = self._kept.search(visitor, shown.words, limit=shown.shown)
        except ArticleQAError as error:
            found = [], 0
            shown = replace(shown, problem=error_message(error))

        def html(view: ListView) -> str:
            return conversation_list_html(
                found,
                view,
                undoable,
                current=chat.conversation,
                is_saved=self._kept.is_saved,
            )

        # Without the focus, which is given only once.
        after = replace(shown, focused="", digest="")
        after = replace(after, digest=digest(html(after)))
        is_same = after.digest == shown.digest and not shown.focused
        return gr.skip() if is_same else html(shown), after


def empty_list_html(handlers: Handlers) -> str:
    """Return the list before the page is loaded."""
    is_saved = handlers.kept.conversations.is_saved
    return conversation_list_html(([], 0), ListView(), is_saved=is_saved)
