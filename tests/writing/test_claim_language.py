from __future__ import annotations

import pytest

from index.types import Article, Span
from qa.answers.claim import Status
from qa.answers.confidence_wording import confidence_explained, confidence_in_words
from qa.answers.written_wording import flag_of
from qa.output.checked_text import engine_in_words
from qa.writing.claim_language import ReplyLanguage, missing_numbers
from qa.writing.events import Finished
from qa.writing.evidence import Material
from qa.writing.writer import Writer
from tests.writing.fakes import ARTICLE, SENTENCES, FakeChecker, FakeModel, quoted

GERMAN = "Der Damm am Alder ist im Frühling gebrochen. [1]"
SPANISH = "Nadie en el valle resultó herido cuando se rompió la presa. [2]"


TRANSLATE = "Translate the text."


def finished(
    reply: str,
    *,
    asked: str = TRANSLATE,
    material: Material | None = None,
    certain: bool = True,
) -> Finished:
    """Return the last event; a checker that is ``certain`` supports everything."""
    checker = FakeChecker({"": 1.0} if certain else {})
    material = material or Material([ARTICLE], quoted().citations)
    *_, last = Writer(FakeModel(reply), checker).write(quoted(asked), material)
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize("reply", [GERMAN, SPANISH])
@pytest.mark.parametrize("certain", [True, False])
def test_a_translated_statement_is_neither_supported_nor_dropped(
    reply: str, *, certain: bool
) -> None:
    answer = finished(reply, certain=certain).answer
    (claim,) = answer.claims
    assert claim.status is Status.UNCHECKED
    assert answer.citations[0].quote in SENTENCES
    assert (claim.probability, answer.confidence) == (0.0, 0.0)
    assert flag_of(claim) == " (not checked)"
    assert confidence_in_words(answer).startswith("Not checked")
    assert "English only" in confidence_explained(answer)
    assert engine_in_words(answer).endswith("not checked")


@pytest.mark.parametrize("reply", [GERMAN, SPANISH])
def test_a_statement_in_a_language_that_nothing_calls_for_is_left_out(reply: str) -> None:
    last = finished(reply, asked="What happened to the dam?")
    assert last.answer.engine is None
    assert len(last.dropped) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "What happened? Answer in German.",
        "And in Mandarin?",
        "Was ist mit dem Damm passiert?",
        "Resume el texto.",
    ],
)
def test_a_request_can_call_for_another_language(asked: str) -> None:
    assert finished(GERMAN, asked=asked).answer.claims[0].status is Status.UNCHECKED


def test_a_language_that_was_asked_for_before_is_expected_in_a_follow_up() -> None:
    earlier = [quoted("Translate the text into German.")]
    material = Material([ARTICLE], quoted().citations, earlier)
    answer = finished(GERMAN, asked="Make it shorter.", material=material).answer
    assert answer.claims[0].status is Status.UNCHECKED


def test_statements_in_english_beside_a_translation_are_checked() -> None:
    answer = finished(f"{SENTENCES[2]} [3] {SPANISH}", certain=False).answer
    assert [claim.status for claim in answer.claims] == [Status.SUPPORTED, Status.UNCHECKED]
    assert confidence_in_words(answer) == "1 of 2 statements supported, 1 not checked"


def test_a_short_statement_has_the_language_of_the_reply_before_it() -> None:
    language = ReplyLanguage()
    assert not language.is_checkable("Die Bürgermeisterin trat eine Woche später zurück.", [])
    assert not language.is_checkable("Ines Falk.", [])


@pytest.mark.parametrize(
    "sentence", ["Die Karte kostet 6 Euro.", "El lago se heló.", "Biljetten kostar sex euro."]
)
def test_a_statement_is_foreign_if_english_is_impossible(sentence: str) -> None:
    assert not ReplyLanguage().is_checkable(sentence, [])


@pytest.mark.parametrize("sentence", ["Yes.", "Ines Falk.", "At noon.", "The dam broke.", "1962"])
def test_a_short_statement_in_english_is_checked(sentence: str) -> None:
    assert ReplyLanguage().is_checkable(sentence, [])


def test_a_statement_from_an_article_in_another_language_is_not_checked() -> None:
    french = Article.from_text(
        "Le barrage a cédé au printemps. Personne dans la vallée n'a été blessé. La maire a "
        "démissionné une semaine plus tard.",
        title="Le barrage",
    )
    material = Material([french], quoted().citations)
    reply = "The dam broke in the spring of that year. [1]"
    answer = finished(reply, asked="What happened?", material=material).answer
    assert [claim.status for claim in answer.claims] == [Status.UNCHECKED]


def test_a_translation_that_cites_nothing_cites_the_sentence_with_its_names() -> None:
    answer = finished("Die Bürgermeisterin Ines Falk ist später zurückgetreten.").answer
    assert [citation.quote for citation in answer.citations] == [SENTENCES[2]]


def test_a_translation_like_nothing_in_the_text_is_left_out() -> None:
    last = finished("Москва — столица России и большой город.")
    assert last.answer.engine is None
    assert len(last.dropped) == 1


@pytest.mark.parametrize(
    ("statement", "evidence", "missing"),
    [
        ("Sie ist 1.149 m lang.", "It is 1,149 metres long.", ()),
        ("Sie ist 1 149 m lang.", "It is 1,149 metres long.", ()),
        ("Sie kostet 45 Millionen.", "It costs 54 million.", (Span(11, 13),)),
        ("Er hat drei Kinder.", "He has four children.", ()),
    ],
)
def test_numbers_of_a_translation_that_are_not_in_the_original_are_found(
    statement: str, evidence: str, missing: tuple[Span, ...]
) -> None:
    assert missing_numbers(statement, evidence) == missing


def test_a_translation_that_cites_the_wrong_sentence_cites_the_one_with_its_numbers() -> None:
    article = Article.from_text(
        "The ferry leaves from the old pier at noon. Nobody rows. A ticket costs 6 euros. "
        "Dogs travel free.",
        title="Ferry",
    )
    answer = finished("Der Fahrschein kostet nur 6 Euro. [1]", material=Material([article], []))
    (claim,) = answer.answer.claims
    assert answer.answer.citations[0].quote == "A ticket costs 6 euros."
    assert claim.unsupported == ()


def test_a_wrong_number_in_a_translation_is_flagged() -> None:
    answer = finished("Ein neuer Damm wird 90 Millionen kosten, sagte die Verwaltung. [4]").answer
    (claim,) = answer.claims
    assert [answer.text[start:end] for start, end in claim.unsupported] == ["90"]
