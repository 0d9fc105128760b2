"""Watches the rules service from outside: a partition that nobody owns can raise no alarm, so we do.

| finding | when | after |
|---|---|---|
| silent | `rules.main` is not written any more | 10 s; 60 s when there never was one |
| unowned | a partition has no owner: its units are watched by nobody | 10 s |
| behind | the slowest partition's log time is more than 30 s old | 10 s |

A take-over takes less than 5 s, so it is none of these. It becomes one alert of class ``system``, level critical, on
the first unit of the site (it stands for the centre); it clears when all has been well for as long. Whether a
document is new is told by its revision on our own clock: clocks of machines need not agree.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from alerts.office import Office
from alerts.own_alarms import OwnAlarm, clear_own, raise_own, stands
from backbone.client import Backbone
from backbone.subjects import STATUS_BUCKET
from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError, StoreError
from domain.site import Registry

log = logging.getLogger(__name__)

RULE = "rules_stalled"
STATUS_KEY = "rules.main"
LOOK_S = 1.0
SILENT_S = 5.0
"""A status document is written every second; older than this means unknown (docs/architecture.md)."""
MOST_LAG_S = 30.0
"""Three of the 10 s that a fire alarm may take (GB 25506-2010, secondary source)."""
HOLD_S = 10.0
"""How long a finding must stand, and how long all must be well (assumption: twice a take-over)."""
NEVER_S = 60.0
"""The same where there never was a rules service: it may be about to start (assumption)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in words for people."""

    zh: str
    en: str
    hold_s: float = HOLD_S


@dataclass(slots=True)
class RulesWatch:
    """What the status said, and since when; `look` it over, then ask `verdict`."""

    _revision: int | None = None
    _changed_s: float | None = None
    _state: bool | None = None
    _since_s: float = 0.0

    def look(self, revision: int | None, document: dict[str, Any], now_s: float) -> Finding | None:
        """Take what stands there now (revision None: nothing); returns what is wrong at this moment."""
        if self._changed_s is None or revision != self._revision:
            self._revision, self._changed_s = revision, now_s
        if revision is None:
            return Finding(
                "规则服务没有运行，所有单位无人监测", "no rules service runs: nobody watches any unit", NEVER_S
            )
        if now_s - self._changed_s > SILENT_S:
            return Finding(
                "规则服务没有回应，所有单位可能无人监测", "the rules service is silent: perhaps nobody watches any unit"
            )
        unowned = document.get("unowned_partitions")
        if isinstance(unowned, list) and unowned:
            names = ", ".join(str(one) for one in unowned[:8])
            return Finding(f"分区 {names} 无规则进程，其单位无人监测", f"partitions {names}: no worker, nobody watches")
        lag_s = document.get("lag_s")
        if isinstance(lag_s, int | float) and lag_s > MOST_LAG_S:
            return Finding(f"规则处理滞后 {lag_s:.0f} 秒", f"rules are {lag_s:.0f} s behind")
        return None

    def verdict(self, finding: Finding | None, now_s: float) -> bool | None:
        """Return True when a finding has stood long enough, False when all was well as long, None between."""
        state = finding is not None
        if state is not self._state:
            self._state, self._since_s = state, now_s
        hold_s = finding.hold_s if finding else HOLD_S
        return state if now_s - self._since_s >= hold_s else None


async def watch_rules(office: Office, backbone: Backbone, registry: Registry) -> None:
    """Look every second, for ever. A link that is away says nothing about the rules: then we look later."""
    watch = RulesWatch()
    while True:
        heed_cancellation()
        await asyncio.sleep(LOOK_S)
        try:
            entry = await backbone.kv_get(STATUS_BUCKET, STATUS_KEY)
        except (LinkError, RefusedError):
            watch = RulesWatch()
            continue
        now_s = time.monotonic()
        finding = watch.look(entry.revision if entry else None, _object(entry.value) if entry else {}, now_s)
        verdict = watch.verdict(finding, now_s)
        if verdict is None:
            continue
        try:
            await settle(office, registry, finding if verdict else None)
        except StoreError as error:
            office.fail("rules watch", error)


async def settle(office: Office, registry: Registry, finding: Finding | None) -> None:
    """Raise, or clear, unless that is how it stands already."""
    alarm = _alarm(next(iter(registry.units)), finding)
    wanted = finding is not None
    if await office.database.read(lambda session: stands(office.desk(session), alarm)) == wanted:
        return
    say = raise_own if wanted else clear_own
    words = finding or Finding("规则服务恢复", "the rules service is back")
    log.warning("%s: %s", "raised" if wanted else "cleared", words.en)
    zh, en = f"{words.zh}，请检查规则进程。", f"{words.en}. Look at the rules processes."
    await office.change(lambda desk: say(desk, alarm, zh=zh, en=en))


def _alarm(unit: str, finding: Finding | None) -> OwnAlarm:
    return OwnAlarm(
        rule=RULE,
        alarm_class=AlarmClass.SYSTEM,
        level=Level.CRITICAL,
        entity_kind=EntityKind.GATEWAY,
        entity=f"{unit}/rules",
        place=Place(unit=unit),
        delay_ns=round((finding.hold_s if finding else HOLD_S) * NS_PER_S),
    )


def _object(data: bytes) -> dict[str, Any]:
    """Return a status document; one that can't be read says nothing, so it is silent to `RulesWatch.look`."""
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
