from __future__ import annotations

from index.types import Article
from qa.answers.claim import Status
from qa.writing.evidence import Material, select_sentences
from qa.writing.reply import Clause, WrittenSentence
from qa.writing.statements import StatementChecker
from tests.writing.fakes import FakeChecker

ASKING = Article.from_text("Is the tent waterproof? No. It keeps off light rain.", title="Tent")


def test_a_question_in_the_text_is_no_evidence() -> None:
    checker = FakeChecker()
    sentences = select_sentences(Material([ASKING], ()), (), 1_000)
    statements = StatementChecker(checker, sentences)
    for numbers in ((1,), ()):
        said = WrittenSentence((Clause("The tent is waterproof.", numbers),))
        (statement,) = statements.check(said)
        assert statement.status is not Status.SUPPORTED
    assert checker.pairs
    assert not any("waterproof" in pair.evidence for pair in checker.pairs)


def test_nothing_is_supported_by_a_question_alone() -> None:
    checker = FakeChecker({"": 0.9})
    sentences = select_sentences(Material([Article.from_text("Is it old?")], ()), (), 1_000)
    (statement,) = StatementChecker(checker, sentences).check(
        WrittenSentence((Clause("It is old.", (1,)),))
    )
    assert statement.status is Status.NOT_SUPPORTED
    assert checker.pairs == []
