"""Roll-calls of a scenario: asked of the access server like any operator does, their ends fed back to be judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from backbone.client import Backbone
from cli.gb26875_service import LINE_TIMEOUT_S, GatewayFace
from domain.errors import FengsuiError
from domain.site import Registry
from simulators.catalogue import find_transmitter
from simulators.scenario_model import RollCallStep

CALLER = "demo-operator"
LOOK_S = 1.0
WAITING = "waiting"


class DemoRollCalls:
    """Calls people on duty, and tells how each call ended."""

    def __init__(self, backbone: Backbone, registry: Registry, put: Callable[[Mapping[str, Any]], None]) -> None:
        """``put`` takes the observations."""
        self._face, self._registry, self._put = GatewayFace(backbone), registry, put
        self._hosts = sorted({one.host for one in registry.transmitters.values()})

    async def call(self, step: RollCallStep) -> None:
        """Call the duty of the step's transmitter; raises what the access server answers."""
        key = find_transmitter(self._registry, step.roll_call).key
        unit, transmitter = key.split("/")
        host = self._registry.transmitters[key].host
        request = {"unit": unit, "transmitter": transmitter, "minutes": step.minutes, "by": CALLER}
        await self._face.ask(host, "roll_call", timeout_s=LINE_TIMEOUT_S, **request)

    async def watch(self) -> None:
        """Look for ends of roll-calls, for ever; an access server that does not answer is asked again."""
        told: set[str] = set()
        while self._hosts:
            await asyncio.sleep(LOOK_S)
            for host in self._hosts:
                for call in await self._calls(host):
                    if call["result"] != WAITING and call["id"] not in told:
                        told.add(call["id"])
                        self._put(_observation(call))

    async def _calls(self, host: str) -> list[dict[str, Any]]:
        try:
            calls: list[dict[str, Any]] = (await self._face.ask(host, "roll_calls", limit=100))["calls"]
        except FengsuiError:
            return []
        return calls


def _observation(call: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{call['unit']}/{call['transmitter']}"
    return {"kind": "roll_call", "transmitter": where, "result": call["result"]}
