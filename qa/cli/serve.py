"""Run the web page: the command ``article-qa serve``, or ``python app.py``."""

from __future__ import annotations

import gc
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import SettingsError
from index.library_address import is_milvus
from qa.cli.terminal import (
    LibraryOption,
    StateOption,
    print_error,
    print_text,
    progress_bar,
    wrong_usage,
)

if TYPE_CHECKING:
    from qa.article_qa import ArticleQA
    from qa.visitors.accounts import Accounts

_HIGHEST_PORT = 65_535
_WARM_UP_AFTER_SECONDS = 3.0
"""How long to wait before loading the models, so that the page itself opens fast."""

NOT_PROTECTED = (
    "On {host}, others can reach the page. Let only accounts in with --auth FILE (see: article-qa "
    "accounts), or let anyone read, add and remove articles with --no-auth."
)
UNENCRYPTED = (
    "Warning: passwords are sent unencrypted. Serve the page by a proxy with HTTPS, and give its "
    "address with --root-path."
)

STATE_IN_MEMORY = (
    "Conversations and tags are kept in memory until the program ends. To keep them, name a "
    "folder: --state DIR"
)
SHELVES_NOT_KEPT = (
    "With --auth, a library on Milvus needs --state DIR. Without it, everyone would see the "
    "articles that accounts added for themselves once the program is started again."
)

_log = logging.getLogger(__name__)


def serve(  # noqa: PLR0913, PLR0917 - one for each option
    library: LibraryOption = None,
    state: StateOption = None,
    article: Annotated[
        Path | None, typer.Option(help="A file to ask about, instead of a library.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=_HIGHEST_PORT, help="Port to listen on.")] = 7860,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Further host name of the page, besides --host. May be repeated.",
        ),
    ] = None,
    root_path: Annotated[
        str,
        typer.Option(metavar="URL", help="Full address of the page behind a proxy."),
    ] = "",
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS", help="Proxy whose X-Forwarded-For is trusted. May be repeated."
        ),
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Let only the accounts in this file in. See: article-qa accounts",
            show_default=False,
        ),
    ] = None,
    no_auth: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option(
            "--no-auth",
            help="Without accounts, let anyone in who reaches the page on another --host.",
        ),
    ] = False,
    mcp_writing: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option("--mcp-writing", help="Let programs add and remove articles over MCP."),
    ] = False,
) -> None:
    """Run the web page until Ctrl-C.

    Without a library or an article, the page is about the bundled article. Only browsers on this
    machine can reach it unless --host says otherwise. Without --auth there is no log-in: anyone
    who reaches the page can read, add and remove articles.

    Example: article-qa serve --library library/
    """
    if article and library is not None:
        wrong_usage("Give either --article or --library, not both.")
    if auth and no_auth:
        wrong_usage("Give either --auth or --no-auth, not both.")
    if auth and not state and library is not None and is_milvus(library):
        wrong_usage(SHELVES_NOT_KEPT)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    # Imports create no garbage. Searching for it takes a sixth of the time until the page is up.
    gc.disable()
    with progress_bar("Starting the page"):
        from qa.api.services import Services
        from qa.page.layout import build_page
        from qa.page.server import ServeOptions, launch, listen

    options = ServeOptions(
        host=host,
        port=port,
        allowed_hosts=allowed_host or (),
        public_url=root_path,
        trusted_proxies=trusted_proxy or (),
    )
    if not (auth or no_auth or options.is_loopback):
        wrong_usage(NOT_PROTECTED.format(host=host))
    accounts = _open_accounts(auth) if auth else None
    with listen(options) as listener, _open_library(article, library) as qa:
        apart = no_auth or not options.is_local
        services = Services.of(qa, accounts, visitors_apart=apart, state_folder=state)
        services = replace(services, mcp_writing=mcp_writing)
        server = launch(
            build_page(qa, services),
            options,
            settings=qa.settings,
            services=services,
            listener=listener,
        )
        gc.freeze()
        gc.enable()
        print_text(f"Open {server.address} in a browser. Ctrl-C ends it.")
        if library is not None and services.state.path is None:
            print_text(STATE_IN_MEMORY)
        if auth and not (options.is_loopback or server.address.startswith("https:")):
            print_error(UNENCRYPTED)
        warm_up = threading.Timer(_WARM_UP_AFTER_SECONDS, _warm_up, args=[qa])
        warm_up.daemon = True
        warm_up.start()
        try:
            server.wait()
        finally:
            server.close()
            services.close()


def _open_accounts(file: Path) -> Accounts:
    """Return the accounts in a file.

    Raises:
        SettingsError: The file cannot be used, or has no account.
    """
    from qa.visitors.accounts import Accounts

    accounts = Accounts(file)
    if not accounts.all():
        msg = f"{file} has no account. Add one: article-qa accounts add NAME --file {file}"
        raise SettingsError(msg)
    return accounts


def _open_library(article: Path | None, library: str | None) -> ArticleQA:
    from qa.article_qa import ArticleQA

    if article:
        return ArticleQA.from_file(article)
    return ArticleQA.bundled() if library is None else ArticleQA.open(library)


def _warm_up(qa: ArticleQA) -> None:
    try:
        qa.warm_up()
    except Exception:
        _log.exception("The models could not be loaded.")
