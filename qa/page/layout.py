"""Lay out the page with Gradio, and connect its events to their handlers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency, api

from index.sources.loaders import FORMATS
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.adding import MAX_WAITING, AdditionState, addition_html
from qa.page.asking import MOST_ASKED
from qa.page.chat import Chat, tools_html
from qa.page.conversation_list import ListView
from qa.page.handlers import Handlers, empty_chat_markdown, ways_html
from qa.page.keeping import Keeping, empty_list_html
from qa.page.messages import render, status_html
from qa.page.page_blocks import QUICK_EVENTS, PageBlocks
from qa.page.page_view import page_view_html
from qa.page.picture_route import PictureRoute
from qa.page.view import View
from qa.visitors.caller import LOCAL, NOBODY
from qa.visitors.conversations import MAX_NOTE_CHARS
from qa.visitors.current_caller import CurrentCallerQA, acting_for
from qa.visitors.visits import Visits

TITLE = "Article QA"
SHARE = "Everybody sees what I add"
ABOUT = "Every answer quotes your articles. If they don't contain an answer, it says so."
ABOUT_WITH_MODEL = (
    "Every answer quotes your articles, or is checked against them. "
    "If they don't contain an answer, it says so."
)
_TOOLS = ("retry", "resume", "edit", "stop", "copy", "download", "new", "other")
# For the page's own events: without a spinner, and not callable by programs.
PAGE_ONLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Uploads of visitors who left before adding them are deleted within two hours.
_CLEAN_UP_SECONDS = 3600


def _on_load(*functions: str, events: Sequence[str] = ()) -> str:
    """Return a ``js_on_load`` that calls functions of ``static/*.js`` for a component.

    Gradio 6.31 looks for quoted event names in ``js_on_load``, so the events that the functions
    trigger are named in a comment.
    """
    calls = " ".join(f"{name}({{element, trigger, watch}});" for name in functions)
    return f"{calls} // {' '.join(map(repr, events))}"


class _Forms(NamedTuple):
    """The forms that add articles, and the note below them."""

    files: gr.File
    text: gr.Textbox
    title: gr.Textbox
    add_text: gr.Button
    url: gr.Textbox
    add_url: gr.Button
    share: gr.Checkbox | None
    """Whether everybody shall see what is added; None without accounts."""
    note: gr.HTML


class _Components(NamedTuple):
    """The components that events change, and a visitor's state."""

    chat: gr.State
    view: gr.State
    status: gr.HTML
    account: gr.HTML | None
    """The account's name and the button to log out; None without accounts."""
    shelf: gr.HTML
    forms: _Forms
    conversation: gr.Chatbot
    tools: gr.HTML
    outbox: gr.HTML
    box: gr.Textbox
    ways: gr.HTML | None
    """The choice between the ways to answer; None without a language model."""
    panel: gr.HTML
    list_view: gr.State
    conversations: gr.HTML
    """The list of kept conversations."""
    note: gr.HTML
    """The form for a note on an answer."""

    @property
    def articles(self) -> list[gr.HTML | gr.State]:
        """What shows the articles: shelf and panel, and the view that they show."""
        return [self.shelf, self.panel, self.view]


def build_page(qa: ArticleQA, services: Services | None = None) -> gr.Blocks:
    """Return the page over ``qa``; opening it or asking a question loads the models.

    Without ``services``, conversations are kept in memory. With accounts among them, each caller
    sees the library as that account may.
    """
    access = services.access if services else None
    library = services.qa_for_current() if services else CurrentCallerQA(qa)
    handlers = Handlers(library, conversations=services.conversations if services else None)
    blocks = PageBlocks(
        title=TITLE,
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(_CLEAN_UP_SECONDS, _CLEAN_UP_SECONDS),
    )
    blocks.stop_work = handlers.close
    blocks.default_caller = None if access else LOCAL
    blocks.pictures = PictureRoute(library, handlers.printed, blocks.default_caller)
    blocks.visits = access.visits if access else Visits()
    with blocks, acting_for(blocks.default_caller or NOBODY):
        page = _components(handlers, has_accounts=access is not None)
        answered = _connect_asking(handlers, page)
        _connect_adding(handlers, page)
        _connect_articles(handlers, page)
        restored = _connect_loading(handlers, page, blocks)
        _connect_conversations(handlers, page, [*answered, restored])
        api(handlers.ask, api_name="ask")
        api(handlers.retrieve, api_name="retrieve")
    return blocks


def _components(handlers: Handlers, *, has_accounts: bool) -> _Components:
    settings = handlers.settings
    # What an account sees is shown only when the page is loaded.
    article_list_html, panel_html, view = ("", "", View()) if has_accounts else handlers.initial()
    chat_state, view_state = gr.State(Chat()), gr.State(view)
    with gr.Row(elem_id="top"):
        about = ABOUT_WITH_MODEL if settings.has_language_model else ABOUT
        gr.HTML(f"<header><h1>{TITLE}</h1><p>{about}</p></header>", js_on_load=None)
        status = gr.HTML(status_html("starting", ""), js_on_load=None)
        account = None
        if has_accounts:
            account = gr.HTML("", elem_id="account", js_on_load=_on_load("setUpAccount"))
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=3, elem_id="shelf-column"):
            shelf = gr.HTML(
                article_list_html,
                elem_id="shelf",
                js_on_load=_on_load("setUpShelf", events=["click"]),
            )
            is_empty = not has_accounts and handlers.is_empty
            forms = _forms(settings.max_article_bytes, is_open=is_empty, can_share=has_accounts)
            with gr.Accordion("Conversations", open=False, elem_id="kept"):
                conversations = gr.HTML(
                    empty_list_html(handlers),
                    elem_id="conversations",
                    js_on_load=_on_load("setUpConversations", events=["click"]),
                )
        with gr.Column(scale=5, elem_id="chat-column"):
            conversation = _conversation()
            tools = gr.HTML(
                tools_html(Chat()),
                elem_id="tools",
                js_on_load=_on_load("setUpTools", "setUpKeeping", events=[*_TOOLS, "reopen"]),
            )
            outbox = gr.HTML("", elem_id="outbox", js_on_load=_on_load("setUpOutbox"))
            note = gr.HTML(
                render("note.html", max_note=MAX_NOTE_CHARS),
                elem_id="note-form",
                js_on_load=_on_load("setUpNote", events=["pin", "save"]),
            )
            gr.HTML('<div class="wrong" role="alert"></div>', elem_id="trouble", js_on_load=None)
            box = _question_box()
            ways = _ways(view) if settings.has_language_model else None
        with gr.Column(scale=6, elem_id="article-column"):
            # Apart from the article, so that an update of that leaves the drawn pages in place.
            gr.HTML(page_view_html(), elem_id="pages", js_on_load=_on_load("setUpPages"))
            panel = gr.HTML(
                panel_html,
                elem_id="article",
                js_on_load=_on_load("setUpArticle", "setUpQuotes", events=["follow", "turn"]),
            )
    return _Components(
        chat_state,
        view_state,
        status,
        account,
        shelf,
        forms,
        conversation,
        tools,
        outbox,
        box,
        ways,
        panel,
        gr.State(ListView()),
        conversations,
        note,
    )


def _connect_asking(handlers: Handlers, page: _Components) -> list[Dependency]:
    """Connect the events that ask, and return those that show an answer."""
    asking, chat, view, tools = handlers.asking, page.chat, page.view, page.tools
    asking_outputs = [page.box, page.conversation, page.status, chat, tools]
    article_outputs = [page.status, *page.articles]
    slow = {"concurrency_limit": MOST_ASKED + QUICK_EVENTS, **PAGE_ONLY}
    ask = gr.on(
        [page.box.submit, page.conversation.example_select],
        asking.respond,
        [page.box, chat, view],
        asking_outputs,
        js="(...inputs) => whenShelfSaved(...inputs)",
        trigger_mode="once",
        **slow,
    )
    retry = tools.retry(asking.retry, [chat, view], asking_outputs, **slow)
    other = tools.other(asking.ask_other_way, [chat, view], asking_outputs, **slow)
    resume = tools.resume(asking.resume, None, asking_outputs, **slow)
    outputs = [*article_outputs, page.conversation, tools]
    answered = [
        event.then(handlers.show_answer, [chat, view], outputs, **PAGE_ONLY)
        for event in (ask, retry, other, resume)
    ]
    edit = tools.edit(asking.edit, [chat, view], [page.box, view], **PAGE_ONLY)
    edit.then(None, js="() => focusQuestion()", **PAGE_ONLY)
    tools.stop(asking.stop, **PAGE_ONLY)
    # Any event makes Gradio open its stream of results again.
    tools.reopen(lambda: None, trigger_mode="multiple", **PAGE_ONLY)
    tools.copy(handlers.copy, [chat], [page.outbox], **PAGE_ONLY)
    tools.download(handlers.download, [chat], [page.outbox, page.status], **PAGE_ONLY)
    if page.ways:
        choose = page.ways.choose(
            handlers.choose_way, [view], [view], trigger_mode="multiple", **PAGE_ONLY
        )
        choose.then(None, js="() => markShelfSaved()", **PAGE_ONLY)
    return answered


def _connect_conversations(
    handlers: Handlers, page: _Components, events: Sequence[Dependency]
) -> None:
    """Connect the list of conversations, which is sent again after any of the ``events``."""
    keeping = Keeping(handlers)
    chat, view, listed = page.chat, page.view, page.list_view
    shown = [page.status, *page.articles, chat, page.tools, page.conversation]
    list_outputs = [page.conversations, listed]
    new = page.tools.new(handlers.begin_new, [view], shown, **PAGE_ONLY)
    _suggest_after(new, handlers, page)
    click = page.conversations.click(
        keeping.change_list,
        [chat, view, listed],
        [*list_outputs, *shown],
        trigger_mode="always_last",
        **PAGE_ONLY,
    )
    _suggest_after(click, handlers, page)
    annotated = [page.status, chat, page.conversation, page.tools]
    later = {"trigger_mode": "always_last", **PAGE_ONLY}
    pin = page.note.pin(keeping.pin, [chat], annotated, **later)
    write = page.note.save(keeping.write_note, [chat], annotated, **later)
    for event in (*events, new, pin, write):
        event.then(keeping.refresh, [chat, listed], list_outputs, **PAGE_ONLY)


def _connect_adding(handlers: Handlers, page: _Components) -> None:
    added = gr.State([])
    forms, additions = page.forms, handlers.additions
    for trigger, handler, boxes in (
        (forms.files.upload, additions.add_files, [forms.files]),
        (forms.add_text.click, additions.add_text, [forms.text, forms.title]),
        (forms.add_url.click, additions.add_url, [forms.url]),
        (forms.url.submit, additions.add_url, [forms.url]),
    ):
        add = trigger(
            handler,
            [*boxes, forms.share] if forms.share else boxes,
            [forms.note, added, *boxes],
            concurrency_limit=MAX_WAITING + QUICK_EVENTS,
            **PAGE_ONLY,
        )
        inputs = [page.chat, page.view, added]
        show = add.then(handlers.show_added, inputs, page.articles, **PAGE_ONLY)
        _suggest_after(show, handlers, page)
    forms.note.stop(additions.stop, **PAGE_ONLY)


def _connect_articles(handlers: Handlers, page: _Components) -> None:
    inputs = [page.chat, page.view]
    click = page.shelf.click(
        handlers.change_shelf,
        inputs,
        page.articles,
        trigger_mode="multiple",  # a second box may be ticked before the first one is saved
        **PAGE_ONLY,
    )
    click.then(None, js="() => markShelfSaved()", **PAGE_ONLY)
    _suggest_after(click, handlers, page)
    # A click that arrives while the one before is handled is handled after it, not dropped.
    later = {"trigger_mode": "always_last", **PAGE_ONLY}
    page.panel.follow(handlers.open_link, inputs, page.articles, **later)
    page.panel.turn(handlers.open_part, inputs, page.articles, **later)


def _connect_loading(handlers: Handlers, page: _Components, blocks: gr.Blocks) -> Dependency:
    """Connect the loading of the page, and return the event that has restored its state."""
    tab = gr.Textbox(visible=False)  # the script fills it
    restore = blocks.load(
        handlers.restore,
        [page.chat, page.view, tab],
        [*page.articles, page.chat, page.conversation, page.tools],
        js="() => identifyTab()",
        **PAGE_ONLY,
    )
    if page.ways:
        restore = restore.then(ways_html, [page.view], [page.ways], **PAGE_ONLY)
    restored: Dependency = restore.then(None, js="() => markRestored()", **PAGE_ONLY)
    if page.account and page.forms.share:
        shown = [page.account, page.forms.share]
        blocks.load(handlers.show_account, outputs=shown, **PAGE_ONLY)
    # Each open page waits for the models in one of these.
    limit = MOST_ASKED
    load = blocks.load(
        handlers.load_models, outputs=[page.status], concurrency_limit=limit, **PAGE_ONLY
    )
    _suggest_after(load, handlers, page)
    return restored


def _suggest_after(event: Dependency, handlers: Handlers, page: _Components) -> None:
    """Suggest questions again after an event that may change which ones fit."""
    # Finding them keeps a core busy for seconds, so it is done for one visitor at a time.
    one = {"concurrency_id": "suggest", "concurrency_limit": 1, **PAGE_ONLY}
    event.then(handlers.suggest, [page.chat, page.view], [page.conversation], **one)


def _forms(limit: int, *, is_open: bool, can_share: bool) -> _Forms:
    suffixes = ", ".join(kind.suffixes[0].removeprefix(".") for kind in FORMATS)
    share = None
    with gr.Accordion("Add articles", open=is_open, elem_id="add"):
        if can_share:  # shown to those who may
            share = gr.Checkbox(label=SHARE, visible=False, elem_id="share")
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
            add_text = gr.Button("Add text", elem_id="add-text", size="sm")
        with gr.Tab("Web address"):
            url = gr.Textbox(
                label="Web address (separate several with spaces)",
                elem_id="new-url",
                placeholder="https://…",
                max_lines=1,
            )
            add_url = gr.Button("Add page", elem_id="add-url", size="sm")
            gr.HTML(
                render("bookmarklet.html"),
                elem_id="bookmarklet",
                js_on_load=_on_load("setUpBookmarklet"),
            )
        note = gr.HTML(
            addition_html(AdditionState(), limit),
            elem_id="note",
            js_on_load=_on_load("setUpAdding", events=["stop"]),
        )
    return _Forms(files, text, title, add_text, url, add_url, share, note)


def _conversation() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        allow_tags=False,
        latex_delimiters=[],
        buttons=[],
        layout="panel",
        placeholder=empty_chat_markdown(()),
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


def _ways(view: View) -> gr.HTML:
    return gr.HTML(
        ways_html(view),
        elem_id="ways",
        js_on_load=_on_load("setUpWays", events=["choose"]),
    )
