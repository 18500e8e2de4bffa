"""A conversation: its questions and answers, the buttons below it, and its export."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Self

from index.types import Article
from qa.answers.answer import Answer
from qa.output import transcript
from qa.output.escape import escape_markdown, shorten
from qa.output.export_pages import pages_cited
from qa.output.places import Highlight
from qa.output.printed_pages import PrintedPages
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.to_text import Paragraphs, answer_with_sources, places_of
from qa.page.drafting import Draft
from qa.page.messages import render
from qa.page.reply import Keep, reply_markdown

# A question that was refused for its length is still shown, but not in full.
SHOWN_QUESTION_CHARS = 600


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its outcome: an answer, an error message, or neither yet."""

    question: str
    answer: Answer | None = None
    problem: str = ""
    """An error message."""
    waiting: str = ""
    """What is happening, while there is no answer yet."""
    draft: Draft | None = None
    """What a language model has written so far of the answer."""
    has_model: bool = False
    """Whether there is a language model, so that the reply says who answered."""
    strike: bool = True
    """Whether statements of a language model that are not supported are struck."""
    several: bool = False
    """Whether more than one article was asked, so that each place must name its article."""
    paragraphs: Paragraphs = field(default_factory=dict)
    """Where the quotes and passages of the answer are, in articles without pages."""
    conversation: str = ""
    """The id of the kept conversation that it is saved in; empty if it is not saved."""
    number: int = 0
    """Its number in that conversation, from 1."""
    note: str = ""
    """The visitor's note on the answer."""
    pinned: bool = False
    unsaved: str = ""
    """Why it is not saved."""

    @property
    def is_written(self) -> bool:
        """Whether a language model wrote the answer."""
        return self.answer is not None and self.answer.engine is not None

    def marks(self, *, is_newest: bool) -> list[Highlight]:
        """Return the places that the answer cites, or the nearest passages of a refusal."""
        if self.answer is None:
            return []
        is_cited = self.answer.answered
        return [
            Highlight(c.article_id, c.start, c.end, number if is_newest else 0, cited=is_cited)
            for number, c in enumerate(places_of(self.answer), start=1)
        ]

    def messages(
        self, number: int, *, is_newest: bool, known: Collection[str] | None = None
    ) -> list[dict[str, str]]:
        """Return question and reply as chat messages, in Markdown; ``number`` is from 1."""
        question = escape_markdown(shorten(self.question, SHOWN_QUESTION_CHARS))
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": self._reply(number, is_newest=is_newest, known=known)},
        ]

    def _reply(self, number: int, *, is_newest: bool, known: Collection[str] | None) -> str:
        if self.draft and (self.draft.text or self.draft.unchecked):
            return self.draft.markdown(strike=self.strike)
        if self.answer is None:
            css_class = "problem" if self.problem else "waiting"
            text = escape_markdown(self.problem or self.waiting)
            return f'<div class="{css_class}">\n\n{text}\n\n</div>'
        return reply_markdown(
            self.answer,
            number,
            several=self.several,
            is_newest=is_newest,
            known=known,
            paragraphs=self.paragraphs,
            has_model=self.has_model,
            strike=self.strike,
            keep=Keep(self.note, self.unsaved, pinned=self.pinned, is_saved=self.number > 0),
        )


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversation of one visitor so far."""

    turns: tuple[Turn, ...] = ()
    conversation: str = ""
    """The id of the kept conversation that its turns are saved in; empty if none is yet."""

    def with_turn(self, turn: Turn) -> Self:
        """Return the chat with one more turn."""
        conversation = turn.conversation or self.conversation
        return replace(self, turns=(*self.turns, turn), conversation=conversation)

    def with_changed(self, turn: Turn) -> Self:
        """Return the chat with ``turn`` in place of the one with the same kept number."""
        turns = tuple(turn if each.number == turn.number else each for each in self.turns)
        return replace(self, turns=turns)

    def without_last(self) -> Self:
        """Return the chat without its newest turn."""
        return replace(self, turns=self.turns[:-1])

    def newest(self) -> Turn | None:
        """Return the newest turn; None before the first question."""
        return self.turns[-1] if self.turns else None

    def turn(self, number: object) -> Turn | None:
        """Return the answered turn of this number, from 1; None if there is none.

        ``number`` comes from the browser, so it may be anything.
        """
        numbered = enumerate(self.turns, start=1)
        return next((turn for at, turn in numbered if at == number and turn.answer), None)

    def answers(self) -> list[Answer]:
        """Return the answers so far, oldest first: the history of a follow-up question."""
        return [turn.answer for turn in self.turns if turn.answer]

    def first_place(self) -> Highlight | None:
        """Return the first place that the newest answer cites."""
        newest = self.newest()
        return next(iter(newest.marks(is_newest=True)), None) if newest else None

    def cited(self) -> list[Highlight]:
        """Return every place cited so far; those of the newest turn carry their numbers."""
        return [
            mark for turn in self.turns for mark in turn.marks(is_newest=turn is self.turns[-1])
        ]

    def retrieved(self) -> list[Highlight]:
        """Return the passages that were retrieved for the newest answer."""
        newest = self.newest()
        passages = newest.answer.passages if newest and newest.answer else ()
        return [Highlight(p.article_id, p.start, p.end, cited=False, found=True) for p in passages]

    def messages(self, known: Collection[str] | None = None) -> list[dict[str, str]]:
        """Return the whole conversation as chat messages, in Markdown.

        ``known`` holds the ids of the articles in the library; None means that all are there.
        """
        return [
            message
            for number, turn in enumerate(self.turns, start=1)
            for message in turn.messages(number, is_newest=number == len(self.turns), known=known)
        ]


def tools_html(chat: Chat, *, is_busy: bool = False, is_resumed: bool = False) -> str:
    """Return the buttons below a conversation that have something to do.

    ``is_resumed`` makes the script wait for the answer to a question of an earlier visit.
    """
    if is_resumed:
        return '<div class="tools" data-resume></div>'
    return render(
        "tools.html",
        is_busy=is_busy,
        conversation=chat.conversation,
        has_turns=bool(chat.turns),
        has_answers=bool(chat.answers()),
        has_pages=any(pages_cited(places_of(answer)) for answer in chat.answers()),
        pinned=sum(turn.pinned for turn in chat.turns),
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A text for the visitor: a file to save or, without a name, a text for the clipboard."""

    text: str
    name: str = ""
    media_type: str = "text/plain"


