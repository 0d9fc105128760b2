"""A rules process of its own is killed: what was done is still there, what ran is told as lost, and its helper ends."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import select
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from backbone.client import Backbone
from backbone.server import EmbeddedServer
from cli.rules_helper import helper_command
from domain.errors import LinkError
from rules.face import RulesFace
from rules.trials_face import Backtest, BacktestJob, BacktestResult, JobState
from tests.rules.rules_desk_scene import site_folder
from tests.rules.rules_scene import ruleset
from tests.rules.rules_traffic import PARTITIONS, until
from tests.servers import connected, embedded_server

RESULT = BacktestResult(
    source="log", version="v", readings=7, raised=0, recorded=0, per_hour=0, transitions=(), transitions_left_out=0,
    intervals=(), intervals_left_out=0, recorded_intervals=(), changes=(), changed={}, days=(), curves=(),
)  # fmt: skip
HELPER = f"""
import json, sys, time
task = json.loads(sys.stdin.readline())
print(json.dumps({{"share": 0.4}}), flush=True)
if task["by"] == "patient":
    time.sleep(600)
print(json.dumps({{"result": json.loads({json.dumps(RESULT.model_dump_json())})}}))
"""


@asynccontextmanager
async def rules_process(
    server: EmbeddedServer, helper: Sequence[str] = (sys.executable, "-c", HELPER)
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a rules process, killed at the end as nothing else would end it."""
    who = server.credentials["service"]
    script = Path(__file__).with_name("rules_process.py")
    place = (server.url, who.user, who.password, str(PARTITIONS), "1")
    child = await asyncio.create_subprocess_exec(*(sys.executable, str(script), "-", "one", *place, *helper))
    try:
        yield child
    finally:
        child.kill()
        await child.wait()


async def asked(face: RulesFace, by: str) -> str:
    """Begin a backtest as soon as the rules process answers."""
    span = {"start_ns": 0, "end_ns": 3600 * 10**9}
    wanted = Backtest(rule=next(iter(ruleset().rules)), unit="u", by=by, **span)
    async with asyncio.timeout(60):
        while True:
            try:
                return await face.backtest(wanted)
            except LinkError:
                await asyncio.sleep(0.1)


async def told(backbone: Backbone, name: str, state: JobState) -> BacktestJob:
    """Return a backtest as soon as it stands so; while nobody answers it is asked again."""
    found: list[BacktestJob] = []

    async def so() -> bool:
        try:
            job = await RulesFace(backbone).job(name)
        except LinkError:
            return False
        assert job is not None
        found.append(job)
        return job.state is state

    await until(so, timeout_s=60)
    return found[-1]


async def test_a_kill_loses_what_ran_and_says_so_and_what_was_done_is_there(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        face = RulesFace(backbone)
        async with rules_process(server):
            done = await told(backbone, await asked(face, "quick"), JobState.DONE)
            assert done.result == RESULT
            runs = await asked(face, "patient")
            await told(backbone, runs, JobState.RUNNING)
        async with rules_process(server):
            lost = await told(backbone, runs, JobState.LOST)
            assert (lost.asked.by, lost.result, lost.ended_ns is None) == ("patient", None, False)
            assert await face.job() == lost, "a page that is opened now is told, too"
            assert await face.job(done.id) == done
            again = await told(backbone, await asked(face, "quick"), JobState.DONE)
        async with rules_process(server):
            assert (await told(backbone, again.id, JobState.DONE)).result == RESULT
            assert (await told(backbone, runs, JobState.LOST)).ended_ns == lost.ended_ns


async def test_a_helper_ends_with_a_rules_process_that_is_killed(tmp_path: Path) -> None:
    site = site_folder(tmp_path / "site")
    file = next((site / "gateways").iterdir())
    file.unlink()
    os.mkfifo(file)
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        async with rules_process(server, helper_command(site, tmp_path)):
            await asked(RulesFace(backbone), "patient")
            ours = await opened(file)
        try:
            await until(lambda: forsaken(ours), timeout_s=60)
        finally:
            os.close(ours)


async def opened(file: Path) -> int:
    """Return our end of a pipe as soon as somebody reads it, who is at work until we close it."""
    async with asyncio.timeout(120):
        while True:
            try:
                return os.open(file, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                await asyncio.sleep(0.05)


async def forsaken(ours: int) -> bool:
    """Tell whether nobody reads a pipe any more."""
    poll = select.poll()
    poll.register(ours, select.POLLERR)
    return bool(poll.poll(0))
