"""Write the tables of a run as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from bench.commands import table
from bench.environment import Environment
from bench.peers.adapters.protocol import K
from bench.peers.catalogue import OURS
from bench.peers.compared import Compared, round_quantiles
from bench.peers.figures import Figure
from bench.peers.measuring import ANSWER, AT_REST_AFTER
from bench.peers.rounds import BURNERS, BUSY_QUESTIONS, IDLE_QUESTIONS

ANSWER_SHOWN = "article-qa, to the cited answer"
_NONE = "–"


def render(
    environment: Environment,
    load: float,
    compared: Compared,
    versions: Mapping[str, Mapping[str, str]],
) -> str:
    """Return the results as Markdown."""
    return "\n".join(
        [
            "# article-qa and comparable libraries",
            "",
            environment.to_markdown()
            + f"- Load average at the start: {load:.1f}. {_rounds(compared)}"
            f"Texts: {compared.articles} articles, {compared.characters:,} characters.",
            "",
            "All use the same texts and the same MiniLM weights. Figures are medians of the "
            "rounds; a ratio is the median of the rounds' ratios to the fastest peer. How each is "
            "measured, and what favours or disfavours article-qa: "
            "[evaluation.md](../../docs/evaluation.md#speed).",
            "",
            *_targets(compared),
            *_building(compared),
            *_questions(compared),
            *_starting(compared),
            *_memory(compared),
            *_versions(compared, versions),
        ]
    )


def _rounds(compared: Compared) -> str:
    runs = compared.runs
    lists = (("building", runs.built), ("questions", runs.idle), ("starts", runs.cold))
    counts = ((what, max(map(len, found.values()), default=0)) for what, found in lists)
    return "Rounds: " + ", ".join(f"{count} of {what}" for what, count in counts if count) + ". "


def _targets(compared: Compared) -> list[str]:
    cells = [(t.measure, t.target, t.result, "yes" if t.met else "no") for t in compared.targets()]
    head = ("measure", "target", "result", "met")
    return ["## Targets", "", *table(head, cells), ""] if cells else []


def _building(compared: Compared) -> list[str]:
    if "build" not in compared.parts:
        return []
    passages = compared.passages_a_second()
    rates, characters = compared.faster(passages), compared.faster(compared.characters_a_second())
    whole = compared.whole_seconds()
    cells = [
        (
            c.shown,
            str(compared.runs.built[c.key][-1].passages),
            f"{rates[c.key].median:.1f}",
            _times(rates[c.key]),
            f"{characters[c.key].median:,.0f}",
            _times(characters[c.key]),
            f"{median(whole[c.key]):.1f}",
            f"{median(b.cpu_seconds for b in compared.runs.built[c.key]):.1f}",
        )
        for c in compared.contenders
    ]
    head = (
        "",
        "passages",
        "passages/s",
        "ratio",
        "characters/s",
        "ratio",
        "whole, s",
        "processor, s",
    )
    return [
        "## Building: from text files to an index on disk",
        "",
        "The model is loaded before the clock starts. The last two columns are the wall time and "
        "the processor time of the whole process.",
        "",
        *table(head, cells),
        "",
    ]


def _questions(compared: Compared) -> list[str]:
    if not compared.runs.idle:
        return []
    columns = [
        compared.shorter(round_quantiles(asked, share))
        for asked in (compared.runs.idle, compared.runs.busy)
        for share in (0.5, 0.95)
    ]
    cells = [
        (
            shown,
            *(
                cell
                for column in columns
                for cell in (f"{column[key].median:.1f}", _times(column[key]))
            ),
            f"{_found(compared, key):.0%}",
        )
        for key, shown in _rows(compared)
    ]
    head = [
        "",
        *(h for n in ("idle", "busy") for q in ("p50", "p95") for h in (f"{q} {n}", "ratio")),
    ]
    overhead = compared.overhead_ms()
    above = (
        f" article-qa takes {overhead:.2f} ms more than its encoder alone."
        if overhead is not None
        else ""
    )
    return [
        "## One question, an index in memory",
        "",
        f"Milliseconds to the {K} best passages. A round is {IDLE_QUESTIONS} questions with idle "
        f"cores and {BUSY_QUESTIONS} with {BURNERS} other processes keeping them busy. Found: "
        "questions with a gold answer in the passages." + above,
        "",
        *table([*head, "found"], cells),
        "",
    ]


def _rows(compared: Compared) -> list[tuple[str, str]]:
    rows = [(c.key, c.shown) for c in compared.contenders]
    answered = [(ANSWER, ANSWER_SHOWN)] if rows and rows[0][0] == OURS else []
    return [*rows[:1], *answered, *rows[1:]]


def _found(compared: Compared, key: str) -> float:
    rounds = compared.runs.idle[key]
    return sum(asked.found for asked in rounds) / len(rounds)


def _starting(compared: Compared) -> list[str]:
    cold = compared.runs.cold
    if not cold:
        return []
    found = compared.shorter(cold)
    rows = [(key, shown) for key, shown in _rows(compared) if key in found]
    cells = [(shown, f"{found[key].median:.2f}", _times(found[key])) for key, shown in rows]
    return [
        "## Cold start: from the start of a process to the first passage",
        "",
        "Seconds, with an existing store whose files are in the disk cache. The start of the page: "
        "[start.md](start.md).",
        "",
        *table(("", "seconds", "ratio"), cells),
        "",
    ]


def _memory(compared: Compared) -> list[str]:
    rest, built = compared.runs.rest_mb, compared.runs.built
    if "memory" not in compared.parts:
        return []
    cells = [
        (c.shown, f"{median(b.peak_mb for b in built[c.key]):,.0f}", f"{rest[c.key]:,.0f}")
        for c in compared.contenders
    ]
    return [
        "## Memory",
        "",
        f"Resident MB, children included: the peak while building, and after {AT_REST_AFTER} "
        "questions.",
        "",
        *table(("", "building", "at rest"), cells),
        "",
    ]


def _versions(compared: Compared, versions: Mapping[str, Mapping[str, str]]) -> list[str]:
    cells = [
        (c.shown, ", ".join(f"{name} {number}" for name, number in versions[c.key].items()))
        for c in compared.contenders
    ]
    return ["## Versions", "", *table(("", "of"), cells)]


def _times(figure: Figure) -> str:
    return _NONE if figure.ratio is None else f"{figure.ratio:.2f}"
