"""Documents with pages asked as a user asks them: the citation names the right page."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.article_qa import ArticleQA
from qa.output.to_text import to_plain
from qa.settings import Settings
from tests.documents import PROSE, docx, epub, odt, pdf, pptx, rtf, written

FACT = "The bridge opened in 1932."
QUESTION = "When did the bridge open?"
DOCUMENTS = {
    "a.pdf": (
        pdf([["# The Harbour"], [FACT], ["The tower is", "90 m high."]], head="The Report"),
        2,
    ),
    "a.pptx": (pptx([("The Harbour", "It is old.", ""), ("The Bridge", FACT, "")]), 2),
    "a.docx": (docx([("Heading 1", "The Harbour"), ("Normal", PROSE), ("Normal", FACT)]), None),
    "a.epub": (epub({"a": f"<p>{PROSE}</p>", "b": f"<p>{FACT}</p>"}), None),
    "a.odt": (odt(f"<text:p>{PROSE}</text:p><text:p>{FACT}</text:p>"), None),
    "a.rtf": (rtf(f"{PROSE}\\par {FACT}\\par"), None),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_answers_with_an_exact_citation_and_its_page(name: str, tmp_path: Path) -> None:
    data, page = DOCUMENTS[name]
    with ArticleQA.from_file(written(tmp_path, name, data)) as qa:
        answer = qa.ask(QUESTION)
        (article,) = qa.articles()
    assert answer.answered
    citation = answer.citations[0]
    citation.check(article)
    assert citation.quote == FACT
    assert citation.page == page
    assert (", p. 2" in to_plain(answer)) is (page is not None)


def test_a_refusal_tells_the_pages_of_the_nearest_passages(tmp_path: Path) -> None:
    with ArticleQA.from_file(written(tmp_path, "a.pptx", DOCUMENTS["a.pptx"][0])) as qa:
        answer = qa.ask("Who painted the harbour for the museum?")
    assert not answer.answered
    assert {passage.page for passage in answer.passages} == {1, 2}
    assert "The Harbour, p." in to_plain(answer) or "A, p." in to_plain(answer)


def test_pages_last_in_a_library_on_disk(tmp_path: Path) -> None:
    with ArticleQA.open(tmp_path / "library") as qa:
        added = qa.add_bytes(DOCUMENTS["a.pdf"][0], "a.pdf")
        assert len(added.pages) == 3
    with ArticleQA.open(tmp_path / "library") as qa:
        assert qa.article(added.id).pages == added.pages
        assert qa.ask(QUESTION).citations[0].page == 2


def test_the_settings_limits_hold_for_every_way_of_adding(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", DOCUMENTS["a.pdf"][0])
    settings = Settings(max_pages=2)
    with pytest.raises(ValueError, match="max_pages"):
        ArticleQA.from_file(path, settings)
    with ArticleQA.open(tmp_path / "library", settings) as qa:
        with pytest.raises(ValueError, match="max_pages"):
            qa.add_file(path)
        with pytest.raises(ValueError, match="max_pages"):
            qa.add_bytes(path.read_bytes(), "a.pdf")
