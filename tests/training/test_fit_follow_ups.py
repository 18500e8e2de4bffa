"""Dialogues made of questions that stand alone, and the rows made of how they went."""

from __future__ import annotations

import re

from qa.evaluation.datasets import EvalArticle, EvalQuestion
from training.dialogue_making import KINDS, Dialogue, dialogues_of, sample
from training.dialogue_report import WAYS, Outcome, Reply, failures
from training.fit_follow_ups import rows_of

ASKED = [
    ("Who designed the old bridge?", "Ann Lee"),
    ("Where did Ann Lee study?", "Graz"),
    ("When did Ann Lee return to Graz?", "1950"),
    ("Why did the old bridge of Graz close?", "rust"),
    ("What stood on the old bridge in 1950?", "a chapel"),
    ("When was the old bridge sold in Graz?", "1960"),
]
ARTICLE = EvalArticle(
    id="a",
    title="Bridge",
    text="Ann Lee built the old bridge. Later she went to Graz. Ann Lee said she liked it in Graz.",
    lang="en",
    questions=tuple(
        EvalQuestion(str(n), question, (answer,), answerable=True, kind="span")
        for n, (question, answer) in enumerate(ASKED)
    ),
)


def made(kind: str) -> list[tuple[str, str]]:
    return [(d.follow_up, d.written) for d in dialogues_of(ARTICLE) if d.kind == kind]


def test_a_name_from_an_earlier_turn_becomes_the_articles_pronoun() -> None:
    assert ("When did she return to Graz?", "When did Ann Lee return to Graz?") in made("name")


def test_a_phrase_becomes_it_only_where_it_is_whole() -> None:
    assert made("phrase") == [
        ("What stood on it in 1950?", "What stood on the old bridge in 1950?"),
    ]


def test_a_place_at_the_end_is_dropped() -> None:
    assert ("When was the old bridge sold?", "When was the old bridge sold in Graz?") in made(
        "dropped"
    )


def test_an_ellipsis_follows_its_question_about_something_else() -> None:
    for kind, pattern in (("about", r"What about .+\?"), ("bare", r"(When|Where|Why)\?")):
        dialogues = [d for d in dialogues_of(ARTICLE) if d.kind == kind]
        assert dialogues
        for dialogue in dialogues:
            assert re.fullmatch(pattern, dialogue.follow_up)
            assert dialogue.history[-1] not in (dialogue.written, *[q for q, _ in ASKED])


def test_the_same_seed_makes_the_same_dialogues() -> None:
    assert dialogues_of(ARTICLE, 3) == dialogues_of(ARTICLE, 3)
    some = sample(dialogues_of(ARTICLE), 10, seed=1)
    assert some == sample(dialogues_of(ARTICLE), 10, seed=1)
    assert {d.kind for d in some} <= set(KINDS)


def outcome(f1: float) -> Outcome:
    question = ARTICLE.questions[0]
    dialogue = Dialogue("bare", ("A?",), "Why?", "Why did it?", "", question)
    replies = {way: Reply("Why?", "x", 1.0, 1.0, 0.5) for way in WAYS}
    return Outcome("a", dialogue, replies | {WAYS[-1]: Reply("Why did it?", "y", f1, 0.0, 0.5)})


def test_rows_have_every_kind_in_every_way() -> None:
    rows = rows_of([outcome(0.0), outcome(1.0)])
    assert [(row.kind, row.way) for row in rows] == [
        (kind, way) for kind in ("all", "bare") for way in WAYS
    ]
    assert rows[3].f1.mean == 0.5
    assert (rows[1].changed, rows[3].changed) == (0.0, 1.0)


def test_dialogues_that_score_below_the_written_question_are_listed() -> None:
    assert len(failures([outcome(0.0), outcome(1.0)])) == 1
