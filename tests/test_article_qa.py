from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from index.errors import (
    ArticleNotFound,
    EmptyArticle,
    QuestionError,
    TitleError,
    TooLarge,
    UnreadableFile,
)
from index.search.passage_index import PassageIndex
from index.types import MAX_TITLE_CHARS, ArticleInfo
from qa import Answer, ArticleQA, Settings, ask, retrieve
from qa.answers.answer import Kind
from qa.conversation.intent import OVERVIEW_QUESTIONS, Intent
from qa.output.to_text import nearest
from qa.reading.reader import Reading

TEXT = (
    "The Harbour Bridge opened in 1932. It is 1,149 metres long.\n\n"
    "John Bradfield led its design. He studied bridges in New York."
)


def check(qa: ArticleQA, answer: Answer) -> None:
    for citation in answer.citations:
        citation.check(qa.article(citation.article_id))
    for passage in answer.passages:
        assert qa.article(passage.article_id).text[passage.start : passage.end] == passage.text
    assert answer.answered == bool(answer.citations)
    assert Answer.from_dict(answer.to_dict()) == answer


def test_an_answer_quotes_the_exact_words(bundled: ArticleQA) -> None:
    answer = bundled.ask("Who did Marco Rubio call?")
    check(bundled, answer)
    assert answer.answered
    quoted = " ".join(citation.quote for citation in answer.citations)
    assert "External Affairs Minister S Jaishankar" in quoted
    assert "He also called Pakistan Prime Minister Shehbaz Sharif." in quoted
    assert "[1]" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "How many soldiers died at Galwan?",
        "What is the capital of France?",
        "Who won the football world cup?",
        "How do I bake bread?",
    ],
)
def test_an_unanswered_question_is_refused(bundled: ArticleQA, question: str) -> None:
    answer = bundled.ask(question)
    check(bundled, answer)
    assert not answer.answered
    assert answer.short is None
    assert answer.passages


def test_module_level_functions_ask_the_bundled_article() -> None:
    assert retrieve("Who did Marco Rubio call?", k=2)[1].rank == 2
    assert ask("Who did Marco Rubio call?").answered


def test_a_text_can_be_questioned_from_memory() -> None:
    with ArticleQA.from_text(TEXT, title="Bridge") as qa:
        answer = qa.ask("When did the Harbour Bridge open?")
        check(qa, answer)
        assert answer.citations[0].quote == "The Harbour Bridge opened in 1932."
        assert answer.citations[0].title == "Bridge"


def test_a_file_can_be_questioned_from_memory(tmp_path: Path) -> None:
    (tmp_path / "bridge.md").write_text(f"# The Bridge\n\n{TEXT}", encoding="utf-8")
    with ArticleQA.from_file(tmp_path / "bridge.md") as qa:
        answer = qa.ask("When did the Harbour Bridge open?")
        check(qa, answer)
        assert answer.citations[0].title == "The Bridge"


def test_a_library_on_disk_can_be_reopened(tmp_path: Path) -> None:
    (tmp_path / "bridge.txt").write_text(TEXT, encoding="utf-8")
    with ArticleQA.open(tmp_path / "library") as qa:
        added = qa.add_file(tmp_path / "bridge.txt")
        assert qa.add_text(TEXT).id == added.id
    with ArticleQA.open(tmp_path / "library") as qa:
        assert [article.id for article in qa.articles()] == [added.id]
        assert qa.ask("When did the Harbour Bridge open?").answered


def test_questions_can_be_limited_to_articles() -> None:
    with ArticleQA.from_text(TEXT, title="Bridge") as qa:
        other = qa.add_text("Bread is baked from flour, water and salt.", title="Bread")
        answer = qa.ask("When did the Harbour Bridge open?", article_ids=[other.id])
        assert not answer.answered
        assert {passage.article_id for passage in answer.passages} == {other.id}


