"""A few made-up articles in the format of the training files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from index.embedding.model_files import default_model_folder
from training.reader.features import WindowMaker
from training.reader.passages import PreparedArticle, prepare
from training.reader.sources import TrainingData, read_training_data

TOWNS = (
    ("Arlen", "Ruth Calder", "1912", "river Ost"),
    ("Bremmig", "Tomas Weil", "1875", "river Kell"),
    ("Corvale", "Ines Moro", "1931", "river Dray"),
    ("Dunmore", "Paul Stack", "1899", "river Lune"),
)


def rows(town: str, mayor: str, year: str, river: str, source: str) -> list[dict[str, Any]]:
    mill = (
        f"The largest mill of {town} was built by the engineer {mayor} in {year}. It stands on "
        f"the {river}, whose water drove its wheels until the dam broke.\n"
        "Visitors come in summer. Tickets are sold at the gate."
    )
    fair = (
        f"Every autumn {town} holds a fair for which the hills around the town are lit with "
        "lanterns. The fair lasts three days, and bakers give away seeded bread.\r\nIt began as "
        "a market for horses, which were brought over the pass."
    )
    asked = [
        (mill, f"Who built the largest mill of {town}?", mayor),
        (mill, f"In what year did {mayor} build a mill?", year),
        (fair, "How long does the fair last?", "three days"),
        (fair, "What are the hills lit with?", "lanterns"),
        (fair, "Who forbade the fair?", None),
    ]
    return [
        {
            "id": f"{source}/{town}/{number}",
            "source": source,
            "title": town,
            "context": context,
            "question": question,
            "answers": [{"text": answer, "start": context.index(answer)}] if answer else [],
            "answerable": answer is not None,
        }
        for number, (context, question, answer) in enumerate(asked)
    ]


def write_toys(folder: Path) -> Path:
    for source in ("squad2-dev-part", "toy-wiki"):
        path = folder / f"{source}.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8", newline="\n") as file:
            for town in TOWNS:
                file.writelines(json.dumps(row) + "\n" for row in rows(*town, source))
    return folder


CLAIMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fever", {"claim": "Arlen holds a fair.", "label": "supported", "relation": None}),
    (
        "fever",
        {"claim": "Arlen has no fair.", "label": "not_supported", "relation": "contradicted"},
    ),
    ("condaqa", {"question": "Is there a fair?", "label": "yes", "cue": "no"}),
    ("condaqa", {"question": "Does Arlen own the fair?", "label": "unanswerable", "cue": "no"}),
)


def write_claims(folder: Path) -> None:
    (folder / "claims").mkdir()
    for name in ("fever", "condaqa"):
        with gzip.open(folder / "claims" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            for number, (source, claim) in enumerate(CLAIMS):
                evidence = "Arlen holds a fair each autumn, and no other town does."
                row = {"id": f"{name}/{number}", "evidence": evidence, **claim}
                file.write(json.dumps(row) + "\n" if source == name else "")


def write_dialogue(folder: Path) -> None:
    """Write a dialogue of three turns."""
    turns = (
        ("Who built the mill?", "Ruth Calder built it in 1912."),
        ("Where did she live?", "She lived in a house by the river Ost."),
        ("Did she marry?", "I don't know."),
        ("What else did she build?", ""),
    )
    (folder / "followups").mkdir()
    path = folder / "followups" / "canard.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number, (question, _) in enumerate(turns):
            history = [{"question": q, "answer": a} for q, a in turns[:number]]
            row = {"id": f"canard/1#t{number}", "title": "Ruth Calder: Life", "history": history}
            row |= {"question": question, "rewrite": question.replace("she", "Ruth Calder")}
            file.write(json.dumps(row) + "\n")


def toy_data(folder: Path) -> TrainingData:
    return read_training_data(write_toys(folder))


def toy_maker(max_tokens: int = 384, stride: int = 128) -> WindowMaker:
    return WindowMaker(default_model_folder(), max_tokens, stride)


def toy_articles(folder: Path) -> list[PreparedArticle]:
    count = toy_maker().count_tokens
    return [prepare(article, count) for article in toy_data(folder).train]
