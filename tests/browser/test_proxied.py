"""The page behind a proxy, under a prefix and another host name."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from qa.article_qa import ArticleQA
from tests.browser.visiting import (
    GRADIO_WARNINGS,
    PATIENCE_MS,
    Opener,
    served_page,
)
from tests.proxy import reverse_proxy

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
WORDS = "The harbour bridge opened in 1932. It is 1,149 metres long."


def test_asking_and_adding_work_under_a_prefix(visit: Opener) -> None:
    with ArticleQA.from_text(WORDS, title="Bridge") as qa, reverse_proxy() as proxy:
        public = proxy.address.replace("127.0.0.1", "articles.localhost")
        with served_page(qa, public_url=public) as server:
            proxy.forward_to(server.port)
            shown = visit(server.address)
            expect(shown.ask("When did the harbour bridge open?")).to_contain_text("1932")
            page = shown.page
            if not page.locator("#files").is_visible():
                page.get_by_role("button", name="Add articles").click()
            page.locator("#files input[type=file]").set_input_files(
                {"name": "tower.txt", "mimeType": "text/plain", "buffer": b"A tower. It is tall."}
            )
            expect(page.locator("#note")).to_contain_text("Added", timeout=PATIENCE_MS)
            page.close()
    assert Path(server.uploads).exists() is False