def test_an_article_is_found_by_the_start_of_its_id() -> None:
    with ArticleQA.from_text(TEXT) as qa:
        article = qa.articles()[0]
        assert qa.resolve(article.id[:6]) == article
        for wrong in ("", "zz"):
            with pytest.raises(ArticleNotFound):
                qa.resolve(wrong)


def test_a_catalogue_lists_pending_and_stored_articles() -> None:
    with ArticleQA.from_text(TEXT, title="Bridge") as qa:
        (info,) = qa.catalogue()
        assert info == ArticleInfo.of(qa.articles()[0])
        assert (info.title, info.characters, info.pages) == ("Bridge", len(TEXT), 0)
        assert info.added_at is None
        qa.add_text("Bread is baked from flour, water and salt.", title="Bread")
        assert [info.title for info in qa.catalogue()] == ["Bridge", "Bread"]
        assert all(info.added_at for info in qa.catalogue())


def test_existing_leaves_out_removed_articles() -> None:
    with ArticleQA.from_text(TEXT) as qa:
        (article,) = qa.articles()
        assert qa.existing(["gone", article.id, "", article.id]) == [article]


def test_citations_have_the_new_title() -> None:
    with ArticleQA.from_text(TEXT, title="Bridge") as qa:
        (info,) = qa.catalogue()
        assert qa.rename(info.id, "  The\nharbour ") == "The harbour"  # not embedded yet
        before = qa.ask("When did the Harbour Bridge open?")
        assert before.citations[0].title == "The harbour"
        qa.rename(info.id, "Sydney")
        after = qa.ask("When did the Harbour Bridge open?")
        assert {after.citations[0].title, after.passages[0].title} == {"Sydney"}
        assert before.citations[0].title == "The harbour"
        check(qa, after)


def test_an_invalid_title_is_refused_and_the_old_one_kept() -> None:
    with ArticleQA.from_text(TEXT, title="Bridge") as qa:
        (info,) = qa.catalogue()
        for wrong in (" \n", "\ud800"):
            with pytest.raises(TitleError):
                qa.rename(info.id, wrong)
        with pytest.raises(ArticleNotFound):
            qa.rename("no-such-id", "Title")
        assert qa.catalogue() == [info]
        assert len(qa.rename(info.id, "x" * 5_000)) == MAX_TITLE_CHARS


def test_the_page_can_show_the_article_before_the_model_is_loaded() -> None:
    qa = ArticleQA.bundled()
    article = qa.articles()[0]
    assert not qa.ready
    assert qa.article(article.id) == article
    qa.warm_up()
    assert qa.ready
    assert [found.id for found in qa.articles()] == [article.id]
    qa.remove(article.id)
    assert qa.articles() == []
    with pytest.raises(ArticleNotFound):
        qa.article(article.id)


def test_bad_input_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = Settings(max_article_bytes=1_000)
    with ArticleQA.from_text(TEXT, settings=settings) as qa:
        with pytest.raises(EmptyArticle):
            qa.add_text("  ")
        with pytest.raises(TooLarge, match="1,000"):
            qa.add_text("x" * 1_001)
        with pytest.raises(TooLarge):
            qa.add_bytes(b"x" * 1_001, "x.txt")
        with pytest.raises(UnreadableFile):
            qa.add_file(tmp_path / "absent.txt")
        with pytest.raises(QuestionError):
            qa.ask(" ")
        assert len(qa.articles()) == 1


def test_several_threads_get_the_same_answer(bundled: ArticleQA) -> None:
    expected = bundled.ask("Who did Marco Rubio call?")
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(bundled.ask("Who did Marco Rubio call?")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.text for answer in answers] == [expected.text] * 4


@pytest.mark.parametrize("question", ["?", "!!!", "...", "🤔", "\x00", "1", "— ?"])
def test_a_question_without_a_letter_is_blank(bundled: ArticleQA, question: str) -> None:
    for call in (bundled.ask, bundled.intent):
        with pytest.raises(QuestionError, match="The question is blank"):
            call(question)


def test_no_outside_host_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with ArticleQA.from_text(TEXT) as qa:
        assert qa.ask("When did the Harbour Bridge open?").answered


