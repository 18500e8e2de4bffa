from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from index.errors import UnreadableFile
from index.types import Span, overlap
from tests.reader_toys import TOWNS, rows, toy_articles, toy_data, toy_maker, write_toys
from training.reader.epoch import EpochData, Mixture, epoch_examples
from training.reader.examples import Example
from training.reader.features import batches, collate
from training.reader.negatives import without_phrase
from training.reader.noise import add_noise
from training.reader.passages import CHUNK_FORMS, PreparedArticle, says
from training.reader.seeding import seeded
from training.reader.sources import assemble, read_training_data, shown_title, title_key
from training.reader.swaps import Grounds, entities, reverse_sense, swap_entity

MIXTURE = Mixture(negatives=3.0)


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> list[PreparedArticle]:
    return toy_articles(tmp_path_factory.mktemp("train"))


@pytest.fixture(scope="module")
def examples(articles: list[PreparedArticle]) -> list[Example]:
    data = EpochData(articles)
    several = [epoch_examples(data, MIXTURE, 0, epoch) for epoch in range(12)]
    return list(itertools.chain.from_iterable(several))


def test_answers_point_at_the_same_words_in_the_whole_article() -> None:
    for item in rows(*TOWNS[0], "toy"):
        contexts = {r["context"]: [r] for r in rows(*TOWNS[1], "toy")} | {item["context"]: [item]}
        article = assemble("toy", "Two towns", contexts)
        question = article.questions[-1]
        found = [article.text[start:end] for start, end in question.answers]
        assert found == [answer["text"] for answer in item["answers"]]


def test_every_passage_has_the_answer_at_its_offsets(examples: list[Example]) -> None:
    answerable = [example for example in examples if example.answer]
    assert answerable
    for example in answerable:
        assert example.answer
        found = example.passage[example.answer.start : example.answer.end]
        assert found in example.answers or example.verdict != "span"


def test_windows_of_an_answer_decode_to_it(examples: list[Example]) -> None:
    example = next(e for e in examples if e.answers and e.answers[0] == "lanterns")
    (window,) = toy_maker().windows([example], offsets=True)
    first, last = (place - window.passage_at for place in window.spans[0])
    start, end = window.offsets[first].start, window.offsets[last].end
    assert example.passage[start:end] == "lanterns"


def test_a_long_passage_is_cut_into_windows_that_lose_nothing() -> None:
    words = [f"word{number}" for number in range(150)]
    passage = " ".join(words)
    answer = Span(passage.index("word90"), passage.index("word90") + len("word90"))
    example = Example("Which?", passage, answer, "answerable", "toy")
    windows = list(toy_maker(max_tokens=64, stride=24).windows([example], offsets=True))
    assert all(len(window.ids) <= 64 for window in windows)
    seen = {place for window in windows for place in window.offsets}
    assert {i for start, end in seen for i in range(start, end)} == {
        i for i, char in enumerate(passage) if char != " "
    }
    assert 0 < sum(bool(window.spans) for window in windows) < len(windows)


def test_every_kind_of_negative_is_made(examples: list[Example]) -> None:
    kinds = {"answerable", "genuine", "other", "removed", "swapped", "reversed", "alien"}
    kinds.add("left_out")
    assert kinds < {example.kind for example in examples}


def test_a_negative_passage_does_not_contain_the_answer(
    articles: list[PreparedArticle], examples: list[Example]
) -> None:
    answers = {
        question.text: [p.article.text[start:end] for start, end in question.answers]
        for p in articles
        for question in p.article.questions
    }
    checked = [e for e in examples if e.kind in ("other", "removed", "left_out", "alien")]
    unchanged = [e for e in checked if e.question in answers]
    assert unchanged
    assert not any(says(e.passage, answers[e.question]) for e in unchanged)


@pytest.mark.parametrize(
    ("text", "answer", "rest"),
    [
        ("The fort fell in 1860, and burnt.", "1860", "The fort fell, and burnt."),
        ("In the spring, the fort fell.", "spring", "The fort fell."),
        ("It fell. 300 guns were lost.", "300 guns", "It fell. Several guns were lost."),
        ("There were two gates.", "two", "There were several gates."),
        ("The fort was taken by the Danes.", "the Danes", "The fort was taken."),
        ("The Danes took the fort.", "The Danes", None),
        ("They won games of chess.", "games", None),
    ],
)
def test_only_an_adjunct_or_a_number_is_left_out_of_a_sentence(
    text: str, answer: str, rest: str | None
) -> None:
    start = text.index(answer)
    assert without_phrase(text, Span(start, start + len(answer))) == rest


def test_a_swapped_question_asks_about_a_stranger() -> None:
    grounds = Grounds("Ruth Calder built it in 1912.", "Ruth Calder built it in 1912.", ("1912",))
    strangers = entities("Then came Tomas Weil in 1912, and Ruth Calder in 1875.")
    asked = swap_entity("When did Ruth Calder build it?", grounds, strangers, seeded(1))
    assert asked == "When did Tomas Weil build it?"


