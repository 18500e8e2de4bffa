"""Retriever: a question → the passages that fit it best, by meaning and by words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from index.embedder import Vectors
from index.errors import QuestionError
from index.model_files import DEFAULT_MODEL
from index.passage_index import Candidate, PassageIndex
from index.sentences import guess_language
from index.types import Passage, pages_between
from qa.evidence import QuestionTerms, sentence_words

DEFAULT_DEPTH = 100
MAX_QUESTION_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each kind of evidence counts; the score is their weighted mean.

    Chosen on the articles of a training set (2,416 questions), checked on others:
    see bench/results/retrieval.md.
    """

    cosine: float = 1.0
    """Nearness in meaning."""
    bm25: float = 0.25
    """BM25, as a share of the best candidate's."""
    pairs: float = 0.35
    """Words that stand side by side in question and passage."""
    sentence: float = 0.35
    """The question's words that one sentence of the passage has together."""


# The model that comes along is English: of other scripts it knows single letters.
# On xquad_hi this brings Recall@1 from .690 to .803 (BM25 alone: .800).
OTHER_SCRIPT = FusionWeights(cosine=0.3)
MEANING_ALONE = FusionWeights(bm25=0, pairs=0, sentence=0)
WORDS_ALONE = FusionWeights(cosine=0, bm25=1, pairs=0, sentence=0)


class Retriever:
    """Retrieves passages from a :class:`PassageIndex`. Safe to use from several threads.

    Args:
        index: What to search.
        depth: How many candidates the search by meaning and the search by words
            bring each.
        max_question_chars: A longer question is refused.
        weights: How the evidence is fused; None for what measured best with the
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
        encode: Callable[[str], Vectors] | None = None,
    ) -> list[Passage]:
        """Return up to ``k`` passages, best first, ties in the order of the articles.

        ``article_ids`` limits the search to those articles; ``k`` over the number
        of passages brings them all. ``encode`` gives the question's embedding, if there is
        one already; None for that of the library's model.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._check(question, k)
        if article_ids is not None:
            article_ids = list(article_ids)
        vector = (encode or self._index.embedder.encode_query)(question)
        depth = min(max(k, self._depth), len(self._index))
        candidates = self._index.candidates(question, vector, depth, article_ids)
        scores = _fused(question, candidates, self._weights or self._fitting(question))
        order = sorted(range(len(candidates)), key=lambda i: (-scores[i], candidates[i].stored.id))
        chosen = [(candidates[i], scores[i]) for i in order[:k]]
        pages = self._index.pages(candidate.stored.chunk.article_id for candidate, _ in chosen)
        return [
            _passage(candidate, score, rank, pages.get(candidate.stored.chunk.article_id, ()))
            for rank, (candidate, score) in enumerate(chosen, start=1)
        ]

    def _fitting(self, question: str) -> FusionWeights:
        english = self._index.embedder.identity.name == DEFAULT_MODEL
        return OTHER_SCRIPT if english and guess_language(question) != "en" else FusionWeights()

    def _check(self, question: str, k: int) -> None:
        if not question.strip():
            msg = "The question is blank. Ask something about the article."
            raise QuestionError(msg)
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
        if k < 1:
            msg = f"k is {k}; ask for at least one passage."
            raise QuestionError(msg)


def _fused(question: str, candidates: list[Candidate], weights: FusionWeights) -> list[float]:
    """Return the weighted mean of each candidate's evidence, in 0..1."""
    texts = [sentence_words(candidate.stored.chunk) for candidate in candidates]
    terms = QuestionTerms.of(question, [text.words for text in texts])
    best_bm25 = max((candidate.bm25 for candidate in candidates), default=0.0) or 1.0
    total = weights.cosine + weights.bm25 + weights.pairs + weights.sentence
    scores = []
    for candidate, text in zip(candidates, texts, strict=True):
        score = weights.cosine * max(0.0, candidate.similarity)
        if candidate.bm25:
            pairs, sentence = terms.evidence(text)
            score += weights.bm25 * candidate.bm25 / best_bm25
            score += weights.pairs * pairs + weights.sentence * sentence
        scores.append(min(1.0, score / total))
    return scores


def _passage(candidate: Candidate, score: float, rank: int, pages: Sequence[int]) -> Passage:
    chunk = candidate.stored.chunk
    page, page_breaks = pages_between(pages, chunk.start, chunk.end)
    return Passage(
        article_id=chunk.article_id,
        title=candidate.stored.title,
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
