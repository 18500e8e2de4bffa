"""The parts for LangChain, with LangChain itself."""

from __future__ import annotations

from langchain_core.documents import Document

from qa.article_qa import ArticleQA
from qa.frameworks.extraction import SentenceExtractor
from qa.frameworks.langchain import ArticleQARetriever, ReadingCompressor
from tests.asgi import run
from tests.frameworks.conftest import DAM, DAM_QUESTION, QUESTION, expected


def test_passages_are_documents(bundled: ArticleQA) -> None:
    documents = ArticleQARetriever(qa=bundled, k=2).invoke(QUESTION)
    found = [(each.page_content, each.metadata) for each in documents]
    assert found == expected(bundled, 2)
    assert len({each.id for each in documents}) == 2


def test_the_asynchronous_retriever_finds_the_same(bundled: ArticleQA) -> None:
    retriever = ArticleQARetriever(qa=bundled, rerank=True)
    found = run(retriever.ainvoke(QUESTION, k=2))
    assert found == retriever.invoke(QUESTION, k=2)
    assert len(found) == 2


def test_a_search_can_be_limited_to_articles(bundled: ArticleQA) -> None:
    retriever = ArticleQARetriever(qa=bundled, article_ids=[])
    assert retriever.invoke(QUESTION) == []
    assert retriever.invoke(QUESTION, article_ids=list(bundled.titles()))


def test_only_the_sentences_that_answer_are_kept(extractor: SentenceExtractor) -> None:
    compressor = ReadingCompressor(extractor=extractor)
    documents = [Document("The ferry carries sixty cars."), Document(DAM, metadata={"page": 3})]
    (kept,) = compressor.compress_documents(documents, DAM_QUESTION)
    start, end = kept.metadata["start"], kept.metadata["end"]
    assert kept.page_content == DAM[start:end] == "The mayor, Ines Falk, resigned in June."
    assert (kept.metadata["page"], kept.metadata["short"]) == (3, "June")
    assert 0.5 < kept.metadata["confidence"] <= 1
    assert list(run(compressor.acompress_documents(documents, DAM_QUESTION))) == [kept]


def test_offsets_of_retrieved_documents_count_in_their_article(
    bundled: ArticleQA, extractor: SentenceExtractor
) -> None:
    (article,) = bundled.articles()
    documents = ArticleQARetriever(qa=bundled).invoke(QUESTION)
    kept = ReadingCompressor(extractor=extractor).compress_documents(documents, QUESTION)
    assert kept
    for each in kept:
        assert article.text[each.metadata["start"] : each.metadata["end"]] == each.page_content