def test_a_question_without_a_name_is_not_swapped() -> None:
    grounds = Grounds("It was built in 1912.", "It was built in 1912.", ("1912",))
    assert swap_entity("When was it built?", grounds, entities("by Ann Lee"), seeded(1)) is None


def test_the_sense_is_reversed_but_for_how() -> None:
    assert reverse_sense("Which mill is the Largest?", seeded(0)) == "Which mill is the Smallest?"
    assert reverse_sense("How large", seeded(0)) is None


OTHER = "What are the hills around the town lit with?"


def test_noise_changes_a_question_and_leaves_most_of_it() -> None:
    question = "Who built the largest mill of Arlen?"
    noisy = {add_noise(question, [OTHER], seeded(number)) for number in range(50)}
    assert "who built the largest mill of arlen" in noisy
    assert len(noisy) > 20
    assert all(len(text) - len(question) > -10 for text in noisy)
    assert any(OTHER.startswith(text[:12]) and text.endswith(question) for text in noisy)


def test_an_epoch_is_the_same_each_time_and_the_next_is_not(
    articles: list[PreparedArticle],
) -> None:
    first, again, second = (
        list(epoch_examples(EpochData(articles), Mixture(), 0, epoch)) for epoch in (0, 0, 1)
    )
    assert first == again != second


def test_held_out_titles_are_held_out_of_every_file(tmp_path: Path) -> None:
    data = toy_data(tmp_path)
    held_out = {title_key(article.title) for article in data.held_out}
    assert len(held_out) == 1
    assert len(data.held_out) == 2
    assert not held_out & {title_key(article.title) for article in data.train}


def test_passages_of_every_form_lie_in_order_and_apart(articles: list[PreparedArticle]) -> None:
    for prepared in articles:
        assert set(CHUNK_FORMS) < set(prepared.pools)
        for pool in prepared.pools.values():
            for before, after in itertools.pairwise(pool.passages):
                assert before.end <= after.start
                assert not overlap(before, after)


def test_bm25_ranks_the_passage_that_shares_rare_words_first(
    articles: list[PreparedArticle],
) -> None:
    pool = articles[0].pools["paragraphs"]
    assert pool.ranked("Which bakers give bread?") == [pool.passages[1]]


def test_batches_keep_every_window_within_their_size(examples: list[Example]) -> None:
    windows = list(toy_maker().windows(examples))
    found = batches(windows, 512, 0, 0)
    key = [window.ids for window in windows]
    assert sorted(window.ids for batch in found for window in batch) == sorted(key)
    assert all(max(len(w.ids) for w in batch) * len(batch) <= 512 for batch in found)


def test_a_batch_allows_spans_in_the_passage_and_for_none(examples: list[Example]) -> None:
    windows = list(toy_maker().windows(examples[:7]))
    batch = collate(windows)
    assert batch.tokens == sum(len(window.ids) for window in windows)
    for row, window in enumerate(windows):
        allowed = {0, *range(window.passage_at, len(window.ids) - 1)}
        assert set(batch.spans[row].nonzero()[:, 0].tolist()) == allowed
        for target in (batch.start, batch.end):
            assert set(target[row].nonzero()[:, 0].tolist()) <= allowed
            assert target[row].sum() == pytest.approx(1)


def test_a_folder_without_training_files_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="--train DIR"):
        read_training_data(tmp_path)


def test_a_paragraph_that_lost_its_capitals_is_left_out(tmp_path: Path) -> None:
    item = rows(*TOWNS[0], "toy")[0]
    long = item | {"context": item["context"] * 2, "title": "Kept", "answers": []}
    lower = long | {"context": long["context"].lower(), "title": "Lower"}
    with gzip.open(tmp_path / "toy.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in (long, lower))
    data = read_training_data(tmp_path)
    assert [a.title for a in (*data.train, *data.held_out)] == ["Kept"]


def test_shards_of_other_kinds_are_not_articles() -> None:
    shown = [
        shown_title(assemble("toy", title, {}))
        for title in (
            "untitled 0123",
            "Amazon_Reviews_7",
            "Filtered_Reddit_Comments#12",
            "New_York",
        )
    ]
    assert shown == ["", "", "", "New York"]


def test_an_answer_at_another_place_is_refused(tmp_path: Path) -> None:
    path = write_toys(tmp_path) / "toy-wiki.jsonl.gz"
    text = gzip.decompress(path.read_bytes()).replace(b'"text": "lanterns"', b'"text": "candles"')
    path.write_bytes(gzip.compress(text))
    with pytest.raises(UnreadableFile, match=r"toy-wiki\.jsonl\.gz, line 4"):
        read_training_data(tmp_path)
