"""Run a language model from a GGUF file in this process, with llama.cpp; no server is needed.

llama.cpp answers only through its own HTTP server when it has to be interrupted, so that is what
runs here: on this machine's own address, with a random port and a random key.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from index.errors import ModelUnavailable
from qa.secret import Secret
from qa.writing.language_model import Ending, Message, ModelFault
from qa.writing.openai_model import OpenAIModel, TimeLimits


class GgufModel:
    """A language model in a GGUF file. It is loaded at first use.

    Args:
        find_file: Returns the file, for example by downloading it, when it is first needed.
        name: The name that is shown.
        context_tokens: The number of tokens that a prompt and its reply may have together.
        limits: How long to wait for a reply, not counting the time to load the model.
        threads: Processor threads; None for one less than there are cores. On a core that is busy
            otherwise, each of llama.cpp's threads makes all the others wait.

    Raises:
        ModelUnavailable: The extra ``local`` is not installed.
    """

    def __init__(
        self,
        find_file: Callable[[], Path],
        name: str,
        *,
        context_tokens: int = 4096,
        limits: TimeLimits | None = None,
        threads: int | None = None,
    ) -> None:
        if not all(map(importlib.util.find_spec, ("xllamacpp", "openai"))):
            msg = "A GGUF file needs the extra local. Run: pip install 'article-qa[local]'"
            raise ModelUnavailable(msg)
        self.name = name
        self.context_tokens = context_tokens
        self._find_file = find_file
        self._limits = limits
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._lock = threading.Lock()
        self._server: Any = None
        self._client: OpenAIModel | None = None

    def __repr__(self) -> str:
        return f"GgufModel({self.name!r})"

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        """Yield the reply in pieces as they arrive; see :class:`LanguageModel`.

        Raises:
            ModelFault: The file is missing, damaged or no model, or the model fails.
        """
        client = self._loaded()
        return (yield from client.write(messages, max_tokens=max_tokens, stopped=stopped))

    def close(self) -> None:
        """Free the model's memory."""
        with self._lock:
            self._server = self._client = None

    def _loaded(self) -> OpenAIModel:
        with self._lock:
            if self._client is None:
                self._client = self._load(self._find_file())
            return self._client

    def _load(self, file: Path) -> OpenAIModel:
        import xllamacpp

        key = secrets.token_urlsafe(32)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = self.context_tokens
        parameters.n_parallel = 1
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.api_keys = [key]
        parameters.cors_origins = ""
        parameters.ui = False
        parameters.cache_ram_mib = 0  # it would keep the articles of eight gigabytes of prompts
        parameters.verbosity = -1
        parameters.cpuparams.n_threads = self._threads
        parameters.cpuparams_batch.n_threads = self._threads
        try:
            self._server = xllamacpp.Server(parameters)
        except RuntimeError:
            msg = f"{file.name} cannot be loaded: it is damaged, too large, or no GGUF model."
            raise ModelFault(msg) from None
        return OpenAIModel(
            f"{self._server.listening_address}/v1",
            self.name,
            Secret(key),
            context_tokens=self.context_tokens,
            limits=self._limits,
            retries=0,
        )
