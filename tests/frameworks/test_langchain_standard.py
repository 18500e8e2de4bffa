"""LangChain's own tests of retrievers, where they are installed.

Their package brings plugins for pytest that do not go with ours, so they are run in an environment
of their own, with the options -o asyncio_mode=auto -o filterwarnings=default.
"""

from __future__ import annotations

from typing import Any

import pytest

from qa.article_qa import ArticleQA
from qa.frameworks.langchain import ArticleQARetriever

tests_of_langchain = pytest.importorskip("langchain_tests.integration_tests")


class TestArticleQARetriever(tests_of_langchain.RetrieversIntegrationTests):  # type: ignore[misc,name-defined] # not installed here
    @property
    def retriever_constructor(self) -> type[ArticleQARetriever]:
        return ArticleQARetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"qa": ArticleQA.bundled()}

    @property
    def retriever_query_example(self) -> str:
        return "Who did Marco Rubio call?"