def test_a_yes_no_question_is_answered_with_the_words_of_the_article(bundled: ArticleQA) -> None:
    answer = bundled.ask("Did India accept Trump's offer?")
    check(bundled, answer)
    assert answer.answered
    assert "offer" in answer.citations[0].quote
    assert answer.short


def test_a_refusal_after_other_questions_shows_what_is_near_this_one(bundled: ArticleQA) -> None:
    question = "How many soldiers died at Galwan?"
    before = bundled.ask("Why did Islamabad suspend the Simla Agreement?")
    after, alone = bundled.ask(question, history=[before]), bundled.ask(question)
    assert not after.answered
    assert {p.start for p in after.passages} == {p.start for p in alone.passages}
    assert nearest(after) == nearest(alone)


BEFORE, FOLLOW_UP = "How many people were killed at Pahalgam?", "Where exactly?"
UNDERSTOOD = "Where exactly? (after “How many people were killed at Pahalgam?”)"


def test_a_follow_up_is_understood_from_the_answers_before_it(bundled: ArticleQA) -> None:
    answer = bundled.ask(FOLLOW_UP, history=[bundled.ask(BEFORE)])
    check(bundled, answer)
    assert answer.question == FOLLOW_UP
    assert answer.understood == UNDERSTOOD
    assert "at Baisaran near Pahalgam" in answer.citations[0].quote
    assert "Baisaran" not in bundled.ask(FOLLOW_UP).text


def test_a_follow_up_as_it_was_understood_can_be_asked_on_its_own(bundled: ArticleQA) -> None:
    answer = bundled.ask(FOLLOW_UP, history=[bundled.ask(BEFORE)])
    assert bundled.ask(UNDERSTOOD).citations == answer.citations


def test_a_follow_up_is_answered_after_a_refused_question(bundled: ArticleQA) -> None:
    refused = bundled.ask("What is the capital of France?")
    assert not refused.answered
    answer = bundled.ask(FOLLOW_UP, history=[refused, bundled.ask(BEFORE)])
    assert "at Baisaran near Pahalgam" in answer.citations[0].quote
    bundled.ask("Why?", history=[refused])


def test_a_history_of_questions_gives_the_same_answer_as_one_of_answers(bundled: ArticleQA) -> None:
    questions = ["What was Operation Sindoor?", "When was it launched?"]
    answers: list[Answer] = []
    for question in questions:
        answers.append(bundled.ask(question, history=answers))
    by_answers = bundled.ask("Why?", history=answers)
    assert bundled.ask("Why?", history=questions) == by_answers


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("Who did Marco Rubio call?", "When was Operation Sindoor launched?"),
        ("When was Operation Sindoor launched?", "Who did Marco Rubio call?"),
        ("How many people were killed at Pahalgam?", "What did India suspend?"),
    ],
)
def test_a_complete_question_gets_the_same_answer_after_another(
    bundled: ArticleQA, before: str, question: str
) -> None:
    answer, alone = bundled.ask(question, history=[before]), bundled.ask(question)
    assert (answer.text, answer.short, answer.citations) == (
        alone.text,
        alone.short,
        alone.citations,
    )
    assert answer.understood is None


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Please give me a short summary", Kind.SUMMARY),
        ("Which people does this article mention?", Kind.PEOPLE),
        ("Good morning to you", Kind.TALK),
        ("Who did Marco Rubio call?", Kind.ANSWER),
    ],
)
def test_a_question_gets_the_kind_of_answer_it_asks_for(
    bundled: ArticleQA, question: str, kind: Kind
) -> None:
    answer = bundled.ask(question)
    assert answer.kind is kind
    assert answer.question == question
    assert answer.note is None


