"""A whole site as ``fengsui up`` runs it, with an access server and simulated transmitters that call in.

The real thing, one process for each job, because what these pages are about goes through all of them: a roll-call
rings at a device, a walk test needs rules and record, an adopted transmitter is written, followed and heard.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from backbone.client import Backbone
from backbone.server import free_ports
from cli.platform import Platform
from cli.session import open_session
from cli.site_follower import SiteFollower
from simulators.gb26875.desk import Desk as Bench
from simulators.gb26875.desk import DeskSettings
from simulators.gb26875.dialect import DIALECTS
from simulators.gb26875.link import CentreAddress
from tests.dashboards.suppression_room import SECRET
from tests.servers import answering

EAST, WEST, STRANGER = 889, 890, 4711

SITE = """
site: inn
labels: {zh: 山间客栈, en: Mountain inn}
units:
  - id: inn
    labels: {zh: 山间客栈, en: Mountain inn}
    buildings:
      - id: main
        labels: {zh: 主楼, en: Main house}
        zones:
          - {id: control, kind: control_room, floor: 1, labels: {zh: 消防控制室, en: control room}}
          - {id: hall, kind: corridor, floor: 2, labels: {zh: 二楼走廊, en: corridor}}
  - id: mill
    labels: {zh: 河边磨坊, en: River mill}
    buildings:
      - id: mill
        labels: {zh: 磨坊, en: Mill}
        zones:
          - {id: office, kind: control_room, floor: 1, labels: {zh: 值班室, en: duty room}}
"""

GATEWAY = """
# this file is a person's: its remarks must stay
gateway: gw-access
unit: inn
labels: {zh: 传输装置接入网关, en: Access gateway}
connections:
  - id: access
    protocol: gb26875
    settings:
      port: PORT
      roll_call: {per_day: 2, at_night: 0, minutes: 3, hours: [0, 24]}
    devices:
      - id: access-server
        profile: gb26875_access
        zone: control
        address: access
        labels: {zh: 接入服务, en: Access server}
    transmitters:
      - id: east-utd  # the first
        unit: inn
        address: 889
        zone: control
        labels: {zh: 主楼传输装置, en: Transmitter of the main house}
        systems:
          - id: fas
            type: 1
            labels: {zh: 火灾报警系统, en: Fire alarm system}
            components:
              - {id: smoke-1, at: "1-1", type: 42, zone: hall, labels: {zh: 走廊烟感, en: Corridor smoke}}
              - {id: smoke-2, at: "1-2", type: 42, zone: hall, labels: {zh: 楼梯烟感, en: Stair smoke}}
      - id: mill-utd
        unit: mill
        address: 890
        zone: office
        labels: {zh: 磨坊传输装置, en: Transmitter of the mill}

      # the annexe has none yet
"""

MORNING_H = 9
"""The hour at the site when it starts, whatever it is here: its zone is chosen so, and no midnight comes in between."""

LATER_H = 2
"""The plan's hours open so long after the site starts: a call that nobody made is no part of what these pages show."""

PEOPLE = {
    "lin": ("林班长", "Shift leader Lin", ["supervisor", "operator"]),
    "zhao": ("赵安装", "Installer Zhao", ["installer"]),
}


@dataclass
class RunningSite:
    """The site, its console, and the port at which transmitters call."""

    platform: Platform
    backbone: Backbone
    port: int
    zone: str
    hours: tuple[int, int]
    """Between which the plan calls: from one full hour to another, by the site's clock."""

    @property
    def url(self) -> str:
        """Where the console is."""
        return self.platform.console_url

    @property
    def gateway_file(self) -> Path:
        """The file that adopted transmitters go into."""
        return self.platform.session.site / "gateways" / "gw-access.yaml"

    def as_room(self) -> Any:
        """Return what `tests.dashboards.desks.sit_down` looks at: the address of the console."""
        return SimpleNamespace(console=SimpleNamespace(url=f"{self.url}/"))

    def bench(self, address: int) -> Bench:
        """Return a simulated transmitter that calls in."""
        centre = CentreAddress(port=self.port)
        dialect = DIALECTS["standard"]
        return Bench(DeskSettings(centre=centre, dialect=dialect, address=address, components=2, timezone=self.zone))

    async def hire(self, name: str, zh: str, en: str, roles: Sequence[str]) -> None:
        """Give somebody an account whose password is theirs already."""
        headers = {"Authorization": f"Bearer {self.platform.session.state.secret('api.token')}"}
        body = {"id": name, "name": zh, "name_en": en, "roles": list(roles), "password": SECRET, "must_change": False}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30) as admin:
            made = await admin.post("/api/v1/users", json={**body, "everywhere": True})
            assert made.status_code == 201, made.text


@asynccontextmanager
async def running_site(folder: Path) -> AsyncIterator[RunningSite]:
    """Run the inn; `PEOPLE` have accounts."""
    port, console_port = free_ports(2)
    site = folder / "site"
    (site / "gateways").mkdir(parents=True)
    zone = _zone_of_morning()
    (site / "site.yaml").write_text(textwrap.dedent(SITE).lstrip() + f"timezone: {zone}\n", "utf-8")
    hours = MORNING_H + LATER_H, MORNING_H + LATER_H + 4
    gateway = GATEWAY.lstrip().replace("PORT", str(port)).replace("[0, 24]", str(list(hours)))
    (site / "gateways" / "gw-access.yaml").write_text(gateway, "utf-8")
    platform = Platform(open_session(site, folder / "state"), console_port, follows=True)
    following = None
    try:
        await platform.start_backbone()
        await platform.start_processes()
        following = asyncio.create_task(SiteFollower(platform).run())
        await answering(console_port, timeout_s=90)
        async with await platform.connect("test") as backbone:
            running = RunningSite(platform, backbone, port, zone, hours)
            await until(lambda: _alive(backbone))
            for name, (zh, en, roles) in PEOPLE.items():
                await running.hire(name, zh, en, roles)
            yield running
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await platform.stop()


def _zone_of_morning() -> str:
    """Return a zone in which it is `MORNING_H` now; ``Etc/GMT-8`` is eight hours ahead of UTC."""
    ahead = (MORNING_H - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


async def _alive(backbone: Backbone) -> bool:
    """Tell whether everybody whom the pages ask is there."""
    found = await backbone.statuses()
    return {"alerts.main", "rules.main", "ingest.main", "gateway.inn.gw-access", "console.main"} <= found.keys()


async def until(look: Callable[[], Awaitable[bool]], timeout_s: float = 90) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(timeout_s):
        while not await look():
            await asyncio.sleep(0.2)
