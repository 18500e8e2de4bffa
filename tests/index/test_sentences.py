from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import guess_language, split_sentences
from index.types import Article


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The US said in Washington, D.C., on Thursday that talks go on.",
        "Dr. S. Jaishankar spoke to Mr. Rubio at 5 p.m. on May 8.",
        "The bridge is 3.5 km long and cost $1.2 bn.",
        "“We are truly thankful. I think the best would be peace,” Kwatra told Fox News.",
        "Washington, D.C., also asked Islamabad to “take concrete steps”.",
    ],
)
def test_a_sentence_with_full_stops_inside_stays_whole(sentence: str) -> None:
    assert split(f"It began. {sentence} It ended.") == ["It began.", sentence, "It ended."]


@pytest.mark.parametrize(
    "sentence",
    [
        "It weighs approx. 12 kg, or approx. six loaves.",
        "Read vol. 4, ch. 2, para. 7 and eds. Moor and Hill.",
        "A ticket costs Tk. 30 or Rs. 25.",
        "They open at 9 a.m. GMT and 10 a.m. Eastern time.",
        "Das Fest war am 24. Dezember im 2. Stock.",
        "Dne 24. prosince přijel.",
        "La Sra. Paz y la Dra. Gil llegaron.",
        "Yahoo! was a company.",
        "The group fun. was a trio.",
        "Ask Lee & Co. & Sons, c/o No. 7.",
        "Growth was slow (2009) .",
        "They use ASP.NET and Node.js here.",
        "“Why not?” she asked.",
        "Do this: 1. Open the lid.",
        "L’an 44 av. J.-C. fut froid.",
        "Il dott. Neri e il sig. Galli sono qui.",
        "Los Sres. Gil viven en EE. UU. y son dos, p. ej. Juan.",
        "Sie zahlt 7 Mio. Euro zzgl. Miete in der Parkstr. 9, Kap. 2.",
        "Это видно на рис. 2 и табл. 7.",
    ],
)
def test_what_continues_after_a_full_stop_is_the_same_sentence(sentence: str) -> None:
    assert split(f"It began. {sentence}") == ["It began.", sentence]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It cost 9 million.1", "The town paid.12", "It ended."],
        ["It cost 9 million.¹", "The town paid.², ³", "It ended."],
        ["It cost 9 million.[1]", "The town paid.[2][3]", "It ended."],
        ["It cost 9 million.1,2", "The town paid.3–5", "It ended.*", "They left.†", "Yes."],
        ["It “cost 9 million”.1", "The town paid (in May).2", "It was so in 1931.3", "It ended."],
        ["Rents fell (see the table.)", "They rose."],
        ["Rents fell (they had risen).", "They rose."],
        ["No.", "That is not so."],
        ["Oh.", "They came."],
        ["No. 5 is full.", "Take No. 6."],
        ["Das war 1990.", "Danach kam er."],
        ["It sold well.", "iPhone sales rose."],
        ["It weighs 5 kg.", "20 people lifted it."],
        ["C’était l’été d’Alger.", "Il partit d’ici."],
        ["„So ist es.“", "Er ging."],
        ["See example.org.", "It is there."],
        ["「もう遅い。」と兄は言った。", "（静かに。）", "弟は泣いた。"],
        ["i went home.", "then i slept.", "it was ok."],
    ],
)
def test_a_sentence_ends_at_its_full_stop(sentences: list[str]) -> None:
    is_japanese = not sentences[0].isascii() and "。" in sentences[0]
    assert split(("" if is_japanese else " ").join(sentences)) == sentences


def test_sentences_without_a_space_between_them_are_split() -> None:
    assert split("It opened in May 2016.In June it shut.") == [
        "It opened in May 2016.",
        "In June it shut.",
    ]


def test_a_quotation_is_whole_unless_it_is_long() -> None:
    assert split("“It is late. We must go.” They left.") == [
        "“It is late. We must go.”",
        "They left.",
    ]
    assert len(split(f"“{'It is a very long evening here. ' * 20}”")) == 20


def test_an_unmatched_quotation_mark_does_not_join_the_sentences_after_it() -> None:
    assert len(split('It is 6" wide. It is red. It is 7" high. It is old.')) >= 3


def test_a_heading_without_a_full_stop_is_a_sentence_of_its_own() -> None:
    assert split("Trump Calls for Restraint\nHe said so.") == [
        "Trump Calls for Restraint",
        "He said so.",
    ]


def test_tweets_and_list_items_end_with_their_line() -> None:
    text = "Spoke with US @SecRubio this evening\n?? ??\n- first thing\n- second thing\n1. third"
    assert split(text)[0] == "Spoke with US @SecRubio this evening"
    assert split(text)[-3:] == ["- first thing", "- second thing", "1. third"]


def test_a_hard_wrapped_paragraph_is_read_as_one_line() -> None:
    text = (
        "It was the best of times, it was the worst of times, it was the age\n"
        "of wisdom, it was the age of foolishness. It was the epoch of belief,\n"
        "it was the epoch of incredulity."
    )
    assert [s.split()[-1] for s in split(text)] == ["foolishness.", "incredulity."]


def test_a_verse_is_not_taken_for_a_wrapped_paragraph() -> None:
    assert len(split("Tyger Tyger, burning bright,\nIn the forests of the night;")) == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("这是第一句。这是第二句！第三句吗？", 3),
        ("यह पहला वाक्य है। यह दूसरा वाक्य है।", 2),
        ("Это первое предложение. Это второе.", 2),
        ("これは最初の文です。これは二番目です。", 2),
        ("هذه جملة أولى. هذه جملة ثانية؟", 2),
        ("Una frase. ¿Otra frase? ¡Sí!", 3),
    ],
)
def test_other_scripts_are_split_at_their_own_full_stops(text: str, count: int) -> None:
    assert len(split(text)) == count


def test_the_language_is_guessed_from_the_script() -> None:
    assert [guess_language(t) for t in ("word", "日本語の文", "中文", "हिन्दी", "")] == [
        "en",
        "ja",
        "zh",
        "hi",
        "en",
    ]


def test_the_bundled_article_is_split_as_a_reader_would(article: Article) -> None:
    sentences = split(article.text)
    assert "He also called Pakistan Prime Minister Shehbaz Sharif." in sentences
    assert "Washington Leans Toward Islamabad’s Civilian Casualty Claims" in sentences


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(
        st.sampled_from(
            [
                "A word. ",
                "“Quoted. Twice.” ",
                "\n",
                "\r\n",
                "🙂‍↔️",
                "שלום. ",
                "\u200b",
                "?!",
                "e\u0301 ",
                "中文。",
                "Dr. ",
                "\u2028",
                " \t",
                "\x00",
                "- item\n",
                "...",
                "D.C., ",
            ]
        ),
        max_size=60,
    ).map("".join),
)


@given(TEXTS)
def test_sentences_are_in_order_trimmed_and_cover_all_that_is_not_blank(text: str) -> None:
    at = 0
    for start, end in split_sentences(text):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize("unit", ["x", "“", "\n", "A. ", "中"])
def test_a_very_long_text_of_one_thing_is_split_in_bounded_windows(unit: str) -> None:
    text = unit * 30_000
    covered = sum(end - start for start, end in split_sentences(text))
    assert covered <= len(text)
