"""Reading with two models, each of which is told what to find."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pytest

from index.errors import ModelCorrupt, ModelUnavailable
from index.sentences import split_sentences
from index.types import Passage, Span
from qa.reading.calibration import Calibration, Features
from qa.reading.large_model import LargeModel
from qa.reading.model import Turn, Window, WindowLogits
from qa.reading.ranking import RankFeatures, Ranking
from qa.reading.reader import ExtractiveReader
from qa.reading.two_stage import TwoStageReader

FLAT = Features(**{field.name: 0.0 for field in fields(Features)})
CALIBRATION = Calibration(
    Ranking(RankFeatures(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    bias=0.0,
    weights=replace(FLAT, margin=1.0),
    raw=(0.0, 1.0),
    true=(0.0, 1.0),
    levels={"careful": 0.9, "balanced": 0.5, "eager": 0.1},
    sure_verdict=0.8,
)
OTHER = replace(CALIBRATION, levels={"careful": 0.7, "balanced": 0.4, "eager": 0.2})


@dataclass
class Told:
    """A model that finds the words it is told to, each with its margin."""

    margins: dict[str, float]
    inside: Sequence[str] = ()
    verdict: tuple[float, float, float] = (5.0, 0.0, 0.0)
    calls: list[tuple[str, str, str, str]] = field(default_factory=list)

    def read(
        self, question: str, texts: Sequence[str], titles: Sequence[str] = (), history: str = ""
    ) -> list[list[WindowLogits]]:
        titles = titles or [""] * len(texts)
        self.calls += [
            (question, t, title, history) for t, title in zip(texts, titles, strict=True)
        ]
        return [[self._of(text)] for text in texts]

    def _of(self, text: str) -> WindowLogits:
        offsets = tuple(Span(*match.span()) for match in re.finditer(r"\w+", text))
        start, end, inside = (np.full(len(offsets), -9.0, np.float32) for _ in range(3))
        for words, margin in self.margins.items():
            for first, last in _tokens(text, words, offsets):
                start[first] = end[last] = margin / 2
        for words in self.inside:
            for first, last in _tokens(text, words, offsets):
                inside[first : last + 1] = 3.0
        window = Window((), 0, 0, offsets)
        return WindowLogits(window, start, end, 0.0, 0.0, inside, np.array(self.verdict))


def _tokens(text: str, words: str, offsets: Sequence[Span]) -> list[tuple[int, int]]:
    at = text.find(words)
    if at < 0:
        return []
    inside = [i for i, o in enumerate(offsets) if at <= o.start < at + len(words)]
    return [(inside[0], inside[-1])]


def passages(*texts: str) -> list[Passage]:
    found, at = [], 0
    for rank, text in enumerate(texts, start=1):
        sentences = tuple(Span(at + s.start, at + s.end) for s in split_sentences(text))
        end = at + len(text)
        found.append(Passage("a", "Title", text, at, end, 1 / rank, rank, sentences=sentences))
        at = end + 2
    return found


def reader(small: Told, large: Told, read: int = 2) -> TwoStageReader:
    return TwoStageReader(ExtractiveReader(small, CALIBRATION), large, CALIBRATION, read)


def test_the_large_model_reads_the_passages_that_the_small_one_finds_best() -> None:
    small = Told({"Anna": 1.0, "Bo": 4.0, "Cilla": 2.0})
    large = Told({"Anna": 9.0, "Bo": 1.0, "Cilla": 3.0})
    some = passages("Anna came.", "Bo left.", "Cilla stayed.")
    found = reader(small, large).score_spans("Who?", some)
    assert [call[1] for call in large.calls] == ["Bo left.", "Cilla stayed."]
    assert found[0].candidate.text == "Cilla"


def test_the_large_model_is_given_title_and_earlier_turns() -> None:
    large = Told({"Anna": 1.0})
    turns = (Turn("Where?", "Here."), Turn("When?", ""))
    reader(Told({"Anna": 1.0}), large).read("Who?", passages("Anna came."), turns)
    assert large.calls[0] == ("Who?", "Anna came.", "Title", "Where? Here. When? ")


def test_after_other_questions_a_passage_counts_that_the_small_model_finds_for_either_reading() -> (
    None
):
    small = Told({"Anna": 2.0})
    reader(small, Told({"Anna": 1.0})).read("Who?", passages("Anna came."), (Turn("When?", "Now"),))
    assert [call[0] for call in small.calls] == ["When? Who?", "Who?"]


def test_yes_or_no_is_decided_by_the_question_alone() -> None:
    large = Told({"lead": 3.0}, verdict=(0.0, 4.0, 0.0))
    some = passages("Dogs are allowed on a lead.")
    reading = reader(Told({"lead": 1.0}), large).read("Dogs?", some, (Turn("Cats?", "No"),))
    assert reading.verdict == "yes"
    assert [call[3] for call in large.calls] == ["Cats? No", ""]


@dataclass
class Remembering(Told):
    """A model that finds other words after earlier turns than without."""

    after: dict[str, float] = field(default_factory=dict)
    has_answer: float = 0.0
    """The logit that there is an answer to the question alone."""

    def read(
        self, question: str, texts: Sequence[str], titles: Sequence[str] = (), history: str = ""
    ) -> list[list[WindowLogits]]:
        found = Told(self.after if history else self.margins).read(question, texts, titles)
        logit = 0.0 if history else self.has_answer
        return [[replace(window, has_answer=logit) for window in windows] for windows in found]


@pytest.mark.parametrize(
    ("alone", "has_answer", "used"),
    [("Anna", 1.0, False), ("Anna", -1.0, True), ("Bo", 1.0, True)],
)
def test_turns_are_used_if_the_question_alone_has_another_answer_or_none(
    alone: str, has_answer: float, *, used: bool
) -> None:
    large = Remembering({alone: 3.0}, after={"Anna": 3.0}, has_answer=has_answer)
    some = passages("Anna met Bo.")
    reading = reader(Told({"Anna": 1.0}), large).read("Who?", some, (Turn("When?", "Now"),))
    assert some[0].text[slice(*reading.short or ())] == "Anna"
    assert reading.used_turns == used


def test_without_turns_none_are_used() -> None:
    large = Remembering({"Anna": 3.0}, has_answer=-1.0)
    reading = reader(Told({"Anna": 1.0}), large).read("Who?", passages("Anna met Bo."))
    assert not reading.used_turns


def test_passages_without_a_candidate_are_read_last() -> None:
    large = Told({})
    some = passages("No one.", "Bo left.")
    reader(Told({"Bo": 1.0}), large, read=1).read("Who?", some)
    assert [call[1] for call in large.calls] == ["Bo left."]


def test_what_the_small_model_found_is_known_of_each_candidate() -> None:
    small = Told({"Anna": 4.0, "Bo": 1.0})
    found = reader(small, Told({"Anna": 1.0, "Bo": 2.0})).score_spans(
        "Who?", passages("Anna came.", "Bo left.")
    )
    first = {span.candidate.text: span.candidate.first for span in found}
    assert first["Anna"]
    assert first["Bo"]
    assert (first["Anna"].behind, first["Bo"].behind) == (0.0, -3.0)
    assert (first["Anna"].best, first["Bo"].best) == (Span(0, 4), None)


def test_each_member_of_an_answer_is_found_and_its_sentence_quoted() -> None:
    text = "Repairs were made by two firms: Pike painted the towers. Delta replaced the cables."
    large = Told({"Pike": 3.0}, inside=("Pike", "Delta"))
    reading = reader(Told({"Pike": 1.0}), large).read("Which firms?", passages(text))
    assert [text[slice(*member)] for member in reading.members] == ["Pike", "Delta"]
    assert reading.short is None
    assert [text[quote.start : quote.end] for quote in reading.quotes] == [text]


def test_a_list_of_which_two_items_answer_is_quoted_whole() -> None:
    text = "To reset it:\n1. Unplug the cable.\n2. Hold the switch.\n3. Wait.\n\nIt is red."
    large = Told({"Unplug": 3.0}, inside=("Unplug the cable", "Hold the switch"))
    reading = reader(Told({"Unplug": 1.0}), large).read("How?", passages(text))
    found = [text[slice(*member)] for member in reading.members]
    assert found == ["Unplug the cable", "Hold the switch", "Wait"]
    assert [text[q.start : q.end] for q in reading.quotes] == [text.partition("\n\n")[0]]


def test_members_in_two_paragraphs_are_quoted_in_their_order() -> None:
    text = "Anna runs the mill.\n\nBo came in May.\n\nCilla runs the shop."
    large = Told({"Cilla": 3.0}, inside=("Anna", "Cilla"))
    reading = reader(Told({"Cilla": 1.0}), large).read("Who runs them?", passages(text))
    quoted = [text[q.start : q.end] for q in reading.quotes]
    assert quoted == ["Anna runs the mill.", "Cilla runs the shop."]


def test_a_span_that_has_all_members_is_one_answer() -> None:
    text = "They sold tea, rice and salt."
    large = Told({"tea, rice and salt": 3.0}, inside=("tea", "rice", "salt"))
    reading = reader(Told({"tea": 1.0}), large).read("What?", passages(text))
    assert (reading.members, reading.short) == ((), Span(10, 28))


@pytest.mark.parametrize(
    ("logits", "verdict"),
    [((0.0, 4.0, 0.0), "yes"), ((0.0, 0.0, 4.0), "no"), ((0.0, 1.0, 0.5), None)],
)
def test_yes_or_no_is_given_where_the_model_is_sure(
    logits: tuple[float, float, float], verdict: str | None
) -> None:
    large = Told({"lead": 3.0}, verdict=logits)
    some = passages("Dogs are allowed on a lead.")
    assert reader(Told({"lead": 1.0}), large).read("Dogs?", some).verdict == verdict


def test_without_the_large_model_the_small_one_answers_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unavailable() -> None:
        raise ModelUnavailable("The data package is not installed.")

    monkeypatch.setattr(LargeModel, "shipped", unavailable)
    alone = TwoStageReader(ExtractiveReader(Told({"Anna": 5.0}), OTHER))
    some = passages("Anna came.")
    reading = alone.read("Who?", some)
    assert reading.short == Span(0, 4)
    assert alone.levels == OTHER.levels
    notice = alone.take_notice()
    assert notice
    assert "smaller reading model" in notice
    assert "not installed" in notice
    assert alone.take_notice() is None


def test_a_span_never_crosses_the_end_of_a_sentence() -> None:
    large = Told({"fell. Nobody": 5.0, "Nobody": 1.0})
    found = reader(Told({"Nobody": 1.0}), large).score_spans(
        "Who?", passages("It fell. Nobody died.")
    )
    assert [span.candidate.text for span in found][:1] == ["Nobody"]


def test_a_damaged_model_is_an_error_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> None:
        raise ModelCorrupt("The model file large.onnx is damaged.")

    monkeypatch.setattr(LargeModel, "shipped", damaged)
    alone = TwoStageReader(ExtractiveReader(Told({"Anna": 5.0}), OTHER))
    for _ in range(2):
        with pytest.raises(ModelCorrupt, match="damaged"):
            alone.read("Who?", passages("Anna came."))
