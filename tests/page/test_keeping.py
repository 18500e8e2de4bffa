"""Conversations that the page keeps: saved with each answer, listed, opened, pinned, annotated."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from qa.answers.citation import Citation
from qa.output import transcript
from qa.page.chat import Chat, Turn, export_chat
from qa.page.conversation_list import IN_MEMORY, NONE_FOUND, ListView
from qa.page.handlers import Handlers
from qa.page.keeping import ANSWER_FIRST, NOT_SAVED, UNDO_TOO_LATE, Keeping
from qa.page.undo import UNDO_SECONDS
from qa.page.view import View
from qa.visitors import conversations as limits
from tests.page.handling import handlers_of
from tests.page.test_handlers import (
    VISITOR,
    HeldQA,
    ScriptedQA,
    answer_of,
    article_of,
    begin,
    load,
)

ARTICLE = article_of("One. Two.")
ANSWER = answer_of(Citation.of(ARTICLE, 0, 4))


class Clock:
    """A clock that a test advances."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def handlers() -> Handlers:
    return handlers_of(ScriptedQA(ARTICLE, outcome=ANSWER))


def ask(handlers: Handlers, question: str, chat: Chat | None = None) -> Chat:
    sent = handlers.asking.respond(
        question, chat or Chat(), View(), gr.EventData(gr.Textbox(), None), VISITOR
    )
    chat = list(sent)[-1][3]
    assert isinstance(chat, Chat)
    return chat


def saved(handlers: Handlers) -> dict[str, list[str]]:
    """Return the questions of each kept conversation by its name."""
    kept = handlers.kept.conversations
    return {
        info.name: [turn.question for turn in kept.transcript("", info.id).turns]
        for info in kept.search("")[0]
    }


def click(keeping: Keeping, chat: Chat, shown: ListView, action: str, **data: str) -> Any:  # noqa: ANN401 - of Gradio
    """Return list, its view, and the chat that is then open (or a skip) after a click."""
    event = gr.EventData(gr.HTML(), {"action": action, **data})
    html, view, *_, opened, _, _ = keeping.change_list(chat, View(), shown, event, VISITOR)
    return html, view, opened


def annotate(keeping: Keeping, chat: Chat, turn: int, note: str | None = None) -> tuple[Any, ...]:
    if note is None:
        return keeping.pin(chat, gr.EventData(gr.HTML(), {"turn": turn}), VISITOR)
    event = gr.EventData(gr.HTML(), {"turn": turn, "note": note})
    return keeping.write_note(chat, event, VISITOR)


def test_each_answered_question_is_saved_in_its_conversation(handlers: Handlers) -> None:
    chat = ask(handlers, "Who?")
    chat = ask(handlers, "When?", chat)
    ask(handlers, "Where?")
    assert saved(handlers) == {"Where?": ["Where?"], "Who?": ["Who?", "When?"]}
    assert [turn.number for turn in chat.turns] == [1, 2]


def test_an_answer_is_saved_even_if_the_visitor_has_left() -> None:
    qa = HeldQA(ARTICLE, outcome=ANSWER)
    handlers = handlers_of(qa)
    begin(handlers, "Who?", Chat()).close()  # type: ignore[attr-defined] # it is a generator
    qa.released.set()
    handlers.asking._readers.shutdown()
    assert saved(handlers) == {"Who?": ["Who?"]}


def test_a_stopped_question_is_not_saved_when_its_answer_comes() -> None:
    qa = HeldQA(ARTICLE, outcome=ANSWER)
    handlers = handlers_of(qa)
    waiting = begin(handlers, "Who?", Chat())
    handlers.asking.stop(VISITOR)
    assert list(waiting)[-1][3] == Chat()
    qa.released.set()
    handlers.asking._readers.shutdown()
    assert saved(handlers) == {}


def test_asking_again_replaces_the_saved_answer_and_an_error_does_not(handlers: Handlers) -> None:
    chat = ask(handlers, "When?", ask(handlers, "Who?"))
    again = list(handlers.asking.retry(chat, View(), VISITOR))[-1][3]
    assert [turn.number for turn in again.turns] == [1, 2]
    failing = handlers_of(ScriptedQA(ARTICLE, outcome=RuntimeError()), conversations=None)
    failing.asking._kept = handlers.kept
    list(failing.asking.retry(chat, View(), VISITOR))
    assert saved(handlers) == {"Who?": ["Who?", "When?"]}


def test_a_question_in_a_conversation_that_was_deleted_begins_another(handlers: Handlers) -> None:
    chat = ask(handlers, "Who?")
    handlers.kept.conversations.delete("", chat.conversation)
    chat = ask(handlers, "When?", chat)
    assert saved(handlers) == {"When?": ["When?"]}
    assert chat.turns[-1].number == 1


