"""Everything that lives while the port is open, wired together.

lines ─▶ reception ─▶ intake ─▶ sink ─▶ confirm
│  └─▶ strangers          ▲
└─▶ exchange ◀─ commands, keeper, roll-calls
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from domain.clock import NS_PER_S
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Hosting, Sink, Wiring
from gateway.connectors.gb26875.access_device import AccessDevice
from gateway.connectors.gb26875.centre import Sender
from gateway.connectors.gb26875.commands import Commands
from gateway.connectors.gb26875.config import Gb26875Settings
from gateway.connectors.gb26875.copies import stored_name
from gateway.connectors.gb26875.directory import Directory
from gateway.connectors.gb26875.exchange import Exchange
from gateway.connectors.gb26875.findings import exposure
from gateway.connectors.gb26875.holders import Holders
from gateway.connectors.gb26875.intake import Aside, Intake
from gateway.connectors.gb26875.keeper import Keeper
from gateway.connectors.gb26875.limits import Gate
from gateway.connectors.gb26875.line import Peers
from gateway.connectors.gb26875.listener import Listener
from gateway.connectors.gb26875.mapping import Harvest, Mapper
from gateway.connectors.gb26875.mapping_values import REAL_FIRE
from gateway.connectors.gb26875.protocol import Frame
from gateway.connectors.gb26875.quarantine import Quarantine
from gateway.connectors.gb26875.readings import believed_ns
from gateway.connectors.gb26875.reception import Reception
from gateway.connectors.gb26875.roll_calls import RollCall, RollCalls, Sent
from gateway.connectors.gb26875.session import Session, Waiting
from gateway.connectors.gb26875.spares import Spares
from gateway.connectors.gb26875.strangers import Strangers
from gateway.connectors.gb26875.tally import Tally, access_points
from gateway.connectors.reporter import CLOCK_MARK
from gateway.losses import DEFECT

log = logging.getLogger(__name__)

FIRST_TIME = datetime(2000, 1, 1)  # noqa: DTZ001  # the wire has no zone
"""What a time tag can hold at least: a gateway without a battery starts in 1970, and must confirm all the same."""

FIGURES_S = 10.0
"""Seconds between two reports of the access server's own points, and two looks whether strangers are to be saved."""


