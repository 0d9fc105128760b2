"""HTTP as all channels do it: one bounded try, judged by whoever knows the platform.

One try is bounded as a whole, however slowly the answer drips; an answer has at most `MOST_BODY` bytes and is asked
for without compression (a small answer that unpacks to gigabytes is no answer). Redirects are not followed and the
environment's proxies are not used: a push goes where the site says, or not at all. Fire has connections of its own,
so that slow answers to other messages never hold it up. Addresses hold secrets (a robot's token), so what went wrong
is said without the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from alerts.channels.contract import FIRE_SLOTS, OTHER_SLOTS
from alerts.channels.verdict import MOST_BODY, Outcome, Verdict, plain

Judge = Callable[[int, bytes, Mapping[str, str]], Verdict]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is sent; ``params`` are added to the query of ``url``."""

    url: str
    content: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)


class HttpLanes:
    """Connections of one channel; close them when done."""

    def __init__(self, timeout_s: float) -> None:
        """Prepare both lanes; nothing is connected yet. ``timeout_s`` bounds one try as a whole."""
        self._timeout_s = timeout_s
        self._lanes = {True: _client(timeout_s, FIRE_SLOTS), False: _client(timeout_s, OTHER_SLOTS)}

    async def close(self) -> None:
        """Close all connections."""
        for lane in self._lanes.values():
            await lane.aclose()

    async def send(self, request: HttpRequest, judge: Judge, *, fire: bool) -> Verdict:
        """Try once and let ``judge`` say what the answer means; never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await _exchange(self._lanes[fire], request, judge)
        except TimeoutError:
            return Verdict(Outcome.RETRY, f"no answer within {self._timeout_s:g} s")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Verdict(Outcome.REFUSED, "the channel's address is no web address")
        except httpx.HTTPError as error:
            return Verdict(Outcome.RETRY, plain(f"{type(error).__name__}: {error}"))


async def _exchange(lane: httpx.AsyncClient, request: HttpRequest, judge: Judge) -> Verdict:
    url = httpx.URL(request.url)
    if request.params:
        url = url.copy_merge_params(dict(request.params))
    content = request.content if request.method == "POST" else None
    async with lane.stream(request.method, url, content=content, headers=dict(request.headers)) as response:
        body = b""
        async for part in response.aiter_raw(8192):
            body += part
            if len(body) > MOST_BODY:
                return Verdict(Outcome.REFUSED, f"HTTP {response.status_code} with more than {MOST_BODY} bytes")
        return judge(response.status_code, body, response.headers)


def _client(timeout_s: float, slots: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=timeout_s,
        limits=httpx.Limits(max_connections=slots, max_keepalive_connections=slots),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "fengsui-alerts", "Accept-Encoding": "identity"},
    )
