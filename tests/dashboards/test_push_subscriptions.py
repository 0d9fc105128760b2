"""Pushes to a phone: the answer page's button in Chromium, and subscribing over HTTP, against the real services."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from alerts import process as alerts_process
from alerts.channels.web_push import public_key
from alerts.links import Claims, make_token
from dashboards.api.push_scripts import PAGE_SCRIPT, WORKER_SCRIPT
from domain.documents import Document
from domain.site import Registry, build_registry
from tests.alerts.browser import Browser
from tests.alerts.phone_server import GOOD, Phone, answer, phone
from tests.dashboards.control_room import SIGNING_KEY, Console, ControlRoom, Puppets, serving
from tests.dashboards.premises import labels
from tests.servers import CHROMIUM, connected, embedded_server, require

pytestmark = pytest.mark.asyncio(loop_scope="module")

API_TOKEN = "token of the test"  # noqa: S105  # of a loopback server
VAPID = secrets.token_urlsafe(32)
SOON_MS = 20_000


@dataclass
class Bench:
    """A console, the alerts service behind it, a webhook and a push service."""

    room: ControlRoom
    hook: Phone
    service: Phone
    database: Path

    @property
    def url(self) -> str:
        """The console's address, without the slash at its end."""
        return self.room.console.url.rstrip("/")

    async def link(self) -> str:
        """Raise a fire and return the token of the link that p-chen was sent."""
        rule = f"rule-{time.time_ns()}"
        await self.room.alarm(rule)
        async with asyncio.timeout(60):
            while True:
                for request in self.hook.received:
                    body = json.loads(request.body)
                    if body["rule"] == rule and body["person"]["id"] == "p-chen":
                        return str(body["answer_url"]).rpartition("/")[2]
                await asyncio.sleep(0.05)

    def rows(self, query: str) -> list[Any]:
        """Look into the database."""
        with sqlite3.connect(self.database) as connection:
            found = connection.execute(query).fetchall()
        connection.close()
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("push")
    async with (
        phone(lambda _number: GOOD) as hook,
        phone(lambda _number: answer(b"", "201 Created")) as service,
        embedded_server(folder, [("hotel", "gw-east")]) as server,
        connected(server) as backbone,
        _alerts(folder, site(hook.url), server_url=server) as _,
    ):
        user = server.credentials["service"]
        settings = {
            "url": server.url, "user": user.user, "password": user.password, "port": 0,
            "api_token": API_TOKEN, "sign_in": False, "transmitters": 0,
        }  # fmt: skip
        console = Console(settings, folder / "console.log")
        await console.start()
        try:
            room = ControlRoom(server, backbone, Puppets(), console, _stays)
            yield Bench(room, hook, service, folder / "alerts.db")
        finally:
            await console.stop()


async def _stays() -> None:
    """Nobody here ends the alerts service."""


@pytest_asyncio.fixture(loop_scope="module")
async def http(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=bench.url, timeout=30) as client:
        yield client


def site(hook_url: str) -> Registry:
    """Return a hotel whose Mr Chen has Web Push behind a webhook."""
    zone = {"id": "exit", "kind": "exit", "floor": 1, "labels": labels("安全出口", "exit"), "responsible": "p-chen"}
    data = {
        "site": "test",
        "labels": labels("闽江大酒店", "Minjiang Hotel"),
        "units": [
            {
                "id": "hotel",
                "labels": labels("闽江大酒店", "Minjiang Hotel"),
                "safety_manager": "p-lin",
                "buildings": [{"id": "east", "labels": labels("东楼", "East building"), "zones": [zone]}],
            }
        ],
        "people": [
            {"id": "p-chen", "role": "unit_staff", "labels": labels("陈", "Mr Chen"), "channels": ["hook", "phones"]},
            {"id": "p-lin", "role": "safety_manager", "labels": labels("林", "Ms Lin"), "channels": ["hook"]},
        ],
        "channels": [
            {"id": "hook", "kind": "webhook", "url": hook_url},
            {
                "id": "phones", "kind": "web_push", "contact": "mailto:duty@fire.example", "services": ["127.0.0.1"]
            },
        ],
        "escalation": [
            {
                "classes": ["fire", "hazard"],
                "steps": [{"after_s": 0, "to": ["responsible"]}, {"after_s": 0, "to": ["safety_manager"]}],
            }
        ],
    }  # fmt: skip
    return build_registry(Document("site.yaml", data), [], [])


