"""The door: headers on everything, limits, foreign origins and hosts, and sessions that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from dashboards.api.guard import HEADERS, MOST_BODY, Guard
from dashboards.api.sessions import COOKIE, LIFE_S, Sessions
from domain.clock import FakeClock

PASSWORD = "open sesame"  # noqa: S105  # of a test


def application(sessions: Sessions | None) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def echo(request: Request) -> dict[str, int]:
        return {"taken": len(await request.body())}

    app.add_middleware(Guard, sessions=sessions)
    return app


def client(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080", **options)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(PASSWORD, "secret", FakeClock())


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/alerts", "/nothing/here"])
async def test_every_answer_carries_the_strict_headers(path: str) -> None:
    async with client(application(None)) as http:
        answer = await http.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "http:" not in answer.headers["Content-Security-Policy"]


async def test_a_body_over_the_limit_is_refused() -> None:
    async with client(application(None)) as http:
        assert (await http.post("/api/x", content=b"x" * MOST_BODY)).json() == {"taken": MOST_BODY}
        answer = await http.post("/api/x", content=b"x" * (MOST_BODY + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "too_large"


async def test_a_body_that_announces_no_length_is_limited_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * (MOST_BODY // 4)

    async with client(application(None)) as http:
        assert (await http.post("/api/x", content=endless())).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", ""])
async def test_an_open_console_answers_to_loopback_names_only(host: str) -> None:
    async with client(application(None)) as http:
        assert (await http.get("/", headers={"host": host})).status_code == 403
        assert (await http.get("/", headers={"host": "localhost:8080"})).status_code == 200


async def test_without_a_session_the_page_leads_to_the_login(sessions: Sessions) -> None:
    async with client(application(sessions)) as http:
        answer = await http.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert (await http.get("/_nicegui_ws/socket.io/")).status_code == 401
        for path in ("/login", "/healthz", "/api/v1/alerts", "/answer/x", "/_nicegui/3/static/nicegui.js"):
            assert (await http.get(path)).status_code == 200, path


async def test_a_session_opens_the_page_and_is_renewed_by_it_until_it_ends() -> None:
    clock = FakeClock()
    sessions = Sessions(PASSWORD, "secret", clock)
    async with client(application(sessions), cookies={COOKIE: sessions.cookie()}) as http:
        clock.advance(LIFE_S - 1)
        assert (await http.get("/")).status_code == 200
        clock.advance(LIFE_S - 1)
        assert (await http.get("/")).status_code == 200  # renewed by the load before
        clock.advance(LIFE_S + 1)
        assert (await http.get("/")).status_code == 303


@pytest.mark.parametrize("cookie", ["", ".", "9999999999.", "9999999999.abcd", "x.y", "９.１"])
def test_a_forged_cookie_is_no_session(sessions: Sessions, cookie: str) -> None:
    assert not sessions.signed_in({COOKIE: cookie})


def test_a_new_password_ends_all_sessions(sessions: Sessions) -> None:
    cookie = sessions.cookie()
    assert sessions.signed_in({COOKIE: cookie})
    assert not Sessions("another", "secret", FakeClock()).signed_in({COOKIE: cookie})
    assert sessions.right(PASSWORD)
    assert not sessions.right("open sesame ")


async def test_a_websocket_from_a_foreign_page_is_closed(sessions: Sessions) -> None:
    for guard, headers in (
        (Guard(application(None), None), [(b"host", b"127.0.0.1:8080"), (b"origin", b"https://evil.example")]),
        (Guard(application(sessions), sessions), [(b"host", b"hotel.example")]),
    ):
        assert await closed_by(guard, headers) == 1008


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
