"""Adding articles over HTTP, at once and as jobs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from index.embedding.embedder import Progress
from index.errors import LimitReached
from index.limits import check_cancelled
from index.types import Article
from qa.api.addition_jobs import KEPT_SECONDS, MOST_OPEN_OF_CALLER, AdditionJobs, JobState, Step
from qa.api.application import build_application
from qa.api.services import Services
from qa.visitors.caller import Caller, Role
from tests.api.events import events_of

ARTICLES = "/api/v1/articles"
TEXT = "The lighthouse at Skerry Point has a green lamp."
ARTICLE = Article.from_text(TEXT)


def wait_for_end(client: TestClient, location: str) -> dict[str, object]:
    *_, (name, state) = events_of(client.get(f"{location}/events").text)
    assert name == "job"
    assert isinstance(state, dict)
    return state


def test_a_text_is_added_once(own_client: TestClient) -> None:
    body = {"text": TEXT, "title": "Lighthouse"}
    first, again = (own_client.post(ARTICLES, json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == f"{ARTICLES}/{first.json()['id']}"
    assert own_client.get(first.headers["location"]).json()["text"] == TEXT
    assert own_client.get(ARTICLES).json()["articles"] == [first.json()]


def test_a_file_is_added_by_a_job(own_client: TestClient) -> None:
    form = {"title": "Lamp", "shared": "true"}
    response = own_client.post(ARTICLES, files={"file": ("lamp.txt", TEXT)}, data=form)
    assert (response.status_code, response.json()["source"]) == (202, "lamp.txt")
    location = response.headers["location"]
    ended = wait_for_end(own_client, location)
    assert ended["state"] == "done"
    assert ended["done"] == ended["total"] == 1
    assert own_client.get(location).json() == ended
    assert own_client.get(f"{ARTICLES}/{ended['article_id']}").json()["title"] == "Lamp"


@pytest.mark.parametrize(
    ("request_values", "error"),
    [
        ({"files": {"file": ("empty.txt", b"")}}, "EmptyArticle"),
        ({"json": {"url": "http://127.0.0.1/secret"}}, "FetchError"),
        ({"json": {"url": "file:///etc/passwd"}}, "FetchError"),
    ],
)
def test_a_job_that_fails_says_why(
    own_client: TestClient, request_values: dict[str, object], error: str
) -> None:
    response = own_client.post(ARTICLES, **request_values)  # type: ignore[arg-type] # several kinds
    assert response.status_code == 202
    ended = wait_for_end(own_client, response.headers["location"])
    assert ended["state"] == "failed"
    assert isinstance(ended["problem"], dict)
    assert ended["problem"]["error"] == error


@pytest.mark.parametrize(
    ("request_values", "status"),
    [
        ({"json": {}}, 422),
        ({"json": {"text": TEXT, "url": "https://example.org"}}, 422),
        ({"json": {"text": "  "}}, 422),
        ({"json": {"text": TEXT, "titel": "a"}}, 422),
        ({"files": {"other": ("a.txt", TEXT)}}, 422),
        ({"files": {"file": ("a.txt", TEXT)}, "data": {"shared": "perhaps"}}, 422),
        ({"files": [("file", ("a.txt", TEXT))] * 2}, 400),
        ({"content": TEXT, "headers": {"content-type": "text/plain"}}, 415),
        ({"content": "x", "headers": {"content-type": "multipart/form-data"}}, 400),
        ({"content": "x", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400),
    ],
)
def test_what_cannot_be_added_is_a_problem(
    own_client: TestClient, request_values: dict[str, object], status: int
) -> None:
    response = own_client.post(ARTICLES, **request_values)  # type: ignore[arg-type] # several kinds
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert own_client.get(ARTICLES).json()["total"] == 0


class Source:
    """A source that is read and stored as far as a test lets it."""

    def __init__(self) -> None:
        self.is_read, self.is_embedded = threading.Event(), threading.Event()
        self.is_closed = threading.Event()

    def read(self) -> Article:
        self.is_read.wait()
        check_cancelled()
        return ARTICLE

    def store(self, article: Article, progress: Progress) -> Article:
        progress(1, 2)
        self.is_embedded.wait()
        progress(2, 2)
        return article

    def finish(self) -> None:
        self.is_read.set()
        self.is_embedded.set()

    def start(self, jobs: AdditionJobs, owner: str = "me") -> JobState:
        return jobs.start(owner, "lamp.txt", self.read, self.store, self.is_closed.set)


@pytest.fixture
def jobs() -> Iterator[AdditionJobs]:
    jobs = AdditionJobs()
    yield jobs
    jobs.close()


def state_of(jobs: AdditionJobs, job_id: str, *, at: Step) -> JobState:
    """Return the state of a job once it is ``at`` a step."""
    while True:
        state = jobs.find("me", job_id)
        assert state
        if state.state is at:
            return state
        assert not state.is_final, state


def test_a_job_is_read_then_embedded_then_done(jobs: AdditionJobs) -> None:
    source = Source()
    job = source.start(jobs)
    assert state_of(jobs, job.id, at=Step.READING).total == 0
    source.is_read.set()
    embedding = state_of(jobs, job.id, at=Step.EMBEDDING)
    assert (embedding.done, embedding.total) == (1, 2)
    assert jobs.counts() == {Step.EMBEDDING: 1}
    source.is_embedded.set()
    assert state_of(jobs, job.id, at=Step.DONE).article_id == ARTICLE.id
    source.is_closed.wait()


@pytest.mark.parametrize("at", [Step.READING, Step.EMBEDDING])
def test_a_job_is_cancelled_while_it_reads_or_embeds(jobs: AdditionJobs, at: Step) -> None:
    source = Source()
    job = source.start(jobs)
    if at is Step.EMBEDDING:
        source.is_read.set()
    state_of(jobs, job.id, at=at)
    jobs.cancel("me", job.id)
    source.finish()
    assert state_of(jobs, job.id, at=Step.CANCELLED).article_id is None


def test_a_job_that_waits_is_cancelled_at_once_and_never_read(jobs: AdditionJobs) -> None:
    running = [Source(), Source()]
    for each in running:
        each.start(jobs)
    waiting = Source()
    job = waiting.start(jobs)
    cancelled = jobs.cancel("me", job.id)
    assert cancelled
    assert cancelled.state is Step.CANCELLED
    for each in running:
        each.finish()
    waiting.is_closed.wait()
    assert not waiting.is_read.is_set()


def test_an_article_that_is_saved_already_is_kept(jobs: AdditionJobs) -> None:
    job_id = ""

    def store(article: Article, progress: Progress) -> Article:
        progress(1, 1)
        jobs.cancel("me", job_id)
        progress(1, 1)
        return article

    ready = threading.Event()

    def read() -> Article:
        ready.wait()
        return ARTICLE

    job_id = jobs.start("me", "a", read, store).id
    ready.set()
    assert state_of(jobs, job_id, at=Step.DONE)


def test_an_unexpected_error_is_a_problem_that_shows_nothing(
    jobs: AdditionJobs, caplog: pytest.LogCaptureFixture
) -> None:
    def read() -> Article:
        raise RuntimeError("/secret/folder")

    job = jobs.start("me", "a", read, Source().store)
    problem = state_of(jobs, job.id, at=Step.FAILED).problem
    assert problem
    assert problem.status == 500
    assert "secret" not in problem.detail
    assert "/secret/folder" in caplog.text


def test_a_caller_may_have_only_some_jobs_open(jobs: AdditionJobs) -> None:
    sources = [Source() for _ in range(MOST_OPEN_OF_CALLER)]
    for source in sources:
        source.start(jobs)
    refused = Source()
    with pytest.raises(LimitReached):
        refused.start(jobs)
    assert refused.is_closed.is_set()
    for source in sources:
        source.finish()


def test_a_finished_job_is_forgotten_after_an_hour() -> None:
    now = 1.0
    jobs = AdditionJobs(lambda: now)
    source = Source()
    source.finish()
    job = source.start(jobs)
    source.is_closed.wait()
    now += KEPT_SECONDS
    assert jobs.find("me", job.id)
    now += 1
    assert jobs.find("me", job.id) is None
    jobs.close()


def release_all(sources: list[Source]) -> None:
    for source in sources:
        source.finish()


def test_closing_cancels_what_runs_and_what_waits() -> None:
    jobs, sources = AdditionJobs(), [Source() for _ in range(3)]
    states = [source.start(jobs) for source in sources]
    for state in states[:2]:
        state_of(jobs, state.id, at=Step.READING)
    threading.Timer(0.01, release_all, [sources]).start()
    jobs.close()
    found = [jobs.find("me", state.id) for state in states]
    assert [each and each.state for each in found] == [Step.CANCELLED] * 3


def as_caller(application: FastAPI, caller: Caller) -> TestClient:
    """Return a client whose requests are this caller's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            Request(scope).state.caller = caller
        await application(scope, receive, send)

    return TestClient(app)


