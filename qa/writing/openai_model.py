"""Ask a language model on a server that speaks OpenAI's chat protocol, as most do."""

from __future__ import annotations

import functools
import itertools
import random
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from qa.secret import Secret
from qa.writing.background import pieces_of
from qa.writing.language_model import CHARS_PER_TOKEN, Ending, Message, ModelFault

if TYPE_CHECKING:  # slow to import, and an optional dependency
    import httpx2
    import openai

MAX_RESPONSE_BYTES = 8_000_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
"""Seconds before the first retry, doubled for each further one; a server may ask for other ones."""
# What a request needs. The client would add headers from the environment that are meant for
# OpenAI alone, and a description of this machine.
_HEADERS = frozenset(
    "accept accept-encoding authorization connection content-length content-type host "
    "user-agent".split()
)
_OPTIONS: Mapping[str, Any] = {"temperature": 0.0, "stream_options": {"include_usage": True}}
_RENAMED = {"max_tokens": "max_completion_tokens"}
_REFUSED_KEY = frozenset({401, 403})
_UNKNOWN_MODEL = 404
_TOO_MANY = 429
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long to wait for a server, in seconds."""

    connect: float = 10.0
    first_word: float = 120.0
    """From the request to the first word, with retries."""
    between: float = 60.0
    """Between two pieces of a reply."""
    whole: float = 300.0
    """From the request to the end of the reply."""


class OpenAIModel:
    """A language model on an OpenAI-compatible server: Ollama, llama.cpp, vLLM, a cloud.

    Args:
        url: The server's base URL, such as ``http://localhost:11434/v1``.
        model: The name of the model on the server.
        key: The server's key; None if it needs none.
        context_tokens: The number of tokens that a prompt and its reply may have together.
        limits: How long to wait.
        retries: How often to try again before the first word, if the server is busy, fails or
            cannot be reached.
        transport: Sends the requests; None for the network.
        name: The name that is shown; None for ``model``.
    """

    def __init__(  # noqa: PLR0913 - one for each setting
        self,
        url: str,
        model: str,
        key: Secret | None = None,
        *,
        context_tokens: int = 4096,
        limits: TimeLimits | None = None,
        retries: int = 2,
        transport: httpx2.AsyncBaseTransport | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or model
        self.context_tokens = context_tokens
        self._url = url
        self._model = model
        self._key = key
        self._limits = limits or TimeLimits()
        self._retries = retries
        self._transport = transport

    def __repr__(self) -> str:
        return f"OpenAIModel({self._url!r}, {self._model!r})"

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        """Yield the reply in pieces as they arrive; see :class:`LanguageModel`.

        Raises:
            ModelFault: The server cannot be reached, refuses, is too slow, breaks off, or sends
                nothing or something else than a reply.
        """
        import openai  # noqa: F401 - it takes a second, which is not the server's

        reply = functools.partial(self._reply, messages, max_tokens)
        ending = yield from pieces_of(reply, stopped)
        return ending or Ending(None, None, complete=False)

    def close(self) -> None:
        """Do nothing: each reply has a connection of its own."""

    async def _reply(
        self, messages: Sequence[Message], max_tokens: int, put: Callable[[str], None]
    ) -> Ending:
        """Receive a reply within the time limits, and pass its pieces to ``put``."""
        import anyio

        limits = self._limits
        end = anyio.current_time() + limits.whole
        first = min(end, anyio.current_time() + limits.first_word)
        received = _Received(put, max_tokens, first)
        with anyio.CancelScope(deadline=first) as scope:

            def postpone() -> None:
                scope.deadline = min(end, anyio.current_time() + limits.between)

            received.at_progress = postpone
            async with self._client() as client:
                await self._receive(client, messages, max_tokens, received)
        if scope.cancelled_caught:
            raise ModelFault(self._too_slow(received, ended=anyio.current_time() >= end))
        if not received.has_text:
            msg = f"{self._server} sent an empty reply."
            raise ModelFault(msg)
        if not received.has_ended:
            raise ModelFault(self._broke_off)
        return received.ending

    async def _receive(
        self,
        client: openai.AsyncOpenAI,
        messages: Sequence[Message],
        max_tokens: int,
        received: _Received,
    ) -> None:
        """Receive a reply; before its first word, try again after faults that may pass."""
        import anyio
        import openai

        options: Mapping[str, Any] = {"max_tokens": max_tokens, **_OPTIONS}
        for attempt in itertools.count():
            fault: Exception
            try:
                await self._attempt(client, messages, options, received)
            except (openai.OpenAIError, _TooLongError, ValueError, RecursionError) as error:
                fault = error
            else:
                return
            if adapted := _adapted(options, fault):
                options = adapted
                continue
            pause = _pause_before_retry(fault, attempt)
            if pause is None or received.has_text or attempt >= self._retries:
                break
            if anyio.current_time() + pause >= received.deadline:
                break
            await anyio.sleep(pause)
        # Raised here so that it does not refer to the client's exception, which has the key.
        raise ModelFault(self._reason(fault, received))

    async def _attempt(
        self,
        client: openai.AsyncOpenAI,
        messages: Sequence[Message],
        options: Mapping[str, Any],
        received: _Received,
    ) -> None:
        chat = [{"role": message.role, "content": message.content} for message in messages]
        stream = await client.chat.completions.create(
            model=self._model,
            messages=cast("Any", chat),
            stream=True,
            **options,
        )
        async with stream:
            async for chunk in stream:
                received.add(chunk)
                if received.is_too_long:
                    return

    def _client(self) -> openai.AsyncOpenAI:
        """Return a client for one reply, which retries nothing and follows no redirection."""
        import httpx2
        import openai

        http = httpx2.AsyncClient(
            transport=self._transport,
            trust_env=not self._is_local,  # a proxy is no way to this computer
            follow_redirects=False,  # the article goes to this server alone
            timeout=httpx2.Timeout(None, connect=self._limits.connect),
            event_hooks={"request": [_keep_needed_headers], "response": [_limit_size]},
        )
        return openai.AsyncOpenAI(
            base_url=self._url,
            api_key=self._key.reveal() if self._key else "none",
            http_client=http,
            max_retries=0,
        )

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    @property
    def _is_local(self) -> bool:
        return self._host in ("localhost", "127.0.0.1", "::1")

    @property
    def _server(self) -> str:
        return f"The language model's server at {self._host}"

    @property
    def _broke_off(self) -> str:
        return f"{self._server} broke off in the middle of its reply."

    def _too_slow(self, received: _Received, *, ended: bool) -> str:
        if ended:
            return f"{self._server} was not done after {self._limits.whole:g} seconds."
        if received.has_progress:
            return f"{self._server} paused for more than {self._limits.between:g} seconds."
        return f"{self._server} sent no word within {self._limits.first_word:g} seconds."

    def _reason(self, fault: Exception, received: _Received) -> str:
        """Return a line that says what is wrong, without any words of the server's."""
        import openai

        if received.has_text and not isinstance(fault, openai.APIStatusError):
            return self._broke_off
        if isinstance(fault, openai.APIStatusError):
            return self._reason_for_status(fault)
        if isinstance(fault, openai.APIConnectionError):
            return f"{self._server} cannot be reached, or closed the connection."
        return f"{self._server} sent something other than a chat reply."

    def _reason_for_status(self, fault: openai.APIStatusError) -> str:
        status = fault.status_code
        if status in _REFUSED_KEY:
            return f"{self._server} refused the key. Check the setting llm_key."
        if status == _UNKNOWN_MODEL:
            return f"{self._server} does not know the model {self._model!r} or the address."
        if status == _TOO_MANY:
            return f"{self._server} takes no more requests at the moment."
        if status == _TOO_LARGE or "context" in f"{fault.code} {fault.type} {fault.message}":
            return "The sentences do not fit the language model's context. Lower llm_context."
        return f"{self._server} answered with the error {status}."


