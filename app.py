"""The chat in the browser: the articles, the questions, and the cited words in their place.

Run it with ``python app.py`` and open http://127.0.0.1:7860.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    # What imports make stays. To look for garbage among it, over and over, takes a sixth of
    # the time until the page is served; main() has it looked for from then on.
    gc.disable()

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from gradio.themes import Base, Font

from index.errors import ArticleQAError
from qa.config import Settings
from qa.page.keyboard import KEYBOARD_SCRIPT
from qa.page.layout import build_page
from qa.page.problems import TROUBLE_SCRIPT
from qa.page.queueing import MOST_SESSIONS, THREADS
from qa.page.style import PAGE_STYLE
from qa.pipeline import ArticleQA

__all__ = ["build_page", "launch", "main"]

WARM_UP_AFTER = 3.0
"""Seconds. A page that is opened at once has the cores for itself until it is there, and then
has the models loaded."""

# Of the system: Gradio's own would be fetched first.
SANS, MONO = Font("sans-serif"), Font("monospace")

log = logging.getLogger(__name__)


def launch(
    page: gr.Blocks,
    *,
    host: str,
    port: int,
    max_upload: int = Settings().max_article_bytes,
) -> str:
    """Begin to serve ``page`` and return its address.

    ``max_upload`` is the largest file that is taken, in bytes.

    Raises:
        OSError: Nothing can listen there, as when the port is in use.
    """
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        theme=Base(primary_hue="cyan", neutral_hue="slate", font=SANS, font_mono=MONO),
        head=f"<style>{PAGE_STYLE}</style><script>{KEYBOARD_SCRIPT}{TROUBLE_SCRIPT}</script>",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size=max_upload,
        max_threads=THREADS,
        state_session_capacity=MOST_SESSIONS,
        quiet=True,
        share=False,
    )
    return address


def main(argv: Sequence[str] | None = None) -> None:
    """Open the page over the article that comes along, a file, or a library."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        qa = _opened(options)
        page = build_page(qa)
        limit = qa.settings.max_article_bytes
        address = launch(page, host=options.host, port=options.port, max_upload=limit)
    except ArticleQAError as error:
        sys.exit(f"article-qa: {error}")
    except OSError:
        sys.exit(f"article-qa: {options.host}:{options.port} is not free. Give another --port.")
    gc.freeze()
    gc.enable()
    log.info("Open %s in a browser. Ctrl-C ends it.", address)
    warming_up = threading.Timer(WARM_UP_AFTER, _warm_up, args=[qa])
    warming_up.daemon = True
    warming_up.start()
    page.block_thread()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="the port to listen on")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--library", type=Path, help="a folder of articles, made if absent")
    source.add_argument("--article", type=Path, help="a file to ask about, kept in memory")
    return parser


def _opened(options: argparse.Namespace) -> ArticleQA:
    if options.article:
        return ArticleQA.from_file(options.article)
    library = options.library or os.environ.get("ARTICLE_QA_LIBRARY")
    if library:
        return ArticleQA.open(library)
    return ArticleQA.bundled()


def _warm_up(qa: ArticleQA) -> None:
    try:
        qa.warm_up()
    except Exception as error:
        log.error("The models could not be loaded: %s", error)


if __name__ == "__main__":
    main()
