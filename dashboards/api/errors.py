"""One shape for every error of the API: ``{"error": {"kind": …, "message": …}}``.

| kind | status | when |
|---|---|---|
| bad_request | 400 | the request itself is wrong |
| unauthorized | 401 | no token or session, or one that is over |
| forbidden | 403 | known, and without the right to it; or no proof against CSRF |
| not_found | 404 | no such thing |
| refused | 409 | understood, and not allowed now; the message says why |
| too_large | 413 | a body over the limit |
| too_many | 429 | too many wrong passwords; Retry-After says when, in seconds |
| unavailable | 503 | a service or the backbone is away: try again |
| internal | 500 | our mistake; the log has the trace |
"""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from domain.errors import FengsuiError, RefusedError

log = logging.getLogger(__name__)

NOT_FOUND = 404

_KINDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "bad_request",
    409: "refused",
}


class UnauthorizedError(RefusedError):
    """Who asks has not shown who they are."""


class ForbiddenError(RefusedError):
    """Who asks is known, and may not."""


def error_response(status: int, kind: str, message: str) -> JSONResponse:
    """Return an error in the shape of the module's table."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": {"kind": kind, "message": message}}, status, headers=headers)


def status_of(error: FengsuiError) -> tuple[int, str]:
    """Return status and kind of one of our errors."""
    if isinstance(error, UnauthorizedError):
        return 401, "unauthorized"
    if isinstance(error, ForbiddenError):
        return 403, "forbidden"
    if isinstance(error, RefusedError):
        return (NOT_FOUND, "not_found") if error.code == NOT_FOUND else (409, "refused")
    return 503, "unavailable"


def add_error_handlers(app: FastAPI) -> None:
    """Make every failure of a route answer in the one shape."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        status, kind = status_of(error) if isinstance(error, FengsuiError) else (500, "internal")
        return error_response(status, kind, str(error))

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError | ValidationError) else []
        words = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)
        return error_response(400, "bad_request", words or str(error))

    async def http(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = str(error.detail) if isinstance(error, HTTPException) else "internal error"
        return error_response(status, _KINDS.get(status, "internal"), words)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return error_response(500, "internal", "internal error; the console's log has the details")

    app.add_exception_handler(FengsuiError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
