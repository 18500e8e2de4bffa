"""Answers as plain text and as the chat's Markdown: literal, whatever an article holds."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from index.types import Article, Passage, Span
from qa.answers.answer import Answer, parts
from qa.answers.citation import Citation
from qa.output.escape import replace_control_characters
from qa.output.to_markdown import answer_to_markdown, chat_markdown
from qa.output.to_text import (
    NEAR,
    Piece,
    answer_with_sources,
    nearest,
    plain_pieces,
    to_plain,
    understood_as,
)
from tests.markdown import literal, rendered, squeezed, texts

OUR_TAGS = {"p", "a", "ul", "li", "span", "strong"}


def answer_of(quotes: list[str], *, article: str | None = None) -> Answer:
    """Return an answer that quotes each of ``quotes``, marked as the pipeline marks them."""
    whole = Article.from_text(article or "\n".join([*quotes, "End."]), title="A [title] <b>")
    text, marks, citations, position = "", [], [], 0
    for number, quoted in enumerate(quotes, start=1):
        start = whole.text.index(quoted, position)
        position = start + len(quoted)
        citations.append(Citation.of(whole, start, position))
        text += f"{quoted} "
        marks.append(Span(len(text), len(text) + len(f"[{number}]")))
        text += f"[{number}] "
    return said(text.rstrip(), tuple(citations), tuple(marks))


def said(text: str, citations: tuple[Citation, ...], marks: tuple[Span, ...] = ()) -> Answer:
    return Answer(
        question="q",
        text=text,
        short=None,
        citations=citations,
        answered=True,
        confidence=0.9,
        passages=(),
        marks=marks,
    )


def refusal_of(*passages: Passage, text: str = "The article does not say.") -> Answer:
    return Answer(
        question="q",
        text=text,
        short=None,
        citations=(),
        answered=False,
        confidence=0.1,
        passages=passages,
    )


def passage_of(text: str, *sentences: Span, start: int = 0) -> Passage:
    end = start + len(text)
    return Passage("a" * 32, "T", text, start, end, 0.5, 1, sentences=sentences, similarity=NEAR)


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), min_size=1).filter(
            lambda text: text.strip()
        ),
        min_size=1,
        max_size=3,
    )
)
def test_marks_are_the_only_links_and_all_else_is_literal(quotes: list[str]) -> None:
    answer = answer_of(quotes)
    page = rendered(chat_markdown(answer, link=lambda c: f"#s{c.start}-{c.end}"))
    assert page.tags <= {"p", "a"}
    assert page.links == [f"#s{c.start}-{c.end}" for c in answer.citations]
    assert squeezed(page.text) == squeezed(literal(answer.text))


@given(texts, texts, texts)
def test_no_tag_but_our_own_ever_appears(one: str, two: str, title: str) -> None:
    article = Article.from_text(f"{one}\nx\n{two}", title=title)
    cited = Citation.of(article, 0, len(article.text))
    passage = Passage(
        article.id, title, article.text, 0, len(article.text), 0.1, 1, similarity=NEAR
    )
    answered = said(f"{two} [1]", (cited,), (Span(len(two) + 1, len(two) + 4),))
    for answer in (answered, refusal_of(passage, text=two)):
        linked = rendered(chat_markdown(answer, link=lambda _: "#here"))
        assert linked.tags <= OUR_TAGS
        assert linked.links == ["#here"]


def test_a_mark_of_the_articles_own_is_no_link() -> None:
    answer = answer_of(["As [1] shows!"])
    assert chat_markdown(answer, link=lambda _: "#s0-13").count("](#") == 1
    assert rendered(chat_markdown(answer, link=lambda _: "#s0-13")).text == "As [1] shows! [1]\n"


def test_an_exclamation_before_a_mark_makes_no_image() -> None:
    answer = said("Wow![1]", (Citation("a", "T", 0, 3, "Wow"),), (Span(4, 7),))
    assert rendered(chat_markdown(answer, link=lambda _: "#s0-3")).tags == {"p", "a"}


def test_an_address_cannot_break_out_of_its_link() -> None:
    answer = answer_of(["Yes."])
    page = rendered(chat_markdown(answer, link=lambda _: "#a) <img src=x> (b"))
    assert page.tags == {"p", "a"}


def test_plain_text_lists_the_sources_below_the_answer() -> None:
    answer = answer_of(["It opened\nin 1932."])
    assert to_plain(answer) == (
        "It opened\nin 1932. [1]\n\nSources:\n[1] A [title] <b>, characters 0–18"
    )


def test_a_copied_answer_has_each_quote_with_its_place_and_source() -> None:
    web = Citation("a", "Bridge", 0, 18, "It opened\nin 1932.", "https://b.example/", page=2)
    answer = said("It opened\nin 1932. [1]", (web,), (Span(19, 22),))
    assert answer_with_sources(answer) == (
        "It opened\nin 1932. [1]\n\nSources:\n"
        "[1] Bridge, p. 2 (https://b.example/): “It opened in 1932.”"
    )
    refusal = refusal_of(passage_of("One.", Span(0, 4)))
    assert answer_with_sources(refusal) == to_plain(refusal)


@given(st.data())
def test_the_parts_of_an_answer_are_its_text(data: st.DataObject) -> None:
    answer = answer_of(data.draw(st.lists(st.just("Yes."), min_size=1, max_size=3)))
    offsets = st.integers(0, len(answer.text))
    start, end = sorted((data.draw(offsets), data.draw(offsets)))
    short = replace(answer, short=answer.text[start:end], short_at=Span(start, end))
    found = list(parts(short))
    assert "".join(part.text for part in found) == answer.text
    assert found[0].number == found[-1].number == 0


def test_a_refusal_shows_the_nearest_passages() -> None:
    answer = refusal_of(passage_of("One. Two.", Span(0, 4), Span(5, 9)))
    assert to_plain(answer) == (
        "The article does not say.\n\nNearest passages:\n- T, characters 0–9: “One. Two.”"
    )
    page = rendered(chat_markdown(answer, link=lambda c: f"#s{c.start}-{c.end}"))
    assert page.links == ["#s0-9"]
    assert "“One. Two.” show: One. Two." in page.text


def test_a_refusal_without_passages_is_its_sentence_alone() -> None:
    assert to_plain(refusal_of()) == "The article does not say."
    assert chat_markdown(refusal_of(), link=lambda _: "#s") == "The article does not say."


def test_nearest_passages_are_shortened_to_whole_sentences() -> None:
    long = "a" * 300
    passage = passage_of(f"{long}. Short.", Span(1000, 1301), Span(1302, 1308), start=1000)
    (found,) = nearest(refusal_of(passage))
    assert (found.start, found.end, found.quote) == (1000, 1301, f"{long}.")


def test_nearest_passages_leave_out_their_heading() -> None:
    text = "Head\nOne. Two."
    sentences = (Span(0, 4), Span(5, 9), Span(10, 14))
    passage = replace(passage_of(text, *sentences), heading="Head")
    assert nearest(refusal_of(passage))[0].quote == "One. Two."


def test_a_passage_that_is_not_near_the_question_is_not_shown() -> None:
    far = replace(passage_of("One.", Span(0, 4)), similarity=NEAR - 0.01)
    near = passage_of("Two.", Span(5, 9), start=5)
    assert [citation.quote for citation in nearest(refusal_of(far, near))] == ["Two."]
    for shown in (
        to_plain(refusal_of(far)),
        chat_markdown(refusal_of(far), link=lambda _: "#s"),
        answer_to_markdown(refusal_of(far)),
    ):
        assert shown == "The article does not say."


def test_nearest_passages_are_few_and_distinct() -> None:
    same = passage_of("One.", Span(0, 4))
    others = [passage_of("One.", Span(n, n + 4), start=n) for n in (10, 20, 30)]
    found = nearest(refusal_of(same, same, *others))
    assert [citation.start for citation in found] == [0, 10, 20]


def test_a_refusal_over_several_articles_names_each() -> None:
    one = replace(passage_of("One."), title="First")
    two = replace(passage_of("Two."), article_id="b" * 32, title="Second")
    text = rendered(chat_markdown(refusal_of(one, two), link=lambda _: "#x")).text
    assert "First, characters 0–4" in text
    assert "Second, characters 0–4" in text


@given(texts)
def test_plain_text_sends_no_control_character_to_a_terminal(text: str) -> None:
    passage = Passage("a" * 32, text, f"{text}.", 0, len(text) + 1, 0.5, 1)
    cited = Citation("a", text, 0, len(text) + 1, f"{text}.")
    for answer in (refusal_of(passage, text=text), said(text, (cited,))):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", to_plain(answer))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", answer_with_sources(answer))


def test_the_short_answer_is_bold_in_its_sentence() -> None:
    article = Article.from_text("It cost $5*, they said. It was blue.")
    citation = Citation.of(article, 0, 23)
    answer = Answer(
        question="What did it cost?",
        text="It cost $5*, they said. [1]",
        short="$5*",
        citations=(citation,),
        answered=True,
        confidence=0.9,
        passages=(),
        marks=(Span(24, 27),),
        short_at=Span(8, 11),
    )
    assert chat_markdown(answer, link=lambda _: "#s") == (
        "It cost <strong>&#36;5&#42;</strong>, they said. [&#91;1&#93;](#s)"
    )
    assert to_plain(answer).startswith("It cost $5*, they said. [1]")
    assert Piece("$5*", is_short=True) in list(plain_pieces(answer))


@given(question=texts.filter(lambda text: bool(replace_control_characters(text).strip())))
@example("When was *it* <b>sold</b>?")
def test_what_was_understood_is_shown_literally_above_the_answer(question: str) -> None:
    answer = replace(answer_of(["It was sold."]), understood=question)
    shown = rendered(chat_markdown(answer, link=lambda _: "#s").split("\n\n")[0])
    assert shown.tags == {"p", "em"}
    assert squeezed(shown.text) == squeezed(understood_as(question))
    assert to_plain(answer).split("\n")[0] == understood_as(question)
    assert "Understood" not in to_plain(answer_of(["It was sold."]))
