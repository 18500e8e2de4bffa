"""A conversation as a value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.transcript import Transcript, Turn

ARTICLE = Article.from_text(
    "It opened\nin 1932. 🙂", title="Bridge", source="bridge.txt", pages=(0,)
)
ANSWERED = Answer(
    question="When?",
    text="It opened\nin 1932. [1]",
    short="1932",
    citations=(Citation.of(ARTICLE, 0, 18),),
    answered=True,
    confidence=0.9,
    passages=(
        Passage(ARTICLE.id, "Bridge", ARTICLE.text, 0, 20, 0.5, 1, sentences=(Span(0, 18),)),
    ),
    marks=(Span(19, 22),),
    short_at=Span(13, 17),
)
REFUSED = Answer(
    question="Who?",
    text="The article does not say.",
    short=None,
    citations=(),
    answered=False,
    confidence=0.1,
    passages=ANSWERED.passages,
)


@pytest.mark.parametrize("title", ["", "An <afternoon>"])
def test_a_transcript_goes_to_json_and_back_without_loss(title: str) -> None:
    transcript = Transcript.of([ANSWERED, REFUSED], title=title)
    assert Transcript.from_dict(json.loads(json.dumps(transcript.to_dict()))) == transcript


def test_a_transcript_of_answers_keeps_their_questions_and_the_time() -> None:
    transcript = Transcript.of([ANSWERED, REFUSED])
    assert transcript.turns == (Turn("When?", ANSWERED), Turn("Who?", REFUSED))
    assert (datetime.now(UTC) - datetime.fromisoformat(transcript.at)).total_seconds() < 60


def test_what_was_understood_survives_json_and_is_none_in_older_answers() -> None:
    answer = replace(ANSWERED, understood="When did the bridge open?")
    data = json.loads(json.dumps(answer.to_dict()))
    assert Answer.from_dict(data) == answer
    del data["understood"]
    assert Answer.from_dict(data).understood is None
