"""Real time-series servers on free loopback ports, stopped by their own process id."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers import require

START_TIMEOUT_S = 30.0

_INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
  auth-enabled = {auth}
[monitor]
  store-enabled = false
"""


@contextmanager
def influxd(folder: Path, *, auth: bool = False, port: int | None = None) -> Iterator[str]:
    """Run InfluxDB 1 with its files below ``folder``; yields its address."""
    port = port or free_port()
    with influxd_process(folder, auth=auth, port=port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def influxd_process(folder: Path, *, port: int, auth: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """Run InfluxDB 1 with its files below ``folder``; yields its process, which may be killed."""
    program = require("influxd")
    folder.mkdir(parents=True, exist_ok=True)
    rpc, http = free_port(), port
    config = folder / "influxdb.conf"
    config.write_text(_INFLUXD.format(rpc=rpc, http=http, folder=folder, auth=str(auth).lower()))
    with _running([program, "run", "-config", str(config)], folder / "influxd.log") as process:
        _answering(f"http://127.0.0.1:{http}", "/ping")
        yield process


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[str]:
    """Run VictoriaMetrics with its files below ``folder``; yields its address."""
    program = require("victoria-metrics")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        program,
        f"-storageDataPath={folder}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-memory.allowedBytes=100MB",
    ]
    with _running(command, folder / "victoria.log"):
        yield _answering(f"http://127.0.0.1:{port}", "/health")


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "GOMAXPROCS": "1"})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answering(address: str, path: str) -> str:
    """Wait until the server answers."""
    end = time.monotonic() + START_TIMEOUT_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < end:
            try:
                if client.get(address + path).is_success:
                    return address
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    msg = f"{address} did not answer in {START_TIMEOUT_S:.0f} s"
    raise TimeoutError(msg)


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
