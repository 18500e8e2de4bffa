from __future__ import annotations

from index.chunking import chunk_article
from index.types import Article
from qa.overview.summary import Sentence, sentences_of
from qa.overview.timeline import Event, find_events, select_events

TEXT = (
    "The bridge was opened on 19 March 1932. Work had begun in 1923 under John Smith. A first "
    "plan is from May 1815. The town is old. In 1923 the first houses were pulled down. The "
    "bridge was opened on 19 March 1932. Was it closed in 1950?"
)


def sentences(text: str) -> list[Sentence]:
    article = Article.from_text(text)
    return list(sentences_of(chunk_article(article, lambda some: [len(t.split()) for t in some])))


def events(text: str) -> list[Event]:
    return find_events(sentences(text), text)


def test_events_are_in_order_of_time_without_repeats() -> None:
    assert [(e.date.label, e.sentence.text) for e in events(TEXT)] == [
        ("May 1815", "A first plan is from May 1815."),
        ("1923", "Work had begun in 1923 under John Smith."),
        ("1923", "In 1923 the first houses were pulled down."),
        ("19 March 1932", "The bridge was opened on 19 March 1932."),
    ]


def test_a_date_across_a_line_break_is_found() -> None:
    text = "The bridge over the harbour of Sydney was opened at last on 19\nMarch 1932."
    assert [e.date.label for e in events(text)] == ["19 March 1932"]


def test_an_item_of_a_list_of_dates_is_an_event_without_its_bullet() -> None:
    text = (
        "The plan was made in 1920.\n\n- 12 March 1932: the council agrees\n"
        "- 1950: closed to cars\n- May 1961 – painted red\n- 1970 tons of steel\n- 1980:"
    )
    found = events(text)
    assert [(e.date.words, e.sentence.text) for e in found] == [
        ("1920", "The plan was made in 1920."),
        ("12 March 1932", "12 March 1932: the council agrees"),
        ("1950", "1950: closed to cars"),
        ("May 1961", "May 1961 – painted red"),
    ]
    assert all(text[e.sentence.start : e.sentence.end] == e.sentence.text for e in found)


def test_selected_events_are_spread_over_time() -> None:
    text = " ".join(f"In {year} the town grew by a street." for year in range(1800, 1900))
    kept = select_events(events(text), 10)
    years = [event.date.year for event in kept]
    assert [(year or 0) // 10 for year in years] == list(range(180, 190))
    front, behind = events("In 1900 he came to town. He would leave the town in 1901.")
    assert select_events([front, behind], 1) == [front]


def test_a_sentence_with_an_unknown_weekday_has_no_date() -> None:
    assert not events("She said on Monday that the bridge had been closed since 2010.")
