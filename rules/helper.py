"""A helper of the rules process: another process, of low priority, for what would hold up the evaluation of messages.

Whoever wires the process says how a helper is started (``Command``). It gets its task as one JSON line on standard
input and answers with JSON lines on standard output: ``{"share": 0.4}`` as often as it likes, then ``{"result": …}``
or ``{"error": …, "kind": "refused" or "unavailable"}``. Standard input stays open until we have the answer: its end
tells a helper that we are gone, also when we were killed, and it ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from domain.errors import LinkError, RefusedError, WireError

log = logging.getLogger(__name__)

Command = Sequence[str]
"""Program and arguments."""

MOST_LINE = 4 * 2**20
"""Bytes of an answer; a reply on the bus takes 1 MiB."""
LAST_WORDS = 500
END_S = 5.0


async def helped(
    command: Command, task: Mapping[str, Any], timeout_s: float, progress: Callable[[float], None] | None = None
) -> Any:
    """Let a helper do a task and return its result; cancelling ends the helper.

    Raises RefusedError with what the helper said, LinkError when it died or took longer than ``timeout_s``.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MOST_LINE,
    )
    noise = asyncio.create_task(_last_words(process))
    try:
        async with asyncio.timeout(timeout_s):
            assert process.stdin is not None  # noqa: S101  # asked for above
            with suppress(ConnectionError):  # one that died at once: what it said is read below
                process.stdin.write(json.dumps(task).encode() + b"\n")
                await process.stdin.drain()
            answer = await _answer(process, progress or (lambda _: None))
    except TimeoutError as error:
        raise LinkError(f"the helper of rules took longer than {timeout_s:g} s") from error
    finally:
        await _ended(process)
        words = await noise
    if answer is None:
        log.warning("a helper of rules ended without an answer: %s", words)
        raise LinkError("the helper of rules ended without an answer; the log of the rules process has its words")
    if "error" in answer:
        if answer.get("kind") == "unavailable":
            raise LinkError(str(answer["error"]))
        raise RefusedError(str(answer["error"]))
    return answer["result"]


async def _answer(process: asyncio.subprocess.Process, progress: Callable[[float], None]) -> dict[str, Any] | None:
    assert process.stdout is not None  # noqa: S101  # asked for above
    try:
        async for row in process.stdout:
            told = json.loads(row)
            if "share" not in told:
                return dict(told)
            progress(float(told["share"]))
    except (ValueError, TypeError, KeyError) as error:
        raise WireError("a helper of rules answers in a form that is not ours") from error
    return None


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Read what a helper complains of, and keep the end of it."""
    assert process.stderr is not None  # noqa: S101  # asked for above
    words = b""
    while part := await process.stderr.read(65_536):
        words = (words + part)[-LAST_WORDS:]
    return words.decode(errors="replace").strip()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a process that may have ended by itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
