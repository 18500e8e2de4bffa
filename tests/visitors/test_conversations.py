"""Conversations that are kept: each visitor's own, found, changed, and whole after a crash."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from index.errors import ConversationNotFound, LibraryDamaged, TitleError, TooLarge
from index.types import Article
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.transcript import Turn
from qa.visitors import conversations as module
from qa.visitors.conversations import ConversationInfo, Conversations
from qa.visitors.state_database import StateDatabase

ARTICLE = Article.from_text("The lighthouse was lit in 1887.", title="Lighthouse")
ROOT = Path(__file__).parent.parent.parent


def turn_of(question: str = "When was it lit?", text: str = "In 1887.") -> Turn:
    citation = Citation.of(ARTICLE, 0, len(ARTICLE.text))
    answer = Answer(question, text, None, (citation,), answered=True, confidence=0.9, passages=())
    return Turn(question, answer)


@pytest.fixture
def kept() -> Iterator[Conversations]:
    state = StateDatabase(None)
    yield Conversations(state)
    state.close()


def names(found: tuple[list[ConversationInfo], int]) -> list[str]:
    return [info.name for info in found[0]]


def test_a_conversation_is_the_same_when_it_is_opened_again(tmp_path: Path) -> None:
    state = StateDatabase(tmp_path)
    first = Conversations(state).begin("", turn_of())
    Conversations(state).annotate("", first, 1, note=" Check this. ", pinned=True)
    state.close()
    state = StateDatabase(tmp_path)
    kept = Conversations(state)
    expected = replace(turn_of(), note="Check this.", pinned=True)
    assert kept.transcript("", first).turns == (expected,)
    assert kept.append("", first, turn_of("And who built it?")) == 2
    assert kept.is_saved
    state.close()


def test_a_conversation_is_named_after_its_first_question_until_it_is_renamed(
    kept: Conversations,
) -> None:
    conversation = kept.begin("", turn_of("How\ntall   is it? " + "really " * 20))
    name = kept.info("", conversation).name
    assert name.startswith("How tall is it? really")
    assert len(name) <= 60
    kept.append("", conversation, turn_of("Another question?"))
    assert kept.info("", conversation).name == name
    assert kept.rename("", conversation, "  Towers\n").name == "Towers"
    kept.append("", conversation, turn_of("A third?"))
    assert kept.info("", conversation).name == "Towers"


def test_a_visitor_sees_no_conversation_of_another(kept: Conversations) -> None:
    conversation = kept.begin("ada", turn_of())
    assert kept.search("bob") == ([], 0)
    attempts = (
        lambda: kept.info("bob", conversation),
        lambda: kept.transcript("bob", conversation),
        lambda: kept.append("bob", conversation, turn_of()),
        lambda: kept.annotate("bob", conversation, 1, note="Mine"),
        lambda: kept.rename("bob", conversation, "Mine"),
        lambda: kept.delete("bob", conversation),
        lambda: kept.info("ada", "\ud800"),
    )
    for attempt in attempts:
        with pytest.raises(ConversationNotFound):
            attempt()
    assert kept.clear("bob") == 0
    assert kept.transcript("ada", conversation).turns == (turn_of(),)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Harbour", "Ångström", "When was it lit?"]),
        ("HARBOUR", ["Harbour"]),
        ("a\u030angström", ["Ångström"]),
        ("lit 1887", ["When was it lit?"]),
        ("100%", ["Harbour"]),
        ("1_0", []),
        ("seen \N{FULLWIDTH LATIN CAPITAL LETTER T}wice", ["Ångström"]),
        ("1887 harbour", []),
        ("passages", []),
    ],
)
def test_all_words_are_searched_in_names_questions_answers_and_notes(
    kept: Conversations, words: str, found: list[str]
) -> None:
    kept.begin("", turn_of())
    unit = kept.begin("", turn_of("What is the unit?", "A length."))
    kept.rename("", unit, "Ångström")
    kept.annotate("", unit, 1, note="Seen twice")
    kept.rename("", kept.begin("", turn_of("How full?", "100% full.")), "Harbour")
    assert names(kept.search("", words)) == found


def test_a_list_is_read_in_parts_newest_first(kept: Conversations) -> None:
    for number in range(5):
        kept.begin("", turn_of(f"Question {number}?"))
    assert names(kept.search("", limit=2)) == ["Question 4?", "Question 3?"]
    infos, total = kept.search("", limit=2, offset=4)
    assert (total, [info.turns for info in infos]) == (5, [1])
    kept.append("", infos[0].id, turn_of())
    assert names(kept.search("", limit=1)) == ["Question 0?"]


def test_a_question_that_is_asked_again_replaces_the_turn_with_its_note(
    kept: Conversations,
) -> None:
    conversation = kept.begin("", turn_of())
    kept.annotate("", conversation, 1, note="Old", pinned=True)
    assert kept.append("", conversation, turn_of(text="In 1888."), number=1) == 1
    assert kept.transcript("", conversation).turns == (turn_of(text="In 1888."),)
    assert kept.info("", conversation).pinned == 0


def test_a_deleted_conversation_is_restored_as_it_was(kept: Conversations) -> None:
    conversation = kept.begin("", replace(turn_of(), note="Mine", pinned=True))
    before = kept.info("", conversation), kept.transcript("", conversation).turns
    deleted = kept.delete("", conversation)
    assert kept.search("") == ([], 0)
    for _ in range(2):
        kept.restore(deleted)
        assert (kept.info("", conversation), kept.transcript("", conversation).turns) == before


def test_limits_are_stated_and_nothing_older_is_dropped(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TURNS", 2)
    monkeypatch.setattr(module, "MAX_CONVERSATIONS", 1)
    conversation = kept.begin("", turn_of())
    kept.append("", conversation, turn_of())
    with pytest.raises(TooLarge, match="2 questions"):
        kept.append("", conversation, turn_of())
    with pytest.raises(TooLarge, match="Delete some"):
        kept.begin("", turn_of())
    assert kept.create("other").turns == 0
    monkeypatch.setattr(module, "MAX_CHARACTERS", 10)
    with pytest.raises(TooLarge, match="Begin a new"):
        kept.append("", conversation, turn_of(text="Longer."), number=2)
    assert kept.transcript("", conversation).turns == (turn_of(),) * 2
    with pytest.raises(TooLarge, match="note"):
        kept.annotate("", conversation, 1, note="x" * 5_000)
    with pytest.raises(TooLarge, match="name"):
        kept.rename("", conversation, "x" * 200)
    with pytest.raises(TitleError):
        kept.rename("", conversation, " \n")


def test_text_that_is_not_valid_unicode_is_kept_without_it(kept: Conversations) -> None:
    conversation = kept.begin("", turn_of("Who\ud800?", "Nobody\udfff."))
    (turn,) = kept.transcript("", conversation).turns
    assert (turn.question, turn.answer.text) == ("Who??", "Nobody\udfff.")


def test_a_damaged_answer_is_an_error_that_says_so(kept: Conversations) -> None:
    conversation = kept.begin("", turn_of())
    with kept._state.transaction() as db:
        db.execute("UPDATE turns SET answer = '{}'")
    with pytest.raises(LibraryDamaged, match="damaged"):
        kept.transcript("", conversation)


@pytest.mark.parametrize("number", [-1, 0, 2, 10**30])
def test_a_turn_that_is_not_there_is_not_found(kept: Conversations, number: int) -> None:
    conversation = kept.begin("", turn_of())
    with pytest.raises(ConversationNotFound, match="no question"):
        kept.annotate("", conversation, number, pinned=True)


def test_turns_appended_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    states = [StateDatabase(tmp_path) for _ in range(3)]
    shelves = [Conversations(state) for state in states]
    ids = [shelves[0].begin("", turn_of(f"{name}0")) for name in "ab"]
    start = threading.Barrier(6)

    def append(worker: int) -> None:
        start.wait()
        for _ in range(5):
            shelves[worker % 3].append("", ids[worker % 2], turn_of(f"{'ab'[worker % 2]}{worker}"))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(append, range(6)))
    for conversation, name in zip(ids, "ab", strict=True):
        questions = [each.question for each in shelves[0].transcript("", conversation).turns]
        assert len(questions) == 16
        assert {question[0] for question in questions} == {name}
    for state in states:
        state.close()


WRITER = """
import sys
from pathlib import Path
from tests.visitors.test_conversations import turn_of
from qa.visitors.conversations import Conversations
from qa.visitors.state_database import StateDatabase
kept = Conversations(StateDatabase(Path(sys.argv[1])))
conversation = kept.begin("", turn_of())
print(conversation, flush=True)
while True:
    print(kept.append("", conversation, turn_of(text="Word " * 2_000)), flush=True)
