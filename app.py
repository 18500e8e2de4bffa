"""The chat in the browser: a question on the left, the article with its cited words on the right.

Run it with ``python app.py`` and open http://127.0.0.1:7860.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from gradio.events import api
from gradio.themes import Base, Font

from index.articles import bundled_article
from index.errors import ArticleQAError
from index.types import ArticleInfo
from qa.page.chat import Chat, Turn
from qa.page.panel import SCROLL_TO_NEWEST, panel_html, status_html
from qa.page.style import PAGE_STYLE
from qa.pipeline import ArticleQA

log = logging.getLogger(__name__)

# Questions to begin with, for the article that comes along.
EXAMPLES = (
    "Who did Marco Rubio call?",
    "When was Operation Sindoor launched?",
    "What did Kwatra say about the operation?",
    "Why did Islamabad suspend the Simla Agreement?",
)
TITLE = "Article QA"
ABOUT = (
    "Ask about the article. Each answer quotes the words it rests on; "
    "what the article does not say is not answered."
)
LOADING = "Loading the models… You can ask already: the question waits."
READY = "Ready"
SEARCHING = "Reading the article…"
UNEXPECTED = "Something went wrong on our side. The details are in the log of the program."
ALL_ARTICLES = ""
QUEUE_PLACES = 32
# For the events of the page itself: no spinner over it, and no program may call them.
PAGE_ONLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# The page takes no files; the smallest cap keeps the open upload route from filling a disk.
MAX_UPLOAD = "1kb"


def _sentence(error: Exception) -> str:
    """Return what to tell the visitor; an error that is not ours is logged, not shown."""
    if isinstance(error, ArticleQAError):
        return str(error)
    log.error("A request failed.", exc_info=error)
    return UNEXPECTED


@contextmanager
def _told() -> Iterator[None]:
    """Turn any error into the one sentence that Gradio shows or sends."""
    try:
        yield
    except Exception as error:
        raise gr.Error(_sentence(error), print_exception=False) from error


class Handlers:
    """What happens on the page, apart from how it is laid out."""

    def __init__(self, qa: ArticleQA) -> None:
        self._qa = qa

    def announce(self) -> Iterator[str]:
        """Yield the status line until the models are loaded."""
        if not self._qa.ready:
            yield status_html("loading", LOADING)
            try:
                self._qa.warm_up()
            except Exception as error:
                yield status_html("failed", _sentence(error))
                return
        yield status_html("ready", READY)

    def respond(
        self, typed: str, chat: Chat, scope: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """Yield question box, conversation, panel, status and chat: waiting, then answered."""
        picked = isinstance(event.target, gr.Chatbot)
        question = (event.value["text"] if picked else typed).strip()
        if not question:
            yield (gr.skip(),) * 5
            return
        number = len(chat.turns) + 1
        waiting = SEARCHING if self._qa.ready else LOADING
        messages = chat.with_turn(Turn(question, waiting=waiting)).messages()
        yield "", messages, gr.skip(), status_html("busy", waiting, number), gr.skip()
        after = chat.with_turn(self._answered(question, scope))
        done = status_html("done", READY, number)
        yield gr.skip(), after.messages(), self._changed(chat, after), done, after

    def clear(self, chat: Chat) -> tuple[Any, ...]:
        """Return panel, status and chat with nothing asked."""
        empty = Chat(article_id=chat.article_id)
        return self._changed(chat, empty), status_html("ready", READY), empty

    def show(self, scope: str, chat: Chat) -> tuple[Any, ...]:
        """Return panel and chat with the article in view that is asked about."""
        after = replace(chat, article_id=scope)
        return self._changed(chat, after), after

    def panel(self, chat: Chat) -> str:
        """Return the article in view, and below it the others that are cited."""
        marks = chat.marks()
        ids = [chat.article_id, *(mark.article_id for mark in marks)]
        if not self._qa.existing(ids[:1]):
            ids[:1] = [info.id for info in self._qa.catalogue()[:1]]
        return panel_html(self._qa.existing(ids), marks)

    def ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the articles alone, with exact citations.

        Args:
            question: The question, in plain words.
        """
        with _told():
            return self._qa.ask(question).to_dict()

    def retrieve(self, question: str, k: int = 5) -> list[dict[str, Any]]:
        """Return the passages nearest to a question, best first.

        Args:
            question: The question, in plain words.
            k: How many passages at most.
        """
        with _told():
            return [passage.to_dict() for passage in self._qa.retrieve(question, k=k)]

    def _answered(self, question: str, scope: str) -> Turn:
        try:
            answer = self._qa.ask(question, article_ids=[scope] if scope else None)
        except Exception as error:
            return Turn(question, problem=_sentence(error))
        return Turn(question, answer)

    def _changed(self, before: Chat, after: Chat) -> Any:  # noqa: ANN401 - as gr.skip() is
        panel = self.panel(after)
        return gr.skip() if panel == self.panel(before) else panel