@asynccontextmanager
async def _alerts(folder: Path, registry: Registry, *, server_url: Any) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with connected(server_url, "alerts") as backbone:
        running = asyncio.create_task(
            alerts_process.run(
                registry,
                backbone,
                database_url=f"sqlite:///{folder / 'alerts.db'}",
                answer_base_url="http://127.0.0.1:9",
                signing_key=SIGNING_KEY,
                stop=stop,
                vapid_key=VAPID,
            )
        )
        try:
            await serving(backbone, running)
            yield
        finally:
            stop.set()
            await running


def told(token: str, endpoint: str, browser: Browser, **keys: str) -> dict[str, Any]:
    """Return what a phone posts: `PushSubscription.toJSON()` and the token."""
    return {
        "token": token,
        "endpoint": endpoint,
        "expirationTime": None,
        "keys": {"p256dh": browser.p256dh, "auth": browser.auth} | keys,
    }


@asynccontextmanager
async def chromium() -> AsyncIterator[Page]:
    """Open a page in a browser of its own."""
    require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page()
        page.set_default_timeout(SOON_MS)
        yield page
        await browser.close()


async def test_a_phone_subscribes_and_the_next_fire_arrives_there(bench: Bench, http: httpx.AsyncClient) -> None:
    browser, token = Browser(), await bench.link()
    endpoint = f"{bench.service.url}/a"
    added = await http.post("/answer/push/subscribe", json=told(token, endpoint, browser))
    assert (added.status_code, added.json()) == (200, {"browsers": 1})
    assert bench.rows("SELECT person, channel, removed_ns FROM push_subscriptions") == [("p-chen", "phones", None)]
    before = len(bench.service.received)
    await bench.link()
    requests = await bench.service.wait_for(before + 1)
    message = browser.read(requests[-1])
    assert message["body"] == "东楼1楼安全出口火警"
    assert message["url"].startswith("http://127.0.0.1:9/answer/")
    removed = await http.post("/answer/push/unsubscribe", json={"token": token, "endpoint": endpoint})
    assert removed.json() == {"browsers": 0}
    actions = [row[0] for row in bench.rows("SELECT action FROM audit WHERE action LIKE 'push%' ORDER BY number")]
    assert actions == ["push_subscribed", "push_unsubscribed"]
    details = bench.rows("SELECT details FROM audit WHERE action LIKE 'push%'")
    assert not [row for row in details if endpoint in row[0] or browser.auth in row[0]], "no secret is on record"


async def test_who_may_not_subscribe(bench: Bench, http: httpx.AsyncClient) -> None:
    token, browser = await bench.link(), Browser()
    endpoint = f"{bench.service.url}/b"
    forged = await http.post("/answer/push/subscribe", json=told("forged.token", endpoint, browser))
    elsewhere = await http.post("/answer/push/subscribe", json=told(token, "https://evil.example/x", browser))
    for refused in (forged, elsewhere):
        assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "refused")
    assert "evil.example" in elsewhere.json()["error"]["message"]
    other = make_token(Claims(alert="a", person="p-lin", notification="n", expires_ns=2**62), SIGNING_KEY)
    none = await http.post("/answer/push/subscribe", json=told(other, endpoint, browser))
    assert (none.status_code, "no Web Push" in none.json()["error"]["message"]) == (409, True)
    late = make_token(Claims(alert="a", person="p-chen", notification="n", expires_ns=1), SIGNING_KEY)
    assert (await http.post("/answer/push/subscribe", json=told(late, endpoint, browser))).status_code == 409
    for wrong in ({"p256dh": "x"}, {"auth": "y" * 99}):
        assert (
            await http.post("/answer/push/subscribe", json=told(token, endpoint, browser, **wrong))
        ).status_code == 400
    assert (await http.post("/answer/push/subscribe", content=b"[" * 1000)).status_code == 400
    assert (await http.post("/answer/push/subscribe", content=b"x" * 100_000)).status_code == 413


