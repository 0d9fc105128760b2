"""One shape for every error of the API: problem details (RFC 9457), ``application/problem+json``.

    {"type": "about:blank", "title": "refused", "status": 409, "detail": "告警已关闭 / the alert is closed",
     "detail_zh": "告警已关闭", "detail_en": "the alert is closed", "error": {"kind": "refused", "message": …}}

| kind | status | when |
|---|---|---|
| bad_request | 400, 405 | the request itself is wrong, or this path has no such method |
| unauthorized | 401 | no token or session, or one that is over |
| forbidden | 403 | known, and without the right to it; or no proof against CSRF; or a fire that needs a second person |
| not_found | 404 | no such thing |
| refused | 409 | understood, and not allowed now; the message says why |
| too_large | 413 | a body over the limit |
| too_many | 429 | too many wrong passwords; Retry-After says when, in seconds |
| unavailable | 503 | a service or the backbone is away: try again |
| internal | 500 | our mistake; the log has the trace |

``error`` is what the API gave before there were problem details; it stays. The paths of the Alertmanager API
answer as Alertmanager does, with a JSON string, and 400 for what is refused: it knows no 409, and amtool shows its
user the words of a 400 only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException

from domain.errors import FengsuiError, RefusedError

log = logging.getLogger(__name__)

FORBIDDEN = 403
NOT_FOUND = 404
PROBLEM = "application/problem+json"
ALERTMANAGER = ("/api/v2/", "/alertmanager/")

NO_HTTP: dict[str, Any] = {"text/plain": {}}
"""What the HTTP server itself says (400) to what is no HTTP, or has an address of over 64 kB."""

_KINDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "bad_request",
    409: "refused",
    413: "too_large",
    429: "too_many",
    503: "unavailable",
}


class ErrorBody(BaseModel):
    """What went wrong, in the form from before problem details."""

    kind: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457), with the words in both languages where there are two."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str
    detail_en: str
    error: ErrorBody


class UnauthorizedError(RefusedError):
    """Who asks has not shown who they are."""


class ForbiddenError(RefusedError):
    """Who asks is known, and may not."""


class TooManyError(RefusedError):
    """It comes too early, after wrong passwords; ``wait_s``: how long to wait."""

    def __init__(self, reason: str, wait_s: int) -> None:
        """Refuse until ``wait_s`` have passed."""
        super().__init__(reason)
        self.wait_s = wait_s


def error_response(
    status: int, kind: str, message: str, headers: Mapping[str, str] | None = None, *, path: str = ""
) -> JSONResponse:
    """Return an error in the shape of the module's table."""
    given = dict(headers or {})
    if status == 401:
        given["WWW-Authenticate"] = "Bearer"
    if path.startswith(ALERTMANAGER):
        return JSONResponse(message, 400 if status == 409 else status, headers=given)
    zh, en = both(message)
    problem = Problem(
        type="about:blank",
        title=kind,
        status=status,
        detail=message,
        detail_zh=zh,
        detail_en=en,
        error=ErrorBody(kind=kind, message=message),
    )
    return JSONResponse(problem.model_dump(), status, headers=given, media_type=PROBLEM)


def both(message: str) -> tuple[str, str]:
    """Return a message in Chinese and in English; one that has only one language is both."""
    zh, found, en = message.partition(" / ")
    return (zh, en) if found and not zh.isascii() else (message, message)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of a route for its description; all routes have 400, 401, 403, 405, 429 and 503 besides."""
    schema = {"$ref": "#/components/schemas/Problem"}
    every = sorted({400, 401, 403, 405, 413, 429, 503, *statuses})
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": _KINDS[status], "content": {PROBLEM: {"schema": schema}}} for status in every
    }
    found[400]["content"] |= NO_HTTP
    return found


def status_of(error: FengsuiError) -> tuple[int, str]:
    """Return status and kind of one of our errors."""
    if isinstance(error, UnauthorizedError):
        return 401, "unauthorized"
    if isinstance(error, ForbiddenError):
        return 403, "forbidden"
    if isinstance(error, TooManyError):
        return 429, "too_many"
    if isinstance(error, RefusedError):
        status = error.code if error.code in (FORBIDDEN, NOT_FOUND) else 409
        return status, _KINDS[status]
    return 503, "unavailable"


def add_error_handlers(app: FastAPI) -> None:
    """Make every failure of a route answer in the one shape."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        status, kind = status_of(error) if isinstance(error, FengsuiError) else (500, "internal")
        if status == FORBIDDEN and not isinstance(error, ForbiddenError) and request.url.path.startswith(ALERTMANAGER):
            status = 400  # it may be asked, and is refused: amtool shows people the reason
        headers = {"Retry-After": str(error.wait_s)} if isinstance(error, TooManyError) else None
        return error_response(status, kind, str(error), headers, path=request.url.path)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError | ValidationError) else []
        words = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)
        return error_response(400, "bad_request", words or str(error), path=request.url.path)

    async def http(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = str(error.detail) if isinstance(error, HTTPException) else "internal error"
        headers = error.headers if isinstance(error, HTTPException) else None
        return error_response(status, _KINDS.get(status, "internal"), words, headers, path=request.url.path)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        words = "internal error; the console's log has the details"
        return error_response(500, "internal", words, path=request.url.path)

    app.add_exception_handler(FengsuiError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
