"""A control room to test in: a real nats-server, the real alerts service, a console process, and puppets.

The puppets stand where rules, ingest and gateway would: they write status documents and answer
``svc.query.*`` on the real bus, so that a test can silence each of them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts import process as alerts_process
from alerts.face import AlertsFace
from backbone import subjects
from backbone.client import Backbone
from backbone.server import EmbeddedServer
from domain.accounts import UserRole
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.quality import GOOD
from domain.site import Registry
from tests.dashboards.district import HOST, district
from tests.dashboards.premises import premises
from tests.servers import answering, connected, embedded_server

ROOT = Path(__file__).parents[2]
API_TOKEN = "token of the test"  # noqa: S105  # of a loopback server
ADMIN_PASSWORD = "the first administrator's"  # noqa: S105  # as above
SIGNING_KEY = b"0123456789abcdef0123456789abcdef"
GATEWAY = "gateway.hotel.gw-east"
START_S = 180
"""How long a console may take to answer: a site of 10,000 units on a machine that does other things, too."""

EXIT = Place(unit="hotel", building="east", floor=1, zone="exit", zone_kind="exit")
PANEL = Place(unit="hotel", building="east", floor=1, zone="exit", zone_kind="exit", gateway="gw-east", device="panel")


@dataclass
class Puppets:
    """What the stand-ins say. Take a name out of ``alive`` and that process falls silent."""

    gateway_key: str = GATEWAY
    alive: set[str] = field(default_factory=lambda: {"rules.main", "ingest.main"})
    gateway: dict[str, Any] = field(
        default_factory=lambda: {
            "uplink": "up",
            "spool": {"batches": 12, "bytes": 4096, "oldest_ns": None, "offline_forecast_s": 800_000},
            "connections": {"line": {"ok": True, "lost": []}},
            "dropped": {},
        }
    )
    readings: dict[str, tuple[float | None, int, float]] = field(
        default_factory=lambda: {"hotel/pressure/pressure": (652.0, GOOD, 0.5), "hotel/panel/state": (1.0, GOOD, 0.5)}
    )
    """Value, quality and age in seconds by point key."""
    texts: dict[str, str] = field(default_factory=dict)
    strangers: list[dict[str, Any]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """Questions for the latest values, by device."""

    def __post_init__(self) -> None:
        self.alive.add(self.gateway_key)

    def reset(self) -> None:
        """Let everybody be well again."""
        well = Puppets(self.gateway_key)
        self.alive, self.gateway, self.readings = well.alive, well.gateway, well.readings

    async def speak(self, backbone: Backbone) -> None:
        """Write the status documents of those who are alive, twice a second."""
        while True:
            for key in sorted(self.alive):
                with suppress(ConnectionError):
                    await backbone.put_status(key, self.gateway if key == self.gateway_key else {"stored": 7})
            await asyncio.sleep(0.5)

    async def answer(self, backbone: Backbone) -> None:
        """Serve ``svc.query.latest`` and ``svc.query.range``."""
        await backbone.serve("svc.query.latest", self._latest)
        await backbone.serve("svc.query.range", _range)
        await backbone.serve("svc.query.gaps", _gaps)
        await backbone.serve("svc.query.quality", _quality)
        await backbone.serve(f"svc.{self.gateway_key}", self._command)

    async def _command(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body == {"command": "strangers"}
        return {"strangers": self.strangers}

    async def _latest(self, body: dict[str, Any]) -> dict[str, Any]:
        device, points = body.get("device"), body.get("points") or ()
        self.asked[device or "points"] += 1
        now_ns = time.time_ns()
        return {
            "points": {
                key: {
                    "time_ns": now_ns - int(age_s * NS_PER_S),
                    "value": value,
                    "quality": quality,
                    "text": self.texts.get(key),
                }
                for key, (value, quality, age_s) in self.readings.items()
                if key in points or (device and key.startswith(f"{device}/"))
            }
        }


async def _range(body: dict[str, Any]) -> dict[str, Any]:
    """Answer every point with a slow ramp over the last half of the span."""
    start, end = body["start_ns"], body["end_ns"]
    times = [start + (end - start) * step // 100 for step in range(50, 100)]
    values = [600.0 + step for step in range(50)]
    return {
        "series": [
            {"point": point, "time_ns": times, "value": values, "quality": [GOOD] * 50} for point in body["points"]
        ]
    }


async def _gaps(body: dict[str, Any]) -> dict[str, Any]:
    """Answer every point with one silence over the whole span."""
    gap = {"start_ns": body["start_ns"], "end_ns": body["end_ns"], "ongoing": True}
    silent_s = (body["end_ns"] - body["start_ns"]) / NS_PER_S
    return {
        "points": [
            {"point": point, "longer_s": body["longer_s"] or 60.0, "gaps": [gap], "silent_s": silent_s, "share": 1.0}
            for point in body["points"]
        ]
    }


async def _quality(body: dict[str, Any]) -> dict[str, Any]:
    """Answer every point with one bucket."""
    counts = {"time_ns": [body["start_ns"]], "good": [8], "bad": [1], "stale": [1]}
    return {"points": [{"point": point, **counts} for point in body["points"]]}


async def raise_alarm(backbone: Backbone, rule: str, number: int, **changes: Any) -> Transition:
    """Write a transition to ALARMS, as the rules engine would; ``number`` tells those of a rule apart."""
    place: Place = changes.pop("place", PANEL)
    partition = subjects.partition_of(place.unit, backbone.partitions)
    values: dict[str, Any] = {
        "id": stable_id("console-test", rule, number, time.time_ns()),
        "kind": TransitionKind.RAISED,
        "rule": rule,
        "rule_version": "1",
        "alarm_class": AlarmClass.FIRE,
        "level": Level.CRITICAL,
        "entity_kind": EntityKind.DEVICE,
        "entity": f"{place.unit}/{place.device or place.zone}",
        "place": place,
        "partition": partition,
        "input_seq": number,
        "event_time_ns": time.time_ns(),
        "log_time_ns": time.time_ns(),
        "value": 3.0,
        "latched": False,
        "text_zh": "东楼1楼安全出口火警",
        "text_en": "Fire at the exit on floor 1 of the East building",
    }
    sent = Transition(**{**values, **changes})
    subject = subjects.alarm(sent.partition, place.unit, sent.alarm_class, rule)
    await backbone.publish(subject, sent.model_dump_json().encode(), message_id=sent.id)
    return sent


@dataclass
class ControlRoom:
    """A running room."""

    server: EmbeddedServer
    backbone: Backbone
    puppets: Puppets
    console: Console
    stop_alerts: Callable[[], Awaitable[None]]
    """Ends the alerts service as a supervisor does."""
    _raised: int = 0

    @property
    def alerts(self) -> AlertsFace:
        """The alerts service."""
        return AlertsFace(self.backbone)

    async def alarm(self, rule: str = "panel-fire", **changes: Any) -> Transition:
        """Write a transition to ALARMS, as the rules engine would."""
        self._raised += 1
        return await raise_alarm(self.backbone, rule, self._raised, **changes)


@dataclass
class Console:
    """The console process; it may be killed and started again on the same port."""

    settings: dict[str, Any]
    log: Path
    url: str = ""
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.dashboards.console_child",
                json.dumps(self.settings),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        self.url = (await asyncio.wait_for(self._process.stdout.readline(), START_S)).decode().strip()
        assert self.url, self.log.read_text()
        self.settings["port"] = int(self.url.rsplit(":", 1)[1].strip("/"))
        await answering(self.settings["port"])

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """End it as a supervisor does; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 60)


