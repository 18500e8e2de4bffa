"""Serve the page: Gradio behind our middleware, run by uvicorn in a thread."""

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
from qa.api.application import build_application
from qa.api.services import Services
from qa.output.rendering import read_static
from qa.page.body_limits import BodyLimiter, BodyLimits
from qa.page.guard import (
    LOOPBACK_NAMES,
    Guard,
    SecurityHeaders,
    ServedAddresses,
    bracketed,
    ip_address,
    refusal,
)
from qa.page.login import LoginRoutes
from qa.page.page_blocks import PageBlocks
from qa.page.uploads import IntakeLedger, IntakeLimits
from qa.settings import Settings
from qa.visitors.cookies import Cookie
from qa.visitors.gate import Gate

PAGE_STYLE = "\n".join(
    (
        read_static("qa.output", "palette.css"),
        read_static("qa.page", "page.css", "chat.css"),
        read_static("qa.output", "marks.css", "status.css", "cells.css", "structure.css"),
        # Rules for certain screens come last, so that they override the others.
        read_static(
            "qa.page",
            "written.css",
            "article.css",
            "pages.css",
            "shelf.css",
            "conversations.css",
            "touch.css",
            "screens.css",
        ),
    )
)
# One script in the head of the page, so that the policy names a single hash. The js and
# js_on_load of Gradio's components call its functions; they cannot load a file.
PAGE_SCRIPT = read_static(
    "qa.page",
    "startup.js",
    "stream.js",
    "keyboard.js",
    "errors.js",
    "account.js",
    "shelf.js",
    "adding.js",
    "bookmarklet.js",
    "chat.js",
    "conversations.js",
    "pages.js",
    "article.js",
    "quotes.js",
)
# System fonts: Gradio's own would be loaded from another host.
_SANS, _MONO = Font("sans-serif"), Font("monospace")
_MAX_SESSIONS = 1_000
"""Pages whose state Gradio keeps, about 125 kB each; the least recently used goes first."""
_THREADS = 256
"""Most of them only wait."""
_BACKLOG = 128
_CLOSING_SECONDS = 5
# A connection that is still open after that, such as that of an open page, is cut.
_OPEN_CONNECTIONS_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where the page is served, and under which addresses."""

    host: str = "127.0.0.1"
    port: int = 7860
    """0 for any free port."""
    allowed_hosts: Sequence[str] = ()
    """Host names of the page besides ``host``, with or without a port."""
    public_url: str = ""
    """Full address of the page behind a proxy, such as ``https://example.org/qa``."""
    trusted_proxies: Sequence[str] = ()
    """Addresses whose X-Forwarded-For is trusted."""

    def __post_init__(self) -> None:
        """Check the addresses.

        Raises:
            SettingsError: An allowed host is not a host name, or the public URL is not full.
        """
        self.addresses(self.port)

    @property
    def prefix(self) -> str:
        """The path under which a proxy serves the page, such as ``/qa``; empty without one."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect."""
        literal = ip_address(self.host)
        return literal.is_loopback if literal else self.host.lower() == "localhost"

    @property
    def is_local(self) -> bool:
        """Whether the page is meant for this machine alone, without a proxy for others."""
        return self.is_loopback and not (self.public_url or self.allowed_hosts)

    def cookie(self, purpose: str, port: int) -> Cookie:
        """Return a cookie of this server if it listens on ``port``."""
        return Cookie(purpose, port, is_https=self.public_url.lower().startswith("https:"))

    def addresses(self, port: int) -> ServedAddresses:
        """Return the addresses of the page if the server listens on ``port``."""
        return ServedAddresses.of(self.host, port, self.allowed_hosts, self.public_url)


class PageServer:
    """A page that is served until it is closed."""

    def __init__(self, address: str, port: int, app: App, server: _Server) -> None:
        self.address, self.port = address, port
        self._app, self._server = app, server

    @property
    def uploads(self) -> Path:
        """The folder of uploads that are not added yet."""
        return Path(self._app.uploaded_file_dir)

    def wait(self) -> None:
        """Wait until the server has ended."""
        while self._server.thread.is_alive():
            self._server.thread.join(
                1
            )  # on Windows, Ctrl-C cannot interrupt a wait without a timeout

    def close(self) -> None:
        """Stop the server and delete the uploads that were not added."""
        page = self._app.get_blocks()
        if isinstance(page, PageBlocks):
            page.stop_work()
        page._queue.close()  # type: ignore[no-untyped-call] # of Gradio
        page.is_running = False
        self._app.stop_event.set()  # ends the connections of open pages
        self._server.should_exit = True
        self._server.thread.join(_CLOSING_SECONDS)
        shutil.rmtree(self.uploads, ignore_errors=True)


