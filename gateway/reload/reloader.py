"""Takes a new configuration, or refuses it, or puts the old one back: one at a time, and the devices are read on.

| what is found | what happens |
|---|---|
| it does not pass the check | refused: the old one runs on, every problem is told with file and line |
| nothing that runs would notice | unchanged: no line is touched, no poll is missed |
| lines differ | those are stopped and started, the others don't notice; then the changed ones are watched |
| a changed line gets worse (`gateway.reload.health`) | rolled back: the old configuration runs again, with the reason |
| it was rolled back before, and nobody asks for it by name | refused with that reason |

A bundle of the centre wins over the local folder while there is one; `take_bundle` with a withdrawn one gives the
word back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from domain.clock import Clock
from domain.errors import ConfigurationError, Problem
from gateway.reload.bundle import Bundle, BundleError
from gateway.reload.configuration import Configuration, Kind, Load, Outcome, as_data
from gateway.reload.health import Look, unwell, verdict
from gateway.reload.kept import Kept
from gateway.reload.plan import Plan, lines_of, plan_of

log = logging.getLogger(__name__)

WATCH_S = 20.0
"""How long changed lines are watched (assumption: a breaker that opens, a link that is tried again, some polls)."""

MOST_TOLD = 3
"""Problems and changes in the status document, which is written every second; who asks is told more."""

LOOK_S = 1.0
LOOKS_KEPT = 20


class House(Protocol):
    """The gateway whose configuration is switched."""

    def looks(self) -> Mapping[str, Look]:
        """Return how each line fares now."""

    async def switch(self, after: Configuration, plan: Plan) -> None:
        """Stop, adopt, start; raises when something can't be built, and may then be half done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What a gateway process needs to be given other configurations while it runs."""

    running: Configuration
    load: Load
    kept: Kept
    changed: asyncio.Event
    """Set by whoever notices that the local folder changed (a signal, a file watch)."""
    watch_s: float = WATCH_S
    first: Outcome | None = None
    """What is told of the start, when it was no ordinary one."""


