"""Measure the model on held-out articles, claims and dialogues.

python -m training.reader.heldout RUN/checkpoint.pt --train DIR --base FOLDER
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from index.embedding.model_files import default_model_folder
from index.types import Span
from qa.evaluation.metrics import auroc, exact_match, f1, normalise
from qa.reading.spans import joint_logits, trim_to_words
from training.reader.epoch import claim_example, dialogue_example
from training.reader.examples import Example, answer_texts, at, made_example, other_passages
from training.reader.features import VERDICTS, Batch, Window, WindowMaker, collate
from training.reader.forms import FORMS
from training.reader.kinds import KINDS
from training.reader.made_questions import made_questions
from training.reader.model import Logits
from training.reader.noise import add_noise
from training.reader.passages import PARAGRAPHS, PreparedArticle, prepare
from training.reader.pretrained import averaged_model
from training.reader.seeding import seeded
from training.reader.sources import Question, TrainingData, read_training_data, shown_title

LogitsOf: TypeAlias = Callable[[Batch], Logits]
"""A model, run in any way."""

_GENUINE_SOURCES = frozenset({"squad2-dev-part", "squad2-train-sample"})
_BATCH_WINDOWS = 16
_CLAIM_SOURCES = ("condaqa", "fever")


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """The size of the fixed sample, by kind."""

    answerable: int = 100
    squad2: int = 100
    """The number of answerable questions, and of questions written to be unanswerable."""
    off_topic: int = 30
    reordered: int = 30
    rivals: int = 3
    """The number of wrong passages for each right one."""
    of_kind: int = 24
    """Of each kind and form."""

    def times(self, factor: int) -> SampleSizes:
        """Return sizes multiplied by a factor."""
        return replace(
            self,
            answerable=factor * self.answerable,
            squad2=factor * self.squad2,
            off_topic=factor * self.off_topic,
            reordered=factor * self.reordered,
            of_kind=factor * self.of_kind,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Examples with the metric that each belongs to."""

    roles: tuple[str, ...]
    """answerable, squad2, genuine, off_topic, ``kind:NAME``, or ``order:N``, the right
    passage first."""
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The model's prediction for one example."""

    text: str
    """The words of the best span."""
    margin: float
    """The span's logit minus that of no answer."""
    has_answer: float
    """The logit that there is an answer."""
    decision: str | None = None
    """Yes, no, or None if the passage more likely does not decide."""
    members: tuple[str, ...] = ()
    """The runs of words that are more likely part of the answer than not."""


_NOTHING = Read("", -np.inf, -np.inf)


def draw_sample(
    articles: Sequence[PreparedArticle], sizes: SampleSizes, data: TrainingData | None = None
) -> Sample:
    """Return a fixed sample of questions, ordered by their ids.

    Args:
        articles: The held-out articles.
        sizes: The number of questions of each kind.
        data: The source of held-out claims and dialogues.
    """
    asked = [(p, q) for p in articles for q in p.article.questions]
    asked.sort(key=lambda item: seeded("sample", item[1].id).random())
    can = [item for item in asked if item[1].answers]
    marked = [item for item in asked if item[0].article.source in _GENUINE_SOURCES]
    found = [("answerable", _given(p, q)) for p, q in can[: sizes.answerable]]
    found += [("squad2", _given(p, q)) for p, q in marked if q.answers][: sizes.squad2]
    found += [("genuine", _given(p, q)) for p, q in marked if not q.answers][: sizes.squad2]
    found += _off_topic(can, sizes.off_topic)
    rivalled = [(p, q, other_passages(p, q, PARAGRAPHS)) for p, q in can[: 8 * sizes.reordered]]
    contested = [item for item in rivalled if len(item[2]) >= sizes.rivals][: sizes.reordered]
    for number, (prepared, question, others) in enumerate(contested):
        right = _given(prepared, question)
        found.append((f"order:{number}", right))
        for start, end in others[: sizes.rivals]:
            passage = prepared.article.text[start:end]
            wrong = replace(right, passage=passage, answer=None, members=(), answers=())
            found.append((f"order:{number}", wrong))
    found += _of_kinds(asked, sizes.of_kind)
    found += _made(articles, sizes.of_kind)
    found += _claims_and_dialogues(data, 2 * sizes.of_kind) if data else []
    return Sample(tuple(role for role, _ in found), tuple(example for _, example in found))