class _TooLongError(Exception):
    """A response is larger than any reply."""


class _Received:
    """What has arrived of a reply."""

    def __init__(self, put: Callable[[str], None], max_tokens: int, deadline: float) -> None:
        self.deadline = deadline
        """When the first word must have arrived, in the event loop's time."""
        self._put = put
        self._room = max_tokens * CHARS_PER_TOKEN
        self._finish: str | None = None
        self._tokens: tuple[int | None, int | None] = (None, None)
        self.has_text = False
        self.has_progress = False
        self.at_progress: Callable[[], None] = lambda: None

    def add(self, chunk: object) -> None:
        """Take a chunk of the stream; a part of it that is malformed is ignored."""
        usage = getattr(chunk, "usage", None)
        counts = [getattr(usage, f"{kind}_tokens", None) for kind in ("prompt", "completion")]
        if all(isinstance(count, int) and count >= 0 for count in counts):
            self._tokens = (counts[0], counts[1])
        choices = getattr(chunk, "choices", None)
        if not isinstance(choices, list) or not choices:
            return
        reason = getattr(choices[0], "finish_reason", None)
        self._finish = reason if isinstance(reason, str) else self._finish
        delta = getattr(choices[0], "delta", None)
        text = getattr(delta, "content", None)
        if isinstance(text, str) and text:
            self._put(text[: self._room])
            self._room -= len(text)
            self.has_text = self.has_text or not text.isspace()
        elif not getattr(delta, "reasoning_content", None) and not getattr(delta, "reasoning", 0):
            return
        self.has_progress = True
        self.at_progress()

    @property
    def is_too_long(self) -> bool:
        """Whether the reply is longer than was asked for."""
        return self._room <= 0

    @property
    def has_ended(self) -> bool:
        """Whether the server said that the reply is over, or it is cut."""
        return self._finish is not None or self.is_too_long

    @property
    def ending(self) -> Ending:
        """How the reply ended."""
        complete = self._finish != "length" and not self.is_too_long
        return Ending(*self._tokens, complete=complete)


