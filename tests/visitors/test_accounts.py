"""The file of accounts, and the commands that keep it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.errors import SettingsError
from qa.cli.commands import app
from qa.visitors import passwords
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Role
from qa.visitors.passwords import Passwords
from tests.visitors.sites import CHEAP, PASSWORD, accounts_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.txt"


def run(*arguments: object, typed: str = "", fails: bool = False) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)), input=typed)
    assert (result.exit_code != 0) == fails, result.output
    return result.output if not fails else str(result.exception)


def test_an_account_is_added_listed_and_removed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HashingCost", lambda: CHEAP)
    run("accounts", "add", "Anna", "--role", "editor", "--file", file, typed=f"{PASSWORD}\n")
    (listed,) = json.loads(run("accounts", "list", "--file", file, "--json"))
    assert (listed["name"], listed["role"]) == ("anna", "editor")
    account = Accounts(file).find("ANNA")
    assert account
    assert Passwords().matches(PASSWORD, account.password_hash)
    assert PASSWORD not in file.read_text(encoding="utf-8")
    run("accounts", "password", "anna", "--file", file, typed="another password\n")
    changed = Accounts(file).find("anna")
    assert changed
    assert Passwords().matches("another password", changed.password_hash)
    run("accounts", "remove", "anna", "--file", file)
    assert run("accounts", "list", "--file", file) == ""


@pytest.mark.parametrize("name", ["", "a b", "a:b", "../x", "a\nb", ".a", "ä", "a" * 65])
def test_a_name_with_other_characters_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be the name"):
        Account.new(name, Role.READER, "hash")


def test_a_short_password_is_refused_and_nothing_is_written(file: Path) -> None:
    assert "10 to" in run("accounts", "add", "anna", "--file", file, typed="short\n", fails=True)
    assert not file.exists()


def test_a_second_account_of_a_name_is_refused(file: Path) -> None:
    accounts = accounts_in(file)
    with pytest.raises(SettingsError, match="already"):
        accounts.add(Account.new("Anna", Role.EDITOR, "hash"))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes.")
def test_only_the_owner_may_read_the_file(file: Path) -> None:
    accounts_in(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        Accounts(file).all()


def test_a_change_of_the_file_takes_effect_at_once(file: Path) -> None:
    reading, writing = accounts_in(file), Accounts(file)
    anna = reading.find("anna")
    assert anna
    writing.replace(replace(anna, role=Role.EDITOR))
    changed = reading.find("anna")
    assert changed
    assert changed.role is Role.EDITOR
    writing.remove("anna")
    assert reading.find("anna") is None


@pytest.mark.parametrize("line", ["anna", "anna admin now hash", "an:na reader now hash", "\x80"])
def test_a_damaged_file_lets_nobody_in(file: Path, line: str) -> None:
    accounts = accounts_in(file)
    with file.open("a", encoding="latin-1") as end:
        end.write(f"{line}\n")
    with pytest.raises(SettingsError):
        accounts.find("anna")


def test_a_missing_file_lets_nobody_in_and_the_message_names_the_command(file: Path) -> None:
    accounts = accounts_in(file)
    file.unlink()
    with pytest.raises(SettingsError, match="accounts add"):
        accounts.find("anna")


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import argon2

    verified: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, hashed: str, password: str) -> bool:
        verified.append(hashed.split("$")[3])
        return verify(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    checking = Passwords(CHEAP)
    assert not checking.matches(PASSWORD, None)
    assert not checking.matches(PASSWORD, checking.hash("another"))
    assert verified == ["m=8,t=1,p=1"] * 2


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org"])  # noqa: S104 - refused
def test_another_address_needs_accounts_or_an_explicit_no(host: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", host])
    assert result.exit_code == 2
    assert "--no-auth" in result.output
