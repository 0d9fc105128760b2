"""``fengsui handover`` against the running service: two people, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from typer.testing import CliRunner, Result

from alerts.shifts_service import ShiftsService
from cli.app import app
from tests.alerts.alerts_scene import scene
from tests.servers import connected, embedded_server

SITE = Path(__file__).parent / "broken_sites" / "good"

Run = Callable[..., Awaitable[Result]]


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Run]:
    """Yield a way to run a command in a thread of its own, as it makes its own event loop."""

    async def fengsui(*arguments: str) -> Result:
        words = ["handover", *arguments, "--site", str(SITE), "--state", str(folder)]
        runner = CliRunner(env={"COLUMNS": "240"})
        return await asyncio.to_thread(lambda: runner.invoke(app, words))

    async with embedded_server(folder) as server, connected(server) as backbone, scene(folder) as bench:
        await ShiftsService(bench.office).serve(backbone)
        yield fengsui


async def test_a_shift_is_given_taken_and_shown(tmp_path: Path) -> None:
    async with desk(tmp_path) as fengsui:
        first = await fengsui("show", "--lang", "en")
        assert (first.exit_code, "no shift was ever taken over" in first.output) == (0, True)
        given = await fengsui("give", "--by", "王值班", "--notes", "泵房检修", "--json")
        assert given.exit_code == 0, given.output
        handover = json.loads(given.stdout)
        assert (handover["given_by"], handover["waits"]) == ("王值班", True)
        for name in ("王值班", "王 值班", "王值班 (tablet)"):
            own = await fengsui("take", "--by", name, "--lang", "en")
            assert (own.exit_code, "another person" in own.output) == (1, True)
        taken = await fengsui("take", handover["id"][:6], "--by", "李值班", "--remark", "已核对")
        assert (taken.exit_code, "李值班" in taken.output) == (0, True)
        shown = await fengsui("show")
        for words in ("李值班 自", "王值班", "泵房检修 · 已核对", "未结 0"):
            assert words in shown.output
        data = json.loads((await fengsui("show", "--json")).stdout)
        assert (data["now"]["holder"], len(data["handovers"])) == ("李值班", 1)
        nothing = await fengsui("take", "--by", "张值班", "--lang", "en")
        assert (nothing.exit_code, "waiting hand-overs" in nothing.output) == (1, True)


async def test_a_name_that_is_too_long_is_a_sentence(tmp_path: Path) -> None:
    async with desk(tmp_path) as fengsui:
        refused = await fengsui("give", "--by", "x" * 65)
        assert (refused.exit_code, "by" in refused.output, "Traceback" in refused.output) == (1, True, False)
