"""Find sentences in given texts."""

from __future__ import annotations

from qa.frameworks.extraction import SentenceExtractor, TitledText
from tests.frameworks.conftest import DAM, DAM_QUESTION


def test_sentences_are_exact_parts_of_their_text(extractor: SentenceExtractor) -> None:
    texts = ["", "The ferry carries sixty cars.", DAM]
    (found,) = extractor.extract(DAM_QUESTION, [TitledText(text) for text in texts])
    assert found.number == 2
    assert found.words == DAM[found.start : found.end]
    assert found.words == "The mayor, Ines Falk, resigned in June."
    assert found.short is not None
    assert "June" in DAM[slice(*found.short)]
    assert 0.5 < found.confidence <= 1


def test_of_equal_texts_the_first_counts(extractor: SentenceExtractor) -> None:
    (found,) = extractor.extract(DAM_QUESTION, [TitledText(DAM), TitledText(DAM)])
    assert found.number == 0


def test_texts_that_do_not_answer_give_nothing(extractor: SentenceExtractor) -> None:
    for texts in ([], [TitledText(" \n")], [TitledText("The ferry carries sixty cars.")]):
        assert extractor.extract("How many gold medals did Norway win?", texts) == []
