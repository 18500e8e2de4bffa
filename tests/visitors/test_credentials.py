"""Tokens and sessions: who is recognised by them, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.errors import SettingsError
from qa.cli.commands import app
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Role
from qa.visitors.credentials import IDLE, LONGEST, Sessions, Tokens
from qa.visitors.state_database import StateDatabase
from qa.visitors.visits import Visits
from tests.libraries import filled
from tests.visitors.sites import accounts_in

ADDRESS = "192.0.2.1"


class Clock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return accounts_in(tmp_path / "accounts.txt")


@pytest.fixture
def state() -> Iterator[StateDatabase]:
    database = StateDatabase(None)
    yield database
    database.close()


def anna(accounts: Accounts) -> Account:
    found = accounts.find("anna")
    assert found
    return found


@pytest.mark.parametrize("can_write", [True, False])
def test_a_token_acts_for_its_account_within_its_scope(
    state: StateDatabase, accounts: Accounts, clock: Clock, *, can_write: bool
) -> None:
    tokens = Tokens(state, clock)
    token = tokens.create("Anna", "notebook", can_write=can_write, days=90)
    caller = tokens.caller(token, accounts, ADDRESS)
    assert caller
    assert (caller.name, caller.visitor, caller.role) == ("anna", "anna", Role.READER)
    assert (caller.can_write, caller.address) == (can_write, ADDRESS)
    clock.now += timedelta(days=90)
    assert tokens.caller(token, accounts, ADDRESS) is None


def test_no_secret_is_stored(state: StateDatabase, accounts: Accounts) -> None:
    token = Tokens(state).create("anna", "notebook", can_write=True, days=None)
    session = Sessions(state).begin(anna(accounts))
    with state.reading() as db:
        stored = "\n".join(db.iterdump())
    assert token not in stored
    assert session not in stored


def test_a_revoked_token_is_nobodys(state: StateDatabase, accounts: Accounts) -> None:
    tokens = Tokens(state)
    token = tokens.create("anna", "notebook", can_write=True, days=1)
    tokens.revoke(tokens.all()[0].id)
    assert tokens.caller(token, accounts, ADDRESS) is None
    with pytest.raises(SettingsError, match="no token"):
        tokens.revoke("none")


def test_who_is_added_under_the_name_of_a_removed_account_gets_no_token_or_session_of_it(
    state: StateDatabase, accounts: Accounts
) -> None:
    tokens, sessions = Tokens(state), Sessions(state)
    token = tokens.create("anna", "notebook", can_write=True, days=1)
    session = sessions.begin(anna(accounts))
    accounts.remove("anna")
    assert tokens.caller(token, accounts, ADDRESS) is None
    assert sessions.caller(session, accounts, ADDRESS) is None
    accounts.add(Account.new("anna", Role.EDITOR, "another-hash"))
    assert tokens.caller(token, accounts, ADDRESS) is None
    assert sessions.caller(session, accounts, ADDRESS) is None


def test_another_password_ends_the_sessions_and_another_role_changes_them(
    state: StateDatabase, accounts: Accounts
) -> None:
    sessions = Sessions(state)
    session = sessions.begin(anna(accounts))
    accounts.replace(replace(anna(accounts), role=Role.EDITOR))
    caller = sessions.caller(session, accounts, ADDRESS)
    assert caller
    assert caller.may_edit_shared()
    accounts.replace(replace(anna(accounts), password_hash="another"))  # noqa: S106 - none
    assert sessions.caller(session, accounts, ADDRESS) is None


def test_a_session_ends_when_it_is_idle_and_after_its_longest_time(
    state: StateDatabase, accounts: Accounts, clock: Clock
) -> None:
    sessions = Sessions(state, clock)
    session, idle = sessions.begin(anna(accounts)), sessions.begin(anna(accounts))
    begin = clock.now
    while clock.now + IDLE < begin + LONGEST:
        clock.now += IDLE
        assert sessions.caller(session, accounts, ADDRESS)
    assert sessions.caller(idle, accounts, ADDRESS) is None
    clock.now = begin + LONGEST
    assert sessions.caller(session, accounts, ADDRESS) is None


def test_an_ended_session_is_nobodys(state: StateDatabase, accounts: Accounts) -> None:
    sessions = Sessions(state)
    session = sessions.begin(anna(accounts))
    sessions.end(session)
    assert sessions.caller(session, accounts, ADDRESS) is None


@pytest.mark.parametrize("secret", ["", "aqa_", "x" * 43, "x" * 10**6, "\udcff", "' OR 1=1 --"])
def test_any_other_text_is_nobodys(state: StateDatabase, accounts: Accounts, secret: str) -> None:
    Tokens(state).create("anna", "notebook", can_write=True, days=1)
    assert Tokens(state).caller(secret, accounts, ADDRESS) is None
    assert Sessions(state).caller(secret, accounts, ADDRESS) is None


def test_a_visit_belongs_to_the_account_that_used_it_first() -> None:
    visits = Visits()
    assert visits.belongs_to("one", "anna")
    assert not visits.belongs_to("one", "ben")
    assert visits.belongs_to("one", "anna")


def test_the_commands_create_list_and_revoke_tokens(tmp_path: Path) -> None:
    library = ["--library", str(filled(tmp_path / "library", 1))]

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["tokens", *arguments, *library])
        assert not result.exit_code, result.output
        return result.output

    token = run("create", "notebook", "--account", "anna").strip()
    assert token.startswith("aqa_")
    listed = run("list")
    assert "notebook  anna  read  until" in listed
    assert token not in listed
    run("revoke", listed.split()[0])
    assert run("list") == ""
