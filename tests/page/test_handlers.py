"""The turns of a chat, and what the handlers send to the page."""

from __future__ import annotations

import asyncio
import re
import threading
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, QuestionError
from index.source_file import PageShape
from index.types import Article, ArticleInfo, Heading, Passage, Span, checked_title
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.article_qa import ArticleQA
from qa.conversation.intent import Intent, reply_to_small_talk
from qa.output.error_messages import UNEXPECTED_ERROR
from qa.output.places import place_id, place_link
from qa.page.article_list import ALREADY_REMOVED
from qa.page.article_view import HOW_TO_ADD, NO_ARTICLE
from qa.page.asking import NONE_SELECTED, READ_AT_ONCE
from qa.page.chat import SHOWN_QUESTION_CHARS, Chat, Turn
from qa.page.handlers import Handlers
from qa.page.view import View
from qa.settings import Settings
from tests.browser.visiting import built
from tests.page.handling import handlers_of

VISITOR = gr.Request(session_hash="visitor")


def article_of(text: str, *headings: Heading, title: str = "A title") -> Article:
    return Article.from_text(text, title=title, headings=headings)


def answer_of(*citations: Citation, passages: Iterable[Passage] = ()) -> Answer:
    text = "".join(f"[{number}]" for number in range(1, len(citations) + 1))
    return Answer(
        question="q",
        text=text or "The article does not say.",
        short=None,
        citations=citations,
        answered=bool(citations),
        confidence=0.5,
        passages=tuple(passages),
        marks=tuple(Span(3 * i, 3 * i + 3) for i in range(len(citations))),
    )


class ScriptedQA(ArticleQA):
    """Returns a given answer or raises a given error, without a model or an index."""

    def __init__(self, *articles: Article, outcome: Answer | Exception) -> None:
        self._articles = list(articles)
        self._outcome = outcome
        self.settings = Settings()
        self.asked: list[tuple[str, Any]] = []

    @property
    def ready(self) -> bool:
        return True

    def intent(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,  # noqa: ARG002
        *,
        history: Sequence[str | Answer] = (),  # noqa: ARG002
    ) -> Intent:
        return Intent.GREETING if question == "Hello" else Intent.FACTUAL

    def catalogue(self) -> list[ArticleInfo]:
        return [ArticleInfo.of(article) for article in self._articles]

    def article(self, article_id: str) -> Article:
        for article in self._articles:
            if article.id == article_id:
                return article
        raise ArticleNotFound(article_id)

    def existing(self, article_ids: Iterable[str]) -> list[Article]:
        known = {article.id: article for article in self._articles}
        return [known[each] for each in dict.fromkeys(article_ids) if each in known]

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:  # noqa: ARG002
        return ()

    def rename(self, article_id: str, title: str) -> str:
        i = self._articles.index(self.article(article_id))
        self._articles[i] = replace(self._articles[i], title=checked_title(title))
        return title

    def remove(self, article_id: str) -> None:
        self._articles.remove(self.article(article_id))

    def titles(self, article_ids: Iterable[str] | None = None) -> dict[str, str]:
        known = {article.id: article.title for article in self._articles}
        ids = known if article_ids is None else article_ids
        return {each: known[each] for each in ids if each in known}

    def add_article(self, article: Article, progress: Progress | None = None) -> Article:
        if progress:
            progress(1, 2)
            progress(2, 2)
        self._articles.append(article)
        return article

    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        **options: Any,  # noqa: ANN401 - of a language model
    ) -> Any:  # noqa: ANN401 - always an answer
        assert rerank
        assert not own_words
        assert not options
        self.history = list(history)
        self.asked.append((question, article_ids))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def respond(
    qa: ArticleQA, question: str, chat: Chat | None = None, view: View | None = None
) -> list[Any]:
    """Return each update of box, conversation, status, chat and tools until the answer."""
    handlers, event = handlers_of(qa), gr.EventData(gr.Textbox(), None)
    *sent, last = handlers.asking.respond(question, chat or Chat(), view or View(), event, VISITOR)
    if not isinstance(last[3], Chat):
        return [*sent, last]
    status, *_, conversation, tools = handlers.show_answer(last[3], view or View(), VISITOR)
    return [*sent, (last[0], conversation, status, last[3], tools)]


