"""The parts for LlamaIndex, with LlamaIndex itself."""

from __future__ import annotations

import pytest
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode

from index.errors import QuestionError
from qa.article_qa import ArticleQA
from qa.frameworks.extraction import SentenceExtractor
from qa.frameworks.llama_index import ArticleQANodeRetriever, ReadingPostprocessor
from tests.asgi import run
from tests.frameworks.conftest import DAM, DAM_QUESTION, QUESTION, expected


def test_passages_are_nodes(bundled: ArticleQA) -> None:
    found = ArticleQANodeRetriever(bundled, 2).retrieve(QUESTION)
    assert [(each.text, each.metadata) for each in found] == expected(bundled, 2)
    node = found[0].node
    assert isinstance(node, TextNode)
    assert (node.start_char_idx, node.end_char_idx) == (
        node.metadata["start"],
        node.metadata["end"],
    )
    assert found[0].score == node.metadata["score"]
    assert node.ref_doc_id == node.metadata["article_id"]


def test_the_asynchronous_retriever_finds_the_same(bundled: ArticleQA) -> None:
    retriever = ArticleQANodeRetriever(bundled, 2, rerank=True)
    assert run(retriever.aretrieve(QUESTION)) == retriever.retrieve(QUESTION)


def test_a_language_model_is_not_shown_offsets(bundled: ArticleQA) -> None:
    (found,) = ArticleQANodeRetriever(bundled, 1).retrieve(QUESTION)
    shown = found.node.get_content(MetadataMode.LLM)
    assert "title: US urges" in shown
    assert found.metadata["article_id"] not in shown


def test_only_the_sentences_that_answer_are_kept(extractor: SentenceExtractor) -> None:
    nodes = [
        NodeWithScore(node=TextNode(text="The ferry carries sixty cars.")),
        NodeWithScore(node=TextNode(text=DAM, start_char_idx=100, metadata={"page": 3})),
    ]
    (kept,) = ReadingPostprocessor(extractor).postprocess_nodes(nodes, query_str=DAM_QUESTION)
    assert isinstance(kept.node, TextNode)
    assert kept.node.start_char_idx is not None
    assert kept.node.end_char_idx is not None
    assert kept.text == DAM[kept.node.start_char_idx - 100 : kept.node.end_char_idx - 100]
    assert kept.text == "The mayor, Ines Falk, resigned in June."
    assert (kept.metadata["page"], kept.metadata["short"]) == (3, "June")
    assert kept.score == kept.metadata["confidence"]
    assert kept.node.ref_doc_id == nodes[1].node_id


def test_the_postprocessor_needs_a_query(extractor: SentenceExtractor) -> None:
    with pytest.raises(QuestionError, match="needs the query"):
        ReadingPostprocessor(extractor).postprocess_nodes([])
