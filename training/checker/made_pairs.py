"""Make true and false claims with evidence from articles and their questions."""

from __future__ import annotations

import bisect
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.search.text_index import query_terms, stems
from index.sentences import split_sentences
from index.types import Span, overlap
from training.checker.edits import Ground, detail_of, edited, names_of
from training.checker.neighbours import Neighbours
from training.checker.pairs import NOT_MENTIONED, NOT_SUPPORTED, SUPPORTED, Pair, changed_spans
from training.checker.rewording import join, reworded, uncapitalised
from training.checker.statements import StatementMaker
from training.reader.passages import says
from training.reader.seeding import seeded
from training.reader.sources import Question, TrainingArticle, shown_title

# How often an article's questions and sentences are used. The language of reviews and comments
# differs from that of articles.
_QUESTION_SHARES = {
    "squadshifts-amazon": 0.1,
    "squadshifts-reddit": 0.1,
    "squadshifts-wiki": 0.45,
    "qadiscourse": 0.6,
    "qamr-wikinews": 0.6,
    "qamr-wikipedia": 0.6,
    "condaqa-test": 0.2,
}
_QUESTION_SHARE = 0.42
_SENTENCE_SHARES = {"squadshifts-amazon": 0.25, "squadshifts-reddit": 0.25}
_SENTENCES = 1.25
"""The mean number of sentences of a paragraph that become claims."""
_GENUINE = 0.5
"""Share of the questions written to be unanswerable that are used."""
_FALSE, _WITHOUT = 0.85, 0.16
"""The number of edited claims, and of claims without their evidence, for each true one."""
_JOINED, _SPOKEN = 0.1, 0.06
"""Shares of the sentence claims that are two sentences joined, and said by somebody."""
_OTHER_ANSWER = 0.5
"""Share of the question claims whose false twin has the answer to another question."""
_LENT_NAMES = 30
_SPEAKERS = ("Speaker A", "Speaker B", "Interviewer", "Guest", "Customer", "Agent", "Host", "Anna")
_SAYING = (
    "says that ", "said that ", "mentions that ", "explains that ", "told the other that ",
    "points out that ", "thinks that ",
)  # fmt: skip
_CHARS = range(40, 320)
"""Of a sentence that becomes a claim."""
_ASKS_NUMBER = re.compile(r"\b(?:when|how many|how much|what year|which year|what date)\b", re.I)
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_EVIDENCE_CHARS = 1300
_TITLED = 0.3
"""Share of the evidence that begins with the article's title."""
_SAME = 0.55
"""The share of the words of a claim from which on a sentence may say it."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The text of an article and the places of its sentences and paragraphs."""

    article: TrainingArticle
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, article: TrainingArticle) -> Sentences:
        """Split the paragraphs of an article."""
        spans = [
            Span(p.start + s.start, p.start + s.end)
            for p in article.paragraphs
            for s in split_sentences(article.text[p.start : p.end])
        ]
        return cls(article, tuple(spans))

    def text(self, place: int) -> str:
        """Return a sentence on one line."""
        start, end = self.spans[place]
        return " ".join(self.article.text[start:end].split())

    def within(self, span: Span) -> list[int]:
        """Return the places of the sentences that share a character with ``span``."""
        first = bisect.bisect_right(self.spans, span.start, key=lambda each: each.end)
        last = bisect.bisect_left(self.spans, span.end, key=lambda each: each.start)
        return list(range(first, last))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The article of a claim, and what it lends to false ones."""

    sentences: Sentences
    other: Sentences
    """Another article."""
    names: Sequence[str]
    """Names of both."""


class PairMaker:
    """Makes pairs of one article after the other; every choice depends on seed, epoch and title.

    Args:
        articles: All articles, which also lend names and sentences to each other.
        statements: Makes claims of questions.
        neighbours: Words to put in.
    """

    def __init__(
        self,
        articles: Sequence[TrainingArticle],
        statements: StatementMaker,
        neighbours: Neighbours,
    ) -> None:
        self._all = [Sentences.of(article) for article in articles]
        self._statements, self._neighbours = statements, neighbours

    def pairs(self, seed: int, epoch: int) -> Iterator[Pair]:
        """Yield the pairs of an epoch."""
        for sentences in self._all:
            yield from self._of_article(sentences, (seed, epoch))

    def _of_article(self, sentences: Sentences, seed: tuple[int, int]) -> Iterator[Pair]:
        article = sentences.article
        rng = seeded("checker", *seed, article.source, article.title)
        other = rng.choice(self._all)
        names = [*names_of(article.text), *names_of(other.article.text)[:_LENT_NAMES]]
        given = Surroundings(sentences, other, names)
        share = _QUESTION_SHARES.get(article.source, _QUESTION_SHARE)
        for question in article.questions:
            if not question.answers and rng.random() < _GENUINE:
                yield from self._genuine(sentences, question, rng)
            elif question.answers and rng.random() < share:
                yield from self._of_question(given, question, rng)
        for paragraph in article.paragraphs:
            rate = _SENTENCES * _SENTENCE_SHARES.get(article.source, 1.0)
            places = sentences.within(paragraph)
            for place in places:
                if rng.random() < rate / len(places):
                    yield from self._of_sentence(given, place, rng)

    def _of_sentence(self, given: Surroundings, place: int, rng: random.Random) -> Iterator[Pair]:
        sentences = given.sentences
        sentence = sentences.text(place)
        if len(sentence) not in _CHARS or not sentence.endswith("."):
            return
        claim, gold = reworded(sentence, self._neighbours, rng), [place]
        if rng.random() < _SPOKEN:
            yield from self._spoken(given, claim, place, rng)
            return
        second = place + rng.choice((1, 1, 2))
        if rng.random() < _JOINED and second < len(sentences.spans):
            following = sentences.text(second)
            if len(following) in _CHARS:
                claim = join(claim, reworded(following, self._neighbours, rng), rng)
                gold.append(second)
        yield from self._around(given, claim, gold, "sentence", rng)

    def _spoken(
        self, given: Surroundings, claim: str, place: int, rng: random.Random
    ) -> Iterator[Pair]:
        """Yield who said a sentence of a conversation, and somebody else who did not."""
        names = [name for name in given.names if name.count(" ") <= 1]
        if len(names) < len(_SPEAKERS):
            return
        speakers = rng.choice((rng.sample(names, 2), rng.sample(_SPEAKERS, 2)))
        first = max(0, place - rng.choice((0, 1, 2, 3)))
        last = min(len(given.sentences.spans), place + rng.choice((1, 2, 3)))
        lines = [
            f"{speakers[(at - first) % 2]}: {given.sentences.text(at)}" for at in range(first, last)
        ]
        speaker, other = speakers[(place - first) % 2], speakers[(place - first + 1) % 2]
        rest = rng.choice(_SAYING) + uncapitalised(claim)
        evidence = " ".join(lines)
        yield Pair(f"{speaker} {rest}", evidence, (SUPPORTED,), (), "spoken")
        wrong = f"{other} {rest}"
        said = changed_spans(f"{speaker} {rest}", wrong)
        yield Pair(wrong, evidence, NOT_SUPPORTED, said, "spoken:speaker")

    def _of_question(
        self, given: Surroundings, question: Question, rng: random.Random
    ) -> Iterator[Pair]:
        sentences = given.sentences
        article = sentences.article
        span = rng.choice(question.answers)
        answer = article.text[span.start : span.end]
        gold = sentences.within(span)
        if not gold or len(answer) > _CHARS.stop:
            return
        words = article.text[max(0, span.start - 20) : span.start].split()
        before = words[-1] if words else ""
        form = rng.random()

        def claim_with(text: str) -> str:
            chosen = seeded("statement", question.id, form)
            return self._statements.claim(question.text, text, before, chosen)

        claim = claim_with(answer)
        wrong = _wrong_answer(article, question, rng)
        if wrong and not says(claim, [wrong]) and rng.random() < _OTHER_ANSWER:
            evidence = _evidence(sentences, gold, rng)
            made = claim_with(wrong)
            spans = changed_spans(claim, made)
            yield Pair(made, evidence, NOT_SUPPORTED, spans, "question:answer")
            yield Pair(claim, evidence, (SUPPORTED,), (), "question")
            return
        yield from self._around(given, claim, gold, "question", rng)

    def _around(
        self,
        given: Surroundings,
        claim: str,
        gold: Sequence[int],
        kind: str,
        rng: random.Random,
    ) -> Iterator[Pair]:
        """Yield a true claim, perhaps an edited one, and perhaps one without its evidence."""
        evidence = _evidence(given.sentences, gold, rng)
        yield Pair(claim, evidence, (SUPPORTED,), (), kind)
        if rng.random() < _FALSE:
            found = edited(claim, self._ground(given, evidence, rng), rng)
            if found:
                name, made = found
                wrong = changed_spans(claim, made.claim)
                yield Pair(made.claim, evidence, made.relations, wrong, f"{kind}:{name}")
        if rng.random() < _WITHOUT:
            without = _without(given, claim, gold, rng)
            if without:
                yield Pair(claim, without, (NOT_MENTIONED,), None, f"{kind}:without")

    def _genuine(
        self, sentences: Sentences, question: Question, rng: random.Random
    ) -> Iterator[Pair]:
        """Yield an unanswerable question with the answer to another question of its paragraph."""
        article = sentences.article
        wrong = _wrong_answer(article, question, rng) or _plausible(article, question, rng)
        places = sentences.within(question.paragraph)
        if wrong and places:
            claim = self._statements.claim(question.text, wrong, "", rng)
            holding = [p for p in places if says(sentences.text(p), [wrong])] or places[:1]
            evidence = _evidence(sentences, holding[:1], rng, whole=0.6)
            yield Pair(claim, evidence, NOT_SUPPORTED, None, "genuine")

    def _ground(self, given: Surroundings, evidence: str, rng: random.Random) -> Ground:
        own, other = given.sentences, given.other
        texts = [
            each.text(rng.randrange(len(each.spans)))
            for each in (own, own, own, other)
            if each.spans
        ]
        unsaid = [text for text in texts if len(text) in _CHARS and _share(text, evidence) < _SAME]
        details = [detail for text in unsaid if (detail := detail_of(text))]
        return Ground(evidence, given.names, details, unsaid, self._neighbours)


def _evidence(
    sentences: Sentences, gold: Sequence[int], rng: random.Random, whole: float = 0.15
) -> str:
    """Return the sentences of a claim with neighbours and others, in the order of the text."""
    first, last = min(gold), max(gold)
    if rng.random() < whole:
        paragraph = next(
            p for p in sentences.article.paragraphs if overlap(p, sentences.spans[first])
        )
        chosen = {*gold, *sentences.within(paragraph)}
    else:
        around = range(first - rng.choice((0, 1, 1, 2)), last + rng.choice((0, 1, 1, 2)) + 1)
        chosen = {*gold, *around}
    for _ in range(rng.choice((0, 0, 0, 1, 2, 3))):
        chosen.add(rng.randrange(len(sentences.spans)))
    kept, room = set(gold), _EVIDENCE_CHARS
    for place in sorted(chosen, key=lambda p: abs(p - first)):
        if 0 <= place < len(sentences.spans) and len(sentences.text(place)) <= room:
            kept.add(place)
            room -= len(sentences.text(place))
    return _titled(sentences, " ".join(sentences.text(place) for place in sorted(kept)), rng)


def _without(
    given: Surroundings, claim: str, gold: Sequence[int], rng: random.Random
) -> str | None:
    """Return the sentences nearest to a claim that do not say it, or those of another article."""
    sentences, other = given.sentences, given.other
    if rng.random() < 0.15 and other is not sentences:  # noqa: PLR2004 - share
        first = rng.randrange(len(other.spans))
        return " ".join(other.text(p) for p in range(first, min(first + 4, len(other.spans))))
    terms = set(query_terms(claim))
    shares = {
        place: len(terms & set(stems(sentences.text(place)))) / max(1, len(terms))
        for place in range(len(sentences.spans))
        if place not in gold
    }
    near = sorted(shares, key=lambda p: -shares[p])[: rng.choice((2, 3, 4, 5))]
    near = [place for place in near if shares[place] < _SAME]
    if not near:
        return None
    return _titled(sentences, " ".join(sentences.text(place) for place in sorted(near)), rng)


def _titled(sentences: Sentences, evidence: str, rng: random.Random) -> str:
    title = shown_title(sentences.article)
    return f"{title}. {evidence}" if title and rng.random() < _TITLED else evidence


def _wrong_answer(article: TrainingArticle, question: Question, rng: random.Random) -> str | None:
    """Return the answer to another question of the paragraph, rather one that begins alike."""
    right = [article.text[a.start : a.end].casefold() for a in question.answers]
    others = [
        q
        for q in article.questions
        if q.paragraph == question.paragraph and q.answers and q.id != question.id
    ]
    alike = [q for q in others if q.text.split()[:1] == question.text.split()[:1]]
    for chosen in rng.sample(alike, len(alike)) or rng.sample(others, len(others)):
        span = chosen.answers[0]
        text = article.text[span.start : span.end]
        if not any(text.casefold() in each or each in text.casefold() for each in right):
            return text
    return None


def _plausible(article: TrainingArticle, question: Question, rng: random.Random) -> str | None:
    """Return a name or number of the paragraph that the question does not mention."""
    paragraph = article.text[question.paragraph.start : question.paragraph.end]
    pattern = _NUMBER if _ASKS_NUMBER.search(question.text) else None
    found = pattern.findall(paragraph) if pattern else names_of(paragraph)
    others = [each for each in found if not says(question.text, [each])]
    return rng.choice(others) if others else None


def _share(text: str, evidence: str) -> float:
    terms = set(query_terms(text))
    return len(terms & set(stems(evidence))) / max(1, len(terms))
