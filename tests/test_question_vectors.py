from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from index import question_vectors as module
from index.light_encoder import FOLDER, GRAPH, LightEncoder
from index.question_vectors import QuestionVectors


@pytest.fixture(scope="module")
def light() -> LightEncoder:
    return LightEncoder.default()


@pytest.fixture
def questions(light: LightEncoder) -> QuestionVectors:
    return QuestionVectors((FOLDER / GRAPH).read_bytes(), light.weights)


def _free(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(module, "free_cores", lambda: cores)


def _ran_together(questions: QuestionVectors, ids: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return a vector, and whether two cores made it."""
    by_one: list[int] = []
    alone = questions.alone.of

    def counted(ids: np.ndarray) -> np.ndarray:
        by_one.append(len(ids))
        return alone(ids)

    questions.alone.of = counted  # type: ignore[method-assign]
    try:
        return questions.of(ids), not by_one
    finally:
        questions.alone.of = alone  # type: ignore[method-assign]


def test_two_cores_make_the_vector_that_one_makes(
    light: LightEncoder, questions: QuestionVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    _free(monkeypatch, 2)
    for text in ("Who called?", "Which of the treaties was suspended, and by whom? " * 20):
        ids = light.ids(text)
        alone = questions.alone.of(ids)
        questions.of(ids)
        together, by_two = _ran_together(questions, ids)
        assert by_two
        assert float(alone @ together) > 0.999999


@pytest.mark.parametrize(("cores", "together"), [(1, False), (2, True), (7, True)])
def test_cores_that_others_have_are_not_waited_for(
    cores: int,
    light: LightEncoder,
    questions: QuestionVectors,
    monkeypatch: pytest.MonkeyPatch,
    *,
    together: bool,
) -> None:
    _free(monkeypatch, cores)
    ids = light.ids("Who called?")
    assert not _ran_together(questions, ids)[1]  # the first need not wait for the second session
    assert _ran_together(questions, ids)[1] is together


def test_a_question_beside_another_has_one_core(
    light: LightEncoder, questions: QuestionVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    _free(monkeypatch, 2)
    ids = light.ids("Who called?")
    questions.of(ids)
    questions.of(ids)
    within, go_on = threading.Event(), threading.Event()
    together = questions._together
    assert together is not None
    whole = together.of

    def slow(ids: np.ndarray) -> np.ndarray:
        within.set()
        go_on.wait(60)
        return whole(ids)

    together.of = slow  # type: ignore[method-assign]
    first = threading.Thread(target=questions.of, args=(ids,))
    first.start()
    assert within.wait(60)
    try:
        assert not _ran_together(questions, ids)[1]
    finally:
        go_on.set()
        first.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_process_does_not_wait_for_the_parents_threads(
    light: LightEncoder, questions: QuestionVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    _free(monkeypatch, 2)
    ids = light.ids("Who called?")
    expected = [questions.of(ids) for _ in range(2)][-1]
    child = os.fork()
    if child == 0:  # pragma: no cover - not measured in a child
        same = all(float(questions.of(ids) @ expected) > 0.999 for _ in range(2))
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
