"""Asking from an event loop."""

from __future__ import annotations

import asyncio

import pytest

import qa
from index.errors import ArticleNotFound
from qa.article_qa import ArticleQA
from tests.asgi import run
from tests.scripted_writer import QUESTION, SUPPORTED, ScriptedModel, written_qa


def test_the_asynchronous_methods_return_what_the_others_do(bundled: ArticleQA) -> None:
    question, ids = "Who did Marco Rubio call?", list(bundled.titles())

    async def both() -> None:
        answer, passages = await asyncio.gather(
            bundled.aask(question, ids, history=["What happened?"]),
            bundled.aretrieve(question, 3, ids, rerank=True),
        )
        assert answer == bundled.ask(question, ids, history=["What happened?"])
        assert passages == bundled.retrieve(question, 3, ids, rerank=True)

    run(both())


def test_errors_are_those_of_the_other_methods(bundled: ArticleQA) -> None:
    with pytest.raises(ArticleNotFound):
        run(bundled.aask("Who called?", ["0" * 32]))


def test_cancelling_stops_the_language_model() -> None:
    model = ScriptedModel(SUPPORTED, held=True)

    async def cancel() -> None:
        asking = asyncio.create_task(library.aask(QUESTION, own_words=True))
        while not model.asked:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asyncio.to_thread(model.ended.wait, 20)

    with written_qa(model) as library:
        run(cancel())
    assert model.was_stopped


def test_module_level_functions_share_the_bundled_article() -> None:
    async def both() -> tuple[qa.Answer, list[qa.Passage]]:
        return await asyncio.gather(
            qa.aask("Who did Marco Rubio call?"), qa.aretrieve("Who did Marco Rubio call?", k=2)
        )

    answer, passages = run(both())
    assert answer == qa.ask("Who did Marco Rubio call?")
    assert passages == qa.retrieve("Who did Marco Rubio call?", k=2)
