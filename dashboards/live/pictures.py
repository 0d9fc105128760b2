"""Pictures of alerts, fetched by the console itself and kept for a while: no browser ever loads one from outside.

| limit | value | why |
|---|---|---|
| size | 2 MB | a camera's still; more is no still (assumption) |
| time of one fetch | 5 s, redirects included | somebody waits for it |
| redirects | 3, each checked like the address itself | a camera may add its own login page |
| at once | 4 | a storm of alarms must not take the console's time (assumption) |
| waiting | 32, then refused | as above |
| kept | 10 min, 32 MB in all; what failed 15 s | a hundred browsers look at one fire |

Whatever the answer says it is encoded in is refused, so that nothing unpacks to more than was read. No proxy of the
environment is used, and no cookie, name or password is sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from dashboards.live.picture_rules import allowed, media_type
from domain.clock import NS_PER_S, Clock
from domain.errors import RefusedError

MOST_BYTES = 2 * 2**20
WITHIN_S = 5.0
MOST_REDIRECTS = 3
AT_ONCE = 4
MOST_WAITING = 32
KEPT_S, FAILED_S = 600.0, 15.0
KEPT_BYTES = 32 * 2**20
MOST_KEPT = 500
"""Addresses remembered; those that failed weigh nothing."""

_WANTED = {"Accept": "image/jpeg, image/png, image/webp", "Accept-Encoding": "identity", "User-Agent": "fengsui"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came; ``sha256`` of its bytes, 64 hex digits."""

    content: bytes
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of an address, until ``until_ns``."""

    found: Picture | RefusedError
    until_ns: int

    @property
    def size(self) -> int:
        return len(self.found.content) if isinstance(self.found, Picture) else 0


class Pictures:
    """Fetches, one question for an address however many ask."""

    def __init__(self, prefixes: Callable[[], Sequence[str]], clock: Clock) -> None:
        """Fetch only below ``prefixes``, as they are when somebody asks."""
        self._prefixes = prefixes
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Picture | RefusedError]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._trusted: ssl.SSLContext | None = None

    def may(self, url: str) -> bool:
        """Tell whether an address would be fetched."""
        return allowed(url, self._prefixes()) is not None

    async def get(self, url: str, *, sha256: str | None = None) -> Picture:
        """Return the picture at an address.

        Raises:
            RefusedError: It is not allowed, can't be had or is none, too many wait, or, where ``sha256`` is given,
                its bytes are not those that were recorded. The reason is for people, in both languages.
        """
        if not self.may(url):
            raise _bad(
                "图片地址不在允许范围内，未读取", "the picture's address is below none that is allowed: not fetched"
            )
        found = await self._found(url)
        if isinstance(found, RefusedError):
            raise RefusedError(found.reason)  # a new one: the kept one would collect the traces of all who asked
        if sha256 is not None and found.sha256 != sha256:
            raise _bad("图片与登记的校验值不符，不予显示", "the picture is not the one whose hash was recorded")
        return found

    async def _found(self, url: str) -> Picture | RefusedError:
        kept = self._kept.get(url)
        if kept is not None and self._clock.now_ns() < kept.until_ns:
            self._kept.move_to_end(url)
            return kept.found
        task = self._asking.get(url)
        if task is None:
            if len(self._asking) >= MOST_WAITING:
                raise _bad("读取图片的请求过多，请稍后再试", "too many pictures wait: try again")
            task = asyncio.create_task(self._fetch(url))
            self._asking[url] = task
            task.add_done_callback(lambda _: self._asking.pop(url, None))
        return await asyncio.shield(task)

    async def _fetch(self, url: str) -> Picture | RefusedError:
        found: Picture | RefusedError
        async with self._slots:
            try:
                async with asyncio.timeout(WITHIN_S):
                    found = _picture(await self._read(url))
            except TimeoutError:
                found = _bad(f"{WITHIN_S:g} 秒内未取到图片", f"the picture did not come within {WITHIN_S:g} s")
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
                found = _bad("图片服务器无法连接", "the picture's server can't be reached")
            except RefusedError as error:
                found = error
        self._keep(url, found)
        return found

    async def _read(self, url: str) -> bytes:
        """Return the body, redirects followed only to where we may go."""
        async with httpx.AsyncClient(
            verify=self._certificates(), trust_env=False, timeout=WITHIN_S, follow_redirects=False
        ) as client:
            for _ in range(MOST_REDIRECTS + 1):
                address = allowed(url, self._prefixes())
                if address is None:
                    raise _bad("图片被转到不允许的地址，未读取", "the picture leads to an address that is not allowed")
                async with client.stream("GET", address, headers=_WANTED) as answer:
                    if answer.next_request is None:
                        return await _body(answer)
                    url = str(answer.next_request.url)
        raise _bad("图片地址转来转去", "the picture's address leads on and on")

    def _certificates(self) -> ssl.SSLContext:
        """Return whom we trust; read once, for it takes its time."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context()
        return self._trusted

    def _keep(self, url: str, found: Picture | RefusedError) -> None:
        lasts_s = KEPT_S if isinstance(found, Picture) else FAILED_S
        self._kept[url] = _Kept(found, self._clock.now_ns() + round(lasts_s * NS_PER_S))
        self._kept.move_to_end(url)
        while len(self._kept) > 1 and (
            sum(one.size for one in self._kept.values()) > KEPT_BYTES or len(self._kept) > MOST_KEPT
        ):
            self._kept.popitem(last=False)


async def _body(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise _bad(f"图片服务器答复 {answer.status_code}", f"the picture's server answered {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise _bad("图片以压缩形式传来，未读取", "the picture came packed: not read")
    declared = answer.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:12]) > MOST_BYTES:
        raise _too_large()
    content = bytearray()
    async for piece in answer.aiter_raw():
        content += piece
        if len(content) > MOST_BYTES:
            raise _too_large()
    return bytes(content)


def _picture(content: bytes) -> Picture:
    kind = media_type(content)
    if kind is None:
        raise _bad("地址上不是图片（JPEG、PNG、WebP）", "what is there is no picture (JPEG, PNG, WebP)")
    return Picture(content, kind, hashlib.sha256(content).hexdigest())


def _too_large() -> RefusedError:
    return _bad(f"图片超过 {MOST_BYTES // 2**20} MB，未读取", f"the picture has more than {MOST_BYTES // 2**20} MB")


def _bad(zh: str, en: str) -> RefusedError:
    return RefusedError(f"{zh} / {en}")
