"""Notices to the service manager (sd_notify): a datagram on the socket that ``NOTIFY_SOCKET`` names.

| notice | when |
|---|---|
| ``READY=1`` | the spool is open and every connection is being tried |
| ``WATCHDOG=1`` | every third of ``WATCHDOG_USEC``, only while `gateway.observing.vitals` finds nothing stuck |
| ``STATUS=…`` | with every watchdog notice, one line for ``systemctl status`` |
| ``STOPPING=1`` | a clean stop has begun |

Without a service manager nothing is sent. The protocol is that of the manual page sd_notify(3).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)

STATUS_S = 10.0
"""Between two notices where no watchdog was asked for."""

PARTS = 3
"""Notices in one watchdog time: two may come late."""


class Notifier:
    """Sends notices, or does nothing where nobody listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Read who listens, and how often it wants to hear."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environment)
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)  # the socket's own form

    @property
    def is_heard(self) -> bool:
        """Tell whether there is a service manager."""
        return self._socket is not None

    def send(self, *notices: str) -> None:
        """Send notices in one datagram; one that can't be sent is lost, the next one comes soon."""
        if self._socket is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            self._socket.sendto("\n".join(notices).encode(), address)
        except OSError as error:
            log.debug("no notice to the service manager: %s", error)

    async def run(self, stuck: Callable[[], Sequence[str]], status: Callable[[], str]) -> None:
        """Say that the gateway is ready, then that it lives as long as nothing is ``stuck``; for ever."""
        self.send("READY=1", f"STATUS={status()}")
        said: Sequence[str] = ()
        while True:
            await asyncio.sleep(self.watchdog_s / PARTS if self.watchdog_s else STATUS_S)
            found = list(stuck())
            if found and found != said:
                log.error("no watchdog notice: %s", "; ".join(found))
            said = found
            if found:
                self.send(f"STATUS=stuck: {'; '.join(found)}")
            else:
                self.send("WATCHDOG=1", f"STATUS={status()}")

    def stopping(self) -> None:
        """Say that a clean stop has begun."""
        self.send("STOPPING=1")

    def close(self) -> None:
        """Close; nothing is said any more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Return the time within which a notice is expected, 0 where none is, or another process is meant."""
    meant = environment.get("WATCHDOG_PID")
    text = environment.get("WATCHDOG_USEC", "")
    if (meant and meant != str(os.getpid())) or not text.isdecimal():
        return 0.0
    return int(text) / 1e6
