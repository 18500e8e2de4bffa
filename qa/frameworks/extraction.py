"""Find the sentences of given texts that answer a question, for the frameworks' documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article, Span
from qa.article_qa import ArticleQA
from qa.library import embedder_of
from qa.reading.reader import Reader, Reading
from qa.reading.two_stage import reader_of
from qa.settings import Settings


@dataclass(frozen=True, slots=True)
class TitledText:
    """A text to find sentences in, and its title, if any."""

    text: str
    title: str = ""

    @classmethod
    def of(cls, text: str | None, metadata: Mapping[str, Any]) -> TitledText:
        """Return the text of a framework's document, with the ``title`` in its metadata."""
        return cls(text or "", str(metadata.get("title") or ""))


@dataclass(frozen=True, slots=True)
class Extract:
    """Whole sentences of one of the texts."""

    number: int
    """Which text, from 0."""
    start: int
    end: int
    words: str
    """``text[start:end]``."""
    confidence: float
    """Calibrated probability, in 0..1, that the extracts of this question answer it rightly."""
    short: Span | None = None
    """Where the shortest exact answer is in the text; None if unknown, or in another extract."""


class SentenceExtractor:
    """Finds the sentences that answer a question with the embedding and the reading model.

    Safe to use from several threads. The models load at first use.

    Args:
        settings: How readily it answers, and which models it uses; None for the settings of the
            environment.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings.load()
        self._embedder: SentenceTransformerEmbedder = embedder_of(self._settings)
        self._reader: Reader = reader_of(self._settings)

    def extract(self, question: str, texts: Sequence[TitledText]) -> list[Extract]:
        """Return the sentences that answer, the best first; none if the texts do not answer.

        Each text is embedded, which takes about as long as adding it to a library.

        Raises:
            QuestionError: The question is blank or too long.
            UnreadableFile: A text is not valid Unicode.
            ModelError: A model cannot be used.
        """
        numbers: dict[str, int] = {}
        articles = []
        for number, each in enumerate(texts):
            if each.text.strip():
                article = Article.from_text(_with_unix_newlines(each.text), title=each.title)
                if numbers.setdefault(article.id, number) == number:
                    articles.append(article)
        if not articles:
            return []
        reading = self._read(question, articles)
        if reading.confidence < self._settings.confidence_threshold(self._reader.levels):
            return []
        return [
            self._extract_of(reading, at, numbers[quote.article_id], texts)
            for at, quote in enumerate(reading.quotes)
        ]

    def _read(self, question: str, articles: Sequence[Article]) -> Reading:
        # The confidence is calibrated for passages as they are found in a library.
        index = PassageIndex(None, self._embedder)
        settings = self._settings
        with ArticleQA(
            index, self._embedder, settings, reader=self._reader, pending=articles
        ) as qa:
            passages = qa.retrieve(question, settings.passages)
        return self._reader.read(question, passages)

    def _extract_of(
        self, reading: Reading, at: int, number: int, texts: Sequence[TitledText]
    ) -> Extract:
        quote = reading.quotes[at]
        words = texts[number].text[quote.start : quote.end]
        short = reading.short if at == 0 else None  # it is inside the first quote
        return Extract(number, quote.start, quote.end, words, reading.confidence, short)


def _with_unix_newlines(text: str) -> str:
    """Return ``text`` with only LF as newline and every character at the same offset."""
    return text.replace("\r\n", " \n").replace("\r", "\n")
