"""What the demo sees of the running platform, in the words of the scenario's expectations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from alerts.face import AlertsFace
from backbone.client import Backbone
from backbone.layout import ALERTS
from domain.alert import AlertView
from domain.errors import RefusedError
from simulators.phone import Push
from simulators.scenario_model import OperatorAct, OperatorStep

OPERATOR = "demo-operator"


class DemoFeed:
    """Joins the ALERTS stream, the phone's pushes and ends of roll-calls into one feed, in order of arrival."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    def on_push(self, push: Push) -> None:
        """Take a push that reached the phone."""
        self._queue.put_nowait(
            {"kind": "push", "rule": push.rule, "person": push.person, "text": push.text, "time_ns": push.time_ns}
        )

    def put(self, seen: Mapping[str, Any]) -> None:
        """Take an observation of another source."""
        self._queue.put_nowait(seen)

    async def watch_alerts(self, backbone: Backbone) -> None:
        """Follow the ALERTS stream for ever."""
        async for batch in backbone.reader(ALERTS):
            for message in batch:
                if not message.subject.endswith((".flood", ".workitem")):  # about no single alert
                    self._queue.put_nowait(observation(message.data, message.time_ns))

    async def items(self) -> AsyncIterator[Mapping[str, Any]]:
        """Yield what was seen."""
        while True:
            yield await self._queue.get()


def observation(cloud_event: bytes, time_ns: int) -> dict[str, Any]:
    """Turn a CloudEvent of an alert into an observation."""
    event = json.loads(cloud_event)
    view = AlertView.model_validate(event["data"])
    return {
        "kind": "alert",
        "rule": view.rule,
        "event": event["type"].rpartition(".")[2],
        "zone": view.place.zone,
        "device": view.place.device,
        "gateway": view.place.gateway,
        "level": view.level.value,
        "text": view.text_zh,
        "time_ns": time_ns,
    }


class DemoOperator:
    """Does what the scenario's operator does, through the alerts service like any console."""

    def __init__(self, face: AlertsFace) -> None:
        self._face = face

    async def act(self, step: OperatorStep) -> None:
        """Handle the newest open alert of the step's rule; raises RefusedError when there is none."""
        alert = self._choose(await self._face.list(open=True, rule=step.rule), step)
        if step.operator is OperatorAct.ACKNOWLEDGE:
            await self._face.acknowledge(alert.id, by=OPERATOR)
        elif step.operator is OperatorAct.CONFIRM:
            await self._face.confirm(alert.id, by=OPERATOR, finding=step.finding)
        else:
            await self._face.reset(alert.id, by=OPERATOR)

    @staticmethod
    def _choose(alerts: tuple[AlertView, ...], step: OperatorStep) -> AlertView:
        for alert in alerts:
            if step.zone in (None, alert.place.zone) and step.device in (None, alert.place.device):
                return alert
        raise RefusedError(f"no open alert of {step.rule} to {step.operator.value}")
