"""Write a conversation as one HTML page, with the articles that it cites.

The page is self-contained: it loads nothing and runs no script, and its policy forbids both.
Everything from an article or a question is escaped; the only markup is ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from index.errors import ArticleNotFound
from index.types import Article
from qa.answers.answer import OVERVIEWS, Answer, Line, Part, lines
from qa.answers.citation import Citation
from qa.answers.claim import Claim
from qa.answers.written_wording import STATUS_WORDS
from qa.output.article_html import Body, article_body, opens_with_title, split_highlight_css
from qa.output.chat_links import SYMBOLS
from qa.output.checked_text import CheckedLine, Run, lines_of, written_by
from qa.output.escape import escape_html, is_address, safe_address, single_line
from qa.output.export_pages import MAX_PAGES, ExportedPages
from qa.output.places import Highlight, place_id
from qa.output.printed_pages import PrintedPages
from qa.output.quoted_rows import QuotedRow, displayed_parts, row_html
from qa.output.rendering import read_static, template_environment
from qa.output.to_markdown import UNTITLED, exported_on
from qa.output.to_text import paragraphs_of, place, places_of
from qa.output.transcript import Transcript, Turn

_templates = template_environment("qa.output")
_STYLES = (
    "palette.css", "marks.css", "status.css", "cells.css", "export.css", "structure.css"
)  # fmt: skip
_STYLE = Markup(read_static("qa.output", *_STYLES))  # noqa: S704
# About 20 printed pages. Of a longer article only the paragraphs around its citations are shown,
# so that a long conversation about a book stays a few hundred kilobytes.
WHOLE_ARTICLE_CHARS = 60_000
_OMITTED = f"Not every cited page is shown: at most {MAX_PAGES} are, and of limited size together."


def conversation_to_html(
    transcript: Transcript,
    article_of: Callable[[str], Article],
    *,
    strike: bool = True,
    printed: PrintedPages | None = None,
) -> str:
    """Return a conversation as one HTML page, with the articles that it cites.

    Each mark of an answer is a link to its exact words in the article, or in the list of sources
    if the article is no longer in the library.

    Args:
        transcript: The conversation.
        article_of: Returns the article of an id, as :meth:`qa.ArticleQA.article` does,
            and raises ArticleNotFound if there is none.
        strike: Whether to strike statements of a language model that are not supported.
        printed: Draws the cited pages, whose pictures are then in the page, at most
            ``MAX_PAGES`` with ``MAX_BYTES`` (see :mod:`qa.output.export_pages`); None for none.

    Raises:
        CitationError: An article does not contain what a citation quotes from it.
    """
    shown = _shown_articles(transcript, article_of)
    pages = ExportedPages(printed)
    turns = [
        _turn(number, turn, shown, pages, strike=strike)
        for number, turn in enumerate(transcript.turns, 1)
    ]
    bodies = [one.body.html for one in shown.values()]
    page = _templates.get_template("export.html").render(
        style=_STYLE,
        split_highlight_css=Markup(split_highlight_css(bodies)),  # noqa: S704 - made of offsets and hashes
        title=single_line(transcript.title) or UNTITLED,
        date=exported_on(transcript.at) if transcript.at else "",
        turns=turns,
        articles=[_shown_article(one, pages) for one in shown.values()],
        has_pictures=pages.has_pictures,
        omitted=_OMITTED if pages.is_cut else "",
    )
    return f"{page}\n"


@dataclass(frozen=True, slots=True)
class _Shown:
    """An article on the page, and the part of its text that is shown."""

    article: Article
    body: Body


def _shown_articles(
    transcript: Transcript, article_of: Callable[[str], Article]
) -> dict[str, _Shown]:
    """Return the cited articles by id, in the order of their first citation."""
    marks: dict[str, list[Highlight]] = {}
    articles: dict[str, Article] = {}
    for answer in (turn.answer for turn in transcript.turns):
        for citation in places_of(answer):
            name = citation.article_id
            if name not in marks:
                marks[name] = []
                try:
                    articles[name] = article_of(name)
                except ArticleNotFound:
                    continue
            if name in articles:
                citation.check(articles[name])
            marks[name].append(Highlight(name, citation.start, citation.end, 0, answer.answered))
    return {
        name: _Shown(article, article_body(article, marks[name], whole_up_to=WHOLE_ARTICLE_CHARS))
        for name, article in articles.items()
    }


def _turn(
    number: int, turn: Turn, shown: dict[str, _Shown], pages: ExportedPages, *, strike: bool
) -> dict[str, object]:
    """Return the template's values for a question and its answer."""
    answer = turn.answer
    places = [_with_page(citation, shown) for citation in places_of(answer)]
    paragraphs = paragraphs_of(places, lambda article_id: _article(article_id, shown))
    links = [_link(number, i, citation, shown) for i, citation in enumerate(places, start=1)]
    return {
        "number": number,
        "question": turn.question,
        "note": single_line(answer.note or ""),
        "reader_note": turn.note,
        "pinned": turn.pinned,
        "text": Markup(_text_html(answer, links, strike=strike)),  # noqa: S704 - each part is escaped
        "written_by": written_by(answer),
        "heading": "Sources" if answer.answered else "Nearest passages",
        "sources": [
            {
                "id": f"q{number}-{i}",
                "quote": citation.quote,
                "link": link,
                "place": f"[{i}] " * answer.answered + place(citation, paragraphs.get(citation)),
                "origin": _origin(citation.source),
                "page": _page_id(citation, f"[{i}]" * answer.answered, shown, pages),
            }
            for i, (citation, link) in enumerate(zip(places, links, strict=True), start=1)
        ],
    }


