"""A real InfluxDB 1 for benchmarks: Debian's package, on a free loopback port, its files below a folder."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from backbone.server import free_ports

START_S = 30.0

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
  cache-snapshot-write-cold-duration = "{cold}"
  compact-full-write-cold-duration = "{cold}"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
"""


def program() -> str | None:
    """Return where influxd is, None on a machine without it (apt-get install influxdb)."""
    return shutil.which("influxd") or shutil.which("influxd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running(folder: Path, port: int, *, cold: str = "10m") -> Iterator[subprocess.Popen[bytes]]:
    """Run it until the end; ``cold``: after how long without writes a shard is compacted as a whole."""
    found = program()
    if found is None:
        raise SystemExit("influxd is not installed: apt-get install influxdb")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "influxdb.conf"
    config.write_text(_CONFIG.format(rpc=free_ports(1)[0], port=port, folder=folder, cold=cold))
    with (folder / "influxd.log").open("ab") as log:
        process = subprocess.Popen([found, "run", "-config", str(config)], stdout=log, stderr=log)  # noqa: S603 -- as found
    try:
        _wait(f"http://127.0.0.1:{port}/ping")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(address: str) -> None:
    end = time.monotonic() + START_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < end:
            try:
                if client.get(address).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise SystemExit(f"influxd did not answer on {address} in {START_S:.0f} s")


def bytes_below(*folders: Path) -> int:
    """Return what files below folders take of the disk: those of series are made larger than what is in them."""
    return sum(512 * path.stat().st_blocks for folder in folders for path in folder.rglob("*") if path.is_file())
