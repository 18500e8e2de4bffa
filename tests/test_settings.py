from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.errors import SettingsError
from qa.secret import Secret
from qa.settings import Settings


def test_settings_have_defaults() -> None:
    assert Settings.load(environ={}) == Settings()


def test_arguments_override_the_environment_which_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("passages = 1\ndepth = 1\nmin_confidence = 0.1\n")
    environ = {
        "ARTICLE_QA_CONFIG": str(file),
        "ARTICLE_QA_DEPTH": "2",
        "ARTICLE_QA_MIN_CONFIDENCE": "0.2",
    }
    settings = Settings.load(environ=environ, min_confidence=0.3, passages=None)
    assert (settings.passages, settings.depth, settings.min_confidence) == (1, 2, 0.3)


@pytest.mark.parametrize("name", ["pasages", "PASSAGES", "Model"])
def test_an_unknown_name_is_refused_with_a_list_of_the_settings(name: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"{name} = 1\n")
    with pytest.raises(SettingsError, match="The settings are: model"):
        Settings.load(file, environ={})


def test_an_unknown_name_in_the_environment_is_refused() -> None:
    with pytest.raises(SettingsError, match="pasages"):
        Settings.load(environ={"ARTICLE_QA_PASAGES": "1"})
    Settings.load(environ={"ARTICLE_QA_LIBRARY": "l", "OTHER": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passages", "many"),
        ("passages", 0),
        ("passages", True),
        ("passages", 1.5),
        ("answering", "boldly"),
        ("answering", 1),
        ("min_confidence", 1.1),
        ("min_confidence", "nan"),
        ("allow_download", "maybe"),
        ("max_article_bytes", -1),
        ("model", 3),
    ],
)
def test_an_invalid_value_is_refused_by_name(name: str, value: object) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(SettingsError, match=name):
        Settings.load(environ={}, **arguments)


def test_text_from_the_environment_becomes_the_settings_type() -> None:
    environ = {
        "ARTICLE_QA_ALLOW_DOWNLOAD": "Yes",
        "ARTICLE_QA_PASSAGES": "7",
        "ARTICLE_QA_MODEL": "",
    }
    settings = Settings.load(environ=environ)
    assert (settings.allow_download, settings.passages, settings.model) == (True, 7, None)


@pytest.mark.parametrize("content", [b"passages = ", b"\xff\xfe"])
def test_an_unreadable_file_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        Settings.load(file, environ={})
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        Settings.load(tmp_path / "absent.toml", environ={})


def test_min_confidence_overrides_that_of_the_level() -> None:
    levels = {"careful": 0.7, "balanced": 0.5, "eager": 0.2}
    assert Settings(answering="careful").confidence_threshold(levels) == 0.7
    assert Settings().confidence_threshold(levels) == 0.5
    assert Settings(answering="careful", min_confidence=0.0).confidence_threshold(levels) == 0.0


def test_a_key_from_the_environment_is_kept_secret() -> None:
    environ = {
        "ARTICLE_QA_LLM_URL": "http://localhost:11434/v1",
        "ARTICLE_QA_LLM_MODEL": "tiny",
        "ARTICLE_QA_LLM_KEY": "sk-4711",
    }
    settings = Settings.load(environ=environ)
    assert settings.llm_key == Secret("sk-4711")
    assert settings.has_language_model
    assert "sk-4711" not in repr(settings)


def test_a_key_that_is_given_as_text_is_kept_secret() -> None:
    key: Any = "sk-4711"
    assert "sk-4711" not in repr(Settings(llm_key=key))


def test_a_key_that_is_no_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("llm_key = 4711\n")
    with pytest.raises(SettingsError, match="llm_key must be a text") as caught:
        Settings.load(file, environ={})
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"llm_url": "http://localhost/v1"}, "llm_url is set without llm_model"),
        ({"llm_url": "http://localhost/v1", "llm_file": "m.gguf"}, "both set"),
        ({"llm_file": "hub:owner/name/m.gguf"}, "Set llm_sha256"),
        ({"llm_file": "m.gguf", "llm_sha256": "abc"}, "64 hex digits"),
        ({"unsupported": "hide"}, "drop, strike, keep"),
        ({"llm_context": 10}, "llm_context"),
    ],
)
def test_settings_of_the_language_model_must_fit_each_other(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.load(environ={}, **values)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434",
        "ftp://host/v1",
        "https://user:sk-4711@host/v1",
        "https://host/v1?key=sk-4711",
        "http://host:port/v1",
        "http:///v1",
    ],
)
def test_an_address_with_a_key_in_it_or_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match="llm_url must be an address") as caught:
        Settings(llm_url=url, llm_model="m")
    assert "sk-4711" not in str(caught.value)
