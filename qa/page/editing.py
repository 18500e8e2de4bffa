"""A visitor mends what a follow-up question was taken to ask: it comes back to be edited.

What is asked then stands alone, so it is not read as a follow-up once more.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from qa.page.chat import Chat

_ALIKE = 0.5
"""The least share of characters that an edited wording has in common with what it was."""


def wording_of(chat: Chat, number: object) -> str:
    """Return what the question of a turn was taken to ask; empty if there is nothing to edit.

    ``number`` is as for :meth:`qa.page.chat.Chat.answer_of`.
    """
    answer = chat.answer_of(number)
    return (answer.understood or "") if answer else ""


def is_edited(typed: str, wording: str) -> bool:
    """Return whether ``typed`` is ``wording`` as it was given to be edited, and no new question."""
    # Their lengths alone rule out most: what is typed may be of any length.
    if not wording or len(typed) > (2 / _ALIKE - 1) * len(wording):
        return False
    return SequenceMatcher(None, wording, typed).ratio() >= _ALIKE


EDITING_SCRIPT = """
document.addEventListener('click', event => {
  const button = event.target.closest('#chat button.edit');
  if (button) trigger('edit', {turn: Number(button.id.replace('edit-', ''))});
});
"""
# With the caret behind the last word, where a keyboard goes on.
EDITING_FOCUS = """() => {
  const box = document.querySelector('#question textarea');
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}"""
