"""A loopback server that answers as the documents of Grafana's HTTP API say; no Grafana behind it.

Folders, dashboards and data sources by uid: 404 for what is not there, 412 for a save over a version that is not
the newest (unless ``overwrite``), 401 for a wrong token. What it keeps, tests look at.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

TOKEN = "glsa_test"  # noqa: S105  # of no server


@dataclass
class Kept:
    """What it has, by uid; ``requests`` are method and path."""

    url: str = ""
    folders: dict[str, Any] = field(default_factory=dict)
    boards: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [one for one in self.requests if one[0] != "GET"]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return status and body."""
        parts = path.strip("/").split("/")[1:]
        missing = (404, {"message": "not found"})
        match (method, parts):
            case ("GET", ["folders", uid]):
                return (200, self.folders[uid]) if uid in self.folders else missing
            case ("POST", ["folders"]):
                self.folders[body["uid"]] = body
                return 200, body
            case ("GET", ["datasources", "uid", uid]):
                return (200, self.sources[uid]) if uid in self.sources else missing
            case ("POST", ["datasources"]) | ("PUT", ["datasources", "uid", _]):
                self.sources[body["uid"]] = {key: value for key, value in body.items() if key != "secureJsonData"}
                return 200, {"datasource": body}
            case ("GET", ["dashboards", "uid", uid]):
                return (200, self.boards[uid]) if uid in self.boards else missing
            case ("POST", ["dashboards", "db"]):
                return self.save(body)
        return missing

    def save(self, body: Any) -> tuple[int, Any]:
        """Save a dashboard, or refuse to."""
        board = dict(body["dashboard"])
        before = self.boards.get(board["uid"])
        if before and not body["overwrite"] and board.get("version") != before["dashboard"]["version"]:
            return 412, {"status": "version-mismatch", "message": "changed by someone else"}
        board |= {"id": len(self.boards) + 1, "version": (before["dashboard"]["version"] if before else 0) + 1}
        self.boards[board["uid"]] = {"dashboard": board, "meta": {"folderUid": body["folderUid"]}}
        return 200, {"uid": board["uid"], "status": "success"}


@contextmanager
def grafana_as_documented() -> Iterator[Kept]:
    """Serve on a free loopback port."""
    kept = Kept()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout: ClassVar[float] = 10

        def answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            kept.requests.append((self.command, self.path))
            allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            status, said = kept.answer(self.command, self.path, body) if allowed else (401, {"message": "Unauthorized"})
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  # the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
