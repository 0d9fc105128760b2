"""A console with accounts: nothing of it is seen before signing in, and the API keeps its own door."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from backbone.client import Backbone
from dashboards.api.sessions import COOKIE, CSRF_HEADER
from dashboards.console.app import serve
from domain.errors import LinkError, RefusedError
from tests.dashboards.control_room import API_TOKEN, control_room
from tests.dashboards.premises import premises

PASSWORD = "made at the first start"  # noqa: S105  # of a test
HIDDEN = re.compile(r'name="(?:form|csrf)" value="([^"]+)"')


async def sign_in(http: httpx.AsyncClient, user: str, password: str) -> httpx.Response:
    """Sign in by the form, as a browser does."""
    form = HIDDEN.findall((await http.get("/login")).text)[0]
    return await http.post("/login", data={"user": user, "password": password, "form": form})


async def test_a_password_stands_before_the_page_and_its_websocket(tmp_path: Path) -> None:
    async with control_room(tmp_path, operator_password=PASSWORD) as room:
        async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
            assert (await http.get("/")).headers["location"] == "/login"
            assert "口令" in (await http.get("/login")).text
            assert "Password" in (await http.get("/login?lang=en")).text
            wrong = await sign_in(http, "operator", "guess")
            assert (wrong.status_code, "账号或口令不正确" in wrong.text) == (401, True)
            assert (await http.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")).status_code == 401
            assert (await http.get("/api/v1/alerts")).status_code == 401
            with_token = await http.get("/api/v1/alerts", headers={"Authorization": f"Bearer {API_TOKEN}"})
            assert with_token.json()["alerts"] == []
            right = await sign_in(http, "operator", PASSWORD)
            assert right.headers["location"] == "/"
            cookie = next(one for one in right.headers.get_list("set-cookie") if one.startswith(COOKIE))
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            page = await http.get("/")
            assert page.status_code == 200
            assert "sign-out" in page.text
            assert "值班员" in page.text
            assert (await http.get("/api/v1/alerts")).status_code == 200
            secret = http.cookies[COOKIE]
            csrf = HIDDEN.findall((await http.get("/logout")).text)[0]
            assert (await http.get("/")).status_code == 200  # looking at the page of signing out is not doing it
            await http.post("/logout", data={"csrf": csrf})
            assert COOKIE not in http.cookies
            assert (await http.get("/")).status_code == 303
            stolen = {"Cookie": f"{COOKIE}={secret}", CSRF_HEADER: csrf}
            assert (await http.get("/api/v1/alerts", headers=stolen)).status_code == 401
        await room.console.kill()
        await room.console.start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104  # refused is the point
async def test_an_open_console_refuses_to_listen_to_the_network(host: str) -> None:
    with pytest.raises(RefusedError, match="loopback only"):
        await serve(premises(), connect=never, host=host, port=0, secret="s", api_token="t")  # noqa: S106


async def never() -> Backbone:
    raise LinkError("nobody is there")
