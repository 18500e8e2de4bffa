"""Texts that could be taken for markup, and what Markdown makes of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import strategies as st
from markdown_it import MarkdownIt

HOSTILE = [
    "<img src=x onerror=window.pwned=1>",
    "</div><script>window.pwned=1</script>",
    "${window.pwned=1} {{7*7}} $x^2$ \\(x\\)",
    "[[x]](javascript:window.pwned=1) ![a](https://evil.example/x.png) [1] [a]: http://b",
    "# heading\n- list\n1. one\n2) two\n> quote\n| a | b |\n|---|---|\n~~no~~ **b** _i_ `c`",
    "```\ncode\n```\n    indented\n\ttab\n---\n***\nsetext\n===",
    "https://evil.example/a www.evil.example a@evil.example <https://x.example> mailto:a@b.example",
    "&lt;b&gt; &amp; &#60; \\* \\\\ \x00 \x1b[31m \u202e",
    "wow!",
    " leading and trailing  \n",
]
texts = st.one_of(
    st.text(),
    st.text(alphabet="ab1 \n\t#*-_+=>|~$!&;:.()[]{}<>`\\/@\"'wht", max_size=60),
    st.sampled_from(HOSTILE),
)


class Page(HTMLParser):
    """The tags, the links and the text of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert attrs == [("class", "unseen")] or {name for name, _ in attrs} <= {"href"}

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "li"}:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        # The renderer's own line ends, between blocks; a text's have become spaces.
        self.text += data.replace("\n", "")


def rendered(markdown: str) -> Page:
    """Return what GitHub-flavoured Markdown makes of it, raw HTML let through as Gradio does."""
    page = Page()
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True}).render(markdown)
    page.feed(html)
    page.close()
    return page


def literal(text: str) -> str:
    """Return the text as it must come back: line ends are spaces, control characters U+FFFD."""
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]", "\ufffd", re.sub(r"[\t\v\f\r]", " ", text))
    return re.sub(r" *\n *", "\n", re.sub(r"\n(?: *\n)+", "\n", text)).replace("\n", " ")


def squeezed(text: str) -> str:
    """Return the text with each run of spaces and line breaks as one space."""
    return re.sub(r"[ \n]+", " ", text).strip()
