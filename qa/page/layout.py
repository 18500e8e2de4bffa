"""The page as Gradio lays it out, with its events."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency, api

from index.sources.loaders import FORMATS
from qa.article_qa import ArticleQA
from qa.page.adding import Adding, adding_html
from qa.page.addition_queue import MOST_WAITING
from qa.page.asking import MOST_ASKED
from qa.page.conversation_tools import tools_html
from qa.page.gradio_patches import AT_ONCE, QueuedBlocks, on_load
from qa.page.handlers import Handlers, invitation
from qa.page.panel import status_html
from qa.page.state import Chat

TITLE = "Article QA"
ABOUT = "Every answer quotes your articles. If they don't say, it tells you."
_TOOLS = ("retry", "resume", "edit", "stop", "copy", "download", "undo")
# For the events of the page itself: no spinner over it, and no program may call them.
PAGE_ONLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Uploads that nothing came of, because the visitor left, are deleted within two hours.
_CLEANED_EVERY_SECONDS = 3600


class _Adding(NamedTuple):
    """The forms that add articles, and the line below them."""

    files: gr.File
    text: gr.Textbox
    title: gr.Textbox
    add_text: gr.Button
    url: gr.Textbox
    add_url: gr.Button
    note: gr.HTML


class _Parts(NamedTuple):
    """The components that events change, and a visitor's state."""

    chat: gr.State
    view: gr.State
    status: gr.HTML
    shelf: gr.HTML
    adding: _Adding
    conversation: gr.Chatbot
    tools: gr.HTML
    outbox: gr.HTML
    box: gr.Textbox
    panel: gr.HTML

    @property
    def seen(self) -> list[gr.HTML | gr.State]:
        """What shows the articles: shelf and panel, and the view that both are of."""
        return [self.shelf, self.panel, self.view]


def build_page(qa: ArticleQA) -> gr.Blocks:
    """Return the page over ``qa``; the models are loaded when it is first opened or asked."""
    handlers = Handlers(qa)
    page: gr.Blocks = QueuedBlocks(
        title=TITLE,
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(_CLEANED_EVERY_SECONDS, _CLEANED_EVERY_SECONDS),
    )
    with page:
        parts = _laid_out(qa, handlers)
        _asking(handlers, parts)
        _adding(handlers, parts)
        _shelving(handlers, parts)
        _reading(handlers, parts)
        _arriving(handlers, parts, page)
        limit = MOST_ASKED  # each page that is open waits for the models in one of these
        loaded = page.load(
            handlers.announce, outputs=[parts.status], concurrency_limit=limit, **PAGE_ONLY
        )
        _beginning(handlers, parts, loaded)
        api(handlers.ask, api_name="ask")
        api(handlers.retrieve, api_name="retrieve")
    return page


def _laid_out(qa: ArticleQA, handlers: Handlers) -> _Parts:
    articles = qa.catalogue()
    shelf, panel, view = handlers.arrival()
    chat_state, view_state = gr.State(Chat()), gr.State(view)
    with gr.Row(elem_id="top"):
        gr.HTML(f"<header><h1>{TITLE}</h1><p>{ABOUT}</p></header>", js_on_load=None)
        status = gr.HTML(status_html("starting", ""), js_on_load=None)
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=3, elem_id="shelf-column"):
            listed = gr.HTML(
                shelf, elem_id="shelf", js_on_load=on_load("setUpShelf", events=["click"])
            )
            forms = _forms(qa, is_open=not articles)
        with gr.Column(scale=5, elem_id="chat-column"):
            conversation = _conversation()
            tools = gr.HTML(
                tools_html(Chat()),
                elem_id="tools",
                js_on_load=on_load("setUpTools", events=_TOOLS),
            )
            outbox = gr.HTML("", elem_id="outbox", js_on_load=on_load("setUpOutbox"))
            gr.HTML('<div class="wrong" role="alert"></div>', elem_id="trouble", js_on_load=None)
            box = _question_box()
        with gr.Column(scale=6, elem_id="article-column"):
            article = gr.HTML(
                panel,
                elem_id="article",
                js_on_load=on_load("setUpArticle", "setUpQuotes", events=["follow", "turn"]),
            )
    return _Parts(
        chat_state, view_state, status, listed, forms, conversation, tools, outbox, box, article
    )


