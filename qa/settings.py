"""Load and check settings from arguments, the environment and a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from index.errors import SettingsError
from index.library_address import MilvusAccess
from index.limits import (
    DEFAULT_MAX_BYTES,
    DEFAULT_MAX_CHARS,
    DEFAULT_MAX_PAGES,
    LoadLimits,
)
from qa.secret import Secret

ENVIRONMENT_PREFIX = "ARTICLE_QA_"
# Variables with the prefix that are not settings but paths, and are read elsewhere.
_LOCATIONS = frozenset({"ARTICLE_QA_CONFIG", "ARTICLE_QA_LIBRARY", "ARTICLE_QA_STATE"})
READERS = ("large", "small")
"""Values of ``reader``."""
LEVELS = ("careful", "balanced", "eager")
"""Values of ``answering``, from the highest confidence threshold to the lowest."""
UNSUPPORTED = ("drop", "strike", "keep")
"""Values of ``unsupported``."""
MILVUS_INDEXES = ("auto", "FLAT", "HNSW", "IVF_RABITQ", "DISKANN")
"""Values of ``milvus_index``."""
HUB_PREFIX = "hub:"
"""Begins the value of ``llm_file`` if it is on the model hub: ``hub:owner/name/file.gguf``."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SECRET = "Secret | None"  # noqa: S105 - a type
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their defaults. Values are checked on construction.

    Raises:
        SettingsError: A value is out of range.
    """

    model: str | None = None
    """Embedding model: a name or path for sentence-transformers; None for the default model."""
    allow_download: bool = False
    """Whether ``model`` may be downloaded from the model hub."""
    reader: str = "large"
    """The reading model: ``large``, or ``small``, which is six times as fast and finds less."""
    passages: int = 8
    """The number of passages that an answer is read from."""
    depth: int = 100
    """The number of candidates from each of the two searches."""
    answering: str = "balanced"
    """How readily it answers: ``careful``, ``balanced`` or ``eager``. See
    bench/results/refusal.md for what each answers and refuses."""
    min_confidence: float | None = None
    """The confidence below which a question is refused; None for that of ``answering``."""
    llm_url: str | None = None
    """The base URL of an OpenAI-compatible server with a language model, such as
    ``http://localhost:11434/v1``. The question and sentences of the articles are sent to it
    when an answer in its own words is asked for."""
    llm_model: str | None = None
    """The name of the language model on the server."""
    llm_key: Secret | None = None
    """The server's key, if it needs one."""
    llm_file: str | None = None
    """A language model to run here instead: the path of a GGUF file, or
    ``hub:owner/name/file.gguf`` for one on the model hub."""
    llm_sha256: str | None = None
    """The SHA-256 of ``llm_file``, in hex; required for a file on the hub."""
    llm_context: int = 4_096
    """Tokens that a prompt and its reply may have together. Some servers cut longer ones."""
    llm_max_tokens: int = 512
    """The most tokens that the language model may write."""
    llm_seconds: float = 300.0
    """The longest time to wait for the whole reply."""
    llm_first_word_seconds: float = 120.0
    """The longest time to wait for its first word."""
    unsupported: str = "drop"
    """What happens to statements of the language model that the articles do not support:
    ``drop`` leaves them out, ``strike`` shows them struck out, ``keep`` shows them."""
    milvus_token: Secret | None = None
    """``user:password`` or an API key for a library on Milvus."""
    milvus_tls: bool = False
    """Whether the connection to Milvus is encrypted."""
    milvus_ca_file: str | None = None
    """The certificates to trust for it, as a PEM file; None for the system's."""
    milvus_seconds: float = 30.0
    """The longest time to wait for one call to Milvus."""
    milvus_index: str = "auto"
    """The type of the index of vectors on Milvus, such as ``HNSW``; ``auto`` chooses by the
    number of passages."""
    keep_files: bool = True
    """Whether a library keeps the files that its articles were read from, to show their pages as
    printed."""
    max_question_chars: int = 2_000
    max_article_bytes: int = DEFAULT_MAX_BYTES
    """The largest file or page accepted."""
    max_article_chars: int = DEFAULT_MAX_CHARS
    """The longest text accepted from a file."""
    max_pages: int = DEFAULT_MAX_PAGES
    """The largest number of pages or slides accepted."""
    questions_per_minute: int = 120
    """How many questions a server answers one caller in a minute: an account, or an address."""
    articles_per_day: int = 2_000
    """How many articles one caller may add in a day."""
    upload_megabytes_per_day: int = 5_000
    """How many megabytes of articles one caller may add in a day."""

    def __post_init__(self) -> None:
        for name, least, most in (
            ("passages", 1, 100),
            ("depth", 1, 10_000),
            ("min_confidence", 0.0, 1.0),
            ("llm_context", 512, 10_000_000),
            ("llm_max_tokens", 16, 100_000),
            ("llm_seconds", 1.0, 86_400.0),
            ("llm_first_word_seconds", 1.0, 86_400.0),
            ("milvus_seconds", 1.0, 86_400.0),
            ("max_question_chars", 1, 1_000_000),
            ("max_article_bytes", 1, 10**10),
            ("max_article_chars", 1, 10**10),
            ("max_pages", 1, 10**6),
            ("questions_per_minute", 1, 10**6),
            ("articles_per_day", 1, 10**7),
            ("upload_megabytes_per_day", 1, 10**7),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                msg = f"The setting {name} is {value}; it must be between {least} and {most}."
                raise SettingsError(msg)

        for name, allowed in (
            ("answering", LEVELS),
            ("reader", READERS),
            ("unsupported", UNSUPPORTED),
            ("milvus_index", MILVUS_INDEXES),
        ):
            if getattr(self, name) not in allowed:
                value, choices = getattr(self, name), ", ".join(allowed)
                msg = f"The setting {name} is {value!r}; it must be {choices}."
                raise SettingsError(msg)

        for name in ("llm_key", "milvus_token"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, Secret(getattr(self, name)))
        self._check_language_model()

    def _check_language_model(self) -> None:
        """Raise SettingsError if the settings of the language model do not fit each other."""
        problem = None
        if self.llm_url and self.llm_file:
            problem = "llm_url and llm_file are both set. Remove one of them"
        elif self.llm_url and not self.llm_model:
            problem = "llm_url is set without llm_model. Name the server's model"
        elif self.llm_url and not _is_plain_address(self.llm_url):
            problem = (
                "llm_url must be an address such as http://localhost:11434/v1, without a "
                "password or a query. A key belongs in llm_key"
            )
        elif self.llm_sha256 and not _SHA256.fullmatch(self.llm_sha256):
            problem = "llm_sha256 must be 64 hex digits"
        elif (self.llm_file or "").startswith(HUB_PREFIX) and not self.llm_sha256:
            problem = "llm_file is on the hub. Set llm_sha256 to the hash that the file must have"
        if problem:
            msg = f"The setting {problem}."
            raise SettingsError(msg)

    @property
    def has_language_model(self) -> bool:
        """Whether a language model is set, so that answers in its own words can be asked for."""
        return bool(self.llm_url or self.llm_file)

    @property
    def strikes(self) -> bool:
        """Whether statements that are not supported are struck out, if they are shown at all."""
        return self.unsupported != "keep"

    @property
    def load_limits(self) -> LoadLimits:
        """The limits for reading a file."""
        return LoadLimits(
            max_bytes=self.max_article_bytes,
            max_chars=self.max_article_chars,
            max_pages=self.max_pages,
        )

    @property
    def milvus_access(self) -> MilvusAccess:
        """How to reach and use a Milvus server."""
        return MilvusAccess(
            token=self.milvus_token.reveal() if self.milvus_token else None,
            tls=self.milvus_tls,
            ca_file=self.milvus_ca_file,
            seconds=self.milvus_seconds,
            index=self.milvus_index,
        )

    def confidence_threshold(self, levels: Mapping[str, float]) -> float:
        """Return the confidence below which a question is refused; ``levels`` has each level's."""
        return levels[self.answering] if self.min_confidence is None else self.min_confidence

    @classmethod
    def load(
        cls,
        file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        **arguments: Any,  # noqa: ANN401 - checked against each field's type
    ) -> Self:
        """Return settings; arguments override the environment, which overrides the file.

        The file is TOML with one ``name = value`` a line. Without ``file``, it is the one that
        the environment variable ARTICLE_QA_CONFIG names, if any. Other variables are the names of
        settings in capitals with the prefix ``ARTICLE_QA_``. Arguments that are None are ignored.

        Raises:
            SettingsError: A name is unknown, a value is invalid, or the file cannot be read.
        """
        environ = os.environ if environ is None else environ
        if file is None and environ.get("ARTICLE_QA_CONFIG"):
            file = Path(environ["ARTICLE_QA_CONFIG"])
        values: dict[str, Any] = _from_file(file) if file else {}
        values |= _from_environment(environ)
        values |= {name: value for name, value in arguments.items() if value is not None}
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in values.items()}
        return cls(**checked)


