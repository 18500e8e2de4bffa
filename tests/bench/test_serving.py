from __future__ import annotations

import httpx
import pytest

from bench.serving import served


def test_a_page_is_there_when_its_address_is_given_and_gone_afterwards() -> None:
    with served("-m", "http.server", "--bind", "127.0.0.1") as (_, address):
        assert httpx.get(address, trust_env=False).is_success
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_program_that_ends_is_not_waited_for() -> None:
    with pytest.raises(AssertionError, match="ended"), served("-c", ""):
        pass
