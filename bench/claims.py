"""Measure how well claims that a text does not support are recognised.

    python -m bench.claims --data DIR [--scorer NAME ...] [--quick] [--out bench/results]

A claim of several sentences is as likely as its least likely sentence. The threshold is chosen on
one half of the texts, the same for all sets, and the figures are of the other half. Sets of
the folder ``claims_nc`` are for research only.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.claim_evidence import CLAIM_FILES, ClaimCase, EvidenceChooser, read_claim_set
from bench.claim_scorers import (
    CheckerProbability,
    ClaimScorer,
    ReaderVerdict,
    Similarity,
    WordOverlap,
)
from bench.commands import report, table
from bench.datasets import in_first_half, in_quick_run
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedding.embedder import Embedder, SentenceTransformerEmbedder
from index.sentences import split_sentences
from index.types import Span, overlap
from qa.evaluation.metrics import auroc
from qa.reading.large_model import LargeModel
from qa.writing.claim_checker import Checker, Pair
from qa.writing.trained_checker import TrainedChecker

FALSE_ALARMS = 0.05
"""The share of supported claims that are flagged where the share of the others is counted."""
_MANY = 12
"""Kinds of fewer claims are left out of the report."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A case and its score."""

    case: ClaimCase
    score: float


@dataclass(frozen=True, slots=True)
class SetFigures:
    """The figures of one set."""

    claims: int
    supported: int
    balanced_accuracy: float
    auroc: float
    caught: float
    """The share of unsupported claims that are flagged with FALSE_ALARMS of the others."""


def score_cases(
    cases: Sequence[ClaimCase], chooser: EvidenceChooser, scorer: ClaimScorer
) -> tuple[list[Scored], float]:
    """Return the cases with their scores, and the milliseconds per sentence of a claim."""
    seconds, sentences, found = 0.0, 0, []
    for case in tqdm(cases, desc="claims", disable=None):
        pairs = chooser.pairs(case)
        began = time.perf_counter()
        scores = scorer.score(pairs)
        seconds += time.perf_counter() - began
        sentences += len(pairs)
        found.append(Scored(case, min(scores)))
    return found, 1000 * seconds / max(1, sentences)


def balanced_accuracy(scored: Sequence[Scored], threshold: float) -> float:
    """Return the mean of the shares of supported and of unsupported claims that are right."""
    passed = [s.score >= threshold for s in scored if s.case.is_supported]
    flagged = [s.score < threshold for s in scored if not s.case.is_supported]
    return float(np.mean(passed) + np.mean(flagged)) / 2


def threshold_for(scored: Sequence[Scored], share: float = FALSE_ALARMS) -> float:
    """Return the score below which at most ``share`` of the supported claims are."""
    supported = sorted(s.score for s in scored if s.case.is_supported)
    return supported[int(share * len(supported))]


def best_threshold(sets: Iterable[Sequence[Scored]]) -> float:
    """Return the threshold with the highest mean balanced accuracy over the sets."""
    given = [scored for scored in sets if _has_both(scored)]
    candidates = np.unique([s.score for scored in given for s in scored])
    if len(candidates) > 400:  # noqa: PLR2004 - fine enough
        candidates = np.quantile(candidates, np.linspace(0, 1, 401))
    means = [np.mean([balanced_accuracy(s, float(t)) for s in given]) for t in candidates]
    return float(candidates[int(np.argmax(means))])


def figures_of(scored: Sequence[Scored], threshold: float) -> SetFigures:
    """Return the figures of one set at the common threshold."""
    labels = [s.case.is_supported for s in scored]
    least = threshold_for(scored)
    caught = [s.score < least for s in scored if not s.case.is_supported]
    return SetFigures(
        len(scored),
        sum(labels),
        balanced_accuracy(scored, threshold),
        auroc(labels, [s.score for s in scored]),
        float(np.mean(caught)),
    )


def kind_rows(sets: dict[str, list[Scored]], threshold: float) -> list[tuple[str, ...]]:
    """Return for each kind: its claims, the share that pass, and that are caught."""
    passed: defaultdict[str, list[bool]] = defaultdict(list)
    caught: defaultdict[str, list[bool]] = defaultdict(list)
    for name, scored in sets.items():
        least = threshold_for(scored)
        family = name.split("_", maxsplit=1)[0]
        for each in scored:
            for kind in each.case.kinds:
                passed[f"{family}: {kind}"].append(each.score >= threshold)
                caught[f"{family}: {kind}"].append(each.score < least)
    return [
        (kind, str(len(found)), f"{np.mean(found):.3f}", f"{np.mean(caught[kind]):.3f}")
        for kind, found in sorted(passed.items())
        if len(found) >= _MANY
    ]