def answer_to_copy(chat: Chat, number: object) -> Document:
    """Return the answer of a turn with its quotes and sources; empty if there is none.

    ``number`` is as for :meth:`Chat.turn`.
    """
    turn = chat.turn(number)
    if turn is None or turn.answer is None:
        return Document("")
    return Document(answer_with_sources(turn.answer, turn.paragraphs))


def export_chat(
    chat: Chat,
    kind: str,
    article_of: Callable[[str], Article],
    *,
    strike: bool = True,
    printed: PrintedPages | None = None,
) -> Document:
    """Return the conversation as a document: HTML if ``kind`` is html or printed, else Markdown.

    The kind printed has the pictures of the cited pages, which ``printed`` draws. ``strike`` is
    as for :func:`qa.output.checked_text.checked_lines`.

    Raises:
        CitationError: As :func:`qa.output.to_html.conversation_to_html`.
    """
    exported = transcript.Transcript.now(
        transcript.Turn(turn.answer.question, turn.answer, turn.note, turn.pinned)
        for turn in chat.turns
        if turn.answer
    )
    # Named after the date alone: no text of an article or a visitor gets into a file name.
    name = f"conversation-{exported.at[:10]}"
    if kind in {"html", "printed"}:
        printed = printed if kind == "printed" else None
        page = conversation_to_html(exported, article_of, strike=strike, printed=printed)
        return Document(page, f"{name}.html", "text/html")
    text = conversation_to_markdown(exported, article_of, strike=strike)
    return Document(text, f"{name}.md", "text/markdown")


def document_html(document: Document, number: int) -> str:
    """Return the hidden element from which the page's script saves or copies a document.

    The text is in base 64, so that nothing in it can be markup. A new ``number`` makes the
    browser handle the same document a second time.
    """
    data = b64encode(document.text.encode("utf-8", "replace")).decode("ascii")
    return (
        f'<span hidden data-number="{number}" data-name="{document.name}" '
        f'data-type="{document.media_type}" data-text="{data}"></span>'
    )
