"""What the engine is fed: one `Message` for each message of the log that concerns its partition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class MessageKind(Enum):
    """What a message is to the engine."""

    DATA = "data"
    HEARD = "heard"
    BIRTH = "birth"
    DEATH = "death"
    DEVICE_DEATH = "device_death"
    TICK = "tick"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Readings:
    """Columns of one data message, all of shape ``(n,)``; ``point`` are indexes of the `SiteIndex`."""

    point: NDArray[np.int32]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    text: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in log order.

    ``gateway`` and ``device`` are indexes of the `SiteIndex`, -1 for none; ``session`` is the ``bdSeq``
    of a birth or death, -1 when it had none. ``OTHER`` concerns another partition and only shows that
    the log is alive.
    """

    kind: MessageKind
    seq: int
    time_ns: int
    gateway: int = -1
    device: int = -1
    session: int = -1
    readings: Readings | None = None