def test_a_reply_says_why_it_is_not_saved(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ask(handlers, "Who?")
    monkeypatch.setattr(limits, "MAX_TURNS", 1)
    chat = ask(handlers, "When?", chat)
    reply = handlers.asking.messages(chat)[-1]["content"]
    assert "Not saved. This conversation has 1 questions, which is the limit." in reply
    assert 'class="pin"' not in reply
    assert NOT_SAVED in annotate(Keeping(handlers), chat, 2)[0]


def test_conversations_are_searched_renamed_and_opened(handlers: Handlers) -> None:
    keeping = Keeping(handlers)
    chat = ask(handlers, "Who <i>?")
    ask(handlers, "When?")
    html, view = keeping.refresh(chat, ListView())
    assert html.index("When?") < html.index("Who &lt;i&gt;?")
    assert IN_MEMORY in html
    html, view, _ = click(keeping, chat, view, "search", text="who")
    assert "When?" not in html
    assert NONE_FOUND in click(keeping, chat, view, "search", text="whom")[0]
    click(keeping, chat, view, "save", id=chat.conversation, text="Names")
    assert list(saved(handlers)) == ["Names", "When?"]
    html, view, _ = click(keeping, chat, view, "save", id=chat.conversation, text=" ")
    assert "blank" in html
    _, view, opened = click(keeping, Chat(), ListView(), "open", id=chat.conversation)
    assert opened == replace(chat, turns=opened.turns)
    assert [turn.question for turn in opened.turns] == ["Who <i>?"]
    assert keeping.refresh(opened, view)[0] == gr.skip()


def test_a_deleted_conversation_is_closed_and_can_be_restored_for_ten_seconds() -> None:
    clock = Clock()
    handlers = handlers_of(ScriptedQA(ARTICLE, outcome=ANSWER))
    keeping = Keeping(handlers, clock)
    chat = ask(handlers, "Who?")
    html, view, empty = click(keeping, chat, ListView(), "delete", id=chat.conversation)
    assert "Undo: bring Who? back" in html
    assert (empty, saved(handlers)) == (Chat(), {})
    (number,) = re.findall(r'data-id="(\d+)" data-left="10"', html)
    html, view, opened = click(keeping, empty, view, "undo", id=number)
    assert opened.conversation == chat.conversation
    assert saved(handlers) == {"Who?": ["Who?"]}
    html, view, _ = click(keeping, opened, view, "delete", id=chat.conversation)
    clock.now = UNDO_SECONDS
    (number,) = re.findall(r'data-id="(\d+)" data-left="10"', html)
    assert UNDO_TOO_LATE in click(keeping, empty, view, "undo", id=number)[0]
    assert saved(handlers) == {}


def test_no_other_conversation_is_opened_while_a_question_waits() -> None:
    qa = HeldQA(ARTICLE, outcome=ANSWER)
    handlers = handlers_of(qa)
    conversation = handlers.kept.conversations.begin("", transcript.Turn("Who?", ANSWER))
    waiting = begin(handlers, "When?", Chat())
    html, _, opened = click(Keeping(handlers), Chat(), ListView(), "open", id=conversation)
    assert ANSWER_FIRST in html
    assert opened == gr.skip()
    qa.released.set()
    list(waiting)


@pytest.mark.parametrize("data", [None, {"action": "burn"}, {"action": "open", "id": "../etc"}])
def test_an_event_that_makes_no_sense_changes_nothing(handlers: Handlers, data: object) -> None:
    chat = ask(handlers, "Who?")
    event = gr.EventData(gr.HTML(), data)
    sent = Keeping(handlers).change_list(chat, View(), ListView(), event, VISITOR)
    assert sent[2:] == (gr.skip(),) * 7
    assert saved(handlers) == {"Who?": ["Who?"]}


def test_an_answer_is_pinned_and_has_a_note_in_the_chat_and_its_export(handlers: Handlers) -> None:
    keeping = Keeping(handlers)
    chat = ask(handlers, "Who?")
    _, chat, _, tools = annotate(keeping, chat, 1)
    assert "Pinned only (1)" in tools
    _, chat, messages, _ = annotate(keeping, chat, 1, "<b>Check</b>\n[this](x)")
    reply = messages[-1]["content"]
    assert "★ Pinned" in reply
    assert "&#60;b&#62;Check" in reply
    assert "[this](x)" not in reply
    exported = export_chat(chat, "html", handlers._qa.article).text
    assert "&lt;b&gt;Check&lt;/b&gt;" in exported
    assert handlers.kept_chat(chat.conversation).turns[0].note.startswith("<b>")
    status, *rest = annotate(keeping, chat, 1, "x" * 5_000)
    assert "at most 4,000 characters" in status
    assert rest == [gr.skip()] * 3
    assert "Pinned only" not in annotate(keeping, chat, 1)[3]


def test_a_kept_answer_is_shown_after_its_article_was_removed() -> None:
    gone = article_of("Three.", title="Gone")
    handlers = handlers_of(ScriptedQA(ARTICLE, outcome=ANSWER))
    turn = transcript.Turn("Who?", answer_of(Citation.of(gone, 0, 6)))
    chat = handlers.kept_chat(handlers.kept.conversations.begin("", turn))
    *_, messages = handlers.show_chat(chat, View(), VISITOR)
    assert "Removed since: “Gone”" in messages[-1]["content"]


def test_a_tab_goes_on_with_its_conversation_after_a_restart(handlers: Handlers) -> None:
    tab, chat = "a" * 32, ask(handlers, "Who?")
    again = handlers_of(
        ScriptedQA(ARTICLE, outcome=ANSWER), conversations=handlers.kept.conversations
    )
    restored = load(again, View(), f"{tab}.{chat.conversation}#")[3]
    assert [turn.question for turn in restored.turns] == ["Who?"]
    ask(again, "When?", restored)
    assert saved(again) == {"Who?": ["Who?", "When?"]}
    again.begin_new(View(), VISITOR)
    assert load(again, View(), f"{tab}.{chat.conversation}#")[3] == gr.skip()
    assert load(again, View(), f"{'b' * 32}.{'0' * 32}#")[3] == gr.skip()


def test_turns_that_are_not_answers_have_no_pin() -> None:
    chat = Chat((Turn("Who?", problem="No."),))
    assert 'class="pin"' not in chat.messages()[-1]["content"]