def _page_id(citation: Citation, name: str, shown: dict[str, _Shown], pages: ExportedPages) -> str:
    """Return the id of the picture of a citation's page; empty if it is not shown."""
    if citation.article_id not in shown:
        return ""
    return pages.add(shown[citation.article_id].article, citation, name)


def _article(article_id: str, shown: dict[str, _Shown]) -> Article:
    if article_id not in shown:
        raise ArticleNotFound(article_id)
    return shown[article_id].article


def _with_page(citation: Citation, shown: dict[str, _Shown]) -> Citation:
    """Return the citation with its page and source, which an excerpt of a passage may lack."""
    if citation.article_id not in shown:
        return citation
    article = shown[citation.article_id].article
    return replace(citation, page=article.page_of(citation.start), source=article.source)


def _link(turn: int, number: int, citation: Citation, shown: dict[str, _Shown]) -> str:
    """Return the address of the cited words in their article, or in the list of sources."""
    name = place_id(citation.article_id, citation.start, citation.end)
    there = citation.article_id in shown and name in shown[citation.article_id].body.ids
    return f"#{name}" if there else f"#q{turn}-{number}"


def _text_html(answer: Answer, links: Sequence[str], *, strike: bool) -> str:
    kind = "answer" if answer.answered else "refusal"
    if answer.claims:
        return _checked_html(lines_of(answer, strike=strike), links)
    if answer.kind not in OVERVIEWS:
        shown = "".join(
            row_html(part, escape_html) if isinstance(part, QuotedRow) else _part_html(part, links)
            for part in displayed_parts(answer)
        )
        return f'<p class="{kind}" dir="auto">{shown}</p>'
    blocks = ""
    for is_entry, group in itertools.groupby(lines(answer), key=lambda line: line.is_entry):
        shown = "".join(_line_html(line, links) for line in group)
        blocks += f"<ul>{shown}</ul>" if is_entry else shown
    return f'<div class="{kind}" dir="auto">{blocks}</div>'


def _checked_html(checked: Sequence[CheckedLine], links: Sequence[str]) -> str:
    """Return the text of a written answer, with the status of each statement."""
    blocks = ""
    for is_item, group in itertools.groupby(checked, key=lambda line: line.is_item):
        tag = "li" if is_item else "p"
        shown = "".join(
            f"<{tag}>{''.join(_run_html(run, links) for run in line.runs)}</{tag}>"
            for line in group
        )
        blocks += f"<ul>{shown}</ul>" if is_item else shown
    return f'<div class="answer" dir="auto">{blocks}</div>'


def _run_html(run: Run, links: Sequence[str]) -> str:
    if run.status_of:
        return _status_html(run.status_of)
    words = escape_html(run.text)
    if run.number:
        return f'<a href="{links[run.number - 1]}">{words}</a>'
    if run.is_struck:
        return f"<del>{words}</del>"
    return f'<span class="doubtful">{words}</span>' if run.is_doubtful else words


def _status_html(claim: Claim) -> str:
    status, words = claim.status, STATUS_WORDS[claim.status]
    return f' <span class="status-of {status.value}">{SYMBOLS[status]} {words}</span>'


def _line_html(line: Line, links: Sequence[str]) -> str:
    shown = "".join(_part_html(part, links) for part in line.parts)
    if line.is_entry:
        label = f"<strong>{escape_html(line.label)}</strong>" if line.label else ""
        return f"<li>{label}{shown}</li>"
    return f"<p>{f'<strong>{shown}</strong>' if line.is_lead else shown}</p>"


def _part_html(part: Part, links: Sequence[str]) -> str:
    shown = escape_html(part.text)
    if part.number:
        return f'<a href="{links[part.number - 1]}">{shown}</a>'
    return f"<strong>{shown}</strong>" if part.is_short else shown


def _origin(source: str | None) -> dict[str, str]:
    """Return the name of an article's file or address, and its link if it is from the web."""
    return {"name": source or "", "address": safe_address(source) if is_address(source) else ""}


def _shown_article(shown: _Shown, pages: ExportedPages) -> dict[str, object]:
    """Return the template's values for an article."""
    length = f"{len(shown.article.text):,} characters"
    if shown.body.is_excerpt:
        length += "; the paragraphs around the quotes are shown"
    return {
        "title": shown.article.title,
        "opens_with_title": opens_with_title(shown.article),
        "origin": _origin(shown.article.source),
        "length": length,
        "text": Markup(shown.body.html),  # noqa: S704 - escaped by article_html
        "pages": pages.of(shown.article),
    }