def _adapted(options: Mapping[str, Any], fault: Exception) -> dict[str, Any]:
    """Return the options without one that the server does not take; empty if it names none.

    Some models of OpenAI's take only their own temperature and another name for the limit.
    """
    import openai

    name: object = fault.param if isinstance(fault, openai.APIStatusError) else None
    if not isinstance(name, str) or name not in options or name in _RENAMED.values():
        return {}
    others = {each: value for each, value in options.items() if each != name}
    return others | ({_RENAMED[name]: options[name]} if name in _RENAMED else {})


def _pause_before_retry(fault: Exception, attempt: int) -> float | None:
    """Return the seconds to wait before another attempt; None if it would fail again."""
    import openai

    if isinstance(fault, openai.APIConnectionError):
        asked = None
    elif isinstance(fault, openai.RateLimitError | openai.InternalServerError):
        asked = _retry_after(fault.response.headers.get("retry-after", ""))
    else:
        return None
    if asked is not None:
        return asked
    pause = min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE)
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads requests; nothing secret


def _retry_after(header: str) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it gives none."""
    import email.utils
    import time

    if header.strip().isdecimal():
        return float(header)
    try:
        at = email.utils.parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, at - time.time())


async def _keep_needed_headers(request: httpx2.Request) -> None:
    for name in list(request.headers):
        if name.lower() not in _HEADERS:
            del request.headers[name]


async def _limit_size(response: httpx2.Response) -> None:
    import httpx2

    body = cast("httpx2.AsyncByteStream", response.stream)

    class LimitedStream(httpx2.AsyncByteStream):
        async def __aiter__(self) -> Any:  # noqa: ANN401 - an asynchronous generator of bytes
            size = 0
            async for part in body:
                size += len(part)
                if size > MAX_RESPONSE_BYTES:
                    raise _TooLongError
                yield part

        async def aclose(self) -> None:
            await body.aclose()

    response.stream = LimitedStream()
