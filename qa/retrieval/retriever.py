"""Retrieve the passages that best match a question, by vectors and by BM25."""

from __future__ import annotations

from collections.abc import Iterable

from index.embedding.embedder import Vectors
from index.embedding.model_files import DEFAULT_MODEL
from index.errors import ArticleNotFound, QuestionError
from index.search.backend import Candidate, LibraryBackend
from index.sentences import guess_language
from index.types import Passage, PassageSource, pages_between
from qa.retrieval.fusion import OTHER_SCRIPT, FusionWeights, fuse

DEFAULT_DEPTH = 100
MAX_QUESTION_CHARS = 2_000
BLANK = "The question is blank. Ask something about the article."


class Retriever:
    """Retrieves passages from a library. Safe to use from several threads.

    Args:
        index: What to search.
        depth: How many candidates vector search and BM25 return each.
        max_question_chars: A longer question is refused.
        weights: How scores are fused; None for those that measured best for the embedding
            model and the script of the question.
    """

    def __init__(
        self,
        index: LibraryBackend,
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
        """Return up to ``k`` passages, best first, ties in the order they were indexed.

        ``article_ids`` limits the search to those articles. Fewer than ``k`` are returned if
        there are no more; passages of an article that is removed during the search are left
        out. ``vector`` is the question's embedding, ``(dimension,)``, if already known.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
            ArticleNotFound: One of the ids is not in the library.
        """
        self.check_question(question)
        if k < 1:
            msg = f"k is {k}; it must be at least 1."
            raise QuestionError(msg)
        if article_ids is not None:
            article_ids = list(article_ids)
        if vector is None:
            vector = self._index.embedder.encode_query(question)
        candidates = self._index.candidates(question, vector, max(k, self._depth), article_ids)
        best = fuse(question, candidates, self._weights or self._weights_for(question), k)
        sources = self._index.store.passage_sources(
            candidate.stored.chunk.article_id for candidate, _ in best
        )
        existing = [pair for pair in best if pair[0].stored.chunk.article_id in sources]
        return [
            _passage(candidate, score, rank, sources[candidate.stored.chunk.article_id])
            for rank, (candidate, score) in enumerate(existing, start=1)
        ]

    def retrieve_existing(
        self,
        question: str,
        k: int = 5,
        ids: Iterable[str] | None = None,
        vector: Vectors | None = None,
    ) -> list[Passage]:
        """Retrieve as :meth:`retrieve` does, ignoring ids that are not in the library.

        Another thread may have removed an article since its id was checked.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
        """
        ids = None if ids is None else list(ids)
        while True:
            try:
                return self.retrieve(question, k, ids, vector)
            except ArticleNotFound:
                known = self._index.store.titles(ids or ())
                ids = [each for each in ids or () if each in known]
                if not ids:
                    return []

    def _weights_for(self, question: str) -> FusionWeights:
        is_english_model = self._index.embedder.identity.name == DEFAULT_MODEL
        is_other_script = is_english_model and guess_language(question) != "en"
        return OTHER_SCRIPT if is_other_script else FusionWeights()

    def check_question(self, question: str) -> None:
        """Raise QuestionError if a question is blank, too long, or not valid Unicode."""
        if not question.strip():
            raise QuestionError(BLANK)
        try:
            question.encode("utf-8")
        except UnicodeEncodeError as error:
            msg = "The question is not valid Unicode: it contains half of a surrogate pair."
            raise QuestionError(msg) from error
        if len(question) > self._max_question_chars:
            msg = (
                f"The question has {len(question):,} characters; the limit is "
                f"{self._max_question_chars:,}. Shorten it."
            )
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
