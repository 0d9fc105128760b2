"""A roll-call's answer through the access server: on record before the frame that brought it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import Server, calling, operation, serving

UTD = {"unit": UNIT, "transmitter": "utd"}
ROLL_CALL, ANSWER = 91, 1 << 5


async def results(server: Server) -> list[tuple[str, Any]]:
    listed = await server.ask("roll_calls")
    return [(call["result"], call["operator"]) for call in listed["calls"]]


async def test_an_answer_whose_frame_could_not_be_stored_counts_and_its_frame_comes_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.say()
        ringing = asyncio.create_task(server.ask("roll_call", **UTD, minutes=2, by="li"))
        command = await device.command(ROLL_CALL)
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        await ringing
        await server.until(lambda: server.desk.values(f"{UNIT}/utd/roll_call") == [0])
        server.desk.held.clear()  # the process dies while its disk has not taken the frame
        answer = operation(ANSWER, 7)
        sent = await device.send(answer)
        async with asyncio.timeout(40):
            while await results(server) != [("present", 7)]:
                await asyncio.sleep(0.01)
        assert server.desk.values(f"{UNIT}/utd/operation") == []
    async with serving(tmp_path) as again, calling(again) as device:
        resent = await device.say(answer, sequence=sent.sequence, time=sent.time)
        assert resent.command == Command.CONFIRM
        assert again.desk.values(f"{UNIT}/utd/operation") == [ANSWER]
        assert await results(again) == [("present", 7)]
        await again.until(lambda: again.desk.values(f"{UNIT}/utd/roll_call") == [1])
