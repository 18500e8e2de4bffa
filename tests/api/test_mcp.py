"""What programs can do over the Model Context Protocol, with the client of the reference SDK."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import httpx2
import pytest
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ReadResourceResult, TextContent, TextResourceContents
from starlette.types import ASGIApp, Receive, Scope, Send

from index.types import ArticleInfo
from qa.answers.answer import Answer
from qa.api import mcp_tools
from qa.api.application import build_application
from qa.api.services import Services
from qa.api.work_queue import WorkQueue
from qa.article_qa import ArticleQA
from qa.settings import Settings
from qa.visitors.caller import LOCAL, Caller
from tests.asgi import run

QUESTION = "Who did Marco Rubio call?"
READING = ["ask", "search_passages", "list_articles", "get_article"]
T = TypeVar("T")
WRITING = ["add_text", "add_url", "remove_article"]


def over_http(
    services: Services,
    work: Callable[[ClientSession], Awaitable[T]],
    *,
    caller: Caller = LOCAL,
) -> T:
    """Return what ``work`` returns, for a client that is connected to the application."""
    application = build_application(services)

    async def work_connected() -> T:
        transport = httpx2.ASGITransport(with_caller(application, caller))
        async with (
            application.router.lifespan_context(application),
            httpx2.AsyncClient(transport=transport) as http,
            streamable_http_client("http://127.0.0.1/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            return await work(session)

    return run(work_connected())


def with_caller(app: ASGIApp, caller: Caller) -> ASGIApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"caller": caller}}, receive, send)

    return call


def called(
    services: Services, name: str, caller: Caller = LOCAL, **arguments: object
) -> CallToolResult:
    return over_http(services, lambda session: session.call_tool(name, arguments), caller=caller)


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def values_of(result: CallToolResult) -> dict[str, Any]:
    values: dict[str, Any] | None = result.structured_content
    assert values is not None, text_of(result)
    return values


def test_an_answer_has_the_same_values_as_elsewhere(services: Services) -> None:
    answer = services.qa.ask("How so?", history=[QUESTION])
    result = called(services, "ask", question="How so?", history=[QUESTION])
    assert values_of(result) == json.loads(json.dumps(answer.to_dict()))
    assert Answer.from_dict(values_of(result)) == answer


def test_the_text_of_an_answer_has_its_quotes(services: Services) -> None:
    result = called(services, "ask", question=QUESTION)
    quote = values_of(result)["citations"][0]["quote"]
    assert f"“{quote}”" in text_of(result)


def test_passages_are_found(services: Services) -> None:
    passages = services.qa.retrieve(QUESTION, 2)
    result = called(services, "search_passages", question=QUESTION, k=2)
    expected = json.loads(json.dumps([passage.to_dict() for passage in passages]))
    assert values_of(result)["passages"] == expected
    assert passages[1].text in text_of(result)


def test_the_tools_say_what_they_return_and_change(services: Services) -> None:
    tools = over_http(replace(services, mcp_writing=True), ClientSession.list_tools).tools
    assert [tool.name for tool in tools] == READING + WRITING
    for tool in tools:
        assert tool.title
        assert tool.description
        assert tool.output_schema
        assert tool.annotations
        assert tool.annotations.read_only_hint is (tool.name in READING)


def test_articles_are_listed_by_pages() -> None:
    with ArticleQA.from_text("The first is about rivers.", title="Rivers") as qa:
        for name in ("Hills", "Roads", "Railroads"):
            qa.add_text(f"This is about {name}.", title=name)
        services = Services.of(qa)

        async def pages(session: ClientSession) -> list[dict[str, Any]]:
            first = await session.call_tool("list_articles", {"length": 3})
            following = {"length": 3, "offset": values_of(first)["next_offset"]}
            second = await session.call_tool("list_articles", following)
            found = await session.call_tool("list_articles", {"search": "ROAD", "length": 1})
            return [values_of(each) for each in (first, second, found)]

        first, second, found = over_http(services, pages)
        infos = [info.to_dict() for info in qa.catalogue()]
        services.close()
    assert first == {"articles": infos[:3], "total": 4, "next_offset": 3}
    assert second == {"articles": infos[3:], "total": 4, "next_offset": None}
    assert found == {"articles": [infos[2]], "total": 2, "next_offset": 1}


def test_a_long_article_is_read_part_by_part(services: Services) -> None:
    (article,) = services.qa.articles()

    async def whole(session: ClientSession) -> str:
        text, offset = "", 0
        while offset is not None:
            asked = {"article_id": article.id, "offset": offset, "length": 2_000}
            part = await session.call_tool("get_article", asked)
            assert values_of(part)["article"] == ArticleInfo.of(article).to_dict()
            text += text_of(part)
            offset = values_of(part)["next_offset"]
        return text

    assert over_http(services, whole) == article.text


def test_an_article_is_a_resource(services: Services) -> None:
    (article,) = services.qa.articles()

    async def read(session: ClientSession) -> ReadResourceResult:
        templates = (await session.list_resource_templates()).resource_templates
        assert [each.uri_template for each in templates] == ["article://{article_id}"]
        with pytest.raises(MCPError, match="No article in the library has the id 'unknown'"):
            await session.read_resource("article://unknown")
        return await session.read_resource(f"article://{article.id}")

    (content,) = over_http(services, read).contents
    assert isinstance(content, TextResourceContents)
    assert (content.mime_type, content.text) == ("text/plain", article.text)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {"question": " \n"}, "The question is blank. Ask something about the article."),
        ("ask", {"question": "Who?", "article_ids": ["0f"]}, "No article in the library has"),
        ("search_passages", {"question": "Who?", "k": 0}, "greater than or equal to 1"),
        ("get_article", {"article_id": "/etc/passwd"}, "No article in the library has the id"),
        ("get_article", {"article_id": "bundled", "offset": 10**6}, "Give a smaller offset."),
        ("list_articles", {"offset": -1}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    services: Services, tool: str, arguments: dict[str, Any], message: str
) -> None:
    if arguments.get("article_id") == "bundled":
        arguments = {**arguments, "article_id": services.qa.articles()[0].id}
    result = called(services, tool, **arguments)
    assert result.is_error
    assert message in text_of(result)


def test_an_unexpected_error_does_not_show_what_happened(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "secret /srv/library/article.sqlite"
        raise RuntimeError(msg)

    monkeypatch.setattr(mcp_tools, "answer_with_sources", fail)
    result = called(services, "ask", question=QUESTION)
    assert result.is_error
    assert text_of(result).startswith("Something went wrong on our side.")
    assert "secret" in caplog.text


def test_a_question_is_refused_while_too_many_others_wait(services: Services) -> None:
    full = replace(services, reading=WorkQueue(1, 0))
    result = called(full, "ask", question=QUESTION)
    assert result.is_error
    assert text_of(result).startswith("Too many requests are waiting at the moment.")


def test_articles_are_added_and_removed_if_writing_is_allowed() -> None:
    with ArticleQA.from_text("The first is about rivers.") as qa:
        services = replace(Services.of(qa), mcp_writing=True)

        async def change(session: ClientSession) -> None:
            text = {"text": "The mill burnt down in 1871.", "title": "The mill"}
            added = values_of(await session.call_tool("add_text", text))
            assert added == qa.catalogue()[-1].to_dict()
            removed = await session.call_tool("remove_article", {"article_id": added["id"]})
            assert values_of(removed) == added
            assert added["id"] not in qa.titles()
            refused = await session.call_tool("add_url", {"url": "http://127.0.0.1/page"})
            assert refused.is_error

        over_http(services, change)
        services.close()


@pytest.mark.parametrize("tool", WRITING)
def test_without_the_flag_nothing_can_be_written(services: Services, tool: str) -> None:
    result = called(services, tool, text="A text.", url="https://example.org/", article_id="0f")
    assert (result.is_error, text_of(result)) == (True, f"Unknown tool: {tool!r}")


def test_a_caller_who_may_only_read_cannot_write(services: Services) -> None:
    reader = Caller(name="ada", can_write=False)
    result = called(replace(services, mcp_writing=True), "add_text", reader, text="A text.")
    assert (result.is_error, text_of(result)) == (
        True,
        "This token may only read. Use one that may write.",
    )


@pytest.mark.slow
def test_a_desktop_program_talks_over_standard_input_and_output() -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "qa", "mcp"], env={"ARTICLE_QA_READER": "small"}
    )

    async def ask() -> tuple[list[str], CallToolResult]:
        async with (
            stdio_client(command) as (reading, writing),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            names = [tool.name for tool in (await session.list_tools()).tools]
            return names, await session.call_tool("ask", {"question": QUESTION})

    names, result = run(ask())
    with ArticleQA.bundled(Settings(reader="small")) as qa:
        expected = json.loads(json.dumps(qa.ask(QUESTION).to_dict()))
    assert (names, values_of(result)) == (READING, expected)
