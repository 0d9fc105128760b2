"""Daily facts from the record: what a day was like, issued once, issued again when later facts change it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import delete, select

from alerts import actions, out_of_service
from alerts.feed_face import schema
from alerts.feeding.facts_worker import FactsPolicy, FactsWorker
from alerts.feeding.models import DailyFact
from alerts.schema import DailyFactRow, FactsProgress, FeedEvent, OutOfService
from alerts.timers import escalate
from backbone.client import Backbone
from cli.site_files import load_registry
from domain.alarm import AlarmClass, EntityKind, Place, Transition, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from gateway.connectors.gb26875.roll_call import Asker, Result, RollCall
from tests.alerts.alerts_scene import Scene, fire, scene, transition
from tests.alerts.test_alerts_process import until
from tests.servers import connected, embedded_server

SITE = load_registry(Path(__file__).parents[2] / "examples" / "district")
UNIT = "p01"
NOON = datetime(2027, 1, 15, 4, tzinfo=UTC)
"""12:00 at the site, 2027-01-15."""

DAY = date(2027, 1, 15)
NIGHT_S = 13 * 3600
"""From noon to one o'clock, past the grace."""

PLACE = Place(unit=UNIT)


class Desk(Scene):
    """A scene with a worker that computes facts."""

    worker: FactsWorker

    async def fact(self, day: date = DAY, unit: str = UNIT) -> DailyFact:
        """Return the facts of a day as they were issued last."""
        found = await self.office.database.read(lambda session: session.get(DailyFactRow, (unit, day.isoformat())))
        assert found is not None, f"no facts of {day}"
        return DailyFact.model_validate(found.content)

    async def messages(self, unit: str = UNIT) -> list[dict[str, Any]]:
        """Return the messages about a unit's facts, in order."""
        query = select(FeedEvent).where(FeedEvent.event == "fact").order_by(FeedEvent.number)
        rows = await self.office.database.read(lambda session: session.scalars(query).all())
        return [json.loads(row.payload) for row in rows if row.subject.split(".")[1] == unit]

    async def night(self) -> int:
        """Let the day end and compute; returns how many messages were written."""
        self.clock.advance(NIGHT_S)
        return await self.worker.catch_up()


@asynccontextmanager
async def desk(folder: Path, *, backbone: Backbone | None = None) -> AsyncIterator[Desk]:
    """Open a record that begins at noon."""
    if backbone is None:
        async with embedded_server(folder) as server, connected(server) as opened, desk(folder, backbone=opened) as one:
            yield one
        return
    async with scene(folder, SITE) as plain:
        found = Desk(plain.office, plain.clock)
        found.clock.advance(NOON.timestamp() - found.clock.now_ns() / NS_PER_S)
        found.worker = FactsWorker(found.office, backbone, SITE, FactsPolicy())
        await found.worker.catch_up()  # the first start: facts begin now
        yield found


def now(bench: Desk, **changes: Any) -> Transition:
    """Return a hazard of the unit that begins now, unless told otherwise."""
    at_ns = bench.clock.now_ns()
    entity = changes.pop("entity", f"{UNIT}/z")
    return transition(
        place=changes.pop("place", PLACE), entity=entity, event_time_ns=at_ns, log_time_ns=at_ns, **changes
    )


