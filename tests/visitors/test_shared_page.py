"""What accounts see of each other on the page: nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path

import gradio as gr
import pytest

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, NotAllowed, TooLarge
from index.types import Article
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.chat import Chat, Turn
from qa.page.handlers import Handlers
from qa.page.page_blocks import NOT_UPLOADED
from qa.page.undo import Removals
from qa.page.view import View
from qa.visitors.caller import Caller, Role
from qa.visitors.current_caller import CurrentCallerQA, acting_for
from qa.visitors.limits import CallerCounts, CallerLimits
from tests.browser.visiting import GRADIO_WARNINGS
from tests.visitors.sites import SHARED_TEXT, Site, accounts_in

pytestmark = [pytest.mark.slow, *GRADIO_WARNINGS]
ANNA, BEN = (Caller(name, Role.READER, visitor=name) for name in ("anna", "ben"))
EVE = Caller("eve", Role.EDITOR, visitor="eve")
SECRET = "The password of the lighthouse is heron."  # noqa: S105 - a text


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with ArticleQA.from_text(SHARED_TEXT, title="Bridge") as qa:
        found = Services.of(qa, accounts_in(tmp_path / "accounts.txt"))
        yield found
        found.close()


def visit(name: str) -> gr.Request:
    return gr.Request(session_hash=name)


def shelf_of(handlers: Handlers, caller: Caller, key: str = "") -> str:
    with acting_for(caller):
        return str(handlers.restore(Chat(), View(), key, visit(caller.name))[0])


def test_what_one_account_adds_and_removes_is_on_its_own_shelf(services: Services) -> None:
    handlers = Handlers(services.qa_for_current())
    with acting_for(ANNA):
        list(handlers.additions.add_text(SECRET, "Lighthouse", visit("anna"), False))  # noqa: FBT003
    assert "Lighthouse" in shelf_of(handlers, ANNA)
    for other in (BEN, EVE):
        shelf = shelf_of(handlers, other)
        assert "Bridge" in shelf
        assert "Lighthouse" not in shelf


def test_a_removal_is_carried_out_later_for_who_asked(services: Services) -> None:
    own, later = services.qa_for(ANNA), list[Callable[[], None]]()
    article = own.add_text(SECRET, title="Lighthouse")
    removals = Removals(services.qa_for_current(), schedule=lambda _, call: later.append(call))
    with acting_for(ANNA):
        removals.begin(article.id, article.title)
    later[0]()
    assert "Lighthouse" not in own.titles().values()


def test_a_limit_that_is_reached_is_shown_instead_of_an_answer(services: Services) -> None:
    counts = CallerCounts(CallerLimits(questions_per_minute=1))
    counts.count_question(ANNA)
    handlers = Handlers(CurrentCallerQA(services.qa, services.shelves, counts))
    event = gr.EventData(gr.Textbox(), None)
    with acting_for(ANNA):
        *_, last = handlers.asking.respond("When?", Chat(), View(), event, visit("anna"))
    assert "1 questions a minute. Try again in" in last[3].turns[0].problem


def test_only_an_editor_can_add_to_the_shared_shelf_and_change_what_is_there(
    services: Services,
) -> None:
    handlers = Handlers(services.qa_for_current())
    for caller, title in ((ANNA, "Annas"), (EVE, "Eves")):
        with acting_for(caller):
            list(handlers.additions.add_text(f"{title} words.", title, visit("x"), True))  # noqa: FBT003
    shelf = shelf_of(handlers, BEN)
    assert "Eves" in shelf
    assert "Annas" not in shelf
    assert 'data-do="remove"' not in shelf
    assert 'data-do="remove"' in shelf_of(handlers, EVE)


def test_the_key_of_another_accounts_tab_gives_nothing(services: Services) -> None:
    handlers, key = Handlers(services.qa_for_current()), "a" * 32
    chat = Chat((Turn("Where is the key?", problem="Nowhere."),))
    with acting_for(ANNA):
        handlers.restore(Chat(), View(), key, visit("anna"))
        handlers._tabs.save("anna", chat=chat)
        restored = handlers.restore(Chat(), View(), key, visit("again"))
        assert restored[3] == chat
    with acting_for(BEN):
        restored = handlers.restore(Chat(), View(), key, visit("ben"))
        assert restored[3:] == (gr.skip(),) * 3


def test_what_runs_for_nobody_is_refused(services: Services) -> None:
    handlers = Handlers(services.qa_for_current())
    with pytest.raises(NotAllowed):
        copy_context().run(handlers.restore, Chat(), View(), "", visit("x"))
    with pytest.raises(gr.Error):
        handlers.retrieve("lighthouse")


def test_a_readers_page_offers_no_sharing(services: Services) -> None:
    handlers = Handlers(services.qa_for_current())
    for caller, may_share in ((ANNA, False), (EVE, True)):
        with acting_for(caller):
            bar, share = handlers.show_account()
        assert caller.name in bar
        assert share.visible is may_share


def test_the_page_is_sent_without_what_the_library_has(site: Site) -> None:
    site.client.cookies.clear()
    headers = site.session("anna")
    for path in ("/", "/config"):
        page = site.client.get(path, headers=headers)
        assert page.status_code == 200
        assert "harbour" not in page.text
        assert "Bridge" not in page.text


def test_a_call_of_the_pages_functions_acts_for_its_caller(site: Site) -> None:
    def titles(headers: dict[str, str]) -> set[str]:
        call = "/gradio_api/call/retrieve"
        event = site.client.post(call, json={"data": ["lighthouse", 5]}, headers=headers).json()
        stream = site.client.get(f"{call}/{event['event_id']}", headers=headers).text
        (passages,) = json.loads(stream.rpartition("data: ")[2])
        return {passage["title"] for passage in passages}

    site.services.qa_for(ANNA).add_text(SECRET, title="Lighthouse")
    assert titles(site.token("anna")) == {"Bridge", "Lighthouse"}
    assert titles(site.token("ben")) == {"Bridge"}


def test_only_what_was_uploaded_here_is_read(site: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("The password of the server is heron.", encoding="utf-8")
    headers = site.session("anna")
    before = site.client.get("/api/v1/articles", headers=headers).json()["articles"]
    events = site.client.get("/config", headers=headers).json()["dependencies"]
    (event,) = (each for each in events if each["api_name"] == "add_files")
    for path in (outside, site.server.uploads / ".." / ".." / outside):
        file = {"path": str(path), "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}
        call = {"fn_index": event["id"], "data": [[file], None], "session_hash": "forged"}
        assert site.client.post("/gradio_api/queue/join", json=call, headers=headers).is_success
        told = site.client.get("/gradio_api/queue/data?session_hash=forged", headers=headers)
        assert NOT_UPLOADED in told.text
    assert site.client.get("/api/v1/articles", headers=headers).json()["articles"] == before


def test_an_article_that_is_removed_while_it_is_added_stays_private(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben, article = services.qa_for(ANNA), services.qa_for(BEN), Article.from_text(SECRET)
    anna.add_article(article)
    add = services.qa.add_article

    def remove_first(article: Article, progress: Progress | None = None) -> Article:
        anna.remove(article.id)
        return add(article, progress)

    monkeypatch.setattr(services.qa, "add_article", remove_first)
    anna.add_article(article)
    assert article.id in anna.titles()
    assert article.id not in ben.titles()


def test_an_article_stays_private_if_one_of_two_additions_fails(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben, article = services.qa_for(ANNA), services.qa_for(BEN), Article.from_text(SECRET)
    add = services.qa.add_article

    def fail(_: Article, __: Progress | None = None) -> Article:
        raise TooLarge

    def fail_meanwhile(article: Article, progress: Progress | None = None) -> Article:
        monkeypatch.setattr(services.qa, "add_article", fail)
        with pytest.raises(TooLarge):
            anna.add_article(article)
        return add(article, progress)

    monkeypatch.setattr(services.qa, "add_article", fail_meanwhile)
    anna.add_article(article)
    assert article.id not in ben.titles()


def test_what_only_others_see_is_refused_like_what_is_not_there(services: Services) -> None:
    private = services.qa_for(ANNA).add_article(Article.from_text(SECRET)).id
    ben, unknown = services.qa_for(BEN), "0" * 32
    for call in (ben.article, ben.remove, lambda each: ben.ask("Who?", [each])):
        messages = set()
        for article_id in (private, unknown):
            with pytest.raises(ArticleNotFound) as refused:
                call(article_id)
            messages.add(str(refused.value).replace(article_id, "ID"))
        assert len(messages) == 1