def test_a_thank_you_does_not_break_a_follow_up(bundled: ArticleQA) -> None:
    first = bundled.ask(BEFORE)
    between = [first, bundled.ask("Thanks a lot!"), bundled.ask("Which people are mentioned?")]
    assert [turn.kind for turn in between] == [Kind.ANSWER, Kind.TALK, Kind.PEOPLE]
    assert bundled.ask(FOLLOW_UP, history=between).understood == UNDERSTOOD
    as_typed = [BEFORE, "Thanks a lot!"]
    assert bundled.ask(FOLLOW_UP, history=as_typed).understood == UNDERSTOOD


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Thanks", Kind.TALK),
        ("Thank you so much!", Kind.TALK),
        ("Tell me more", Kind.SUMMARY),
        ("TL;DR", Kind.SUMMARY),
        ("Who is mentioned?", Kind.PEOPLE),
        ("Give me a timeline.", Kind.TIMELINE),
        ("What are the main takeaways?", Kind.KEY_POINTS),
    ],
)
def test_the_kind_of_a_question_is_the_same_after_an_answer(
    bundled: ArticleQA, question: str, kind: Kind
) -> None:
    assert bundled.ask(question, history=[bundled.ask(BEFORE)]).kind is kind


@pytest.mark.parametrize("question", ["Summarise it for me", "Give me a summary"])
def test_it_may_be_the_article_after_an_answer(bundled: ArticleQA, question: str) -> None:
    first = bundled.ask("What was Operation Sindoor?")
    answer = bundled.ask(question, history=[first])
    assert answer.kind is Kind.SUMMARY
    assert answer.understood is None


def test_a_question_in_another_language_gets_a_note(bundled: ArticleQA) -> None:
    answer = bundled.ask("¿A quién llamó el secretario de Estado?")
    check(bundled, answer)
    assert answer.note
    assert "Spanish" in answer.note
    assert "English" in answer.note


def test_an_article_in_another_language_gets_a_note() -> None:
    text = "El puente se abrió al público en 1932. John Bradfield dirigió su diseño en la ciudad."
    with ArticleQA.from_text(text) as qa:
        answer = qa.ask("¿Cuándo se abrió el puente?")
    assert answer.note
    assert "text seems to be in Spanish" in answer.note


def test_small_talk_with_an_unknown_article_raises_an_error(bundled: ArticleQA) -> None:
    with pytest.raises(ArticleNotFound):
        bundled.ask("Hello there", article_ids=["nothing"])


def test_intents_are_detected_by_the_default_model(
    embedder: SentenceTransformerEmbedder,
) -> None:
    settings = Settings(model="/nowhere")
    index = PassageIndex(None, embedder)
    with ArticleQA(index, embedder, settings) as qa:
        qa.add_text(TEXT)
        assert qa.ask("Summarise this text for me").kind is Kind.SUMMARY


def test_a_question_is_embedded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    qa = ArticleQA.from_text("The bridge opened in 1932. It is 1,149 m long.")
    qa.warm_up()
    encoded: list[str] = []
    encode = SentenceTransformerEmbedder.encode_query

    def counted(embedder: SentenceTransformerEmbedder, text: str) -> Vectors:
        encoded.append(text)
        return encode(embedder, text)

    monkeypatch.setattr(SentenceTransformerEmbedder, "encode_query", counted)
    assert qa.ask("When did the bridge open?").answered
    assert encoded == ["When did the bridge open?"]


BYLINE = "The Ferry Returns\nBy Nora Lindqvist\nUpdated 4 July 2020\n\n"
FERRY = (
    "The ferry to Ness sails again after eleven years. The council bought it from a yard in "
    "Bergen and gave it a new engine. It carries forty cars and runs every hour in summer. "
    "Fishermen had asked for it since the bridge was closed to lorries.\n"
)


@pytest.fixture(scope="module")
def ferry() -> Iterator[ArticleQA]:
    with ArticleQA.from_text(BYLINE + FERRY, title="The Ferry Returns") as qa:
        yield qa


def test_the_author_and_the_date_are_quoted_from_the_byline(ferry: ArticleQA) -> None:
    author = ferry.ask("Who wrote this article?")
    check(ferry, author)
    assert author.short == "Nora Lindqvist"
    date = ferry.ask("When was this article published?")
    check(ferry, date)
    assert date.citations[0].quote == "Updated 4 July 2020"


