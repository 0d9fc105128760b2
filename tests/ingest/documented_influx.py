"""Loopback servers that follow the documented API of InfluxDB 2 and 3 for set-up; no database behind them.

What they keep is what they were told: buckets, tasks, mappings, databases, and the bodies of questions and writes.
Sources: InfluxDB 2.7 API, InfluxDB 3 Core API.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fields = dict[str, Any]
Reply = tuple[int, Any]


@dataclass
class Documented:
    """One server's state. ``token`` is the only one that may do anything."""

    version: str
    token: str = "right"  # noqa: S105  # of a test
    url: str = ""
    kept: dict[str, list[Fields]] = field(default_factory=lambda: {"buckets": [], "tasks": [], "dbrps": []})
    databases: dict[str, Fields] = field(default_factory=dict)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def reply(self, method: str, path: str, query: dict[str, str], body: bytes) -> Reply:
        """Answer one request."""
        if path == "/ping":
            return 204, None
        if path in self.answers:
            self.bodies.append((f"{path}?{query.get('rp') or query.get('bucket') or query.get('db', '')}", body))
            return 200, self.answers[path]
        if path == "/api/v3/configure/database":
            return self._database(method, body)
        if path == "/api/v2/orgs":
            return 200, {
                "orgs": [{"id": "0a1b2c3d4e5f6a7b", "name": query["org"]}] if query.get("org") == "fengsui" else []
            }
        _, _, _, kind, *rest = path.split("/")
        return self._resource(method, kind, rest[0] if rest else None, query, json.loads(body or b"{}"))

    def _database(self, method: str, body: bytes) -> Reply:
        if method == "GET":
            return 200, [{"iox::database": name} for name in self.databases]
        told = json.loads(body)
        self.databases[told["db"]] = told
        return 200, None

    def _resource(self, method: str, kind: str, one: str | None, query: dict[str, str], told: Fields) -> Reply:
        known = self.kept[kind]
        if method == "GET":
            wanted = {"name": query.get("name"), "database": query.get("db"), "retention_policy": query.get("rp")}
            chosen = [item for item in known if all(value in (None, item.get(key)) for key, value in wanted.items())]
            return 200, {"content" if kind == "dbrps" else kind: chosen}
        if method == "POST":
            if kind == "tasks":
                told["name"] = json.loads(told["flux"].split("name: ")[1].split(",")[0])
            known.append({"id": f"{kind}-{len(known)}", **told})
            return 201, known[-1]
        (item,) = (item for item in known if item["id"] == one)
        if method == "DELETE":
            known.remove(item)
            return 204, None
        item.update(told)
        return 200, item


def documented_influx2() -> Documented:
    """Return an InfluxDB 2 as documented, empty."""
    return Documented("v2.7.6")


def documented_influx3() -> Documented:
    """Return an InfluxDB 3 Core as documented, empty."""
    return Documented("3.0.0")


@contextmanager
def serving(state: Documented) -> Iterator[Documented]:
    """Serve on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            token = (self.headers.get("Authorization") or "").partition(" ")[2]
            status, content = 401, {"code": "unauthorized", "message": "unauthorized access"}
            if token == state.token or parts.path == "/ping":
                status, content = state.reply(self.command, parts.path, query, body)
            sent = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("X-Influxdb-Version", state.version)
            self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent if status != 204 else b"")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    answer: Callable[[Any], None] = Handler._answer  # one answer for all methods
    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
