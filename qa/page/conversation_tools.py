"""What is done with a conversation at its end: copied, asked again, kept as a document."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from index.types import Article
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.to_text import answer_with_sources
from qa.output.transcript import Transcript
from qa.page.state import Chat
from qa.page.undo import UNDO_SECONDS

_RETRY = '<button type="button" data-do="retry">Ask again</button>'
_SAVE = (
    '<button type="button" data-do="download" data-kind="markdown">Save Markdown</button>'
    '<button type="button" data-do="download" data-kind="html">Save HTML</button>'
)
_UNDO = f'<button type="button" data-do="undo" data-left="{UNDO_SECONDS:.0f}">Undo</button>'
_STOP = '<button type="button" data-do="stop">Stop</button>'


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
    buttons = told = ""
    if is_cleared:
        buttons, told = _UNDO, "The conversation was cleared."
    elif is_busy:
        buttons = _STOP
    elif chat.turns:
        any_answered = any(turn.answer for turn in chat.turns)
        buttons = f"{_RETRY}{_SAVE * any_answered}"
    return (
        f'<div class="tools" role="group" aria-label="This conversation">{buttons}'
        f'<span role="status">{told}</span></div>'
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


TOOLS_SCRIPT = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-do]');
  if (button) trigger(button.dataset.do, {kind: button.dataset.kind || ''});
});
document.addEventListener('click', event => {
  const button = event.target.closest('#chat button.copy');
  if (button) trigger('copy', {turn: Number(button.id.replace('copy-', ''))});
});
watch('value', () => {
  if (element.querySelector('[data-resume]')) trigger('resume');
  const undo = element.querySelector('[data-left]');
  if (undo) setTimeout(() => {
    if (!element.contains(undo)) return;
    undo.remove();
    element.querySelector('[role=status]').replaceChildren();
  }, 1000 * Number(undo.dataset.left));
});
"""
# A browser may refuse the clipboard to a page that is not at a secure address.
OUTBOX_SCRIPT = """
const tell = text => {
  const place = document.querySelector('.tools [role=status]');
  if (place) place.textContent = text;
};
watch('value', () => {
  const parcel = element.querySelector('[data-text]');
  if (!parcel) return;
  const bytes = Uint8Array.from(atob(parcel.dataset.text), letter => letter.charCodeAt(0));
  if (!parcel.dataset.name) {
    const copy = navigator.clipboard?.writeText(new TextDecoder().decode(bytes));
    (copy || Promise.reject()).then(
      () => tell('Copied'),
      () => tell('Your browser does not let this page copy. Save the conversation instead.'));
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], {type: parcel.dataset.type}));
  link.download = parcel.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  tell('Saved as ' + parcel.dataset.name);
});
"""
