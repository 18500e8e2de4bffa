"""Write the links of a reply on the chat page, and the checked lines of a written answer.

Everything is escaped for Gradio's renderer, see :func:`qa.output.escape.escape_markdown`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from qa.answers.citation import Citation
from qa.answers.claim import Claim, Status
from qa.answers.written_wording import STATUS_WORDS
from qa.output.checked_text import CheckedLine, Run
from qa.output.escape import escape_markdown, safe_address, single_line

SYMBOLS = {
    Status.SUPPORTED: "✓",
    Status.PARTLY: "≈",
    Status.NOT_SUPPORTED: "✗",
    Status.UNCHECKED: "?",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links of an answer's citation marks, and of the status of its statements."""

    citations: tuple[Citation, ...]
    link: Callable[[Citation], str]
    tip: Callable[[Citation], str] | None

    def linked(self, number: int, text: str, above_tip: str = "") -> str:
        """Return a link to a citation, with its tip as the title.

        ``text`` is Markdown, and ``above_tip`` a line before the tip's own.
        """
        citation = self.citations[number - 1]
        tip = "\n".join(filter(None, (above_tip, self.tip(citation) if self.tip else "")))
        title = f' "{link_title(tip)}"' if tip else ""
        return f"[{text}]({safe_address(self.link(citation))}{title})"


def checked_chat_markdown(lines: Iterable[CheckedLine], links: Links | None = None) -> str:
    """Return lines of a written answer for the chat page, each statement with its status.

    Without ``links``, as while it is written, marks and statuses are no links.
    """

    def line(each: CheckedLine) -> str:
        before: Run | None = None
        shown = ""
        for run in each.runs:
            # A mark stays on the line of the status before it.
            follows_status = before is not None and before.status_of and run.text == " "
            shown += "&nbsp;" if follows_status else _chat_run(run, links)
            before = run
        return shown

    return joined_lines(lines, line)


def joined_lines(lines: Iterable[CheckedLine], shown: Callable[[CheckedLine], str]) -> str:
    """Return lines as paragraphs, and runs of entries as lists."""
    blocks = []
    for is_item, group in itertools.groupby(lines, key=lambda line: line.is_item):
        texts = [shown(line) for line in group]
        blocks += ["\n".join(f"- {text}" for text in texts)] if is_item else texts
    return "\n\n".join(blocks)


def escaped_between(text: str) -> str:
    """Return escaped text whose outer spaces are kept: beside a mark they are no markup."""
    inner = text.removeprefix(" ").removesuffix(" ")
    before, after = text.startswith(" "), text.endswith(" ") and text != " "
    return f"{' ' * before}{escape_markdown(inner)}{' ' * after}"


def link_title(text: str) -> str:
    """Return the title of a link in Markdown, which a quotation mark would end; lines are kept."""
    escaped = (
        escape_markdown(single_line(line)).replace('"', "&#34;") for line in text.split("\n")
    )
    return "&#10;".join(escaped)


def _chat_run(run: Run, links: Links | None) -> str:
    if run.status_of:
        return _chat_status(run.status_of, links)
    if run.number and links:
        return links.linked(run.number, escape_markdown(run.text))
    words = escaped_between(run.text)
    if run.is_struck:
        return f"<del>{words}</del>"
    return f'<span class="doubtful">{words}</span>' if run.is_doubtful else words


def _chat_status(claim: Claim, links: Links | None) -> str:
    """Return the status of a statement: a link to what it cites, or a button that explains it."""
    symbol, words = SYMBOLS[claim.status], STATUS_WORDS[claim.status]
    is_supported = claim.status is Status.SUPPORTED
    # A statement in order needs no more than a tick; the word is there for screen readers.
    shown = f'<span class="unseen"> {words}</span>' if is_supported else f" {words}"
    text, tip = f"{symbol}{shown}", _status_explained(claim)
    if not links:
        pass
    elif claim.citations:
        text = links.linked(claim.citations[0], text, tip)
    else:
        text = f'<button type="button" title="{link_title(tip)}">{text}</button>'
    space = "&nbsp;" if is_supported else " "
    return f'{space}<span class="status-of {claim.status.value}">{text}</span>'


def _status_explained(claim: Claim) -> str:
    """Return the line that says what the status of a statement means, and how sure it is."""
    words = STATUS_WORDS[claim.status].capitalize()
    if not claim.citations:
        return f"{words}: no sentence was found that says this."
    if claim.status is Status.UNCHECKED:
        return f"{words}: compare it with the sentences that it cites, in their own language."
    percent = min(99, max(1, round(100 * claim.probability)))
    return f"{words}: {percent} % likely that the cited sentences say this."
