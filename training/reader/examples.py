"""Prepared articles → the (question, passage) pairs of one epoch, answerable and not.

Every choice depends on the seed, the epoch and the question alone, so that an epoch can
be built again after an interruption.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.types import Span, overlap
from training.reader.noise import add_noise
from training.reader.passages import PARAGRAPHS, PreparedArticle, says
from training.reader.sources import Question, TrainingArticle, seeded
from training.reader.swaps import Grounds, entities, reverse_sense, swap_entity


@dataclass(frozen=True, slots=True)
class Mixture:
    """What an epoch is made of."""

    noise: float = 0.16
    """Share of questions with typing errors, as heard, or with a disfluency."""
    negatives: float = 0.8
    """Made unanswerable pairs for each answerable one."""
    genuine: float = 3.5
    """How often an epoch sees a question that was written to be unanswerable."""
    other_weight: float = 1.0
    """How often an epoch sees an answerable question of a source not named below."""
    rivalled: float = 0.0
    """Share of the passages with an answer that are seen beside rivals, which the retriever
    takes for them."""


# How often an epoch sees an answerable question. Reviews and comments are written unlike
# articles; the answerable questions beside the misleading ones teach the difference.
SOURCE_WEIGHTS = {
    "squadshifts-amazon": 0.25,
    "squadshifts-reddit": 0.25,
    "fairytale-train": 0.75,
    "squad2-dev-part": 1.5,
    "squad2-train-sample": 1.5,
}
_FORM_SHARES = {PARAGRAPHS: 0.45, "chunks": 0.25, "halves": 0.22, "joined": 0.08}
_NEGATIVE_SHARES = {"other": 0.5, "removed": 0.13, "swapped": 0.21, "reversed": 0.1, "alien": 0.06}
_CONFUSED_WITH = 3
"""Another passage is drawn from this many that BM25 ranks first."""
_RIVALS, _RIVALS_AMONG = 2, 4
"""So many are drawn, from this many that the retriever ranks first."""
_MIN_CHARS = 60
"""A passage has at least this many after its answer was taken out."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage to read it with."""

    question: str
    passage: str
    answer: Span | None
    """Where in ``passage`` the answer is; None if it is not there."""
    kind: str
    """answerable, genuine, or how the negative was made."""
    source: str
    answers: tuple[str, ...] = ()
    """The words of every answer, for scoring; empty if there is none."""
    group: str = ""
    """The same for a passage with the answer and its rivals; empty if it has none."""


def epoch_examples(
    articles: Sequence[PreparedArticle], mixture: Mixture, seed: int, epoch: int
) -> Iterator[Example]:
    """Yield the examples of an epoch, article by article."""
    for prepared in articles:
        stock = entities(prepared.article.text)
        asked = [question.text for question in prepared.article.questions]
        for question in prepared.article.questions:
            rng = seeded("examples", seed, epoch, question.id)
            for _ in range(_times(prepared.article, question, mixture, rng)):
                if not question.answers:
                    yield _noisy(unanswerable(prepared, question, rng), asked, mixture, rng)
                    continue
                right = _noisy(answerable(prepared, question, rng), asked, mixture, rng)
                if mixture.rivalled and rng.random() < mixture.rivalled:
                    yield from _rivalled(prepared, question, right, rng)
                else:
                    yield right
                if rng.random() < mixture.negatives:
                    made = _negative(prepared, question, stock, articles, rng)
                    if made:
                        yield _noisy(made, asked, mixture, rng)


