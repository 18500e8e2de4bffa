"""Start the command line: ``article-qa``, or ``python -m qa``."""

from __future__ import annotations

from qa.interrupts import exit_on_interrupt


def main() -> None:
    """Import and run the command line. Ctrl-C is quiet from here until the process is gone."""
    exit_on_interrupt()
    from qa.cli import main as run

    run()


if __name__ == "__main__":
    main()