def _asking(handlers: Handlers, parts: _Parts) -> None:
    asking, chat, view, tools = handlers.asking, parts.chat, parts.view, parts.tools
    answered = [parts.box, parts.conversation, parts.status, chat, tools]
    settled = [parts.status, *parts.seen]
    waiting = {"concurrency_limit": MOST_ASKED + AT_ONCE, **PAGE_ONLY}
    asked = gr.on(
        [parts.box.submit, parts.conversation.example_select],
        asking.respond,
        [parts.box, chat, view],
        answered,
        js="(...inputs) => whenShelfSaved(...inputs)",
        trigger_mode="once",
        **waiting,
    )
    again = tools.retry(asking.retry, [chat, view], answered, **waiting)
    resumed = tools.resume(asking.resume, None, answered, **waiting)
    for event in (asked, again, resumed):
        shown = [*settled, parts.conversation, tools]
        event.then(handlers.settle, [chat, view], shown, **PAGE_ONLY)
    edited = tools.edit(asking.edit, [chat, view], [parts.box, view], **PAGE_ONLY)
    edited.then(None, js="() => focusQuestion()", **PAGE_ONLY)
    tools.stop(asking.stop, **PAGE_ONLY)
    tools.copy(handlers.copy, [chat], [parts.outbox], **PAGE_ONLY)
    tools.download(handlers.download, [chat], [parts.outbox, parts.status], **PAGE_ONLY)
    emptied = [*settled, chat, tools]
    cleared = parts.conversation.clear(handlers.clear, [chat, view], emptied, **PAGE_ONLY)
    _beginning(handlers, parts, cleared)
    shown = [*emptied, parts.conversation]
    tools.undo(handlers.bring_back, [chat, view], shown, **PAGE_ONLY)


def _adding(handlers: Handlers, parts: _Parts) -> None:
    added = gr.State([])
    forms, additions = parts.adding, handlers.additions
    for trigger, handler, boxes in (
        (forms.files.upload, additions.add_files, [forms.files]),
        (forms.add_text.click, additions.add_text, [forms.text, forms.title]),
        (forms.add_url.click, additions.add_url, [forms.url]),
        (forms.url.submit, additions.add_url, [forms.url]),
    ):
        adding = trigger(
            handler,
            boxes,
            [forms.note, added, *boxes],
            concurrency_limit=MOST_WAITING + AT_ONCE,
            **PAGE_ONLY,
        )
        shown = adding.then(
            handlers.show_added,
            [parts.chat, parts.view, added],
            parts.seen,
            **PAGE_ONLY,
        )
        _beginning(handlers, parts, shown)
    forms.note.stop(additions.stop, **PAGE_ONLY)


def _shelving(handlers: Handlers, parts: _Parts) -> None:
    pressed = parts.shelf.click(
        handlers.act,
        [parts.chat, parts.view],
        parts.seen,
        trigger_mode="multiple",  # a second box may be ticked before the first one is noted
        **PAGE_ONLY,
    )
    pressed.then(None, js="() => markShelfSaved()", **PAGE_ONLY)
    _beginning(handlers, parts, pressed)


def _arriving(handlers: Handlers, parts: _Parts, page: gr.Blocks) -> None:
    identity = gr.Textbox(visible=False)  # the script fills it
    arrived = page.load(
        handlers.arrive,
        [parts.chat, parts.view, identity],
        [*parts.seen, parts.chat, parts.conversation, parts.tools],
        js="() => identifyTab()",
        **PAGE_ONLY,
    )
    arrived.then(None, js="() => markRestored()", **PAGE_ONLY)


def _beginning(handlers: Handlers, parts: _Parts, after: Dependency) -> None:
    """Offer questions again after an event that may change which ones fit."""
    # Trying them out keeps a core busy for seconds, so one is served at a time.
    one = {"concurrency_id": "suggest", "concurrency_limit": 1, **PAGE_ONLY}
    after.then(handlers.suggest, [parts.chat, parts.view], [parts.conversation], **one)


def _reading(handlers: Handlers, parts: _Parts) -> None:
    for event, handler in (
        (parts.panel.follow, handlers.follow),
        (parts.panel.turn, handlers.turn),
    ):
        event(handler, [parts.chat, parts.view], parts.seen, **PAGE_ONLY)


def _forms(qa: ArticleQA, *, is_open: bool) -> _Adding:
    limit = qa.settings.max_article_bytes
    suffixes = ", ".join(kind.suffixes[0].removeprefix(".") for kind in FORMATS)
    with gr.Accordion("Add articles", open=is_open, elem_id="add"):
        with gr.Tab("Files"):
            files = gr.File(
                label="Files to add",
                show_label=False,
                file_count="multiple",
                elem_id="files",
                height=120,
            )
            formats = f"{suffixes}; up to {limit / 1e6:,.6g} MB each."
            gr.HTML(f'<p class="where">{formats}</p>', js_on_load=None)
        with gr.Tab("Text"):
            title = gr.Textbox(label="Title (optional)", elem_id="new-title", max_lines=1)
            text = gr.Textbox(label="Text", elem_id="new-text", lines=4, max_lines=6)
            add_text = gr.Button("Add the text", elem_id="add-text", size="sm")
        with gr.Tab("Web address"):
            url = gr.Textbox(
                label="Web address; separate several with spaces",
                elem_id="new-url",
                placeholder="https://…",
                max_lines=1,
            )
            add_url = gr.Button("Add the page", elem_id="add-url", size="sm")
        note = gr.HTML(
            adding_html(Adding(), limit),
            elem_id="note",
            js_on_load=on_load("setUpAdding", events=["stop"]),
        )
    return _Adding(files, text, title, add_text, url, add_url, note)


def _conversation() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        allow_tags=False,
        latex_delimiters=[],
        buttons=[],
        layout="panel",
        placeholder=invitation(()),
    )


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        show_label=False,
        placeholder="Ask about the articles",
        submit_btn="Ask",
        autofocus=True,
        max_lines=4,
    )