async def test_a_day_is_issued_once_after_midnight_and_grace_and_says_what_is_missing(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        bench.clock.advance(12 * 3600 + 1799)
        assert await bench.worker.catch_up() == 0
        bench.clock.advance(1)
        assert await bench.worker.catch_up() == len(SITE.units)
        assert await bench.worker.catch_up() == 0
        assert await bench.worker.revise() == 0
        fact = await bench.fact()
        assert (fact.day, fact.revision, fact.timezone) == ("2027-01-15", 1, "Asia/Shanghai")
        assert (fact.alarms, fact.all_alarms.alarms, fact.all_alarms.false_share) == ({}, 0, None)
        assert fact.coverage.watched == 0.5  # the record began at noon: the morning is missing, not good
        message = (await bench.messages())[0]
        assert (message["type"], message["subject"]) == ("fengsui.fact.daily", f"{UNIT}/2027-01-15")
        Draft202012Validator(schema("daily-fact-v1")).validate(message["data"])
        Draft202012Validator(schema("message-v1")).validate(message)


async def test_alarms_findings_and_answers_of_a_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        first = await bench.say(now(bench, entity=f"{UNIT}/a"))
        second = await bench.say(now(bench, entity=f"{UNIT}/b"))
        await bench.say(now(bench, entity=f"{UNIT}/c", test=True))
        burning = await bench.say(fire(place=PLACE, entity=f"{UNIT}/d"))
        bench.clock.advance(60)
        await bench.do(first, lambda desk, alert: actions.acknowledge(desk, alert, "op"))
        await bench.do(first, lambda desk, alert: actions.confirm(desk, alert, "op", Confirmation.FALSE, cause="蒸汽"))
        bench.clock.advance(60)
        await bench.do(second, lambda desk, alert: actions.acknowledge(desk, alert, "op"))
        await bench.do(second, lambda desk, alert: actions.confirm(desk, alert, "op", Confirmation.REAL))
        await bench.say(now(bench, kind=TransitionKind.CLEARED, entity=f"{UNIT}/a"))
        bench.clock.advance(3600)
        await bench.office.change(escalate)
        await bench.night()
        fact = await bench.fact()
        hazards = fact.alarms[AlarmClass.HAZARD]
        assert (hazards.alarms, hazards.tests, hazards.real, hazards.false) == (2, 1, 1, 1)
        assert (hazards.false_share, fact.all_alarms.unconfirmed) == (0.5, 1)
        assert (hazards.to_acknowledge.count, hazards.to_acknowledge.p50_s) == (2, 90)
        assert (hazards.to_close.count, hazards.to_close.outstanding, hazards.to_close.p50_s) == (1, 1, 120)
        assert fact.alarms[AlarmClass.FIRE].to_acknowledge.outstanding == 1
        assert (fact.open_hazards, fact.escalations_unanswered) == (1, 1)
        assert (await bench.alert(burning)).acknowledged_at_ns is None


async def test_a_later_answer_issues_the_day_again_and_the_same_twice_does_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        alert = await bench.say(now(bench))
        await bench.night()
        assert await bench.worker.revise() == 0
        await bench.do(alert, lambda desk, one: actions.acknowledge(desk, one, "op"))
        await bench.do(alert, lambda desk, one: actions.confirm(desk, one, "op", Confirmation.FALSE, cause="蒸汽"))
        assert await bench.worker.revise() == 1
        assert await bench.worker.revise() == 0
        fact = await bench.fact()
        assert (fact.revision, fact.all_alarms.false_share) == (2, 1.0)
        messages = await bench.messages()
        assert [message["data"]["revision"] for message in messages] == [1, 2]
        assert len({message["id"] for message in messages}) == 2
        assert (await bench.fact(unit="p02")).revision == 1


async def test_a_comment_changes_no_fact(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        alert = await bench.say(now(bench))
        await bench.night()
        await bench.do(alert, lambda desk, one: actions.comment(desk, one, "op", "已去现场"))
        assert await bench.worker.revise() == 0


async def test_missed_days_are_caught_up_in_their_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        await bench.say(now(bench))
        bench.clock.advance(3 * 86_400 + NIGHT_S)
        assert await bench.worker.catch_up() == 4 * len(SITE.units)
        days = [message["data"]["day"] for message in await bench.messages()]
        assert days == ["2027-01-15", "2027-01-16", "2027-01-17", "2027-01-18"]
        for day in (DAY, DAY + timedelta(days=3)):
            assert (await bench.fact(day)).open_hazards == 1
        assert (await bench.fact(DAY + timedelta(days=3))).all_alarms.alarms == 0
        assert (await bench.fact(DAY + timedelta(days=1))).coverage.watched == 1


async def test_an_alarm_of_an_outage_belongs_to_the_day_of_its_event(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        happened_ns = bench.clock.now_ns()
        await bench.night()
        late = transition(place=PLACE, entity=f"{UNIT}/late", event_time_ns=happened_ns, historical=True)
        await bench.say(late)
        assert await bench.worker.revise() == 1
        fact = await bench.fact()
        assert (fact.all_alarms.alarms, fact.open_hazards, fact.revision) == (1, 1, 2)


async def test_a_clock_that_ran_away_and_came_back_loses_no_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        bench.clock.advance(2 * 86_400 + NIGHT_S)
        await bench.worker.catch_up()
        bench.clock.advance(-2 * 86_400)
        await bench.say(now(bench))
        bench.clock.advance(86_400)
        await bench.worker.catch_up()
        assert await bench.worker.revise() >= 1
        assert (await bench.fact(DAY + timedelta(days=1))).revision == 2


async def test_silent_devices_absent_gateways_and_disabled_points(tmp_path: Path) -> None:
    device = next(key for key in bench_devices() if key.startswith(f"{UNIT}/"))
    gateway = next(key for key in SITE.gateways if key.startswith(f"{UNIT}/"))
    point = f"{device}/p1"
    async with desk(tmp_path) as bench:

        async def say(rule: str, kind: EntityKind, entity: str, told: TransitionKind) -> None:
            await bench.say(
                now(bench, rule=rule, entity_kind=kind, entity=entity, kind=told, alarm_class=AlarmClass.FAULT)
            )

        await say("device_silent", EntityKind.DEVICE, device, TransitionKind.RAISED)
        await say("component_shielded", EntityKind.POINT, point, TransitionKind.RAISED)
        bench.clock.advance(600)
        await say("transmitter_offline", EntityKind.GATEWAY, gateway, TransitionKind.RAISED)
        bench.clock.advance(300)
        await say("transmitter_offline", EntityKind.GATEWAY, gateway, TransitionKind.CLEARED)
        bench.clock.advance(300)
        await say("device_silent", EntityKind.DEVICE, device, TransitionKind.CLEARED)
        await say("component_shielded", EntityKind.POINT, point, TransitionKind.CLEARED)
        begun_ns = bench.clock.now_ns()
        entry = OutOfService(
            id="e1", unit=UNIT, zones=[], devices=[device.partition("/")[2]], points=[], gateways=[], begun_by="op",
            reason="检修", begun_ns=begun_ns, until_ns=begun_ns + 1800 * NS_PER_S, ended_ns=None,
        )  # fmt: skip
        await bench.office.change(lambda at: out_of_service.begin(at, entry))
        await bench.night()
        fact = await bench.fact()
        devices = [SITE.devices[key] for key in bench_devices() if key.startswith(f"{UNIT}/")]
        count, behind = len(devices), sum(f"{UNIT}/{one.gateway.gateway}" == gateway for one in devices)
        assert (fact.devices.silent, fact.devices.downtime_minutes) == (1, 15)
        assert fact.devices.unknown_minutes == 720 * count + 5 * behind
        assert (fact.gateways.offline, fact.gateways.offline_minutes) == (1, 5)
        assert (fact.disabled.points, fact.disabled.at_end, fact.disabled.point_minutes) == (1, 0, 20)
        assert (fact.out_of_service.entries, fact.out_of_service.item_minutes) == (1, 30)
        known = 1440 * count - 720 * count - 5 * behind - 15
        assert fact.coverage.devices == pytest.approx(known / (1440 * count), abs=1e-5)


def bench_devices() -> list[str]:
    """Return the devices that are not the gateways' own."""
    return [key for key, device in SITE.devices.items() if device.profile.profile != "gateway_itself"]


async def test_roll_calls_are_asked_of_the_gateway_and_asked_again_while_it_is_away(tmp_path: Path) -> None:
    on_duty = next(key for key, one in SITE.transmitters.items() if one.settings.duty)
    unit, transmitter = on_duty.split("/")
    subject = f"svc.gateway.{SITE.transmitters[on_duty].host.replace('/', '.')}"
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        connected(server, "gw") as gateway,
        desk(tmp_path, backbone=backbone) as bench,
    ):
        called_ns = bench.clock.now_ns()
        await bench.night()
        fact = await bench.fact(unit=unit)
        assert (fact.roll_calls, fact.coverage.roll_calls) == (None, 0)

        async def answer(request: dict[str, Any]) -> dict[str, Any]:
            assert request["command"] == "roll_calls"
            results = (Result.PRESENT, Result.PRESENT, Result.NO_ANSWER)
            calls = [call(unit, transmitter, called_ns, result).document() for result in results]
            old = call(unit, transmitter, called_ns - 86_400 * NS_PER_S, Result.LATE).document()
            return {"calls": [*calls, old]}

        await gateway.serve(subject, answer)

        async def revised() -> bool | None:
            return True if await bench.worker.revise() else None

        assert await until(revised)  # the server may not know of the gateway's service at once
        fact = await bench.fact(unit=unit)
        assert fact.roll_calls is not None
        assert (fact.roll_calls.present, fact.roll_calls.no_answer, fact.roll_calls.late) == (2, 1, 0)
        assert (fact.revision, fact.coverage.roll_calls) == (2, 1)
        assert await bench.worker.revise() == 0


def call(unit: str, transmitter: str, called_ns: int, result: Result) -> RollCall:
    """Return a roll-call as the gateway keeps it."""
    return RollCall(
        id=f"c{called_ns}{result}", unit=unit, transmitter=transmitter, by="plan", asker=Asker.PLAN,
        called_ns=called_ns, minutes=3, deadline_ns=called_ns, closes_ns=called_ns, changed_ns=called_ns, result=result,
    )  # fmt: skip


async def test_facts_that_are_too_old_are_no_longer_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as bench:
        await bench.night()
        old = DailyFactRow(unit=UNIT, day="2025-01-01", revision=1, digest="", complete=True, content={}, issued_ns=0)

        def age(at: Any) -> None:
            at.session.execute(delete(DailyFactRow).where(DailyFactRow.unit != UNIT))
            at.session.add(old)

        await bench.office.change(age)
        bench.clock.advance(86_400)
        await bench.worker.catch_up()
        kept = await bench.office.database.read(
            lambda session: session.scalars(select(DailyFactRow.day).where(DailyFactRow.unit == UNIT)).all()
        )
        assert sorted(kept) == ["2027-01-15", "2027-01-16"]
        progress = await bench.office.database.read(lambda session: session.get_one(FactsProgress, 1))
        assert progress.next_day == "2027-01-17"
