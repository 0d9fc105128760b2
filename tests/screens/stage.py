"""A site with something to see: the demo's devices and scenario, people of every role, and a night's work done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from alerts.accounts_face import AccountsFace, UserAddRequest
from alerts.face import AlertsFace
from backbone.server import free_ports
from cli.demo import Demo, running_demo
from domain.accounts import UserRole
from domain.alert import AlertView

ROOT = Path(__file__).parents[2]
HOTEL = ROOT / "examples" / "hotel"
NIGHT = HOTEL / "night.yaml"
"""A scenario in which everything is open at once, and stays so."""
DISTRICT = ROOT / "examples" / "district"

PASSWORD = "a sentence for the stage"  # noqa: S105  # of accounts that live for a minute on loopback
PEOPLE: Mapping[UserRole, tuple[str, str, str]] = {
    UserRole.OPERATOR: ("he", "何师傅", "Mr He"),
    UserRole.SUPERVISOR: ("wang", "王警官", "Officer Wang"),
    UserRole.UNIT_STAFF: ("chen", "陈班长", "Mr Chen"),
    UserRole.INSTALLER: ("an", "安工", "Ms An"),
    UserRole.ADMIN: ("guan", "关工", "Ms Guan"),
}
"""Account, name in Chinese and in English, one a role."""
LINKED = {UserRole.OPERATOR: "p-he", UserRole.SUPERVISOR: "s-wang", UserRole.UNIT_STAFF: "p-chen"}
"""Who of the hotel's people an account is of: the phone page lists their messages."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A running site, and what stands on it."""

    demo: Demo
    url: str

    @property
    def alerts(self) -> AlertsFace:
        """The record."""
        return AlertsFace(self.demo.backbone)

    async def alert(self, rule: str) -> AlertView:
        """Return the newest alert of a rule; waits for it."""
        async with asyncio.timeout(60):
            while True:
                found = await self.alerts.list(rule=rule)
                if found:
                    return found[0]
                await asyncio.sleep(0.5)


@asynccontextmanager
async def stage(folder: Path, site: Path, scenario: Path | None = None) -> AsyncIterator[Stage]:
    """Start ``site`` with accounts; everything is stopped at the end."""
    played = scenario or site / "scenario.yaml"
    async with running_demo(site, played, folder, free_ports(1)[0], sign_in=True) as demo:
        await demo.ready(lambda _: None)
        await add_people(AccountsFace(demo.backbone), {one.id for one in demo.play.registry.site.people})
        yield Stage(demo, demo.platform.console_url)


async def add_people(accounts: AccountsFace, known: set[str]) -> None:
    """Make an account of each role, with a password that need not be changed."""
    for role, (user, name, name_en) in PEOPLE.items():
        await accounts.add_user(
            UserAddRequest(
                id=user,
                name=name,
                name_en=name_en,
                roles=(role,),
                password=PASSWORD,
                must_change=False,
                everywhere=True,
                person=LINKED.get(role) if LINKED.get(role) in known else None,
                by="admin",
            )
        )