class Reloader:
    """One for a process; `run` until cancelled."""

    def __init__(self, parts: Reload, house: House, *, unit: str, gateway: str, clock: Clock) -> None:
        """Begin with what runs already."""
        self.running = parts.running
        self._parts = parts
        self._house = house
        self._unit, self._gateway = unit, gateway
        self._clock = clock
        self._kept = parts.kept
        self.bundle = parts.kept.bundle()
        """The centre's bundle that is in force, if there is one."""
        self._one_at_a_time = asyncio.Lock()
        self._looks: dict[str, deque[Look]] = {}
        self._since_ns = clock.now_ns()
        self._watching: str | None = None
        self._number = 0
        self._done = 0
        self.last = parts.first or self._outcome("started", self.running)
        self._trouble = parts.first
        """The last refusal or rollback; what went well since does not make it undone."""

    async def run(self) -> None:
        """Look at the lines every second, and take the local folder whenever it changed."""
        if self._parts.first is None:
            self._kept.approve(self.running)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_on(), name="reload-looks")
            group.create_task(self._follow_folder(), name="reload-folder")

    async def take_local(self, *, explicit: bool = False, by: str = "") -> Outcome:
        """Take the local folder as it is now; while a bundle of the centre is in force it waits."""
        return await self._in_turn(lambda: self._local(explicit=explicit, by=by))

    async def take_bundle(self, bundle: Bundle) -> Outcome:
        """Take what the centre gave, or give the word back to the local folder when it is withdrawn."""
        return await self._in_turn(lambda: self._remote(bundle))

    async def refuse_bundle(self, error: BundleError, revision: int) -> None:
        """Tell of bytes that are no bundle."""
        candidate = replace(self.running, version="", source="remote", revision=revision, by="")
        self._end(self._outcome("refused", candidate, reason=str(error)))

    async def compare(self, files: Mapping[str, str] | None) -> tuple[Configuration, Plan]:
        """Return what would be taken, and what that would do; raises ConfigurationError, and changes nothing."""
        return await asyncio.to_thread(self._compare, files)

    def _compare(self, files: Mapping[str, str] | None) -> tuple[Configuration, Plan]:
        """In a thread: tens of thousands of points take a while."""
        running = self.running
        candidate = self._parts.load(files)
        self._must_have_gateway(candidate)
        return candidate, plan_of(running.registry, candidate.registry, self._unit, self._gateway)

    def announce(self) -> int:
        """Return the number that the next outcome will have at least."""
        return self._number + 1

    def document(self, most: int = MOST_TOLD) -> dict[str, Any]:
        """Return the part of the status document, with ``most`` problems and changes of each outcome."""
        return {
            "version": self.running.version,
            "source": self.running.source,
            "revision": self.running.revision,
            "by": self.running.by,
            "since_ns": self._since_ns,
            "in_force": "local" if self.bundle is None else "remote",
            "offered_revision": 0 if self.bundle is None else self.bundle.revision,
            "watching": self._watching,
            "number": self._done,
            "last": self.last.document(most),
            "trouble": None if self._trouble is None else self._trouble.document(most),
        }

    async def _in_turn(self, take: Callable[[], Awaitable[Outcome]]) -> Outcome:
        async with self._one_at_a_time:
            self._number += 1
            number = self._number
            try:
                outcome = await take()
            except Exception as error:  # the edge of what people write: no file may stop a gateway
                log.exception("a configuration could not be taken")
                outcome = self._outcome("refused", self.running, reason=f"内部错误 / internal error: {error!r}")
            self._end(outcome)
            self._done = number
            return outcome

    async def _local(self, *, explicit: bool, by: str) -> Outcome:
        if self.bundle is not None:
            log.warning("the site folder changed, but the centre's bundle %d is in force", self.bundle.revision)
            reason = "中心下发的配置优先，本地文件夹等待 / the centre's bundle is in force, the local folder waits"
            return self._outcome("refused", replace(self.running, source="local", revision=0, by=by), reason=reason)
        return await self._take(None, Bundle(by=by), explicit=explicit)

    async def _remote(self, bundle: Bundle) -> Outcome:
        if bundle.withdrawn:
            self.bundle = None
            self._kept.keep_bundle(None)
            return await self._take(None, Bundle(by=bundle.by), explicit=True)
        self.bundle = bundle
        self._kept.keep_bundle(bundle)
        return await self._take(bundle.files, bundle, explicit=True)

    async def _take(self, files: Mapping[str, str] | None, told: Bundle, *, explicit: bool) -> Outcome:
        blank = replace(
            self.running, version="", source="local" if files is None else "remote", revision=told.revision, by=told.by
        )
        try:
            candidate, plan = await self.compare(files)
        except ConfigurationError as error:
            reason = f"未通过检查，{len(error.problems)} 个问题 / not all right: {len(error.problems)} problems"
            return self._outcome("refused", blank, reason=reason, problems=error.problems)
        except OSError as error:
            return self._outcome("refused", blank, reason=f"无法读取 / it can't be read: {error}")
        candidate = replace(candidate, source=blank.source, revision=told.revision, by=told.by)
        rejected = self._kept.rejected()
        if rejected is not None and rejected.version == candidate.version and not explicit:
            reason = f"此前已回退 / it was rolled back before: {rejected.reason}"
            return self._outcome("refused", candidate, reason=reason)
        if plan.is_empty:
            self._run_by(candidate)
            self._kept.approve(candidate)
            return self._outcome("unchanged", candidate)
        return await self._switch(candidate, plan)

    async def _switch(self, candidate: Configuration, plan: Plan) -> Outcome:
        """Switch over, watch, and put the old one back when that did harm."""
        old, before = self.running, {name: list(self._looks.get(name, ())) for name in plan.changed}
        note, reason = "", await self._try(candidate, plan)
        if not reason:
            self._run_by(candidate)
            known = {name: self._devices(old, name) & self._devices(candidate, name) for name in plan.changed}
            after = await self._watch(plan, candidate.version)
            reason = verdict(before, {name: after[name] for name in plan.changed}, known)
            note = unwell(after, known)
        if not reason:
            self._kept.approve(candidate)
            return self._outcome("applied", candidate, plan=plan, reason=note)
        log.error("configuration %s is put back: %s", candidate.version, reason)
        self._kept.reject(candidate, reason)
        back = plan_of(candidate.registry, old.registry, self._unit, self._gateway)
        failure = await self._try(old, back)
        self._run_by(old)
        reason += f"; 旧配置恢复时出错 / putting the old one back failed: {failure}" if failure else ""
        return self._outcome("rolled_back", candidate, plan=plan, reason=reason)

    async def _try(self, after: Configuration, plan: Plan) -> str:
        """Switch; returns why it could not be done, empty when it was."""
        try:
            await self._house.switch(after, plan)
        except Exception as error:  # the edge of connectors that are built anew: the old ones must run again
            log.exception("the switch to %s failed", after.version)
            return f"无法切换 / the switch failed: {error}"
        return ""

    async def _watch(self, plan: Plan, version: str) -> dict[str, list[Look]]:
        """Look at the lines that were started for a while; returns what was seen of each."""
        seen: dict[str, list[Look]] = {name: [] for name in plan.started}
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._parts.watch_s
        self._watching = version
        try:
            while seen and (left_s := until_s - loop.time()) > 0:
                looks = self._house.looks()
                for name, one in seen.items():
                    one.append(looks[name])
                await asyncio.sleep(min(left_s, LOOK_S, self._parts.watch_s / 5))
        finally:
            self._watching = None
        return seen

    def _devices(self, configuration: Configuration, line: str) -> frozenset[str]:
        settings = configuration.registry.gateways[f"{self._unit}/{self._gateway}"]
        return lines_of(configuration.registry, settings)[line].devices

    def _run_by(self, configuration: Configuration) -> None:
        if configuration.version != self.running.version:
            self._since_ns = self._clock.now_ns()
        self.running = configuration

    async def _look_on(self) -> None:
        while True:
            looks = self._house.looks()
            for gone in self._looks.keys() - looks.keys():
                del self._looks[gone]
            for name, one in looks.items():
                seen = self._looks.setdefault(name, deque(maxlen=LOOKS_KEPT))
                if seen and one.polls < seen[-1].polls:  # it began anew
                    seen.clear()
                seen.append(one)
            await asyncio.sleep(min(LOOK_S, self._parts.watch_s / 5))

    async def _follow_folder(self) -> None:
        while True:
            await self._parts.changed.wait()
            self._parts.changed.clear()
            await self.take_local()

    def _must_have_gateway(self, candidate: Configuration) -> None:
        if candidate.settings(self._unit, self._gateway) is None:
            raise ConfigurationError(
                [
                    Problem(
                        file="gateways/", line=1, field="gateway", value=None,
                        message=f"this gateway, {self._unit}/{self._gateway}, is not in it",
                        mend="keep its unit and id; a gateway that is given up is stopped",
                    )
                ]
            )  # fmt: skip

    def _outcome(
        self,
        kind: Kind,
        configuration: Configuration,
        *,
        plan: Plan | None = None,
        reason: str = "",
        problems: Sequence[Problem] = (),
    ) -> Outcome:
        return Outcome(
            kind=kind, version=configuration.version, source=configuration.source, revision=configuration.revision,
            by=configuration.by, time_ns=self._clock.now_ns(), reason=reason,
            problems=tuple(as_data(problem) for problem in problems), changes=plan.told if plan else (),
        )  # fmt: skip

    def _end(self, outcome: Outcome) -> None:
        level = logging.INFO if outcome.kind in ("applied", "unchanged") else logging.WARNING
        log.log(level, "configuration %s (%s): %s %s", outcome.version, outcome.source, outcome.kind, outcome.reason)
        for problem in outcome.problems:
            log.warning("  %s:%s: %s %s", problem["file"], problem["line"], problem["field"], problem["message"])
        self.last = outcome
        if outcome.kind in ("refused", "rolled_back"):
            self._trouble = outcome
