"""A language model and a checker that do what a test says; everything else is real."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence

from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article
from qa.article_qa import ArticleQA
from qa.settings import Settings
from qa.writing.claim_checker import Checked, Pair
from qa.writing.language_model import Ending, Message
from qa.writing.writer import Writer

FERRY = (
    "The ferry Halcyon sails from Port Ellery every morning at seven. "
    "It carries four hundred passengers and sixty cars. "
    "The crossing to Brindle Island takes fifty minutes. "
    "Captain Odile Marsh has commanded the ferry since 2011."
)
QUESTION = "When does the ferry Halcyon sail?"
SUPPORTED = "The Halcyon leaves Port Ellery at seven. [1]"
PARTLY = "It perhaps takes fifty minutes to reach Brindle Island. [3]"
INVENTED = "The ticket costs nine gold coins for each passenger. [2]"


class ScriptedModel:
    """Writes given pieces, each once it is released.

    Args:
        pieces: What it writes.
        held: Whether each piece waits for :meth:`release`.
    """

    name = "scripted-1b"
    context_tokens = 4_096

    def __init__(self, *pieces: str, held: bool = False) -> None:
        self.pieces = pieces
        self.asked: list[Sequence[Message]] = []
        self.ended = threading.Event()
        """Set once its work has ended, by itself or because it was stopped."""
        self.was_stopped = False
        self._held = held
        self._released = threading.Semaphore(0)

    def release(self, count: int = 1) -> None:
        """Let it write so many further pieces."""
        self._released.release(count)

    def write(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002 - of the protocol
        stopped: threading.Event,
    ) -> Generator[str, None, Ending]:
        self.asked.append(messages)
        try:
            for piece in self.pieces:
                while self._held and not self._released.acquire(timeout=0.01):
                    if stopped.is_set():
                        self.was_stopped = True
                        return Ending(None, None, complete=False)
                yield piece
            return Ending(812, 64, complete=True)
        finally:
            self.ended.set()

    def close(self) -> None: ...


class ScriptedChecker:
    """Supports every claim, except those that contain a given word."""

    supported_from = 0.7
    partly_from = 0.4

    def __init__(self, probabilities: Mapping[str, float] | None = None) -> None:
        self._probabilities = probabilities or {"perhaps": 0.55, "gold": 0.04}

    def check(self, pairs: Sequence[Pair]) -> list[Checked]:
        return [
            Checked(next((p for word, p in self._probabilities.items() if word in claim), 0.97))
            for claim, _ in pairs
        ]


def written_qa(
    model: ScriptedModel,
    *articles: Article,
    unsupported: str = "strike",
    has_model: bool = True,
    llm_file: str | None = None,
) -> ArticleQA:
    """Return a library in memory, by default with the article about the ferry."""
    has_server = has_model and not llm_file
    settings = Settings(
        llm_url="http://127.0.0.1:9/v1" if has_server else None,
        llm_model=model.name if has_server else None,
        llm_file=llm_file,
        unsupported=unsupported,
        reader="small",
    )
    embedder = SentenceTransformerEmbedder()
    return ArticleQA(
        PassageIndex(None, embedder),
        embedder,
        settings,
        pending=articles or [Article.from_text(FERRY, title="Ferry")],
        writer=Writer(model, ScriptedChecker(), unsupported=unsupported),
    )
