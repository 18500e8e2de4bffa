"""Which request of whom is answered how, for every route of a server with accounts.

The requests carry an empty JSON object, so that 404 and 422 mean: let in, but nothing was asked.
"""

from __future__ import annotations

import re
import secrets

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from qa.api.application import ROUTERS
from qa.page.guard import ROUTES
from qa.page.login import LoginRoutes
from qa.page.picture_route import PictureRoute
from qa.visitors.caller import Caller, Role
from qa.visitors.cookies import Cookie
from tests.browser.visiting import GRADIO_WARNINGS
from tests.visitors.sites import Site

pytestmark = [pytest.mark.slow, *GRADIO_WARNINGS]

CALLERS = ("anonymous", "reader", "editor", "read-only", "wrong", "revoked")
# To add a route, add its line here.
TABLE = """
request                                anonymous reader editor read-only wrong revoked
GET /healthz                                 200    200    200       200   200     200
GET /readyz                                  503    503    503       503   503     503
GET /metrics                                 401    200    200       200   401     401
GET /login                                   200    200    200       200   200     200
POST /login                                  401    401    401       401   401     401
POST /logout                                 303    303    303       303   303     303
GET /                                        303    200    200       200   401     401
HEAD /                                       303    200    200       200   401     401
GET /pages/{article_id}/{page:int}.webp      401    404    404       404   401     401
GET /pages/{article_id}/{page:int}.txt       401    404    404       404   401     401
GET /assets/none.js                          401    404    404       404   401     401
GET /static/none.js                          401    404    404       404   401     401
GET /theme.css                               401    200    200       200   401     401
GET /favicon.ico                             401    200    200       200   401     401
GET /manifest.json                           401    200    200       200   401     401
GET /robots.txt                              401    200    200       200   401     401
GET /config                                  401    200    200       200   401     401
GET /gradio_api/info                         401    200    200       200   401     401
GET /gradio_api/theme.css                    401    200    200       200   401     401
GET /gradio_api/queue/data                   401    422    422       422   401     401
GET /gradio_api/upload_progress              401    422    422       422   401     401
GET /gradio_api/heartbeat/{visit}            401    200    200       200   401     401
POST /gradio_api/queue/join                  401    422    422       422   401     401
POST /gradio_api/cancel                      401    422    422       422   401     401
POST /gradio_api/reset                       401    422    422       422   401     401
POST /gradio_api/upload                      401    400    400       403   401     401
POST /gradio_api/call/ask                    401    422    422       422   401     401
POST /gradio_api/call/retrieve               401    422    422       422   401     401
GET /api/v1/openapi.json                     401    200    200       200   401     401
GET /api/v1/tags                             401    200    200       200   401     401
PUT /api/v1/articles/{article_id}/tags/{tag:path}     401    404    404       403   401     401
DELETE /api/v1/articles/{article_id}/tags/{tag:path}  401    404    404       403   401     401
POST /api/v1/ask                             401    422    422       422   401     401
POST /api/v1/passages                        401    422    422       422   401     401
GET /api/v1/suggestions                      401    200    200       200   401     401
GET /api/v1/articles                         401    200    200       200   401     401
GET /api/v1/articles/{article_id}            401    404    404       404   401     401
GET /api/v1/articles/{article_id}/file       401    404    404       404   401     401
PATCH /api/v1/articles/{article_id}          401    422    422       403   401     401
DELETE /api/v1/articles/{article_id}         401    404    404       403   401     401
POST /api/v1/articles                        401    422    422       422   401     401
GET /api/v1/jobs/{job_id}                    401    404    404       404   401     401
GET /api/v1/jobs/{job_id}/events             401    404    404       404   401     401
DELETE /api/v1/jobs/{job_id}                 401    404    404       403   401     401
GET /api/v1/conversations                    401    200    200       200   401     401
POST /api/v1/conversations                   401    201    201       403   401     401
GET /api/v1/conversations/{id}               401    404    404       404   401     401
PATCH /api/v1/conversations/{id}             401    422    422       403   401     401
DELETE /api/v1/conversations/{id}            401    404    404       403   401     401
POST /api/v1/conversations/{id}/turns        401    422    422       403   401     401
PATCH /api/v1/conversations/{id}/turns/{n}   401    422    422       403   401     401
GET /api/v1/conversations/{id}/export        401    404    404       404   401     401
GET /v1/models                               401    200    200       200   401     401
GET /v1/models/{name}                        401    404    404       404   401     401
POST /v1/chat/completions                    401    400    400       400   401     401
POST /v1/messages                            401    400    400       400   401     401
POST /v1/messages/count_tokens               401    400    400       400   401     401
POST /api/v1/none                            401    404    404       404   401     401
PUT /api/v1/none                             401    404    404       403   401     401
PATCH /api/v1/none                           401    404    404       403   401     401
DELETE /api/v1/none                          401    404    404       403   401     401
GET /v1/none                                 401    404    404       404   401     401
POST /v1/none                                401    404    404       404   401     401
POST /mcp                                    401    400    400       400   401     401
"""
ROWS = [
    (method, path, dict(zip(CALLERS, map(int, statuses), strict=True)))
    for method, path, *statuses in map(str.split, TABLE.strip().splitlines()[1:])
]
KNOWN = {(method, path) for method, path, _ in ROWS}


