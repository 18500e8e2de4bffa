"""Make the writer that the settings describe."""

from __future__ import annotations

import functools
import importlib.util

from index.errors import ModelUnavailable, SettingsError
from qa.reading.reader import Reader
from qa.reading.two_stage import TwoStageReader
from qa.settings import Settings
from qa.writing.gguf_model import GgufModel
from qa.writing.language_model import LanguageModel
from qa.writing.model_file import find_model_file, model_name
from qa.writing.openai_model import OpenAIModel, TimeLimits
from qa.writing.trained_checker import TrainedChecker
from qa.writing.writer import Writer


def writer_of(settings: Settings, reader: Reader) -> Writer:
    """Return the writer that the settings describe. No language model is loaded or asked yet.

    The large model of ``reader``, if it has one, helps to check what is written.

    Raises:
        SettingsError: They name no language model.
        ModelUnavailable: The extra that it needs is not installed, or this processor cannot run
            the checking model.
    """
    model = model_of(settings)
    large = reader.large_model() if isinstance(reader, TwoStageReader) else None
    return Writer(
        model,
        TrainedChecker.shipped(reader=large),
        unsupported=settings.unsupported,
        max_tokens=settings.llm_max_tokens,
    )


def model_of(settings: Settings) -> LanguageModel:
    """Return the language model that the settings describe. Nothing is loaded or sent yet.

    Raises:
        SettingsError: They name none.
        ModelUnavailable: The extra that it needs is not installed.
    """
    limits = TimeLimits(first_word=settings.llm_first_word_seconds, whole=settings.llm_seconds)
    if settings.llm_file:
        find = functools.partial(
            find_model_file,
            settings.llm_file,
            settings.llm_sha256,
            allow_download=settings.allow_download,
        )
        name = model_name(settings.llm_file)
        return GgufModel(find, name, context_tokens=settings.llm_context, limits=limits)
    if not settings.llm_url or not settings.llm_model:
        msg = (
            "No language model is set. Set llm_url and llm_model for one on a server, or llm_file "
            "for one in a GGUF file."
        )
        raise SettingsError(msg)
    if importlib.util.find_spec("openai") is None:
        msg = "A language model needs the extra llm. Run: pip install 'article-qa[llm]'"
        raise ModelUnavailable(msg)
    return OpenAIModel(
        settings.llm_url,
        settings.llm_model,
        settings.llm_key,
        context_tokens=settings.llm_context,
        limits=limits,
    )
