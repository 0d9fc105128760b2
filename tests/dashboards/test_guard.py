"""The door: headers on everything, limits, foreign origins and hosts, and sessions that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from backbone.client import Backbone
from dashboards.api.door import Door
from dashboards.api.guard import MOST_BODY, Guard
from dashboards.api.policy import HEADERS
from dashboards.api.sessions import COOKIE, from_our_site, same, session_key
from dashboards.live.link import Link
from domain.clock import FakeClock
from domain.errors import LinkError

SECRET = "x" * 43


async def never() -> Backbone:
    raise LinkError("nobody is there")


def door(*, is_open: bool) -> Door:
    """Return a door whose service is away."""
    return Door(Link(never), FakeClock(), api_token="token", secret="secret", is_open=is_open)  # noqa: S106  # of a test


def application(of: Door) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def echo(request: Request) -> dict[str, int]:
        return {"taken": len(await request.body())}

    app.add_middleware(Guard, door=of)
    return app


def client(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080", **options)


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/alerts", "/nothing/here"])
async def test_every_answer_carries_the_strict_headers(path: str) -> None:
    async with client(application(door(is_open=True))) as http:
        answer = await http.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "http:" not in answer.headers["Content-Security-Policy"]


async def test_a_body_over_the_limit_is_refused() -> None:
    async with client(application(door(is_open=True))) as http:
        assert (await http.post("/api/x", content=b"x" * MOST_BODY)).json() == {"taken": MOST_BODY}
        answer = await http.post("/api/x", content=b"x" * (MOST_BODY + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "too_large"


async def test_a_body_that_announces_no_length_is_limited_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * (MOST_BODY // 4)

    async with client(application(door(is_open=True))) as http:
        assert (await http.post("/api/x", content=endless())).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", ""])
async def test_an_open_console_answers_to_loopback_names_only(host: str) -> None:
    async with client(application(door(is_open=True))) as http:
        assert (await http.get("/", headers={"host": host})).status_code == 403
        assert (await http.get("/", headers={"host": "localhost:8080"})).status_code == 200


async def test_without_a_session_the_page_leads_to_the_login() -> None:
    async with client(application(door(is_open=False))) as http:
        answer = await http.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert (await http.get("/_nicegui_ws/socket.io/")).status_code == 401
        for path in ("/login", "/healthz", "/api/v1/alerts", "/answer/x", "/_nicegui/3/static/nicegui.js"):
            assert (await http.get(path)).status_code == 200, path


async def test_a_session_that_nobody_can_vouch_for_now_is_no_way_in() -> None:
    async with client(application(door(is_open=False)), cookies={COOKIE: SECRET}) as http:
        answer = await http.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert (await http.get("/_nicegui_ws/socket.io/")).status_code == 503


@pytest.mark.parametrize("cookie", ["", ".", "9999999999.", "9999999999.abcd", "x.y", "９.１", SECRET + "x", "é" * 43])
def test_a_cookie_that_can_be_none_of_ours_is_not_even_asked_about(cookie: str) -> None:
    assert session_key({COOKIE: cookie}) is None
    assert session_key({COOKIE: SECRET}) is not None


async def test_a_websocket_from_a_foreign_page_is_closed() -> None:
    for of, headers in (
        (door(is_open=True), [(b"host", b"127.0.0.1:8080"), (b"origin", b"https://evil.example")]),
        (door(is_open=False), [(b"host", b"hotel.example")]),
    ):
        assert await closed_by(Guard(application(of), of), headers) == 1008


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"origin": "http://hotel.example:8080"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
        ({"origin": "http://hotel.example:8080.evil.example"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_request_of_a_foreign_page_is_known(headers: dict[str, str], *, ours: bool) -> None:
    assert from_our_site(Headers({"host": "hotel.example:8080", **headers})) is ours


@given(st.text(max_size=80), st.text(max_size=80))
def test_comparing_says_whether_texts_are_the_same_and_takes_any(left: str, right: str) -> None:
    assert same(left, right) is (left == right)
    assert same(left, left)


async def closed_by(guard: Guard, headers: list[tuple[bytes, bytes]]) -> int:
    """Return the code with which a websocket is closed before it is accepted."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await guard({"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": headers}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
    code: int = sent[0]["code"]
    return code
