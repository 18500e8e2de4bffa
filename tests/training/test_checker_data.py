"""How claims are made from articles: true ones, and false ones whose wrong words are marked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from index.embedding.model_files import default_model_folder
from tests.reader_toys import toy_data, write_claims
from training.checker.edits import (
    Ground,
    added_detail,
    another_name,
    another_quantity,
    detail_of,
    names_of,
    negated,
    other_roles,
    related_word,
)
from training.checker.features import ClaimWindowMaker, load_batches, save_batches
from training.checker.made_pairs import PairMaker
from training.checker.neighbours import ALIKE, Neighbours
from training.checker.pairs import (
    CONTRADICTED,
    NOT_MENTIONED,
    NOT_SUPPORTED,
    SUPPORTED,
    Pair,
    changed_spans,
)
from training.checker.published import published_pairs, read_published
from training.checker.rewording import join, move_lead, shorten
from training.checker.statements import StatementMaker
from training.reader.features import batches

EVIDENCE = "In 1912 Ruth Calder met Tomas Weil in Arlen. Ines Moro paid 40 crowns for the mill."


@pytest.fixture(scope="module")
def neighbours() -> Neighbours:
    return Neighbours(default_model_folder())


@pytest.fixture
def ground(neighbours: Neighbours) -> Ground:
    return Ground(EVIDENCE, ["Paul Stack"], ["in the old harbour"], [], neighbours)


def rng(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311 - data, not secrets


def marked(before: str, after: str) -> list[str]:
    return [after[span.start : span.end] for span in changed_spans(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Ruth met Tomas.", "Ruth met Ines.", ["Ines"]),
        ("It was not sold.", "It was sold.", ["sold"]),
        ("It opened.", "It opened in 1912.", ["in 1912"]),
        ("The same.", "The same.", []),
    ],
)
def test_changed_words_are_marked(before: str, after: str, words: list[str]) -> None:
    assert marked(before, after) == words


@pytest.mark.parametrize("seed", range(8))
def test_another_name_is_of_the_evidence_or_of_elsewhere_and_not_of_the_claim(
    seed: int, ground: Ground
) -> None:
    made = another_name("Later Ruth Calder met Tomas Weil.", ground, rng(seed))
    assert made is not None
    new = [n for n in ("Ines Moro", "Arlen", "Paul Stack") if n in made]
    assert len(new) == 1


@pytest.mark.parametrize("seed", range(8))
def test_another_quantity_changes_one_number(seed: int, ground: Ground) -> None:
    claim = "Ines Moro paid 40 crowns in 1913."
    made = another_quantity(claim, ground, rng(seed))
    assert made is not None
    (word,) = marked(claim, made)
    assert word.isdigit()


def test_a_sentence_is_negated_and_its_negation_taken_out(ground: Ground) -> None:
    made = negated("The mill was sold.", ground, rng())
    assert made in ("The mill was not sold.", "The mill was never sold.")
    assert negated("The mill was not sold.", ground, rng()) == "The mill was sold."


def test_names_change_places_unless_they_are_listed_together(ground: Ground) -> None:
    swapped = other_roles("Ruth Calder was taught by Tomas Weil.", ground, rng())
    assert swapped == "Tomas Weil was taught by Ruth Calder."
    assert other_roles("Ruth Calder and Tomas Weil met.", ground, rng()) is None


def test_a_detail_of_another_sentence_is_added(ground: Ground) -> None:
    made = added_detail("The mill burned.", ground, rng())
    assert made == "The mill burned in the old harbour."
    assert detail_of("They met in the old harbour.") == "in the old harbour"


def test_a_related_word_is_no_form_of_the_word_and_not_in_the_evidence(ground: Ground) -> None:
    made = related_word("The doctor left.", ground, rng())
    assert made is not None
    assert "doctors" not in made


def test_words_alike_have_the_same_ending_and_are_no_forms_of_one_word(
    neighbours: Neighbours,
) -> None:
    assert neighbours.of("quickly", ALIKE)[0] in ("rapidly", "swiftly")
    assert "doctors" not in neighbours.of("doctor", (0.0, 1.0))
    assert neighbours.of("qqxyz", ALIKE) == ()


def test_names_are_found_except_words_that_only_begin_a_sentence() -> None:
    assert names_of("The mill of Arlen burned. They blamed Ruth Calder.") == [
        "Arlen",
        "Ruth Calder",
    ]


@pytest.mark.parametrize(
    ("question", "answer", "before", "statement"),
    [
        ("Who built the mill?", "Ruth Calder", "", "Ruth Calder built the mill."),
        ("When did the mill open?", "1912", "in", "The mill opened in 1912."),
        ("What did the mayor buy?", "a horse", "", "The mayor bought a horse."),
        ("Where was the mayor born?", "Arlen", "in", "The mayor was born in Arlen."),
        ("How many horses did the mayor buy?", "two", "", "The mayor bought two horses."),
        ("Which river does the mill use?", "the Ost", "", "The mill uses the Ost."),
        ("Why did the mill close?", "lack of water", "", None),
    ],
)
def test_a_question_and_its_answer_become_a_statement(
    question: str, answer: str, before: str, statement: str | None
) -> None:
    maker = StatementMaker({"opened", "using", "uses"})
    assert maker.statement(question, answer, before, rng()) == statement


def test_sentences_are_shortened_moved_and_joined() -> None:
    parted = "The mill (a large one) stood by the river, which was wide, until 1950."
    assert "(" not in shorten(parted, rng())
    assert {
        move_lead("In May 1912, the mill was opened by the mayor.", rng(seed)) for seed in range(9)
    } == {"The mill was opened by the mayor in May 1912.", "The mill was opened by the mayor."}
    assert join("It burned.", "The mayor left.", rng(1)).count(".") <= 2


def test_a_denial_is_not_shortened_since_less_may_be_false() -> None:
    denied = "The mayor did not speak to anybody in the town, according to the papers."
    assert {shorten(denied, rng(seed)) for seed in range(9)} == {denied}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, neighbours: Neighbours) -> list[Pair]:
    data = toy_data(tmp_path_factory.mktemp("data"))
    maker = PairMaker(data.train, StatementMaker({"built", "builds"}), neighbours)
    assert list(maker.pairs(0, 0)) == list(maker.pairs(0, 0))
    return [pair for epoch in range(30) for pair in maker.pairs(0, epoch)]


def test_articles_give_claims_of_many_kinds_about_half_of_them_true(pairs: list[Pair]) -> None:
    kinds = {pair.kind for pair in pairs}
    assert {"sentence", "question", "question:answer", "sentence:name", "spoken:speaker"} <= kinds
    share = sum(pair.is_supported for pair in pairs) / len(pairs)
    assert 0.4 < share < 0.6


def test_true_claims_have_no_wrong_words_and_edited_ones_have_some(pairs: list[Pair]) -> None:
    for pair in pairs:
        if pair.is_supported:
            assert pair.unsupported == ()
        elif not pair.kind.endswith(("without", "genuine")):
            assert pair.unsupported, pair


def test_published_claims_keep_their_relation(tmp_path: Path) -> None:
    write_claims(tmp_path)
    found = {(c.source, c.pair.claim): c.pair.relations for c in read_published(tmp_path)}
    assert found["fever", "Arlen holds a fair."] == (SUPPORTED,)
    assert found["fever", "Arlen has no fair."] == (CONTRADICTED,)
    assert found["condaqa", "Is there a fair?"] == (SUPPORTED,)
    assert found["condaqa", "Does Arlen own the fair?"] == (NOT_MENTIONED,)


def test_claims_of_one_passage_are_held_out_together(tmp_path: Path) -> None:
    write_claims(tmp_path)
    claims = read_published(tmp_path)
    assert len({claim.is_held_out for claim in claims}) == 1
    assert list(published_pairs(claims, 0, 0)) == list(published_pairs(claims, 0, 0))


def test_windows_mark_the_tokens_of_wrong_words_and_survive_a_file(tmp_path: Path) -> None:
    claim = "Ruth built the windmill in 1912."
    wrong = changed_spans("Ruth built the mill in 1912.", claim)
    given = [
        Pair(claim, EVIDENCE, NOT_SUPPORTED, wrong, "a"),
        Pair(claim, EVIDENCE, (SUPPORTED,), None, "b"),
    ]
    windows = list(ClaimWindowMaker(default_model_folder()).windows(given))
    assert sum(windows[0].unsupported) >= 1
    assert set(windows[1].unsupported) == {-1}
    made = batches(windows, 512, 0)
    save_batches(tmp_path / "epoch.npz", made)
    assert load_batches(tmp_path / "epoch.npz") == made
