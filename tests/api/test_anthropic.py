"""Anthropic's Messages API: the shape of every kind of answer, and Anthropic's own client."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeAlias

import anthropic
import pytest
from anthropic.types import Message as Reply
from fastapi.testclient import TestClient

from qa.answers.answer import Answer
from qa.api.anthropic_routes import MAX_DOCUMENT_CHARS
from qa.api.anthropic_shape import Message
from qa.api.application import build_application
from qa.api.cited_documents import ArticleDocument, TextDocument
from qa.article_qa import ArticleQA
from qa.settings import Settings
from tests.api.shown_answers import ALL, BOTH_PAGES, BUILT, LAMP, PAGED, TIDE, answer, cite
from tests.api.test_openai import writing
from tests.documents import pdf
from tests.scripted_writer import FERRY, INVENTED, QUESTION, SUPPORTED, ScriptedModel

Block: TypeAlias = dict[str, Any]
MESSAGE = Message(
    id="msg_1",
    model="article-qa",
    documents={
        3: ArticleDocument(LAMP, LAMP.title),
        7: ArticleDocument(PAGED, PAGED.title),
    },
)
RUBIO: Block = {"type": "text", "text": "Who did Marco Rubio call?"}
BRIDGE = "The Otter Bridge was opened by the mayor in 1932. 🌉 It is 1,149 m long.\r\n"
WHEN: Block = {"type": "text", "text": "When was the Otter Bridge opened?"}


@pytest.fixture
def api(client: TestClient) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url="http://testserver", api_key="any", http_client=client, max_retries=0
    )


def ask(api: anthropic.Anthropic, *content: Block, model: str = "article-qa") -> Reply:
    create: Callable[..., Reply] = api.messages.create
    return create(model=model, max_tokens=99, messages=[{"role": "user", "content": content}])


def stream(api: anthropic.Anthropic, *content: Block, model: str = "article-qa") -> Reply:
    messages: list[object] = [{"role": "user", "content": content}]
    with api.messages.stream(
        model=model,
        max_tokens=99,
        messages=messages,  # type: ignore[arg-type]
    ) as events:
        return events.get_final_message()


def citations_of(reply: Reply) -> list[Block]:
    return [
        citation.to_dict()
        for block in reply.content
        if block.type == "text"
        for citation in block.citations or ()
    ]


def document(source: Block, **more: object) -> Block:
    return {"type": "document", "source": source, **more}


def text_document(text: str, **more: object) -> Block:
    return document({"type": "text", "media_type": "text/plain", "data": text}, **more)


@pytest.mark.parametrize("each", ALL)
def test_the_events_of_a_stream_are_the_blocks_of_the_message(each: Answer) -> None:
    blocks: list[Block] = []
    for event in MESSAGE.events(each):
        if event["type"] == "content_block_start":
            blocks.append({**event["content_block"]})
        elif event["type"] == "content_block_delta":
            delta, block = event["delta"], blocks[event["index"]]
            if delta["type"] == "text_delta":
                block["text"] = f"{block['text']}{delta['text']}"
            else:
                block["citations"] = [*block["citations"], delta["citation"]]
    assert blocks == MESSAGE.whole(each)["content"]


def test_a_citation_counts_characters_or_if_there_are_any_pages() -> None:
    assert MESSAGE.location(BUILT) == {
        "type": "char_location",
        "cited_text": LAMP.text[0:35],
        "document_index": 3,
        "document_title": "Lamp house",
        "start_char_index": 0,
        "end_char_index": 35,
        "file_id": None,
    }
    pages = [MESSAGE.location(citation) for citation in (TIDE, BOTH_PAGES)]
    assert [(at["start_page_number"], at["end_page_number"]) for at in pages] == [(2, 3), (1, 3)]
    assert {at["type"] for at in pages} == {"page_location"}


@pytest.mark.parametrize("text", ["a\r\nb\r\r\nc", "\r\n\r\nEnd.", "One.\rTwo.\nThree.\r\n"])
def test_places_count_in_a_text_as_it_was_sent(text: str) -> None:
    sent = TextDocument.of(text, None, Settings())
    words = sent.article.text.strip("\n")
    place = sent.location(cite(sent.article, words))
    start, end = place["start_char_index"], place["end_char_index"]
    assert text[start:end] == place["cited_text"] == text.strip("\r\n")


def test_a_citation_in_a_text_of_several_blocks_counts_blocks() -> None:
    sent = TextDocument.of_blocks(["One.\r\n", "Two.", "Three."], None, Settings())
    place = sent.location(cite(sent.article, "Two.\n\nThree."))
    assert (place["start_block_index"], place["end_block_index"]) == (1, 3)


def test_anthropic_s_client_reads_an_answer_with_true_offsets(
    api: anthropic.Anthropic, bundled: ArticleQA
) -> None:
    (article,) = bundled.articles()
    reply = ask(api, RUBIO)
    (citation,) = citations_of(reply)
    start, end = citation["start_char_index"], citation["end_char_index"]
    assert article.text[start:end] == citation["cited_text"] == reply.content[0].text  # type: ignore[union-attr]
    assert citation["document_title"] == article.title
    assert citations_of(stream(api, RUBIO)) == [citation]


def test_documents_of_a_request_are_asked_alone_and_not_kept(
    api: anthropic.Anthropic, bundled: ArticleQA
) -> None:
    before = bundled.titles()
    documents = [text_document("Otters live in rivers.", title="Otters"), text_document(BRIDGE)]
    (citation,) = citations_of(ask(api, *documents, WHEN))
    start, end = citation["start_char_index"], citation["end_char_index"]
    assert (citation["document_index"], citation["document_title"]) == (1, None)
    assert BRIDGE[start:end] == citation["cited_text"]
    assert not citations_of(ask(api, *documents, RUBIO))
    assert bundled.titles() == before


def test_a_pdf_and_blocks_of_text_can_be_sent(api: anthropic.Anthropic) -> None:
    pages = [["A first page about otters."], ["The Otter Bridge was opened by the mayor in 1932."]]
    data = base64.b64encode(pdf(pages)).decode()
    source: Block = {"type": "base64", "media_type": "application/pdf", "data": data}
    (paged,) = citations_of(ask(api, document(source), WHEN))
    assert (paged["type"], paged["start_page_number"]) == ("page_location", 2)
    parts = [{"type": "text", "text": text} for text in ("Otters swim.", BRIDGE)]
    (block,) = citations_of(ask(api, document({"type": "content", "content": parts}), WHEN))
    assert (block["type"], block["start_block_index"]) == ("content_block_location", 1)


def test_a_stream_of_a_written_answer_has_the_statements_and_their_citations(
    bundled: ArticleQA,
) -> None:
    services = writing(bundled, ScriptedModel(f"{SUPPORTED} {INVENTED}"))
    with TestClient(build_application(services)) as client:
        api = anthropic.Anthropic(base_url="http://testserver", api_key="any", http_client=client)
        question: Block = {"type": "text", "text": QUESTION}
        reply = stream(api, question, model="article-qa-own-words")
    services.close()
    assert reply.usage.output_tokens == 64
    assert len(reply.content) == len(citations_of(reply)) == 2
    for citation in citations_of(reply):
        start, end = citation["start_char_index"], citation["end_char_index"]
        assert FERRY[start:end] == citation["cited_text"]


IMAGE: Block = {"type": "image", "source": {"type": "base64", "data": "AA=="}}


@pytest.mark.parametrize(
    ("blocks", "status", "words"),
    [
        ([IMAGE, RUBIO], 400, "Only text can be read"),
        ([text_document(BRIDGE)], 400, "question"),
        ([text_document(" "), RUBIO], 400, "no text"),
        ([document({"type": "url", "url": "http://x"}), RUBIO], 400, "plain text"),
        ([document({"type": "content", "content": [IMAGE]}), RUBIO], 400, "Only text"),
        ([text_document("x" * (MAX_DOCUMENT_CHARS + 1)), RUBIO], 413, "characters"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(
    api: anthropic.Anthropic, blocks: list[Block], status: int, words: str
) -> None:
    with pytest.raises(anthropic.APIStatusError, match=words) as caught:
        ask(api, *blocks)
    assert caught.value.status_code == status
    body = caught.value.body
    assert isinstance(body, dict)
    assert body["type"] == "error"


def test_the_list_of_models_is_anthropic_s_too(api: anthropic.Anthropic) -> None:
    assert [model.id for model in api.models.list()] == ["article-qa"]
    with pytest.raises(anthropic.NotFoundError) as caught:
        api.models.retrieve("another")
    assert caught.value.body == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "There is no model 'another' here."},
    }


def test_tokens_are_estimated(api: anthropic.Anthropic) -> None:
    counted = api.messages.count_tokens(
        model="article-qa", messages=[{"role": "user", "content": "x" * 400}]
    )
    assert counted.input_tokens == 101


def test_an_answer_about_several_articles_names_each() -> None:
    both = MESSAGE.whole(answer(f"{BUILT.quote} [1] {TIDE.quote} [2]", BUILT, TIDE))
    indices = [c["document_index"] for b in both["content"] for c in b["citations"] or ()]
    assert indices == [3, 7]