"""


def test_what_was_saved_before_a_kill_is_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout
        conversation = writer.stdout.readline().strip()
        lines = [writer.stdout.readline() for _ in range(5)]
        writer.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        lines += writer.stdout.readlines()
    acknowledged = max(int(line) for line in lines if line.endswith("\n"))
    state = StateDatabase(tmp_path)
    turns = Conversations(state).transcript("", conversation).turns
    assert len(turns) in {acknowledged, acknowledged + 1}
    assert {turn.answer.text for turn in turns[1:]} == {"Word " * 2_000}
    state.close()


class ModelOfConversations(RuleBasedStateMachine):
    """Compares the store with dictionaries of two visitors."""

    def __init__(self) -> None:
        super().__init__()
        self.state = StateDatabase(None)
        self.kept = Conversations(self.state)
        self.model: dict[str, dict[str, tuple[str, list[str]]]] = {"ada": {}, "bob": {}}

    def teardown(self) -> None:
        self.state.close()

    visitors = st.sampled_from(["ada", "bob"])
    texts = st.sampled_from(["north", "south", "east", "west"])
    positions = st.integers(0, 3)

    def nth(self, visitor: str, position: int) -> str | None:
        ids = list(self.model[visitor])
        return ids[position % len(ids)] if ids else None

    @rule(visitor=visitors, text=texts)
    def begin(self, visitor: str, text: str) -> None:
        self.model[visitor][self.kept.begin(visitor, turn_of(text))] = (text, [text])

    @rule(visitor=visitors, text=texts, position=positions)
    def append(self, visitor: str, text: str, position: int) -> None:
        if conversation := self.nth(visitor, position):
            questions = self.model[visitor][conversation][1]
            questions.append(text)
            number = self.kept.append(visitor, conversation, turn_of(text))
            assert number == len(questions)

    @rule(visitor=visitors, text=texts, position=positions)
    def rename(self, visitor: str, text: str, position: int) -> None:
        if conversation := self.nth(visitor, position):
            self.kept.rename(visitor, conversation, text)
            self.model[visitor][conversation] = (text, self.model[visitor][conversation][1])

    @rule(visitor=visitors, position=positions, is_undone=st.booleans())
    def delete(self, visitor: str, position: int, *, is_undone: bool) -> None:
        if conversation := self.nth(visitor, position):
            deleted = self.kept.delete(visitor, conversation)
            if is_undone:
                self.kept.restore(deleted)
            else:
                del self.model[visitor][conversation]

    @invariant()
    def agrees(self) -> None:
        for visitor, conversations in self.model.items():
            assert {info.id for info in self.kept.search(visitor)[0]} == conversations.keys()
            for conversation, (name, questions) in conversations.items():
                transcript = self.kept.transcript(visitor, conversation)
                assert transcript.title == name
                assert [turn.question for turn in transcript.turns] == questions
            for word in ("north", "west"):
                matching = [k for k, (n, q) in conversations.items() if word in (n, *q)]
                assert {info.id for info in self.kept.search(visitor, word)[0]} == set(matching)


def test_the_store_agrees_with_a_model_of_it() -> None:
    run_state_machine_as_test(
        ModelOfConversations,
        settings=settings(max_examples=15, stateful_step_count=12, deadline=None),
    )
