"""Derive examples of the kinds of questions that data sets lack.

Each function takes an example and returns another, or None if its kind does not apply.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from index.types import Span, overlap
from training.reader.claims import Verdict
from training.reader.conversations import Turn, pronoun_for, with_pronouns
from training.reader.examples import Example, answer_texts
from training.reader.passages import PreparedArticle, says
from training.reader.sources import Question, shown_title
from training.reader.swaps import Grounds, entities, swap_entity
from training.reader.yes_no import another_number, is_exclusive, yes_no_question

KindMaker = Callable[[PreparedArticle, Question, Example, random.Random], Example | None]

YES: Verdict = "yes"
NO: Verdict = "no"
_MOST_TURNS = 2
_FULL_QUESTION_SHARE = 0.4
"""Share of the follow-up questions without a known name that are kept unchanged."""
_YES_SHARE, _NO_SHARE = 0.45, 0.4
_SPEAKERS = (
    ("Q: ", "A: "),
    ("", ""),
    ("Interviewer: ", "Answer: "),
    ("**", ""),
    ("- ", "  "),
    ("Question: ", ""),
)
_NO_REPLIES = (
    "I would rather not talk about that.",
    "We will publish more on this later.",
    "That is a good question, and a long story.",
    "Please contact us for details.",
    "I don't remember.",
)
_WRONG_TITLE_SHARE = 0.3
_LEAST_NAME = 4
"""The least number of letters of a title's word that identifies its subject."""