def click(qa: ArticleQA, view: View, action: str, article_id: str = "", **data: Any) -> Any:  # noqa: ANN401 - of Gradio
    """Return shelf, panel and view after a click in the list of articles."""
    unticked = {"unselected": list(view.unselected)}
    event = gr.EventData(gr.HTML(), unticked | {"action": action, "id": article_id} | data)
    return handlers_of(qa).change_shelf(Chat(), view, event, VISITOR)


def load(handlers: Handlers, view: View, tab: str = "") -> tuple[Any, ...]:
    """Return shelf, panel, view, chat, messages and tools of a page just loaded."""
    return handlers.restore(Chat(), view, tab, VISITOR)


class LoadingQA(ScriptedQA):
    """Loads its models when asked to; ``meanwhile`` happens just before."""

    loaded = False

    @property
    def ready(self) -> bool:
        return self.loaded

    def warm_up(self) -> None:
        self.meanwhile()
        self.loaded = True

    def meanwhile(self) -> object:
        """Happens while the models are loaded."""


@pytest.mark.parametrize("asks", [True, False])
def test_a_question_answered_while_the_models_load_keeps_its_status(*, asks: bool) -> None:
    article = article_of("One. Two.")
    qa = LoadingQA(article, outcome=answer_of(Citation.of(article, 0, 4)))
    handlers, event = handlers_of(qa), gr.EventData(gr.Textbox(), None)
    load(handlers, View(), "0" * 32)
    if asks:
        qa.meanwhile = lambda: list(  # type: ignore[method-assign]
            handlers.asking.respond("Which?", Chat(), View(), event, VISITOR)
        )
    loading, last = handlers.load_models(VISITOR)
    assert "loading" in loading
    assert (last == gr.skip()) is asks
    if not asks:
        assert "Ready" in last


def test_places_of_older_turns_stay_marked_without_numbers() -> None:
    article = article_of("One. Two.")
    first = Turn("a", answer_of(Citation.of(article, 0, 4)))
    second = Turn("b", answer_of(Citation.of(article, 5, 9)))
    marks = Chat().with_turn(first).with_turn(second).cited()
    assert [(m.start, m.number) for m in marks] == [(0, 0), (5, 1)]


def test_a_refusal_is_a_callout_with_links_to_the_nearest_places() -> None:
    passage = Passage("a" * 32, "T", "One.", 7, 11, 0.1, 1, similarity=0.5)
    turn = Turn("q", answer_of(passages=[passage]))
    reply = turn.messages(1, is_newest=True)[1]["content"]
    assert reply.startswith('<div class="refusal">\n\nThe article does not say.')
    assert '[show<span class="unseen">: One.</span>](#s7-11-aaaaaaaa)' in reply
    assert [(m.start, m.end, m.cited) for m in turn.marks(is_newest=True)] == [(7, 11, False)]


THREE_PARAGRAPHS = article_of("Old.\n\nNew.\n\nThe pier burned in 1904.", title="Pier")
PAGED = Article.from_text("One page.\fPier burned.", title="Survey", pages=(0, 10))


def unescaped(text: str) -> str:
    """Return Markdown or HTML with the commas and full stops of our places unescaped."""
    return text.replace("&#44;", ",").replace("&#46;", ".")


