"""Show an answer in the terminal while a language model writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace

from rich.text import Text

from index.types import Article
from qa.answers.answer import Answer
from qa.answers.claim import Status
from qa.answers.written_wording import flag_of, usage_in_words
from qa.cli.terminal import confidence_line, console, print_answer, print_text, progress_bar
from qa.output.checked_text import without_reordering
from qa.output.to_text import Paragraphs, paragraphs_of, places_of, to_plain
from qa.writing.events import Event, Finished, SentenceChecked

_WRITING = "Reading and writing"


def print_events(
    events: Iterable[Event], article_of: Callable[[str], Article], *, strike: bool = True
) -> Answer:
    """Print each sentence once it is checked, then the sources; return the finished answer.

    An answer that is quoted after all is printed whole, below what was written of it.

    Args:
        events: Of one answer.
        article_of: Returns the article of an id.
        strike: Whether to strike statements that are not supported.
    """
    answer, shown = _printed(events, strike=strike)
    paragraphs = paragraphs_of(places_of(answer), article_of)
    if shown:
        console.print("\n")
    if answer.engine and shown:
        _print_what_follows(answer, paragraphs)
    else:
        print_answer(answer, paragraphs)
    if answer.usage:
        by = f"Written by {answer.engine}: " if answer.engine else "Language model: "
        print_text(f"{by}{usage_in_words(answer.usage)}.")
    return answer


def _print_what_follows(answer: Answer, paragraphs: Paragraphs) -> None:
    """Print a written answer without its text."""
    if answer.note:
        print_text(f"Note: {answer.note}\n")
    sources = replace(answer, text="", marks=(), claims=(), note=None)
    print_text(f"{to_plain(sources, paragraphs).strip()}\n\n{confidence_line(answer)}")


def _printed(events: Iterable[Event], *, strike: bool) -> tuple[Answer, bool]:
    """Print the sentences as they come; return the finished answer and whether any came."""
    shown = ""
    with ExitStack() as waiting:
        waiting.enter_context(progress_bar(_WRITING))
        for event in events:
            if isinstance(event, SentenceChecked):
                waiting.close()
                console.print(_flagged(event, len(shown), strike=strike), end="")
                shown += event.text
            elif isinstance(event, Finished):
                return event.answer, bool(shown)
    msg = "The events ended without a finished answer."
    raise ValueError(msg)


def _flagged(event: SentenceChecked, start: int, *, strike: bool) -> Text:
    """Return a sentence, which begins at ``start`` in the answer, with what is not supported.

    Words say so behind each such statement. With ``strike``, those that the articles do not
    support are struck.
    """
    text, position = Text(), 0

    def append(end: int, style: str = "") -> int:
        text.append(without_reordering(event.text[position:end]), style)
        return end

    for claim in event.claims:
        position = append(claim.start - start)
        is_struck = strike and claim.status is Status.NOT_SUPPORTED
        position = append(claim.end - start, "strike" * is_struck)
        text.append(flag_of(claim), "italic")
    append(len(event.text))
    return text
