"""A process that has imported what it runs and forks: five hundred starts would else be five hundred imports.

A fork runs the very same ``fengsui gateway …`` (or another script's `serve`), as a process of its own that can be
killed at any moment.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import typer

from cli.running import SUPERVISED

ROOT = Path(__file__).parents[2]
LINE = 64 * 1024


class Zygote:
    """Forks one process at a time; `kill` ends it in the middle of whatever it does."""

    def __init__(self, arguments: Sequence[str], log: Path, script: Path = Path(__file__)) -> None:
        self._arguments = list(arguments)
        self._log, self._script = log, script
        self._pid = 0

    async def __aenter__(self) -> Self:
        self._parent = await asyncio.create_subprocess_exec(
            *(sys.executable, str(self._script), str(self._log), *self._arguments),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=LINE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid:
            await self.kill()
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        await self._parent.wait()

    async def start(self) -> None:
        """Fork; the child is somewhere at its beginning then."""
        self._pid = await self._ask("fork")

    async def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end, which lets it deliver what it has; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        os.kill(self._pid, number)
        code = await self._ask("wait")
        self._pid = 0
        return code

    async def _ask(self, word: str) -> int:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(word.encode() + b"\n")
        answer: int = json.loads(await self._parent.stdout.readline())
        return answer


def serve(log: str, run: Callable[[], None]) -> None:
    """Fork on "fork", wait for the child on "wait", until the end of input; a child does ``run`` and ends."""
    pid = 0
    for line in sys.stdin:
        if line.strip() == "fork":
            pid = os.fork()
            if pid == 0:
                _become(log)
                run()
                sys.exit(0)
            answer = pid
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _become(log: str) -> None:
    """Be a process of its own: no input, output to the log, an end when the zygote is gone."""
    os.environ[SUPERVISED] = str(os.getppid())
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
        os.dup2(file, number)


if __name__ == "__main__":
    app = typer.main.get_command(importlib.import_module("cli.app").app)
    importlib.import_module("gateway.process")  # so that the forks need not
    serve(sys.argv[1], lambda: app.main(sys.argv[2:]))
