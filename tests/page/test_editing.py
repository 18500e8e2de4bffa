from __future__ import annotations

from dataclasses import replace

import gradio as gr

from qa.page.chat import Chat, Turn
from qa.page.editing import is_edited, wording_of
from qa.page.view import View
from tests.page.handling import handlers_of
from tests.page.test_handlers import VISITOR, ScriptedQA, answer_of, article_of

UNDERSTOOD = "When was the bridge opened?"
CHAT = Chat((Turn("When was it?", replace(answer_of(), understood=UNDERSTOOD)),))


def test_the_wording_of_a_turn_is_how_it_was_understood() -> None:
    assert wording_of(CHAT, 1) == UNDERSTOOD
    assert wording_of(CHAT, 2) == ""
    assert wording_of(CHAT, "1; drop") == ""
    assert wording_of(Chat((Turn("a", answer_of()),)), 1) == ""


def test_an_edited_wording_is_distinguished_from_a_new_question() -> None:
    assert is_edited("When was the old bridge opened?", UNDERSTOOD)
    assert not is_edited("Who paid?", UNDERSTOOD)
    assert not is_edited("", "")


def asked(view: View, question: str) -> int:
    """Return how many earlier answers the question is read with."""
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    event = gr.EventData(gr.Textbox(), None)
    list(handlers_of(qa).asking.respond(question, CHAT, view, event, VISITOR))
    return len(qa.history)


def test_an_edited_wording_is_asked_without_history() -> None:
    event = gr.EventData(gr.HTML(), {"turn": 1})
    handlers = handlers_of(ScriptedQA(article_of("One."), outcome=answer_of()))
    box, view = handlers.asking.edit(CHAT, View(), event)
    assert box == UNDERSTOOD
    assert asked(view, "When was it opened again?") == 0
    assert asked(view, "Who?") == 1
    assert asked(View(), "When was it opened again?") == 1


def test_the_edited_wording_is_cleared_once_it_is_answered() -> None:
    handlers = handlers_of(ScriptedQA(article_of("One."), outcome=answer_of()))
    view = handlers.show_answer(CHAT, View(edited_question=UNDERSTOOD), VISITOR)[3]
    assert view.edited_question == ""