@pytest.mark.parametrize(
    ("article", "place"), [(THREE_PARAGRAPHS, "Pier, paragraph 3"), (PAGED, "Survey, p. 2")]
)
def test_tips_and_copied_quotes_name_the_paragraph_or_page(article: Article, place: str) -> None:
    start = article.text.index("ier burned") - 1
    citation = Citation.of(article, start, len(article.text))
    text = article.text[start:]
    passage = Passage(
        article.id, article.title, text, start, len(article.text), 0.9, 1, page=citation.page
    )
    qa = ScriptedQA(article, outcome=answer_of(citation, passages=[passage]))
    chat = respond(qa, "When?")[-1][3]
    reply = unescaped(chat.messages()[1]["content"])
    assert place in reply
    panel = unescaped(handlers_of(qa).show_answer(chat, View(), VISITOR)[2])
    assert panel.count(f"\n{place} · ") == 2  # of the citation and of the passage, on the strip
    event = gr.EventData(gr.HTML(), {"turn": 1})
    assert place in sent_document(handlers_of(qa).copy(chat, event))
    assert "characters" not in reply + panel


def test_where_several_articles_were_asked_a_nearest_passage_names_article_and_paragraph() -> None:
    other = article_of("Another one.", title="Other")
    start = THREE_PARAGRAPHS.text.index("New")
    passage = Passage(THREE_PARAGRAPHS.id, "Pier", "New.", start, start + 4, 0.1, 1, similarity=0.5)
    qa = ScriptedQA(THREE_PARAGRAPHS, other, outcome=answer_of(passages=[passage]))
    chat = respond(qa, "When?")[-1][3]
    reply = unescaped(chat.messages()[1]["content"])
    assert f"[Pier, paragraph 2](#s{start}" in reply


def test_a_question_is_shown_literally_and_shortened() -> None:
    asked = Turn("**<b>**" + "x" * 10_000).messages(1, is_newest=True)[0]["content"]
    assert asked.startswith("&#42;&#42;&#60;b&#62;")
    assert len(asked) < SHOWN_QUESTION_CHARS + 100


def test_the_cited_article_opens_with_the_answer() -> None:
    one, two = article_of("One.", title="First"), article_of("Two.", title="Second")
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(two, 0, 4))))
    qa = ScriptedQA(one, two, outcome=answer_of())
    status, shelf, panel, view, *_ = handlers_of(qa).show_answer(
        chat, View(article_id=one.id), VISITOR
    )
    assert 'data-state="done"' in status
    assert view.article_id == two.id
    assert "Second" in panel
    assert shelf.index("aria-current") > shelf.index("First")


def test_a_question_is_shown_at_once_and_then_answered() -> None:
    article = article_of("One. Two.")
    qa = ScriptedQA(article, outcome=answer_of(Citation.of(article, 0, 4)))
    waiting, done = respond(qa, "  Who? ")
    assert waiting[0] == ""
    assert waiting[1][0]["content"] == "Who?"
    assert 'class="waiting"' in waiting[1][1]["content"]
    assert 'data-state="busy"' in waiting[2]
    assert place_link(Citation.of(article, 0, 4)) in done[1][1]["content"]
    assert place_id(article.id, 0, 4) in handlers_of(qa).show_answer(done[3], View(), VISITOR)[2]
    assert qa.asked == [("Who?", None)]


def test_shelf_and_panel_are_sent_only_when_they_change() -> None:
    qa = ScriptedQA(article_of("One. Two."), outcome=answer_of())
    _, _, view = handlers_of(qa).initial()
    assert load(handlers_of(qa), view)[:3] == (gr.skip(), gr.skip(), view)
    chat = Chat().with_turn(Turn("q", answer_of()))
    assert handlers_of(qa).show_answer(chat, view, VISITOR)[1:4] == (gr.skip(), gr.skip(), view)
    qa.add_text("Three.", title="Third")
    shelf, panel, after = load(handlers_of(qa), view)[:3]
    assert "Third" in shelf
    assert panel == gr.skip()
    assert load(handlers_of(qa), after)[0] == gr.skip()