def test_a_job_is_seen_by_its_caller_alone_and_cancelled_by_who_may_write(
    own_services: Services,
) -> None:
    application = build_application(own_services)
    mine = Caller("ann")
    source = Source()
    job = source.start(own_services.jobs, mine.key)
    path = f"/api/v1/jobs/{job.id}"
    assert as_caller(application, mine).get(path).json()["id"] == job.id
    for method, ending in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
        response = as_caller(application, Caller("bob")).request(method, path + ending)
        assert response.status_code == 404
    read_only = as_caller(application, Caller("ann", can_write=False))
    assert read_only.delete(path).status_code == 403
    source.finish()
    assert as_caller(application, mine).delete(path).status_code == 200


@pytest.mark.parametrize(
    "values", [{"json": {"text": TEXT}}, {"json": {"url": "https://example.org"}}]
)
def test_a_caller_without_the_right_is_refused_at_once(
    own_services: Services, values: dict[str, dict[str, object]]
) -> None:
    application = build_application(own_services)
    read_only = as_caller(application, Caller("ann", can_write=False))
    assert read_only.post(ARTICLES, **values).status_code == 403  # type: ignore[arg-type] # only json
    reader = as_caller(application, Caller("ann", Role.READER))
    body = {**values["json"], "shared": True}
    assert reader.post(ARTICLES, json=body).status_code == 403
    assert own_services.jobs.counts() == {}
