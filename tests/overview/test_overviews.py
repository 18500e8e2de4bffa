from __future__ import annotations

import re
import time

import pytest

from index.errors import ArticleNotFound
from qa.answers.answer import OVERVIEWS, Answer, Kind
from qa.answers.confidence_wording import confidence_explained, confidence_in_words
from qa.article_qa import ArticleQA
from qa.overview.overviews import (
    MAX_ARTICLES,
    NO_ARTICLES,
    NO_DATES,
    NO_PEOPLE,
    NO_SENTENCES,
    NOT_ENGLISH,
)
from qa.page.reply import reply_markdown

KINDS = sorted(OVERVIEWS)
TABLE = "a | b | c\n1 | 2 | 3\n4 | 5 | 6\n\n- one\n- two\n\nfor (i = 0; i < n; i++) { f(i); }"
FRENCH = (
    "Le pont de la ville fut construit en 1932 par Jean Dupont, et la ville en est très fière "
    "depuis. Le maire a dit que le pont serait repeint dans quelques années par les ouvriers."
)


def check(qa: ArticleQA, answer: Answer) -> None:
    """Check that everything shown is cited from an article, word by word."""
    for citation in answer.citations:
        citation.check(qa.article(citation.article_id))
    places = [(c.article_id, c.start, c.end) for c in answer.citations]
    assert len(set(places)) == len(places)
    assert answer.answered == bool(answer.citations)
    assert {answer.text[slice(*mark)] for mark in answer.marks} == {
        f"[{number}]" for number in range(1, len(places) + 1)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_bundled_article_has_every_kind_of_overview(bundled: ArticleQA, kind: Kind) -> None:
    answer = bundled.overview(kind, question="Well?")
    check(bundled, answer)
    assert answer.answered
    assert (answer.kind, answer.question) == (kind, "Well?")
    assert bundled.overview(kind, question="Well?") == answer


def test_a_summary_has_whole_sentences_in_the_order_of_the_article(bundled: ArticleQA) -> None:
    for kind, least, most in ((Kind.SUMMARY, 3, 5), (Kind.KEY_POINTS, 4, 7)):
        answer = bundled.overview(kind)
        starts = [citation.start for citation in answer.citations]
        assert starts == sorted(starts)
        assert least <= len(starts) <= most
        for citation in answer.citations:
            assert " ".join(citation.quote.split()) in answer.text


def test_the_people_of_the_bundled_article_are_listed(bundled: ArticleQA) -> None:
    lines = bundled.overview(Kind.PEOPLE).text.split("\n")
    assert lines[0] == "People"
    assert lines[1].startswith("• Donald Trump — US President [1]")
    assert any(line.startswith("• Tammy Bruce — the spokesperson of") for line in lines)
    assert "• Fox News" in "\n".join(lines[lines.index("Organisations") :])
    assert not any("Pakistan —" in line or "New Delhi —" in line for line in lines)


def test_a_timeline_has_the_dates_of_weekdays(bundled: ArticleQA) -> None:
    lines = bundled.overview(Kind.TIMELINE).text.split("\n")
    labels = [line.removeprefix("• ").partition(" — ")[0] for line in lines]
    assert labels == [
        "June 15, 2020",
        "April 22 (2025)",
        "22nd of April (2025)",
        "Wednesday (7 May 2025)",
        "Thursday (8 May 2025)",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "lacking"),
    [
        (Kind.SUMMARY, TABLE, NO_SENTENCES),
        (Kind.KEY_POINTS, "Bridge", NO_SENTENCES),
        (Kind.PEOPLE, "The bridge is long and it is old. It was not made by one hand.", NO_PEOPLE),
        (Kind.TIMELINE, "The bridge is long and it is old. It is in the town.", NO_DATES),
        (Kind.PEOPLE, FRENCH, NOT_ENGLISH),
        (Kind.TIMELINE, FRENCH, NOT_ENGLISH),
        (Kind.TIMELINE, TABLE, NO_DATES),
    ],
)
def test_an_empty_overview_says_what_was_not_found(kind: Kind, text: str, lacking: str) -> None:
    with ArticleQA.from_text(text) as qa:
        answer = qa.overview(kind)
    assert (answer.text, answer.answered, answer.confidence) == (lacking, False, 0.0)
    assert confidence_in_words(answer) == "Nothing found"


def test_a_french_article_has_a_french_summary() -> None:
    with ArticleQA.from_text(FRENCH) as qa:
        answer = qa.overview(Kind.SUMMARY)
        check(qa, answer)
    assert answer.text.startswith("Le pont de la ville fut construit en 1932 par Jean Dupont")


def test_at_most_five_articles_have_an_overview_each() -> None:
    with ArticleQA.from_text("The bridge in the town was opened in 1901.", title="Town 0") as qa:
        for i in range(1, MAX_ARTICLES + 2):
            qa.add_text(f"The bridge in the town was opened in 19{10 + i}.", title=f"Town {i}")
        ids = [info.id for info in qa.catalogue()]
        answer = qa.overview(Kind.TIMELINE, ids[:2])
        check(qa, answer)
        assert answer.text.split("\n")[0::3] == ["Town 0", "Town 1"]
        answer = qa.overview(Kind.TIMELINE)
        check(qa, answer)
        assert answer.text.endswith("These are the first 5 of 7 articles.")


def test_without_an_article_there_is_no_overview(bundled: ArticleQA) -> None:
    assert bundled.overview(Kind.SUMMARY, []).text == NO_ARTICLES
    with pytest.raises(ArticleNotFound):
        bundled.overview(Kind.SUMMARY, ["gone"])