def test_a_reloaded_tab_gets_its_conversation_back_and_no_other_tab_does() -> None:
    article = article_of("One. Two.")
    handlers = handlers_of(ScriptedQA(article, outcome=answer_of(Citation.of(article, 0, 4))))
    _, _, view = handlers.initial()
    key = "a" * 32
    there = load(handlers, view, key)[2]
    asked = handlers.asking.respond(
        "Who?", Chat(), there, gr.EventData(gr.Textbox(), None), VISITOR
    )
    chat = list(asked)[-1][3]
    _, panel, again, kept, conversation, tools = load(handlers, view, key)
    assert kept == chat
    assert conversation[0]["content"] == "Who?"
    assert "Save HTML" in tools
    assert f'data-target="{place_id(article.id, 0, 4)}"' in panel
    handlers.begin_new(again, VISITOR)
    assert load(handlers, view, "b" * 32)[3:] == (gr.skip(),) * 3
    assert load(handlers, view, key)[3:] == (gr.skip(),) * 3


class HeldQA(ScriptedQA):
    """Answers when ``released`` is set."""

    def __init__(self, *articles: Article, outcome: Answer | Exception) -> None:
        super().__init__(*articles, outcome=outcome)
        self.released = threading.Event()

    def ask(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as they are passed on
        self.released.wait()
        return super().ask(*args, **options)


def begin(handlers: Handlers, question: str, chat: Chat) -> Iterator[tuple[Any, ...]]:
    """Ask, and return the updates that follow when the page shows that it waits."""
    sent = handlers.asking.respond(
        question, chat, View(), gr.EventData(gr.Textbox(), None), VISITOR
    )
    assert 'data-state="busy"' in next(sent)[2]
    return sent


def test_a_reloaded_page_keeps_waiting_for_the_answer() -> None:
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers, key, again = handlers_of(qa), "a" * 32, gr.Request(session_hash="again")
    load(handlers, View(), key)
    begin(handlers, "Who?", Chat())
    *_, chat, messages, tools = handlers.restore(Chat(), View(), key, again)
    assert chat == Chat()
    assert [m["role"] for m in messages] == ["user", "assistant"]
    assert messages[0]["content"] == "Who?"
    assert 'class="waiting"' in messages[1]["content"]
    assert "data-resume" in tools
    resumed = handlers.asking.resume(again)
    busy = next(resumed)
    assert 'data-state="busy"' in busy[2]
    assert "Stop" in busy[4]
    assert handlers.show_answer(Chat().with_turn(Turn("a")), View(), again) == (gr.skip(),) * 6
    qa.released.set()
    ((*_, after, _),) = resumed
    assert [turn.answer for turn in after.turns] == [answer_of()]
    *_, chat, _, tools = handlers.restore(Chat(), View(), key, VISITOR)
    assert chat == after
    assert "data-resume" not in tools
    assert list(handlers.asking.resume(VISITOR)) == [(gr.skip(),) * 5]


def test_an_answer_that_arrived_during_a_reload_is_shown_at_once() -> None:
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers, key, again = handlers_of(qa), "a" * 32, gr.Request(session_hash="again")
    load(handlers, View(), key)
    lost = begin(handlers, "Who?", Chat())
    qa.released.set()
    handlers.restore(Chat(), View(), key, again)
    list(lost)  # it runs to its end, but the tab has another visit
    _, (*_, after, _) = handlers.asking.resume(again)
    assert [turn.answer for turn in after.turns] == [answer_of()]


def test_a_question_can_be_stopped_after_a_reload() -> None:
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers, key, again = handlers_of(qa), "a" * 32, gr.Request(session_hash="again")
    load(handlers, View(), key)
    begin(handlers, "Who?", Chat())
    handlers.restore(Chat(), View(), key, again)
    resumed = handlers.asking.resume(again)
    next(resumed)
    handlers.asking.stop(again)
    ((box, messages, status, after, _),) = resumed
    assert (box, messages, after) == ("Who?", [], Chat())
    assert "Stopped" in status
    assert list(handlers.asking.resume(again)) == [(gr.skip(),) * 5]
    qa.released.set()


def test_a_second_question_stays_in_the_box_until_the_first_is_answered() -> None:
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers = handlers_of(qa)
    first = begin(handlers, "Who?", Chat())
    event = gr.EventData(gr.Textbox(), None)
    assert list(handlers.asking.respond("What?", Chat(), View(), event, VISITOR)) == [
        (gr.skip(),) * 5
    ]
    qa.released.set()
    list(first)
    assert [question for question, _ in qa.asked] == ["Who?"]


def test_a_queued_question_can_be_stopped_and_is_never_read() -> None:
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers, event = handlers_of(qa), gr.EventData(gr.Textbox(), None)
    visitors = [gr.Request(session_hash=str(number)) for number in range(READ_AT_ONCE + 1)]
    asked = [handlers.asking.respond("Who?", Chat(), View(), event, each) for each in visitors]
    for sent in asked:
        assert 'data-state="busy"' in next(sent)[2]
    handlers.asking.stop(visitors[-1])
    (stopped,) = asked.pop()
    assert "Stopped" in stopped[2]
    qa.released.set()
    for sent in asked:
        list(sent)
    assert len(qa.asked) == READ_AT_ONCE


def test_an_address_with_a_place_opens_the_article_there() -> None:
    one, two = article_of("One.", title="First"), article_of("Two.", title="Second")
    handlers = handlers_of(ScriptedQA(one, two, outcome=answer_of()))
    place = place_id(two.id, 0, 4)
    _, panel, view, *_ = load(handlers, View(), f"#{place}")
    assert "Second" in panel
    assert f'data-target="{place}"' in panel
    assert view.article_id == two.id
    assert load(handlers, View(), "#nonsense")[2].article_id == ""


def test_a_reply_names_quoted_articles_that_were_removed() -> None:
    here, gone = article_of("One."), article_of("Two.", title="<i>Gone</i>")
    turn = Turn("q", answer_of(Citation.of(gone, 0, 4)))
    kept = turn.messages(1, is_newest=True, known={gone.id})[1]["content"]
    assert "Removed since" not in kept
    reply = turn.messages(1, is_newest=True, known={here.id})[1]["content"]
    assert "Removed since: “&#60;i&#62;Gone&#60;/i&#62;”" in reply.replace("&#47;", "/")


def test_a_blank_question_changes_nothing() -> None:
    (sent,) = respond(ScriptedQA(article_of("One."), outcome=answer_of()), "  \n")
    assert sent == (gr.skip(),) * 5


def test_a_clicked_example_is_asked() -> None:
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    event = gr.EventData(gr.Chatbot(), {"index": 0, "value": {"text": "Picked?"}})
    list(handlers_of(qa).asking.respond("typed", Chat(), View(), event, VISITOR))
    assert qa.asked == [("Picked?", None)]


def test_only_the_selected_articles_are_asked() -> None:
    one, two = article_of("One."), article_of("Two.")
    qa = ScriptedQA(one, two, outcome=answer_of())
    respond(qa, "Who?", view=View(unselected=frozenset({two.id})))
    assert qa.asked == [("Who?", [one.id])]


def test_without_an_article_to_ask_the_reply_says_what_to_do() -> None:
    one = article_of("One.")
    qa = ScriptedQA(one, outcome=answer_of())
    _, done = respond(qa, "Who?", view=View(unselected=frozenset({one.id})))
    assert NONE_SELECTED.split(",")[0] in done[1][1]["content"]
    _, done = respond(ScriptedQA(outcome=answer_of()), "Who?")
    assert NO_ARTICLE.split(" “")[0] in done[1][1]["content"]
    assert qa.asked == []


@pytest.mark.parametrize("question", ["?", "...", "🙂", "1"])
def test_a_question_without_a_letter_is_blank_with_or_without_an_article(question: str) -> None:
    with ArticleQA.from_text("The ferry sails at noon.") as qa:
        none_selected = View(unselected=frozenset(article.id for article in qa.articles()))
        for view in (View(), none_selected):
            _, done = respond(qa, question, view=view)
            assert "The question is blank" in unescaped(done[1][1]["content"])


def test_a_greeting_is_answered_even_without_an_article_to_ask() -> None:
    one = article_of("One.")
    greeting = reply_to_small_talk("Hello", Intent.GREETING, [])
    qa = ScriptedQA(one, outcome=greeting)
    _, done = respond(qa, "Hello", view=View(unselected=frozenset({one.id})))
    assert done[3].turns[0].answer is greeting
    _, done = respond(ScriptedQA(outcome=greeting), "Hello")
    assert done[3].turns[0].answer.text == f"{greeting.text} {HOW_TO_ADD}"
    assert "problem" not in done[1][1]["content"]


def test_one_of_our_errors_is_shown_in_the_chat() -> None:
    qa = ScriptedQA(article_of("One."), outcome=QuestionError("That is too long."))
    _, done = respond(qa, "Who?")
    assert done[1][1]["content"] == '<div class="problem">\n\nThat is too long.\n\n</div>'


def test_an_unexpected_error_is_logged_and_its_text_is_not_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    qa = ScriptedQA(article_of("One."), outcome=RuntimeError("secret path"))
    _, done = respond(qa, "Who?")
    assert UNEXPECTED_ERROR in done[1][1]["content"]
    assert "secret path" not in str(done)
    assert "secret path" in caplog.text


def test_the_api_returns_our_error_messages() -> None:
    ours = handlers_of(ScriptedQA(outcome=QuestionError("Too long.")))
    with pytest.raises(gr.Error, match=r"Too long\."):
        ours.ask("Who?")
    unexpected = handlers_of(ScriptedQA(outcome=RuntimeError("secret path")))
    with pytest.raises(gr.Error, match="went wrong"):
        unexpected.ask("Who?")


def test_a_new_conversation_has_no_marks() -> None:
    article = article_of("One. Two.")
    qa = ScriptedQA(article, outcome=answer_of())
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(article, 0, 4))))
    view = handlers_of(qa).show_answer(chat, View(), VISITOR)[3]
    _, _, panel_sent, _, after, _, _ = handlers_of(qa).begin_new(view, VISITOR)
    assert "<mark" not in panel_sent
    assert after.turns == ()


