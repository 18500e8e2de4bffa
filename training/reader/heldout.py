"""How well the model reads articles that it is never trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.abstention import auroc
from qa.evaluation.metrics import exact_match, f1
from qa.span_decoding import joint_logits
from training.reader.examples import Example, answer_texts, at, other_passages
from training.reader.features import Batch, Window, WindowMaker, collate
from training.reader.model import Logits
from training.reader.passages import PARAGRAPHS, PreparedArticle
from training.reader.sources import Question, seeded

LogitsOf: TypeAlias = Callable[[Batch], Logits]
"""A model, however it is run."""

_GENUINE_SOURCES = frozenset({"squad2-dev-part", "squad2-train-sample"})
_BATCH_WINDOWS = 16


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """How many of each kind the fixed sample holds."""

    answerable: int = 200
    squad2: int = 160
    """Answerable ones, and as many written to be unanswerable."""
    off_topic: int = 80
    reordered: int = 200
    rivals: int = 4
    """Wrong passages beside the right one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Examples with the role that each plays in the figures."""

    roles: tuple[str, ...]
    """answerable, squad2, genuine, off_topic, or ``order:N``, the right passage first."""
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What the model makes of one example."""

    text: str
    """The words of the best span."""
    margin: float
    """How much more likely the span is than none, in logits."""
    has_answer: float
    """The logit that there is an answer."""
    sentence: float = -np.inf
    """Of the likeliest sentence, the mean logit of its tokens, if the model judges sentences."""
    sentence_holds: bool = False
    """Whether that sentence has a part of the answer in it."""


def draw_sample(articles: Sequence[PreparedArticle], sizes: SampleSizes) -> Sample:
    """Return the same sample each time: questions in an order that their ids decide."""
    asked = [(p, q) for p in articles for q in p.article.questions]
    asked.sort(key=lambda item: seeded("sample", item[1].id).random())
    can = [item for item in asked if item[1].answers]
    marked = [item for item in asked if item[0].article.source in _GENUINE_SOURCES]
    found = [("answerable", _given(p, q)) for p, q in can[: sizes.answerable]]
    found += [("squad2", _given(p, q)) for p, q in marked if q.answers][: sizes.squad2]
    found += [("genuine", _given(p, q)) for p, q in marked if not q.answers][: sizes.squad2]
    for place, (prepared, question) in enumerate(can[: sizes.off_topic]):
        other = next((p for p, _ in can[place + 1 :] + can if p is not prepared), None)
        if other is None:
            continue
        paragraph = other.article.paragraphs[0]
        passage = other.article.text[paragraph.start : paragraph.end]
        found.append(("off_topic", Example(question.text, passage, None, "alien", "")))
    rivalled = [(p, q, other_passages(p, q, PARAGRAPHS)) for p, q in can]
    contested = [item for item in rivalled if len(item[2]) >= sizes.rivals][: sizes.reordered]
    for number, (prepared, question, others) in enumerate(contested):
        found.append((f"order:{number}", _given(prepared, question)))
        for start, end in others[: sizes.rivals]:
            passage = prepared.article.text[start:end]
            found.append((f"order:{number}", Example(question.text, passage, None, "other", "")))
    return Sample(tuple(role for role, _ in found), tuple(example for _, example in found))


def figures(logits_of: LogitsOf, sample: Sample, maker: WindowMaker) -> dict[str, float]:
    """Return the figures of a model on ``sample``, each in 0..1."""
    reads = read_examples(logits_of, sample.examples, maker)
    by_role: dict[str, list[tuple[Example, Read]]] = {}
    for role, example, read in zip(sample.roles, sample.examples, reads, strict=True):
        by_role.setdefault(role.partition(":")[0], []).append((example, read))
    found: dict[str, float] = {}
    for role in ("answerable", "squad2"):
        scored = by_role.get(role, [])
        found[f"{role}_em"] = _mean([exact_match(r.text, e.answers) for e, r in scored])
        found[f"{role}_f1"] = _mean([f1(r.text, e.answers) for e, r in scored])
        found[f"{role}_found"] = _mean([r.margin > 0 for _, r in scored])
    found["genuine_null"] = _mean([r.margin <= 0 for _, r in by_role.get("genuine", [])])
    for name, can, cannot in (
        ("genuine_auroc", "squad2", "genuine"),
        ("off_topic_auroc", "answerable", "off_topic"),
    ):
        pairs = [(True, r) for _, r in by_role.get(can, [])]
        pairs += [(False, r) for _, r in by_role.get(cannot, [])]
        if len({positive for positive, _ in pairs}) > 1:
            labels = [positive for positive, _ in pairs]
            found[name] = auroc(labels, [r.has_answer for _, r in pairs])
            found[f"{name}_margin"] = auroc(labels, [r.margin for _, r in pairs])
            if any(r.sentence > -np.inf for _, r in pairs):
                found[f"{name}_sentence"] = auroc(labels, [r.sentence for _, r in pairs])
    if any(read.sentence > -np.inf for read in reads):
        found["sentence_holds"] = _mean([r.sentence_holds for _, r in by_role["answerable"]])
    return found | _reordering(sample, reads)


