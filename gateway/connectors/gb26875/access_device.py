"""The access server as a device of its own: how many are on line, who is a stranger, what was refused.

A site may leave it out; then nothing is told here, and the figures stand in the status document only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.clock import Clock
from domain.site import Device
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.mapping import Harvest
from gateway.connectors.gb26875.readings import believed_ns

PROFILE = "gb26875_access"


class AccessDevice:
    """The device with profile `PROFILE`, where the connection has one."""

    def __init__(self, devices: Sequence[Device], hosting: Hosting, clock: Clock) -> None:
        """Find it among the connection's ``devices``."""
        self._key = next((one.key for one in devices if one.profile.profile == PROFILE), None)
        self._hosting = hosting
        self._clock = clock
        self._last_ns: dict[str, int] = {}

    def tell(self, harvest: Harvest, figures: Mapping[str, float], text: str = "") -> None:
        """Add readings of some of its points, with a text."""
        if self._key is None:
            return
        now_ns = self._clock.now_ns()
        for name, value in figures.items():
            point = self._hosting.table.index(f"{self._key}/{name}")
            last_ns = max(
                believed_ns(one, now_ns) for one in (self._last_ns.get(name, 0), self._hosting.last_ns(point))
            )
            self._last_ns[name] = harvest.place(point, now_ns, value, text=text, after_ns=last_ns)