def answerable(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example:
    """Return the question with a passage that holds one of its answers."""
    answer = rng.choice(question.answers)
    passage = _passage_around(prepared, question, answer, rng)
    return at(prepared, question, passage, answer)


def at(prepared: PreparedArticle, question: Question, passage: Span, answer: Span) -> Example:
    """Return the question with ``passage``, which holds ``answer``."""
    article = prepared.article
    return Example(
        question.text,
        article.text[passage.start : passage.end],
        Span(answer.start - passage.start, answer.end - passage.start),
        "answerable",
        article.source,
        answer_texts(article, question),
    )


def unanswerable(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example:
    """Return a question that was written to mislead with its paragraph, or a part of it."""
    passage = question.paragraph
    form = _draw(_FORM_SHARES, rng)
    parts = [p for p in prepared.pools[form].passages if overlap(p, question.paragraph)]
    if parts and form != PARAGRAPHS:
        ranked = prepared.pools[form].ranked(question.text)
        passage = next((p for p in ranked if p in parts), passage)
    return _without(prepared, question.text, passage, "genuine")


def other_passages(prepared: PreparedArticle, question: Question, form: str) -> list[Span]:
    """Return the passages of ``form`` that do not say the answer, most confusing first."""
    return _unsaying(prepared, question, prepared.pools[form].ranked(question.text))


def _unsaying(
    prepared: PreparedArticle, question: Question, passages: Sequence[Span]
) -> list[Span]:
    text, answers = prepared.article.text, answer_texts(prepared.article, question)
    return [
        p
        for p in passages
        if not any(overlap(p, answer) for answer in question.answers)
        and not says(text[p.start : p.end], answers)
    ]


def answer_texts(article: TrainingArticle, question: Question) -> tuple[str, ...]:
    """Return the words of each answer."""
    return tuple(article.text[start:end] for start, end in question.answers)


def _times(
    article: TrainingArticle, question: Question, mixture: Mixture, rng: random.Random
) -> int:
    weight = SOURCE_WEIGHTS.get(article.source, mixture.other_weight)
    weight = weight if question.answers else mixture.genuine
    return int(weight) + (rng.random() < weight % 1)


def _noisy(example: Example, asked: Sequence[str], mixture: Mixture, rng: random.Random) -> Example:
    if rng.random() >= mixture.noise:
        return example
    question = add_noise(example.question, asked, rng)
    return replace(example, question=question)


def _negative(
    prepared: PreparedArticle,
    question: Question,
    stock: dict[str, list[str]],
    articles: Sequence[PreparedArticle],
    rng: random.Random,
) -> Example | None:
    """Return one of the kinds of negatives; another passage where that kind cannot be made."""
    answer = rng.choice(question.answers)
    passage = _passage_around(prepared, question, answer, rng)
    makers: dict[str, Callable[[], Example | None]] = {
        "other": lambda: _other(prepared, question, rng),
        "removed": lambda: _removed(prepared, question, passage),
        "swapped": lambda: _swapped(prepared, question, passage, stock, rng),
        "reversed": lambda: _reversed(prepared, question, passage, rng),
        "alien": lambda: _alien(prepared, question, articles, rng),
    }
    for kind in dict.fromkeys([_draw(_NEGATIVE_SHARES, rng), "other", "removed", "alien"]):
        made = makers[kind]()
        if made:
            return made
    return None


def _rivalled(
    prepared: PreparedArticle, question: Question, right: Example, rng: random.Random
) -> Iterator[Example]:
    """Yield a passage with the answer, and others that the retriever takes for it."""
    found = _unsaying(prepared, question, prepared.confused[question.id])[:_RIVALS_AMONG]
    group = f"{question.id}/{rng.random()}" if found else ""
    yield replace(right, group=group)
    for passage in rng.sample(found, min(_RIVALS, len(found))):
        rival = _without(prepared, right.question, passage, "rival")
        yield replace(rival, group=group)


def _other(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example | None:
    found = other_passages(prepared, question, _draw(_FORM_SHARES, rng))[:_CONFUSED_WITH]
    return _without(prepared, question.text, rng.choice(found), "other") if found else None


def _removed(prepared: PreparedArticle, question: Question, passage: Span) -> Example | None:
    """Return the passage without the sentences of its answers."""
    text, kept = prepared.article.text, []
    for sentence in prepared.sentences:
        inside = Span(max(sentence.start, passage.start), min(sentence.end, passage.end))
        if inside.start < inside.end and not any(overlap(sentence, a) for a in question.answers):
            kept.append(text[inside.start : inside.end])
    rest = " ".join(kept)
    if len(rest) < _MIN_CHARS or says(rest, answer_texts(prepared.article, question)):
        return None
    return Example(question.text, rest, None, "removed", prepared.article.source)


def _swapped(
    prepared: PreparedArticle,
    question: Question,
    passage: Span,
    stock: dict[str, list[str]],
    rng: random.Random,
) -> Example | None:
    text = prepared.article.text
    near = [s for s in prepared.sentences if any(overlap(s, a) for a in question.answers)]
    grounds = Grounds(
        text[passage.start : passage.end],
        " ".join(text[start:end] for start, end in near),
        answer_texts(prepared.article, question),
    )
    asked = swap_entity(question.text, grounds, stock, rng)
    return _without(prepared, asked, passage, "swapped") if asked else None


def _reversed(
    prepared: PreparedArticle, question: Question, passage: Span, rng: random.Random
) -> Example | None:
    asked = reverse_sense(question.text, rng)
    return _without(prepared, asked, passage, "reversed") if asked else None


def _alien(
    prepared: PreparedArticle,
    question: Question,
    articles: Sequence[PreparedArticle],
    rng: random.Random,
) -> Example | None:
    """Return a passage of another article."""
    other = rng.choice(articles)
    passage = rng.choice(other.pools[_draw(_FORM_SHARES, rng)].passages)
    body = other.article.text[passage.start : passage.end]
    if other is prepared or says(body, answer_texts(prepared.article, question)):
        return None
    return Example(question.text, body, None, "alien", prepared.article.source)


def _passage_around(
    prepared: PreparedArticle, question: Question, answer: Span, rng: random.Random
) -> Span:
    return prepared.pools[_draw(_FORM_SHARES, rng)].holding(answer) or question.paragraph


def _without(prepared: PreparedArticle, question: str, passage: Span, kind: str) -> Example:
    text = prepared.article.text[passage.start : passage.end]
    return Example(question, text, None, kind, prepared.article.source)


def _draw(shares: dict[str, float], rng: random.Random) -> str:
    return rng.choices(list(shares), list(shares.values()))[0]
