"""Fixtures that many tests share: the bundled models, loaded once, and the bundled article."""

from __future__ import annotations

import os

# Set before OpenMP or a model hub is loaded: idle threads must not spin, and no test
# may use the network.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# The large reading model is slow; the tests that are about it use it explicitly.
os.environ.setdefault("ARTICLE_QA_READER", "small")

import copy
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

import hypothesis
import pytest

from index.articles import bundled_article
from index.embedding import onnx_encoder
from index.embedding.embedder import SentenceTransformerEmbedder
from index.types import Article
from qa.article_qa import ArticleQA
from qa.reading import model as reading_model

# An example may be slow because other programs share the cores, which is no failure.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Highlight the tests that are slow by what they do, before ``-m`` is applied."""
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("exhaustive"):
            item.add_marker("slow")
        if item.get_closest_marker("browser"):
            # Gradio replaces elements whenever it likes; the summary names what was repeated.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def _models_loaded_once() -> Iterator[None]:
    """Load each bundled model once in a process, for all the ArticleQA objects of all tests.

    Loading takes half a second and 200 MB, and Gradio keeps what it has served. An embedder
    still goes from not loaded to loaded, and enables int8 for itself alone.
    """
    load_encoder = onnx_encoder.OnnxEncoder.default
    load_reader = reading_model.SpanModel.shipped
    encoders: dict[Path, onnx_encoder.OnnxEncoder] = {}
    readers: dict[str, reading_model.SpanModel] = {}

    def encoder() -> onnx_encoder.OnnxEncoder:
        folder = onnx_encoder.find_default_model()  # type: ignore[attr-defined] # patched there
        if folder not in encoders:
            encoders[folder] = load_encoder()
        return copy.copy(encoders[folder])

    def reader(folder: Traversable | None = None) -> reading_model.SpanModel:
        if folder is not None:
            return load_reader(folder)
        key = str(reading_model.shipped_folder())  # patched there
        if key not in readers:
            readers[key] = load_reader()
        return readers[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_encoder.OnnxEncoder, "default", staticmethod(encoder))
        patch.setattr(reading_model.SpanModel, "shipped", staticmethod(reader))
        yield


@pytest.fixture(scope="session")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture(scope="session")
def article() -> Article:
    return bundled_article()


@pytest.fixture(scope="session")
def bundled() -> Iterator[ArticleQA]:
    with ArticleQA.bundled() as qa:
        qa.warm_up()
        yield qa
