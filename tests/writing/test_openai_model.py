from __future__ import annotations

import copy
import json
import logging
import pickle
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict

import pytest

from qa.secret import Secret
from qa.settings import Settings
from qa.writing import openai_model
from qa.writing.language_model import Ending, Message, ModelFault
from qa.writing.openai_model import OpenAIModel, TimeLimits
from tests.writing.scripted_server import Connection, Script, replies, serving

CHAT = [Message("system", "Be brief."), Message("user", "Hello?")]
KEY = "sk-very-secret-4711"
QUICK = TimeLimits(connect=5.0, first_word=10.0, between=10.0, whole=20.0)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_model, "_FIRST_PAUSE", 0.01)


def written(model: OpenAIModel, max_tokens: int = 100) -> tuple[list[str], Ending]:
    """Return the pieces of a reply and its ending."""
    reply = model.write(CHAT, max_tokens=max_tokens, stopped=threading.Event())
    pieces = []
    while True:
        try:
            pieces.append(next(reply))
        except StopIteration as end:
            return pieces, end.value


def fault_of(script: Script | Sequence[Script], limits: TimeLimits = QUICK) -> str:
    """Return what a model whose server follows ``script`` says is wrong."""
    scripts = [script] if callable(script) else script
    with serving(*scripts) as server, pytest.raises(ModelFault) as caught:
        written(OpenAIModel(server.url, "m", Secret(KEY), limits=limits))
    message = str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "\n" not in message
    return message


def test_a_reply_arrives_in_pieces_with_its_tokens() -> None:
    with serving(replies("Good ", "day.")) as server:
        pieces, ending = written(OpenAIModel(server.url, "small", Secret(KEY)))
    assert pieces == ["Good ", "day."]
    assert ending == Ending(prompt_tokens=100, written_tokens=10, complete=True)
    (asked,) = server.requests
    assert (asked["model"], asked["max_tokens"], asked["stream"]) == ("small", 100, True)
    assert asked["messages"] == [message._asdict() for message in CHAT]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_server_that_needs_no_key_gets_none_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Other: {KEY}")
    with serving(replies("Yes.")) as server:
        written(OpenAIModel(server.url, "m"))
    assert KEY not in json.dumps(server.headers)
    assert not [name for name in server.headers[0] if name.startswith(("x-", "openai"))]


def test_a_server_on_this_computer_is_not_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(replies("Yes.")) as server:
        assert written(OpenAIModel(server.url, "m"))[0] == ["Yes."]


def test_the_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(llm_url="http://localhost:1/v1", llm_model="m", llm_key=Secret(KEY))
    with serving(lambda c: c.status(401, {"error": {"message": f"Bad key {KEY}"}})) as server:
        model = OpenAIModel(server.url, "m", settings.llm_key)
        with pytest.raises(ModelFault) as caught:
            written(model)
    shown = [repr(settings), str(settings.llm_key), repr(model), str(asdict(settings))]
    shown += [f"{settings.llm_key!s:>30}", repr(copy.deepcopy(settings)), caplog.text]
    shown += traceback.format_exception(caught.value)
    assert not [text for text in shown if KEY in text]
    with pytest.raises(TypeError):
        json.dumps(asdict(settings))
    with pytest.raises(TypeError):
        pickle.dumps(settings.llm_key)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (401, "refused the key"),
        (403, "refused the key"),
        (404, "does not know the model 'm'"),
        (413, "do not fit"),
        (418, "the error 418"),
        (302, "the error 302"),
    ],
)
def test_a_refusal_is_explained_without_trying_again(code: int, said: str) -> None:
    location = "http://127.0.0.1:9/elsewhere"
    with serving(lambda c: c.status(code, Location=location)) as server:
        with pytest.raises(ModelFault, match=said):
            written(OpenAIModel(server.url, "m"))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "error",
    [
        {"message": "the request exceeds the available context size", "type": "invalid_request"},
        {"message": "too many tokens", "code": "context_length_exceeded"},
    ],
)
def test_a_context_that_is_too_small_is_named(error: dict[str, str]) -> None:
    assert "do not fit" in fault_of(lambda c: c.status(400, {"error": error}))


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_a_busy_or_failing_server_is_asked_again(code: int) -> None:
    with serving(lambda c: c.status(code), lambda c: c.status(code), replies("Yes.")) as server:
        pieces, _ = written(OpenAIModel(server.url, "m"))
    assert pieces == ["Yes."]
    assert len(server.requests) == 3


