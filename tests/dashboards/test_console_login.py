"""A console with a password: nothing of it is seen before signing in, and the API keeps its own door."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backbone.client import Backbone
from dashboards.api.sessions import COOKIE
from dashboards.console.app import serve
from domain.errors import LinkError, RefusedError
from tests.dashboards.control_room import API_TOKEN, control_room
from tests.dashboards.premises import premises

PASSWORD = "made at the first start"  # noqa: S105  # of a test


async def test_a_password_stands_before_the_page_and_its_websocket(tmp_path: Path) -> None:
    async with control_room(tmp_path, operator_password=PASSWORD) as room:
        async with httpx.AsyncClient(base_url=room.console.url, timeout=15) as http:
            assert (await http.get("/")).headers["location"] == "/login"
            assert "口令" in (await http.get("/login")).text
            assert "password" in (await http.get("/login?lang=en")).text
            wrong = await http.post("/login", data={"password": "guess"})
            assert (wrong.status_code, "口令不正确" in wrong.text) == (401, True)
            assert (await http.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")).status_code == 401
            assert (await http.get("/api/v1/alerts")).status_code == 401
            with_token = await http.get("/api/v1/alerts", headers={"Authorization": f"Bearer {API_TOKEN}"})
            assert with_token.json() == {"alerts": []}
            right = await http.post("/login", data={"password": PASSWORD})
            assert right.headers["location"] == "/"
            assert "HttpOnly" in right.headers["set-cookie"]
            assert "SameSite=strict" in right.headers["set-cookie"]
            page = await http.get("/")
            assert page.status_code == 200
            assert "sign-out" in page.text
            assert (await http.get("/api/v1/alerts")).status_code == 200
            await http.get("/logout")
            assert COOKIE not in http.cookies
            assert (await http.get("/")).status_code == 303
        await room.console.kill()
        await room.console.start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104  # refused is the point
async def test_an_open_console_refuses_to_listen_to_the_network(host: str) -> None:
    with pytest.raises(RefusedError, match="loopback only"):
        await serve(premises(), connect=never, host=host, port=0, secret="s", api_token="t")  # noqa: S106


async def never() -> Backbone:
    raise LinkError("nobody is there")
