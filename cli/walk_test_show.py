"""Looking on at a walk test: a live table on a terminal, a line or JSON object for each sighting elsewhere."""

from __future__ import annotations

import asyncio
import contextlib

import typer
from rich.console import Console
from rich.live import Live

from alerts.walk_test_face import WalkTestFace
from backbone.client import Backbone
from cli.check_command import Language
from cli.session import Session
from cli.until_ended import until_ended
from cli.walk_test_screen import (
    FRAME_ROWS,
    News,
    headline,
    progress_line,
    sighting_json,
    sighting_line,
    test_json,
    walk_table,
)
from dashboards.live.walk_log import WalkLog
from domain.clock import SystemClock
from domain.errors import FengsuiError
from domain.walk_test import WalkTestView

DRAW_S = 0.5
ASK_S = 1.0


async def follow_walk(
    session: Session,
    backbone: Backbone,
    log: WalkLog,
    lang: Language,
    *,
    seconds: float | None,
    until_all: bool,
    as_json: bool,
) -> WalkTestView:
    """Show a test until it ends, Ctrl-C, or ``seconds``; returns the test as it is then."""
    watcher = _Watcher(session, backbone, log, lang, until_all=until_all, as_json=as_json)
    following = asyncio.create_task(log.follow(backbone), name="walk-log")
    try:
        await until_ended(watcher.show(), seconds, source=following)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return await watcher.test_now()


class _Watcher:
    def __init__(
        self, session: Session, backbone: Backbone, log: WalkLog, lang: Language, *, until_all: bool, as_json: bool
    ) -> None:
        self._registry = session.registry
        self._face = WalkTestFace(backbone)
        self._log = log
        self._lang = lang
        self._until_all = until_all
        self._as_json = as_json
        self._clock = SystemClock()
        self._console = Console()

    async def test_now(self) -> WalkTestView:
        """Return the test as the service has it now."""
        found = {one.id: one for one in await self._face.list(unit=self._log.test.unit)}
        return found.get(self._log.test.id, self._log.test)

    async def show(self) -> None:
        """Show until the test has ended, or all points have alarmed where that is asked for."""
        if self._console.is_terminal and not self._as_json:
            with Live(console=self._console, auto_refresh=False) as live:
                while not await self._is_over():
                    most = max(2, self._console.height - FRAME_ROWS)
                    table = walk_table(self._registry, self._log, self._lang, self._clock.now_ns(), most)
                    live.update(table, refresh=True)
                    await self._wait()
            return
        self._introduce()
        news = News()
        while True:
            for one in news.of(self._log.sightings.values()):
                if self._as_json:
                    typer.echo(sighting_json(self._registry, one))
                else:
                    self._console.print(sighting_line(self._registry, one, self._lang), soft_wrap=True)
                    self._console.print(progress_line(self._log, self._lang), soft_wrap=True)
            if await self._is_over():
                return
            await self._wait()

    def _introduce(self) -> None:
        if self._as_json:
            typer.echo(test_json("running", self._log))
            return
        self._console.print(headline(self._registry, self._log.test, self._lang, self._clock.now_ns()), soft_wrap=True)
        self._console.print(progress_line(self._log, self._lang), soft_wrap=True)

    async def _is_over(self) -> bool:
        if self._until_all and self._log.is_done:
            return True
        try:
            return not (await self.test_now()).is_running
        except FengsuiError:  # the service is away for a moment: the test runs on, and so does the log
            return False

    async def _wait(self) -> None:
        self._log.changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASK_S):
                await self._log.changed.wait()
        await asyncio.sleep(DRAW_S / 2)
