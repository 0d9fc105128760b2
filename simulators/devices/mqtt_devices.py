"""The MQTT device kinds: wireless smoke sensor, camera AI box; and how a broken one spoils its payload."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from domain.documents import nearest
from simulators.devices.model import DeviceModel, Starts
from simulators.devices.words import BEHAVIOURS, behaviour
from simulators.errors import UnknownNameError
from simulators.faults import Fault, FaultKind

HUGE_BYTES = 1_200_000
"""More than 1 MiB, the largest payload that the platform is told to accept."""

_BEHAVIOUR_WORDS = {code: word for word, code in BEHAVIOURS.items()}


class MqttDevice(DeviceModel, ABC):
    """A device model that publishes JSON, periodically and on change."""

    period_s: ClassVar[float] = 4.0

    @property
    @abstractmethod
    def topic(self) -> str:
        """Where it publishes."""

    @abstractmethod
    def payload(self, t_s: float, time_ms: int) -> dict[str, Any]:
        """Return the message at scenario time ``t_s``, stamped ``time_ms`` (ms since 1970 UTC)."""


class SmokeSensor(MqttDevice):
    """Wireless smoke and temperature sensor."""

    kind: ClassVar[str] = "smoke_detector"
    start: ClassVar[Starts] = {
        "smoke": (0.0, 0.0),
        "test": (0.0, 0.0),
        "obscuration": (0.02, 0.01),
        "temperature": (24.0, 0.8),
        "battery": (92.0, 0.0),
    }

    @property
    def topic(self) -> str:
        """``sensors/<address>/up``."""
        return f"sensors/{self.address}/up"

    def payload(self, t_s: float, time_ms: int) -> dict[str, Any]:
        """Return smoke and test as 0/1, obscuration in dB/m, temperature in °C, battery in %."""
        values = self.values(t_s)
        return {
            "ts": time_ms,
            "smoke": int(values["smoke"]),
            "obscuration": round(values["obscuration"], 4),
            "temperature": round(values["temperature"], 2),
            "battery": round(values["battery"], 1),
            "test": int(values["test"]),
        }


class Camera(MqttDevice):
    """Camera AI box that tells e-bikes; repeats its state, with a new event id at each change."""

    kind: ClassVar[str] = "camera"
    period_s: ClassVar[float] = 2.0
    start: ClassVar[Starts] = {"ebike_count": (0.0, 0.0), "behaviour": (0.0, 0.0), "confidence": (0.93, 0.02)}
    texts: ClassVar[Mapping[str, str]] = {"image": ""}

    @property
    def topic(self) -> str:
        """``cameras/<address>/event``."""
        return f"cameras/{self.address}/event"

    def parse(self, point: str, value: Any) -> float:
        """Take behaviour as its word or number."""
        if point == "behaviour":
            return self._behaviour(value)
        return super().parse(point, value)

    def payload(self, t_s: float, time_ms: int) -> dict[str, Any]:
        """Return class, count, behaviour (a word) and confidence; ``image`` is null without a picture."""
        values = self.values(t_s)
        return {
            "event_id": f"{self.address}-{self.changes}",
            "ts": time_ms,
            "class": "ebike",
            "count": int(values["ebike_count"]),
            "behaviour": _BEHAVIOUR_WORDS[int(values["behaviour"])],
            "confidence": round(min(values["confidence"], 1.0), 3),
            "image": self.text("image") or None,
        }

    @staticmethod
    def _behaviour(value: Any) -> float:
        code = behaviour(value)
        if code not in _BEHAVIOUR_WORDS:
            raise UnknownNameError(f"no such word '{value}'", nearest(str(value), BEHAVIOURS))
        return code


def encode(payload: dict[str, Any]) -> bytes:
    """Return the payload as a healthy device sends it."""
    return json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()


def spoil(payload: dict[str, Any], fault: Fault, chance: random.Random) -> bytes:
    """Return the payload as a device with ``fault`` sends it; empty means that it sends nothing."""
    match fault.kind:
        case FaultKind.SILENT:
            return b""
        case FaultKind.GARBAGE:
            return chance.randbytes(64)
        case FaultKind.NAN:
            broken = {key: float("nan") if _is_number(key, value) else value for key, value in payload.items()}
            return json.dumps(broken).encode()
        case FaultKind.HUGE:
            return encode(payload | {"padding": "x" * HUGE_BYTES})
        case FaultKind.WRONG_TYPES:
            return json.dumps({key: _other_type(value) for key, value in payload.items()}).encode()
        case _:
            return encode(payload)


def _is_number(key: str, value: Any) -> bool:
    return key != "ts" and isinstance(value, int | float)


def _other_type(value: Any) -> Any:
    return {"was": value} if isinstance(value, str) else [value]
