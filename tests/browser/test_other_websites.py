"""Another website that is open in the same browser reaches nothing of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from qa.article_qa import ArticleQA
from qa.page.server import PageServer, ServeOptions, launch
from tests.browser.attacks import ATTACKS, UNREAD, another_website
from tests.browser.visiting import GRADIO_WARNINGS, built

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
PLACES = ("attacker.example", "x.localhost", "127.0.0.1", "localhost")
"""Hosts of the other website: another name, or another port of the same one."""
WORDS = "The harbour bridge opened in 1932."
# What the page's own scripts get in the same way, which shows that the attacks would work.
ALLOWED = {
    "fetch, reading": "read ",
    "POST of a file, reading": "read [",
    "POST of an event, as JSON": 'read {"event_id"',
    "EventSource": "open",
    "an image": "loaded",
    "a script": "loaded",
    "a style sheet": "loaded",
}


@dataclass
class Target:
    """A library on a page, and what is stored there."""

    qa: ArticleQA
    server: PageServer
    add_text: int
    """The event that adds a text."""

    def state(self) -> tuple[list[str], list[str]]:
        """Return the titles of the articles and the names of the uploads."""
        stored = [path.name for path in self.server.uploads.rglob("*") if path.is_file()]
        return [info.title for info in self.qa.catalogue()], stored


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with ArticleQA.from_text(WORDS, title="Bridge") as qa:
        page = built(qa)
        add_text = next(n for n, fn in page.fns.items() if fn.api_name == "add_text")
        server = launch(page, ServeOptions(port=0), settings=qa.settings)
        yield Target(qa, server, add_text)
        server.close()


@pytest.fixture(scope="module")
def website() -> Iterator[int]:
    with another_website() as port:
        yield port


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def attempt(page: Page, name: str, target: Target) -> str:
    """Return what an attack got, run as a script of ``page``."""
    code = f"async ([target, addText]) => {{ {ATTACKS[name]} }}"
    body = f"([given]) => ({code})(given).catch(error => String(error))"
    return str(page.evaluate(body, [[target.server.address, target.add_text]]))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_reads_and_changes_nothing(
    page: Page, target: Target, website: int, place: str, name: str
) -> None:
    answered: dict[str, int] = {}
    page.context.on("response", lambda each: answered.update({each.url: each.status}))
    page.goto(f"http://{place}:{website}/")
    before = target.state()
    assert attempt(page, name, target) in UNREAD
    assert target.state() == before
    reached = {url for url, status in answered.items() if status < 400}
    # A window that is opened shows the page to the visitor, as any link to it does.
    if not name.startswith("window.open"):
        assert not [url for url in reached if url.startswith(target.server.address)]


@pytest.mark.parametrize(("name", "got"), list(ALLOWED.items()))
def test_the_page_itself_may_do_what_the_attacks_try(
    page: Page, target: Target, name: str, got: str
) -> None:
    page.goto(f"{target.server.address}favicon.ico")
    page.goto(target.server.address, wait_until="domcontentloaded")
    assert attempt(page, name, target).startswith(got)


@pytest.mark.parametrize("name", ["rebinding.example", "x.localhost", "localhost."])
def test_a_name_that_resolves_to_this_machine_reaches_nothing(
    page: Page, target: Target, name: str
) -> None:
    address = target.server.address.replace("127.0.0.1", name)
    answer = page.goto(address)
    assert answer
    assert answer.status == 400
    # What an attacker's page could do that came from there before the name was made to resolve
    # to this machine: to its browser it is the same website.
    code = """async ([path, options]) => {
      const answer = await fetch(path, options);
      return [answer.status, await answer.text()];
    }"""
    for path, options in (("/config", {}), ("/gradio_api/upload", {"method": "POST"})):
        status, text = page.evaluate(code, [path, options])
        assert status == 400
        assert "Bridge" not in text


def test_the_security_document_lists_every_attack() -> None:
    text = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    assert [name for name in ATTACKS if f"| {name} |" not in text] == []
