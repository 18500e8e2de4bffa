"""Run the web page: ``python app.py`` does the same as ``article-qa serve``."""

from __future__ import annotations

import typer

from qa.cli.commands import main
from qa.cli.serve import serve

if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    command.command()(serve)
    main(command)
