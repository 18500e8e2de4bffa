"""Build and search one DiskANN index; run by a Python of its own, which has ``diskannpy``.

    PYTHON bench/diskann_index.py VECTORS.npy QUESTIONS.npy FOLDER

Prints JSON as its last line. It imports nothing of this project.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

K = 100
DEGREE, BUILD_EFFORT, SEARCH_EFFORT, BEAM = 32, 50, 200, 4
"""``R``, ``L`` of the build, ``L`` of a search, and reads from disk at a time."""
_CODES_SHARE = 0.125
"""Of the vectors' bytes: how much the compressed vectors may take in memory."""


def measured(vectors: Path, questions: Path, folder: Path) -> dict[str, Any]:
    """Return core-seconds to build, bytes in memory and on disk, and each search's time and ids."""
    import diskannpy  # only where this runs as a script

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    loaded = np.load(vectors, allow_pickle=False)
    share = loaded.nbytes / 2**30 * _CODES_SHARE
    began = time.process_time()
    diskannpy.build_disk_index(
        data=loaded, distance_metric="l2", index_directory=str(folder), complexity=BUILD_EFFORT,
        graph_degree=DEGREE, search_memory_maximum=share, build_memory_maximum=16,
        num_threads=0, pq_disk_bytes=0,
    )  # fmt: skip
    built = time.process_time() - began
    del loaded
    ctypes.CDLL(None).malloc_trim(0)  # freed memory would be used again, and not be counted
    before = _resident()
    # With its default way of caching and one thread, a search never returned.
    index = diskannpy.StaticDiskIndex(
        str(folder), num_threads=2, num_nodes_to_cache=0, cache_mechanism=0
    )
    asked = np.load(questions, allow_pickle=False)
    for query in asked[:20]:
        index.search(query, K, SEARCH_EFFORT, BEAM)
    memory, times, ids = _resident() - before, [], []
    for query in asked:
        began = time.perf_counter()
        found = index.search(query, K, SEARCH_EFFORT, BEAM)
        times.append((time.perf_counter() - began) * 1000)
        ids.append([int(i) for i in found.identifiers])
    disk = (folder / "ann_disk.index").stat().st_size
    return {"build": built, "memory": memory, "disk": disk, "milliseconds": times, "ids": ids}


def _resident() -> int:
    """Return the anonymous resident memory in bytes."""
    lines = Path(f"/proc/{os.getpid()}/status").read_text(encoding="utf-8").split("\n")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    print()
    print(json.dumps(measured(*map(Path, sys.argv[1:]))))