def test_a_connection_that_breaks_before_the_first_word_is_tried_again() -> None:
    def begins_and_breaks(connection: Connection) -> None:
        connection.begin()
        connection.say("")
        connection.break_off()

    with serving(Connection.break_off, begins_and_breaks, replies("Yes.")) as server:
        assert written(OpenAIModel(server.url, "m"))[0] == ["Yes."]


def test_it_gives_up_after_the_retries() -> None:
    with serving(lambda c: c.status(503)) as server:
        with pytest.raises(ModelFault, match="the error 503"):
            written(OpenAIModel(server.url, "m", retries=1))
        assert len(server.requests) == 2


def test_a_wait_that_the_server_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_model, "_FIRST_PAUSE", 1000.0)
    with serving(lambda c: c.status(429, Retry_After="0"), replies("Yes.")) as server:
        assert written(OpenAIModel(server.url, "m", limits=QUICK))[0] == ["Yes."]


@pytest.mark.parametrize("asked", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT", "9" * 400])
def test_a_server_that_asks_to_wait_too_long_is_not_waited_for(asked: str) -> None:
    with serving(lambda c: c.status(429, Retry_After=asked)) as server:
        with pytest.raises(ModelFault, match="takes no more requests"):
            written(OpenAIModel(server.url, "m", limits=QUICK))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "header", ["", "soon", "-5", "Wed, 99 Foo", "1e9", f"Mon, 1 Jan 2024 0:0:0 +{'9' * 20}"]
)
def test_a_wait_that_is_no_time_is_ignored(header: str) -> None:
    with serving(lambda c: c.status(503, Retry_After=header), replies("Yes.")) as server:
        assert written(OpenAIModel(server.url, "m", limits=QUICK))[0] == ["Yes."]


def test_a_server_that_is_not_there_is_named() -> None:
    with serving(replies()) as server:
        url = server.url
    with pytest.raises(ModelFault, match=r"at 127\.0\.0\.1 cannot be reached"):
        written(OpenAIModel(url, "m"))


def test_a_server_that_dies_in_the_middle_is_not_asked_again() -> None:
    def dies(connection: Connection) -> None:
        connection.begin()
        connection.say("The first half")
        connection.break_off()

    with serving(dies) as server:
        with pytest.raises(ModelFault, match="broke off in the middle"):
            written(OpenAIModel(server.url, "m"))
        assert len(server.requests) == 1


def test_a_reply_that_ends_without_saying_so_broke_off() -> None:
    def ends_early(connection: Connection) -> None:
        connection.begin()
        connection.say("The first half")

    assert "broke off in the middle" in fault_of(ends_early)


def test_an_option_that_the_model_does_not_take_is_left_out() -> None:
    def refusing(name: str) -> Script:
        error = {"message": "unsupported", "param": name, "code": "unsupported_value"}
        return lambda connection: connection.status(400, {"error": error})

    scripts = [refusing("temperature"), refusing("max_tokens"), replies("Yes.")]
    with serving(*scripts) as server:
        assert written(OpenAIModel(server.url, "m"))[0] == ["Yes."]
    last = server.requests[-1]
    assert "temperature" not in last
    assert (last.get("max_tokens"), last["max_completion_tokens"]) == (None, 100)


def test_a_server_that_refuses_every_option_is_not_asked_for_ever() -> None:
    error = {"message": "no", "param": "max_completion_tokens"}
    assert "the error 400" in fault_of(lambda c: c.status(400, {"error": error}))


@pytest.mark.parametrize("param", [["temperature"], {"name": "temperature"}, 7])
def test_an_option_that_is_named_in_an_odd_way_is_a_fault_and_not_a_crash(param: object) -> None:
    error = {"message": "no", "param": param}
    assert "the error 400" in fault_of(lambda c: c.status(400, {"error": error}))


def silent(connection: Connection) -> None:
    connection.wait_for_client_to_leave()


def pauses(connection: Connection) -> None:
    connection.begin()
    connection.say("A word")
    connection.wait_for_client_to_leave()


