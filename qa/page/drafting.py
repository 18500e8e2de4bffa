"""Keep what there is of an answer while a language model writes it."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace

from qa.answers.claim import Claim
from qa.output.chat_links import checked_chat_markdown
from qa.output.checked_text import checked_lines
from qa.output.escape import escape_markdown, single_line
from qa.writing.events import Event, Piece, SentenceChecked

_UNCHECKED_CHARS = 1_000
"""Of the words that are not checked yet; only the newest are shown."""
_THOUGHTS_BEGIN, _THOUGHTS_END = "<think>", "</think>"
_THOUGHTS = re.compile(rf"\A\s*{_THOUGHTS_BEGIN}.*?(?:{_THOUGHTS_END}|\Z)", re.DOTALL)
# The model's own marks, which count the sentences that it was shown and not our citations.
_OWN_MARKS = re.compile(r"\s*[\[【][^\]】]{0,40}(?:[\]】]|\Z)")
_ENDING_CHARS = 12
"""Of a checked sentence, by which its end is found in the model's words."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What there is of a written answer."""

    text: str = ""
    """The checked sentences."""
    claims: tuple[Claim, ...] = ()
    unchecked: str = ""
    """The model's words after them, untrusted as they came."""

    def markdown(self, *, strike: bool) -> str:
        """Return the draft for the chat page; nothing in it is a link yet.

        Screen readers do not read it, as each update would make them begin again. They read the
        finished answer.

        ``strike`` is as for :func:`qa.output.checked_text.checked_lines`.
        """
        checked = checked_chat_markdown(checked_lines(self.text, self.claims, strike=strike))
        begun = single_line(_OWN_MARKS.sub("", _THOUGHTS.sub("", self.unchecked)))
        unchecked = f'<span class="unchecked">{escape_markdown(begun)}&nbsp;…</span>'
        return f'<div aria-live="off">\n\n{f"{checked} {unchecked}".lstrip()}\n\n</div>'


@dataclass(slots=True)
class Drafting:
    """The draft of one answer, which a thread adds to and others read."""

    strike: bool = True
    """Whether statements that are not supported are struck."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set to stop the language model."""
    draft: Draft = field(default_factory=Draft)
    """The newest draft; each change replaces it by another object."""

    def add(self, event: Event) -> None:
        """Add what an event brings."""
        draft = self.draft
        if isinstance(event, Piece):
            self.draft = replace(draft, unchecked=_newest(draft.unchecked + event.text))
        elif isinstance(event, SentenceChecked):
            self.draft = Draft(
                draft.text + event.text,
                (*draft.claims, *event.claims),
                _words_after(event, draft.unchecked),
            )

    def clear(self) -> None:
        """Begin again."""
        self.draft = Draft()


def _newest(unchecked: str) -> str:
    """Return the newest words; of thoughts that go on, that they do."""
    newest = unchecked[-_UNCHECKED_CHARS:]
    thoughts = _THOUGHTS.match(unchecked)
    if newest == unchecked or not thoughts:
        return newest
    is_over = thoughts[0].endswith(_THOUGHTS_END)
    return unchecked[thoughts.end() :][-_UNCHECKED_CHARS:] if is_over else _THOUGHTS_BEGIN + newest


def _words_after(checked: SentenceChecked, unchecked: str) -> str:
    """Return the words that the model wrote after a sentence; empty if its end is not found."""
    text = re.sub(r"(?:\s*\[\d+\])+\Z", "", checked.text)
    ending = text[-_ENDING_CHARS:]
    position = unchecked.rfind(ending) if ending.strip() else -1
    return unchecked[position + len(ending) :] if position >= 0 else ""
