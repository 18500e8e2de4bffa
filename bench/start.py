"""Measure the time from the start of a process to a first passage and a first answer.

    python -m bench.start [--rounds 11] [--questions 200] [--out bench/results]

The library is on disk and holds the bundled article. Each round starts four processes, one
after the other, which print the time of each step since their start. Then the page is started
and timed until it answers over HTTP. Then questions are embedded alternately by onnxruntime
and by sentence-transformers, with idle cores and with a busy process on each; the
smallest cosine of their vectors is reported.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.commands import report, table
from bench.environment import Environment
from bench.serving import served
from bench.timing import milliseconds
from index.articles import bundled_article
from index.embedding.int8 import usable_cores
from index.embedding.model_files import default_model_folder
from index.embedding.onnx_encoder import OnnxEncoder
from index.embedding.sentence_transformer import SentenceTransformerEncoder
from index.sentences import split_sentences
from qa.article_qa import ArticleQA

QUESTION = "Who did Marco Rubio call?"
LONGEST_QUESTION = 160
"""The longest sentence, in characters, that is used as a question."""
WARM_UP = 5
"""The number of questions that are not counted."""

_FIRST = """
import sys, time
def done(step):
    print(step, time.monotonic(), flush=True)
done("Python")
import qa
done("import qa")
from qa import ArticleQA
done("ArticleQA")
"""
_OPENED = _FIRST + 'shelf = ArticleQA.open(sys.argv[1])\ndone("open")\n'
PROGRAMS = {
    "retrieve": _OPENED + 'assert shelf.retrieve(sys.argv[2], 5)\ndone("first passage")\n',
    "ask": _OPENED + 'assert shelf.ask(sys.argv[2]).citations\ndone("first answer")\n',
    "ask the bundled article": _FIRST
    + 'assert ArticleQA.bundled().ask(sys.argv[2]).citations\ndone("first answer")\n',
    "import sentence-transformers": "import time\nimport sentence_transformers\n"
    'print("imported", time.monotonic(), flush=True)\n',
}
_BUSY = "while True: pass"


@dataclass(frozen=True, slots=True)
class Step:
    """When a program was done with a step; median and range in seconds from its start."""

    program: str
    step: str
    rounds: int
    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """Embedding one question; milliseconds."""

    cores: str
    """As the machine was, or each with a busy process."""
    encoder: str
    questions: int
    p50: float
    p95: float


def steps(rounds: int) -> list[Step]:
    """Return when each program was done with each of its steps."""
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        with ArticleQA.open(folder) as shelf:
            shelf.add_text(bundled_article().text, title="Dialogue")
        for number in range(rounds + 1):
            for name, program in PROGRAMS.items():
                for step, seconds in _run(program, folder).items():
                    if number:  # the first only warms the disk's cache
                        found.setdefault((name, step), []).append(seconds)
            if number:
                found.setdefault(("page", "first answer over HTTP"), []).append(_page_seconds())
    return [
        Step(*key, len(times), float(np.median(times)), min(times), max(times))
        for key, times in found.items()
    ]


def _run(program: str, folder: str) -> dict[str, float]:
    """Return the seconds from the start of a process to the end of each step."""
    began = time.monotonic()
    ended = subprocess.run(  # noqa: S603 - this interpreter and our own programs
        [sys.executable, "-c", program, folder, QUESTION],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.rpartition(" ") for line in ended.stdout.splitlines())
    return {step: float(when) - began for step, _, when in lines}


def _page_seconds() -> float:
    """Return the seconds from the start of the page's process to its first HTTP answer."""
    began = time.monotonic()
    with served("-m", "app", "--port"):
        return time.monotonic() - began


def questions() -> list[str]:
    """Return the short sentences of the bundled article."""
    text = bundled_article().text
    sentences = (text[span.start : span.end] for span in split_sentences(text))
    return [sentence for sentence in sentences if len(sentence) <= LONGEST_QUESTION]


def encodings(
    light: OnnxEncoder, full: SentenceTransformerEncoder, texts: Sequence[str], count: int
) -> list[Encoding]:
    """Return the times of ``count`` questions, embedded alternately by both encoders."""
    encoders = {"onnxruntime": light.encode_query, "sentence-transformers": full.encode_query}
    asked = [texts[i % len(texts)] for i in range(count + WARM_UP)]
    rows = []
    for cores, processes in (("idle", 0), ("all busy", usable_cores())):
        with _busy(processes):
            found = np.array(
                [[milliseconds(partial(e, q)) for e in encoders.values()] for q in asked]
            )
        for name, times in zip(encoders, found[WARM_UP:].T, strict=True):
            p50, p95 = np.quantile(times, (0.5, 0.95))
            rows.append(Encoding(cores, name, len(times), float(p50), float(p95)))
    return rows


@contextmanager
def _busy(count: int) -> Iterator[None]:
    processes = [
        subprocess.Popen([sys.executable, "-c", _BUSY])  # noqa: S603 - this interpreter
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def smallest_cosine(
    light: OnnxEncoder, full: SentenceTransformerEncoder, texts: Sequence[str]
) -> float:
    """Return the smallest cosine of the two encoders' vectors of the same text."""
    return min(float(light.encode_query(text) @ full.encode_query(text)) for text in texts)


def render(
    environment: Environment,
    load: float,
    found: Sequence[Step],
    encoded: Sequence[Encoding],
    cosine: float,
) -> str:
    """Return the results as Markdown."""
    times = [
        (s.program, s.step, str(s.rounds), f"{s.median:.2f}", f"{s.least:.2f}–{s.most:.2f}")
        for s in found
    ]
    milliseconds = [
        (e.cores, e.encoder, str(e.questions), f"{e.p50:.1f}", f"{e.p95:.1f}") for e in encoded
    ]
    return "\n".join(
        [
            "# Time to a first answer",
            "",
            environment.to_markdown(),
            f"Load average at the start: {load:.1f}.",
            "",
            "Seconds from the start of the process to the end of the step.",
            "",
            *table(("program", "step", "rounds", "median", "range"), times),
            "",
            "Milliseconds to embed one question.",
            "",
            *table(("cores", "encoder", "questions", "p50", "p95"), milliseconds),
            "",
            f"Smallest cosine of the two encoders' vectors, both in float32: {cosine:.6f}.",
        ]
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.start")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.start"), os.getloadavg()[0]
    found = steps(given.rounds)
    light, texts = OnnxEncoder.default(), questions()
    folder = str(default_model_folder())
    full = SentenceTransformerEncoder.load(folder, allow_download=False, precision="auto")
    encoded = encodings(light, full, texts, given.questions)
    exact = SentenceTransformerEncoder.load(folder, allow_download=False, precision="float32")
    cosine = smallest_cosine(light, exact, [*texts, bundled_article().text])
    text = render(environment, load, found, encoded, cosine)
    report(given.out, "start", text)


if __name__ == "__main__":
    main()
