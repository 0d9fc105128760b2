"""What a commissioning report is made of: the site's files, and what the running site and its lines say now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from alerts.face import MOST_LISTED, AlertsFace
from alerts.walk_test_face import WalkTestFace
from backbone.client import Backbone
from cli.live_points import LivePoints, PointRow
from cli.modbus_plan_command import Row, plan_rows
from cli.rule_files import load_ruleset
from cli.session import ASK_S, Session
from cli.site_hash import site_hash
from cli.walk_test_points import DEFAULT_CLASSES, points_of_unit
from cli.walk_test_result import kept_results
from domain.alert import AlertView
from domain.clock import SystemClock
from domain.errors import FengsuiError
from domain.points import Point
from domain.walk_test import WalkTestView

LONGEST_S = 300.0
"""For all questions to the running site together (assumption): ten thousand transmitters take minutes."""

LISTEN_S = 3.0
"""How long the running site is listened to, so that every line has polled and every process has reported."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. ``away`` says why the running site could not be asked; None when it answered."""

    session: Session
    made_ns: int
    software: str
    site_hash: str
    by: str
    away: str | None
    points_zh: tuple[PointRow, ...]
    points_en: tuple[PointRow, ...]
    statuses: dict[str, dict[str, Any]]
    alerts: tuple[AlertView, ...] | None
    running_tests: tuple[WalkTestView, ...]
    plan: tuple[Row, ...]
    measured: bool
    walk_tests: tuple[tuple[Path, dict[str, Any], str | None], ...]
    to_be_walked: tuple[Point, ...]


@dataclass(slots=True)
class _Heard:
    away: str | None = None
    session: Session | None = None
    zh: Sequence[PointRow] = ()
    en: Sequence[PointRow] = ()
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: tuple[AlertView, ...] | None = None
    tests: tuple[WalkTestView, ...] = ()


async def gather_facts(session: Session, *, by: str, measure: bool, step: Callable[[str, str], None]) -> Facts:
    """Ask everybody; ``step`` is told what is done next, in Chinese and English."""
    step("读取正在运行的站点", "asking the running site")
    heard = await _hear(session)
    session = heard.session or session
    step("计算读取计划" if not measure else "实测读取计划", "measuring the lines" if measure else "planning the lines")
    plan = await plan_rows(session.registry, measure=measure)
    step("核对走动测试签名", "verifying walk tests")
    results = kept_results(session.state, set(session.registry.units))
    return Facts(
        session=session,
        made_ns=SystemClock().now_ns(),
        software=f"fengsui {version('fengsui')}",
        site_hash=site_hash(session.site),
        by=by,
        away=heard.away,
        points_zh=tuple(heard.zh),
        points_en=tuple(heard.en),
        statuses=heard.statuses,
        alerts=heard.alerts,
        running_tests=heard.tests,
        plan=tuple(plan),
        measured=measure,
        walk_tests=tuple(results),
        to_be_walked=tuple(_to_be_walked(session)),
    )


def _to_be_walked(session: Session) -> Iterator[Point]:
    """Yield every point of the site that a rule would raise a fire for."""
    rules = load_ruleset(session.registry, session.site / "rules")
    for unit in session.registry.units:
        yield from points_of_unit(session.registry, rules, unit, DEFAULT_CLASSES)


async def _hear(session: Session) -> _Heard:
    """Listen to the running site; what does not answer is said, never guessed."""
    live = LivePoints(session.registry, tuple(session.registry.devices))
    heard = _Heard()
    try:
        async with asyncio.timeout(LONGEST_S), await session.connect("commission", ASK_S) as backbone:
            await live.begin(backbone)
            following = asyncio.create_task(live.run(backbone), name="commission-live")
            await asyncio.wait({following}, timeout=LISTEN_S)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            heard.statuses = await backbone.statuses()
            await _ask_alerts(backbone, heard)
    except (FengsuiError, TimeoutError, OSError) as error:
        heard.away = str(error) or type(error).__name__
    heard.session = Session(session.site, live.registry, session.state)
    heard.zh, heard.en = live.rows("zh"), live.rows("en")
    return heard


async def _ask_alerts(backbone: Backbone, heard: _Heard) -> None:
    try:
        heard.alerts = await AlertsFace(backbone).list(open=True, limit=MOST_LISTED)
        heard.tests = await WalkTestFace(backbone).list(running=True)
    except FengsuiError:
        heard.alerts = None
