"""Our own processes under test: started as a site starts them, killed at will."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.running import SUPERVISED

STOP_S = 20.0


class Process:
    """One ``fengsui`` process that can be killed, stopped and started again; its output goes to ``log``."""

    def __init__(
        self, arguments: Sequence[str], log: Path, *, module: str = "cli", environment: Mapping[str, str] | None = None
    ) -> None:
        """Nothing runs before `start`. ``module`` is what Python runs."""
        self._arguments = [module, *arguments]
        self._log = log
        self._environment = {**os.environ, **(environment or {}), SUPERVISED: str(os.getpid())}
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    @property
    def running(self) -> bool:
        """Tell whether it is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; returns at once."""
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment,
            )  # fmt: skip
        self.starts += 1

    async def kill(self) -> None:
        """End it without warning (kill -9), in the middle of whatever it does."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, insist after a while; returns its exit code."""
        if self._process is None:
            return 0
        if self.running:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                await self.kill()
        return self._process.returncode or 0

    def words(self, most: int = 2000) -> str:
        """Return the end of what it wrote."""
        return self._log.read_text("utf-8", errors="replace")[-most:] if self._log.exists() else ""
