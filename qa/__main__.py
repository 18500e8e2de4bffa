"""Start the command line: ``article-qa``, or ``python -m qa``."""

from __future__ import annotations

import os
import signal


def _exit_interrupted(*_: object) -> None:
    """Do as qa.cli.terminal.exit_interrupted, which takes longer to import."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


# Before anything else is imported, so that Ctrl-C is quiet from here until the process is gone.
signal.signal(signal.SIGINT, _exit_interrupted)


def main() -> None:
    """Import and run the command line, after showing in a terminal that it has started."""
    shown = os.isatty(2) and os.environ.get("TERM") != "dumb"
    if shown:
        os.write(2, b"Starting...\r")
    from qa.cli.commands import main as run

    if shown:
        os.write(2, b"\x1b[K")
    run()


if __name__ == "__main__":
    main()
