"""The library as a LlamaIndex retriever, and the reading model as a node postprocessor."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import (
    BaseNode,
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from index.errors import QuestionError
from index.types import Passage
from qa.article_qa import ArticleQA
from qa.frameworks.extraction import Extract, SentenceExtractor, TitledText
from qa.frameworks.found_passages import passage_id, with_metadata

_FOR_PROGRAMS = ["article_id", "start", "end", "score", "confidence"]
"""Metadata that says nothing to a language model."""


class ArticleQANodeRetriever(BaseRetriever):
    """Retrieves passages of a library as nodes.

    ``start_char_idx`` and ``end_char_idx`` are offsets in the article's text; the metadata has
    ``article_id``, ``title``, ``start``, ``end``, ``page``, ``heading``, ``source`` and ``score``.

    Args:
        qa: The library.
        k: How many passages to return at most.
        article_ids: The articles to search; None for all.
        rerank: Whether the reading model orders the passages: more accurate and slower.
    """

    def __init__(
        self,
        qa: ArticleQA,
        k: int = 5,
        article_ids: Sequence[str] | None = None,
        *,
        rerank: bool = False,
    ) -> None:
        super().__init__()
        self._qa, self._k, self._article_ids, self._rerank = qa, k, article_ids, rerank

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question = query_bundle.query_str
        return self._nodes(
            self._qa.retrieve(question, self._k, self._article_ids, rerank=self._rerank)
        )

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question = query_bundle.query_str
        return self._nodes(
            await self._qa.aretrieve(question, self._k, self._article_ids, rerank=self._rerank)
        )

    def _nodes(self, passages: Sequence[Passage]) -> list[NodeWithScore]:
        nodes = []
        for passage, metadata in with_metadata(self._qa, passages):
            node = TextNode(
                id_=passage_id(passage),
                text=passage.text,
                start_char_idx=passage.start,
                end_char_idx=passage.end,
                metadata=metadata,
                excluded_llm_metadata_keys=_FOR_PROGRAMS,
                excluded_embed_metadata_keys=_FOR_PROGRAMS,
            )
            node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(
                node_id=passage.article_id
            )
            nodes.append(NodeWithScore(node=node, score=passage.score))
        return nodes


class ReadingPostprocessor(BaseNodePostprocessor):
    """Keeps the sentences of nodes that answer the query, each as a node of its own.

    They are exact substrings, the best first; none if the nodes do not answer. The score is the
    calibrated probability, in 0..1, that they answer rightly, also ``confidence`` in the metadata;
    ``start_char_idx`` and ``end_char_idx`` count from where those of the node do. ``short`` in the
    metadata is the shortest exact answer or None.

    Args:
        extractor: Finds the sentences; None for one with the settings of the environment.
    """

    _extractor: SentenceExtractor = PrivateAttr()

    def __init__(self, extractor: SentenceExtractor | None = None) -> None:
        super().__init__()
        self._extractor = extractor or SentenceExtractor()

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex stores it."""
        return "ReadingPostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            msg = "The postprocessor needs the query. Give query_str or query_bundle."
            raise QuestionError(msg)
        texts = [
            TitledText.of(each.node.get_content(MetadataMode.NONE), each.node.metadata)
            for each in nodes
        ]
        return [
            _sentence_node(nodes[extract.number].node, texts[extract.number].text, extract)
            for extract in self._extractor.extract(query_bundle.query_str, texts)
        ]


def _sentence_node(node: BaseNode, text: str, extract: Extract) -> NodeWithScore:
    before = getattr(node, "start_char_idx", None) or 0
    start, end = before + extract.start, before + extract.end
    short = extract.short and text[slice(*extract.short)]
    metadata = {
        **node.metadata,
        "start": start,
        "end": end,
        "confidence": extract.confidence,
        "short": short,
    }
    sentence = TextNode(
        text=extract.words,
        start_char_idx=start,
        end_char_idx=end,
        metadata=metadata,
        excluded_llm_metadata_keys=[*node.excluded_llm_metadata_keys, *_FOR_PROGRAMS],
        excluded_embed_metadata_keys=[*node.excluded_embed_metadata_keys, *_FOR_PROGRAMS],
    )
    source = node.source_node or node.as_related_node_info()
    sentence.relationships[NodeRelationship.SOURCE] = source
    return NodeWithScore(node=sentence, score=extract.confidence)