def figures(logits_of: LogitsOf, sample: Sample, maker: WindowMaker) -> dict[str, float]:
    """Return the metrics of a model on ``sample``, in 0..1."""
    reads = read_examples(logits_of, sample.examples, maker)
    by_role: defaultdict[str, list[tuple[Example, Read]]] = defaultdict(list)
    for role, example, read in zip(sample.roles, sample.examples, reads, strict=True):
        by_role[role].append((example, read))
    found: dict[str, float] = {}
    for role in ("answerable", "squad2"):
        found[f"{role}_em"] = _mean([exact_match(r.text, e.answers) for e, r in by_role[role]])
        found[f"{role}_f1"] = _mean([f1(r.text, e.answers) for e, r in by_role[role]])
        found[f"{role}_found"] = _mean([r.margin > 0 for _, r in by_role[role]])
    found["genuine_null"] = _mean([r.margin <= 0 for _, r in by_role["genuine"]])
    for name, can, cannot in (
        ("genuine_auroc", "squad2", "genuine"),
        ("off_topic_auroc", "answerable", "off_topic"),
    ):
        found |= _auroc(name, by_role[can], by_role[cannot])
    for role, read_of_kind in by_role.items():
        if role.startswith("kind:"):
            found |= _figures_of_kind(role.removeprefix("kind:"), read_of_kind)
    return found | _reordering(by_role)


def read_examples(
    logits_of: LogitsOf, examples: Sequence[Example], maker: WindowMaker
) -> list[Read]:
    """Return the prediction for each example, from its window with the best span."""
    numbered = [
        (number, window)
        for number, example in enumerate(examples)
        for window in maker.windows([replace(example, answer=None, members=())], offsets=True)
    ]
    numbered.sort(key=lambda item: len(item[1].ids))
    best: dict[int, Read] = {}
    for first in range(0, len(numbered), _BATCH_WINDOWS):
        some = numbered[first : first + _BATCH_WINDOWS]
        outputs = logits_of(collate([window for _, window in some]))
        for row, (number, window) in enumerate(some):
            read = _read_window(outputs, row, window, examples[number].passage)
            best[number] = max(best.get(number, _NOTHING), read, key=lambda r: r.margin)
    return [best.get(number, _NOTHING) for number in range(len(examples))]


def _read_window(outputs: Logits, row: int, window: Window, passage: str) -> Read:
    start, end = outputs.start[row], outputs.end[row]
    has_answer = float(outputs.has_answer[row])
    first, last = window.passage_at, window.passage_at + len(window.offsets)
    if first == last:
        return Read("", -np.inf, has_answer)
    joint = joint_logits(start[first:last], end[first:last])
    left, right = np.unravel_index(int(joint.argmax()), joint.shape)
    text = passage[window.offsets[left].start : window.offsets[right].end]
    decision = None
    if outputs.verdict is not None and has_answer > 0:
        decision = VERDICTS[1 + int(outputs.verdict[row, 1:].argmax())]
    members = () if outputs.inside is None else _members(outputs.inside[row], window, passage)
    margin = float(joint[left, right] - start[0] - end[0])
    return Read(text, margin, has_answer, decision, members)


def _members(inside: NDArray[np.float32], window: Window, passage: str) -> tuple[str, ...]:
    numbered = enumerate(window.offsets, start=window.passage_at)
    found = []
    for is_inside, run in itertools.groupby(numbered, key=lambda item: inside[item[0]] > 0):
        if is_inside:
            places = [offset for _, offset in run]
            span = trim_to_words(passage, Span(places[0].start, places[-1].end))
            found.append(passage[slice(*span)])
    return tuple(filter(None, found))


def _figures_of_kind(name: str, read: Sequence[tuple[Example, Read]]) -> dict[str, float]:
    if any(example.verdict != "span" for example, _ in read):
        right = [_decision(example) == r.decision for example, r in read]
        sure = [_decision(example) == r.decision for example, r in read if _decision(example)]
        return {f"{name}_right": _mean(right), f"{name}_decided_right": _mean(sure)}
    answered = [(example, r) for example, r in read if example.is_answered]
    unanswered = [(example, r) for example, r in read if not example.is_answered]
    found = {f"{name}_f1": _mean([f1(r.text, e.answers) for e, r in answered if e.answer])}
    if any(example.members for example, _ in answered):
        found = {f"{name}_members_f1": _mean([_set_f1(r.members, e) for e, r in answered])}
    return found | _auroc(f"{name}_auroc", answered, unanswered)


def _decision(example: Example) -> str | None:
    return example.verdict if example.verdict != "span" else None


def _set_f1(members: Sequence[str], example: Example) -> float:
    gold = {normalise(example.passage[slice(*span)]) for span in example.members}
    found = {normalise(member) for member in members}
    return 2 * len(gold & found) / max(1, len(gold) + len(found))


