"""Ladders under random restarts, crashes and acts of people: every timer once, in order, at its time.

The counterpart keeps a list of what is due in plain numbers and knows nothing of the database.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import actions, timers, transitions
from alerts.audit import verify
from alerts.database import Database
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.office import Office
from alerts.schema import LadderStep, Notification, StepState
from domain.alarm import Transition, TransitionKind
from domain.clock import FakeClock
from tests.alerts.alerts_scene import hotel, transition

STEPS = [
    {"after_s": 0, "to": ["p-chen"], "repeat": {"every_s": 7, "times": 2}},
    {"after_s": 20, "to": ["p-lin"]},
    {"after_s": 45, "to": ["s-wang"], "repeat": {"every_s": 11, "times": 1}},
]
POLICY = {"classes": ["hazard"], "steps": STEPS, "answer_within_s": 30, "acknowledged_within_s": 25}
LADDER = [(0, "p-chen"), (7, "p-chen"), (14, "p-chen"), (20, "p-lin"), (45, "s-wang"), (56, "s-wang"), (86, "s-wang")]
"""When who is told, seconds: the last is the end, told to the supervisors."""
HOLDS_S = 25


class CrashError(Exception):
    """The process ends in the middle of a transaction."""


@dataclass
class Expected:
    """The counterpart: what is left to tell of each ladder, in seconds that do not run while it rests."""

    now: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    acknowledged: int | None = None
    owner: str = ""
    active: bool = True
    paused: int | None = None
    silent: bool = False

    def begin(self, first: str = "") -> None:
        people = [name for name in dict.fromkeys((first, "p-chen")) if name]
        repeats = [(self.now + at, name) for at in (0, 7, 14) for name in people]
        self.left = repeats + [(self.now + at, name) for at, name in LADDER if at >= 20]
        self.acknowledged, self.paused = None, None

    def run(self) -> None:
        """Do what is due; a lapse begins a new ladder, whose first step is due at once."""
        while True:
            if self.acknowledged is not None and self.active and self.now >= self.acknowledged + HOLDS_S:
                self.begin(self.owner)
                continue
            if self.acknowledged is not None or not self.active:
                return
            self.told += [(self.now, name) for at, name in self.left if at <= self.now]
            had = bool(self.left)
            self.left = [(at, name) for at, name in self.left if at > self.now]
            self.silent = self.silent or (had and not self.left)
            return

    def clear(self) -> None:
        self.active, self.paused = False, self.now

    def come_back(self) -> None:
        self.active = True
        if self.paused is not None:
            self.left = [(at + self.now - self.paused, name) for at, name in self.left]
            self.paused = None


class World:
    """An office on a file, which can end at any moment; the clock goes on."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'alerts.db'}"
        self.clock = FakeClock()
        self.directory = Directory(hotel(escalation=[POLICY]))
        self.office: Office | None = None
        self.seq = 0
        self.alert = ""

    async def open(self) -> Office:
        if self.office is None:
            self.office = Office(await Database.open(self.url), self.directory, self.clock)
        return self.office

    async def restart(self) -> None:
        if self.office is not None:
            await self.office.database.close()
            self.office = None

    async def crash(self) -> None:
        """Run what is due and end before the commit."""

        def work(desk: Desk) -> None:
            timers.escalate(desk)
            raise CrashError

        office = await self.open()
        try:
            await office.change(work)
        except CrashError:
            await self.restart()

    async def say(self, change: Transition) -> None:
        self.seq += 1
        office = await self.open()
        await office.change(lambda desk: transitions.apply(desk, [(self.seq, change)]))

    async def acknowledge(self, by: str) -> None:
        office = await self.open()
        await office.change(lambda desk: actions.acknowledge(desk, desk.alert(self.alert), by))


ACTS = st.lists(
    st.one_of(
        st.integers(0, 40),  # seconds pass
        st.sampled_from(["restart", "crash", "crash", "acknowledge", "clear", "again"]),
    ),
    max_size=30,
)


async def play(folder: Path, acts: list[int | str]) -> None:
    """Act in both worlds, and compare."""
    world, wanted = World(folder), Expected()
    first = transition("hazard-1")
    world.alert = first.id
    await world.say(first)
    wanted.begin()
    wanted.run()
    for act in acts:
        match act:
            case int():
                world.clock.advance(act)
                wanted.now += act
            case "crash":
                await world.crash()
                continue
            case "restart":
                await world.restart()
            case "acknowledge" if wanted.acknowledged is None and wanted.active:
                await world.acknowledge("p-lin")
                wanted.acknowledged, wanted.owner, wanted.left = wanted.now, "p-lin", []
                wanted.silent = False
            case "clear" if wanted.active and wanted.acknowledged is None:
                await world.say(transition("hazard-1", TransitionKind.CLEARED))
                wanted.clear()
            case "again" if not wanted.active:
                await world.say(transition("hazard-1"))
                wanted.come_back()
        await (await world.open()).change(timers.escalate)
        wanted.run()
    office = await world.open()
    query = select(Notification).where(Notification.alert_id == world.alert)
    notices = await office.database.read(lambda session: session.scalars(query).all())
    start_ns = FakeClock().now_ns()
    told = sorted(((notice.created_ns - start_ns) // 1_000_000_000, notice.person) for notice in notices)
    assert told == sorted(wanted.told)
    overdue = select(LadderStep).where(
        LadderStep.state == StepState.PENDING,
        LadderStep.due_ns <= world.clock.now_ns(),
        LadderStep.alert_id == first.id,
    )
    if wanted.active:
        assert (await office.database.read(lambda session: session.scalars(overdue).all())) == []
    assert (await office.database.read(verify)).intact
    await world.restart()


@given(ACTS)
@settings(max_examples=60, deadline=None)
def test_every_timer_runs_once_at_its_time_whatever_ends_in_between(acts: list[int | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), acts))
