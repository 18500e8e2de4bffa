"""The page as a server: Gradio behind our middleware, run by uvicorn in a thread of its own."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.routes import App
from gradio.themes import Base, Font
from gradio.utils import get_upload_folder
from starlette.types import ASGIApp

from index.errors import SettingsError
from qa.page.assets import PAGE_SCRIPT, PAGE_STYLE
from qa.page.body_limits import BodyLimiter, BodyLimits
from qa.page.gradio_patches import MOST_SESSIONS, THREADS
from qa.page.guard import LOOPBACK_NAMES, Guard, ServedAddresses, bracketed, ip_address
from qa.page.security_headers import SecurityHeaders
from qa.page.uploads import IntakeLedger, IntakeLimits
from qa.settings import Settings

# Of the system: Gradio's own would be fetched first.
_SANS, _MONO = Font("sans-serif"), Font("monospace")
_BACKLOG = 128
_CLOSING_SECONDS = 5
# A connection that is still open then, such as that of a page in a browser, is cut.
_OPEN_CONNECTIONS_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where the page is served, and under which addresses."""

    host: str = "127.0.0.1"
    port: int = 7860
    """0 for any that is free."""
    allowed_hosts: Sequence[str] = ()
    """Names under which it is reached besides ``host``, with or without a port."""
    public_url: str = ""
    """Its full address behind a proxy, such as ``https://example.org/qa``."""
    trusted_proxies: Sequence[str] = ()
    """Addresses whose X-Forwarded-For is believed."""

    def __post_init__(self) -> None:
        """Check the names.

        Raises:
            SettingsError: An allowed host is not a host name, or the public URL is not full.
        """
        self.served_on(self.port)

    def served_on(self, port: int) -> ServedAddresses:
        """Return what is served if the server listens on ``port``."""
        return ServedAddresses.of(self.host, port, self.allowed_hosts, self.public_url)


class PageServer:
    """A page that is being served, until it is closed."""

    def __init__(self, address: str, port: int, app: App, server: _Server) -> None:
        self.address, self.port = address, port
        self._app, self._server = app, server

    @property
    def uploads(self) -> Path:
        """The folder of the uploads that were not added yet."""
        return Path(self._app.uploaded_file_dir)

    def wait(self) -> None:
        """Return when the server has ended."""
        while self._server.thread.is_alive():
            self._server.thread.join(1)  # Windows does not interrupt a wait without an end

    def close(self) -> None:
        """End the server and delete the uploads that were not added."""
        page = self._app.get_blocks()
        page._queue.close()  # type: ignore[no-untyped-call] # of Gradio
        page.is_running = False
        self._app.stop_event.set()  # ends the connections that open pages keep
        self._server.should_exit = True
        self._server.thread.join(_CLOSING_SECONDS)
        shutil.rmtree(self.uploads, ignore_errors=True)


def launch(
    page: gr.Blocks,
    options: ServeOptions | None = None,
    *,
    settings: Settings | None = None,
    listener: socket.socket | None = None,
) -> PageServer:
    """Begin to serve ``page``, and return when it can be asked for.

    ``listener`` is what :func:`listen` returned for the options, if that was called before.

    Raises:
        SettingsError: Nothing can listen there, or an option is wrong.
    """
    options = options or ServeOptions()
    settings = settings or Settings()
    listener = listener or listen(options)
    port = int(listener.getsockname()[1])
    try:
        parent, app = _gradio_apps(page, options, port, settings)
        server = _Server(_protected(parent, app, options, port, settings), options.trusted_proxies)
        server.start(listener)
    except BaseException:
        listener.close()
        raise
    return PageServer(_address(options, port), port, app, server)


def listen(options: ServeOptions) -> socket.socket:
    """Return a socket that is bound to the host and port of ``options``.

    Raises:
        SettingsError: The port is taken or not allowed, or the host is not of this machine.
    """
    host = options.host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(host, options.port, type=socket.SOCK_STREAM)
        # "localhost" is an address of each family; browsers try both, programs often only this.
        family, kind, protocol, _, address = min(found, key=lambda each: each[0])
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(_why_not(error, options)) from error
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Two sockets may be bound to a port until one of them listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(error, options)) from error
    return listener


def _gradio_apps(
    page: gr.Blocks, options: ServeOptions, port: int, settings: Settings
) -> tuple[FastAPI, App]:
    """Return Gradio's application of ``page``, after the one that starts, stops and serves it."""
    page.state_session_capacity = MOST_SESSIONS
    page.max_threads = page._queue.max_thread_count = THREADS
    parent = gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        page,
        path="/",
        server_name=options.host,
        server_port=port,
        root_path=options.public_url.rstrip("/"),
        theme=Base(primary_hue="cyan", neutral_hue="slate", font=_SANS, font_mono=_MONO),
        head=f"<style>{PAGE_STYLE}</style><script>{PAGE_SCRIPT}</script>",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size=settings.max_article_bytes,
        show_error=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
    )
    (app,) = (each.app for each in parent.routes if isinstance(getattr(each, "app", None), App))
    # Of this server alone, so that it may delete what is left there.
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    app.uploaded_file_dir = tempfile.mkdtemp(prefix="article-qa-", dir=folder)
    return parent, app


def _protected(
    parent: ASGIApp, app: App, options: ServeOptions, port: int, settings: Settings
) -> ASGIApp:
    """Return ``parent`` behind the limits on bodies, the guard, and the headers of responses."""
    max_file = settings.max_article_bytes
    limits = BodyLimits.of(max_file, settings.max_question_chars)
    ledger = IntakeLedger(IntakeLimits.of_uploads(max_file), Path(app.uploaded_file_dir))
    functions = app.get_blocks().fns.values()
    calls = [str(each.api_name) for each in functions if each.api_visibility == "public"]
    limited = BodyLimiter(parent, limits, ledger)
    guarded = Guard(limited, options.served_on(port), calls, urlsplit(options.public_url).path)
    return SecurityHeaders(guarded, [PAGE_SCRIPT])


class _Server(uvicorn.Server):
    """A uvicorn server in a thread."""

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="error",  # any website can cause its warnings
                ws="none",
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                server_header=False,
                timeout_graceful_shutdown=_OPEN_CONNECTIONS_SECONDS,
            )
        )
        self._is_up = threading.Event()

    def start(self, listener: socket.socket) -> None:
        """Serve what comes to ``listener``, and return when the application is up."""
        self.thread = threading.Thread(target=self._run_in_thread, args=[listener], daemon=True)
        self.thread.start()
        self._is_up.wait()
        if not self.started:
            msg = "The page could not be started. The details are in the log of the program."
            raise SettingsError(msg)

    def _run_in_thread(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        finally:
            listener.close()
            self._is_up.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start up, as uvicorn does, and say so."""
        await super().startup(sockets)
        self._is_up.set()


def _address(options: ServeOptions, port: int) -> str:
    if options.public_url:
        return f"{options.public_url.rstrip('/')}/"
    literal = ip_address(options.host)
    host = LOOPBACK_NAMES[0] if literal and literal.is_unspecified else bracketed(options.host)
    return f"http://{host}:{port}/"


def _why_not(error: OSError, options: ServeOptions) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {options.port} is in use. Stop the program that uses it, or give another --port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"You may not listen on port {options.port}. Give a --port above 1023."
    return f"{options.host} is not an address of this machine. Give another --host."
