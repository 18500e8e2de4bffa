"""A conversation as a document of its own: Markdown, or one HTML page with its articles.

The HTML page holds all it needs: it loads nothing, runs no script and says so to the
browser. Everything from an article or a question is escaped; the only markup is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from index.errors import ArticleNotFound
from index.types import Article
from qa.answers.answer import OVERVIEWS, Answer, Part, lines, parts
from qa.answers.citation import Citation
from qa.output.article_html import Body, Mark, article_body, opens_with_title, place_id, split_rules
from qa.output.escape import escape_html, escape_markdown, flat, is_address, safe_address
from qa.output.rendering import read_static, template_environment
from qa.output.to_text import note_markdown, place, places_of, text_to_markdown
from qa.output.transcript import Transcript, Turn

_templates = template_environment("qa.output")
_STYLE = Markup(read_static("qa.output", "palette.css", "marks.css", "export.css"))  # noqa: S704
UNTITLED = "Conversation"
# About 20 printed pages. A longer article is shown around its citations alone, so that
# the page of an afternoon with a book stays a few hundred kilobytes.
WHOLE_ARTICLE_CHARS = 60_000


def to_markdown(transcript: Transcript) -> str:
    """Return the conversation as a Markdown document.

    Below each answer stand the exact quotes, each with its place and source; below a
    refusal the nearest passages. Within a quote, a line break becomes a space.
    """
    blocks = [f"# {escape_markdown(_title(transcript))}"]
    if transcript.at:
        blocks.append(escape_markdown(_date(transcript.at)))
    for number, turn in enumerate(transcript.turns, start=1):
        blocks += [f"## {number}. {escape_markdown(flat(turn.question))}", *_replied(turn.answer)]
    return "\n\n".join(blocks) + "\n"


def to_html(transcript: Transcript, article_of: Callable[[str], Article]) -> str:
    """Return the conversation as one HTML page, with the articles that it cites.

    Each mark of an answer is a link to its exact words in the article, or in the list
    of sources where the article is not in the library any more.

    Args:
        transcript: The conversation.
        article_of: Gives the article of an id, as :meth:`qa.ArticleQA.article` does,
            and raises ArticleNotFound if there is none.

    Raises:
        CitationError: An article does not say what a citation quotes from it.
    """
    shown = _shown_articles(transcript, article_of)
    bodies = [one.body.html for one in shown.values()]
    page = _templates.get_template("export.html").render(
        style=_STYLE,
        split_rules=Markup(split_rules(bodies)),  # noqa: S704 - made of offsets and hashes
        title=_title(transcript),
        date=_date(transcript.at) if transcript.at else "",
        turns=[_turn(number, turn, shown) for number, turn in enumerate(transcript.turns, 1)],
        articles=[_article(one) for one in shown.values()],
    )
    return f"{page}\n"


def _title(transcript: Transcript) -> str:
    return flat(transcript.title) or UNTITLED


def _date(at: str) -> str:
    return f"Exported on {at[:10]}"


def _replied(answer: Answer) -> Iterator[str]:
    """Yield the Markdown blocks of an answer and of the quotes below it."""
    if answer.note:
        yield note_markdown(answer.note)
    yield text_to_markdown(answer)
    places = places_of(answer)
    if places and not answer.answered:
        yield "**Nearest passages**"
    for number, citation in enumerate(places, start=1):
        mark = f"[{number}] " if answer.answered else ""
        where = escape_markdown(place(citation))
        yield f"{mark}{where}{_source_markdown(citation.source)}"
        lines = escape_markdown(citation.quote.strip()).split("\n")
        yield "\n".join(f"> {line}".rstrip() for line in lines)


def _source_markdown(source: str | None) -> str:
    if is_address(source):
        return f" – [{escape_markdown(flat(source))}]({safe_address(source)})"
    return f" – {escape_markdown(flat(source))}" if source else ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """An article of the page, and what of it is there."""

    article: Article
    body: Body


def _shown_articles(
    transcript: Transcript, article_of: Callable[[str], Article]
) -> dict[str, _Shown]:
    """Return the articles that the conversation rests on, in the order they come up."""
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


def _turn(number: int, turn: Turn, shown: dict[str, _Shown]) -> dict[str, object]:
    """Return what the template shows of a question and its answer."""
    answer = turn.answer
    places = [_paged(citation, shown) for citation in places_of(answer)]
    links = [_link(number, i, citation, shown) for i, citation in enumerate(places, start=1)]
    return {
        "number": number,
        "question": turn.question,
        "note": flat(answer.note or ""),
        "text": Markup(_text_html(answer, links)),  # noqa: S704 - each part is escaped
        "heading": "Sources" if answer.answered else "Nearest passages",
        "sources": [
            {
                "id": f"q{number}-{i}",
                "quote": citation.quote,
                "link": link,
                "place": f"{f'[{i}] ' if answer.answered else ''}{place(citation)}",
                "origin": _origin(citation.source),
            }
            for i, (citation, link) in enumerate(zip(places, links, strict=True), start=1)
        ],
    }


def _paged(citation: Citation, shown: dict[str, _Shown]) -> Citation:
    """Return the citation with its page and source, which a retrieved passage does not know."""
    if citation.article_id not in shown:
        return citation
    article = shown[citation.article_id].article
    return replace(citation, page=article.page_of(citation.start), source=article.source)


def _link(turn: int, number: int, citation: Citation, shown: dict[str, _Shown]) -> str:
    """Return the address of the cited words in their article, or else among the sources."""
    name = place_id(citation.article_id, citation.start, citation.end)
    there = citation.article_id in shown and name in shown[citation.article_id].body.ids
    return f"#{name}" if there else f"#q{turn}-{number}"


def _text_html(answer: Answer, links: Sequence[str]) -> str:
    kind = "answer" if answer.answered else "refusal"
    if answer.kind not in OVERVIEWS:
        shown = "".join(_part_html(part, links) for part in parts(answer))
        return f'<p class="{kind}" dir="auto">{shown}</p>'
    blocks = ""
    for line in lines(answer):
        shown = "".join(_part_html(part, links) for part in line.parts)
        label = f"<strong>{escape_html(line.label)}</strong>" if line.label else ""
        if line.is_entry:
            blocks = blocks.removesuffix("</ul>") if blocks.endswith("</ul>") else f"{blocks}<ul>"
            blocks += f"<li>{label}{shown}</li></ul>"
        else:
            blocks += f"<p>{f'<strong>{shown}</strong>' if line.is_lead else shown}</p>"
    return f'<div class="{kind}" dir="auto">{blocks}</div>'


def _part_html(part: Part, links: Sequence[str]) -> str:
    shown = escape_html(part.text)
    if part.number:
        return f'<a href="{links[part.number - 1]}">{shown}</a>'
    return f"<strong>{shown}</strong>" if part.is_short else shown


def _origin(source: str | None) -> dict[str, str]:
    """Return the name of the file or address an article is from; the link if it is on the web."""
    return {"name": source or "", "address": safe_address(source) if is_address(source) else ""}


def _article(shown: _Shown) -> dict[str, object]:
    """Return what the template shows of an article."""
    length = f"{len(shown.article.text):,} characters"
    if shown.body.is_excerpt:
        length += "; the paragraphs around the quotes are shown"
    return {
        "title": shown.article.title,
        "opens_with_title": opens_with_title(shown.article),
        "origin": _origin(shown.article.source),
        "length": length,
        "text": Markup(shown.body.html),  # noqa: S704 - escaped as it was made
    }
