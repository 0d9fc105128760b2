"""Channels in the running process: a robot's message answered by its short link; a fire whose one path fails."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alerts import dead_letters
from alerts.channels.webhook import signature
from alerts.face import Answer
from alerts.receipts_face import ReceiptsFace
from domain.clock import NS_PER_S, SystemClock
from tests.alerts.alerts_scene import EBIKE_TEXT, EXIT, SECRET, fire, hotel, labels, transition
from tests.alerts.phone_server import answer, phone
from tests.alerts.test_alerts_process import BASE, Running, process, until
from tests.servers import connected, embedded_server

GOOD_ROBOT = answer({"errcode": 0, "errmsg": "ok"})
NO_KEYWORD = answer({"errcode": 310000, "errmsg": "keywords not in content"})
GOOD_CALL = answer({"ok": True, "message_id": "call-7"})


@asynccontextmanager
async def running(folder: Path, by_path: Callable[[str, int], bytes | None]) -> AsyncIterator[Running]:
    """Run the process of a hotel whose people are in a robot's group and have telephones."""
    async with phone() as platform, embedded_server(folder) as server, connected(server) as backbone:
        platform.by_path = by_path
        base = f"http://127.0.0.1:{platform.port}"
        channels: list[dict[str, Any]] = [
            {"id": "group", "kind": "dingtalk", "url": f"{base}/robot", "secret": SECRET, "timeout_s": 20},
            {"id": "call", "kind": "voice", "url": f"{base}/call", "secret": SECRET, "timeout_s": 20},
        ]
        people: list[dict[str, Any]] = [
            {"id": "p-chen", "role": "unit_staff", "channels": ["group", "call"], "phone": "13900000000"},
            {"id": "p-lin", "role": "safety_manager"},
            {"id": "s-wang", "role": "supervisor"},
        ]
        registry = hotel(channels, people=[{"labels": labels("甲", "A"), **one} for one in people])
        bench = Running(server, backbone, platform, registry, f"sqlite:///{folder / 'alerts.db'}")
        async with process(bench):
            yield bench


async def test_a_robots_message_is_answered_by_its_short_link(tmp_path: Path) -> None:
    async with running(tmp_path, lambda *_: GOOD_ROBOT) as bench:
        alert = await bench.say(transition())
        said = (await bench.phone.wait_for(1))[0].message["markdown"]["text"]
        assert EBIKE_TEXT in said
        link = said.partition(f"]({BASE}/answer/")[2].partition(")")[0]
        assert (await bench.face.link(link)).person == "p-chen"
        answered = await bench.face.answer(link, Answer.RECEIVED)
        assert (answered.id, answered.acknowledged_by, answered.escalation_step) == (alert, "p-chen", 0)


async def test_a_fire_takes_two_paths_and_a_pressed_key_answers_it(tmp_path: Path) -> None:
    robot = [NO_KEYWORD]
    async with running(tmp_path, lambda path, _: GOOD_CALL if path == "/call" else robot[0]) as bench:
        alert = await bench.say(fire(place=EXIT))
        received = await bench.phone.wait_for(2)
        assert {one.path.partition("?")[0] for one in received} == {"/robot", "/call"}
        call = next(one for one in received if one.path == "/call").message
        assert call["callback"] == f"{BASE}/receipts/call"

        async def dead() -> bool | None:
            found = await bench.face.list(open=True, rule=dead_letters.RULE)
            return found[0].active if found else None

        assert await until(dead)
        content = json.dumps({"key": call["key"], "outcome": "answered", "pressed": "1"})
        stamp = SystemClock().now_ns() // NS_PER_S
        face = ReceiptsFace(bench.backbone)

        async def taken() -> bool | None:
            signed = signature(SECRET, stamp, content.encode())
            reply = await face.delivery("call", content, timestamp=str(stamp), signature=signed)
            return True if reply.taken else None

        assert await until(taken)
        answered = await bench.alert(alert, lambda one: one.acknowledged_at_ns is not None)
        assert (answered.acknowledged_by, answered.confirmed, answered.active) == ("p-chen", None, True)

        robot[0] = GOOD_ROBOT
        await bench.say(transition("later"))

        async def cleared() -> bool | None:
            found = await bench.face.list(rule=dead_letters.RULE)
            return True if found and not found[0].active else None

        assert await until(cleared)