def _auroc(
    name: str, can: Sequence[tuple[Example, Read]], cannot: Sequence[tuple[Example, Read]]
) -> dict[str, float]:
    if not can or not cannot:
        return {}
    reads = [r for _, r in can] + [r for _, r in cannot]
    labels = [True] * len(can) + [False] * len(cannot)
    return {
        name: auroc(labels, [r.has_answer for r in reads]),
        f"{name}_margin": auroc(labels, [r.margin for r in reads]),
    }


def _reordering(by_role: dict[str, list[tuple[Example, Read]]]) -> dict[str, float]:
    groups = [[r for _, r in read] for role, read in by_role.items() if role.startswith("order:")]
    return {
        "reorder": _mean([max(g, key=lambda r: r.has_answer) is g[0] for g in groups]),
        "reorder_margin": _mean([max(g, key=lambda r: r.margin) is g[0] for g in groups]),
    }


def _off_topic(
    can: Sequence[tuple[PreparedArticle, Question]], count: int
) -> Iterator[tuple[str, Example]]:
    for place, (prepared, question) in enumerate(can[:count]):
        other = next((p for p, _ in [*can[place + 1 :], *can] if p is not prepared), None)
        if other:
            passage = other.article.text[slice(*other.article.paragraphs[0])]
            title = shown_title(other.article)
            yield "off_topic", Example(question.text, passage, None, "alien", "", title=title)


def _of_kinds(
    asked: Sequence[tuple[PreparedArticle, Question]], count: int
) -> Iterator[tuple[str, Example]]:
    """Yield questions of each kind and form, built from existing questions."""
    for name, make in KINDS.items():
        made = (
            make(p, q, _given(p, q), seeded("kind", name, q.id))
            for p, q in asked
            if q.answers or name == "follow_up"
        )
        yield from ((f"kind:{name}", e) for e in itertools.islice(filter(None, made), count))
    for name, form in FORMS.items():
        for p, q in itertools.islice(((p, q) for p, q in asked if q.answers), count):
            example = _given(p, q)
            typed = form(q.text, seeded("form", name, q.id))
            yield f"kind:{name}", replace(example, question=typed)
    for p, q in itertools.islice(((p, q) for p, q in asked if q.answers), count):
        others = [other.text for other in p.article.questions]
        typed = add_noise(q.text, others, seeded("form", "noise", q.id))
        yield "kind:noise", replace(_given(p, q), question=typed)


def _made(articles: Sequence[PreparedArticle], count: int) -> Iterator[tuple[str, Example]]:
    """Yield questions generated from held-out paragraphs."""
    counts: defaultdict[str, int] = defaultdict(int)
    for prepared in articles:
        for paragraph in prepared.article.paragraphs:
            text = prepared.article.text[slice(*paragraph)]
            for made in made_questions(text, seeded("made", prepared.article.title, paragraph)):
                counts[made.kind] += 1
                if counts[made.kind] <= count:
                    yield f"kind:{made.kind}", made_example(made, text, prepared.article.source)


def _claims_and_dialogues(data: TrainingData, count: int) -> Iterator[tuple[str, Example]]:
    for source in _CLAIM_SOURCES:
        claims = [c for c in data.claims if c.source == source and c.is_held_out]
        claims.sort(key=lambda claim: seeded("sample", claim.id).random())
        for claim in claims[:count]:
            yield f"kind:{source}", claim_example(claim, seeded("claim", claim.id))
    for question in [d for d in data.dialogues if d.is_held_out and d.history][:count]:
        yield "kind:dialogue", dialogue_example(question, complete=False)
        without = replace(dialogue_example(question, complete=False), history=())
        yield "kind:dialogue_without_history", without


def _given(prepared: PreparedArticle, question: Question) -> Example:
    """Return the question with the paragraph that it was written for, and its title."""
    article = prepared.article
    if question.answers:
        found = at(prepared, question, question.paragraph, question.answers[0])
        return replace(found, members=(), title=shown_title(article))
    passage = article.text[slice(*question.paragraph)]
    answers = answer_texts(article, question)
    title = shown_title(article)
    return Example(question.text, passage, None, "genuine", article.source, answers, title=title)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.heldout")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--train", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--base", type=Path, help="model that the adapters were trained on")
    parser.add_argument("--times", type=int, default=4, help="multiple of the run's sample")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    maker = WindowMaker(default_model_folder())
    data = read_training_data(given.train)
    held_out = [prepare(article, maker.count_tokens) for article in data.held_out]
    sample = draw_sample(held_out, SampleSizes().times(given.times), data)
    model = averaged_model(given.checkpoint, given.base).to(torch.bfloat16).eval()
    found = figures(model.logits, sample, maker)
    print(json.dumps({name: round(value, 4) for name, value in found.items()}, indent=2))


if __name__ == "__main__":
    main()
