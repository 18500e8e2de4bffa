"""Retrieve the passages that best match a question, by vectors and by BM25."""

from __future__ import annotations

from collections.abc import Iterable

from index.embedding.embedder import Vectors
from index.embedding.model_files import DEFAULT_MODEL
from index.errors import ArticleNotFound, QuestionError
from index.search.passage_index import Candidate, PassageIndex
from index.sentences import guess_language
from index.types import Passage, PassageSource, pages_between
from qa.retrieval.fusion import OTHER_SCRIPT, FusionWeights, fuse

DEFAULT_DEPTH = 100
MAX_QUESTION_CHARS = 2_000
BLANK = "The question is blank. Ask something about the article."


class Retriever:
    """Retrieves passages from a :class:`PassageIndex`. Safe to use from several threads.

    Args:
        index: What to search.
        depth: How many candidates vector search and BM25 return each.
        max_question_chars: A longer question is refused.
        weights: How scores are fused; None for what measured best with the
            model and the script of the question.
    """

    def __init__(
        self,
        index: PassageIndex,
        *,
        depth: int = DEFAULT_DEPTH,
        max_question_chars: int = MAX_QUESTION_CHARS,
        weights: FusionWeights | None = None,
    ) -> None:
        self._index = index
        self._depth = depth
        self._max_question_chars = max_question_chars
        self._weights = weights

    def retrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        vector: Vectors | None = None,
    ) -> list[Passage]:
        """Return up to ``k`` passages, best first, ties in the order of the articles.

        ``article_ids`` limits the search to those articles; a ``k`` over the number
        of passages returns them all; those of an article that is removed meanwhile are left
        out. ``vector`` is the question's embedding, ``(dimension,)``, if it is known already.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._check(question, k)
        if article_ids is not None:
            article_ids = list(article_ids)
        if vector is None:
            vector = self._index.embedder.encode_query(question)
        candidates = self._index.candidates(question, vector, max(k, self._depth), article_ids)
        best = fuse(question, candidates, self._weights or self._weights_for(question), k)
        passage_sources = self._index.store.passage_sources(
            found.stored.chunk.article_id for found, _ in best
        )
        known = [each for each in best if each[0].stored.chunk.article_id in passage_sources]
        return [
            _passage(found, score, rank, passage_sources[found.stored.chunk.article_id])
            for rank, (found, score) in enumerate(known, start=1)
        ]

    def retrieve_existing(
        self,
        question: str,
        k: int = 5,
        ids: Iterable[str] | None = None,
        vector: Vectors | None = None,
    ) -> list[Passage]:
        """Return what :meth:`retrieve` does, leaving out articles that are not in the library.

        For an article that may have been removed since its id was checked.

        Raises:
            QuestionError: As :meth:`retrieve` does.
        """
        ids = None if ids is None else list(ids)
        while True:
            try:
                return self.retrieve(question, k, ids, vector)
            except ArticleNotFound:
                known = self._index.store.titles()
                ids = [each for each in ids or () if each in known]
                if not ids:
                    return []

    def _weights_for(self, question: str) -> FusionWeights:
        english = self._index.embedder.identity.name == DEFAULT_MODEL
        return OTHER_SCRIPT if english and guess_language(question) != "en" else FusionWeights()

    def check_question(self, question: str) -> None:
        """Raise QuestionError if a question is blank, too long, or not valid Unicode."""
        if not question.strip():
            raise QuestionError(BLANK)
        try:
            question.encode("utf-8")
        except UnicodeEncodeError as error:
            msg = "The question holds half of a surrogate pair, which is not valid Unicode."
            raise QuestionError(msg) from error
        if len(question) > self._max_question_chars:
            msg = (
                f"The question has {len(question):,} characters; at most "
                f"{self._max_question_chars:,} are read. Shorten it."
            )
            raise QuestionError(msg)

    def _check(self, question: str, k: int) -> None:
        self.check_question(question)
        if k < 1:
            msg = f"k is {k}; ask for at least one passage."
            raise QuestionError(msg)


def _passage(candidate: Candidate, score: float, rank: int, source: PassageSource) -> Passage:
    chunk = candidate.stored.chunk
    page, page_breaks = pages_between(source.pages, chunk.start, chunk.end)
    return Passage(
        article_id=chunk.article_id,
        title=source.title,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=score,
        rank=rank,
        heading=chunk.heading,
        sentences=chunk.sentences,
        similarity=candidate.similarity,
        bm25=candidate.bm25,
        page=page,
        page_breaks=page_breaks,
    )
