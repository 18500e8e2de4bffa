"""How much a caller may ask and add, as the settings say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from index.errors import LimitReached
from qa.api.problems import response_for
from qa.settings import Settings
from qa.visitors.caller import Caller
from qa.visitors.limits import CallerCounts, CallerLimits, LoginCounts

ANNA, BEN = Caller("anna", address="192.0.2.1"), Caller("ben", address="192.0.2.1")
STRANGER = Caller(address="192.0.2.1", visitor="one")


def counts(**limits: Any) -> CallerCounts:  # noqa: ANN401 - of Settings
    return CallerCounts(CallerLimits.of(replace(Settings(), **limits)))


def test_each_caller_has_a_limit_of_questions_of_its_own() -> None:
    counted = counts(questions_per_minute=2)
    for caller in (ANNA, BEN, STRANGER):
        counted.count_question(caller)
        counted.count_question(caller)
        with pytest.raises(LimitReached, match="2 questions a minute"):
            counted.count_question(caller)


def test_a_new_cookie_does_not_renew_the_limit_of_an_address() -> None:
    counted = counts(questions_per_minute=1)
    counted.count_question(STRANGER)
    with pytest.raises(LimitReached):
        counted.count_question(Caller(address="192.0.2.1", visitor="two"))


def test_articles_are_limited_by_number_and_by_size() -> None:
    counted = counts(articles_per_day=1)
    counted.count_article(ANNA, 10)
    with pytest.raises(LimitReached, match="1 articles a day"):
        counted.count_article(ANNA, 10)
    with pytest.raises(LimitReached, match="1 MB"):
        counts(upload_megabytes_per_day=1).count_article(ANNA, 1_000_001)


def test_over_http_the_response_says_when_to_try_again() -> None:
    counted = counts(questions_per_minute=1)
    counted.count_question(ANNA)
    with pytest.raises(LimitReached) as reached:
        counted.count_question(ANNA)
    response = response_for(reached.value)
    assert response.status_code == 429
    assert 0 < int(response.headers["retry-after"]) <= 60


def test_attempts_to_log_in_are_limited_for_a_name_from_any_address_and_for_an_address() -> None:
    counted = LoginCounts(per_address=3, per_name=2)
    counted.count("192.0.2.1", "anna")
    counted.count("192.0.2.2", "anna")
    with pytest.raises(LimitReached):
        counted.count("192.0.2.3", "anna")
    counted.count("192.0.2.1", "ben")
    counted.count("192.0.2.1", "eve")
    with pytest.raises(LimitReached):
        counted.count("192.0.2.1", "zoe")
