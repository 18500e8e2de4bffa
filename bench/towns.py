"""Write articles about towns that differ only in their numbers, so that answers are traceable."""

from __future__ import annotations

from dataclasses import dataclass

_FACTS = (
    ("When did the harbour bridge open?", "The harbour bridge opened in {}."),
    ("How tall is the radio tower?", "The radio tower is {} metres tall."),
    ("How many books does the library hold?", "The library holds {} books."),
    ("How long is the river walk?", "The river walk is {} metres long."),
    ("How many people work in the shipyard?", "The shipyard has {} workers."),
    ("What did the town hall cost?", "The town hall cost {} crowns."),
)
_FILLING = (
    "Visitors come for the market, which is held on the square from early morning until noon.",
    "In winter the ferries run less often, and the cafes on the quay close before dark.",
    "The old warehouses were turned into flats and workshops over several decades.",
    "A tram line leads from the hill with its orchards down to the beach and the lighthouse.",
    "Schools, shops and a small theatre lie along the main street, under rows of lime trees.",
)
_NAMES = ("Arnmouth", "Belsund", "Corvale", "Dunhaven", "Eskford", "Farholm", "Glenport", "Hartsea")


@dataclass(frozen=True, slots=True)
class Town:
    """An article, and the answer to each question about it, which no other town has."""

    title: str
    text: str
    answers: dict[str, str]


def towns(count: int = len(_NAMES)) -> list[Town]:
    """Return up to eight articles of about 20 paragraphs."""
    return [_town(name, number) for number, name in enumerate(_NAMES[:count])]


def _town(name: str, number: int) -> Town:
    # Four digits each, as in years, and all different.
    answers = {q: str(1801 + 16 * number + 2 * i) for i, (q, _) in enumerate(_FACTS)}
    paragraphs = [f"{name} is a town on the coast."]
    for i, (question, sentence) in enumerate(_FACTS):
        paragraphs.append(sentence.format(answers[question]))
        paragraphs += [f"{_FILLING[(i + j) % len(_FILLING)]}" for j in range(2)]
    return Town(name, "\n\n".join(paragraphs), answers)
