"""Questions that are not among the phrases that the intent model is fitted on."""

from __future__ import annotations

import json

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.embedding.model_files import DEFAULT_MODEL_DIMENSION, DEFAULT_MODEL_SHA256
from qa.answers.answer import Kind
from qa.article_qa import ArticleQA
from qa.conversation.intent import MAX_CHARS, WEIGHTS, Intent, detect_intent, shipped_model
from training.fit_intent import read_phrases

CASES = [
    ("Could you please give me a brief summary of this news story?", Kind.SUMMARY),
    ("pls summarise this artcle", Kind.SUMMARY),
    ("Which key points does this article make?", Kind.KEY_POINTS),
    ("List everyone who is mentioned in this report", Kind.PEOPLE),
    ("Show me a timeline of all events, please", Kind.TIMELINE),
    ("hello, good morning to you", Kind.TALK),
    ("thank you, very helpful", Kind.TALK),
    ("which things can you do for me", Kind.TALK),
    ("are you a real human being?", Kind.TALK),
    ("Who signed the treaty?", Kind.ANSWER),
    ("What happened in Berlin in 1989?", Kind.ANSWER),
    ("What was the meeting in Geneva about?", Kind.ANSWER),
    ("Who are the people living on the island?", Kind.ANSWER),
    ("Hello, when did the bridge open?", Kind.ANSWER),
    ("Who made the robot dog?", Kind.ANSWER),
    ("Who wrote the summary of the debate?", Kind.ANSWER),
]


@pytest.mark.parametrize(("question", "kind"), CASES)
def test_the_intent_of_a_new_wording_is_detected(
    embedder: SentenceTransformerEmbedder, question: str, kind: Kind
) -> None:
    assert question not in {phrase.text for phrase in read_phrases()}
    assert detect_intent(question, embedder.encode_query).intent.kind is kind


def test_specific_words_are_returned(
    embedder: SentenceTransformerEmbedder,
) -> None:
    question, encode = "Summarise the dragon article", embedder.encode_query
    assert detect_intent(question, encode)[:2] == (Intent.SUMMARY, ("dragon",))
    assert detect_intent(question, encode, titles=["Dragon"])[:2] == (Intent.SUMMARY, ())
    assert detect_intent("Summarise this article", encode)[:2] == (Intent.SUMMARY, ())


def test_a_question_with_a_word_of_an_article_is_factual() -> None:
    with ArticleQA.from_text("A zebra has stripes. It lives in herds.", title="Animals") as qa:
        assert qa.intent("Summarise the zebra article") is Intent.FACTUAL
        assert qa.intent("Summarise the dragon article") is Intent.SUMMARY


@pytest.mark.parametrize("question", ["", "  ", f"Summarise {'this ' * MAX_CHARS}"])
def test_a_question_without_letters_or_too_long_is_factual(
    embedder: SentenceTransformerEmbedder, question: str
) -> None:
    assert detect_intent(question, embedder.encode_query).intent is Intent.FACTUAL


def test_the_weights_name_their_source_and_fit_the_default_model() -> None:
    data = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert data["embedding_model_sha256"] == DEFAULT_MODEL_SHA256
    assert data["made_by"].startswith("python -m training.fit_intent")
    model = shipped_model()
    assert set(model.classes) == set(Intent)
    assert model.coefficients.shape == (len(Intent), DEFAULT_MODEL_DIMENSION)
    phrases = sum(data["fitted_on"]["phrases"].values())
    assert phrases == len(read_phrases())
