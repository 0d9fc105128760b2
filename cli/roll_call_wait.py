"""Calling the transmitters of a unit, and looking at the answers until there is one from each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live

from cli.alerts_tables import plain
from cli.check_command import Language
from cli.gb26875_output import say_silent
from cli.gb26875_service import LINE_TIMEOUT_S, GatewayFace
from cli.roll_call_tables import call_table
from domain.clock import SystemClock
from domain.errors import LinkError, RefusedError, WireError
from domain.site import Labels
from gateway.connectors.gb26875.roll_call import Result

Call = Mapping[str, Any]
Key = tuple[str, str]
Made = tuple[tuple[Call, ...], int]

LOOK_S = 0.5
"""How often the results are looked at."""

PATIENCE_S = 120.0
"""How long a gateway may be away during a call, seconds (assumption): a restart takes a few."""

MOST_LOOKED_AT = 1000


class RollCallWait:
    """One person's roll-call from a terminal. The gateways keep the calls: leaving early ends none of them."""

    def __init__(self, face: GatewayFace, console: Console, language: Language) -> None:
        """Ask over ``face``; ``console`` shows the count-down and what was refused."""
        self._face = face
        self._console = console
        self._language = language

    async def call(self, unit: str, transmitter: str | None, minutes: int | None, by: str) -> Made:
        """Call the duty transmitters of a unit, all at once; returns the calls and how many were refused.

        Raises RefusedError when there is none, or when every one was refused.
        """
        rows = await self._duty(unit, transmitter)
        called = await asyncio.gather(*(self._call(row, minutes, by) for row in rows), return_exceptions=True)
        refusals = [one for one in called if isinstance(one, BaseException)]
        calls = tuple(one for one in called if not isinstance(one, BaseException))
        for refusal in refusals:
            if not isinstance(refusal, RefusedError | LinkError):
                raise refusal
        if not calls:
            raise refusals[0]
        for refusal in refusals:
            self._console.print(plain(refusal, style="yellow"))
        return calls, len(refusals)

    async def answers(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """Return the calls with their results; raises LinkError when the gateway stays away too long."""
        found = {_key(call): call for call in calls}
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while any(call.get("result") == Result.WAITING for call in found.values()):
                live.update(call_table(found.values(), self._language, SystemClock().now_ns()), refresh=True)
                await asyncio.sleep(LOOK_S)
                try:
                    found |= await self._look(found)
                    heard_s = loop.time()
                except LinkError:
                    if loop.time() - heard_s > PATIENCE_S:
                        raise
        return tuple(found.values())

    async def _duty(self, unit: str, transmitter: str | None) -> list[Mapping[str, Any]]:
        if transmitter is not None:
            return [await self._face.transmitter(f"{unit}/{transmitter}")]
        answers = await self._face.rows("transmitters", "transmitters", unit=unit)
        say_silent(answers)
        rows = [row for row in answers.rows if row.get("unit") == unit and row.get("duty", True)]
        if not rows:
            nobody = Labels(
                zh=f"单位 {unit} 没有值班装置", en=f"unit {unit} has no transmitter with somebody on duty beside it"
            )
            raise RefusedError(nobody.of(self._language))
        return rows

    async def _call(self, row: Mapping[str, Any], minutes: int | None, by: str) -> Call:
        key = f"{row['unit']}/{row['id']}"
        try:
            data = await self._face.ask(
                row["host"],
                "roll_call",
                timeout_s=LINE_TIMEOUT_S,
                unit=row["unit"],
                transmitter=row["id"],
                connection=row.get("connection"),
                minutes=minutes,
                by=by,
            )
        except RefusedError as error:
            raise RefusedError(f"{key}: {error}") from error
        call = data.get("call")
        if not isinstance(call, dict) or "id" not in call:
            raise WireError(f"{row['host']} answered 'roll_call' without a call")
        return {**call, "host": row["host"], "connection": row.get("connection")}

    async def _look(self, found: Mapping[Key, Call]) -> dict[Key, Call]:
        """Return the present state of the calls that wait."""
        waiting = {
            (call["host"], call["connection"], call["unit"])
            for call in found.values()
            if call.get("result") == Result.WAITING
        }
        now: dict[Key, Call] = {}
        for host, connection, unit in waiting:
            data = await self._face.ask(host, "roll_calls", connection=connection, unit=unit, limit=MOST_LOOKED_AT)
            listed = [{**call, "host": host, "connection": connection} for call in data.get("calls", ())]
            now |= {_key(call): call for call in listed if _key(call) in found}
        return now


def _key(call: Call) -> Key:
    """Each gateway numbers its own calls."""
    return str(call.get("host")), str(call.get("id"))
