from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import gradio as gr

from index.articles import bundled_article
from index.errors import ArticleNotFound
from index.types import Article
from qa.article_qa import ArticleQA
from qa.page.chat import Chat, Turn
from qa.page.handlers import empty_chat_markdown
from qa.page.view import View
from tests.page.handling import handlers_of
from tests.page.test_handlers import ScriptedQA, answer_of

BUNDLED = bundled_article()
OTHER = Article.from_text("Other.", title="Other")


class SuggestingQA(ScriptedQA):
    """Suggests one question that says with which arguments it was called."""

    gone = False

    def suggest(
        self,
        article_ids: Iterable[str] | None = None,
        count: int = 8,
        *,
        about: Iterable[str] | None = None,
        should_continue: Callable[[], bool] = lambda: True,
        own_words: bool = False,
    ) -> list[str]:
        assert not own_words
        if self.gone:
            raise ArticleNotFound(OTHER.id)
        return [f"{article_ids} {list(about or ())} {should_continue()}?"][:count]


def offered(chat: Chat, view: View, *articles: Article, gone: bool = False) -> list[Any]:
    """Return the examples in each update of the conversation."""
    qa = SuggestingQA(*articles, outcome=answer_of())
    qa.gone = gone
    sent = list(handlers_of(qa).suggest(chat, view))
    return [
        [example["text"] for example in update.examples or ()]
        if isinstance(update, gr.Chatbot)
        else update
        for update in sent
    ]


def test_questions_are_suggested_from_the_selected_articles() -> None:
    found = [f"None ['{OTHER.id}'] True?"]
    assert offered(Chat(), View(article_id=OTHER.id), BUNDLED, OTHER) == [[], found]
    chosen = View(unselected=frozenset({BUNDLED.id}))
    assert offered(Chat(), chosen, BUNDLED, OTHER) == [[], [f"['{OTHER.id}'] ['{OTHER.id}'] True?"]]


def test_no_questions_are_suggested_in_a_conversation_that_has_begun() -> None:
    assert offered(Chat((Turn("q"),)), View(), OTHER) == [gr.skip()]


def test_an_article_removed_meanwhile_leaves_no_suggestions() -> None:
    assert offered(Chat(), View(), OTHER, gone=True) == [[]]


def test_the_page_shows_the_questions_that_suggest_returns(bundled: ArticleQA) -> None:
    sent = list(handlers_of(bundled).suggest(Chat(), View()))
    offers = [example["text"] for example in sent[-1].examples]
    assert offers == bundled.suggest() != []


def test_without_an_article_no_questions_are_suggested() -> None:
    assert offered(Chat(), View()) == [[], []]
    assert empty_chat_markdown(()) == "**Ask a question**."