def _has_both(scored: Sequence[Scored]) -> bool:
    return len({s.case.is_supported for s in scored}) > 1


def marked_words(
    cases: Sequence[ClaimCase], chooser: EvidenceChooser, checker: Checker
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the words that a checker marks, against people's marks."""
    both = ours = theirs = 0
    for case in cases:
        found = checker.check([Pair(*pair) for pair in chooser.pairs(case)])
        starts = [span.start for span in split_sentences(case.claim)] or [0]
        marks = [
            Span(start + span.start, start + span.end)
            for start, each in zip(starts, found, strict=True)
            for span in each.unsupported
        ]
        for match in re.finditer(r"\w+", case.claim):
            is_ours, is_theirs = (
                any(overlap(Span(*match.span()), span) for span in spans)
                for spans in (marks, case.unsupported or ())
            )
            both += is_ours and is_theirs
            ours += is_ours
            theirs += is_theirs
    precision, recall = both / max(1, ours), both / max(1, theirs)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _markdown(name: str, halves: Sequence[dict[str, list[Scored]]], milliseconds: float) -> str:
    chosen_on, reported = halves
    threshold = best_threshold(chosen_on.values())
    figures = {
        set_name: figures_of(scored, threshold)
        for set_name, scored in reported.items()
        if _has_both(scored)
    }
    rows: list[tuple[str, ...]] = [
        (
            set_name, str(f.claims), str(f.supported), f"{f.balanced_accuracy:.3f}",
            f"{f.auroc:.3f}", f"{f.caught:.3f}",
        )
        for set_name, f in figures.items()
    ]  # fmt: skip
    distinct = [f for set_name, f in figures.items() if set_name != "wice_evidence"]
    means = [
        f"{np.mean([getattr(f, key) for f in distinct]):.3f}"
        for key in ("balanced_accuracy", "auroc", "caught")
    ]
    rows.append(("mean", str(sum(f.claims for f in distinct)), "", *means))
    head = ("set", "claims", "supported", "balanced accuracy", "AUROC", "caught at 5 %")
    kept = {set_name: reported[set_name] for set_name in figures}
    return "\n".join(
        [
            f"## {name}",
            "",
            f"{milliseconds:.1f} ms a sentence; threshold {threshold:.3f}.",
            "",
            *table(head, rows),
            "",
            *table(("kind", "claims", "pass", "caught at 5 %"), kind_rows(kept, threshold)),
            "",
        ]
    )


def _scorers(
    embedder: Embedder, folder: Path | None = None
) -> dict[str, Callable[[], ClaimScorer]]:
    return {
        "checker": lambda: CheckerProbability(
            TrainedChecker.shipped(folder, reader=LargeModel.shipped())
        ),
        "checker_alone": lambda: CheckerProbability(TrainedChecker.shipped(folder)),
        "words": WordOverlap,
        "similarity": lambda: Similarity(embedder),
        "reader": lambda: ReaderVerdict(LargeModel.shipped()),
    }


def main() -> None:
    """Run the command line."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    names = list(_scorers(embedder))
    parser = argparse.ArgumentParser(prog="python -m bench.claims")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--scorer", nargs="+", choices=names, default=names)
    parser.add_argument("--sets", nargs="+", choices=CLAIM_FILES, default=list(CLAIM_FILES))
    parser.add_argument("--quick", action="store_true", help="a fixed eighth of the claims")
    parser.add_argument("--checker", type=Path, help="folder of a checker, instead of the shipped")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    makers = _scorers(embedder, given.checker)
    environment = Environment.now("bench.claims")
    cases = {name: read_claim_set(given.data, name) for name in given.sets}
    if given.quick:
        cases = {n: [c for c in found if in_quick_run(c.id)] for n, found in cases.items()}
    chooser = EvidenceChooser(embedder)
    parts = ["# Claims", "", environment.to_markdown()]
    for name in given.scorer:
        scorer = makers[name]()
        halves: tuple[dict[str, list[Scored]], ...] = ({}, {})
        times = []
        for set_name, found in cases.items():
            scored, each = score_cases(found, chooser, scorer)
            times.append(each)
            for half, is_first in zip(halves, (True, False), strict=True):
                half[set_name] = [s for s in scored if in_first_half(s.case.text_id) == is_first]
        parts.append(_markdown(name, halves, float(np.mean(times))))
        marked = [c for found in cases.values() for c in found if c.unsupported is not None]
        if isinstance(scorer, CheckerProbability) and marked:
            precision, recall, f1 = marked_words(marked, chooser, scorer.checker)
            parts.append(
                f"Words without support, of {len(marked)} claims where people marked them: "
                f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}.\n"
            )
    report(given.out, "claims", "\n".join(parts))


if __name__ == "__main__":
    main()
