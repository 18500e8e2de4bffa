"""The chat's turns, and what the page's handlers send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gradio as gr
import pytest

import app
from index.errors import ArticleNotFound, QuestionError
from index.types import Article, ArticleInfo, Heading, Passage, Span
from qa.answer import Answer
from qa.citations import Citation
from qa.page.chat import SHOWN_QUESTION_CHARS, Chat, Turn
from qa.page.marked import place_id, place_link
from qa.pipeline import ArticleQA


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
    """Answers as told, or raises: no model, no index."""

    def __init__(self, *articles: Article, outcome: Answer | Exception) -> None:
        self._articles = articles
        self._outcome = outcome
        self.asked: list[tuple[str, Any]] = []

    @property
    def ready(self) -> bool:
        return True

    def catalogue(self) -> list[ArticleInfo]:
        return [ArticleInfo.of(article) for article in self._articles]

    def article(self, article_id: str) -> Article:
        for article in self._articles:
            if article.id == article_id:
                return article
        raise ArticleNotFound(article_id)

    def ask(
        self, question: str, article_ids: Iterable[str] | None = None, *, rerank: bool = True
    ) -> Answer:
        assert rerank
        self.asked.append((question, article_ids))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def respond(qa: ArticleQA, question: str, chat: Chat | None = None, scope: str = "") -> list[Any]:
    event = gr.EventData(gr.Textbox(), None)
    return list(app.Handlers(qa).respond(question, chat or Chat(), scope, event))


def test_older_turns_keep_their_places_without_their_numbers() -> None:
    article = article_of("One. Two.")
    first = Turn("a", answer_of(Citation.of(article, 0, 4)))
    second = Turn("b", answer_of(Citation.of(article, 5, 9)))
    marks = Chat().with_turn(first).with_turn(second).marks()
    assert [(m.start, m.number) for m in marks] == [(0, 0), (5, 1)]


def test_a_refusal_is_a_callout_with_links_to_the_nearest_places() -> None:
    passage = Passage("a" * 32, "T", "One.", 7, 11, 0.1, 1)
    turn = Turn("q", answer_of(passages=[passage]))
    reply = turn.messages()[1]["content"]
    assert reply.startswith('<div class="refusal">\n\nThe article does not say.')
    assert "](#s7-11-aaaaaaaa)" in reply
    assert [(m.start, m.end, m.cited) for m in turn.marks(is_newest=True)] == [(7, 11, False)]


def test_a_question_is_shown_literally_and_not_endlessly() -> None:
    asked = Turn("**<b>**" + "x" * 10_000).messages()[0]["content"]
    assert asked.startswith("&#42;&#42;&#60;b&#62;")
    assert len(asked) < SHOWN_QUESTION_CHARS + 100


def test_the_article_of_the_answer_comes_into_view() -> None:
    two = article_of("Two.", title="Second")
    chat = Chat(article_id="f" * 32).with_turn(Turn("q", answer_of(Citation.of(two, 0, 4))))
    assert chat.article_id == two.id


def test_a_question_is_shown_at_once_and_then_answered() -> None:
    article = article_of("One. Two.")
    qa = ScriptedQA(article, outcome=answer_of(Citation.of(article, 0, 4)))
    waiting, done = respond(qa, "  Who? ")
    assert waiting[0] == ""
    assert waiting[1][0]["content"] == "Who?"
    assert 'class="waiting"' in waiting[1][1]["content"]
    assert 'data-state="busy"' in waiting[3]
    assert place_link(Citation.of(article, 0, 4)) in done[1][1]["content"]
    assert place_id(article.id, 0, 4) in done[2]
    assert 'data-state="done"' in done[3]
    assert qa.asked == [("Who?", None)]


def test_the_panel_is_sent_only_when_it_changes() -> None:
    article = article_of("One. Two.")
    waiting, done = respond(ScriptedQA(article, outcome=answer_of()), "Who?")
    assert waiting[2] == gr.skip()
    assert done[2] == gr.skip()


def test_a_blank_question_changes_nothing() -> None:
    (sent,) = respond(ScriptedQA(article_of("One."), outcome=answer_of()), "  \n")
    assert sent == (gr.skip(),) * 5


def test_an_example_is_asked_when_it_is_picked() -> None:
    qa = ScriptedQA(article_of("One."), outcome=answer_of())
    event = gr.EventData(gr.Chatbot(), {"index": 0, "value": {"text": app.EXAMPLES[0]}})
    list(app.Handlers(qa).respond("typed", Chat(), "", event))
    assert qa.asked == [(app.EXAMPLES[0], None)]


def test_one_article_can_be_asked_alone() -> None:
    article = article_of("One.")
    qa = ScriptedQA(article, outcome=answer_of())
    respond(qa, "Who?", scope=article.id)
    assert qa.asked == [("Who?", [article.id])]


def test_an_error_of_ours_is_a_sentence_in_the_chat() -> None:
    qa = ScriptedQA(article_of("One."), outcome=QuestionError("That is too long."))
    _, done = respond(qa, "Who?")
    assert done[1][1]["content"] == '<div class="problem">\n\nThat is too long.\n\n</div>'


def test_an_unexpected_error_is_logged_and_shown_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    qa = ScriptedQA(article_of("One."), outcome=RuntimeError("secret path"))
    _, done = respond(qa, "Who?")
    assert app.UNEXPECTED in done[1][1]["content"]
    assert "secret path" not in str(done)
    assert "secret path" in caplog.text


def test_the_api_tells_errors_as_a_sentence() -> None:
    ours = app.Handlers(ScriptedQA(outcome=QuestionError("Too long.")))
    with pytest.raises(gr.Error, match=r"Too long\."):
        ours.ask("Who?")
    unexpected = app.Handlers(ScriptedQA(outcome=RuntimeError("secret path")))
    with pytest.raises(gr.Error, match="went wrong"):
        unexpected.ask("Who?")


def test_clearing_the_chat_clears_the_marks() -> None:
    article = article_of("One. Two.")
    qa = ScriptedQA(article, outcome=answer_of())
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(article, 0, 4))))
    panel_sent, _, after = app.Handlers(qa).clear(chat)
    assert "<mark" not in panel_sent
    assert after.turns == ()


def test_choosing_an_article_shows_it() -> None:
    one, two = article_of("One.", title="First"), article_of("Two.", title="Second")
    handlers = app.Handlers(ScriptedQA(one, two, outcome=answer_of()))
    sent, _ = handlers.show(two.id, Chat())
    assert "Second" in sent
    assert "First" not in sent


def test_an_article_that_is_gone_gives_way_to_the_first() -> None:
    here, gone = article_of("One.", title="First"), article_of("Two.", title="Second")
    chat = Chat(article_id=gone.id).with_turn(Turn("q", answer_of(Citation.of(gone, 0, 4))))
    shown = app.Handlers(ScriptedQA(here, outcome=answer_of())).panel(chat)
    assert "First" in shown
    assert "Second" not in shown


def test_a_host_and_a_port_can_be_given() -> None:
    options = app._parser().parse_args(["--host", "0.0.0.0", "--port", "8000"])  # noqa: S104
    assert (options.host, options.port) == ("0.0.0.0", 8000)  # noqa: S104
    assert app._parser().parse_args([]).host == "127.0.0.1"


def test_a_file_that_is_not_there_ends_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match=r"exist\.txt"):
        app.main(["--article", "/does/not/exist.txt"])