def test_opening_an_article_shows_it() -> None:
    one, two = article_of("One.", title="First"), article_of("Two.", title="Second")
    _, panel, view = click(ScriptedQA(one, two, outcome=answer_of()), View(), "open", two.id)
    assert "Second" in panel
    assert "First" not in panel
    assert view.article_id == two.id


def test_the_ticks_are_saved_as_the_browser_sends_them() -> None:
    one, two = article_of("One."), article_of("Two.")
    qa = ScriptedQA(one, two, outcome=answer_of())
    _, _, view = handlers_of(qa).initial()
    shelf, _, after = click(qa, view, "choose", two.id, unselected=[two.id, "no such id", 5])
    assert after.unselected == {two.id}
    assert not isinstance(shelf, str)  # the browser shows the ticks already
    shelf, _, after = click(qa, after, "open", two.id, unselected=[two.id])
    assert shelf.count(" checked") == 1
    _, _, after = click(qa, after, "choose", two.id, unselected=[])
    assert after.unselected == frozenset()


def test_an_article_is_renamed_in_two_steps() -> None:
    one = article_of("One.", title="<b>First</b>")
    qa = ScriptedQA(one, outcome=answer_of())
    shelf, _, view = click(qa, View(), "rename", one.id)
    assert 'value="&lt;b&gt;First&lt;/b&gt;"' in shelf
    shelf, _, view = click(qa, view, "save", one.id, title="  ")
    assert "The title is blank." in shelf
    shelf, panel, view = click(qa, view, "save", one.id, title="Renamed")
    assert "Renamed" in shelf
    assert "Renamed" in panel
    assert view.renaming == ""