def launch(
    page: gr.Blocks,
    options: ServeOptions | None = None,
    *,
    settings: Settings | None = None,
    services: Services | None = None,
    listener: socket.socket | None = None,
) -> PageServer:
    """Serve ``page``, and return when it can be opened.

    Programs are answered, too, if there are ``services``. ``listener`` is the result of
    :func:`listen` for the options, if that was called before.

    Raises:
        SettingsError: Nothing can listen there, or an option is wrong.
    """
    options = options or ServeOptions()
    settings = settings or Settings()
    listener = listener or listen(options)
    port = int(listener.getsockname()[1])
    try:
        parent = (
            build_application(services, options.public_url)
            if services
            else FastAPI(openapi_url=None)
        )
        if services and services.access:
            cookie = options.cookie("session", port)
            login = LoginRoutes(services.access, cookie, options.prefix)
            parent.router.routes.extend(login.routes())
        app = _mount(page, parent, options, port, settings)
        gated = _protected(parent, app, options, port, settings, services)
        server = _Server(gated, options.trusted_proxies)
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
        addresses = socket.getaddrinfo(host, options.port, type=socket.SOCK_STREAM)
        # "localhost" has an IPv4 and an IPv6 address; many programs try only the former.
        family, kind, protocol, _, address = min(addresses, key=lambda each: each[0])
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(_listen_error(error, options)) from error
    try:
        if os.name == "posix":  # on Windows it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Two sockets may be bound to a port until one of them listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_listen_error(error, options)) from error
    return listener


def _mount(
    page: gr.Blocks, parent: FastAPI, options: ServeOptions, port: int, settings: Settings
) -> App:
    """Mount the page in ``parent``, and return Gradio's application of it."""
    page.state_session_capacity = _MAX_SESSIONS
    page.max_threads = page._queue.max_thread_count = _THREADS
    if isinstance(page, PageBlocks):
        parent.router.routes.extend(page.pictures.routes())
    gr.mount_gradio_app(
        parent,
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
    mounted = (getattr(each, "app", None) for each in parent.routes)
    (app,) = (each for each in mounted if isinstance(each, App))
    # A folder of this server alone, which it may delete at the end.
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    app.uploaded_file_dir = tempfile.mkdtemp(prefix="article-qa-", dir=folder)
    if isinstance(page, PageBlocks):
        page.uploads = Path(app.uploaded_file_dir)
    return app


def _protected(  # noqa: PLR0913, PLR0917 - what the middleware protects, and how
    parent: ASGIApp,
    app: App,
    options: ServeOptions,
    port: int,
    settings: Settings,
    services: Services | None,
) -> ASGIApp:
    """Return ``parent`` behind our middleware."""
    max_file = settings.max_article_bytes
    limits = BodyLimits.of(max_file, settings.max_question_chars)
    ledger = IntakeLedger(IntakeLimits.of_uploads(max_file), Path(app.uploaded_file_dir))
    functions = app.get_blocks().fns.values()
    calls = [str(each.api_name) for each in functions if each.api_visibility == "public"]
    limited = BodyLimiter(parent, limits, ledger)
    access = services.access if services else None
    gate = Gate(
        limited,
        refusal,
        options.cookie("session" if access else "visitor", port),
        access=access,
        visitors_apart=bool(services and services.visitors_apart),
        prefix=options.prefix,
    )
    guarded = Guard(gate, options.addresses(port), calls, options.prefix)
    return SecurityHeaders(guarded, [PAGE_SCRIPT])


class _Server(uvicorn.Server):
    """A uvicorn server in a thread."""

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="error",  # any website could fill the log with warnings
                ws="none",
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                server_header=False,
                timeout_graceful_shutdown=_OPEN_CONNECTIONS_SECONDS,
            )
        )
        self._is_up = threading.Event()

    def start(self, listener: socket.socket) -> None:
        """Serve the connections of ``listener``, and return when the application is up."""
        self.thread = threading.Thread(target=self._run_in_thread, args=[listener], daemon=True)
        self.thread.start()
        self._is_up.wait()
        if not self.started:
            msg = "The page could not be started. The program's log has the details."
            raise SettingsError(msg)

    def _run_in_thread(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        finally:
            listener.close()
            self._is_up.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start up as uvicorn does, and report it."""
        await super().startup(sockets)
        self._is_up.set()


def _address(options: ServeOptions, port: int) -> str:
    if options.public_url:
        return f"{options.public_url.rstrip('/')}/"
    literal = ip_address(options.host)
    host = LOOPBACK_NAMES[0] if literal and literal.is_unspecified else bracketed(options.host)
    return f"http://{host}:{port}/"


def _listen_error(error: OSError, options: ServeOptions) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {options.port} is in use. Stop the program that uses it, or give another --port."
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Listening on port {options.port} is not permitted. Give a --port above 1023."
    return f"{options.host} is not an address of this machine. Give another --host."
