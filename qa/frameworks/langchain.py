"""The library as a LangChain retriever, and the reading model as a document compressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
    Callbacks,
)
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from index.types import Passage
from qa.article_qa import ArticleQA
from qa.frameworks.extraction import SentenceExtractor, TitledText
from qa.frameworks.found_passages import passage_id, with_metadata


class ArticleQARetriever(BaseRetriever):
    """Retrieves passages of a library as documents.

    Their metadata has ``article_id``, ``title``, ``start``, ``end`` (offsets in the article's
    text), ``page``, ``heading``, ``source`` and ``score``. ``k``, ``article_ids`` and ``rerank``
    can also be given to ``invoke``.

    Example:
        >>> retriever = ArticleQARetriever(qa=ArticleQA.bundled(), k=3)
        >>> retriever.invoke("Who did Marco Rubio call?")[0].metadata["start"]
        813
    """

    qa: ArticleQA
    """The library."""
    k: int = 5
    """How many passages to return at most."""
    article_ids: list[str] | None = None
    """The articles to search; None for all."""
    rerank: bool = False
    """Whether the reading model orders the passages, which is more accurate and slower."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - of the base class
        **options: Any,  # noqa: ANN401 - k, article_ids or rerank
    ) -> list[Document]:
        return self._documents(self.qa.retrieve(query, **self._options(options)))

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - of the base class
        **options: Any,  # noqa: ANN401 - k, article_ids or rerank
    ) -> list[Document]:
        return self._documents(await self.qa.aretrieve(query, **self._options(options)))

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        own = {"k": self.k, "article_ids": self.article_ids, "rerank": self.rerank}
        return own | given

    def _documents(self, passages: Sequence[Passage]) -> list[Document]:
        return [
            Document(passage.text, id=passage_id(passage), metadata=metadata)
            for passage, metadata in with_metadata(self.qa, passages)
        ]


class ReadingCompressor(BaseDocumentCompressor):
    """Keeps the sentences of documents that answer the query, each as a document of its own.

    They are exact substrings, the best first; none if the documents do not answer. To the metadata
    of the document come ``start`` and ``end``, offsets in its text, or in the article if its
    metadata has the ``start`` of an :class:`ArticleQARetriever`; ``confidence``, the calibrated
    probability in 0..1 that they answer rightly; and ``short``, the shortest exact answer or None.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    extractor: SentenceExtractor = Field(default_factory=SentenceExtractor)
    """Finds the sentences."""

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,  # noqa: ARG002 - of the base class
    ) -> list[Document]:
        """Return the sentences of the documents that answer the query."""
        texts = [TitledText.of(each.page_content, each.metadata) for each in documents]
        found = []
        for extract in self.extractor.extract(query, texts):
            document = documents[extract.number]
            before = document.metadata.get("start") or 0
            short = extract.short and document.page_content[slice(*extract.short)]
            metadata = {
                **document.metadata,
                "start": before + extract.start,
                "end": before + extract.end,
                "confidence": extract.confidence,
                "short": short,
            }
            found.append(Document(extract.words, metadata=metadata))
        return found
