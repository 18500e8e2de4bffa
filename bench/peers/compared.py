"""Summarise the runs: the figures of each measure, and whether targets are met."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bench.peers.catalogue import FASTEST_FLOOR, OTHER_ENCODER, OURS, Contender, Part
from bench.peers.figures import Figure, Rounds, difference, fastest_of, figures, quantile, ratio
from bench.peers.measuring import BARE, BESIDE_BARE, Asked
from bench.peers.rounds import Runs

TIMES_FASTER, OVER_FLOOR = 3.0, 1.10
OF_A_QUESTION, OF_A_START = 0.5, 0.25
OVERHEAD_MS = 1.0
_NOBODY = "–"


@dataclass(frozen=True, slots=True)
class Target:
    """One target, and what was measured."""

    measure: str
    target: str
    result: str
    met: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """All runs of all contenders, and the size of the texts."""

    contenders: Sequence[Contender]
    runs: Runs
    parts: Collection[Part]
    articles: int
    characters: int
    """The total length of the texts."""

    @property
    def peers(self) -> list[str]:
        """The keys of the peers."""
        return [c.key for c in self.contenders if c.is_peer]

    def passages_a_second(self) -> dict[str, list[float]]:
        """Return the rates of building by round."""
        return {k: [b.passages / b.seconds for b in all_] for k, all_ in self.runs.built.items()}

    def characters_a_second(self) -> dict[str, list[float]]:
        """Return the rates of building by round."""
        return {
            k: [self.characters / b.seconds for b in all_] for k, all_ in self.runs.built.items()
        }

    def whole_seconds(self) -> dict[str, list[float]]:
        """Return the seconds of the whole building process by round."""
        return {key: [b.whole_seconds for b in all_] for key, all_ in self.runs.built.items()}

    def faster(self, rounds: Rounds) -> dict[str, Figure]:
        """Return the figures of rates, where more is better."""
        return figures(rounds, self.peers, more_is_better=True)

    def shorter(self, rounds: Rounds) -> dict[str, Figure]:
        """Return the figures of durations, where less is better."""
        return figures(rounds, self.peers, more_is_better=False)

    def fastest(self, rounds: Rounds, *, more_is_better: bool = False) -> str:
        """Return the name of the fastest peer, or a dash if none was measured."""
        key = fastest_of(rounds, self.peers, more_is_better=more_is_better)
        return next((c.shown for c in self.contenders if c.key == key), _NOBODY)

    def overhead_ms(self) -> float | None:
        """Return the median overhead of retrieval over encoding and a flat search, by question."""
        if BARE not in self.runs.idle:
            return None
        ours, bare = (_pooled(self.runs.idle[key]) for key in (BESIDE_BARE, BARE))
        return difference(ours, bare)

    def targets(self) -> list[Target]:
        """Return the targets for which there are measurements."""
        if OURS not in self.runs.built or not self.peers:
            return []
        return [*self._building(), *self._asking(), *self._starting()]

    def _building(self) -> list[Target]:
        if "build" not in self.parts:
            return []
        rates = self.characters_a_second()
        times = self.faster(rates)[OURS].ratio or 0.0
        fastest = self.fastest(rates, more_is_better=True)
        found = [
            Target(
                f"building, characters a second, against the fastest peer ({fastest})",
                f"≥ {TIMES_FASTER:.0f} ×",
                f"{times:.2f} ×",
                times >= TIMES_FASTER,
            )
        ]
        if FASTEST_FLOOR in rates:
            over = ratio(rates[FASTEST_FLOOR], rates[OURS])
            target, result = f"≤ {OVER_FLOOR - 1:.0%} more time", f"{over - 1:+.0%}"
            what = "building, time a character, against the floor with our encoder"
            found.append(Target(what, target, result, over <= OVER_FLOOR))
        return found

    def _asking(self) -> list[Target]:
        found = []
        for name, asked in (("idle", self.runs.idle), ("busy", self.runs.busy)):
            for share in (0.5, 0.95) if asked else ():
                times = round_quantiles(asked, share)
                what = f"a question, p{share * 100:.0f}, cores {name}"
                found.append(self._at_most(what, times, OF_A_QUESTION))
        overhead = self.overhead_ms()
        if overhead is not None:
            what = "a question, above the same encoder and a flat search, cores idle"
            target, result = f"< {OVERHEAD_MS:.0f} ms", f"{overhead:.2f} ms"
            found.append(Target(what, target, result, overhead < OVERHEAD_MS))
        return found

    def _starting(self) -> list[Target]:
        cold, what = self.runs.cold, "a start, to the first passage"
        if not cold:
            return []
        found = [self._at_most(what, cold, OF_A_START)]
        alike = {key: seconds for key, seconds in cold.items() if key != OTHER_ENCODER}
        if OTHER_ENCODER in cold and self.fastest(alike) != _NOBODY:
            found.append(self._at_most(f"{what}, among sentence-transformers", alike, OF_A_START))
        return found

    def _at_most(self, what: str, rounds: Rounds, share: float) -> Target:
        found = self.shorter(rounds)[OURS].ratio or 0.0
        name = f"{what}, against the fastest peer ({self.fastest(rounds)})"
        return Target(name, f"≤ {share:.2f} ×", f"{found:.2f} ×", found <= share)


def round_quantiles(asked: dict[str, list[Asked]], share: float) -> dict[str, list[float]]:
    """Return a quantile of the milliseconds for each round."""
    return {key: [quantile(a.milliseconds, share) for a in all_] for key, all_ in asked.items()}


def _pooled(rounds: Sequence[Asked]) -> list[float]:
    return [each for asked in rounds for each in asked.milliseconds]
