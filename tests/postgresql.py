"""A real PostgreSQL for tests: one server a session, one new database for each test that asks."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backbone.server import free_ports
from tests.servers import missing

USER = "fengsui"


class PostgreSql:
    """A server that runs; ``stop`` and ``start`` play a server that goes away."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Make the cluster; its files are below ``folder``."""
        self._programs, self.folder, self.port = programs, folder, free_ports(1)[0]
        self._run("initdb", "--auth=trust", "--no-sync", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "--wait", f"--log={self.folder}/server.log", f"--options={options}", "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def database(self) -> str:
        """Make an empty database and return its address."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload,unused-ignore]  # name is ours
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program of the server as somebody who is not root, which PostgreSQL refuses."""
        who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*who, str(self._programs / program), f"--pgdata={self.folder}/data", *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


@contextmanager
def postgresql() -> Iterator[PostgreSql]:
    """Run a server; its files are not below pytest's folder, which only its owner may enter."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/none")]
    if not found[-1].exists():
        missing("postgresql")
    with tempfile.TemporaryDirectory(prefix=f"fengsui-pg-{getpass.getuser()}-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server = PostgreSql(found[-1].parent, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
