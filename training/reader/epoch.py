"""Build the examples of one epoch from prepared articles, claims and dialogues.

Every choice depends only on the seed, the epoch and the question, so that an epoch can be rebuilt
after an interruption.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from training.reader.claims import CLAIM_WEIGHTS, Claim
from training.reader.conversations import DialogueQuestion
from training.reader.examples import Example, answerable, draw, made_example, unanswerable
from training.reader.forms import FORMS
from training.reader.kinds import KINDS
from training.reader.made_questions import MadeQuestion, made_questions
from training.reader.negatives import negative
from training.reader.noise import add_noise
from training.reader.passages import PreparedArticle, says
from training.reader.seeding import seeded
from training.reader.sources import Question, TrainingArticle, shown_title
from training.reader.swaps import entities


@dataclass(frozen=True, slots=True)
class Mixture:
    """The composition of an epoch."""

    noise: float = 0.12
    """Share of questions with typing errors, as heard, or with a disfluency."""
    negatives: float = 0.4
    """The number of generated unanswerable pairs for each answerable one."""
    genuine: float = 1.3
    """How often an epoch sees a question that was written to be unanswerable."""
    other_weight: float = 1.0
    """How often an epoch sees an answerable question of a source not named below."""
    made: float = 0.4
    """How often an epoch sees a question generated from the text."""
    rewrites: float = 0.5
    """Share of the dialogue questions that are also included in full, without their history."""


# How often an epoch sees an answerable question. The language of reviews and comments differs from
# that of articles; answerable questions next to misleading ones teach the difference.
SOURCE_WEIGHTS = {
    "squadshifts-amazon": 0.2,
    "squadshifts-reddit": 0.2,
    "fairytale-train": 0.6,
    "qamr-wikinews": 0.5,
    "qamr-wikipedia": 0.5,
    "qadiscourse": 0.7,
    "squad2-dev-part": 1.3,
    "squad2-train-sample": 1.3,
    "squad2-unansq-dev": 1.3,
}
_KIND_SHARES = {
    "": 0.59,
    "follow_up": 0.1,
    "yes_no": 0.1,
    "two_in_one": 0.03,
    "both": 0.03,
    "interview": 0.05,
    "title_only": 0.1,
}
_FORM_SHARES = {"": 0.68, "bare": 0.12, "key_words": 0.07, "request": 0.08, "long_winded": 0.05}
_NO_KEY_WORDS = frozenset({"yes_no", "follow_up", "condaqa", "fever", "monotonicity"})
"""Kinds whose meaning changes without their function words."""
_MADE_SHARES = {
    "definition": 1.0,
    "quotation": 1.0,
    "source": 1.0,
    "list": 1.0,
    "mentions": 0.25,
    "topic": 0.5,
}
_MADE_NEGATIVES = 0.4
_TITLE_SHARE, _HEADING_SHARE = 0.7, 0.25
_HEADINGS = (
    "History|Overview|Background|Early life|Description|Reception|Details|Legacy|Introduction"
)


@dataclass(frozen=True, slots=True)
class EpochData:
    """The data from which the examples of an epoch are built, without the held-out part."""

    articles: Sequence[PreparedArticle]
    claims: Sequence[Claim] = ()
    dialogues: Sequence[DialogueQuestion] = ()


def epoch_examples(data: EpochData, mixture: Mixture, seed: int, epoch: int) -> Iterator[Example]:
    """Yield the examples of an epoch: article by article, then claims and dialogues."""
    articles = data.articles
    for prepared in articles:
        yield from _of_article(prepared, articles, mixture, (seed, epoch))
        yield from _made(prepared, mixture, seeded("made", seed, epoch, prepared.article.title))
    for claim in data.claims:
        rng = seeded("claim", seed, epoch, claim.id)
        if rng.random() < CLAIM_WEIGHTS[claim.source]:
            yield _in_form(claim_example(claim, rng), [claim.claim], mixture, rng)
    for question in data.dialogues:
        rng = seeded("dialogue", seed, epoch, question.id)
        yield dialogue_example(question, complete=False)
        if rng.random() < mixture.rewrites:
            yield dialogue_example(question, complete=True)


def claim_example(claim: Claim, rng: random.Random) -> Example:
    """Return a yes/no question with its evidence; the words that decide it are unknown."""
    return Example(
        claim.asked(rng),
        claim.evidence,
        None,
        claim.source,
        claim.source,
        verdict=claim.verdict or "span",
        decides_where=claim.verdict is None,
    )


def dialogue_example(question: DialogueQuestion, *, complete: bool) -> Example:
    """Return a question of a dialogue with its turns, or rewritten to need none."""
    return Example(
        question.rewrite if complete else question.question,
        question.passage,
        question.answer,
        "dialogue",
        "canard",
        (question.passage[slice(*question.answer)],) if question.answer else (),
        title=question.title,
        history=() if complete else question.history[-2:],
    )


def _of_article(
    prepared: PreparedArticle,
    articles: Sequence[PreparedArticle],
    mixture: Mixture,
    seed: tuple[int, int],
) -> Iterator[Example]:
    stock = entities(prepared.article.text)
    asked = [question.text for question in prepared.article.questions]
    for question in prepared.article.questions:
        rng = seeded("examples", *seed, question.id)
        for _ in range(_times(prepared.article, question, mixture, rng)):
            found = [answerable(prepared, question, rng)] if question.answers else []
            if not question.answers:
                found = [unanswerable(prepared, question, rng)]
            elif rng.random() < mixture.negatives:
                made = negative(prepared, question, stock, articles, rng)
                found += [made] if made else []
            for example in found:
                of_kind = _of_kind(prepared, question, example, rng)
                yield _titled(_in_form(of_kind, asked, mixture, rng), prepared.article, rng)


def _of_kind(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example:
    kind = draw(_KIND_SHARES, rng)
    return (kind and KINDS[kind](prepared, question, example, rng)) or example


def _in_form(
    example: Example, asked: Sequence[str], mixture: Mixture, rng: random.Random
) -> Example:
    """Return the example with its question as it might be typed."""
    if rng.random() < mixture.noise:
        return replace(example, question=add_noise(example.question, asked, rng))
    form = draw(_FORM_SHARES, rng)
    if not form or (form == "key_words" and example.kind in _NO_KEY_WORDS):
        return example
    return replace(example, question=FORMS[form](example.question, rng))


def _titled(example: Example, article: TrainingArticle, rng: random.Random) -> Example:
    """Return the example with its article's title in most cases, and with a heading in some."""
    if not example.title and example.kind != "alien" and rng.random() < _TITLE_SHARE:
        example = replace(example, title=shown_title(article))
    if example.title and rng.random() < _HEADING_SHARE:
        heading = rng.choice(_HEADINGS.split("|"))
        return replace(example, title=f"{example.title}: {heading}")
    return example


