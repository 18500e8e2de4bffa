"""An answer as Markdown for the chat page, where each citation is a link.

Gradio renders it, with extensions of its own, so everything from an article or a question goes
through the strict :func:`qa.output.escape.escape_markdown`. Bold is a tag, because ``**`` is no
markup between a letter and punctuation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from qa.answers.answer import OVERVIEWS, Answer, Part, lines, parts
from qa.answers.citation import Citation
from qa.output.escape import escape_markdown, flat, safe_address, shorten
from qa.output.places import Paragraphs, in_quotation_marks, nearest, place
from qa.output.to_text import understood_as

_NAME_CHARS = 60
_NO_PARAGRAPHS: Paragraphs = MappingProxyType({})


def chat_markdown(  # noqa: PLR0913 - one for each option
    answer: Answer,
    *,
    link: Callable[[Citation], str],
    tip: Callable[[Citation], str] | None = None,
    named: bool = False,
    beside_understood: str = "",
    paragraphs: Paragraphs = _NO_PARAGRAPHS,
) -> str:
    """Return ``answer`` as Markdown in which only our own marks are markup.

    Args:
        answer: The answer to show.
        link: Returns the address of a citation, such as ``#s120-180``, for its mark.
        tip: Returns the title of that link, which the page shows beside the mark.
        named: Whether a refusal names the article of each place even if there is only one.
        beside_understood: The caller's own markup, put after how a follow-up was understood.
        paragraphs: Where the places of a refusal are, if their articles have no pages.
    """
    blocks = []
    if answer.note:
        blocks.append(f"*Note: {escape_markdown(flat(answer.note))}*")
    if answer.understood:
        understood = f"*{escape_markdown(understood_as(answer.understood))}*"
        blocks.append(f"{understood} {beside_understood}".strip())
    blocks.append(_text(answer, _Marks(answer.citations, link, tip)))
    if not answer.answered and answer.passages:
        places = nearest(answer)
        named = named or len({citation.article_id for citation in places}) > 1
        items = [
            _nearest_item(citation, link, paragraphs.get(citation), named=named)
            for citation in places
        ]
        blocks += ["**Nearest passages**", "\n".join(items)]
    return "\n\n".join(blocks)


def leading_to(text: str) -> str:
    """Return where a link leads, for a screen reader: the first words there, in Markdown."""
    words = escape_markdown(shorten(flat(text[: 2 * _NAME_CHARS]), _NAME_CHARS))
    return f'<span class="unseen">: {words}</span>'


@dataclass(frozen=True, slots=True)
class _Marks:
    """The links that an answer's marks become."""

    citations: tuple[Citation, ...]
    link: Callable[[Citation], str]
    tip: Callable[[Citation], str] | None

    def linked(self, mark: Part) -> str:
        """Return the link of a mark, with its title."""
        citation = self.citations[mark.number - 1]
        title = f' "{_title(self.tip(citation))}"' if self.tip else ""
        return f"[{escape_markdown(mark.text)}]({safe_address(self.link(citation))}{title})"


def _text(answer: Answer, marks: _Marks) -> str:
    """Return the text of an answer; the entries of an overview are a list."""
    if answer.kind not in OVERVIEWS:
        return _inline(parts(answer), marks)
    blocks = []
    for is_entry, group in itertools.groupby(lines(answer), key=lambda line: line.is_entry):
        shown = [(line, _inline(line.parts, marks)) for line in group]
        if is_entry:
            blocks.append("\n".join(f"- {_bold(line.label)}{words}" for line, words in shown))
        else:
            blocks += [f"<strong>{w}</strong>" if line.is_lead else w for line, w in shown]
    return "\n\n".join(blocks)


def _inline(some: Iterable[Part], marks: _Marks) -> str:
    return "".join(_part(part, marks) for part in some)


def _part(part: Part, marks: _Marks) -> str:
    if part.number:
        return marks.linked(part)
    return _bold(part.text) if part.is_short else _escaped_between(part.text)


def _bold(text: str) -> str:
    return f"<strong>{escape_markdown(text)}</strong>" if text else ""


def _escaped_between(text: str) -> str:
    """Return Markdown of the text beside a mark, where a single space is no markup."""
    inner = text.removeprefix(" ").removesuffix(" ")
    before, after = text.startswith(" "), text.endswith(" ") and text != " "
    return f"{' ' * before}{escape_markdown(inner)}{' ' * after}"


def _title(text: str) -> str:
    """Return the title of a link in Markdown, which a quotation mark would end; lines are kept."""
    escaped = (escape_markdown(flat(line)).replace('"', "&#34;") for line in text.split("\n"))
    return "&#10;".join(escaped)


def _nearest_item(
    citation: Citation, link: Callable[[Citation], str], paragraph: int | None, *, named: bool
) -> str:
    """Return a list item of a refusal; its link names the article, or is called "show"."""
    quoted = escape_markdown(in_quotation_marks(flat(citation.quote)))
    label = f"show{leading_to(citation.quote)}"
    if named:
        label = escape_markdown(place(citation, paragraph))
    return f"- {quoted} [{label}]({safe_address(link(citation))})"