def read_examples(
    logits_of: LogitsOf, examples: Sequence[Example], maker: WindowMaker
) -> list[Read]:
    """Return what the model makes of each example: of its windows, the one with the best span."""
    pairs = [(i, w) for i, e in enumerate(examples) for w in maker.windows([e], offsets=True)]
    pairs.sort(key=lambda pair: len(pair[1].ids))
    best: dict[int, Read] = {}
    for first in range(0, len(pairs), _BATCH_WINDOWS):
        some = pairs[first : first + _BATCH_WINDOWS]
        batch = collate([window for _, window in some])
        outputs = logits_of(batch)
        for row, (number, window) in enumerate(some):
            read = _best_span(outputs, row, window, examples[number].passage)
            if outputs.sentence is not None:
                read = _with_sentence(read, outputs.sentence[row], window)
            best[number] = _better(best[number], read) if number in best else read
    return [best.get(number, Read("", -np.inf, -np.inf)) for number in range(len(examples))]


def _better(one: Read, other: Read) -> Read:
    """Return the read with the better span, with the better sentence of both."""
    best = max(one, other, key=lambda read: read.margin)
    by_sentence = max(one, other, key=lambda read: read.sentence)
    return replace(best, sentence=by_sentence.sentence, sentence_holds=by_sentence.sentence_holds)


def _with_sentence(read: Read, logits: NDArray[np.float32], window: Window) -> Read:
    if not window.sentences:
        return read
    scores = [float(logits[first : last + 1].mean()) for first, last in window.sentences]
    place = int(np.argmax(scores))
    first, last = window.sentences[place]
    holds = window.start > 0 and first <= window.end and window.start <= last
    return replace(read, sentence=scores[place], sentence_holds=holds)


def _best_span(outputs: Logits, row: int, window: Window, passage: str) -> Read:
    start, end = outputs.start[row], outputs.end[row]
    first, last = window.passage_at, window.passage_at + len(window.offsets)
    joint = joint_logits(start[first:last], end[first:last])
    left, right = np.unravel_index(int(joint.argmax()), joint.shape)
    text = passage[window.offsets[left].start : window.offsets[right].end]
    return Read(text, float(joint[left, right] - start[0] - end[0]), float(outputs.has_answer[row]))


def _reordering(sample: Sample, reads: Sequence[Read]) -> dict[str, float]:
    groups: dict[str, list[Read]] = {}
    for role, read in zip(sample.roles, reads, strict=True):
        if role.startswith("order:"):
            groups.setdefault(role, []).append(read)
    right = [max(g, key=lambda r: r.has_answer) is g[0] for g in groups.values()]
    by_margin = [max(g, key=lambda r: r.margin) is g[0] for g in groups.values()]
    found = {"reorder": _mean(right), "reorder_margin": _mean(by_margin)}
    if any(r.sentence > -np.inf for r in reads):
        by_sentence = [max(g, key=lambda r: r.sentence) is g[0] for g in groups.values()]
        found["reorder_sentence"] = _mean(by_sentence)
    return found


def _given(prepared: PreparedArticle, question: Question) -> Example:
    """Return the question with the paragraph that it was written for."""
    if question.answers:
        return at(prepared, question, question.paragraph, question.answers[0])
    passage = prepared.article.text[question.paragraph.start : question.paragraph.end]
    answers = answer_texts(prepared.article, question)
    return Example(question.text, passage, None, "genuine", prepared.article.source, answers)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
