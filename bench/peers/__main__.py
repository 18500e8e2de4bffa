"""Compare article-qa with similar libraries.

    python -m bench.peers --data DIR --venvs DIR [--rounds 3] [--build-rounds 2]
        [--out bench/results] [--only build,query,cold,memory] [--peers ours,floor,txtai,…]

Peers that are missing in ``--venvs`` are installed there (``bench.peers.setup``). Each round
measures every library, in a different order. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.commands import report
from bench.datasets import QA_FILES, read_set
from bench.environment import Environment
from bench.peers.catalogue import chosen, chosen_parts
from bench.peers.compared import Compared
from bench.peers.measuring import Bench
from bench.peers.plot import plot_peers
from bench.peers.report import render
from bench.peers.rounds import chosen_questions, measure, questions_wanted, write_texts
from bench.peers.setup import install


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--venvs", type=Path, required=True, help="folder of the environments")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build-rounds", type=int, default=2, help="building takes longest")
    parser.add_argument("--only", help="of build, query, cold, memory; comma-separated")
    parser.add_argument("--peers", help="libraries to compare, separated by commas")
    parser.add_argument("--set", default="squad_en", choices=QA_FILES)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.peers"), os.getloadavg()[0]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    contenders, parts, venvs = chosen(given.peers), chosen_parts(given.only), given.venvs.absolute()
    install(contenders, venvs)
    articles = read_set(given.data, given.set, quick=False)
    questions = chosen_questions(articles, questions_wanted(given.rounds))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(contenders, venvs, Path(folder))
        characters = write_texts(articles, bench.texts)
        runs = measure(bench, questions, (given.build_rounds, given.rounds), parts)
    versions = {c.key: c.versions(venvs) for c in contenders}
    compared = Compared(contenders, runs, parts, len(articles), characters)
    text = render(environment, load, compared, versions)
    report(given.out, "peers", text)
    if given.out:
        plot_peers(compared, given.out / "peers.svg")


if __name__ == "__main__":
    main()
