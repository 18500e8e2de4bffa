from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from index.types import Article
from qa.conversation import language
from qa.conversation.language import is_plainly_english, language_note, language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("When did the bridge open to the public?", "en"),
        ("In welchem Jahr wurde die neue Brücke gebaut?", "de"),
        ("¿En qué año se construyó el puente nuevo?", "es"),
        ("En quelle année le nouveau pont a-t-il été construit ?", "fr"),
        ("Когда был построен новый мост?", "ru"),
        ("新桥是哪一年建成的？", "zh"),
    ],
)
def test_the_language_of_a_question_is_detected(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "When did the bridge open to the public?",
        "In which year was the new bridge built?",
        "The ship sailed from Bristol with forty people who paid for their cargo of coal. " * 4,
    ],
)
def test_plain_english_is_recognised_by_function_words(text: str) -> None:
    assert is_plainly_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tesla",
        "How?",
        "Wer hat „The Catcher in the Rye“ geschrieben?",
        "Was ist das Thema von „What Is to Be Done?“",
        "Qui chante « Who Are You » des Who ?",
        "Wie heet de zanger van The Who?",
        "Hvem spillede med i That Was the Week That Was?",
        "Der Film „The Wind and the Lion“ lief 1975 in den Kinos und war ein Erfolg. " * 8,
        "Het boek van de schrijver is in de winkel te koop, en de film was op tv. " * 8,
    ],
)
def test_text_with_an_english_name_is_not_plainly_english(text: str) -> None:
    assert not is_plainly_english(text)


@pytest.mark.parametrize("text", ["", "?", "Tesla", "OK", "1969"])
def test_a_very_short_text_has_no_certain_language(text: str) -> None:
    assert language_of(text) is None


def test_the_bundled_article_is_english(article: Article) -> None:
    assert language_of(article.text) == "en"


def test_english_alone_has_no_note() -> None:
    assert language_note("en", ["en"]) is None
    assert language_note(None, ["en"]) is None
    assert language_note(None, []) is None
    assert language_note("en", [None]) is None


def test_the_note_names_both_languages_and_which_to_ask_in() -> None:
    note = language_note("de", ["en"])
    assert note
    assert "in German, the text in English" in note
    assert "ask in English" in note
    several = language_note("en", ["fr", "es", "fr"])
    assert several
    assert "in Spanish and French" in several or "in French and Spanish" in several


def test_a_question_in_the_language_of_a_foreign_text_has_a_note() -> None:
    note = language_note("es", ["es"])
    assert note
    assert "text seems to be in Spanish" in note
    assert language_note(None, ["es"]) == note


def test_small_talk_in_another_language_has_a_note() -> None:
    note = language_note("fr", [])
    assert note
    assert "French" in note


@pytest.fixture
def unloaded() -> Iterator[None]:
    language._identifier.cache_clear()
    yield
    language._identifier.cache_clear()


@pytest.mark.usefixtures("unloaded")
def test_the_identifier_needs_no_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, full)
    assert language_of("In welchem Jahr wurde die neue Brücke gebaut?") == "de"


@pytest.mark.usefixtures("unloaded")
def test_without_its_model_no_language_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("unsupported model layout")

    monkeypatch.setattr(language, "_load_identifier", broken)
    assert language_of("In welchem Jahr wurde die neue Brücke gebaut?") is None
