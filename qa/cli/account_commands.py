"""The commands that keep the accounts and tokens of a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from index.errors import LibraryError, SettingsError
from index.library_address import is_milvus
from index.store.folder import STORE_FILE
from qa.cli.terminal import (
    JsonOption,
    LibraryOption,
    StateOption,
    print_json,
    print_text,
    required,
    wrong_usage,
)
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Role
from qa.visitors.credentials import Tokens
from qa.visitors.passwords import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Passwords
from qa.visitors.state_database import StateDatabase

accounts_app = typer.Typer(
    help="Keep the accounts of a server: see serve --auth.", no_args_is_help=True
)
tokens_app = typer.Typer(
    help="Keep the tokens by which programs use a server with accounts.", no_args_is_help=True
)
_FileOption = Annotated[
    Path, typer.Option("--file", "-f", help="File with the accounts.", metavar="FILE")
]
_NameArgument = Annotated[str, typer.Argument(help="Name of the account.")]
_RoleOption = Annotated[
    Role,
    typer.Option(
        help="reader: asks, and adds articles that no other account sees; editor: also changes the "
        "articles that all see."
    ),
]


@accounts_app.command("add")
def add_account(name: _NameArgument, file: _FileOption, role: _RoleOption = Role.READER) -> None:
    """Add an account; the password is asked for, or read from standard input.

    Example: article-qa accounts add anna --role editor --file accounts.txt
    """
    password_hash = Passwords().hash(_new_password())
    account = Account.new(name, role, password_hash)
    Accounts(file).add(account)
    print_text(f"Added {account.name} ({role.value}).")


@accounts_app.command("password")
def change_password(name: _NameArgument, file: _FileOption) -> None:
    """Change the password of an account, which ends its sessions.

    Example: article-qa accounts password anna --file accounts.txt
    """
    accounts = Accounts(file)
    account = _existing(accounts, name)
    accounts.replace(replace(account, password_hash=Passwords().hash(_new_password())))
    print_text(f"Changed the password of {account.name}.")


@accounts_app.command("remove")
def remove_account(name: _NameArgument, file: _FileOption) -> None:
    """Remove an account, which ends its sessions and tokens. Its articles stay in the library.

    Example: article-qa accounts remove anna --file accounts.txt
    """
    Accounts(file).remove(name)
    print_text(f"Removed {name.casefold()}.")


@accounts_app.command("list")
def list_accounts(file: _FileOption, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag
    """List the accounts with their roles.

    Example: article-qa accounts list --file accounts.txt
    """
    found = Accounts(file).all()
    if as_json:
        rows = [{"name": a.name, "role": a.role.value, "added_at": a.added_at} for a in found]
        print_json(rows)
    else:
        for account in found:
            print_text(f"{account.name}  {account.role.value}  added {account.added_at[:10]}")


@tokens_app.command("create")
def create_token(  # noqa: PLR0913, PLR0917 - one for each option
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    account: Annotated[str, typer.Option(help="Name of the account that it acts for.")],
    library: LibraryOption = None,
    state: StateOption = None,
    scope: Annotated[str, typer.Option(help="read, or write to add and remove articles.")] = "read",
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days until it ends.")] = 90,
) -> None:
    """Create a token and print it, once.

    Example: article-qa tokens create notebook --account anna --library library/
    """
    if scope not in ("read", "write"):
        msg = f"The scope is {scope!r}; it must be read or write."
        raise typer.BadParameter(msg)
    with _tokens(library, state) as tokens:
        token = tokens.create(account, name, can_write=scope == "write", days=days)
    sys.stdout.write(f"{token}\n")


@tokens_app.command("list")
def list_tokens(
    library: LibraryOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """List the tokens, without their secrets.

    Example: article-qa tokens list --library library/
    """
    with _tokens(library, state) as tokens:
        found = tokens.all()
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        scope = "write" if each.can_write else "read"
        end = f"until {each.expires_at[:10]}" if each.expires_at else "without end"
        print_text(f"{each.id}  {each.name}  {each.account}  {scope}  {end}")


@tokens_app.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(help="Id of the token, as listed.", metavar="ID")],
    library: LibraryOption = None,
    state: StateOption = None,
) -> None:
    """End a token at once.

    Example: article-qa tokens revoke 1f0c93aa --library library/
    """
    with _tokens(library, state) as tokens:
        tokens.revoke(token_id)
    print_text(f"Revoked {token_id}.")


def _existing(accounts: Accounts, name: str) -> Account:
    account = accounts.find(name)
    if account is None:
        msg = f"There is no account {name!r} in {accounts.path}."
        raise SettingsError(msg)
    return account


@contextmanager
def _tokens(library: str | None, state: Path | None) -> Iterator[Tokens]:
    database = StateDatabase(state or _library_folder(required(library)))
    try:
        yield Tokens(database)
    finally:
        database.close()


def _library_folder(library: str) -> Path:
    """Return the folder of a library, in which its tokens are."""
    if is_milvus(library):
        wrong_usage(
            "The tokens of a library on Milvus are kept by its server. Name the folder that the "
            "server has as --state."
        )
    folder = Path(library)
    if not (folder / STORE_FILE).is_file():
        msg = f"There is no library in {folder}. Add an article first: article-qa add"
        raise LibraryError(msg)
    return folder


def _new_password() -> str:
    """Return a password from the terminal, where it is asked for twice, or from standard input.

    Raises:
        SettingsError: It is too short or too long.
    """
    if sys.stdin.isatty():
        password: str = typer.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        msg = f"A password must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS:,} characters."
        raise SettingsError(msg)
    return password
