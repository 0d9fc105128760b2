"""How the clerk ends: nobody is answered any more by one whose backtests are being ended."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from backbone.client import Backbone
from cli.rule_files import load_ruleset
from cli.site_files import load_registry
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, LinkError
from rules.clerk import Clerk
from rules.face import RulesFace
from rules.rollout import Rollout
from rules.trials_face import Backtest
from tests.rules.rules_desk_scene import site_folder
from tests.rules.rules_traffic import until
from tests.servers import connected, embedded_server

STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: pathlib.Path(sys.argv[1]).touch())
pathlib.Path(sys.argv[2]).touch()
while True:
    time.sleep(0.1)
"""
"""A helper that notes when it is asked to end, and does not."""


async def _begun(backbone: Backbone) -> bool:
    now_ns = time.time_ns()
    try:
        await RulesFace(backbone).backtest(
            Backtest(rule="pressure_low", unit="hotel", start_ns=now_ns - 600 * NS_PER_S, end_ns=now_ns)
        )
    except FengsuiError:
        return False
    return True


async def test_who_ends_its_backtests_begins_no_other(tmp_path: Path) -> None:
    folder, asked, works = site_folder(tmp_path / "site"), tmp_path / "asked", tmp_path / "works"
    ruleset = load_ruleset(load_registry(folder), folder / "rules")
    command = (sys.executable, "-c", STUBBORN, str(asked), str(works))
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        clerk = Clerk(backbone, Rollout(ruleset), lambda: True, command)
        running = asyncio.create_task(clerk.run())
        await until(lambda: _begun(backbone))
        await until(lambda: _is_there(works))
        running.cancel()
        await until(lambda: _is_there(asked))
        with pytest.raises(LinkError):
            await RulesFace(backbone).job()
        await asyncio.gather(running, return_exceptions=True)
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("backtest-")]


async def _is_there(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)
