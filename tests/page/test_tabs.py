"""What is saved of a tab for its reload: for this tab only, and within limits."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest

from index.types import Article
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.page import tabs as tabs_module
from qa.page.chat import Chat, Turn
from qa.page.tabs import MAX_IDLE_SECONDS, PendingQuestion, Tabs
from qa.page.view import View

KEY, OTHER = "0" * 32, "f" * 32
ARTICLE = Article.from_text("One. Two.", title="T")


def chat_of(*questions: str) -> Chat:
    return Chat(tuple(Turn(question) for question in questions))


def asked(tabs: Tabs, key: str) -> list[str]:
    return [turn.question for turn in tabs.enter("again", key).chat.turns]


def save(tabs: Tabs, key: str, chat: Chat) -> None:
    tabs.enter(key, key)
    tabs.save(key, chat=chat)


def test_a_reloaded_tab_gets_its_chat_and_view_back() -> None:
    tabs = Tabs()
    tab = tabs.enter("first", KEY)
    assert (tab.chat, tab.view) == (Chat(), View())
    tabs.save("first", chat=chat_of("Who?"))
    tabs.save("first", view=View(article_id="a"))
    tab = tabs.enter("second", KEY)
    assert (tab.chat, tab.view.article_id) == (chat_of("Who?"), "a")


def test_no_tab_gets_the_chat_of_another() -> None:
    tabs = Tabs()
    save(tabs, KEY, chat_of("Who?"))
    save(tabs, OTHER, chat_of("What?"))
    assert asked(tabs, KEY) == ["Who?"]
    assert asked(tabs, OTHER) == ["What?"]


@pytest.mark.parametrize("key", ["", "0" * 31, "0" * 33, "G" * 32, "０" * 32, KEY + "\n"])
def test_nothing_is_saved_under_an_invalid_key(key: str) -> None:
    tabs = Tabs()
    save(tabs, key, chat_of("Who?"))
    assert asked(tabs, key) == []


def test_clearing_the_chat_keeps_the_view() -> None:
    tabs = Tabs()
    tabs.enter("first", KEY)
    tabs.save("first", chat=chat_of("Who?"), view=View(unselected=frozenset("a")))
    tabs.save("first", chat=Chat())
    tab = tabs.enter("second", KEY)
    assert not tab.chat.turns
    assert tab.view.unselected == {"a"}


def test_an_earlier_visit_in_the_tab_can_no_longer_save() -> None:
    tabs = Tabs()
    tabs.enter("first", KEY)
    tabs.save("first", chat=chat_of("Who?"))
    tabs.enter("second", KEY)
    tabs.save("second", chat=Chat())
    tabs.save("first", chat=chat_of("Who?", "Late?"))
    assert asked(tabs, KEY) == []


def test_nothing_is_saved_for_an_unknown_visit() -> None:
    tabs = Tabs()
    tabs.save("first", chat=chat_of("Who?"))
    assert asked(tabs, KEY) == []


def test_a_tab_not_used_for_a_day_is_dropped() -> None:
    now = 0.0
    tabs = Tabs(lambda: now)
    for key in (KEY, OTHER):
        save(tabs, key, chat_of("Who?"))
    now = MAX_IDLE_SECONDS / 2
    assert asked(tabs, KEY) == ["Who?"]
    now = MAX_IDLE_SECONDS + 1
    assert asked(tabs, OTHER) == []
    assert asked(tabs, KEY) == ["Who?"]


def test_above_the_limit_the_least_recently_used_tab_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tabs_module, "MAX_TABS", 2)
    tabs = Tabs()
    for number in range(3):
        save(tabs, f"{number:032}", chat_of(str(number)))
        assert asked(tabs, f"{0:032}") == ["0"]  # and so it is used again
    assert asked(tabs, f"{2:032}") == ["2"]
    assert asked(tabs, f"{1:032}") == []


def test_pages_without_questions_push_out_no_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tabs_module, "MAX_TABS", 2)
    tabs = Tabs()
    save(tabs, KEY, chat_of("Who?"))
    for number in range(1, 6):
        tabs.enter(f"{number}", f"{number:032x}")
        tabs.save(f"{number}", view=View(article_id=str(number)))
    assert asked(tabs, KEY) == ["Who?"]
    assert tabs.enter("again", f"{5:032x}").view.article_id == "5"
    assert tabs.enter("again", f"{1:032x}").view.article_id == ""


def test_above_the_limit_the_least_recently_used_visit_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tabs_module, "MAX_VISITS", 2)
    tabs = Tabs()
    for number in range(3):
        tabs.enter(f"{number}", f"{number:032x}")
        tabs.save("0", view=View())  # and so it is used again
    for number in range(3):
        tabs.save(f"{number}", chat=chat_of("Who?"))
    tab = [asked(tabs, f"{number:032x}") for number in range(3)]
    assert tab == [["Who?"], [], ["Who?"]]


def test_a_question_is_pending_until_its_chat_is_saved() -> None:
    tabs, pending = Tabs(), PendingQuestion("Who?", Chat(), Chat(), Future())
    tabs.enter("first", KEY)
    tabs.save_pending("first", pending)
    assert tabs.enter("second", KEY).pending is pending
    tabs.save("first", chat=chat_of("Who?"))  # the tab has another visit
    tabs.save("second", view=View(article_id="a"))
    assert tabs.pending("second") is pending
    assert tabs.pending("first") is None
    tabs.save("second", chat=chat_of("Who?"))
    assert tabs.pending("second") is None
    assert asked(tabs, KEY) == ["Who?"]


def test_only_the_newest_turns_of_a_long_conversation_are_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tabs_module, "MAX_TAB_CHARS", 10)
    tabs = Tabs()
    save(tabs, KEY, chat_of("1" * 5, "2" * 5, "3" * 5))
    assert asked(tabs, KEY) == ["2" * 5, "3" * 5]
    save(tabs, KEY, chat_of("1", "2" * 11))
    assert asked(tabs, KEY) == []


def test_quotes_and_passages_count_towards_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs_module, "MAX_TAB_CHARS", 10)
    answer = Answer(
        "q", "", None, (Citation.of(ARTICLE, 0, 9),), answered=True, confidence=0.5, passages=()
    )
    turn = Turn("q", answer)
    tabs = Tabs()
    save(tabs, KEY, Chat((turn,)))
    assert asked(tabs, KEY) == ["q"]
    save(tabs, KEY, Chat((turn, replace(turn, question="qq"))))
    assert asked(tabs, KEY) == []


def test_the_length_of_all_tabs_together_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs_module, "MAX_TOTAL_CHARS", 10)
    tabs = Tabs()
    save(tabs, KEY, chat_of("1" * 6))
    for _ in range(3):  # what takes the place of itself is counted once
        save(tabs, KEY, chat_of("1" * 6))
    assert asked(tabs, KEY) == ["1" * 6]
    save(tabs, OTHER, chat_of("2" * 6))
    assert asked(tabs, KEY) == []
    assert asked(tabs, OTHER) == ["2" * 6]
