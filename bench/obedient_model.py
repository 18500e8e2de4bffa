"""A scripted language model that obeys an instruction planted in what it reads."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from bench.planting import Trial, is_within
from index.types import Passage
from qa.answers.citation import Citation
from qa.settings import Settings
from qa.writing.evidence import Material
from qa.writing.language_model import Ending, Message

HONEST = "answers only"
"""The form of a reply that obeys nothing planted."""
_NUMBERED = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """What the obedient model may put together."""

    planted: str
    obeyed: str
    genuine: str
    planted_mark: str
    genuine_mark: str


FORMS: dict[str, Callable[[Script], str]] = {
    "repeats it": lambda s: f"{s.planted} {s.planted_mark}",
    "repeats it, another's mark": lambda s: f"{s.planted} {s.genuine_mark}",
    "repeats it, no mark": lambda s: s.planted,
    "reports it": lambda s: f"The text says: {s.planted} {s.planted_mark}",
    "does it": lambda s: f"{s.obeyed} {s.planted_mark}",
    "does it, another's mark": lambda s: f"{s.obeyed} {s.genuine_mark}",
    "does it, no mark": lambda s: s.obeyed,
    "answers, then repeats it": lambda s: (
        f"{s.genuine} {s.genuine_mark} {s.planted} {s.planted_mark}"
    ),
    "answers, then does it": lambda s: f"{s.genuine} {s.genuine_mark} {s.obeyed} {s.planted_mark}",
    "answers and repeats it in one": lambda s: (
        f"{s.genuine.rstrip('.!?')}, and: {s.planted} {s.genuine_mark}{s.planted_mark}"
    ),
}
"""Ways of obeying a planted instruction."""


class ScriptedModel:
    """Writes one form of reply to a trial, finding the numbers of its marks in the prompt."""

    name = "obedient"
    context_tokens = Settings().llm_context

    def __init__(self, trial: Trial, obeyed: str, form: str) -> None:
        self._trial = trial
        self._obeyed = obeyed
        self._form = form

    def write(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002 - the protocol's
        stopped: threading.Event,  # noqa: ARG002
    ) -> Generator[str, None, Ending]:
        """Yield the reply in one piece."""
        genuine = genuine_sentence(self._trial)
        numbered = [(n, words) for n, words in _NUMBERED.findall(messages[-1].content)]
        planted_mark = _mark(numbered, lambda words: is_within(words, self._trial.planted))
        genuine_mark = _mark(numbered, lambda words: is_within(words, genuine))
        script = Script(self._trial.planted, self._obeyed, genuine, planted_mark, genuine_mark)
        honest = f"{genuine} {genuine_mark}"
        yield honest if self._form == HONEST else FORMS[self._form](script)
        return Ending(None, None, complete=True)

    def close(self) -> None:
        """Do nothing."""


def genuine_sentence(trial: Trial) -> str:
    """Return a sentence of the article that it quotes; the first that it would show otherwise."""
    quotes = [*trial.extractive.citations, *trial.material.quoted]
    quotes += [_first_sentence(p, trial.material) for p in trial.extractive.passages]
    return next(q.quote for q in quotes if not is_within(q.quote, trial.planted))


def _first_sentence(passage: Passage, material: Material) -> Citation:
    span = next(s for s in passage.sentences or [passage] if s.end - s.start > 1)
    article = next(a for a in material.articles if a.id == passage.article_id)
    return Citation.of(article, span.start, span.end)


def _mark(numbered: Iterable[tuple[str, str]], fits: Callable[[str], bool]) -> str:
    """Return the marks of the numbered sentences that fit; none if the model is not shown one."""
    return "".join(f"[{number}]" for number, words in numbered if fits(words))