def build_page(qa: ArticleQA) -> gr.Blocks:
    """Return the page over ``qa``; the models are loaded when it is first opened or asked."""
    handlers = Handlers(qa)
    articles = qa.catalogue()
    page: gr.Blocks = gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False)
    with page:
        chat = gr.State(Chat())
        with gr.Row(elem_id="top"):
            gr.HTML(f"<header><h1>{TITLE}</h1><p>{ABOUT}</p></header>", js_on_load=None)
            status = gr.HTML(status_html("starting", ""), js_on_load=None)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=5):
                conversation = _conversation(EXAMPLES if _is_bundled(articles) else ())
                box = _question_box()
            with gr.Column(scale=6):
                scope = _scope(articles)
                panel = gr.HTML(
                    handlers.panel(Chat()), elem_id="article", js_on_load=SCROLL_TO_NEWEST
                )
        gr.on(
            [box.submit, conversation.example_select],
            handlers.respond,
            [box, chat, scope],
            [box, conversation, panel, status, chat],
            trigger_mode="once",
            **PAGE_ONLY,
        )
        conversation.clear(handlers.clear, [chat], [panel, status, chat], **PAGE_ONLY)
        scope.input(handlers.show, [scope, chat], [panel, chat], **PAGE_ONLY)
        limit = QUEUE_PLACES  # each page that is open waits for the models in one of these
        page.load(handlers.announce, outputs=[status], concurrency_limit=limit, **PAGE_ONLY)
        api(handlers.ask, api_name="ask")
        api(handlers.retrieve, api_name="retrieve")
        page.queue(max_size=QUEUE_PLACES, api_open=False)
    return page


def _is_bundled(articles: Sequence[ArticleInfo]) -> bool:
    return [article.id for article in articles] == [bundled_article().id]


def _conversation(examples: Sequence[str]) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        allow_tags=False,
        latex_delimiters=[],
        buttons=[],
        layout="panel",
        examples=[{"text": question} for question in examples],
        placeholder="**Ask a question**" + (", or begin with one of these." if examples else "."),
    )


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        show_label=False,
        placeholder="Ask about the article",
        submit_btn="Ask",
        autofocus=True,
        max_lines=4,
    )


def _scope(articles: Sequence[ArticleInfo]) -> gr.Dropdown:
    choices = [("All articles", ALL_ARTICLES), *((a.title, a.id) for a in articles)]
    return gr.Dropdown(
        choices, value=ALL_ARTICLES, label="Ask about", elem_id="scope", visible=len(articles) > 1
    )


def launch(page: gr.Blocks, *, host: str, port: int) -> str:
    """Begin to serve ``page`` and return its address.

    Raises:
        OSError: Nothing can listen there, as when the port is in use.
    """
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        theme=Base(primary_hue="cyan", neutral_hue="slate", font=Font("sans-serif")),
        head=f"<style>{PAGE_STYLE}</style>",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD,
        quiet=True,
        share=False,
    )
    return address


def main(argv: Sequence[str] | None = None) -> None:
    """Open the page over the article that comes along, a file, or a library."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        qa = _opened(options)
        page = build_page(qa)
        address = launch(page, host=options.host, port=options.port)
    except ArticleQAError as error:
        sys.exit(f"article-qa: {error}")
    except OSError:
        sys.exit(f"article-qa: {options.host}:{options.port} is not free. Give another --port.")
    log.info("Open %s in a browser. Ctrl-C ends it.", address)
    threading.Thread(target=_warm_up, args=[qa], daemon=True).start()
    page.block_thread()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="the port to listen on")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--library", type=Path, help="a folder of articles, made if absent")
    source.add_argument("--article", type=Path, help="a file to ask about")
    return parser


def _opened(options: argparse.Namespace) -> ArticleQA:
    if options.library:
        return ArticleQA.open(options.library)
    if options.article:
        return ArticleQA.from_file(options.article)
    return ArticleQA.bundled()


def _warm_up(qa: ArticleQA) -> None:
    try:
        qa.warm_up()
    except Exception as error:
        log.error("The models could not be loaded: %s", error)


if __name__ == "__main__":
    main()
