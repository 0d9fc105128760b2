"""Where platforms report what became of messages: ``POST /receipts/{channel}``.

Public, because the platform calls us: what lets a report in is its signature with the channel's secret, checked by the
alerts service (`alerts.receipts_face` says how it is made and what it holds). Bodies have at most 8 KiB, one address
may report `MOST_PER_MINUTE` times a minute, and everything that is not signed gets the same 401.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from alerts.receipts_face import BAD_REPORT, MOST_BYTES, UNAUTHORIZED, ReceiptsFace
from dashboards.api.context import Context
from dashboards.api.errors import UnauthorizedError, error_response
from domain.errors import RefusedError
from domain.ids import TOKEN_PATTERN

MOST_PER_MINUTE = 600
MOST_ADDRESSES = 10_000
WINDOW_S = 60.0

Channel = Annotated[str, Path(pattern=TOKEN_PATTERN)]


class Allowance:
    """Counts calls by address over a sliding minute; it forgets the longest silent address when it is full."""

    def __init__(self, most: int = MOST_PER_MINUTE, now_s: Callable[[], float] = time.monotonic) -> None:
        """Allow ``most`` calls a minute and address."""
        self._most = most
        self._now_s = now_s
        self._calls: dict[str, deque[float]] = {}

    def wait_s(self, address: str) -> float:
        """Count a call; returns 0, or how long to wait where there were too many (that call counts for nothing)."""
        now_s = self._now_s()
        calls = self._calls.pop(address, deque())
        self._calls[address] = calls  # the newest comes last
        while len(self._calls) > MOST_ADDRESSES:
            del self._calls[next(iter(self._calls))]
        while calls and calls[0] <= now_s - WINDOW_S:
            calls.popleft()
        if len(calls) >= self._most:
            return calls[0] + WINDOW_S - now_s
        calls.append(now_s)
        return 0.0


def receipts_router(context: Context) -> APIRouter:
    """Return ``/receipts/{channel}``."""
    router = APIRouter(include_in_schema=False)
    allowance = Allowance()

    @router.post("/receipts/{channel}")
    async def report(request: Request, channel: Channel) -> Response:
        wait_s = allowance.wait_s(request.client.host if request.client else "")
        if wait_s > 0:
            answer = error_response(429, "too_many", f"at most {MOST_PER_MINUTE} reports a minute")
            answer.headers["Retry-After"] = str(int(wait_s) + 1)
            return answer
        body = await request.body()
        if len(body) > MOST_BYTES:
            return error_response(413, "too_large", f"a report has at most {MOST_BYTES} bytes")
        try:
            content = body.decode()
        except UnicodeDecodeError:
            return error_response(400, "bad_request", "a report is UTF-8")
        try:
            reply = await ReceiptsFace(context.link.backbone).delivery(
                channel,
                content,
                timestamp=request.headers.get("x-fengsui-timestamp", "")[:20],
                signature=request.headers.get("x-fengsui-signature", "")[:100],
            )
        except RefusedError as error:
            if error.code == UNAUTHORIZED:
                raise UnauthorizedError(error.reason) from None
            if error.code == BAD_REPORT:
                return error_response(400, "bad_request", error.reason)
            raise
        return JSONResponse(reply.model_dump())

    return router
