from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.environment import Environment
from bench.peers.adapters.ours import Ours
from bench.peers.adapters.protocol import K, Peer, Way, build, paragraphs, reply
from bench.peers.catalogue import (
    CONTENDERS,
    FASTEST_FLOOR,
    OTHER_ENCODER,
    OURS,
    PARTS,
    chosen,
    chosen_parts,
)
from bench.peers.compared import Compared
from bench.peers.figures import difference, fastest_of, figures
from bench.peers.measuring import ANSWER, BARE, BESIDE_BARE, Asked, Built, contains
from bench.peers.plot import plot_peers
from bench.peers.processes import environment, family, started, ticks_of
from bench.peers.report import render
from bench.peers.rounds import Runs, chosen_questions, write_texts
from bench.peers.setup import REQUIREMENTS, install
from bench.processes import numbers_of
from bench.timing import in_turn
from qa.evaluation.datasets import EvalArticle, EvalQuestion

TOY = """
import sys
from pathlib import Path
from bench.peers.adapters.protocol import Peer, paragraphs, run

class Toy(Peer):
    def prepare(self, model, store):
        print("a library that talks on standard output")
    def build(self, texts, store):
        store.write_text("\\n\\n".join(paragraphs(texts)))
        return len(paragraphs(texts))
    def open(self, model, store):
        self.passages = store.read_text().split("\\n\\n")
    def retrieve(self, question):
        if question == "break":
            raise RuntimeError("the toy broke")
        return [p for p in self.passages if question in p]

run(Toy(), sys.argv[1:])
"""


def toy(*arguments: Path | str) -> list[Path | str]:
    return [sys.executable, "-c", TOY, *arguments]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "b.txt").write_text("Third.", encoding="utf-8")
    (folder / "a.txt").write_text("First — é.\n\nSecond.", encoding="utf-8")
    return folder


def test_paragraphs_come_in_the_order_of_the_files(texts: Path) -> None:
    assert paragraphs(texts) == ["First — é.", "Second.", "Third."]


