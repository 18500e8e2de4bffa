from __future__ import annotations

import httpx
import pytest

from bench.serving import served


def test_the_page_is_served_within_the_block_only() -> None:
    with served("-m", "http.server", "--bind", "127.0.0.1") as (_, address):
        assert httpx.get(address, trust_env=False).is_success
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_program_that_ends_raises_an_error() -> None:
    with pytest.raises(AssertionError, match="ended"), served("-c", ""):
        pass
