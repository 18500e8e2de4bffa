"""Tests against a real language model, which is small: it invents and refuses freely."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from index.errors import ModelUnavailable
from qa.article_qa import ArticleQA
from qa.settings import Settings
from qa.writing.events import Finished
from qa.writing.evidence import Material
from qa.writing.gguf_model import GgufModel
from qa.writing.language_model import Message, ModelFault
from qa.writing.openai_model import OpenAIModel, TimeLimits
from qa.writing.trained_checker import TrainedChecker
from qa.writing.writer import Writer
from tests.writing.fakes import ARTICLE, quoted
from tests.writing.small_model import NAME, SHA256, find_small_model

# A busy machine reads ten tokens a second.
PATIENT = TimeLimits(first_word=400.0, between=100.0, whole=600.0)
COUNT = [Message("user", "Count from one to ten in words.")]


@pytest.fixture(scope="module")
def file() -> Path:
    found = find_small_model()
    if found is None:
        pytest.skip("The small language model is not here: python -m tests.writing.small_model")
    return found


@pytest.fixture(scope="module")
def model(file: Path) -> Iterator[GgufModel]:
    model = GgufModel(lambda: file, NAME, context_tokens=2048, limits=PATIENT)
    with closing(model):
        yield model


def is_working(model: GgufModel) -> bool:
    """Return whether llama.cpp is writing a reply."""
    request = Request(  # noqa: S310 - our own server
        f"{model._server.listening_address}/slots"
    )
    assert model._client is not None
    assert model._client._key is not None
    request.add_header("Authorization", f"Bearer {model._client._key.reveal()}")
    with urlopen(request) as response:  # noqa: S310 - our own server
        return any(slot["is_processing"] for slot in json.load(response))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_real_model_writes_in_pieces_and_counts_its_tokens(model: GgufModel) -> None:
    reply = model.write(COUNT, max_tokens=12, stopped=threading.Event())
    pieces = []
    while True:
        try:
            pieces.append(next(reply))
        except StopIteration as end:
            ending = end.value
            break
    assert len(pieces) > 3
    assert "two" in "".join(pieces).casefold()
    assert ending.written_tokens == 12
    assert ending.prompt_tokens > 5
    assert not ending.complete


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_stopping_a_real_model_ends_its_work(model: GgufModel) -> None:
    reply = model.write(COUNT, max_tokens=2000, stopped=threading.Event())
    next(reply)
    assert is_working(model)
    reply.close()
    deadline = time.monotonic() + 15  # the whole reply would take longer
    while is_working(model) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_working(model)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nobody_else_on_the_machine_can_use_it(model: GgufModel) -> None:
    next(reply := model.write(COUNT, max_tokens=1, stopped=threading.Event()))
    reply.close()
    address = model._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    stranger = OpenAIModel(f"{address}/v1", NAME)
    with pytest.raises(ModelFault, match="refused the key"):
        next(stranger.write(COUNT, max_tokens=1, stopped=threading.Event()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_context_that_is_too_small_is_a_fault(model: GgufModel) -> None:
    long = [Message("user", "word " * 4000)]
    with pytest.raises(ModelFault, match="do not fit"):
        next(model.write(long, max_tokens=1, stopped=threading.Event()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_a_real_model_writes_is_checked_and_cited_exactly(model: GgufModel) -> None:
    writer = Writer(model, TrainedChecker.shipped(), max_tokens=60)
    extractive = quoted("What happened to the dam, and to the mayor?")
    *_, last = writer.write(extractive, Material([ARTICLE], extractive.citations))
    assert isinstance(last, Finished)
    answer = last.answer
    for citation in answer.citations:
        citation.check(ARTICLE)
    assert answer.engine == NAME or answer.note
    assert answer.usage is not None
    assert (answer.usage.written_tokens or 0) > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_real_model_is_used_by_its_settings(file: Path) -> None:
    settings = Settings(
        reader="small",
        llm_file=str(file),
        llm_sha256=SHA256,
        llm_context=2048,
        llm_max_tokens=16,
        llm_first_word_seconds=400.0,
        llm_seconds=600.0,
    )
    with ArticleQA.from_text(ARTICLE.text, settings=settings) as qa:
        answer = qa.ask("What happened to the dam?", own_words=True)
    assert answer.citations
    assert answer.usage is not None


def test_a_file_that_is_no_model_is_a_fault(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\0" * 100)
    model = GgufModel(lambda: file, "broken")
    with pytest.raises(ModelFault, match=r"broken\.gguf cannot be loaded"):
        next(model.write(COUNT, max_tokens=1, stopped=threading.Event()))


def test_without_the_extra_its_name_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelUnavailable, match=r"article-qa\[local\]"):
        GgufModel(Path, "small")