def test_a_script_builds_and_is_asked_line_by_line(texts: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with started(toy("build", "model", texts, store), {}) as script:
        made = script.read(sampling=True)
        assert made["passages"] == 3
        memory = script.memory()
        assert 1 < memory.now <= memory.peak
        assert script.finish() > made["seconds"]
    with started(toy("serve", "model", store), {}) as script:
        assert script.read() == {"ready": True}
        assert script.ask("retrieve", "é")["found"] == ["First — é."]
        assert script.ask("retrieve", "nothing")["found"] == []
    with started(toy("cold", "model", store, "retrieve", "Second"), {}) as script:
        assert script.read() == {"found": ["Second."]}


def test_a_script_that_ends_raises_an_error_with_its_output(texts: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with started(toy("build", "model", texts, store), {}) as script:
        script.read()
    broken = started(toy("cold", "model", store, "retrieve", "break"), {})
    with broken as script, pytest.raises(RuntimeError, match="the toy broke"):
        script.read()


def test_scripts_get_none_of_our_settings_and_stay_offline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    given = environment({"HOME": "elsewhere"})
    assert "OMP_WAIT_POLICY" not in given
    assert given["HF_HUB_OFFLINE"] == "1"
    assert given["HOME"] == "elsewhere"
    assert given["PATH"] == os.environ["PATH"]


def test_a_family_is_a_process_and_its_descendants() -> None:
    assert family(1, {2: 1, 3: 2, 4: 9, 9: 0}) == {1, 2, 3}


def test_numbers_are_read_from_a_status_file() -> None:
    lines = ["Name:\tpython", "PPid:\t7", "VmRSS:\t  1234 kB", "Groups:\t"]
    assert numbers_of(lines) == {"PPid": 7, "VmRSS": 1234}


def test_processor_time_is_read_behind_a_name_with_spaces() -> None:
    line = "7 (a) b (c) S 1 7 7 0 -1 4 10 0 0 0 100 20 3 4 39 19 5 0 999"
    assert ticks_of(line) == 127


def test_each_contender_is_first_once() -> None:
    names = ["a", "b", "c", "d"]
    orders = [in_turn(names, number) for number in range(4)]
    assert all(sorted(order) == names for order in orders)
    assert [order[0] for order in orders] == names
    assert orders[1] == ["b", "a", "d", "c"]


def test_a_ratio_is_the_median_of_the_rounds_ratios_to_the_fastest_peer() -> None:
    rounds = {"ours": [1.0, 30.0, 4.0], "quick": [2.0, 20.0, 2.0], "slow": [9.0, 90.0, 9.0]}
    found = figures(rounds, ["slow", "quick"], more_is_better=False)
    assert fastest_of(rounds, ["slow", "quick"], more_is_better=True) == "slow"
    assert (found["ours"].median, found["ours"].ratio) == (4.0, 1.5)
    assert found["quick"].ratio == 1.0
    assert figures(rounds, [], more_is_better=False)["ours"].ratio is None
    assert difference([3.0, 9.0, 5.0], [1.0, 1.0, 4.0]) == 2.0


def test_unknown_names_are_refused() -> None:
    assert [c.key for c in chosen("txtai,ours")] == ["ours", "txtai"]
    assert chosen_parts("memory,build") == ["build", "memory"]
    assert chosen(None) == list(CONTENDERS)
    with pytest.raises(ValueError, match=r"elastic. Choose from ours, floor"):
        chosen("elastic")


def test_every_contender_has_its_script_and_exact_versions() -> None:
    for contender in CONTENDERS:
        assert find_spec(f"bench.peers.adapters.{contender.module}")
        if contender.venv:
            lines = (REQUIREMENTS / f"{contender.venv}.txt").read_text(encoding="utf-8").split("\n")
            wanted = [line for line in lines if line]
            assert wanted
            assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in wanted)
            for name in contender.distributions:
                assert any(line.startswith(f"{name}==") for line in wanted)


def test_an_installed_environment_is_left_alone(tmp_path: Path) -> None:
    marker = tmp_path / "txtai" / "installed.txt"
    marker.parent.mkdir()
    marker.write_text((REQUIREMENTS / "txtai.txt").read_text(encoding="utf-8"), encoding="utf-8")
    install(chosen("ours,txtai"), tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["txtai", "installed.txt"]


def article(title: str, count: int) -> EvalArticle:
    questions = tuple(
        EvalQuestion(f"{title}{n}", f"{title} {n}?", ("yes",), answerable=n % 2 == 0, kind="span")
        for n in range(count)
    )
    return EvalArticle(title, title, f"{title} — text.", "en", questions)


def test_questions_are_answerable_and_spread_over_the_articles() -> None:
    found = chosen_questions([article("A", 20), article("B", 20)], 6)
    assert [q.question for q in found] == ["A 0?", "B 0?", "A 6?", "B 6?", "A 12?", "B 12?"]
    with pytest.raises(ValueError, match="30 questions are needed, but the articles have only 20"):
        chosen_questions([article("A", 20), article("B", 20)], 30)


def test_an_article_is_a_file_and_characters_are_counted(tmp_path: Path) -> None:
    assert write_texts([article("A/B: C", 0), article("D", 0)], tmp_path) == 23
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00 A B C.txt", "01 D.txt"]


def test_an_answer_is_found_word_for_word() -> None:
    assert contains(["It opened in 1932."], ["1931", "1932"])
    assert not contains(["It opened in 1932."], ["nineteen"])


class Counting(Peer):
    def prepare(self, model: str, store: Path) -> None:
        store.write_text(model, encoding="utf-8")

    def build(self, texts: Path, store: Path) -> int:
        assert store.exists(), "prepared before the clock starts"
        return len(paragraphs(texts))

    def open(self, model: str, store: Path) -> None:
        raise NotImplementedError

    def retrieve(self, question: str) -> list[str]:
        return [question]

    def ways(self) -> Mapping[str, Way]:
        return {"retrieve": self.retrieve, "twice": lambda question: [question, question]}


def test_a_peer_is_prepared_then_timed_and_asked_in_the_named_way(
    texts: Path, tmp_path: Path
) -> None:
    made = build(Counting(), "model", texts, tmp_path / "store")
    assert made["passages"] == 3
    assert made["seconds"] > 0
    assert reply(Counting(), {"way": "twice", "question": "a"})["found"] == ["a", "a"]


def test_ours_builds_a_library_and_answers_in_each_way(tmp_path: Path) -> None:
    texts, store = tmp_path / "texts", tmp_path / "store"
    texts.mkdir()
    story = "The bridge opened in 1932.\n\nIt was built by Ann Lee for the town of Bray."
    (texts / "bridge.txt").write_text(story, encoding="utf-8")
    (texts / "fox.txt").write_text("A fox lives in the wood behind the mill.", encoding="utf-8")
    made = build(Ours(), "", texts, store)
    assert made["passages"] == 2
    ours = Ours()
    ours.open("", store)
    assert len(ours.retrieve("Who built the bridge?")) == 2
    assert "Ann Lee" in ours.ways()["ask"]("Who built the bridge?")[0]
    assert len(ours.ways()["bare"]("Who built the bridge?")) == K


def compared() -> Compared:
    def asked(*milliseconds: float) -> list[Asked]:
        return [Asked(milliseconds, 0.9)] * 2

    def built(seconds: Sequence[float]) -> list[Built]:
        return [Built(100, s, s + 6, 900.0, s + 8) for s in seconds]

    idle = {
        OURS: asked(4.0, 5.0),
        BESIDE_BARE: asked(4.5, 4.5),
        BARE: asked(4.0, 3.8),
        ANSWER: asked(50.0),
        FASTEST_FLOOR: asked(6.0),
        "chroma": asked(10.0, 11.0),
    }
    runs = Runs(
        {OURS: built([2, 4]), FASTEST_FLOOR: built([1.9, 3.9]), "chroma": built([8, 8])},
        idle,
        {key: value for key, value in idle.items() if key not in (BARE, BESIDE_BARE)},
        {OURS: [1.0, 1.2], ANSWER: [1.5, 1.5], "chroma": [2.0, 2.0]},
        {OURS: 300.0, FASTEST_FLOOR: 500.0, "chroma": 700.0},
    )
    contenders = chosen(f"{OURS},{FASTEST_FLOOR},chroma")
    return Compared(contenders, runs, PARTS, articles=2, characters=80_000)


def test_targets_have_a_result_and_whether_it_is_met() -> None:
    found = {target.measure.split(",")[0]: target for target in compared().targets()}
    assert (found["building"].result, found["building"].met) == ("+4%", True)
    assert (found["a start"].result, found["a start"].met) == ("0.55 ×", False)
    results = [(target.result, target.met) for target in compared().targets()]
    assert results[0] == ("3.00 ×", True)
    assert results[2:4] == [("0.43 ×", True), ("0.45 ×", True)]
    assert results[6] == ("0.60 ms", True)


def test_a_start_is_also_compared_with_those_that_embed_alike() -> None:
    cold = {OURS: [1.0], OTHER_ENCODER: [0.5], "chroma": [4.0]}
    runs = Runs(built=compared().runs.built, cold=cold)
    parts = chosen_parts("cold")
    of_all, alike = Compared(chosen(None), runs, parts, articles=2, characters=9).targets()
    assert (of_all.result, of_all.met) == ("2.00 ×", False)
    assert (alike.result, alike.met) == ("0.25 ×", True)
    assert alike.measure.endswith("among sentence-transformers, against the fastest peer (Chroma)")


def test_tables_have_every_contender_and_only_what_was_measured() -> None:
    versions = {"ours": {"torch": "2"}, "floor-ours": {}, "chroma": {"chromadb": "1.5"}}
    text = render(Environment.now("bench.peers"), 0.5, compared(), versions)
    assert "| article-qa | 100 | 37.5 | 3.00 | 30,000 | 3.00 | 9.0 | 11.0 |" in text
    assert "| article-qa, to the cited answer | 50.0 |" in text
    assert "| Chroma | 2.00 | 1.00 |" in text
    assert "| Chroma | 900 | 700 |" in text
    assert "| Chroma | chromadb 1.5 |" in text
    built = Runs(compared().runs.built)
    only = Compared(compared().contenders, built, chosen_parts("build"), 2, 80_000)
    assert "Cold start" not in render(Environment.now("bench.peers"), 0.5, only, versions)


def test_the_bars_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    path = tmp_path / "peers.svg"
    plot_peers(compared(), path)
    first = path.read_text(encoding="utf-8")
    plot_peers(compared(), path)
    assert path.read_text(encoding="utf-8") == first
    assert "<!-- Chroma -->" in first
