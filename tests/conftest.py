"""What many tests share: the real model, loaded once, and the article that comes along."""

from __future__ import annotations

import os

# Before anything loads OpenMP or asks a model hub: tests use neither idle spinning
# threads nor the network.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from collections.abc import Iterator

import hypothesis
import pytest

from index.articles import bundled_article
from index.embedding.embedder import SentenceTransformerEmbedder
from index.types import Article
from qa.article_qa import ArticleQA

# An example may take long where others work, too; it is no fault then.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


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
