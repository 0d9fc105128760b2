"""Pictures that the console fetches: which addresses, how much, how long, and what counts as one."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.live import pictures as limits
from dashboards.live.picture_rules import JPEG, PNG, WEBP, allowed, media_type, picture_address
from dashboards.live.pictures import AT_ONCE, MOST_BYTES, MOST_WAITING, Pictures
from domain.clock import FakeClock
from domain.errors import RefusedError
from tests.dashboards.cameras import Camera, camera

CAMERA = "http://10.20.0.5:8080/snapshots/"
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG_BYTES = b"\xff\xd8\xff\xe0" + b"\0" * 40
HTML = b"<html><script>window.hacked = 1</script></html>"


@pytest.mark.parametrize(
    "url",
    [
        f"{CAMERA}a.jpg",
        f"{CAMERA}2026/11/a.jpg?width=800&token=%2Fx",
        "HTTP://10.20.0.5:8080/snapshots/a.jpg#there",
    ],
)
def test_below_a_prefix_is_allowed(url: str) -> None:
    found = allowed(url, ["https://elsewhere.example/", CAMERA])
    assert found is not None
    assert not found.fragment


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.jpg",
        "file:///etc/passwd",
        "ftp://10.20.0.5:8080/snapshots/a.jpg",
        "https://10.20.0.5:8080/snapshots/a.jpg",
        "http://10.20.0.5/snapshots/a.jpg",
        "http://10.20.0.5:80800/snapshots/a.jpg",
        "http://10.20.0.50:8080/snapshots/a.jpg",
        "http://10.20.0.5:8080/snapshots-of-others/a.jpg",
        "http://10.20.0.5:8080/snapshots/../admin",
        "http://10.20.0.5:8080/snapshots/%2e%2e/admin",
        "http://10.20.0.5:8080/snapshots/%252e%252e/admin",
        "http://10.20.0.5:8080/snapshots/..%2fadmin",
        "http://10.20.0.5:8080/snapshots/..%5cadmin",
        "http://10.20.0.5:8080/snapshots\\..\\admin",
        "http://user@10.20.0.5:8080/snapshots/a.jpg",
        "http://user:word@10.20.0.5:8080/snapshots/a.jpg",
        "http://10.20.0.5:8080@evil.example/snapshots/a.jpg",
        "http://10.20.0.5:8080.evil.example/snapshots/a.jpg",
        "http://10.20.0.5:8080#@evil.example/snapshots/a.jpg",
        "http://10.20.0.5:8080/snapshots/a b.jpg",
        "http://10.20.0.5:8080/snapshots/a\n.jpg",
        "http://10.20.0.5:8080/snapshots/图.jpg",
        f"{CAMERA}{'a' * 2000}",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "//10.20.0.5:8080/snapshots/a.jpg",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert allowed(url, [CAMERA]) is None


def test_without_prefixes_nothing_is_allowed_and_a_broken_prefix_allows_nothing() -> None:
    assert allowed(f"{CAMERA}a.jpg", []) is None
    assert allowed("http://a/b", ["http://", "a", "http://a/../", "http://u@a/"]) is None


@given(
    st.text(max_size=60),
    st.sampled_from(["http://10.20.0.5:8080", "http://10.20.0.5:8080/snapshots", CAMERA, "http://", "https:/", ""]),
)
def test_whatever_a_device_writes_is_refused_or_lies_below_the_prefix(rest: str, begin: str) -> None:
    found = allowed(begin + rest, [CAMERA])
    if found is not None:
        assert (found.scheme, found.host, found.port) == ("http", "10.20.0.5", 8080)
        assert found.path == "/snapshots" or found.path.startswith("/snapshots/")
        assert ".." not in found.path.split("/")
        assert not found.userinfo


@given(st.from_regex(r"(https?|HTTP)://[a-z0-9.:@%\\/?#\[\]-]{0,40}", fullmatch=True))
def test_reading_an_address_never_fails(url: str) -> None:
    found = picture_address(url)
    assert found is None or (found.host and not found.userinfo and not found.fragment)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PIXEL, PNG),
        (JPEG_BYTES, JPEG),
        (b"RIFF\x10\0\0\0WEBPVP8 ", WEBP),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"GIF89a", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (HTML, None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_a_picture_is_what_its_first_bytes_say(content: bytes, kind: str | None) -> None:
    assert media_type(content) == kind


@given(st.binary(max_size=40))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert media_type(content) in (None, JPEG, PNG, WEBP)


def fetcher(cam: Camera, clock: FakeClock | None = None) -> Pictures:
    return Pictures(lambda: [cam.url], clock or FakeClock())


async def refused(found: Awaitable[object], words: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(words)) as raised:
        await found
    zh, slash, en = raised.value.reason.partition(" / ")
    assert slash
    assert not zh.isascii()
    assert en.isascii()


async def test_a_picture_is_fetched_once_for_all_who_look_and_its_hash_is_known() -> None:
    async with camera() as cam:
        url, pictures = cam.gives("a.jpg", JPEG_BYTES), fetcher(cam)
        found = await asyncio.gather(*(pictures.get(url) for _ in range(50)))
        assert {one.sha256 for one in found} == {hashlib.sha256(JPEG_BYTES).hexdigest()}
        assert found[0].media_type == JPEG
        assert cam.asked == {"/cam/a.jpg": 1}
        assert (await pictures.get(url, sha256=found[0].sha256)).content == JPEG_BYTES
        await refused(pictures.get(url, sha256="0" * 64), "hash was recorded")
        assert "cookie" not in cam.heads[0].lower()
        assert "authorization" not in cam.heads[0].lower()


async def test_nothing_is_asked_of_a_server_that_is_not_named() -> None:
    async with camera() as cam, camera() as other:
        url = other.gives("a.jpg", JPEG_BYTES)
        await refused(fetcher(cam).get(url), "not fetched")
        assert not other.asked


async def test_a_redirect_is_followed_within_the_prefix_and_nowhere_else() -> None:
    async with camera() as cam, camera() as other:
        pictures = fetcher(cam)
        cam.gives("real.png", PIXEL)
        inside = cam.gives("in", b"", status="302 Found", headers="Location: /cam/real.png\r\n")
        assert (await pictures.get(inside)).media_type == PNG
        secret = other.gives("secret", PIXEL)
        outside = cam.gives("out", b"", status="302 Found", headers=f"Location: {secret}\r\n")
        await refused(pictures.get(outside), "not allowed")
        above = cam.gives("up", b"", status="302 Found", headers="Location: /admin\r\n")
        await refused(pictures.get(above), "not allowed")
        for place in ("file:///etc/passwd", "http://[", "//"):
            odd = cam.gives(f"odd-{len(place)}", b"", status="302 Found", headers=f"Location: {place}\r\n")
            with pytest.raises(RefusedError):
                await pictures.get(odd)
        ring = cam.gives("ring", b"", status="302 Found", headers="Location: /cam/ring\r\n")
        await refused(pictures.get(ring), "leads on and on")
        assert not other.asked
        assert "/admin" not in cam.asked


async def test_what_is_no_picture_is_not_shown_whatever_it_calls_itself() -> None:
    async with camera() as cam:
        pictures = fetcher(cam)
        await refused(pictures.get(cam.gives("page.jpg", HTML)), "no picture")
        await refused(pictures.get(cam.gives("empty.jpg", b"")), "no picture")
        await refused(pictures.get(cam.gives("gone.jpg", JPEG_BYTES, status="404 Not Found")), "answered 404")
        packed = cam.gives("packed.jpg", JPEG_BYTES, headers="Content-Encoding: gzip\r\n")
        await refused(pictures.get(packed), "packed")


async def test_a_huge_one_is_left_alone_whether_it_says_so_or_not() -> None:
    async with camera() as cam:
        pictures = fetcher(cam)
        sent = 0

        async def endless(writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + JPEG_BYTES)
            while True:
                writer.write(b"\0" * 65_536)
                sent += 65_536
                await writer.drain()

        cam.answers["/cam/endless"] = endless
        await refused(pictures.get(f"{cam.url}endless"), "more than 2 MB")
        assert sent < 40 * MOST_BYTES
        await refused(pictures.get(cam.gives("big.jpg", JPEG_BYTES + b"\0" * MOST_BYTES)), "more than 2 MB")
        edge = JPEG_BYTES + b"\0" * (MOST_BYTES - len(JPEG_BYTES))
        assert len((await pictures.get(cam.gives("edge.jpg", edge))).content) == MOST_BYTES


async def test_a_slow_one_and_one_that_is_not_there_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with camera() as cam:
        pictures, forever = fetcher(cam), asyncio.Event()

        async def slow(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + JPEG_BYTES)
            await writer.drain()
            await forever.wait()

        cam.answers["/cam/slow"] = slow
        with monkeypatch.context() as hurried:
            hurried.setattr(limits, "WITHIN_S", 0.3)
            await refused(pictures.get(f"{cam.url}slow"), "did not come within")
        forever.set()
        port = cam.port
    gone = Pictures(lambda: [f"http://127.0.0.1:{port}/"], FakeClock())
    await refused(gone.get(f"http://127.0.0.1:{port}/a.jpg"), "can't be reached")


async def test_few_at_once_and_a_queue_with_an_end() -> None:
    async with camera() as cam:
        pictures, going = fetcher(cam), asyncio.Event()

        async def held(writer: asyncio.StreamWriter) -> None:
            await going.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PIXEL)

        for number in range(MOST_WAITING + 1):
            cam.answers[f"/cam/{number}"] = held
        waiting = [asyncio.create_task(pictures.get(f"{cam.url}{number}")) for number in range(MOST_WAITING)]
        while cam.now < AT_ONCE:
            await asyncio.sleep(0.01)
        await refused(pictures.get(f"{cam.url}{MOST_WAITING}"), "too many pictures wait")
        going.set()
        assert len(await asyncio.gather(*waiting)) == MOST_WAITING
        assert cam.most == AT_ONCE


async def test_a_failure_is_soon_tried_again_a_picture_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with camera() as cam:
        clock = FakeClock()
        pictures = fetcher(cam, clock)
        url = cam.gives("late.jpg", b"", status="404 Not Found")
        for _ in range(2):
            await refused(pictures.get(url), "answered 404")
        assert cam.asked["/cam/late.jpg"] == 1
        cam.gives("late.jpg", JPEG_BYTES)
        clock.advance(limits.FAILED_S)
        for _ in range(2):
            assert (await pictures.get(url)).media_type == JPEG
        assert cam.asked["/cam/late.jpg"] == 2
        monkeypatch.setattr(limits, "KEPT_BYTES", 60)
        await pictures.get(cam.gives("other.png", PIXEL))
        await pictures.get(url)
        assert cam.asked["/cam/late.jpg"] == 3