def only_comments(connection: Connection) -> None:
    connection.begin()
    while True:
        connection.raw(b": still working\n\n")


def dawdles(connection: Connection) -> None:
    connection.begin()
    while True:
        connection.event({"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]})


@pytest.mark.parametrize(
    ("script", "limits", "said"),
    [
        (silent, TimeLimits(first_word=0.1), "no word within 0.1 seconds"),
        (only_comments, TimeLimits(first_word=0.1), "no word within 0.1 seconds"),
        (pauses, TimeLimits(between=0.1), "paused for more than 0.1 seconds"),
        (dawdles, TimeLimits(whole=0.2), "not done after 0.2 seconds"),
    ],
)
def test_a_slow_server_is_left(
    script: Script, limits: TimeLimits, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_model, "MAX_RESPONSE_BYTES", 10**12)
    with serving(script) as server, pytest.raises(ModelFault, match=said):
        written(OpenAIModel(server.url, "m", limits=limits))


@pytest.mark.parametrize(
    "script",
    [
        replies(),
        replies("", " \n "),
        lambda c: c.begin(),
        lambda c: c.status(200, {"choices": [{"message": {"content": "not a stream"}}]}),
    ],
)
def test_an_empty_reply_is_a_fault(script: Callable[[Connection], None]) -> None:
    assert "empty reply" in fault_of(script)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {not json}\n\n",
        b"data: \xff\xfe\n\n",
        b"data: [1, 2]\n\n",
        b'data: "text"\n\n',
        b"data: 17\n\n",
        b"data: null\n\n",
        b'data: {"choices": 5}\n\n',
        b'data: {"choices": [null]}\n\n',
        b'data: {"choices": [{"delta": null}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": ["x"]}}], "usage": "many"}\n\n',
        b'data: {"error": "gone"}\n\n',
        b'data: {"error": {"message": 5}}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"\0\0\0",
        b"<html>No</html>",
    ],
)
def test_a_malformed_reply_is_a_fault_and_not_a_crash(data: bytes) -> None:
    def script(connection: Connection) -> None:
        connection.begin()
        connection.raw(data)

    assert fault_of(script).startswith("The language model's server")


def test_an_endless_reply_is_cut_and_the_connection_closed() -> None:
    def endless(connection: Connection) -> None:
        connection.begin()
        while True:
            connection.say("and so on, ")

    with serving(endless) as server:
        pieces, ending = written(OpenAIModel(server.url, "m"), max_tokens=50)
        assert server.client_left.wait(20)
    assert len("".join(pieces)) == 50 * 8
    assert not ending.complete


def test_a_reply_without_an_end_of_line_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_model, "MAX_RESPONSE_BYTES", 100_000)

    def endless(connection: Connection) -> None:
        connection.begin()
        connection.raw(b"data: ")
        while True:
            connection.raw(b"x" * 10_000)

    assert "something other than a chat reply" in fault_of(endless)


def test_a_reply_cut_by_its_length_is_not_complete() -> None:
    with serving(replies("Half a", finish="length")) as server:
        assert not written(OpenAIModel(server.url, "m"))[1].complete


def test_closing_the_reply_closes_the_connection() -> None:
    with serving(pauses) as server:
        reply = OpenAIModel(server.url, "m").write(CHAT, max_tokens=9, stopped=threading.Event())
        assert next(reply) == "A word"
        reply.close()
        assert server.client_left.wait(20)


def test_the_event_closes_the_connection() -> None:
    stopped = threading.Event()
    with serving(pauses) as server:
        reply = OpenAIModel(server.url, "m").write(CHAT, max_tokens=9, stopped=stopped)
        assert next(reply) == "A word"
        stopped.set()
        assert list(reply) == []
        assert server.client_left.wait(20)


def test_the_event_closes_the_connection_before_the_first_word() -> None:
    stopped = threading.Event()
    with serving(silent) as server:

        def stop_once_asked() -> None:
            server.arrived.wait(20)
            stopped.set()

        stopper = threading.Thread(target=stop_once_asked)
        stopper.start()
        reply = OpenAIModel(server.url, "m").write(CHAT, max_tokens=9, stopped=stopped)
        assert list(reply) == []
        assert server.client_left.wait(20)
        stopper.join()
