"""A gateway whose wall clock is off by what a file says, read anew at each look.

Everything else is the gateway of ``fengsui gateway``; the clock is injected as any other.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import typer

from cli.process_commands import SiteOption, StateOption
from cli.running import run_process
from cli.session import gateway_address, open_session
from domain.clock import NS_PER_S, SystemClock
from gateway import process

OFFSET_VARIABLE = "FENGSUI_CLOCK_OFFSET_FILE"


class JumpingClock(SystemClock):
    """The system's clock, and as many seconds more or less as the file holds."""

    def __init__(self, file: Path) -> None:
        """Read ``file`` at each look; while there is none, the clock is right."""
        self._file = file

    def now_ns(self) -> int:
        """Return the time, shifted."""
        try:
            offset_s = float(self._file.read_text())
        except (OSError, ValueError):  # not there yet, or just being written
            offset_s = 0.0
        return super().now_ns() + round(offset_s * NS_PER_S)


def main(  # noqa: PLR0917 -- typer's options are parameters of the command's function
    site: SiteOption,
    unit: str = "",
    gateway: str = "",
    state: StateOption = None,
    link_nats: str = "",
    link_mqtt: int = 0,
) -> None:
    """Run a gateway with that clock."""
    session = open_session(site, state)

    async def run(stop: asyncio.Event) -> None:
        address = gateway_address(session, unit, gateway, link_nats, link_mqtt)
        link = process.Link(
            nats_url=address.nats_url, credentials=address.credentials,
            mqtt_host=address.mqtt_host, mqtt_port=address.mqtt_port,
        )  # fmt: skip
        await process.run(
            session.registry, unit=unit, gateway=gateway, link=link, stop=stop,
            state_dir=session.state.folder("gateway", f"{unit}.{gateway}"),
            clock=JumpingClock(Path(os.environ[OFFSET_VARIABLE])),
        )  # fmt: skip

    run_process(f"gateway-{gateway}", run)


if __name__ == "__main__":
    typer.run(main)
