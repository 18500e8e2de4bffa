"""Answer a program over the Model Context Protocol: the command ``article-qa mcp``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from index.errors import ModelUnavailable
from qa.cli.terminal import LibraryOption, wrong_usage

_NOT_INSTALLED = "MCP needs the extra mcp. Run: pip install 'article-qa[mcp]'"


def mcp(
    library: LibraryOption = None,
    article: Annotated[
        Path | None, typer.Option(help="A file to ask about, instead of a library.")
    ] = None,
    writing: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--writing", help="Let the program add and remove articles.")
    ] = False,
) -> None:
    """Answer a program over the Model Context Protocol, on standard input and output.

    A desktop assistant starts this command itself; see docs/frameworks.md. Without a library or an
    article, it answers from the bundled article. With --writing, the library is created if it does
    not exist. It ends when the program closes its input.

    Example: article-qa mcp --library library/
    """
    if article and library is not None:
        wrong_usage("Give either --article or --library, not both.")
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")  # on standard error
    from qa.api.mcp_endpoint import is_mcp_installed

    if not is_mcp_installed():
        raise ModelUnavailable(_NOT_INSTALLED)
    from index.embedding.embedder import load_in_background
    from qa.api.mcp_tools import build_mcp
    from qa.api.services import Services
    from qa.article_qa import ArticleQA
    from qa.visitors.caller import LOCAL
    from qa.visitors.state_database import StateDatabase

    if article:
        opened = ArticleQA.from_file(article)
    elif library is not None:
        opened = ArticleQA.open(library, create=writing, read_only=not writing)
    else:
        opened = ArticleQA.bundled()
    with opened as qa:
        services = Services(qa, StateDatabase(None))
        server = build_mcp(services, writing=writing, caller=LOCAL)
        loading = load_in_background(qa.warm_up)  # while the program introduces itself
        try:
            server.run("stdio", show_banner=False, log_level="WARNING")
        finally:
            loading.join()  # nothing can be loaded while the interpreter ends
            services.close()
