"""What is slow holds up only what needs it: the record of roll-calls, and dead letters, never a fire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.connectors.contract import DeadLetter
from gateway.connectors.gb26875.intake import MOST_ANSWERS_OF_ONE, MOST_COMMITS
from gateway.connectors.gb26875.roll_call_store import RollCallStore
from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import (
    FIRE,
    Caller,
    Desk,
    Server,
    calling,
    component,
    operation,
    own_state,
    serving,
    transmitter,
)

UTD = {"unit": UNIT, "transmitter": "utd"}
ANSWER = 1 << 5


async def rung(server: Server, device: Caller) -> None:
    await device.say()
    ringing = asyncio.create_task(server.ask("roll_call", **UTD, minutes=2, by="li"))
    command = await device.command(91)
    await device.send(command=Command.CONFIRM, sequence=command.sequence)
    await ringing
    await server.until(lambda: server.desk.values(f"{UNIT}/utd/roll_call") == [0])


async def test_fires_go_on_while_the_record_of_roll_calls_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, slow, fast = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    whole = RollCallStore.save

    def save(self: RollCallStore, calls: Sequence[object]) -> None:
        loop.call_soon_threadsafe(slow.set)
        asyncio.run_coroutine_threadsafe(fast.wait(), loop).result()
        whole(self, calls)  # type: ignore[arg-type]  # passed on as it came

    async with (
        serving(tmp_path, transmitter(), transmitter("other", 890)) as server,
        calling(server) as device,
        calling(server, 890) as other,
    ):
        await rung(server, device)
        await other.say()
        monkeypatch.setattr(RollCallStore, "save", save)
        answers = [await device.send(operation(ANSWER, 7))]
        try:
            await slow.wait()
            answers += [await device.send(operation(ANSWER, 7)) for _ in range(MOST_COMMITS)]
            assert (await device.say(component(FIRE))).command == Command.CONFIRM, "nor is his own fire held up"
            assert (await other.say(component(FIRE))).command == Command.CONFIRM
            assert server.figure("waiting") == MOST_COMMITS
        finally:
            fast.set()
        for sent in answers:
            assert (await device.answer(sent)).command == Command.CONFIRM
        (call,) = (await server.ask("roll_calls"))["calls"]
        assert (call["result"], call["operator"]) == ("present", 7)


async def test_answers_beyond_the_room_of_one_transmitter_are_not_confirmed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.say()
        server.desk.held.clear()
        await device.send(operation(ANSWER))
        await server.until(lambda: server.figure("frames") == 2 and server.figure("waiting") == 0)
        for _ in range(MOST_ANSWERS_OF_ONE + 1):
            await device.send(operation(ANSWER))
        await server.until(lambda: server.errors().get("overrun") == 1)
        server.desk.held.set()
        await server.until(lambda: server.figure("waiting") == 0)


async def test_readings_do_not_wait_for_dead_letters_but_names_and_confirms_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, gate = Desk.dead_letter, asyncio.Event()

    async def slow(self: Desk, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        await gate.wait()
        await whole(self, letter, names=names)

    monkeypatch.setattr(Desk, "dead_letter", slow)
    async with serving(tmp_path) as server, calling(server) as device:
        unread = await device.send(bytes((9, 1, 1, 2, 3)))
        await server.until(lambda: server.desk.values(f"{UNIT}/utd/unread"))
        assert server.desk.letters == []
        assert (await device.say(own_state(FIRE))).command == Command.CONFIRM
        gate.set()
        assert (await device.answer(unread)).command == Command.CONFIRM
        assert len(server.desk.letters) == 1
