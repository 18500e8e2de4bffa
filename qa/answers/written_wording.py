"""Say in words who wrote an answer, how much of it is supported, and what it cost."""

from __future__ import annotations

from qa.answers.answer import Answer
from qa.answers.claim import Claim, Status
from qa.answers.usage import Usage

STATUS_WORDS = {
    Status.SUPPORTED: "supported",
    Status.PARTLY: "partly supported",
    Status.NOT_SUPPORTED: "not supported",
    Status.UNCHECKED: "not checked",
}


def support_in_words(answer: Answer) -> str:
    """Return how many statements of a written answer are supported: ``2 of 3 statements…``.

    Those that were not checked are counted apart.
    """
    statuses = [claim.status for claim in answer.claims]
    supported, count = statuses.count(Status.SUPPORTED), len(statuses)
    unchecked = statuses.count(Status.UNCHECKED)
    if unchecked == count:
        return "Not checked, as it is in another language"
    if supported == count:
        return "Supported" if count == 1 else f"All {count} statements supported"
    plain = f"{supported} of {count} statement{'s' if count > 1 else ''} supported"
    return f"{plain}, {unchecked} not checked" if unchecked else plain


def flag_of(claim: Claim) -> str:
    """Return what is put behind a statement that is not supported as it is; empty if it is."""
    return "" if claim.status is Status.SUPPORTED else f" ({STATUS_WORDS[claim.status]})"


def usage_in_words(usage: Usage) -> str:
    """Return the tokens and the time of a reply: ``812 tokens read, 64 written, 2.1 s``."""
    counts = [
        f"{count:,} tokens {did}" if count is not None else ""
        for count, did in ((usage.prompt_tokens, "read"), (usage.written_tokens, "written"))
    ]
    time = f"{usage.seconds:.1f} s"
    if usage.first_word_seconds is not None:
        time += f" (first word after {usage.first_word_seconds:.1f} s)"
    return ", ".join(filter(None, [*counts, time]))
