from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from index.search.chunk_cache import SentenceStems, adjacency_key
from index.search.text_index import stems, stop_stems

WORDS = st.sampled_from("red Car cars sea was the having 公园 x₂".split())
SENTENCES = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=12)


@given(SENTENCES)
def test_every_stem_is_in_the_sentences_that_have_it(sentences: list[str]) -> None:
    words = SentenceStems.of(sentences)
    each = [set(stems(sentence)) for sentence in sentences]
    assert words.sentences.keys() == set().union(*each)
    for stem, bits in words.sentences.items():
        assert [bool(bits >> n & 1) for n in range(len(each))] == [stem in s for s in each]


@given(SENTENCES)
def test_function_words_are_skipped_between_adjacent_stems(sentences: list[str]) -> None:
    words = SentenceStems.of(sentences)
    in_order = [stem for sentence in sentences for stem in stems(sentence)]
    content = [stem for stem in in_order if stem not in stop_stems()]
    adjacent = set(itertools.pairwise(content))
    for pair in itertools.product(words.sentences, repeat=2):
        assert (adjacency_key(*pair) in words.content) == (pair in adjacent)


def test_part_of_a_stem_is_not_that_stem() -> None:
    words = SentenceStems.of(["Steam cars race home."])
    assert adjacency_key("car", "race") in words.content
    assert adjacency_key("ar", "race") not in words.content
    assert adjacency_key("car", "rac") not in words.content