@pytest.mark.parametrize("kind", [Kind.ANSWER, Kind.TALK])
def test_other_kinds_are_refused(bundled: ArticleQA, kind: Kind) -> None:
    with pytest.raises(ValueError, match="not a kind of overview"):
        bundled.overview(kind)


def test_the_confidence_of_an_overview_is_not_shown(bundled: ArticleQA) -> None:
    answer = bundled.overview(Kind.SUMMARY)
    assert confidence_in_words(answer) == "A selection"
    assert "%" not in confidence_explained(answer)


def test_the_chat_shows_people_as_a_list(bundled: ArticleQA) -> None:
    reply = reply_markdown(bundled.overview(Kind.PEOPLE), 1, several=False, is_newest=True)
    assert "\n- <strong>Marco Rubio</strong> — Secretary of State [" in reply.replace("&#47;", "/")
    assert "A selection" in reply


@pytest.mark.parametrize(
    ("kind", "question", "count", "shown_as"),
    [
        (Kind.SUMMARY, "Summarise it in two sentences.", 2, Kind.SUMMARY),
        (Kind.SUMMARY, "Three bullets on this", 3, Kind.KEY_POINTS),
        (Kind.KEY_POINTS, "Give me six key points", 6, Kind.KEY_POINTS),
        (Kind.KEY_POINTS, "The key points in one sentence", 1, Kind.SUMMARY),
        (Kind.SUMMARY, "tl;dr in one paragraph", 4, Kind.SUMMARY),
    ],
)
def test_an_overview_is_as_long_as_was_asked_for(
    bundled: ArticleQA, kind: Kind, question: str, count: int, shown_as: Kind
) -> None:
    answer = bundled.overview(kind, question=question)
    check(bundled, answer)
    assert (len(answer.citations), answer.kind) == (count, shown_as)
    assert answer.text.count("• ") == (count if shown_as is Kind.KEY_POINTS else 0)


def test_a_summary_has_at_most_the_words_that_were_asked_for(bundled: ArticleQA) -> None:
    answer = bundled.overview(Kind.SUMMARY, question="tl;dr in 60 words")
    assert 0 < sum(len(citation.quote.split()) for citation in answer.citations) <= 60


def test_a_short_article_has_as_many_sentences_as_it_has() -> None:
    with ArticleQA.from_text("The bridge in the town was opened in 1901.") as qa:
        answer = qa.overview(Kind.SUMMARY, question="in ten sentences")
        assert answer.text == "The bridge in the town was opened in 1901. [1]"


def test_each_person_has_at_most_three_citations(bundled: ArticleQA) -> None:
    lines = bundled.overview(Kind.PEOPLE).text.split("\n")
    assert max(len(re.findall(r"\[\d+\]", line)) for line in lines) == 3


LICENCE = (
    "You may copy this book, give it away or use it again under the terms of the licence. "
    "Mary Copywright of the Free Book Foundation wrote the licence on 3 May 1999. "
    "The foundation disclaims all liability for damages, and gives no warranty of any kind. "
)
NOTICE = "We use cookies to improve our website. You can change your settings at any time."
SIGN_UP = "Sign up for our free newsletter, and get the best stories in your inbox each week."
MILL = (
    "The mill at Halden was built in 1820 by Karim Aziz, a miller of the town.",
    "Its wheel was turned by the water of the River Alm, which never freezes.",
    "Farmers of three valleys brought their wheat and rye to the mill every autumn.",
    "Aziz said in 1851 that he would leave the mill to his daughter.",
    "Flour from the mill was sold as far away as Oslo until steam mills were built there.",
    "The town turned the old mill into a museum in 1988, and the wheel turns again.",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("marker", ["", "*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***\n\n"])
def test_an_overview_leaves_out_what_surrounds_an_article(kind: Kind, marker: str) -> None:
    parts = [NOTICE, *MILL[:3], SIGN_UP, *MILL[3:], marker + LICENCE * 2]
    with ArticleQA.from_text("\n\n".join(parts), title="The mill at Halden") as qa:
        answer = qa.overview(kind, question="in 20 points")
        check(qa, answer)
    assert answer.answered
    for word in ("cookies", "newsletter", "licence", "Copywright", "warranty"):
        assert word not in answer.text


def test_an_article_about_cookies_has_a_summary() -> None:
    text = "\n\n".join([NOTICE, SIGN_UP, LICENCE, NOTICE.replace("our", "your")])
    with ArticleQA.from_text(text, title="How websites use cookies") as qa:
        assert qa.overview(Kind.SUMMARY).answered


@pytest.mark.slow
def test_a_book_takes_seconds() -> None:
    paragraph = (
        "In {0} the {1} of Halden was rebuilt by John Smith{1}, who said that it would stand. "
        "Mayor Anna Berg of the Harbour Company wrote on {2} May {0} that he was wrong. "
    )
    nouns = ("bridge", "harbour", "church", "school", "mill")
    text = "\n\n".join(
        paragraph.format(1500 + i % 500, nouns[i % 5], 1 + i % 28) * 3 for i in range(1500)
    )
    with ArticleQA.from_text(text[:150_000], title="Halden") as qa:
        qa.retrieve("warm-up", 1)  # embeds the chunks, which is not what is measured
        for kind in KINDS:
            began = time.monotonic()
            answer = qa.overview(kind)
            assert time.monotonic() - began < 12, kind
            check(qa, answer)
