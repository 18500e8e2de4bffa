"""Many people at once, for a moment: a real page and models, and visitors without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from bench import crowd as module
from bench.crowd import Page, crowd, rush
from bench.towns import towns
from qa.article_qa import ArticleQA
from qa.page import asking
from tests.browser.visiting import GRADIO_WARNINGS, serving

pytestmark = [pytest.mark.slow, *GRADIO_WARNINGS]

TOWNS = towns(3)
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: in this one Gradio left an event loop, which would be lost."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with ArticleQA.open(tmp_path_factory.mktemp("towns") / "library") as qa:
        ids = [qa.add_text(town.text, title=town.title).id for town in TOWNS]
        with serving(qa) as address:
            yield Page(address, ids, TOWNS)


def test_each_chat_has_its_own_answers(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.2)
    monkeypatch.setattr(module, "TURNS", 2)
    found = run(crowd(page, count=6, seconds=1, odd=1))
    assert found.errors == {}
    assert len(found.seconds) >= 6
    assert found.late
    assert found.left


def test_visitors_beyond_the_queue_are_rejected_without_errors(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_ASKED", 2)
    found = run(rush(page, 12))
    assert found.errors == {}
    assert found.refused
    assert found.answered == 12 - found.refused


def test_an_answer_to_another_chat_is_detected(page: Page) -> None:
    swapped = Page(page.address, [*page.ids[1:], page.ids[0]], page.about)
    found = run(crowd(swapped, count=1, seconds=0, odd=0))
    assert sum(found.errors.values()) == len(found.seconds) == 1


def test_no_two_towns_share_an_answer() -> None:
    answers = [answer for town in towns() for answer in town.answers.values()]
    assert len(set(answers)) == len(answers) == 48
    for town in towns():
        assert all(town.text.count(answer) == 1 for answer in town.answers.values())
