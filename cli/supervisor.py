"""The supervisor: starts a site's processes, restarts what dies, stops all in a good order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.running import EXIT_CONFIGURATION, SUPERVISED

log = logging.getLogger(__name__)

STOP_TIMEOUT_S = 12.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STABLE_S = 60.0


@dataclass(slots=True)
class Child:
    """One process: its name, its ``fengsui`` arguments and what happened to it so far."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process and self.process.returncode is None else None


class Supervisor:
    """Keeps children alive; use as ``start(child)`` in order, then ``stop()``."""

    def __init__(self, logs: Path) -> None:
        """Write each child's output to ``logs/<name>.log``."""
        self._logs = logs
        self.children: dict[str, Child] = {}
        self._stopping = False

    async def start(self, child: Child) -> None:
        """Start a child and keep it running until `stop`."""
        self.children[child.name] = child
        await self._spawn(child)
        child.keeper = asyncio.create_task(self._keep(child), name=f"keep-{child.name}")

    async def stop(self) -> None:
        """Stop all children, last started first, each with time to finish its work."""
        self._stopping = True
        for child in reversed(self.children.values()):
            await self.stop_child(child)

    async def renew(self, child: Child) -> None:
        """Stop a child cleanly and start it again, so that it reads its configuration anew."""
        await self.stop_child(child)
        await self.start(child)

    async def forget(self, child: Child) -> None:
        """Stop a child that the site has no more."""
        await self.stop_child(child)
        self.children.pop(child.name, None)

    def hang_up(self, child: Child) -> None:
        """Let a child read its configuration again without stopping."""
        if child.pid is not None and child.process is not None:
            child.process.send_signal(signal.SIGHUP)

    async def stop_child(self, child: Child) -> None:
        """Stop one child for good."""
        if child.keeper is not None:
            child.keeper.cancel()
            await asyncio.gather(child.keeper, return_exceptions=True)
        process = child.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("%s did not stop in %.0f s: killed", child.name, STOP_TIMEOUT_S)
            process.kill()
            await process.wait()

    async def _spawn(self, child: Child) -> None:
        environment = {**os.environ, **child.environment, SUPERVISED: str(os.getpid())}
        environment.pop("NOTIFY_SOCKET", None)  # the service manager listens to us, and not to each child
        with (self._logs / f"{child.name}.log").open("ab") as output:
            child.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cli",
                *child.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    async def _keep(self, child: Child) -> None:
        """Restart a child that ends, with a pause that doubles and forgets after a stable minute."""
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while not self._stopping and child.process is not None:
            started = loop.time()
            code = await child.process.wait()
            if self._stopping:
                return
            if code == EXIT_CONFIGURATION:
                log.error("%s refused its configuration (see %s/%s.log)", child.name, self._logs, child.name)
                return
            if loop.time() - started > STABLE_S:
                pause_s = FIRST_PAUSE_S
            log.warning("%s ended with %s: starting it again in %.1f s", child.name, code, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            child.restarts += 1
            await self._respawn(child)

    async def _respawn(self, child: Child) -> None:
        """Spawn, trying until the system has memory, files and disk for it."""
        while True:
            try:
                await self._spawn(child)
            except OSError as error:
                log.error("%s can't be started: %s", child.name, error)  # noqa: TRY400  # the text is for a person
                await asyncio.sleep(LONGEST_PAUSE_S)
            else:
                return