def _made(prepared: PreparedArticle, mixture: Mixture, rng: random.Random) -> Iterator[Example]:
    """Yield questions generated from the paragraphs, also with a paragraph that does not answer."""
    article = prepared.article
    texts = [article.text[slice(*paragraph)] for paragraph in article.paragraphs]
    for text in texts:
        for made in made_questions(text, rng):
            if rng.random() >= mixture.made * _MADE_SHARES[made.kind]:
                continue
            example = made_example(made, text, article.source)
            yield _titled(example, article, rng)
            other = rng.choice(texts)
            if rng.random() < _MADE_NEGATIVES and _lacks(other, made, example.answers):
                yield _titled(
                    Example(made.text, other, None, made.kind, article.source), article, rng
                )


def _lacks(text: str, made: MadeQuestion, answers: tuple[str, ...]) -> bool:
    """Return whether a text has no answer to a question generated from another text."""
    if made.kind == "mentions":
        return not any(char.isdigit() for char in text)
    return not says(text, [made.topic] if made.topic else answers)


def _times(
    article: TrainingArticle, question: Question, mixture: Mixture, rng: random.Random
) -> int:
    weight = SOURCE_WEIGHTS.get(article.source, mixture.other_weight)
    weight = weight if question.answers else mixture.genuine
    return int(weight) + (rng.random() < weight % 1)
