"""A running site follows its folder: what passes the check is taken, by each process in the order that loses nothing.

| order | who | how |
|---|---|---|
| 1 | the backbone's users | the server reads its list again; nobody is disconnected |
| 2 | rules, where nothing else is different | change without a restart |
| 2 | store, rules, alerts, console | started anew where they hold what changed; each goes on where it stopped |
| 3 | gateways | read their part again (SIGHUP), lines that did not change don't notice; new ones start, others end |

Whoever reads the log must know a device before it speaks: so the second stands before the third.
"""

from __future__ import annotations

import asyncio
import logging
import time

from cli.check_command import read_all
from cli.file_watch import CALENDARS, PARTS, RULES, signature, watch_folder
from cli.platform import Platform, gateway_process, gateway_users, with_process
from cli.rules_running import apply_folder
from cli.session import Session
from domain.errors import LinkError, RefusedError
from domain.site import Registry
from domain.site.floors import PLANS
from rules import RuleSet

log = logging.getLogger(__name__)

READERS = ("alerts", "rules", "ingest", "console")
"""In the order in which they are started: those that answer before those that ask."""

FOLLOWED = (*PARTS, CALENDARS, RULES, PLANS)
STATUSES = {"alerts": "alerts.main", "rules": "rules.main", "ingest": "ingest.main"}
READY_S, LOOK_S = 20.0, 0.2


class SiteFollower:
    """Follows the folder of one platform; `run` until cancelled."""

    def __init__(self, platform: Platform) -> None:
        """Nothing is read before `run`."""
        self._platform = platform
        self._changed = asyncio.Event()
        self._rules = ""
        self._known = signature(platform.session.site, FOLLOWED)

    async def run(self) -> None:
        """Take the folder whenever its files changed and are at rest."""
        _, rules, _ = await asyncio.to_thread(read_all, self._platform.session.site)
        self._rules = rules.version if rules is not None else ""
        async with asyncio.TaskGroup() as group:
            watching = watch_folder(self._platform.session.site, self._changed.set, self._known, parts=FOLLOWED)
            group.create_task(watching, name="watch-site")
            group.create_task(self._take_each(), name="take-site")

    async def _take_each(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.take()
            except Exception:  # the edge of what follows: a site must not stop following for one bad moment
                log.exception("the change of the site was not taken everywhere")

    async def take(self) -> bool:
        """Take the folder as it is now; tells whether it passed the check."""
        platform = self._platform
        registry, rules, problems = await asyncio.to_thread(read_all, platform.session.site)
        if registry is None or rules is None:
            for problem in problems:
                log.error("the site changed and is refused, what runs runs on: %s", problem)
            self._hang_up(platform.session.registry)  # each gateway tells it in its status
            return False
        before = platform.session.registry
        platform.session = Session(platform.session.site, registry, platform.session.state)
        if platform.server is not None:
            platform.server.admit(gateway_users(registry))
        stale = self._stale(before, registry, rules.version)
        if stale[:1] == ("rules",) and await self._apply(rules):
            stale = stale[1:]
        await self._renew(stale)
        self._rules = rules.version
        await self._settle_gateways(registry)
        return True

    async def _apply(self, rules: RuleSet) -> bool:
        """Let the rules that run change without a restart, as ``fengsui rules apply`` does; tells whether they did."""
        session = self._platform.session
        try:
            async with await self._platform.connect("follow-rules") as backbone:
                return await apply_folder(backbone, session.registry, session.site / "rules", rules, "up --watch")
        except (LinkError, RefusedError) as error:
            log.warning("the rules are not applied, their process is started anew: %s", error)
            return False

    def _stale(self, before: Registry, after: Registry, rules: str) -> tuple[str, ...]:
        """Return the processes that hold something which is different now."""
        whole = [(one.site, one.gateways, one.profiles, one.calendar) for one in (before, after)]
        same = whole[0] == whole[1]
        if not same:
            return READERS
        drawn = ("console",) if before.floor_plans != after.floor_plans else ()
        return (("rules",) if rules != self._rules else ()) + drawn

    async def _renew(self, names: tuple[str, ...]) -> None:
        """Start processes anew, and wait until they say that they are there."""
        supervisor = self._platform.supervisor
        if supervisor is None or not names:
            return
        log.info("the site changed: starting %s anew", ", ".join(names))
        for name in names:
            await supervisor.renew(supervisor.children[name])
        since_ns = time.time_ns()  # the last words of those that ended stand before it
        wanted = {STATUSES[name] for name in names if name in STATUSES}
        async with await self._platform.connect("follow-site") as backbone:
            deadline = time.monotonic() + READY_S
            while wanted and time.monotonic() < deadline:
                found = await backbone.statuses()
                wanted = {key for key in wanted if found.get(key, {}).get("time_ns", 0) <= since_ns}
                await asyncio.sleep(LOOK_S)
        if wanted:
            log.warning("not there after %.0f s: %s", READY_S, ", ".join(sorted(wanted)))

    async def _settle_gateways(self, registry: Registry) -> None:
        """Let gateways read their part, start those that are new, stop those that are gone."""
        supervisor = self._platform.supervisor
        if supervisor is None:
            return
        wanted = {gateway_process(key): key for key in with_process(registry)}
        for name, child in list(supervisor.children.items()):
            if name.startswith("gateway-") and name not in wanted:
                await supervisor.forget(child)
        self._hang_up(registry)
        for name, key in wanted.items():
            if name not in supervisor.children:
                await supervisor.start(self._platform.gateway_child(key))

    def _hang_up(self, registry: Registry) -> None:
        supervisor = self._platform.supervisor
        for key in with_process(registry):
            child = None if supervisor is None else supervisor.children.get(gateway_process(key))
            if supervisor is not None and child is not None:
                supervisor.hang_up(child)
