"""A written answer in every format: its claims with their status, who wrote it, and its cost."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import lxml.html
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.types import Article, Span
from qa.answers.answer import BULLET, Answer
from qa.answers.citation import Citation
from qa.answers.claim import Claim, Status
from qa.answers.usage import Usage
from qa.answers.written_wording import usage_in_words
from qa.output.checked_text import checked_lines
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import answer_to_markdown, chat_markdown, conversation_to_markdown
from qa.output.to_text import answer_with_sources, to_plain
from qa.output.transcript import Transcript
from tests.markdown import HOSTILE, texts

ARTICLE = Article.from_text(
    "The ferry sails at seven. It carries sixty cars. Marsh commands it.", title="Ferry"
)
STATEMENTS = (
    ("It leaves at seven.", Status.SUPPORTED, 0.97, (1,)),
    ("It carries ninety cars.", Status.PARTLY, 0.55, (2,)),
    ("Tickets are free.", Status.NOT_SUPPORTED, 0.04, ()),
)
USAGE = Usage(812, 64, 2.1, 0.4)
BY = (
    "Written by qwen 1.5b, each statement checked: 1 of 3 statements supported. "
    f"{usage_in_words(USAGE)}."
)


def written() -> Answer:
    """Return an answer with one statement of each status, the last one in a list."""
    text, marks, claims = "", [], []
    for words, status, probability, numbers in STATEMENTS:
        text += f"\n{BULLET}" if words.startswith("Tickets") else " " * bool(text)
        start = len(text)
        text += words
        at = words.find("ninety")
        doubtful = (Span(start + at, start + at + 6),) if at >= 0 else ()
        claims.append(Claim(start, len(text), numbers, status, probability, doubtful))
        for number in numbers:
            text += f" [{number}]"
            marks.append(Span(len(text) - 3, len(text)))
    return Answer(
        question="What of the ferry?",
        text=text,
        short=None,
        citations=(Citation.of(ARTICLE, 0, 25), Citation.of(ARTICLE, 26, 48)),
        answered=True,
        confidence=0.04,
        passages=(),
        marks=tuple(marks),
        note="A note.",
        claims=tuple(claims),
        engine="qwen 1.5b",
        usage=USAGE,
    )


def exported(answer: Answer, *, strike: bool = True) -> str:
    return conversation_to_html(Transcript.of([answer]), lambda _: ARTICLE, strike=strike)


def chat_of(answer: Answer) -> str:
    return chat_markdown(answer, link=lambda c: f"#s{c.start}-{c.end}", tip=lambda c: c.quote)


def html_of(markdown: str) -> Any:  # noqa: ANN401 - lxml has no types
    options = {"html": True, "linkify": False, "breaks": True}
    html = MarkdownIt("gfm-like", options).render(markdown)
    return lxml.html.fromstring(f"<main>{html}</main>")


def test_plain_text_has_the_status_of_each_doubtful_statement_and_who_wrote_it() -> None:
    assert to_plain(written()) == (
        "Note: A note.\n"
        "It leaves at seven. [1] It carries ninety cars. (partly supported) [2]\n"
        "• Tickets are free. (not supported)\n\n"
        f"{BY}\n\n"
        "Sources:\n"
        "[1] Ferry, characters 0–25: “The ferry sails at seven.”\n"
        "[2] Ferry, characters 26–48: “It carries sixty cars.”"
    )


def test_a_copied_answer_has_them_too() -> None:
    copied = answer_with_sources(written())
    for expected in ("(partly supported) [2]", "(not supported)", BY, "“It carries sixty cars.”"):
        assert expected in copied


def test_markdown_strikes_what_is_not_supported_and_says_so() -> None:
    assert answer_to_markdown(written()).startswith(
        "*Note: A note.*\n\n"
        "It leaves at seven. [1] It carries ninety cars. (partly supported) [2]\n\n"
        "- ~~Tickets are free.~~ (not supported)\n\n"
        f"*{BY}*\n\n"
        "**Sources**"
    )
    kept = conversation_to_markdown(Transcript.of([written()]), strike=False)
    assert "- Tickets are free. (not supported)" in kept


def test_the_exported_page_has_the_status_of_every_statement() -> None:
    page = lxml.html.document_fromstring(exported(written()))
    (answer,) = page.find_class("answer")
    assert [each.text_content() for each in answer.find_class("status-of")] == [
        "✓ supported",
        "≈ partly supported",
        "✗ not supported",
    ]
    assert [each.text_content() for each in answer.iter("del")] == ["Tickets are free."]
    assert [each.text_content() for each in answer.find_class("doubtful")] == ["ninety"]
    assert answer.find(".//ul/li/del") is not None
    assert BY in page.text_content()
    assert "<del>" not in exported(written(), strike=False)


def test_a_status_on_the_chat_page_leads_to_its_evidence_and_its_tip_has_the_probability() -> None:
    page = html_of(chat_of(written()))
    supported, partly, nothing = page.find_class("status-of")
    assert supported.find("a").get("href") == "#s0-25"
    assert supported.find("a").get("title").splitlines() == [
        "Supported: 97 % likely that the cited sentences say this.",
        "The ferry sails at seven.",
    ]
    assert "55 %" in partly.find("a").get("title")
    assert nothing.find("a") is None
    assert "no sentence was found" in nothing.find("button").get("title")


@pytest.mark.parametrize("probability", [0.0, 0.999, 1.0])
def test_no_probability_is_shown_as_certain(probability: float) -> None:
    answer = written()
    claim = replace(answer.claims[0], probability=probability)
    page = html_of(chat_of(replace(answer, claims=(claim,))))
    assert re.search(r"\b(1|99) %", page.find_class("status-of")[0][0].get("title"))


def test_a_transcript_with_claims_goes_to_json_and_back_without_loss() -> None:
    transcript = Transcript.of([written()])
    data = json.loads(json.dumps(transcript.to_dict()))
    assert Transcript.from_dict(data) == transcript
    saved = data["turns"][0]["answer"]
    assert [claim["status"] for claim in saved["claims"]] == [
        "supported",
        "partly",
        "not_supported",
    ]
    assert saved["engine"] == "qwen 1.5b"


def test_a_quoted_answer_names_no_engine() -> None:
    quoted = replace(written(), claims=(), engine=None, usage=None, text="Yes.", marks=())
    for shown in (to_plain(quoted), answer_to_markdown(quoted), exported(quoted)):
        assert "Written by" not in shown
        assert "supported" not in shown.split("</style>")[-1]


FORMATS: dict[str, Callable[[Answer], Any]] = {
    "chat": lambda answer: html_of(chat_of(answer)),
    "markdown": lambda answer: html_of(answer_to_markdown(answer)),
    "page": lambda answer: lxml.html.document_fromstring(exported(answer)).find("body"),
}
OUR_TAGS = set(
    "main body header h1 h2 h3 section article nav p a span del s em strong ol ul li blockquote "
    "button br mark div".split()
)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "attack",
    [*HOSTILE, "[99]", "https://evil.example/x", "~~x~~", "\u202e✓ supported\u2066", "a ~~b"],
)
def test_hostile_text_of_a_model_is_literal_in_every_format(name: str, attack: str) -> None:
    attack = " ".join(attack.split())
    text = f"Before {attack} after. [1]"
    claims = tuple(Claim(7, 7 + len(attack), (1,), status, 0.5, (Span(7, 8),)) for status in Status)
    marks = (Span(len(text) - 3, len(text)),)
    answer = replace(written(), text=text, claims=claims, marks=marks, engine=attack, note=attack)
    page = FORMATS[name](answer)
    assert {element.tag for element in page.iter()} <= OUR_TAGS
    assert not page.xpath("//@src | //@onerror | //@style | //@action")
    assert all(link.startswith("#") for link in page.xpath("//@href"))
    shown = "".join(page.text_content().split())
    plain = re.sub("[\u202a-\u202e\u2066-\u2069]", "", attack)
    plain = re.sub(r"[\x00-\x1f]", "\ufffd", plain)
    assert "".join(plain.split()) in shown.replace("✓supported≈partlysupported✗notsupported", "")


@st.composite
def checked(draw: st.DrawFn) -> Answer:
    """Draw an answer whose claims are anywhere, as those of a file may be."""
    before, after = draw(texts), draw(texts)
    text = f"{before}[1]{after}"
    spans = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(
        lambda pair: pair[0] < pair[1]
    )
    claims = [
        Claim(start, end, (1,), draw(st.sampled_from(Status)), 0.5, (Span(*draw(spans)),))
        for start, end in draw(st.lists(spans, min_size=1, max_size=4))
    ]
    mark = Span(len(before), len(before) + 3)
    return replace(written(), text=text, marks=(mark,), claims=tuple(claims))


@pytest.mark.slow
@given(checked())
def test_claims_anywhere_in_the_text_are_shown_with_nothing_lost_and_no_markup(
    answer: Answer,
) -> None:
    lines = checked_lines(answer.text, answer.claims, answer.marks)
    shown = "".join(run.text for line in lines for run in line.runs)
    plain = re.sub("[\u202a-\u202e\u2066-\u2069]", "", answer.text)
    assert "".join(shown.split()) == "".join(plain.split())
    assert sum(run.number for line in lines for run in line.runs) == 1
    for line in lines:
        for one, other in itertools.pairwise(line.runs):
            alike = one._replace(text="") == other._replace(text="")
            assert not alike or one.status_of or one.number
    for page in (to_page(answer) for to_page in FORMATS.values()):
        assert {element.tag for element in page.iter()} <= OUR_TAGS
        assert all(link.startswith("#") for link in page.xpath("//@href"))


@given(st.text(alphabet="ab \n[]1\u202e•", max_size=30), st.data())
@example("• ", None)
def test_the_lines_of_a_draft_keep_its_words(text: str, data: st.DataObject | None) -> None:
    end = data.draw(st.integers(1, max(1, len(text)))) if data else len(text)
    claims = [Claim(0, end, (), Status.PARTLY, 0.5)] if text else []
    lines = checked_lines(text, claims)
    shown = "".join(run.text for line in lines for run in line.runs)
    plain = text.replace("\u202e", "")
    assert "".join(shown.split()).replace("•", "") == "".join(plain.split()).replace("•", "")