def filled(path: str) -> str:
    """Return a path with a number or a random id for each name in braces."""
    return re.sub(r"{\w+(:path)?}", secrets.token_hex(16), re.sub(r"{\w+:int}", "1", path))


def headers_of(site: Site, caller: str) -> dict[str, str]:
    if caller in ("reader", "editor"):
        return site.session({"reader": "anna", "editor": "eve"}[caller])
    if caller == "read-only":
        return site.token("eve")
    if caller == "revoked":
        headers = site.token("eve", can_write=True)
        site.access.tokens.revoke(site.access.tokens.all()[-1].id)
        return headers
    return {"authorization": "Bearer aqa_wrong"} if caller == "wrong" else {}


@pytest.mark.parametrize("caller", CALLERS)
def test_each_request_is_answered_as_the_table_says(site: Site, caller: str) -> None:
    different = {}
    for method, path, expected in ROWS:
        status = site.status(method, filled(path), headers_of(site, caller))
        if status != expected[caller]:
            different[f"{method} {path}"] = (status, "not", expected[caller])
    assert not different


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ({"origin": "http://attacker.example"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"host": "attacker.example"}, 400),
    ],
)
def test_no_other_website_makes_any_of_the_requests(
    site: Site, foreign: dict[str, str], expected: int
) -> None:
    editor = headers_of(site, "editor")
    statuses = {
        f"{method} {path}": site.status(method, filled(path), editor | foreign)
        for method, path, _ in ROWS
    }
    assert {at: status for at, status in statuses.items() if status != expected} == {}


def test_every_route_of_ours_is_in_the_table(site: Site) -> None:
    routes: list[BaseRoute] = [route for router in ROUTERS for route in router.routes]
    routes += LoginRoutes(site.access, Cookie("session", 1, is_https=False)).routes()
    routes += PictureRoute.routes(PictureRoute.__new__(PictureRoute))
    found = {
        (method, route.path.replace("conversation_id", "id").replace("number", "n"))
        for route in routes
        if isinstance(route, Route | APIRoute)
        for method in set(route.methods or ()) - {"HEAD"}
    }
    assert found <= KNOWN


def test_every_path_that_the_guard_lets_through_is_in_the_table() -> None:
    known = {(method, filled(path)) for method, path in KNOWN}
    for methods, pattern in ROUTES:
        found = {method for method, path in known if re.fullmatch(pattern, path)}
        assert set(methods) - {"HEAD"} <= found, pattern


def test_over_mcp_each_account_sees_its_own_articles_and_the_shared_ones(site: Site) -> None:
    call = {"name": "list_articles", "arguments": {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}

    def titles(name: str) -> list[str]:
        headers = {**site.token(name), "accept": "application/json, text/event-stream"}
        result = site.client.post("/mcp", json=message, headers=headers).json()["result"]
        return [each["title"] for each in result["structuredContent"]["articles"]]

    annas = site.services.qa_for(Caller(name="anna", role=Role.READER))
    added = annas.add_text("Only anna reads about the mill.", title="Mill")
    try:
        shared = titles("ben")
        assert titles("anna") == [*shared, "Mill"]
    finally:
        annas.remove(added.id)