@asynccontextmanager
async def control_room(
    folder: Path,
    *,
    operator_password: str | None = None,
    transmitters: int = 0,
    each: int = 4,
    is_placed: bool = False,
    watched: bool = False,
) -> AsyncIterator[ControlRoom]:
    """Open a room, of the hotel or of a `district` with ``transmitters``; everything in it is stopped at the end.

    ``watched``: what holds the console's loop up stands in its log, see `tests.dashboards.loop_watch`.
    """
    async with embedded_server(folder, [("hotel", "gw-east")]) as server, connected(server) as backbone:
        puppets = Puppets(f"gateway.{HOST.replace('/', '.')}" if transmitters else GATEWAY)
        await puppets.answer(backbone)
        registry = district(transmitters, each, is_placed=is_placed) if transmitters else premises()
        async with (
            _alerts(folder, registry, backbone, operator_password) as stop_alerts,
            _task(puppets.speak(backbone)),
        ):
            service = server.credentials["service"]
            console = Console(
                {
                    "url": server.url,
                    "user": service.user,
                    "password": service.password,
                    "port": 0,
                    "api_token": API_TOKEN,
                    "sign_in": operator_password is not None,
                    "transmitters": transmitters,
                    "each": each,
                    "is_placed": is_placed,
                    "watched": watched,
                },
                folder / "console.log",
            )
            await console.start()
            try:
                yield ControlRoom(server, backbone, puppets, console, stop_alerts)
            finally:
                assert await console.stop() in (0, -9), console.log.read_text()


@asynccontextmanager
async def _alerts(
    folder: Path, registry: Registry, backbone: Backbone, password: str | None
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        alerts_process.run(
            registry,
            backbone,
            database_url=f"sqlite:///{folder / 'alerts.db'}",
            answer_base_url="http://127.0.0.1:9/answer",
            signing_key=SIGNING_KEY,
            stop=stop,
            first_passwords=(
                {UserRole.ADMIN: ADMIN_PASSWORD, UserRole.OPERATOR: password} if password is not None else None
            ),
        )
    )

    async def end() -> None:
        stop.set()
        await running

    try:
        await serving(backbone, running)
        yield end
    finally:
        await end()


async def serving(backbone: Backbone, running: asyncio.Task[None]) -> None:
    """Wait until the alerts service answers every question: its status comes when all its faces are there."""
    async with asyncio.timeout(START_S):
        while not running.done() and alerts_process.STATUS_KEY not in await backbone.statuses():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _task(work: Any) -> AsyncIterator[None]:
    running = asyncio.create_task(work)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
