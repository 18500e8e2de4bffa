from __future__ import annotations

import pytest

from qa.answers.answer import Answer, Kind
from qa.cli.terminal import print_answer
from qa.conversation.intent import Intent, reply_to_small_talk
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.to_text import answer_with_sources, to_plain
from qa.output.transcript import Transcript
from qa.page.chat import Chat, Turn
from qa.page.reply import reply_markdown

TALK = [intent for intent in Intent if intent.kind is Kind.TALK]


@pytest.mark.parametrize("intent", TALK)
def test_a_reply_names_the_articles_and_cites_none(intent: Intent) -> None:
    answer = reply_to_small_talk("Hi", intent, ["The bridge", "The tower"])
    assert "“The bridge” and “The tower”" in answer.text
    assert answer.kind is Kind.TALK
    assert answer.answered
    assert (answer.citations, answer.passages, answer.marks) == ((), (), ())
    assert answer.short is None
    assert Answer.from_dict(answer.to_dict()) == answer


def test_many_articles_are_counted() -> None:
    assert "the 3 articles" in reply_to_small_talk("Hi", Intent.GREETING, ["a", "b", "c"]).text


@pytest.mark.parametrize("intent", TALK)
def test_without_an_article_the_reply_says_so(intent: Intent) -> None:
    text = reply_to_small_talk("Hi", intent, []).text
    assert "no article here yet" in text
    assert "{" not in text
    assert "What is it about?" not in text


def test_a_title_is_escaped_and_shortened() -> None:
    text = reply_to_small_talk("Hi", Intent.GREETING, ["evil\x1b[31m\n" + "long " * 100]).text
    assert "\x1b" not in text
    assert len(text) < 400


def test_no_output_shows_its_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    answer = reply_to_small_talk("Who are you?", Intent.IDENTITY, ["The bridge"])
    print_answer(answer)
    printed = capsys.readouterr().out
    transcript = Transcript.of([answer])
    shown = [
        printed,
        to_plain(answer),
        answer_with_sources(answer),
        conversation_to_markdown(transcript),
        conversation_to_html(transcript, lambda _: pytest.fail("no article is needed")),
        reply_markdown(answer, 1, several=False, is_newest=True),
    ]
    for text in shown:
        assert "article-qa, a computer program" in text
        for word in ("Likely", "right", "%", "Nearest", "Sources", "refusal", "Passages"):
            assert word not in text.split("<body>")[-1]


def test_small_talk_marks_nothing_in_an_article() -> None:
    chat = Chat((Turn("Hi", reply_to_small_talk("Hi", Intent.GREETING, ["The bridge"])),))
    assert chat.cited() == []
    assert chat.retrieved() == []
    assert chat.first_place() is None
