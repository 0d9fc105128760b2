"""The console keeps to itself: no request to others, no text that becomes a script, no page without its session.

Pages are taken from `SECTIONS`: a new one is covered by being there.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from dashboards.api.sessions import COOKIE
from dashboards.console.section import Section
from dashboards.console.sections import SECTIONS
from dashboards.console.socket_limits import AT_ONCE, MOST_MESSAGE
from dashboards.console.texts import Language
from dashboards.console.view import LANGUAGE_COOKIE
from domain.accounts import RIGHTS, UserRole
from tests.dashboards.admin_room import ACCOUNTS, PASSWORD, Watched, admin_room, api, desk_of, watching
from tests.dashboards.control_room import ControlRoom
from tests.dashboards.desks import SOON_MS, becomes, chromium
from tests.dashboards.hand_made import listeners, send
from tests.dashboards.premises import HOSTILE
from tests.dashboards.test_accounts_api import alert_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKUP = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>{{7*7}}${7*7}javascript:alert(1)"
ATTACKS = {
    "eval": "(0, eval)('window.hacked = 1')",
    "function": "new Function('window.hacked = 1')()",
    "timeout": "setTimeout('window.hacked = 1', 0)",
    "attribute": "document.body.insertAdjacentHTML('beforeend', '<img src=/x onerror=\"window.hacked = 1\">')",
    "text": "document.body.append(Object.assign(document.createElement('script'), { text: 'window.hacked = 1' }))",
    "address": "document.body.append(Object.assign(document.createElement('script'), { src: '/api/v1/session' }))",
    "link": "document.body.append(Object.assign(document.createElement('a'), { href: 'javascript:hacked = 1' })); "
    "[...document.links].at(-1).click()",
    "import": "import('data:text/javascript,window.hacked=1')",
}
DEEPER = {
    "detail": "/alarm/{alert}",
    "overview": "/overview/hotel/east/1",
    "devices": "/devices/hotel/panel",
    "gateways": "/gateways/hotel/gw-east",
    "rules": "/rules/panel-fire",
    "history": "/history?text=script",
}
"""An address below a section's own, where there is more to see; ``{alert}``: one whose texts are markup."""

SIGNED = ("/answer/", "/receipts/")
"""Routes that take a signature in place of a session: no cookie opens them."""

