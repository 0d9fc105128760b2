"""A gateway process takes changes of its folder: real files, real lines, a real server."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from backbone.server import free_ports
from backbone.sparkplug import decode_birth
from simulators.faults import Fault, FaultKind
from tests.cli.reload_site import KEY, CountingServer, desk, pressure, until
from tests.gateway.gateway_sites import GATEWAY, device

pytestmark = pytest.mark.timeout(400)
"""Each test runs many commands or processes one after the other, on a machine that may be busy."""


async def test_the_same_configuration_costs_no_poll_and_no_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.write(here.both(period_s=3.0))  # a busy machine may be a second late for a poll
        async with here.gateway() as process:
            await here.heard("pressure-1", "pressure-2")
            began = await here.ended("started")
            file = here.site / "gateways" / f"{GATEWAY}.yaml"
            told = json.loads(file.read_text())
            file.write_text("# a comment\n" + json.dumps(dict(reversed(told.items()))))
            os.kill(process.pid, signal.SIGHUP)
            same = await here.ended("unchanged")
            os.kill(process.pid, signal.SIGHUP)
            again = await here.ended("unchanged", 2)
            assert again["config"]["version"] == same["config"]["version"] == began["config"]["version"]
            polls = began["connections"]["near"]["polls"]
            later = await until(here.status, lambda told: told["connections"]["near"]["polls"] > polls + 1)
            assert [one["missed"] for one in later["connections"].values()] == [0, 0]
            assert (here.near.server.accepted, here.far.server.accepted) == (1, 1)


async def test_only_the_line_that_changed_is_restarted_and_the_log_hears_who_came_and_went(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, here.gateway("--watch"):
        await here.heard("pressure-1", "pressure-2")
        here.write([here.near.described("near", [pressure(1), pressure(3)]), here.far.described("far", [pressure(2)])])
        await here.heard("pressure-3")
        grown = await here.ended("applied")
        assert (here.near.server.accepted, here.far.server.accepted) == (2, 1)
        assert grown["config"]["last"]["changes"][-1]["id"] == "pressure-3"
        assert await here.said("DBIRTH", "pressure-3") == 1
        assert await here.said("DBIRTH", "pressure-2") == 1

        here.write([here.near.described("near", [pressure(1)])])
        shrunk = await here.ended("applied", 2)
        await until(lambda: here.said("DDEATH", "pressure-2"), bool)
        assert list(shrunk["connections"]) == ["near"]
        assert await here.said("DDEATH", "pressure-3") == 1
        assert here.far.server.connections == 0

        births = await here.said("DBIRTH", "pressure-1")
        here.write([here.near.described("near", [pressure(1, limits={"pressure": {"high": 900}})])])
        reborn = await here.ended("applied", 3)
        assert "limits" in reborn["config"]["last"]["changes"][-1]["fields"][0]
        await until(lambda: here.said("DBIRTH", "pressure-1"), lambda count: count > births)
        newest = [one for one in await here.log() if ".DBIRTH." in one.subject][-1]
        assert {metric.high for metric in decode_birth(newest.data).metrics} == {900.0}
        assert max((await here.readings()).values()) == 1


async def test_a_broken_folder_is_told_with_its_line_and_the_last_good_one_outlives_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        async with here.gateway() as process:
            await here.heard("pressure-1", "pressure-2")
            good = (await here.status())["config"]["version"]
            here.write([here.near.described("near", [device("pressure-1", "qdy30b_pressure", 1)])])
            os.kill(process.pid, signal.SIGHUP)
            refused = await here.ended("refused")
            problem = refused["config"]["last"]["problems"][0]
            assert (problem["file"], problem["field"]) == (
                f"gateways/{GATEWAY}.yaml",
                "connections[0].devices[0].profile",
            )
            assert problem["line"] > 10
            assert refused["config"]["version"] == good
            assert set(refused["connections"]) == {"near", "far"}
            shown = await here.fengsui("config", "status")
            assert shown.exit_code == 1
            assert "qdy30b" not in shown.output
            assert f"gateways/{GATEWAY}.yaml:{problem['line']}" in shown.output
            diff = await here.fengsui("config", "diff", str(here.site))
            assert diff.exit_code == 1
            polled = here.far.server.answered
        async with here.gateway():
            told = await until(here.status, lambda seen: seen["config"].get("last", {}).get("kind") == "refused")
            await until(here.status, far_is_ok)
            assert told["config"]["version"] == good
            await until(_answered(here.far.server), lambda count: count > polled)


async def test_a_change_that_does_harm_is_put_back_and_not_taken_again_by_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        async with here.gateway():
            await here.heard("pressure-1", "pressure-2")
            dry = await here.fengsui("config", "diff", str(here.site))
            assert dry.exit_code == 0
            fine = await here.fengsui("config", "apply", str(here.site))
            assert (fine.exit_code, "nothing to change" in fine.output) == (0, True)
            good = (await here.status())["config"]["version"]
            dead = here.far.described("far", [pressure(2)], port=free_ports(1)[0])
            here.write([here.near.described("near", [pressure(1)]), dead])
            dry = await here.fengsui("config", "diff", str(here.site), "--json")
            assert dry.exit_code == 4
            assert json.loads(dry.output)[KEY]["changed"] == ["far"]
            tried = await here.fengsui("config", "apply", str(here.site), "--by", "li")
            assert tried.exit_code == 5
            assert "far: 原来正常，现在不通 / was ok and is not ok now" in tried.output
            told = await here.ended("rolled_back")
            assert told["config"]["version"] == good
            assert told["config"]["last"]["by"] == "li"
            await until(here.status, far_is_ok)
            assert here.near.server.accepted == 1
        assert (await here.fengsui("config", "diff", str(here.site))).exit_code == 3
        silent = await here.fengsui("config", "status")
        assert (silent.exit_code, "does not answer" in silent.output) == (3, True)
        async with here.gateway():
            await until(here.status, lambda seen: seen["config"].get("last", {}).get("kind") == "refused")
            assert (await here.status())["config"]["version"] == good
            await until(here.status, far_is_ok)


async def test_a_change_in_an_outage_keeps_every_reading_of_a_spool_that_is_over_its_new_limit(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, here.gateway("--watch"):
        await here.heard("pressure-1", "pressure-2")
        await here.server.kill()
        polled = here.far.server.answered
        await until(_answered(here.far.server), lambda count: count > polled + 25)
        here.write([here.near.described("near", [pressure(1), pressure(3)])], spool_bytes=2**20, spool_age_s=1)
        await until(_connected(here.far.server), lambda count: count == 0)
        polled = here.near.server.answered
        await until(_answered(here.near.server), lambda count: count > polled + 25)
        await here.server.start()
        await here.heard("pressure-3")
        await here.ended("applied")
        told = await until(here.status, lambda seen: seen.get("spool", {}).get("batches", 99) < 5)
        assert not told["dropped"]

        async def complete() -> tuple[int, int, int]:
            status, readings = await here.status(), await here.readings()
            return status["accepted"], len(readings), max(readings.values())

        # the near line reads on: stop it to count
        here.write([here.far.described("far", [pressure(2)])])
        await until(_connected(here.near.server), lambda count: count == 0)
        here.far.faults |= {unit: Fault(kind=FaultKind.SILENT) for unit in range(10)}
        accepted, distinct, most = await until(complete, lambda seen: seen[0] == seen[1])
        assert (accepted, most) == (distinct, 1)


def far_is_ok(told: dict[str, Any]) -> bool:
    return bool(told["connections"].get("far", {}).get("ok"))


def _answered(server: CountingServer) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return server.answered

    return look


def _connected(server: CountingServer) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return server.connections

    return look