class Access:
    """An open port and all that serves it; made inside a running event loop, used once."""

    def __init__(
        self,
        wiring: Wiring,
        settings: Gb26875Settings,
        hosting: Hosting,
        zone: tzinfo,
        *,
        directory: Directory,
        quarantine: Quarantine,
        tally: Tally,
    ) -> None:
        """Use a connection's lasting parts: its ``directory``, ``quarantine`` and ``tally``."""
        self._wiring = wiring
        self._settings = settings
        self._hosting = hosting
        self._zone = zone
        self._directory = directory
        self._quarantine = quarantine
        self._tally = tally
        self._second, self._now = -1, FIRST_TIME
        self._device = AccessDevice(wiring.devices, hosting, wiring.clock)
        self._intake = Intake(
            hosting, settings.limits, tally,
            gather=self._gather, hear=self._hear,
            stored=lambda group: self._reception.confirm(group),  # noqa: PLW0108  # which is made with this intake
            refused=lambda group: self._reception.forget(group),  # noqa: PLW0108  # the same
        )  # fmt: skip
        self._exchange = Exchange(
            answer_s=settings.answer_s, resends=settings.resends, now=self.now, sent=self._keep_sent
        )
        self._reception = self._make_reception()
        gate = Gate(settings.limits, settings.allow)
        self._peers = Peers(self._reception, settings.limits, gate, tally, wiring.tap)
        gate.spare = Spares(self._peers).end_oldest
        self._listener = Listener(settings, self._peers)
        self._keeper = Keeper(
            settings, directory, self._peers, hosting, exchange=self._exchange, clock=wiring.clock,
            now=self.now, line_changed=self._line_changed,
        )  # fmt: skip
        self._roll_calls: RollCalls
        self._commands: Commands
        self._sink: Sink

    @property
    def port(self) -> int:
        """The port that is open."""
        return self._listener.port

    def now(self) -> datetime:
        """Return the site's local time in whole seconds, without a zone, as devices have it."""
        second = self._wiring.clock.now_ns() // NS_PER_S
        if second != self._second:  # asked for with every frame
            local = datetime.fromtimestamp(second, self._zone).replace(tzinfo=None)
            self._second, self._now = second, max(local, FIRST_TIME)
        return self._now

    @property
    def waiting(self) -> int:
        """Frames that wait for the disk."""
        return len(self._intake)

    @property
    def lines(self) -> int:
        """Connections that are open, strangers' too."""
        return self._peers.gate.open

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what people ask; see `Commands`."""
        return await self._commands.do(request)

    async def run(self, sink: Sink, opened: asyncio.Event) -> None:
        """Serve until cancelled; sets ``opened`` when the port is open. Raises LinkError when it can't be."""
        self._sink = sink
        async with AsyncExitStack() as stack:
            self._roll_calls = await self._open_roll_calls()
            stack.push_async_callback(self._roll_calls.close)
            self._commands = Commands(
                self._directory, self._quarantine, self._exchange, self._roll_calls,
                connection=self._wiring.connection.id, allow_initialise=self._settings.allow_initialise,
            )  # fmt: skip
            stack.callback(self._all_gone)
            await stack.enter_async_context(self._listener)
            exposed = exposure(self._wiring.connection, self._settings)
            if exposed is not None:
                log.warning("%s", exposed)
            opened.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._intake.run(sink), name="intake")
                group.create_task(self._keeper.run(), name="keeper")
                group.create_task(self._roll_calls.run(), name="roll-calls")
                group.create_task(self._tell_figures(), name="figures")

    def _make_reception(self) -> Reception:
        strangers = Strangers(
            self._quarantine, self._device, self._wiring.clock,
            connection=self._wiring.connection.id, confirm=self._settings.confirm_strangers,
            now=self.now, aside=self._intake.put_aside,
        )  # fmt: skip
        return Reception(
            self._settings, self._hosting, self._wiring.clock,
            directory=self._directory, exchange=self._exchange, strangers=strangers, tally=self._tally,
            holders=Holders(self._settings.answer_s, self._tally, self._device, self._intake.put_aside),
            now=self.now, put=self._intake.put, came=self._came,
        )  # fmt: skip

    async def _open_roll_calls(self) -> RollCalls:
        return await RollCalls.open(
            state_dir(self._wiring) / "roll_calls.sqlite",
            clock=self._wiring.clock,
            plan=self._settings.roll_call,
            zone=self._zone,
            duty=[session.key for session in self._directory if session.registered.settings.duty],
            send=self._send_roll_call,
            tell=self._tell_roll_call,
        )

    def _gather(self, group: Sequence[Waiting], harvest: Harvest) -> None:
        """Map frames to readings; each brings its name."""
        for one in group:
            answers = len(harvest.operations)
            try:
                self._mapper(one.session).take(one.unit, one.frame, one.received_ns, harvest)
                if not one.may_answer:
                    del harvest.operations[answers:]
            except Exception:  # the edge of one frame: a defect must not stop the others, nor come again for ever
                log.exception("frame of %s: defect in its mapping", one.session.key)
                self._tally.errors["defect"] += 1
                harvest.letters.append(self._letter(one))
                self._place_unmapped(one, harvest)
            if one.name and one.lasting:
                harvest.names.append(stored_name(one.name, one.received_ns))

    def _place_unmapped(self, one: Waiting, harvest: Harvest) -> None:
        """Let a fire that our own mapping failed on be one of its transmitter."""
        key = f"{one.session.key}/state"
        point = self._hosting.table.get(key) if one.fire else None
        if point is None:
            return
        after_ns = believed_ns(self._hosting.last_ns(point), one.received_ns)
        text = (
            f"本程序未能解析的火警报文 / fire in a message that our mapping failed on, hex {one.frame.encode().hex()}"
        )
        harvest.place(point, one.received_ns, REAL_FIRE, quality=CLOCK_MARK, text=text, after_ns=after_ns)

    def _letter(self, one: Waiting) -> DeadLetter:
        return DeadLetter(
            time_ns=one.received_ns,
            connection=self._wiring.connection.id,
            reason=DEFECT,
            detail=f"{one.session.key}: our own mapping failed" + (", it says fire" if one.fire else ""),
            raw=one.frame.encode()[:MOST_RAW_BYTES],
        )

    def _mapper(self, session: Session) -> Mapper:
        if session.mapper is None:
            session.mapper = Mapper(
                session.registered.settings,
                session.profile,
                self._hosting,
                unit=session.registered.settings.unit,
                connection=self._wiring.connection.id,
                zone=self._zone,
                tolerance_s=self._settings.clock_tolerance_s,
            )
        return session.mapper

    async def _hear(self, harvest: Harvest) -> None:
        """Hand roll-call answers over: they are on record before their frames are known as stored, or confirmed."""
        for operation in harvest.operations:
            if operation.answers_roll_call:
                await self._roll_calls.answered(
                    operation.key, operation.operator, operation.at_ns, said_ns=operation.said_ns
                )

    def _keep_sent(self, session: Session, raw: bytes) -> None:
        session.keep(self._wiring.clock.now_ns(), raw, out=True)

    def _came(self, session: Session) -> None:
        self._keeper.came(session)

    def _line_changed(self, key: str, up: bool) -> None:  # noqa: FBT001  # as `RollCalls` hears it
        self._roll_calls.line_changed(key, up)

    def _all_gone(self) -> None:
        """Leave nothing of this port behind: lines are gone, and what waits will come again."""
        for session in self._directory:
            session.waiting.clear()
            if session.is_up:
                self._keeper.gone(session)

    async def _send_roll_call(self, key: str, minutes: int) -> Sent:
        session = self._directory.get(key)
        if session is None:
            return Sent.LINE_DOWN

        def build(sender: Sender, number: int, now: datetime) -> Frame:
            session.called = session.line  # where it goes now: the person's answer counts from there
            return sender.roll_call(minutes, sequence=number, now=now)

        return (await self._exchange.ask(session, build)).sent

    async def _tell_roll_call(self, call: RollCall) -> None:
        """Store what became of a call as a reading; nothing for a transmitter that the site has no more."""
        session = self._directory.get(call.key)
        if session is not None:
            harvest = Harvest()
            self._mapper(session).roll_call(call, harvest)
            await self._sink.emit(harvest.batch(self._hosting.table))

    async def _tell_figures(self) -> None:
        """Report the server's own points, and keep the strangers on disk; a last time at the end."""
        try:
            while True:
                self._intake.put_aside(Aside(self._add_figures))
                await self._save_strangers()
                await asyncio.sleep(FIGURES_S)
        finally:
            await self._save_strangers()

    def _add_figures(self, harvest: Harvest) -> None:
        figures = self._tally.figures(
            self._directory, strangers=len(self._quarantine), lines=self.lines, waiting=self.waiting
        )
        self._device.tell(harvest, access_points(figures))

    async def _save_strangers(self) -> None:
        text = self._quarantine.unsaved()
        if text is None:
            return
        try:
            await asyncio.to_thread(self._quarantine.write, text)
        except OSError as error:  # a full disk: they are in memory, and the next time comes
            log.warning("strangers of connection %s not saved: %s", self._wiring.connection.id, error)


def state_dir(wiring: Wiring) -> Path:
    """Return the connection's own folder, made where it is missing."""
    assert wiring.state_dir is not None  # noqa: S101  # the connector has refused wiring without it
    folder = wiring.state_dir / f"gb26875-{wiring.connection.id}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
