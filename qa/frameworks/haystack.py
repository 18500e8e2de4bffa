"""The library as a Haystack retriever, and the reading model as an extractor of answers.

Importing this module turns Haystack's telemetry off: nothing is sent from this process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Document, ExtractedAnswer, component
from haystack.telemetry import _telemetry

from index.types import Passage
from qa.article_qa import ArticleQA
from qa.frameworks.extraction import Extract, SentenceExtractor, TitledText
from qa.frameworks.found_passages import passage_id, with_metadata

_telemetry.telemetry = None  # Haystack was perhaps imported before this module


@component
class ArticleQADocumentRetriever:
    """Retrieves passages of a library as documents.

    Their ``meta`` has ``article_id``, ``title``, ``start``, ``end`` (offsets in the article's
    text), ``page``, ``heading``, ``source`` and ``score``.

    Args:
        qa: The library.
        top_k: How many passages to return at most.
        article_ids: The articles to search; None for all.
        rerank: Whether the reading model orders the passages: more accurate and slower.
    """

    def __init__(
        self,
        qa: ArticleQA,
        top_k: int = 5,
        article_ids: list[str] | None = None,
        *,
        rerank: bool = False,
    ) -> None:
        self._qa, self._top_k, self._article_ids, self._rerank = qa, top_k, article_ids, rerank

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, top_k: int | None = None, article_ids: list[str] | None = None
    ) -> dict[str, list[Document]]:
        """Return the passages that best match the query, best first."""
        ids = self._article_ids if article_ids is None else article_ids
        count = self._top_k if top_k is None else top_k
        return self._documents(self._qa.retrieve(query, count, ids, rerank=self._rerank))

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, top_k: int | None = None, article_ids: list[str] | None = None
    ) -> dict[str, list[Document]]:
        """Do what :meth:`run` does without blocking the event loop."""
        ids = self._article_ids if article_ids is None else article_ids
        count = self._top_k if top_k is None else top_k
        return self._documents(await self._qa.aretrieve(query, count, ids, rerank=self._rerank))

    def _documents(self, passages: Sequence[Passage]) -> dict[str, list[Document]]:
        documents = [
            Document(
                id=passage_id(passage), content=passage.text, meta=metadata, score=passage.score
            )
            for passage, metadata in with_metadata(self._qa, passages)
        ]
        return {"documents": documents}


@component
class ReadingExtractor:
    """Finds the sentences of documents that answer the query.

    An answer's ``data`` is the shortest exact answer, or else the sentences, which are its
    ``context``; both are exact substrings of its ``document``. Its ``document_offset`` counts in
    the document's text, its ``context_offset`` in the context. The ``score`` is the calibrated
    probability, in 0..1, that the answer is right. There is no answer if the documents have none.

    Args:
        extractor: Finds the sentences; None for one with the settings of the environment.
    """

    def __init__(self, extractor: SentenceExtractor | None = None) -> None:
        self._extractor = extractor or SentenceExtractor()

    @component.output_types(answers=list[ExtractedAnswer])
    def run(self, query: str, documents: list[Document]) -> dict[str, list[ExtractedAnswer]]:
        """Return the answers in the documents, best first."""
        texts = [TitledText.of(each.content, each.meta) for each in documents]
        answers = [
            _answer(query, documents[extract.number], extract)
            for extract in self._extractor.extract(query, texts)
        ]
        return {"answers": answers}


def _answer(query: str, document: Document, extract: Extract) -> ExtractedAnswer:
    start, end = extract.short or (extract.start, extract.end)
    span = ExtractedAnswer.Span
    return ExtractedAnswer(
        query=query,
        score=extract.confidence,
        data=extract.words[start - extract.start : end - extract.start],
        document=document,
        context=extract.words,
        document_offset=span(start, end),
        context_offset=span(start - extract.start, end - extract.start),
    )