def _from_file(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"The settings file {file} cannot be read: {error}"
        raise SettingsError(msg) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name not in _LOCATIONS
    }


def _checked(name: str, value: object) -> object:
    """Return ``value`` as the field's type; text from the environment is converted."""
    types = {field.name: field.type for field in fields(Settings)}
    if name not in types:
        msg = f"There is no setting {name!r}. The settings are: {', '.join(types)}."
        raise SettingsError(msg)
    try:
        return _converted(str(types[name]), value)
    except ValueError as error:
        if str(types[name]) == _SECRET:
            msg = f"The setting {name} must be a text."
            raise SettingsError(msg) from None
        msg = f"The setting {name} is {value!r}; it must be of type {types[name]}."
        raise SettingsError(msg) from error


def _is_plain_address(url: str) -> bool:
    """Return whether a URL is one of http or https with nothing but a host, a port and a path."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is none
    except ValueError:
        return False
    unwanted = parts.username or parts.password or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not unwanted


def _converted(kind: str, value: object) -> object:  # noqa: PLR0911 - one for each type
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if str(value).lower() in _TRUE | _FALSE:
            return str(value).lower() in _TRUE
        raise ValueError(value)
    if isinstance(value, bool):
        raise ValueError(value)
    if kind == "int" and isinstance(value, str | int):
        return int(value)
    if kind in ("float", "float | None") and isinstance(value, str | int | float):
        return float(value)
    if kind == "str" and isinstance(value, str):
        return value
    if kind in ("str | None", _SECRET) and isinstance(value, str):
        return value or None
    if kind == _SECRET and isinstance(value, Secret):
        return value
    raise ValueError(value)
