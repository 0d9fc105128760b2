"""Which pictures the console may fetch, and what counts as one. Pure functions.

A picture's address comes from a device, so it may point anywhere: to a host inside that only this machine reaches, or
to a program that passes itself off as a picture. Therefore:

- an address is fetched only below a prefix that ``console.pictures`` of ``site.yaml`` names: same scheme, same host,
  same port, and a path within that of the prefix, whole names only (``/cam`` is no prefix of ``/camera``);
- it has no user, no password, no step upwards (``..``, also as ``%2e%2e`` or behind a backslash) and no fragment;
- it is read by the very parser that then connects (httpx), so that two readings of one address can't differ;
- what comes back is a picture when its first bytes say so: JPEG, PNG or WebP. What a server calls it counts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

import httpx

MOST_URL = 2000
"""Characters of an address (as `alerts.actions_face`)."""

PORTS = {"http": 80, "https": 443}

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
"""What is shown. Nothing that can hold a script (SVG) or that browsers guess about."""

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_RIFF, _WEBP_AT = b"RIFF", 8
_UNESCAPES = 3
"""How often an address is unescaped before its steps are looked at: servers behind proxies do it more than once."""


def picture_address(url: str) -> httpx.URL | None:
    """Return an address as the client will read it; None for one that is none, or that hides something."""
    if len(url) > MOST_URL or _PRINTABLE.fullmatch(url) is None or "\\" in url:
        return None
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError):
        return None
    if parsed.scheme not in PORTS or not parsed.host or parsed.userinfo or port == 0 or _climbs(url):
        return None
    return parsed.copy_with(fragment=None)


def allowed(url: str, prefixes: Iterable[str]) -> httpx.URL | None:
    """Return the address to fetch, None where no prefix allows it."""
    wanted = picture_address(url)
    if wanted is None:
        return None
    for prefix in prefixes:
        known = picture_address(prefix)
        if known is not None and _is_below(wanted, known):
            return wanted
    return None


def media_type(content: bytes) -> str | None:
    """Return what a picture is by its first bytes; None where it is none."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(_RIFF) and content[_WEBP_AT : _WEBP_AT + 4] == b"WEBP":
        return WEBP
    return None


def _is_below(wanted: httpx.URL, prefix: httpx.URL) -> bool:
    if _server(wanted) != _server(prefix):
        return False
    root = prefix.path if prefix.path.endswith("/") else f"{prefix.path}/"
    return wanted.path == prefix.path or wanted.path.startswith(root)


def _server(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or PORTS[url.scheme]


def _climbs(url: str) -> bool:
    """Tell whether a path has a step upwards or a hidden separator, however often it was escaped."""
    path = url.partition("://")[2].partition("?")[0].partition("#")[0]
    for _ in range(_UNESCAPES):
        plain = unquote(path)
        if any(step in (".", "..") for step in plain.split("/")) or "\\" in plain or "\0" in plain:
            return True
        if plain.count("/") != path.count("/"):
            return True
        if plain == path:
            return False
        path = plain
    return True