@pytest.mark.parametrize("data", [None, {}, {"action": "explode"}, {"action": ["open"], "id": {}}])
def test_an_invalid_action_changes_nothing(data: Any) -> None:  # noqa: ANN401 - anything at all
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    _, _, view = handlers_of(qa).initial()
    assert (
        handlers_of(qa).change_shelf(Chat(), view, gr.EventData(gr.HTML(), data), VISITOR)[2]
        == view
    )


def test_an_action_on_a_removed_article_shows_a_message() -> None:
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    shelf, _, _ = click(qa, View(), "remove", "f" * 32)
    assert ALREADY_REMOVED in shelf


def test_the_first_article_is_shown_when_the_open_one_is_removed() -> None:
    here, gone = article_of("One.", title="First"), article_of("Two.", title="Second")
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(gone, 0, 4))))
    handlers = handlers_of(ScriptedQA(here, outcome=answer_of()))
    shown = handlers.panel(chat, View(article_id=gone.id))
    assert "First" in shown
    assert "Second" not in shown


def test_a_text_is_added_and_opened() -> None:
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    steps = list(handlers_of(qa).additions.add_text("Two words.", "<i>New</i>", VISITOR))
    note, added, text, title = steps[-1]
    assert "Added “&lt;i&gt;New&lt;/i&gt;”." in note
    assert (text, title) == ("", "")
    shelf, panel, view = handlers_of(qa).show_added(Chat(), View(), added, VISITOR)
    assert view.article_id == added[0]
    assert "Two words." in panel
    assert "&lt;i&gt;New" in shelf


