"""`StoreServer`: a time-series store that misbehaves on demand, for what a platform does when its store is ill.

It takes InfluxDB line protocol on ``/write`` and ``/api/v2/write`` and keeps what it accepted, so that counts can be
compared. ``/query`` is answered as by an empty database: nothing is to be read here.

| mood | a write is answered with |
|---|---|
| well | 204; the lines are kept. A line with a word in ``poison`` makes its whole request 400, as InfluxDB does it |
| too_large | 413 where there are more than ``most_lines`` lines |
| busy | 429 and ``Retry-After: 1`` |
| unavailable | 503 |
| refuses | 400, whatever the lines say |
| slow | as well, after ``slow_s`` |
| hangs | nothing, until the mood changes |
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from domain.errors import WireError
from simulators.http_server import HttpError, HttpRequest, read_request, response
from simulators.listener import Listener

MOST_BODY = 4 * 2**20
FIELD = re.compile(rb'([^,= ]+)=("(?:[^"\\]|\\.)*"|[^, ]+)')
QUALITY, TEXT = b".quality", b".text"


class StoreMood(StrEnum):
    """How the store behaves; see the module's table."""

    WELL = "well"
    TOO_LARGE = "too_large"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    REFUSES = "refuses"
    SLOW = "slow"
    HANGS = "hangs"


_REFUSALS = {
    StoreMood.BUSY: HTTPStatus.TOO_MANY_REQUESTS,
    StoreMood.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreMood.REFUSES: HTTPStatus.BAD_REQUEST,
}


@dataclass(slots=True)
class Kept:
    """What was accepted: each reading (series, point, time) once, as such a store does it; ``written`` counts all."""

    readings: dict[tuple[bytes, bytes, bytes], bytes] = field(default_factory=dict)
    written: int = 0

    def add(self, line: bytes) -> None:
        """Take one line; raises WireError for what is none."""
        series, _, rest = line.partition(b" ")
        fields, _, time = rest.rpartition(b" ")
        pairs = FIELD.findall(fields)
        if not pairs or not time.isdigit():
            raise WireError("no line protocol", line)
        for name, value in pairs:
            point = name.removesuffix(QUALITY).removesuffix(TEXT)
            self.readings[series, point, time] = value
        self.written += len({name.removesuffix(QUALITY).removesuffix(TEXT) for name, _ in pairs})


class StoreServer(Listener):
    """Serves on a port of the loopback; change ``mood`` at any time."""

    def __init__(self, *, poison: bytes = b"", most_lines: int = 50, slow_s: float = 1.0) -> None:
        """``poison``: lines that hold it are refused; empty: none are."""
        super().__init__(self._serve)
        self.kept = Kept()
        self.answers: Counter[int] = Counter()
        """Replies to writes by status."""
        self._poison = poison
        self._most_lines = most_lines
        self._slow_s = slow_s
        self._mood = StoreMood.WELL
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mood(self) -> StoreMood:
        """How it behaves."""
        return self._mood

    @mood.setter
    def mood(self, mood: StoreMood) -> None:
        self._mood = mood
        self._changed.set()
        self._changed = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader, MOST_BODY)
            if request is None:
                return
            sent = await self._answer(request)
        except HttpError as error:
            sent = response(error.status, {"error": str(error)})
        writer.write(sent)
        await writer.drain()

    async def _answer(self, request: HttpRequest) -> bytes:
        path = request.path.partition("?")[0]
        if path == "/query":
            statements = request.body.count(b"%3B") + 1
            return response(HTTPStatus.OK, {"results": [{"statement_id": at} for at in range(statements)]})
        if path not in ("/write", "/api/v2/write"):
            return response(HTTPStatus.NOT_FOUND, {"error": f"no {path} here"})
        status = await self._write(request)
        self.answers[status] += 1
        headers = {"Retry-After": "1"} if status is HTTPStatus.TOO_MANY_REQUESTS else {}
        return response(status, {"error": status.phrase} if status >= HTTPStatus.BAD_REQUEST else {}, headers)

    async def _write(self, request: HttpRequest) -> HTTPStatus:
        while self._mood is StoreMood.HANGS:
            await self._changed.wait()
        if self._mood is StoreMood.SLOW:
            await asyncio.sleep(self._slow_s)
        if self._mood in _REFUSALS:
            return _REFUSALS[self._mood]
        gzipped = request.headers.get("content-encoding") == "gzip"
        lines = [line for line in (gzip.decompress(request.body) if gzipped else request.body).split(b"\n") if line]
        if self._mood is StoreMood.TOO_LARGE and len(lines) > self._most_lines:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if self._poison and any(self._poison in line for line in lines):
            return HTTPStatus.BAD_REQUEST
        for line in lines:
            self.kept.add(line)
        return HTTPStatus.NO_CONTENT
