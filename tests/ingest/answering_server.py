"""A loopback HTTP server that answers writes as the InfluxDB API documents say; no database behind it.

Real servers can't be made to answer 413, 422, 429 or 503 at will. Each test says how its server
answers; what was accepted is kept, so that the test sees what a database would have had.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of one reply; ``kept`` is what is stored though the request is refused."""

    status: int = 204
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    kept: tuple[bytes, ...] = ()


STORED = Answer()

Judge = Callable[[list[bytes]], Answer]
"""What decides about the lines of one request."""


@dataclass
class Seen:
    """What came in."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    requests: list[list[bytes]] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def answering_as_documented(judge: Judge) -> Iterator[Seen]:
    """Serve on a free loopback port; yields what was seen so far."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout: ClassVar[float] = 10
        disable_nagle_algorithm: ClassVar[bool] = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            lines = body.split(b"\n")
            seen.paths.append(self.path)
            seen.headers.append({name.lower(): value for name, value in self.headers.items()})
            seen.requests.append(lines)
            seen.connections.add(self.client_address)
            answer = judge(lines)
            if 200 <= answer.status < 300:
                seen.accepted += lines
            seen.accepted += answer.kept
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body.encode())))
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
