from __future__ import annotations

import os
import subprocess
import sys
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
def test_children_do_not_wait_for_the_parents_threads() -> None:
    # In a process of its own, which a child that waits cannot outlast.
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=60)


FORKING = """
import gc, os, signal
from index import question_vectors
from index.light_encoder import FOLDER, GRAPH, LightEncoder
from index.question_vectors import QuestionVectors

signal.alarm(50)
question_vectors.free_cores = lambda: 2
light = LightEncoder.default()
questions = QuestionVectors((FOLDER / GRAPH).read_bytes(), light.weights)
ids = light.ids("Who called?")
expected = [questions.of(ids) for _ in range(2)][-1]

def child(generation):
    global questions
    signal.alarm(20)
    if generation:  # whose own child has nothing made by two cores
        status = os.waitstatus_to_exitcode(os.waitpid(forked(generation - 1), 0)[1])
        assert status == 0, status
    assert all(questions.of(ids) @ expected > 0.999 for _ in range(2))
    questions = None
    gc.collect()

def forked(generation):
    made = os.fork()
    if not made:
        try:
            child(generation)
        finally:
            os._exit(0 if questions is None else 1)
    return made

assert os.waitstatus_to_exitcode(os.waitpid(forked(1), 0)[1]) == 0
"""
