"""The page's messages when the server refuses an upload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, expect

from qa.article_qa import ArticleQA
from qa.settings import Settings
from tests.browser.visiting import GRADIO_WARNINGS, Opener, Serve

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
MAX_BYTES = 10_000


@pytest.fixture
def small() -> Iterator[ArticleQA]:
    settings = Settings(max_article_bytes=MAX_BYTES)
    with ArticleQA.from_text("The bridge opened.", title="Bridge", settings=settings) as qa:
        yield qa


@pytest.mark.parametrize(
    ("count", "size", "message"),
    [(12, 9_900, "larger than 0.1 MB"), (101, 10, "More than 100 files")],
)
def test_too_many_files_at_once_are_refused_with_the_servers_message(  # noqa: PLR0913, PLR0917 - fixtures
    visit: Opener, serve: Serve, small: ArticleQA, count: int, size: int, message: str
) -> None:
    shown = visit(serve(small))
    page = shown.page
    files: list[FilePayload] = [
        {"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"x" * size} for n in range(count)
    ]
    page.get_by_role("button", name="Add articles").click()
    page.locator("#files input[type=file]").set_input_files(files)
    expect(page.locator("#note .wrong")).to_contain_text(message)
    assert [info.title for info in small.catalogue()] == ["Bridge"]
    # The browser logs that it was refused.
    shown.errors = [error for error in shown.errors if "413" not in error]
