"""The demo: simulated devices, a cable that can be cut, a phone, and the whole platform in between."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.face import AlertsFace
from backbone.client import Backbone
from backbone.credentials import SENSORS
from backbone.server import EmbeddedServer, free_ports, is_owned
from cli.demo_feed import DemoFeed, DemoOperator
from cli.demo_report import account
from cli.demo_roll_calls import DemoRollCalls
from cli.platform import Link, Platform, with_process
from cli.session import open_session
from cli.simulate_commands import Play, load_play
from domain.errors import LinkError
from simulators.cable import Cable
from simulators.phone import Phone
from simulators.runner import Report, Runner
from simulators.site import Fleet

MARKER = ".fengsui-demo"
READY_TIMEOUT_S = 90.0
DRAIN_TIMEOUT_S = 30.0
UPLINK = "uplink"
LOOK_S = 0.2
STATUS_S = 1.5
"""A little longer than processes take between two status documents."""


class DemoFolderError(LinkError):
    """The state folder holds something that is not a demo's."""


@dataclass(slots=True)
class Demo:
    """Everything that a running demo consists of; make it with `running_demo`."""

    play: Play
    platform: Platform
    backbone: Backbone
    phone: Phone
    runner: Runner

    async def ready(self, tell: Callable[[str], None]) -> None:
        """Wait until every process reports and the gateways' uplinks are up; raises LinkError."""
        wanted = {"rules.main", "ingest.main", "alerts.main"}
        wanted |= {f"gateway.{key.replace('/', '.')}" for key in with_process(self.play.registry)}
        missing = wanted
        deadline = time.monotonic() + READY_TIMEOUT_S
        while missing and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_S)
            found = await self.backbone.statuses()
            still = {key for key in wanted if found.get(key, {"uplink": "down"}).get("uplink", "up") != "up"}
            for key in sorted(missing - still):
                tell(f"{key} is up")
            missing = still
        if missing:
            logs = self.platform.session.state.folder("logs")
            raise LinkError(f"not up after {READY_TIMEOUT_S:.0f} s: {', '.join(sorted(missing))}; see {logs}")

    async def play_scenario(self, duration_s: float | None, stop: asyncio.Event) -> Report:
        """Play for ``duration_s``, or until ``stop`` when it is None."""
        play_s = self.play.scenario.duration_s
        report = await self.runner.run(min(duration_s or play_s, play_s), stop)
        rest_s = None if duration_s is None else max(duration_s - play_s, 0.0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rest_s)
        return report

    async def settle(self, report: Report) -> dict[str, Any]:
        """Stop the gateways, let the store catch up, and return the account."""
        supervisor = self.platform.supervisor
        if supervisor is not None:
            for name, child in supervisor.children.items():
                if name.startswith("gateway-"):
                    await supervisor.stop_child(child)
        deadline, lag = time.monotonic() + DRAIN_TIMEOUT_S, None
        while lag != 0 and time.monotonic() < deadline:
            await asyncio.sleep(STATUS_S)
            lag = (await self.backbone.statuses())["ingest.main"]["lag_messages"]
        return await account(self.backbone, report)


@contextlib.asynccontextmanager
async def running_demo(
    site: Path, scenario: Path, state: Path, port: int, *, sign_in: bool = False
) -> AsyncIterator[Demo]:
    """Start everything in a fresh state folder; stops everything at the end. ``sign_in``: people have accounts."""
    fresh_folder(state)
    async with contextlib.AsyncExitStack() as stack:
        feed = DemoFeed()
        secret = secrets.token_urlsafe(16)
        phone = await stack.enter_async_context(Phone(secret=secret, on_push=feed.on_push))
        server = EmbeddedServer(state / "nats")
        sensors = server.credentials[SENSORS]
        settle_environment(phone.url, secret, server.mqtt_port, sensors.user, sensors.password)
        session = open_session(site, state)
        play = load_play(scenario, site)
        cables = [
            await stack.enter_async_context(Cable("127.0.0.1", to)) for to in (server.ports.client, server.mqtt_port)
        ]
        link = Link(f"nats://127.0.0.1:{cables[0].port}", cables[1].port)
        links = dict.fromkeys(session.registry.gateways, link)
        platform = Platform(session, port, open_console=not sign_in, links=links)
        stack.push_async_callback(platform.stop)
        await platform.start_backbone()
        fleet = await stack.enter_async_context(Fleet(play.registry, seed=play.scenario.seed))
        await platform.start_processes()
        backbone = await stack.enter_async_context(await platform.connect("demo"))
        roll_calls = DemoRollCalls(backbone, play.registry, feed.put)
        for watch in (feed.watch_alerts(backbone), roll_calls.watch()):
            stack.callback(asyncio.create_task(watch, name="demo-feed").cancel)
        runner = Runner(
            play.scenario,
            fleet,
            cables={UPLINK: cables},
            phone=phone,
            operator=DemoOperator(AlertsFace(backbone)).act,
            roll_caller=roll_calls.call,
            feed=feed.items(),
        )
        yield Demo(play, platform, backbone, phone, runner)


def settle_environment(phone_url: str, phone_secret: str, mqtt_port: int, user: str, password: str) -> None:
    """Put the ports and secrets of this run where the example site asks for them (``${…}``)."""
    panel, power, water, access = free_ports(4)
    os.environ |= {
        "FENGSUI_PANEL_PORT": str(panel),
        "FENGSUI_POWER_PORT": str(power),
        "FENGSUI_WATER_PORT": str(water),
        "FENGSUI_ACCESS_PORT": str(access),
        "FENGSUI_MQTT_PORT": str(mqtt_port),
        "FENGSUI_SENSOR_USER": user,
        "FENGSUI_SENSOR_PASSWORD": password,
        "FENGSUI_PHONE_URL": phone_url,
        "FENGSUI_PHONE_SECRET": phone_secret,
    }


def fresh_folder(folder: Path) -> None:
    """Empty a demo's own state folder; raises `DemoFolderError` for a folder of anybody else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise DemoFolderError(f"{folder} holds something that is not a demo's: name another folder with --state")
        if is_owned(folder / "nats"):
            raise DemoFolderError(f"a demo runs in {folder}: stop it, or name another folder with --state")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARKER).touch()
