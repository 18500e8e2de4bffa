"""Following a link to its place, and opening the next part of a long article."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr
import pytest

from index.types import Article
from qa.answers.citation import Citation
from qa.output.places import place_id, place_of
from qa.page.article_list import ALREADY_REMOVED, END, START
from qa.page.article_view import BLOCK_CHARS, BLOCKS_SHOWN, WHOLE_CHARS, last_block
from qa.page.chat import Chat, Turn
from qa.page.handlers import follow_link, turn_to_part
from qa.page.view import View
from tests.page.handling import handlers_of, local
from tests.page.test_handlers import ScriptedQA, answer_of

LONG = Article.from_text("\n\n".join(f"Line {n} is here." for n in range(40_000)), title="Long")
SHORT = Article.from_text("One. Two.", title="Short")
VISITOR = gr.Request(session_hash="visitor")
QA = ScriptedQA(SHORT, LONG, outcome=answer_of())


def place(n: int) -> tuple[int, int]:
    start = LONG.text.index(f"Line {n} is")
    return start, start + len(f"Line {n} is here.")


def test_a_link_opens_the_part_that_contains_its_place() -> None:
    name = place_id(LONG.id, *place(20_000))
    view = follow_link(local(QA), View(article_id=SHORT.id), {"place": name})
    assert (view.article_id, view.target) == (LONG.id, name)
    shelf, panel, after = handlers_of(QA).open_link(
        Chat(), View(article_id=SHORT.id), gr.EventData(gr.HTML(), {"place": name}), VISITOR
    )
    assert f'id="{name}"' in panel
    assert f'data-target="{name}"' in panel
    assert "Long" in shelf
    assert after.target == ""


@pytest.mark.parametrize(
    "data", [None, "x", [], {}, {"place": 3}, {"place": "s9-1-" + LONG.id[:8]}, {"place": "s1-2-é"},
             {"place": "s1-2-ffffffff"}]
)  # fmt: skip
def test_an_invalid_link_shows_an_error_message(data: Any) -> None:  # noqa: ANN401 - anything may be sent
    before = View(article_id=SHORT.id)
    after = follow_link(local(QA), before, data)
    assert (after.article_id, after.target, after.problem) == (SHORT.id, "", ALREADY_REMOVED)


def test_a_place_beyond_the_end_opens_the_article_without_a_mark() -> None:
    name = place_id(LONG.id, 10**8, 10**8 + 5)
    sent = handlers_of(QA).open_link(
        Chat(), View(), gr.EventData(gr.HTML(), {"place": name}), VISITOR
    )
    assert "Line 39999 is here." in sent[1]
    assert f'id="{name}"' not in sent[1]


def test_a_malformed_place_id_is_no_place() -> None:
    assert place_of(place_id(LONG.id, 3, 9)) == (f"s3-9-{LONG.id[:8]}", 3, 9, LONG.id[:8])
    for name in ("", "chat", "s3-9-", "s9-3-0a1b2c3d", "s3-9-0a1b2c3d\n", "s٣-9-0a1b2c3d"):
        assert place_of(name) is None


def test_the_next_and_the_earlier_part_can_be_opened_up_to_the_ends() -> None:
    view = View(article_id=LONG.id)
    after = turn_to_part(local(QA), view, {"to": "after"})
    assert (after.block, after.target) == (BLOCKS_SHOWN, START)
    assert turn_to_part(local(QA), after, {"to": "before"}).block == 0
    assert turn_to_part(local(QA), view, {"to": "before"}).target == END
    end = View(article_id=LONG.id, block=last_block(len(LONG.text)))
    assert turn_to_part(local(QA), end, {"to": "after"}).block == end.block
    assert turn_to_part(local(QA), View(article_id="gone"), None).block == 0


def test_the_panel_shows_the_cited_part_of_a_long_article() -> None:
    start, end = place(20_000)
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(LONG, start, end))))
    panel = handlers_of(QA).show_answer(chat, View(), VISITOR)[2]
    assert f'id="{place_id(LONG.id, start, end)}"' in panel
    assert "Part of a long article: " in panel
    assert len(panel) < 3 * BLOCKS_SHOWN * BLOCK_CHARS
    assert "Earlier part" in panel
    assert "Next part" in panel


def test_an_answer_from_the_shown_part_does_not_move_it() -> None:
    chat = Chat().with_turn(Turn("q", answer_of(Citation.of(LONG, *place(20_000)))))
    view = handlers_of(QA).show_answer(chat, View(), VISITOR)[3]
    chat = chat.with_turn(Turn("r", answer_of(Citation.of(LONG, *place(20_050)))))
    assert handlers_of(QA).show_answer(chat, view, VISITOR)[3].block == view.block


def test_the_panel_holds_as_many_cited_articles_as_fit() -> None:
    articles = [
        Article.from_text(f"{n} here. " + "x" * (WHOLE_CHARS // 3), title=f"No {n}")
        for n in range(9)
    ]
    qa = ScriptedQA(*articles, outcome=answer_of())
    chat = Chat()
    for article in articles:
        chat = chat.with_turn(Turn("q", answer_of(Citation.of(article, 0, 7))))
    panel = handlers_of(qa).show_answer(chat, View(), VISITOR)[2]
    assert re.findall(r"<summary>(.*?)</summary>", panel) == ["No 8", "No 7"]
    assert len(panel) < WHOLE_CHARS * 1.2
