"""Serve a page with three accounts, whose passwords are hashed cheaply."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.layout import build_page
from qa.page.server import PageServer, ServeOptions, launch
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Role
from qa.visitors.gate import AccountAccess
from qa.visitors.passwords import HashingCost, Passwords

CHEAP = HashingCost(passes=1, kilobytes=8, lanes=1)
PASSWORD = "correct horse"  # noqa: S105 - of a test
SHARED_TEXT = "The harbour bridge opened in 1932. It is 1,149 metres long."


def accounts_in(file: Path) -> Accounts:
    """Create a file with the accounts anna, ben and eve, of whom eve is an editor."""
    accounts, passwords = Accounts(file), Passwords(CHEAP)
    for name, role in (("anna", Role.READER), ("ben", Role.READER), ("eve", Role.EDITOR)):
        accounts.add(Account.new(name, role, passwords.hash(PASSWORD)))
    return accounts


@dataclass
class Site:
    """A server with accounts, and what it uses."""

    server: PageServer
    services: Services
    access: AccountAccess
    client: httpx.Client

    def session(self, name: str) -> dict[str, str]:
        """Return the headers of a browser in which this account has just logged in."""
        account = self.access.accounts.find(name)
        assert account
        return self.cookie(self.access.sessions.begin(account))

    def cookie(self, session: str) -> dict[str, str]:
        """Return the headers of a browser with this session."""
        return {"cookie": f"article-qa-session-{self.server.port}={session}"}

    def token(self, name: str, *, can_write: bool = False) -> dict[str, str]:
        """Return the headers of a program with a new token of this account."""
        token = self.access.tokens.create(name, "test", can_write=can_write, days=1)
        return {"authorization": f"Bearer {token}"}

    def status(self, method: str, path: str, headers: dict[str, str]) -> int:
        """Return the status of a request with an empty JSON object; streams are not read."""
        self.client.cookies.clear()
        body: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") else None
        with self.client.stream(method, path, headers=headers, json=body) as response:
            return response.status_code


@contextmanager
def site_of(folder: Path, qa: ArticleQA) -> Iterator[Site]:
    """Serve ``qa`` with the three accounts, whose file is in ``folder``."""
    services = Services.of(qa, accounts_in(folder / "accounts.txt"))
    assert services.access
    access = replace(services.access, passwords=Passwords(CHEAP))
    services = replace(services, access=access)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of Gradio
        options = ServeOptions(port=0)
        page = build_page(qa, services)
        server = launch(page, options, settings=qa.settings, services=services)
        gc.collect()
    # Certificates, which it does not need, would take long to load.
    client = httpx.Client(base_url=server.address, trust_env=False, verify=False, timeout=30)  # noqa: S501
    try:
        yield Site(server, services, access, client)
    finally:
        client.close()
        server.close()
        services.close()