WITHIN_MS = 10_000
"""A session that is over leaves nothing on the screen after this time."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with admin_room(tmp_path_factory.mktemp("console-safe")) as opened:
        async with api(opened) as http:
            name = {"id": "hostile", "name": MARKUP[:64], "name_en": MARKUP[:64], "roles": ["operator"]}
            assert (await http.post("/api/v1/users", json={**name, "everywhere": True})).status_code == 201
            token = {"name": MARKUP[:64], "rights": ["read"], "everywhere": True}
            assert (await http.post("/api/v1/tokens", json=token)).status_code == 201
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile(room: ControlRoom) -> str:
    """Return the id of an open alert whose texts are markup."""
    return await alert_of(room, text_zh=MARKUP, text_en=MARKUP)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


def role_for(section: Section) -> UserRole:
    """Return the first role that opens a page: the operator, wherever they may."""
    order: tuple[UserRole, ...] = (UserRole.OPERATOR, UserRole.ADMIN, *UserRole)
    return next(role for role in order if section.right in RIGHTS[role])


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
async def test_a_page_asks_nobody_outside_and_breaks_no_policy_in_either_language(
    browser: Browser, room: ControlRoom, hostile: str, section: Section
) -> None:
    seen: list[Watched] = []
    paths = [section.path, *([DEEPER[section.name].format(alert=hostile)] if section.name in DEEPER else [])]
    async with desk_of(
        browser, room, role_for(section), paths[0], before=lambda page: seen.append(watching(room, page))
    ) as page:
        for language in Language:
            cookie = {"name": LANGUAGE_COOKIE, "value": language.value, "url": room.console.url}
            await page.context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie of two words and an address
            for path in paths:
                await page.goto(f"{room.console.url.rstrip('/')}{path}")
                await expect(page.locator(f"[data-part=screen][lang={language}]")).to_be_attached()
                await _drawn(page, section)
                await _harmless(page)
    assert (seen[0].outside, seen[0].faults) == ([], [])


@pytest.mark.parametrize("tab", ["users", "tokens", "sessions", "channels", "audit"])
async def test_the_tabs_of_the_administration_are_as_harmless(browser: Browser, room: ControlRoom, tab: str) -> None:
    seen: list[Watched] = []
    async with desk_of(
        browser, room, UserRole.ADMIN, f"/admin/{tab}", before=lambda page: seen.append(watching(room, page))
    ) as page:
        await expect(page.locator("[data-row]").first).to_be_visible()
        await _harmless(page)
    assert (seen[0].outside, seen[0].faults) == ([], [])


async def test_what_a_device_says_stays_text(browser: Browser, room: ControlRoom, hostile: str) -> None:
    async with desk_of(browser, room, UserRole.OPERATOR) as page:
        await expect(page.get_by_text(MARKUP, exact=True).first).to_be_visible()
        await expect(page.get_by_text(HOSTILE).first).to_be_attached()
        assert hostile
        await _harmless(page)
    async with desk_of(browser, room, UserRole.ADMIN, "/admin/users") as page:
        await expect(page.get_by_text(MARKUP[:64], exact=True).first).to_be_visible()
        await _harmless(page)


async def test_the_policy_lets_no_text_run(browser: Browser, room: ControlRoom) -> None:
    async with desk_of(browser, room, UserRole.OPERATOR) as page:
        for name, attack in ATTACKS.items():
            # in a timer: what the test itself evaluates is beyond the page's policy
            await page.evaluate(f"window.tried = 0; setTimeout(() => {{ window.tried = 1; {attack} }}, 0)")
            await becomes(page, "window.tried === 1")
            assert await page.evaluate("window.hacked ?? 0") == 0, name


async def test_the_page_carries_a_fresh_nonce_and_the_strict_headers(room: ControlRoom) -> None:
    async with _signed_in(room, UserRole.OPERATOR) as http:
        first, second = await http.get("/"), await http.get("/")
        policy = first.headers["content-security-policy"]
        nonce = re.search(r"'nonce-([A-Za-z0-9_-]{22})'", policy)
        assert nonce is not None
        assert nonce[1] not in second.text
        scripts = re.findall(r"<script[^>]*>", first.text)
        assert scripts
        assert all(f'nonce="{nonce[1]}"' in one for one in scripts)
        directives = {name: sources for name, _, sources in (one.strip().partition(" ") for one in policy.split(";"))}
        assert directives["script-src"] == f"'self' 'nonce-{nonce[1]}'"
        assert directives["require-trusted-types-for"] == "'script'"
        assert "unsafe-eval" not in policy
        assert "http" not in policy
        assert first.headers["cache-control"] == "no-store"
        assert first.headers["x-frame-options"] == "DENY"
        for path in ("/api/v1/alerts", "/api/v1/session", "/healthz", "/nothing/here"):
            answer = await http.get(path)
            assert answer.headers["cache-control"] == "no-store", path
        sheet = re.search(r'href="(/_nicegui/console-[0-9a-f]{16}\.css)"', first.text)
        assert sheet is not None
        assert "immutable" in (await http.get(sheet[1])).headers["cache-control"]


async def test_a_text_in_the_page_never_carries_the_nonce(room: ControlRoom) -> None:
    async with _signed_in(room, UserRole.OPERATOR) as http:
        page = await http.get("/", headers={"X-Forwarded-Prefix": '"><script>window.hacked = 1</script>'})
        assert "<script>window.hacked" not in page.text
        assert re.findall(r"<script(?![^>]*nonce=)", page.text) == []


@pytest.mark.parametrize(
    "path",
    [
        "/_nicegui/3.18.0/static/../../../../../../etc/passwd",
        "/_nicegui/3.18.0/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/_nicegui/3.18.0/resources/x/..%2f..%2fetc%2fpasswd",
        "/_nicegui/3.18.0/esm/nicegui-echart/..%2f..%2f..%2f..%2fnicegui.py",
        "/_nicegui/3.18.0/components/..%2f..%2fnicegui.py",
        "/_nicegui/3.18.0/libraries/..%2f..%2f..%2fetc%2fpasswd",
        "/_nicegui/3.18.0/dynamic_resources/x",
        "/_nicegui/client/x/upload/1",
        "/_nicegui/auto/static/x",
        "/_nicegui/3.18.0/static/nothing.js",
        "/_nicegui/3.18.0/nothing",
        "/_nicegui/",
    ],
)
async def test_the_frameworks_own_routes_give_nothing_away(room: ControlRoom, path: str) -> None:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        for method in ("GET", "POST"):
            answer = await http.request(method, path, content=b"x" if method == "POST" else None)
            assert answer.status_code in (401, 403, 404, 405), (method, path)
            assert "root:" not in answer.text
            assert "x-nicegui-content" not in answer.headers, "a stranger is given a page to hold"


async def test_a_session_that_ends_empties_its_page_and_the_next_sign_in_leads_back(
    browser: Browser, room: ControlRoom
) -> None:
    async with desk_of(browser, room, UserRole.ADMIN, "/admin/audit?x=1") as page, api(room) as http:
        await expect(page.locator("[data-part=audit] [data-row]").first).to_be_visible()
        for session in (await http.get("/api/v1/sessions?user=admin")).json()["sessions"]:
            await http.delete(f"/api/v1/sessions/{session['id']}")
        await page.wait_for_url("**/login?next=**", timeout=WITHIN_MS * 3)  # the machine may be busy; by rights 10 s
        await expect(page.locator("[data-row]")).to_have_count(0)
        user, password = ACCOUNTS[UserRole.ADMIN]
        await page.locator("input[name=user]").fill(user)
        await page.locator("input[name=password]").fill(password)
        await page.locator("button.big").click()
        await page.wait_for_url("**/admin/audit?x=1")
        await expect(page.locator("[data-part=audit] [data-row]").first).to_be_visible()


async def test_a_page_of_a_dead_session_stays_empty_also_where_nobody_leads_it_away(
    browser: Browser, room: ControlRoom
) -> None:
    """A browser that won't be led away is shown nothing either."""
    async with desk_of(browser, room, UserRole.SUPERVISOR) as page, api(room) as http:
        await page.evaluate("window.open = () => null")
        for session in (await http.get("/api/v1/sessions?user=supervisor")).json()["sessions"]:
            await http.delete(f"/api/v1/sessions/{session['id']}")
        await expect(page.locator("[data-part=alarm-rows], [data-part=lamps], .lamps")).to_have_count(0, timeout=30_000)
        await room.alarm("after", text_zh="会话结束之后")
        await expect(page.get_by_text("会话结束之后")).to_have_count(0)


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%09/evil.example\r\nLocation: https://evil.example",
        "/logout",
        "/api/v1/alerts",
        "x" * 3000,
    ],
)
async def test_a_sign_in_leads_to_no_page_of_others(room: ControlRoom, back: str) -> None:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        form = await http.get("/login", params={"next": back})
        secret = re.search(r'name="form" value="([^"]+)"', form.text)
        assert secret is not None
        user, password = ACCOUNTS[UserRole.OPERATOR]
        data = {"form": secret[1], "user": user, "password": password}
        answer = await http.post("/login", params={"next": back}, data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_cookie_behind_tls_is_secure_and_no_script_reads_it(room: ControlRoom) -> None:
    user, password = ACCOUNTS[UserRole.OPERATOR]
    body = {"user": user, "password": password}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        plain = (await http.post("/api/v1/session", json=body)).headers["set-cookie"]
        tls = await http.post("/api/v1/session", json=body, headers={"X-Forwarded-Proto": "https"})
    for words in (plain, tls.headers["set-cookie"]):
        assert words.startswith(f"{COOKIE}=")
        assert "HttpOnly" in words
        assert "samesite=strict" in words.lower()
    assert "Secure" not in plain
    assert "Secure" in tls.headers["set-cookie"]


async def test_a_live_connection_belongs_to_the_session_of_its_page(browser: Browser, room: ControlRoom) -> None:
    async with desk_of(browser, room, UserRole.OPERATOR) as page:
        client = await page.evaluate("window.clientId")
        async with _signed_in(room, UserRole.SUPERVISOR) as other:
            query = {"EIO": "4", "transport": "polling", "client_id": client, "tab_id": "x", "document_id": "x"}
            opened = await other.get("/_nicegui_ws/socket.io/", params={**query, "implicit_handshake": "true"})
            sid = re.search(r'"sid":"([^"]+)"', opened.text)
            assert sid is not None
            await other.post("/_nicegui_ws/socket.io/", params={**query, "sid": sid[1]}, content="40")
            said = await other.get("/_nicegui_ws/socket.io/", params={**query, "sid": sid[1]})
            assert "another session" in said.text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_page_of_others_gets_no_live_connection(room: ControlRoom, headers: dict[str, str]) -> None:
    async with _signed_in(room, UserRole.OPERATOR) as http:
        query = {"EIO": "4", "transport": "polling"}
        answer = await http.get("/_nicegui_ws/socket.io/", params=query, headers=headers)
        assert answer.status_code == 403


async def test_a_browser_that_floods_its_connection_is_cut_off_and_others_are_not(
    browser: Browser, room: ControlRoom
) -> None:
    async with (
        desk_of(browser, room, UserRole.OPERATOR) as other,
        desk_of(browser, room, UserRole.INSTALLER) as page,
    ):
        cut = await _cut_off(page)
        (one, *_) = await listeners(page, "go")
        await send(page, one, {"to": "/nowhere", "push": False}, times=round(AT_ONCE * 2))
        await asyncio.wait_for(cut.wait(), SOON_MS / 1000)
        await expect(other.locator("[data-part=clock]")).to_be_visible()
        words = f"仍然在线 {time.time_ns()}"
        await room.alarm("still", text_zh=words)
        await expect(other.get_by_text(words).first).to_be_visible()


async def test_a_message_over_the_limit_closes_the_connection(browser: Browser, room: ControlRoom) -> None:
    async with desk_of(browser, room, UserRole.INSTALLER) as page:
        cut = await _cut_off(page)
        (one, *_) = await listeners(page, "go")
        await send(page, one, {"to": "x" * MOST_MESSAGE, "push": False})
        await asyncio.wait_for(cut.wait(), SOON_MS / 1000)


async def test_no_changing_route_takes_a_cookie_without_the_proof_against_csrf(room: ControlRoom) -> None:
    """Whoever has all roles, so that nothing else stands in the way; what needs no proof is named."""
    async with api(room) as http:
        everybody = {"id": "all", "name": "全能", "roles": [role.value for role in UserRole], "everywhere": True}
        account = {**everybody, "password": PASSWORD, "must_change": False}
        assert (await http.post("/api/v1/users", json=account)).status_code == 201
        routes = (await http.get("/api/v1/openapi.json")).json()["paths"]
    asked = 0
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        assert (await http.post("/api/v1/session", json={"user": "all", "password": PASSWORD})).status_code == 200
        for path, methods in routes.items():
            for method in set(methods) - {"get", "head", "options", "parameters"}:
                if path.startswith(SIGNED) or (method, path) == ("post", "/api/v1/session"):
                    continue
                body = {"old": PASSWORD, "new": "quite another one"} if path.endswith("/session/password") else {}
                answer = await http.request(method, re.sub(r"\{[^}]*\}", "x", path), json=body)
                assert answer.status_code in (401, 403), (method, path, answer.text)
                asked += 1
        for path in ("/logout", "/password"):
            answer = await http.post(path, data={"old": PASSWORD, "new": "x" * 20, "again": "x" * 20})
            assert answer.status_code in (303, 403), path
            assert answer.headers.get("location", "/logout") == "/logout"
        assert (await http.get("/api/v1/session")).status_code == 200
    assert asked > 20


async def test_guessing_passwords_is_slowed_down_and_the_form_says_so(browser: Browser, room: ControlRoom) -> None:
    """Stands last: whoever signs in from here in the minute after it has to wait, too."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(SOON_MS)
    await page.goto(f"{room.console.url}login?lang=en")
    wrong = page.locator("p.wrong")
    async with asyncio.timeout(60):
        while not await wrong.count() or "Too many tries" not in await wrong.inner_text():
            await page.locator("input[name=user]").fill("nobody-here")
            await page.locator("input[name=password]").fill("a guess")
            async with page.expect_navigation():  # the next guess is for the page that comes
                await page.locator("button.big").click()
    await context.close()


async def _cut_off(page: Page) -> asyncio.Event:
    """Return what is set when a page's connection is cut; a page that loads itself anew then can't forget it."""
    cut = asyncio.Event()
    await page.expose_function("wasCut", cut.set)
    await becomes(page, "window.socket?.connected")
    await page.evaluate("window.socket.on('disconnect', () => window.wasCut())")
    return cut


async def _drawn(page: Page, section: Section) -> None:
    """Wait until a page stands, and what comes a moment later has had its chance."""
    await expect(page.locator(f"[data-section={section.name}]")).to_be_attached()
    await expect(page.locator("[data-part=refused]")).to_have_count(0)
    await page.wait_for_timeout(600)


async def _harmless(page: Page) -> None:
    """Nothing that a device, person or rule wrote has become an element, a link or a script."""
    assert await page.evaluate("window.hacked ?? 0") == 0
    strange = """() => [...document.querySelectorAll("[href], [src], [action]")]
        .map((one) => one.getAttribute("href") ?? one.getAttribute("src") ?? one.getAttribute("action"))
        .filter((where) => /^\\s*(javascript|vbscript|data:text)/i.test(where))"""
    assert await page.evaluate(strange) == []
    assert await page.locator("img[onerror], img[src=x]").count() == 0


@asynccontextmanager
async def _signed_in(room: ControlRoom, role: UserRole) -> AsyncIterator[httpx.AsyncClient]:
    """Open an HTTP client with a session."""
    user, password = ACCOUNTS[role]
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        answer = await http.post("/api/v1/session", json={"user": user, "password": password})
        assert answer.status_code == 200
        yield http
