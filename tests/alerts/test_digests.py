"""Digests: in a flood a person gets one message a minute, nothing is left out, and fire never waits."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from alerts.schema import DigestItem
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from tests.alerts.alerts_scene import PUMPS, fire, hotel, scene
from tests.alerts.flood_scene import fault, faults, is_digest, notices, tick

LADDER = [{"classes": ["fault", "fire", "hazard"], "steps": [{"after_s": 0, "to": ["p-lin"]}]}]


async def test_a_flood_becomes_one_message_a_minute(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(escalation=LADDER)) as bench:
        await faults(bench, 40)
        singles = await notices(bench)
        assert len(singles) == 10
        begun_ns = bench.clock.now_ns() - 30 * NS_PER_S
        await tick(bench, 29)
        assert not any(is_digest(notice) for notice in await notices(bench))
        await tick(bench, 1)
        (digest,) = [notice for notice in await notices(bench) if is_digest(notice)]
        assert (digest.person, digest.created_ns) == ("p-lin", begun_ns + 60 * NS_PER_S)
        facts = digest.body["digest"]
        assert (facts["count"], facts["active"], facts["by_class"]) == (30, 30, {"fault": 30})
        assert [building["building"] for building in facts["buildings"]] == ["east"]
        assert facts["buildings"][0]["places"][0]["zone"] == "east-1-exit"
        assert facts["first_out"]["zh"] == "故障0"
        assert "共 30 条（故障 30）" in digest.body["text_zh"]
        assert "30 messages" in digest.body["text_en"]


async def test_fire_is_always_single_and_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(escalation=LADDER)) as bench:
        await faults(bench, 15)
        fire_id = await bench.say(fire(place=PUMPS))
        assert await bench.told(fire_id) == ["p-lin"]
        (notice,) = [one for one in await notices(bench) if one.alert_id == fire_id]
        assert notice.alarm_class is AlarmClass.FIRE
        await tick(bench, 61)
        (digest,) = [notice for notice in await notices(bench) if is_digest(notice)]
        assert digest.body["digest"]["by_class"] == {"fault": 5}


async def test_the_end_of_a_flood_sends_what_is_left(tmp_path: Path) -> None:
    patient = {"digest_s": 3600}
    async with scene(tmp_path, hotel(escalation=LADDER, operators=patient)) as bench:
        await faults(bench, 15)
        await tick(bench, 590)
        assert not any(is_digest(notice) for notice in await notices(bench))
        await tick(bench, 100)
        assert sum(is_digest(notice) for notice in await notices(bench)) == 1


async def test_after_the_flood_messages_are_single_again(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(escalation=LADDER)) as bench:
        await faults(bench, 15)
        await tick(bench, 2000)
        alert_id = await bench.say(fault(99))
        assert await bench.told(alert_id) == ["p-lin"]


async def test_every_message_is_in_exactly_one_digest(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(escalation=LADDER)) as bench:
        for start in range(0, 100, 20):
            await faults(bench, 20, start=start, every_s=2)
            await tick(bench)
        await tick(bench, 3000)
        digests = [notice for notice in await notices(bench) if is_digest(notice)]
        assert sum(notice.body["digest"]["count"] for notice in digests) == 90
        waiting = select(func.count()).select_from(DigestItem).where(DigestItem.digest_id.is_(None))
        assert await bench.office.database.read(lambda session: session.scalar(waiting)) == 0


async def test_a_digest_answered_is_the_floods_alert_answered(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(escalation=LADDER)) as bench:
        await faults(bench, 15)
        await tick(bench, 61)
        digest = next(notice for notice in await notices(bench) if is_digest(notice))
        assert (await bench.alert(digest.alert_id)).rule == "alarm_flood"
