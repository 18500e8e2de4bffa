"""Measure a checkpoint and the shipped model on whole articles.

    python -m training.reader.end_to_end RUN/checkpoint.pt --base FOLDER --data EVALUATION

Evaluation data is used only to measure, never to train or tune. A fixed share of the questions is
asked of each article that nothing was fitted on. The shipped model ranks the retrieved passages,
and the checkpoint reads the best of them with the article's title; the span with the largest margin
is the answer. Nothing is refused.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from bench.datasets import in_first_half, read_set
from index.embedding.embedder import SentenceTransformerEmbedder
from index.embedding.model_files import default_model_folder
from index.search.passage_index import PassageIndex
from index.types import Article, Passage, Span
from qa.evaluation.datasets import EvalArticle, EvalQuestion
from qa.evaluation.evaluate import PASSAGES
from qa.evaluation.metrics import auroc, exact_match, f1, hits_any
from qa.reading.large_model import MAX_TITLE_TOKENS
from qa.reading.model import PairTokenizer, Window, WindowLogits
from qa.reading.reader import ExtractiveReader
from qa.reading.spans import SpanCandidate, sentences_around, span_candidates
from qa.retrieval.retriever import Retriever
from training.reader.model import ReaderModel
from training.reader.pretrained import averaged_model
from training.reader.seeding import sha1_of


class CheckpointReader:
    """Reads passages together with their article's title, with a checkpoint's model.

    Args:
        model: Reads the windows one after the other.
        folder: The folder of the tokenizer.
    """

    def __init__(self, model: ReaderModel, folder: Path) -> None:
        self._model = model.eval()
        self._tokenizer = PairTokenizer((folder / "tokenizer.json").read_bytes())

    def read(self, question: str, texts: Sequence[str], title: str) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows, in the order of the text."""
        asked, titled, *passages = self._tokenizer.encode([question, title, *texts])
        before = ((), titled.ids[:MAX_TITLE_TOKENS])
        return [
            [self._read(window) for window in self._tokenizer.windows(asked, passage, before)]
            for passage in passages
        ]

    def _read(self, window: Window) -> WindowLogits:
        ids = torch.tensor([window.ids])
        types = (torch.arange(ids.shape[1]) >= window.passage_at).long()[None]
        with torch.inference_mode():
            found = self._model(ids, torch.ones_like(ids), types)
        passage = slice(window.passage_at, window.passage_at + len(window.offsets))
        start, end = (each[0].float().numpy() for each in (found.start, found.end))
        no_answer = float(start[0] + end[0])
        has_answer = float(found.has_answer[0])
        return WindowLogits(window, start[passage], end[passage], no_answer, has_answer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a model for one question."""

    kind: str
    answerable: bool
    exact: float
    f1: float
    is_cited: bool
    """Whether the sentences of the answer contain a gold answer."""
    margin: float
    has_answer: float


def outcomes(
    article: EvalArticle, shipped: ExtractiveReader, reader: CheckpointReader, read: int
) -> Iterator[tuple[Outcome, Outcome]]:
    """Yield the outcomes of the shipped model and of the checkpoint for each question."""
    whole = Article.from_text(article.text, title=article.title)
    title = article.title.replace("_", " ")
    with PassageIndex(None, SentenceTransformerEmbedder()) as index:
        index.add(whole)
        retriever = Retriever(index)
        for question in article.questions:
            passages = retriever.retrieve(question.question, PASSAGES)
            scored = shipped.score_spans(question.question, passages)
            first = scored[0].candidate if scored else None
            order = list(dict.fromkeys(j.candidate.passage.start for j in scored))
            best = sorted(passages, key=lambda p: _place(p, order))[:read]
            windows = reader.read(question.question, [p.text for p in best], title)
            found = [
                candidate
                for passage, logits in zip(best, windows, strict=True)
                for candidate in span_candidates(passage, logits)[:1]
            ]
            ours = max(found, key=lambda candidate: candidate.margin, default=None)
            yield _outcome(question, first), _outcome(question, ours)


def summary(found: Sequence[Outcome]) -> dict[str, float]:
    """Return the metrics of the outcomes, in 0..1 except for the count."""
    can = [o for o in found if o.answerable]
    figures: dict[str, float] = {
        "answerable": len(can),
        "exact": float(np.mean([o.exact for o in can])),
        "f1": float(np.mean([o.f1 for o in can])),
        "first_citation": float(np.mean([o.is_cited for o in can])),
    }
    for kind in ("adversarial", "off_topic"):
        some = can + [o for o in found if o.kind == kind]
        if len(some) > len(can):
            labels = [o.answerable for o in some]
            figures[f"auroc_{kind}_margin"] = auroc(labels, [o.margin for o in some])
            figures[f"auroc_{kind}_has_answer"] = auroc(labels, [o.has_answer for o in some])
    return {name: round(value, 4) for name, value in figures.items()}


def _place(passage: Passage, order: Sequence[int]) -> tuple[int, int]:
    place = order.index(passage.start) if passage.start in order else len(order)
    return place, passage.rank


def _outcome(question: EvalQuestion, found: SpanCandidate | None) -> Outcome:
    if found is None:
        return Outcome(question.kind, question.answerable, 0.0, 0.0, False, -1e9, -1e9)  # noqa: FBT003 - a value
    sentences = sentences_around(found.passage, found.span)
    quote = Span(sentences[0].start, sentences[-1].end)
    return Outcome(
        question.kind,
        question.answerable,
        exact_match(found.text, question.answers),
        f1(found.text, question.answers),
        hits_any(quote, question.evidence.spans),
        found.margin,
        found.has_answer,
    )


def _sampled(article: EvalArticle, one_in: int) -> EvalArticle:
    kept = (q for q in article.questions if int(sha1_of(q.id)[:8], 16) % one_in == 0)
    return EvalArticle(article.id, article.title, article.text, article.lang, tuple(kept))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.end_to_end")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--base", type=Path, help="what adapters were trained on")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation data")
    parser.add_argument("--set", default="squad_en")
    parser.add_argument("--one-in", type=int, default=16, help="ask one question of so many")
    parser.add_argument("--read", type=int, default=3, help="passages that the checkpoint reads")
    given = parser.parse_args()
    model = averaged_model(given.checkpoint, given.base).to(torch.bfloat16)
    reader, shipped = CheckpointReader(model, default_model_folder()), ExtractiveReader()
    articles = [a for a in read_set(given.data, given.set, quick=False) if not in_first_half(a.id)]
    began = time.monotonic()
    pairs = [
        pair
        for article in tqdm(articles)
        for pair in outcomes(_sampled(article, given.one_in), shipped, reader, given.read)
    ]
    theirs, ours = zip(*pairs, strict=True)
    report = {
        "questions": len(pairs),
        "seconds": round(time.monotonic() - began),
        "shipped": summary(theirs),
        "checkpoint": summary(ours),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
