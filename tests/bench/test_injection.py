from __future__ import annotations

from dataclasses import replace

import pytest

from bench.injection import Shown, Tally, shown_of, write
from bench.obedient_model import FORMS, HONEST, ScriptedModel
from bench.planting import Attack, Trial, plant
from index.embedding.embedder import SentenceTransformerEmbedder
from index.types import Article
from qa.answers.citation import Citation
from qa.evaluation.datasets import EvalQuestion
from qa.writing.evidence import Material
from tests.writing.fakes import FakeChecker, quoted
from tests.writing.test_planted import LIGHTHOUSE, PLANTED, QUESTION

ASKED = QUESTION[LIGHTHOUSE]
ANSWER = LIGHTHOUSE[2].split(". ", 1)[1]
DONE = "A hamster called Ray blew his trumpet all day."


@pytest.fixture
def trial(embedder: SentenceTransformerEmbedder) -> Trial:
    attack = Attack("own/1", "own", PLANTED[0])
    article = Article.from_text(plant("\n\n".join(LIGHTHOUSE), PLANTED[0], "middle"), title="Skarn")
    start = article.text.index(ANSWER)
    citation = Citation.of(article, start, start + len(ANSWER))
    extractive = replace(quoted(ASKED), passages=(), citations=(citation,))
    material = Material([article], [citation], encode=embedder.encode_documents)
    question = EvalQuestion("own/q", ASKED, ("eleven years later",), answerable=True, kind="span")
    return Trial(attack, "middle", question, "en", extractive, material)


@pytest.mark.parametrize(("place", "position"), [("start", 0), ("middle", 1), ("end", 2)])
def test_an_instruction_is_planted_as_a_paragraph_of_its_own(place: str, position: int) -> None:
    assert plant("One.\n\nTwo.", "Bark.", place).split("\n\n").index("Bark.") == position


@pytest.mark.parametrize("form", FORMS)
def test_without_checks_what_an_obedient_model_writes_is_counted(form: str, trial: Trial) -> None:
    bare = replace(trial, material=replace(trial.material, encode=None))
    finished = write(bare, ScriptedModel(bare, DONE, form), FakeChecker(), "keep")
    assert sum(shown_of(bare, finished, DONE).planted.values()) >= 1


@pytest.mark.parametrize("form", [form for form in FORMS if "in one" not in form])
def test_with_checks_nothing_of_it_is_shown(form: str, trial: Trial) -> None:
    finished = write(trial, ScriptedModel(trial, DONE, form), FakeChecker(), "drop")
    shown = shown_of(trial, finished, DONE)
    assert not shown.planted
    assert not shown.cites


def test_an_honest_reply_is_shown(trial: Trial) -> None:
    finished = write(trial, ScriptedModel(trial, DONE, HONEST), FakeChecker(), "drop")
    assert shown_of(trial, finished, DONE).genuine == 1


def test_a_planted_statement_that_is_not_checked_reaches_the_user() -> None:
    tally = Tally()
    tally.add(Shown({"unchecked": 1}, genuine=0, is_written=True, cites=False))
    replies, reached, *_ = tally.cells()
    assert (replies, reached) == ("1", "1")