def follow_up(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return the question after others about its paragraph, with a known name as a pronoun."""
    article = prepared.article
    earlier = [q for q in _siblings(prepared, question) if q.answers and q.text != question.text]
    if not earlier:
        return None
    chosen = rng.sample(earlier, min(len(earlier), rng.randint(1, _MOST_TURNS)))
    turns = tuple(Turn(q.text, rng.choice(answer_texts(article, q))) for q in chosen)
    known = " ".join(f"{turn.question} {turn.answer}" for turn in turns)
    asked = with_pronouns(example.question, known, example.passage, rng)
    if asked is None:
        if rng.random() >= _FULL_QUESTION_SHARE:
            return None
        asked = example.question
    return replace(example, question=asked, history=turns, kind="follow_up")


def yes_no(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return a yes/no question about the answer or about a wrong one."""
    if not question.answers or example.question != question.text or example.members:
        return None
    if example.answer is None:
        (start, end) = rng.choice(question.answers)
        asked = yes_no_question(question.text, prepared.article.text[start:end], "", rng)
        return (asked and replace(example, question=asked, kind="yes_no")) or None
    answer = example.passage[slice(*example.answer)]
    before = (example.passage[: example.answer.start].split() or [""])[-1]
    draw = rng.random()
    if draw < _YES_SHARE:
        asked, verdict = yes_no_question(question.text, answer, before, rng), YES
    elif draw < _YES_SHARE + _NO_SHARE:
        wrong = _wrong_answer(prepared, question, example, rng)
        asked, verdict = wrong and yes_no_question(question.text, wrong, before, rng), NO
    else:
        return _undecided(prepared, question, example, rng)
    if not asked:
        return None
    return replace(example, question=asked, kind="yes_no", verdict=verdict, answers=(answer,))


def two_in_one(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return the question joined with one that the passage does not answer."""
    article = prepared.article
    others = [q for q in article.questions if q.paragraph != question.paragraph and q.answers]
    rng.shuffle(others)
    for other in others[:5]:
        if not says(example.passage, answer_texts(article, other)):
            asked = _joined(example.question, other.text, rng)
            return replace(example, question=asked, kind="two_in_one")
    return None


def both(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return the question joined with one that the passage answers elsewhere."""
    base = prepared.article.text.find(example.passage)
    if example.answer is None or example.members or base < 0:
        return None
    inside = [
        (q, Span(a.start - base, a.end - base))
        for q in _siblings(prepared, question)
        for a in q.answers[:1]
        if base <= a.start and a.end <= base + len(example.passage)
    ]
    inside = [(q, a) for q, a in inside if not overlap(a, example.answer)]
    if not inside:
        return None
    other, span = rng.choice(inside)
    asked = _joined(example.question, other.text, rng)
    members = (min(example.answer, span), max(example.answer, span))
    return replace(example, question=asked, answer=None, members=members, kind="both")


def interview(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return an interview in which the question is asked, and answered if the example is."""
    text = prepared.article.text
    siblings = [q for q in _siblings(prepared, question) if q.answers and q.text != question.text]
    if not question.answers or example.kind not in ("answerable", "removed", "other"):
        return None
    asked = rng.sample(siblings, min(len(siblings), rng.randint(1, 3)))
    asked.insert(rng.randint(0, len(asked)), question)
    asks, replies = rng.choice(_SPEAKERS)
    passage, answer = "", None
    for each in asked:
        gold = each.answers[0]
        sentence = next((s for s in prepared.sentences if overlap(s, gold)), None)
        if sentence is None or not (sentence.start <= gold.start and gold.end <= sentence.end):
            return None
        passage += f"{asks}{each.text}\n{replies}"
        if each is not question:
            passage += text[slice(*sentence)] + "\n"
        elif example.answer is None:
            passage += rng.choice(_NO_REPLIES) + "\n"
        else:
            at = len(passage) + gold.start - sentence.start
            answer = Span(at, at + gold.end - gold.start)
            passage += text[slice(*sentence)] + "\n"
    if answer is None and says(passage, answer_texts(prepared.article, question)):
        return None
    return replace(example, passage=passage, answer=answer, members=(), kind="interview")


def title_only(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return a passage that does not name its subject, with or without a title that does."""
    title = re.sub(r" ?\(.*\)$", "", shown_title(prepared.article))
    words = [word for word in title.split() if len(word) >= _LEAST_NAME and word[0].isupper()]
    names = [title, *words]
    if not title or example.answer is None or example.members:
        return None
    if not says(question.text, names) or says(example.passage[slice(*example.answer)], names):
        return None
    found = example
    for name in names:
        found = _unnamed(found, name)
    if rng.random() >= _WRONG_TITLE_SHARE:
        return replace(found, kind="title_only", title=shown_title(prepared.article))
    strangers = [n for n in entities(prepared.article.text)["name"] if not says(n, names)]
    if not strangers or says(found.passage, names):
        return None
    other = rng.choice(strangers)
    return replace(found, answer=None, answers=(), kind="title_only", title=other)


KINDS: dict[str, KindMaker] = {
    "follow_up": follow_up,
    "yes_no": yes_no,
    "two_in_one": two_in_one,
    "both": both,
    "interview": interview,
    "title_only": title_only,
}


def _siblings(prepared: PreparedArticle, question: Question) -> list[Question]:
    return [
        q
        for q in prepared.article.questions
        if q.paragraph == question.paragraph and q.id != question.id
    ]


def _joined(one: str, other: str, rng: random.Random) -> str:
    first, second = rng.sample((one, other), 2)
    if rng.random() < 0.4:  # noqa: PLR2004 - two questions, or one with an "and"
        return f"{first} {second}"
    return f"{first.rstrip(' ?.')} and {second[:1].lower()}{second[1:]}"


def _wrong_answer(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> str | None:
    """Return a wrong answer that makes the statement false, or None."""
    assert example.answer is not None
    answer = example.passage[slice(*example.answer)]
    if not is_exclusive(question.text):
        return None
    number = another_number(answer, rng)
    if number or not answer[:1].isupper():
        return number
    answers = answer_texts(prepared.article, question)
    names = entities(prepared.article.text)["name"]
    others = [n for n in names if n not in question.text and not says(n, answers)]
    others = [n for n in others if not says(answer, [n])]
    return rng.choice(others) if others else None


def _undecided(
    prepared: PreparedArticle, question: Question, example: Example, rng: random.Random
) -> Example | None:
    """Return a yes/no question about somebody or something that the passage does not mention."""
    assert example.answer is not None
    answer = example.passage[slice(*example.answer)]
    grounds = Grounds(example.passage, example.passage, (answer,))
    swapped = swap_entity(question.text, grounds, entities(prepared.article.text), rng)
    asked = yes_no_question(swapped, answer, "", rng) if swapped else None
    return (
        replace(example, question=asked, answer=None, answers=(), kind="yes_no") if asked else None
    )


def _unnamed(example: Example, name: str) -> Example:
    """Return the example with ``name`` replaced by a pronoun throughout its passage."""
    assert example.answer is not None
    passage, at = "", 0
    start, end = example.answer
    for match in re.finditer(rf"\b(?:[Tt]he )?{re.escape(name)}(?P<own>['’]s)?", example.passage):
        if overlap(Span(*match.span()), example.answer):
            continue
        pronoun = pronoun_for(example.passage, owned=bool(match["own"]))
        begins = match.start() == 0 or example.passage[: match.start()].rstrip()[-1:] in ".!?\n"
        passage += example.passage[at : match.start()]
        passage += pronoun.capitalize() if begins else pronoun
        at = match.end()
        if match.end() <= example.answer.start:
            shift = len(passage) - at
            start, end = example.answer.start + shift, example.answer.end + shift
    return replace(example, passage=passage + example.passage[at:], answer=Span(start, end))
