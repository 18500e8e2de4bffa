from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.errors import QuestionError, SettingsError
from index.search.passage_index import PassageIndex
from qa.answers.answer import Kind
from qa.article_qa import ArticleQA
from qa.output.to_markdown import answer_to_markdown
from qa.secret import Secret
from qa.settings import Settings
from qa.writing.events import Finished, SentenceChecked
from qa.writing.openai_model import OpenAIModel
from qa.writing.trained_checker import TrainedChecker
from qa.writing.writer import Writer
from tests.writing.fakes import ARTICLE, SENTENCES
from tests.writing.scripted_server import Connection, ScriptedServer, replies, serving

KEY = "sk-very-secret-4711"
QUESTION = "Who resigned a week later?"
WRITTEN = f"{SENTENCES[2]} [3]"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving(replies(WRITTEN[:20], WRITTEN[20:])) as server:
        yield server


def asking(server: ScriptedServer, embedder: SentenceTransformerEmbedder) -> ArticleQA:
    settings = Settings(
        reader="small", llm_url=server.url, llm_model="tiny", llm_key=Secret(KEY), llm_seconds=60.0
    )
    return ArticleQA(PassageIndex(None, embedder), embedder, settings, pending=[ARTICLE])


def test_the_model_of_the_settings_writes_the_answer(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        answer = qa.ask(QUESTION, own_words=True)
    assert (answer.text, answer.engine) == (f"{SENTENCES[2]} [1]", "tiny")
    answer.citations[0].check(ARTICLE)
    (asked,) = server.requests
    assert asked["model"] == "tiny"
    assert f"[3] {SENTENCES[2]}" in asked["messages"][1]["content"]
    assert QUESTION in asked["messages"][1]["content"]


def test_the_key_is_in_nothing_that_is_exported(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        answer = qa.ask(QUESTION, own_words=True)
        shown = [json.dumps(answer.to_dict()), answer_to_markdown(answer), repr(qa.settings)]
    assert not [text for text in shown if KEY in text]


def test_without_being_asked_to_no_model_is_called(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        answer = qa.ask(QUESTION)
        (event,) = qa.ask(QUESTION, stream=True)
    assert event == Finished(answer)
    assert answer.engine is None
    assert server.requests == []


@pytest.mark.parametrize("question", ["Hello!", "Who are you?", "How deep is the Mariana Trench?"])
def test_without_evidence_no_model_is_called(
    question: str, server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        assert qa.ask(question, own_words=True).engine is None
    assert server.requests == []


def test_a_summary_is_written_from_the_whole_article(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        answer = qa.ask("Summarise the article.", own_words=True)
    asked = server.requests[0]["messages"][1]["content"]
    assert all(sentence in asked for sentence in SENTENCES)
    assert answer.kind is Kind.ANSWER


@pytest.mark.parametrize(
    "question",
    [
        "Explain it to me like I'm five.",
        "Write a post about it.",
        "What would you title this article?",
        "Give me a headline for the article.",
        "Who wrote this?",
        "Sum it up in one sentence.",
        "Können Sie den Text zusammenfassen?",
        "Translate it into Italian.",
        "Resume el texto.",
    ],
)
def test_a_request_about_the_whole_text_is_written(
    question: str, server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        assert qa.ask(question, own_words=True).engine == "tiny"


def test_a_server_that_dies_gives_the_quoted_answer_with_the_reason(
    embedder: SentenceTransformerEmbedder,
) -> None:
    def dies(connection: Connection) -> None:
        connection.begin()
        connection.say(f"{SENTENCES[0]} [1] The")
        connection.break_off()

    with serving(dies) as server, asking(server, embedder) as qa:
        answer = qa.ask(QUESTION, own_words=True)
        quoted = qa.ask(QUESTION)
    assert answer.text == quoted.text
    assert "broke off in the middle" in (answer.note or "")


def says_a_sentence_and_waits(connection: Connection) -> None:
    connection.begin()
    connection.say(f"{WRITTEN} And then there")
    connection.wait_for_client_to_leave()


def test_closing_the_events_ends_the_work_of_the_server(
    embedder: SentenceTransformerEmbedder,
) -> None:
    with serving(says_a_sentence_and_waits) as server, asking(server, embedder) as qa:
        events = qa.ask(QUESTION, own_words=True, stream=True)
        assert isinstance(next(events), SentenceChecked)
        events.close()
        assert server.client_left.wait(20)


def test_the_event_ends_the_work_of_the_server(embedder: SentenceTransformerEmbedder) -> None:
    stopped = threading.Event()
    with serving(says_a_sentence_and_waits) as server, asking(server, embedder) as qa:
        events = qa.ask(QUESTION, own_words=True, stream=True, stopped=stopped)
        next(events)
        stopped.set()
        last = next(events)
        assert server.client_left.wait(20)
    assert isinstance(last, Finished)
    assert last.answer.text == f"{SENTENCES[2]} [1]"
    assert last.answer.note == "Stopped before the answer was complete."


def test_a_follow_up_can_come_after_a_written_answer(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        first = qa.ask(QUESTION, own_words=True)
        assert qa.ask("And what will the new dam cost?", history=[first]).answered


def test_asking_without_a_model_says_what_to_set(bundled: ArticleQA) -> None:
    with pytest.raises(SettingsError, match="Set llm_url and llm_model"):
        bundled.ask(QUESTION, own_words=True, stream=True)


def test_a_blank_question_is_refused_before_the_first_event(bundled: ArticleQA) -> None:
    with pytest.raises(QuestionError):
        bundled.ask(" ", stream=True)


def test_a_writer_can_be_given(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    writer = Writer(OpenAIModel(server.url, "mine"), TrainedChecker.shipped())
    index = PassageIndex(None, embedder)
    with ArticleQA(
        index, embedder, Settings(reader="small"), pending=[ARTICLE], writer=writer
    ) as qa:
        assert qa.ask(QUESTION, own_words=True).engine == "mine"


def requests_of(server: ScriptedServer) -> list[str]:
    return [request["messages"][1]["content"] for request in server.requests]


@pytest.mark.parametrize("question", ["Who are you?", "What can you do?"])
def test_a_reply_about_the_program_says_whether_it_can_write(
    question: str, server: ScriptedServer, embedder: SentenceTransformerEmbedder, bundled: ArticleQA
) -> None:
    with asking(server, embedder) as qa:
        assert "a language model writes it" in qa.ask(question).text
    assert "no language model is set" in bundled.ask(question).text


def test_the_model_is_given_the_request_as_it_was_made(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    question = "Summarise the text in exactly one short sentence for a child."
    with asking(server, embedder) as qa:
        qa.ask(question, own_words=True)
    (asked,) = requests_of(server)
    assert asked.endswith(f"\n\nRequest: {question}")


def test_a_request_that_the_model_refuses_is_answered_with_the_title(
    embedder: SentenceTransformerEmbedder,
) -> None:
    with serving(replies("NOT IN THE TEXT")) as server, asking(server, embedder) as qa:
        answer = qa.ask("What is the title?", own_words=True)
    assert answer.text == "The title is “The dam”."
    assert answer.kind is Kind.DOCUMENT


REWRITTEN = "When did the mayor, Ines Falk, resign?"


def test_a_follow_up_is_rewritten_by_the_model_before_it_is_answered(
    embedder: SentenceTransformerEmbedder,
) -> None:
    with (
        serving(replies(WRITTEN), replies(REWRITTEN), replies(WRITTEN)) as server,
        asking(server, embedder) as qa,
    ):
        first = qa.ask("Who is the mayor?", own_words=True)
        answer = qa.ask("When did she resign?", own_words=True, history=[first])
    assert (answer.question, answer.understood) == ("When did she resign?", REWRITTEN)
    assert answer.engine == "tiny"
    _, rewriting, writing = requests_of(server)
    assert "Earlier question: Who is the mayor?" in rewriting
    assert rewriting.endswith("Message: When did she resign?")
    assert f"Request: {REWRITTEN}" in writing


def test_a_follow_up_about_the_last_answer_is_written_from_what_it_cites(
    embedder: SentenceTransformerEmbedder,
) -> None:
    filler = "\n\n".join(f"Row {n} of the ledger lists timber and rope." for n in range(500))
    scripts = replies("The lake froze. [1]"), replies("Say it more simply."), replies(WRITTEN)
    with serving(*scripts) as server, asking(server, embedder) as qa:
        article = qa.add_text(f"{filler}\n\nThe lake froze in the winter of 1962.", title="Lake")
        first = qa.ask("When did the lake freeze?", [article.id], own_words=True)
        qa.ask("Say it more simply.", [article.id], own_words=True, history=[first])
    asked = requests_of(server)[-1]
    assert "] The lake froze in the winter of 1962." in asked
    assert "Earlier answer: The lake froze." in asked


def test_the_cost_of_the_rewriting_is_counted(embedder: SentenceTransformerEmbedder) -> None:
    with serving(replies(REWRITTEN), replies(WRITTEN)) as server, asking(server, embedder) as qa:
        answer = qa.ask("When did she?", own_words=True, history=["Who is the mayor?"])
    usage = answer.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.written_tokens) == (200, 20)
    assert usage.first_word_seconds is not None
    assert usage.first_word_seconds < usage.seconds


@pytest.mark.parametrize("history", [[], ["Hello!"]])
def test_a_first_question_is_not_rewritten(
    history: list[str], server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        greetings = [qa.ask(each) for each in history]
        answer = qa.ask(QUESTION, own_words=True, history=greetings)
    assert len(server.requests) == 1
    assert answer.understood is None


def test_a_follow_up_without_the_model_is_not_rewritten(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    with asking(server, embedder) as qa:
        qa.ask("When did she resign?", history=["Who is the mayor?"])
    assert server.requests == []


def test_of_several_articles_the_model_is_shown_some_of_each(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    filler = "\n\n".join(f"Row {n} of the ledger lists timber and rope." for n in range(500))
    texts = {
        "Levels": f"The Alder dam held the lake for sixty years.\n\n{filler}",
        "Costs": f"The Alder dam cost two million.\n\n{filler}",
    }
    with asking(server, embedder) as qa:
        ids = [qa.add_text(text, title=title).id for title, text in texts.items()]
        qa.ask("What does each text say about the Alder dam?", ids, own_words=True)
    (asked,) = requests_of(server)
    assert "Text: Levels" in asked
    assert "Text: Costs" in asked
    assert "sixty years" in asked
    assert "two million" in asked
    assert "say what each of them says" in server.requests[0]["messages"][0]["content"]


def test_of_a_long_article_a_summary_is_written_from_all_parts_of_it(
    server: ScriptedServer, embedder: SentenceTransformerEmbedder
) -> None:
    topics = "bridge harbour school market library hospital airport theatre".split()
    parts = [
        "\n\n".join(f"The {t} of the town was rebuilt in {1900 + n}." for n in range(60))
        for t in topics
    ]
    with asking(server, embedder) as qa:
        article = qa.add_text("\n\n".join(parts), title="The town")
        qa.ask("Summarise the article.", [article.id], own_words=True)
    (asked,) = requests_of(server)
    assert [topic for topic in topics if f"The {topic} of" in asked] == topics
