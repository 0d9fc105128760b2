"""`Phone`: everybody's phone in one small HTTP server; takes pushes, and answers by their signed links.

A push is a POST with a JSON object. What is read of it, all optional but kept whole in ``document``:
``id``, ``idempotency_key`` (or the header ``Idempotency-Key``), ``person`` (an id, or an object with
one), ``rule``, ``text_zh`` (or ``text``), ``answer_url``. The receipt ``{"ok": true, "message_id": …,
"delivered": true}`` stands in the body, as chat services do it, and knows of the delivery, for this is
the phone itself; a push that comes twice under one key gets the same receipt and is recorded once.
With a secret, ``X-Fengsui-Signature`` must be ``sha256=`` and the HMAC-SHA256 of
``<X-Fengsui-Timestamp>.<body>`` in hex; a push without it is refused (401).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import httpx

from domain.clock import Clock, SystemClock
from domain.errors import LinkError, RefusedError
from simulators.http_server import HttpError, HttpRequest, read_request, response
from simulators.listener import Listener

ANSWERS = ("received", "on_site", "false_alarm")


class Mood(StrEnum):
    """How the phone's service behaves. Chat services say no in the body of an HTTP 200."""

    WELL = "well"
    HTTP_ERROR = "http_error"
    REFUSES = "refuses"
    HANGS = "hangs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One message as it arrived, counted once however often it was sent."""

    message_id: str
    time_ns: int
    id: str
    idempotency_key: str
    person: str
    rule: str
    text: str
    answer_url: str
    headers: dict[str, str] = field(repr=False)
    document: dict[str, Any] = field(repr=False)

    def observation(self) -> dict[str, Any]:
        """Return it as a `simulators.expectations.Observation`, for a runner's feed."""
        return {"kind": "push", "rule": self.rule, "person": self.person, "text": self.text, "time_ns": self.time_ns}


class Phone(Listener):
    """Records pushes in ``pushes``, oldest first; ``path`` is where a channel's URL must point."""

    def __init__(
        self, *, secret: str | None = None, clock: Clock | None = None, on_push: Callable[[Push], None] | None = None
    ) -> None:
        """``secret``: signatures are checked; ``on_push`` is called for each new push, in order."""
        self._secret = secret
        self._clock = clock or SystemClock()
        self._on_push = on_push
        super().__init__(self._serve)
        self._by_key: dict[str, Push] = {}
        self._numbers = itertools.count(1)
        self._arrived = asyncio.Condition()
        self._mood, self._mood_left = Mood.WELL, 0
        self.pushes: list[Push] = []
        self.repeated = 0
        self.refused = 0

    @property
    def url(self) -> str:
        """Where to push to, on the loopback."""
        return f"http://127.0.0.1:{self.port}/push"

    def behave(self, mood: Mood, times: int = 1_000_000) -> None:
        """Treat the next ``times`` pushes in this mood, then be well again."""
        self._mood, self._mood_left = mood, times

    def newest(self, *, person: str, rule: str) -> Push | None:
        """Return the newest push of a rule to a person, or None."""
        fitting = (push for push in reversed(self.pushes) if (push.person, push.rule) == (person, rule))
        return next(fitting, None)

    async def wait_for(self, *, person: str, rule: str, timeout_s: float) -> Push:
        """Wait for a push of a rule to a person; raises TimeoutError when none comes."""
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(lambda: self.newest(person=person, rule=rule) is not None)
        push = self.newest(person=person, rule=rule)
        assert push is not None  # noqa: S101 -- pushes are never taken away
        return push

    async def answer(self, url: str, answer: str, note: str = "") -> dict[str, Any]:
        """Answer by a push's signed link: POST ``{"answer": …, "note": …}``; return the reply's JSON.

        Raises `LinkError` when nobody is there, `RefusedError` when the answer is not taken.
        """
        async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
            try:
                reply = await client.post(url, json={"answer": answer, "note": note})
            except httpx.TransportError as error:
                msg = f"no answer at {httpx.URL(url).host}: {error or type(error).__name__}"
                raise LinkError(msg) from error
        if reply.status_code >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"the answer was not taken: {reply.text[:200]}", code=reply.status_code)
        return _object(reply.content) or {}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
            if request is None:
                return
            sent = await self._handle(request)
        except HttpError as error:
            sent = response(error.status, {"ok": False, "error": error.reason})
        writer.write(sent)
        await writer.drain()

    async def _handle(self, request: HttpRequest) -> bytes:
        if request.method != "POST":
            raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, "POST a push here")
        document = _object(request.body)
        if document is None:
            raise HttpError(HTTPStatus.BAD_REQUEST, "a push is a JSON object")
        if self._secret is not None and not _is_signed(request, self._secret):
            raise HttpError(HTTPStatus.UNAUTHORIZED, "the signature does not fit the body")
        if (refusal := await self._moody()) is not None:
            self.refused += 1
            return refusal
        push = await self._record(request, document)
        return response(HTTPStatus.OK, {"ok": True, "message_id": push.message_id, "delivered": True})

    async def _moody(self) -> bytes | None:
        """Return the answer of a phone that is not well, or None."""
        if self._mood_left <= 0:
            return None
        self._mood_left -= 1
        match self._mood:
            case Mood.HTTP_ERROR:
                return response(HTTPStatus.SERVICE_UNAVAILABLE, {"ok": False, "error": "out of order"})
            case Mood.REFUSES:
                return response(HTTPStatus.OK, {"ok": False, "error": "token is not valid"})
            case Mood.HANGS:
                await asyncio.Event().wait()
        return None

    async def _record(self, request: HttpRequest, document: dict[str, Any]) -> Push:
        key = request.headers.get("idempotency-key") or _text(document, "idempotency_key") or _text(document, "id")
        if key and key in self._by_key:
            self.repeated += 1
            return self._by_key[key]
        push = Push(
            message_id=f"m-{next(self._numbers)}",
            time_ns=self._clock.now_ns(),
            id=_text(document, "id"),
            idempotency_key=key,
            person=_person(document.get("person")),
            rule=_text(document, "rule"),
            text=_text(document, "text_zh") or _text(document, "text"),
            answer_url=_text(document, "answer_url"),
            headers=dict(request.headers),
            document=document,
        )
        if key:
            self._by_key[key] = push
        self.pushes.append(push)
        if self._on_push is not None:
            self._on_push(push)
        async with self._arrived:
            self._arrived.notify_all()
        return push


def _object(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _person(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _is_signed(request: HttpRequest, secret: str) -> bool:
    signed = request.headers.get("x-fengsui-timestamp", "").encode() + b"." + request.body
    wanted = f"sha256={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"
    return hmac.compare_digest(wanted.encode(), request.headers.get("x-fengsui-signature", "").encode())
