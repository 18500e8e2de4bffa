"""A conversation as one HTML page, with the articles that it cites.

The page is self-contained: it loads nothing, runs no script, and its policy tells the browser
so. Everything from an article or a question is escaped; the only markup is ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.errors import ArticleNotFound
from index.types import Article
from qa.answers.answer import OVERVIEWS, Answer, Line, Part, lines, parts
from qa.answers.citation import Citation
from qa.output.article_html import Body, Mark, article_body, opens_with_title, place_id, split_rules
from qa.output.escape import escape_html, flat, is_address, safe_address
from qa.output.places import paragraphs_of, place, places_of
from qa.output.to_markdown import UNTITLED, exported_on
from qa.output.transcript import Transcript, Turn
from qa.page.style import EXPORT_STYLE

# About 20 printed pages. Of a longer article only the paragraphs around its citations are shown,
# so that a long conversation about a book stays a few hundred kilobytes.
WHOLE_ARTICLE_CHARS = 60_000
# Nothing but the page's own style sheet may take effect.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def conversation_to_html(transcript: Transcript, article_of: Callable[[str], Article]) -> str:
    """Return a conversation as one HTML page, with the articles that it cites.

    Each mark of an answer is a link to its exact words in the article, or in the list
    of sources where the article is not in the library any more.

    Args:
        transcript: The conversation.
        article_of: Returns the article of an id, as :meth:`qa.ArticleQA.article` does,
            and raises ArticleNotFound if there is none.

    Raises:
        CitationError: An article does not contain what a citation quotes from it.
    """
    shown = _shown_articles(transcript, article_of)
    turns = [_turn_html(number, turn, shown) for number, turn in enumerate(transcript.turns, 1)]
    sections = [_article_html(number, one) for number, one in enumerate(shown.values(), start=1)]
    title = escape_html(flat(transcript.title) or UNTITLED)
    date = (
        f'<p class="where">{escape_html(exported_on(transcript.at))}</p>' if transcript.at else ""
    )
    paper = (
        '<section class="paper" aria-label="Cited articles" tabindex="0">'
        f"{''.join(sections)}</section>"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{EXPORT_STYLE}</style>{split_rules(sections)}\n</head>\n"
        f'<body>\n<header><h1 dir="auto">{title}</h1>{date}</header>\n<main>\n'
        '<section id="conversation" aria-label="Conversation" tabindex="0">\n'
        f"{''.join(turns)}</section>\n{paper if sections else ''}\n</main>\n"
        '<nav id="back"><a href="#conversation">↑ Back to the conversation</a></nav>\n'
        "</body>\n</html>\n"
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """An article of the page, and the part of its text that is shown."""

    article: Article
    body: Body


def _shown_articles(
    transcript: Transcript, article_of: Callable[[str], Article]
) -> dict[str, _Shown]:
    """Return the articles that the conversation cites, in the order of their first citation."""
    marks: dict[str, list[Mark]] = {}
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
            marks[name].append(Mark(name, citation.start, citation.end, 0, answer.answered))
    return {
        name: _Shown(article, article_body(article, marks[name], whole_up_to=WHOLE_ARTICLE_CHARS))
        for name, article in articles.items()
    }


def _turn_html(number: int, turn: Turn, shown: dict[str, _Shown]) -> str:
    answer = turn.answer
    places = [_with_page(citation, shown) for citation in places_of(answer)]
    paragraphs = paragraphs_of(places, lambda article_id: _article(article_id, shown))
    links = [_link(number, i, citation, shown) for i, citation in enumerate(places, start=1)]
    heading = "Sources" if answer.answered else "Nearest passages"
    kind = "answer" if answer.answered else "refusal"
    note = f'<p class="where">Note: {escape_html(flat(answer.note))}</p>\n' if answer.note else ""
    labels = [place(citation, paragraphs.get(citation)) for citation in places]
    if answer.answered:
        labels = [f"[{i}] {label}" for i, label in enumerate(labels, start=1)]
    items = [
        _source_html(f"q{number}-{i}", label, citation, link)
        for i, (label, citation, link) in enumerate(zip(labels, places, links, strict=True), 1)
    ]
    below = f'<h3>{heading}</h3>\n<ol class="sources">\n{"".join(items)}</ol>\n' if items else ""
    return (
        f'<article class="turn" aria-labelledby="q{number}">\n'
        f'<h2 id="q{number}" dir="auto">{escape_html(turn.question)}</h2>\n'
        f"{note}{_text_html(answer, links, kind)}\n{below}</article>\n"
    )


def _article(article_id: str, shown: dict[str, _Shown]) -> Article:
    if article_id not in shown:
        raise ArticleNotFound(article_id)
    return shown[article_id].article


def _with_page(citation: Citation, shown: dict[str, _Shown]) -> Citation:
    """Return the citation with its page and source, which a retrieved passage does not have."""
    if citation.article_id not in shown:
        return citation
    article = shown[citation.article_id].article
    return replace(citation, page=article.page_of(citation.start), source=article.source)


def _link(turn: int, number: int, citation: Citation, shown: dict[str, _Shown]) -> str:
    """Return the address of the cited words in their article, or else among the sources."""
    name = place_id(citation.article_id, citation.start, citation.end)
    there = citation.article_id in shown and name in shown[citation.article_id].body.ids
    return f"#{name}" if there else f"#q{turn}-{number}"


def _text_html(answer: Answer, links: Sequence[str], kind: str) -> str:
    if answer.kind not in OVERVIEWS:
        shown = "".join(_part_html(part, links) for part in parts(answer))
        return f'<p class="{kind}" dir="auto">{shown}</p>'
    blocks = ""
    for is_entry, group in itertools.groupby(lines(answer), key=lambda line: line.is_entry):
        shown = "".join(_line_html(line, links) for line in group)
        blocks += f"<ul>{shown}</ul>" if is_entry else shown
    return f'<div class="{kind}" dir="auto">{blocks}</div>'


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


def _source_html(name: str, label: str, citation: Citation, link: str) -> str:
    where = " · ".join([f'<a href="{link}">{escape_html(label)}</a>', *_origin(citation.source)])
    return (
        f'<li id="{name}"><blockquote dir="auto">{escape_html(citation.quote)}</blockquote>'
        f'<p class="where">{where}</p></li>\n'
    )


def _origin(source: str | None) -> Iterator[str]:
    """Yield the file or the address of an article, if it has one; an address as a link."""
    if is_address(source):
        address = escape_html(safe_address(source))
        yield f'<a href="{address}" rel="noopener noreferrer">{escape_html(source)}</a>'
    elif source:
        yield escape_html(source)


def _article_html(number: int, shown: _Shown) -> str:
    article = shown.article
    unseen = ' class="unseen"' if opens_with_title(article) else ""
    length = f"{len(article.text):,} characters"
    if shown.body.is_excerpt:
        length += "; the paragraphs around the quotes are shown"
    return (
        f'<article aria-labelledby="a{number}"><header>'
        f'<h2 id="a{number}"{unseen} dir="auto">{escape_html(article.title)}</h2>'
        f'<p class="where">{" · ".join([*_origin(article.source), length])}</p>'
        f"</header>{shown.body.html}</article>\n"
    )