async def test_the_page_offers_it_to_who_has_it_in_their_list(bench: Bench, http: httpx.AsyncClient) -> None:
    token = await bench.link()
    page = await http.get(f"/answer/{token}")
    assert "在此手机接收推送" in page.text
    assert f'data-key="{public_key(VAPID)}"' in page.text
    policy = page.headers["content-security-policy"]
    assert "'self'; connect-src 'self'; worker-src 'self'" in policy
    assert "unsafe" not in policy
    assert "Push to this phone" in (await http.get(f"/answer/{token}?lang=en")).text
    thanks = await http.post(f"/answer/{token}", data={"answer": "received"})
    assert "script-src" not in thanks.headers["content-security-policy"]


async def test_scripts_are_files_of_our_own(bench: Bench, http: httpx.AsyncClient) -> None:
    for path, content in (("page.js", PAGE_SCRIPT), ("worker.js", WORKER_SCRIPT)):
        script = await http.get(f"/answer/push/{path}")
        assert script.text == content
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["x-content-type-options"] == "nosniff"
    assert bench.url not in PAGE_SCRIPT + WORKER_SCRIPT
    assert "http://" not in PAGE_SCRIPT + WORKER_SCRIPT


async def test_the_button_stands_and_no_policy_is_broken(bench: Bench) -> None:
    token = await bench.link()
    async with chromium() as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(f"{bench.url}/answer/{token}")
        button = page.locator("#push-button")
        await expect(button).to_have_text("在此手机接收推送")
        await expect(page.locator("#push[data-ready=yes]")).to_be_visible()
        workers = await page.evaluate(
            "async () => (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope)"
        )
        assert workers == [f"{bench.url}/answer/push/"]
        await button.click()  # nobody has allowed notifications in this browser
        await expect(page.locator("#push-said")).to_contain_text("浏览器未允许通知")
        await expect(page.locator("button.big")).to_have_text("收到")
        assert not said


async def test_a_phone_that_allows_it_posts_what_its_browser_made(bench: Bench) -> None:
    """No push service can be reached from here, so the browser's own part, making a subscription, is played."""
    token, browser = await bench.link(), Browser()
    made = {"endpoint": f"{bench.service.url}/c", "keys": {"p256dh": browser.p256dh, "auth": browser.auth}}
    async with chromium() as page:
        await page.context.grant_permissions(["notifications"], origin=bench.url)
        await page.add_init_script(
            f"""
            Notification.requestPermission = async () => 'granted';
            PushManager.prototype.subscribe = async (options) => {{
              window.asked = Array.from(options.applicationServerKey).length;
              return {{...{json.dumps(made)}, toJSON: () => ({json.dumps(made)}), unsubscribe: async () => true}};
            }};
            """
        )
        await page.goto(f"{bench.url}/answer/{token}?lang=en")
        await expect(page.locator("#push[data-ready=yes]")).to_be_visible()
        await page.locator("#push-button").click()
        await expect(page.locator("#push-said")).to_have_text("This phone is pushed to")
        await expect(page.locator("#push-button")).to_have_text("Stop pushing to this phone")
        assert await page.evaluate("window.asked") == 65
        query = f"SELECT removed_ns IS NULL FROM push_subscriptions WHERE endpoint = '{made['endpoint']}'"  # noqa: S608
        assert bench.rows(query) == [(1,)]
        await page.locator("#push-button").click()
        await expect(page.locator("#push-button")).to_have_text("Push to this phone")
        assert bench.rows(query) == [(0,)]
