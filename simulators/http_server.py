"""As much of HTTP/1.1 as a phone needs: one request a connection, a body of known length, JSON back.

| limit | value |
|---|---|
| request line and headers | 64 KiB (asyncio's own limit of a stream) |
| body | 256 KiB |
| time for a whole request | 10 s |

Chunked bodies are refused (411): no sender of ours uses them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from domain.errors import WireError

MOST_BODY = 256 * 1024
REQUEST_S = 10.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpError(WireError):
    """A request that is answered with ``status`` and nothing else."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        """``reason`` goes to the sender."""
        super().__init__(reason)
        self.status = status


def parse_head(head: bytes) -> HttpRequest:
    """Parse request line and headers (without body); raises `HttpError`."""
    lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise HttpError(HTTPStatus.BAD_REQUEST, "no HTTP/1 request line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HttpError(HTTPStatus.BAD_REQUEST, "malformed header line")
        headers[name.lower()] = value.strip()
    return HttpRequest(parts[0], parts[1], headers, b"")


def body_length(request: HttpRequest, most: int = MOST_BODY) -> int:
    """Return the length of the body to come; raises `HttpError` where it is more than ``most``."""
    if "transfer-encoding" in request.headers:
        raise HttpError(HTTPStatus.LENGTH_REQUIRED, "send Content-Length, not chunks")
    text = request.headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise HttpError(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
    if int(text) > most:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"bodies of at most {most} bytes")
    return int(text)


async def read_request(reader: asyncio.StreamReader, most_body: int = MOST_BODY) -> HttpRequest | None:
    """Read one request; None when the peer left without one. Raises `HttpError`."""
    try:
        async with asyncio.timeout(REQUEST_S):
            request = parse_head(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(body_length(request, most_body))
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise HttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers are too long") from error
    except TimeoutError as error:
        raise HttpError(HTTPStatus.REQUEST_TIMEOUT, "the request took too long") from error
    return HttpRequest(request.method, request.path, request.headers, body)


def response(status: HTTPStatus, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole response with a JSON body; the connection ends after it."""
    body = json.dumps(document, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n"
    )
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}{more}\r\n".encode() + body
