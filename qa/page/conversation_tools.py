"""The buttons below a conversation: copy, ask again, save as a document, undo."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from index.types import Article
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.to_text import answer_with_sources
from qa.output.transcript import Transcript
from qa.page.assets import render
from qa.page.state import Chat
from qa.page.undo import UNDO_SECONDS


@dataclass(frozen=True, slots=True)
class Document:
    """A text on its way to the visitor: into a file, or without a name to the clipboard."""

    text: str
    name: str = ""
    media_type: str = "text/plain"


def tools_html(
    chat: Chat, *, is_busy: bool = False, is_resumed: bool = False, is_cleared: bool = False
) -> str:
    """Return the buttons below a conversation: those that there is something to do for.

    ``is_resumed`` has the script wait on for a question of an earlier visit; ``is_cleared``
    offers to bring back what was cleared just now.
    """
    if is_resumed:
        return '<div class="tools" data-resume></div>'
    return render(
        "tools.html",
        is_cleared=is_cleared,
        is_busy=is_busy,
        has_turns=bool(chat.turns),
        has_answers=any(turn.answer for turn in chat.turns),
        undo_seconds=round(UNDO_SECONDS),
    )


def copied(chat: Chat, number: object) -> Document:
    """Return the answer of a turn with its quotes and sources, to be pasted elsewhere.

    ``number`` is as for :meth:`qa.page.state.Chat.answer_of`; where there is none it is empty.
    """
    answer = chat.answer_of(number)
    return Document(answer_with_sources(answer) if answer else "")


def exported(chat: Chat, kind: str, article_of: Callable[[str], Article]) -> Document:
    """Return the conversation as a Markdown document, or as an HTML page if ``kind`` is html.

    Raises:
        CitationError: As :func:`qa.output.to_html.conversation_to_html`.
    """
    transcript = Transcript.of([turn.answer for turn in chat.turns if turn.answer])
    # Made of the date alone: nothing that an article or a visitor says gets into a file's name.
    name = f"conversation-{transcript.at[:10]}"
    if kind == "html":
        return Document(conversation_to_html(transcript, article_of), f"{name}.html", "text/html")
    text = conversation_to_markdown(transcript, article_of)
    return Document(text, f"{name}.md", "text/markdown")


def outbox_html(document: Document, number: int) -> str:
    """Return what carries a document to the browser, whose script takes it out of there.

    It is in base 64, so nothing in it can be markup. ``number`` makes the same document
    a new one the second time.
    """
    data = b64encode(document.text.encode("utf-8", "replace")).decode("ascii")
    return (
        f'<span hidden data-number="{number}" data-name="{document.name}" '
        f'data-type="{document.media_type}" data-text="{data}"></span>'
    )