def test_a_refused_text_stays_in_its_box() -> None:
    handlers = handlers_of(ScriptedQA(outcome=answer_of()))
    *_, (note, added, text, _) = handlers.additions.add_text(" ", "", VISITOR)
    assert "The article has no text." in note
    assert added == []
    assert text == gr.skip()


def test_a_refused_file_does_not_block_the_others_and_all_uploads_are_deleted(
    tmp_path: Path,
) -> None:
    paths = []
    for name, words in (("a.txt", "Some words."), ("b.txt", " "), ("c.txt", "More words.")):
        folder = tmp_path / name.removesuffix(".txt")
        folder.mkdir()
        (folder / name).write_text(words, encoding="utf-8")
        paths.append(str(folder / name))
    qa = ScriptedQA(outcome=answer_of())
    *_, (note, added, files) = handlers_of(qa).additions.add_files(paths, VISITOR)
    assert len(added) == 2
    assert "b.txt has no text in it." in note
    assert files is None
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_upload_is_deleted_and_not_added(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.txt").write_text("Some words.", encoding="utf-8")

    class Stopped(ScriptedQA):
        def add_article(self, article: Article, progress: Progress | None = None) -> Article:
            if article.title == "A":
                handlers.additions.stop(VISITOR)
            return super().add_article(article, progress)

    qa = Stopped(outcome=answer_of())
    handlers = handlers_of(qa)
    *_, (note, added, _) = handlers.additions.add_files([str(tmp_path / "a" / "a.txt")], VISITOR)
    assert "Stopped. Nothing was added." in note
    assert added == []
    # The next in the line comes when that has ended, and its copy is gone.
    list(handlers.additions.add_text("Other words.", "Other", VISITOR))
    assert [info.title for info in qa.catalogue()] == ["Other"]


@pytest.mark.slow
def test_skipped_updates_leave_no_copies_in_the_session() -> None:
    page = built(ScriptedQA(article_of("One."), outcome=answer_of()))
    respond = next(fn for fn in page.fns.values() if fn.api_name == "respond")
    session = SessionState(page)

    async def turns() -> None:
        for number in range(3):
            skipped: list[Any] = [gr.skip(), gr.skip(), gr.skip(), Chat(), gr.skip()]
            shown: list[Any] = ["", [], f"{number}", gr.skip(), f"{number}"]
            for sent in (skipped, shown):
                await page.postprocess_data(respond, sent, session)

    with ThreadPoolExecutor(1) as pool:  # Gradio has left an event loop in this thread
        pool.submit(asyncio.run, turns()).result()
    assert session.blocks_config.blocks.keys() == page.blocks.keys()


def sent_document(outbox: str) -> str:
    (data,) = re.findall(r'data-text="([\w+/=]*)"', outbox)
    return b64decode(data).decode("utf-8")


def test_the_last_question_is_asked_again() -> None:
    article = article_of("One. Two.")
    qa = ScriptedQA(article, outcome=answer_of(Citation.of(article, 0, 4)))
    chat = Chat().with_turn(Turn("a", answer_of())).with_turn(Turn("b", problem="Wrong."))
    _, (_, _, _, after, _) = handlers_of(qa).asking.retry(chat, View(), VISITOR)
    assert qa.asked == [("b", None)]
    assert [turn.question for turn in after.turns] == ["a", "b"]
    assert not after.turns[-1].problem


def test_earlier_answers_are_the_history_but_not_the_one_asked_again() -> None:
    first, second = answer_of(), answer_of()
    chat = Chat((Turn("a", first), Turn("b", problem="Lost."), Turn("c", second)))
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    respond(qa, "And then?", chat)
    assert qa.history == [first, second]
    list(handlers_of(qa).asking.retry(chat, View(), VISITOR))
    assert qa.history == [first]


def test_a_stopped_question_returns_to_its_box() -> None:
    chat = Chat().with_turn(Turn("a", answer_of()))
    qa = HeldQA(article_of("One."), outcome=answer_of())
    handlers, event = handlers_of(qa), gr.EventData(gr.Textbox(), None)
    asked = handlers.asking.respond("Who?", chat, View(), event, VISITOR)
    waiting = next(asked)
    handlers.asking.stop(VISITOR)
    (stopped,) = asked
    qa.released.set()
    assert "Stop" in waiting[4]
    box, messages, status, after, _ = stopped
    assert (box, messages, after) == ("Who?", chat.messages(), chat)
    assert "Stopped" in status


@pytest.mark.parametrize(
    ("turn", "copied"), [(1, "“One.”"), (2, "“Two.”"), (3, ""), (4, ""), ("1", ""), (None, "")]
)
def test_any_answer_is_copied_with_its_quotes(turn: object, copied: str) -> None:
    article = article_of("One. Two.")
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(article, 0, 4))))
    chat = chat.with_turn(Turn("q", answer_of(Citation.of(article, 5, 9))))
    chat = chat.with_turn(Turn("q", problem="It failed."))
    event = gr.EventData(gr.HTML(), {"turn": turn})
    sent = sent_document(handlers_of(ScriptedQA(article, outcome=answer_of())).copy(chat, event))
    assert copied in sent
    assert bool(sent) is bool(copied)


@pytest.mark.parametrize(("kind", "suffix"), [("html", "html"), ("markdown", "md"), ("../x", "md")])
def test_a_saved_conversation_is_named_after_its_date(kind: str, suffix: str) -> None:
    article = article_of("One. Two.", title="../../<b>")
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(article, 0, 4))))
    event = gr.EventData(gr.HTML(), {"kind": kind})
    handlers = handlers_of(ScriptedQA(article, outcome=answer_of()))
    sent, _ = handlers.download(chat, event)
    assert re.search(rf'data-name="conversation-\d{{4}}-\d\d-\d\d\.{suffix}"', sent)
    assert "One." in sent_document(sent)
    assert handlers.download(chat, event)[0] != sent
