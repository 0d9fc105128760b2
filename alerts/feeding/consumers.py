"""How far the modules that are fed have read; one that has stopped reading is an alarm.

A reserved consumer that nobody has ever read with is shown and is no alarm: that module does not run here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from alerts.office import Office
from alerts.own_alarms import OwnAlarm, clear_own, raise_own, stands
from backbone.client import Backbone
from backbone.consumers import ConsumerState
from backbone.layout import FED, FED_STREAMS
from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.errors import LinkError, RefusedError, StoreError
from domain.site import Registry

log = logging.getLogger(__name__)

RULE = "feed_consumer_behind"
LOOK_S = 5.0
MOST_LAG = 10_000
"""Events that a module may be behind (assumption: half of a storm of 20,000 faults); half as many end the alarm."""


async def states(backbone: Backbone) -> list[ConsumerState]:
    """Return the state of every reserved consumer that is there; raises LinkError."""
    found = [await backbone.consumer_state(stream, name) for name in FED for stream in FED_STREAMS]
    return [state for state in found if state is not None]


async def watch_consumers(office: Office, backbone: Backbone, registry: Registry, *, most_lag: int = MOST_LAG) -> None:
    """Look for ever, show it in the status document, raise and clear the alarm."""
    unit = next(iter(registry.units))
    while True:
        try:
            found = await states(backbone)
            office.shown["consumers"] = [shown(state) for state in found]
            for state in found:
                await settle(office, unit, state, most_lag)
        except (LinkError, RefusedError, StoreError) as error:
            office.fail("feed readers", error)
        await asyncio.sleep(LOOK_S)


def shown(state: ConsumerState) -> dict[str, Any]:
    """Return a state as the status document has it."""
    return {
        "name": state.name,
        "stream": state.stream,
        "lag": state.lag,
        "acked_seq": state.acked_seq,
        "used": state.used,
        "last_ack_ns": state.last_ack_ns,
    }


async def settle(office: Office, unit: str, state: ConsumerState, most_lag: int) -> None:
    """Raise the alarm above ``most_lag``, clear it below half of that, and do nothing in between."""
    alarm = _alarm(unit, state)
    standing = await office.database.read(lambda session: stands(office.desk(session), alarm))
    wanted = wants(state, most_lag, standing=standing)
    if wanted == standing:
        return
    say = raise_own if wanted else clear_own
    log.warning("consumer %s of %s is %d events behind", state.name, state.stream, state.lag)
    zh, en = _words(state, wanted=wanted)
    await office.change(lambda desk: say(desk, alarm, zh=zh, en=en))


def wants(state: ConsumerState, most_lag: int, *, standing: bool) -> bool:
    """Tell whether the alarm shall stand."""
    return state.used and state.lag > (most_lag // 2 if standing else most_lag)


def _words(state: ConsumerState, *, wanted: bool) -> Sequence[str]:
    if wanted:
        return (
            f"模块 {state.name} 落后 {state.lag} 条消息（{state.stream}），请检查该模块进程。",
            f"Module {state.name} is {state.lag} messages of {state.stream} behind. Look at its process.",
        )
    return (
        f"模块 {state.name} 已跟上（{state.stream}）。",
        f"Module {state.name} has caught up with {state.stream}.",
    )


def _alarm(unit: str, state: ConsumerState) -> OwnAlarm:
    return OwnAlarm(
        rule=RULE,
        alarm_class=AlarmClass.SYSTEM,
        level=Level.WARNING,
        entity_kind=EntityKind.GATEWAY,
        entity=f"{unit}/feed-{state.name}-{state.stream.lower()}",
        place=Place(unit=unit),
    )