@pytest.mark.parametrize("question", ["who wrote this", "Who's the author here?", "author?"])
def test_the_author_of_the_document_is_not_a_writer_in_the_text(
    bundled: ArticleQA, question: str
) -> None:
    assert bundled.ask(question).text == "The article does not name its author."


def test_a_document_without_a_byline_says_that_it_names_nobody() -> None:
    with ArticleQA.from_text(FERRY, title="Ferry") as qa:
        author = qa.ask("Who is the author of this article?")
        assert (author.answered, author.text) == (
            False,
            "The article does not name its author.",
        )
        assert qa.ask("When was this written?").text == (
            "The article does not say when it was written."
        )


@pytest.mark.parametrize(
    "question",
    ["What is the title of this article?", "Who wrote this article?", "When did Macron call?"],
)
def test_without_an_article_the_reply_says_so(tmp_path: Path, question: str) -> None:
    with ArticleQA.open(tmp_path / "empty") as qa:
        assert qa.ask(question).text == "There is no article. Add one first."


def test_the_titles_of_several_articles_are_listed(tmp_path: Path) -> None:
    with ArticleQA.open(tmp_path / "library") as qa:
        for title in ("Ferry", "Bread"):
            qa.add_text(f"{title} is a word.", title=title)
        answer = qa.ask("What are the titles of these articles?")
        assert answer.text == "The titles are “Ferry” and “Bread”."


@pytest.mark.parametrize("question", ["What is the title of this article?", "title?"])
def test_the_title_is_that_of_the_article(ferry: ArticleQA, question: str) -> None:
    answer = ferry.ask(question)
    assert (answer.text, answer.kind) == ("The title is “The Ferry Returns”.", Kind.DOCUMENT)
    assert not answer.has_confidence
    assert Answer.from_dict(answer.to_dict()) == answer


def test_a_question_that_the_text_answers_is_not_small_talk() -> None:
    policy = (
        "We use your data to send you the parcels that you order. We keep your data for two "
        "years. We speak Dutch and Frisian."
    )
    with ArticleQA.from_text(policy, title="Privacy policy") as qa:
        for question in ("How do you use my data?", "Which languages do you speak?"):
            answer = qa.ask(question)
            assert (answer.kind, answer.answered) == (Kind.ANSWER, True)
            assert qa.intent(question) is Intent.FACTUAL
    with ArticleQA.from_text(FERRY, title="Ferry") as qa:
        assert qa.ask("Which languages do you speak?").kind is Kind.TALK


def test_a_suggested_question_gets_its_overview_without_reading(ferry: ArticleQA) -> None:
    class Unread:
        levels: ClassVar[dict[str, float]] = {"balanced": 0.3}
        is_loaded = True

        def read(self, question: str, passages: object, turns: object = ()) -> Reading:
            del passages, turns
            raise AssertionError(question)

        def load(self) -> None: ...

        def take_notice(self) -> None: ...

    qa = ArticleQA(ferry._library.index, ferry._embedder, Settings(), reader=Unread())
    for question, intent in OVERVIEW_QUESTIONS.items():
        assert qa.ask(question).kind is intent.kind


def test_a_refusal_names_what_the_article_does_not_mention(ferry: ArticleQA) -> None:
    answer = ferry.ask("How often did Macron take the ferry?")
    assert (answer.answered, answer.text) == (
        False,
        "“Macron” is not mentioned in the article.",
    )
    assert Answer.from_dict(answer.to_dict()) == answer


def test_a_name_in_another_inflection_is_mentioned(ferry: ArticleQA) -> None:
    assert "mentioned" not in ferry.ask("What colour were the Ferries?").text


def test_a_refusal_repeats_the_question_as_a_clause(ferry: ArticleQA) -> None:
    assert ferry.ask("Who painted the funnel?").text == "No sentence says who painted the funnel."
    assert ferry.ask("Why is the sky blue?").text == "No sentence answers this question."
