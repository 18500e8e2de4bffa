"""An article made of a PDF, with where each of its words is."""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2

from index.source_file import PageLayout, SourceFile
from index.types import Article


def printed_article(data: bytes, *, name: str = "printed.pdf", title: str = "Printed") -> Article:
    """Return the article of a PDF in the order of its letters, its file and layouts included."""
    text, pages, layouts = "", [], []
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            pages.append(len(text))
            letters = page.get_textpage()
            found = letters.get_text_range()
            width, height = page.get_size()
            words = []
            for word in re.finditer(r"\S+", found):
                boxes = [letters.get_charbox(at, loose=True) for at in range(*word.span())]
                words.append(
                    (
                        len(text) + word.start(),
                        len(text) + word.end(),
                        min(box[0] for box in boxes),
                        height - max(box[3] for box in boxes),
                        max(box[2] for box in boxes),
                        height - min(box[1] for box in boxes),
                    )
                )
            layouts.append(PageLayout.of_words(width, height, words))
            text += found.replace("\r\n", " \n") + "\n\n"
    article = Article.from_text(text.rstrip(), title=title, source=name, pages=tuple(pages))
    return replace(article, file=SourceFile(name, data, tuple(layouts)))
