"""Request and reply: one JSON envelope for every service.

``{"ok": true, "data": …}`` or ``{"ok": false, "error": {"kind": …, "message": …}}``. A handler's
`FengsuiError` becomes an error reply; a mistake of ours becomes ``unavailable`` and a log line.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from domain.errors import FengsuiError, LinkError, RefusedError, StoreError, WireError

log = logging.getLogger(__name__)

MOST_REQUEST = 640 * 1024
"""Largest request, bytes: a bundle of configuration with room."""

NOT_FOUND = 404


def encode(body: Mapping[str, Any]) -> bytes:
    """Write a request."""
    return json.dumps(body).encode()


def unwrap(subject: str, data: bytes) -> Any:
    """Return the data of a reply; raises RefusedError, LinkError or WireError."""
    try:
        reply = json.loads(data)
        if reply["ok"]:
            return reply["data"]
        kind, message = reply["error"]["kind"], str(reply["error"]["message"])
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"{subject} answered in a form that is not ours", data) from error
    if kind == "unavailable":
        raise LinkError(f"{subject}: {message}")
    raise RefusedError(message, code=NOT_FOUND if kind == "not_found" else None)


async def serve(
    client: Client, subject: str, handler: Callable[[dict[str, Any]], Awaitable[Any]], *, at_once: int = 1
) -> Subscription:
    """Answer on ``subject`` until the subscription ends; processes that serve the same subject share its requests.

    Up to ``at_once`` requests are worked on together: a service whose devices answer slowly must not keep
    all who ask something else waiting.
    """
    room = asyncio.Semaphore(at_once)
    working: set[asyncio.Task[None]] = set()

    async def answer(message: Msg) -> None:
        await message.respond(json.dumps(await _reply(subject, message.data, handler)).encode())

    async def take(message: Msg) -> None:
        if not message.reply:
            return
        if at_once == 1:
            await answer(message)
            return
        await room.acquire()
        task = asyncio.create_task(answer(message))
        working.add(task)
        task.add_done_callback(working.discard)
        task.add_done_callback(lambda _: room.release())

    return await client.subscribe(subject, queue=subject, cb=take)


async def _reply(subject: str, data: bytes, handler: Callable[[dict[str, Any]], Awaitable[Any]]) -> dict[str, Any]:
    if len(data) > MOST_REQUEST:
        return _error("bad_request", f"request of {len(data)} bytes; at most {MOST_REQUEST}")
    try:
        body = json.loads(data or b"{}")
        if not isinstance(body, dict):
            return _error("bad_request", "the request must be a JSON object")
        return {"ok": True, "data": await handler(body)}
    except RefusedError as error:
        return _error("not_found" if error.code == NOT_FOUND else "refused", str(error))
    except (LinkError, StoreError) as error:
        return _error("unavailable", str(error))
    except (FengsuiError, ValueError) as error:
        return _error("bad_request", str(error))
    except Exception:  # a service's edge: one bad request must not end the service; the log has the trace
        log.exception("%s failed", subject)
        return _error("unavailable", "internal error; the service's log has the details")


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": {"kind": kind, "message": message}}
