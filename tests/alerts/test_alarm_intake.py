"""Reading ALARMS: outside bytes, batches, and a database that is away for a while."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from alerts import audit, intake
from alerts.schema import Alert, Position, SeenTransition, SetAside
from backbone.layout import ALARMS
from backbone.messages import LogMessage
from domain.alarm import Transition, TransitionKind
from domain.errors import WireError
from tests.alerts.alerts_scene import EXIT, Scene, fire, scene, transition


def message(seq: int, content: Transition | bytes) -> LogMessage:
    """Return a message as the reader hands it on."""
    data = content if isinstance(content, bytes) else content.model_dump_json().encode()
    return LogMessage(subject="alarm.0.hotel.hazard.rule", data=data, seq=seq, time_ns=1)


async def count(bench: Scene, table: type[Alert | SetAside | SeenTransition]) -> int:
    return await bench.office.database.read(
        lambda session: session.scalar(select(func.count()).select_from(table)) or 0
    )


def changed(**changes: object) -> bytes:
    """Return a transition with something wrong in it."""
    return json.dumps({**json.loads(transition().model_dump_json()), **changes}).encode()


WRONG = [
    (b"", "no transition"),
    (b"[]", "no transition"),
    (changed(surprise=1), "surprise"),
    (changed(text_zh="\ud800"), "no transition"),
    (changed(alarm_class="flood"), "alarm_class"),
    (changed(id="short"), "id"),
    (changed(event_time_ns=2**63), "too large"),
    (changed(event_time_ns=-(2**63) - 1), "too large"),
    (changed(place={"unit": "hotel", "floor": 2**40}), "too large"),
    (changed(place={"unit": "no spaces please"}), "unit"),
    (changed(entity=""), "entity"),
    (changed(entity="x" * 201), "entity"),
    (changed(text_zh="火" * 300_000), "bytes"),
]


@pytest.mark.parametrize(("data", "reason"), WRONG)
def test_what_is_no_transition_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        intake.parse(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        intake.parse(data)


WHOLE = transition().model_dump_json().encode()


@given(st.data())
def test_a_damaged_transition_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        intake.parse(bytes(whole))
    except WireError as error:
        assert error.raw == bytes(whole)[:256]


async def test_a_batch_is_one_transaction_with_its_position(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await intake.take(bench.office, [message(n, transition(f"rule-{n}")) for n in range(1, 11)])
        position = await bench.office.database.read(lambda session: session.get_one(Position, ALARMS))
        assert (position.seq, await count(bench, Alert)) == (10, 10)


async def test_reading_the_same_again_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        batch = [message(n, transition(f"rule-{n}")) for n in range(1, 11)]
        await intake.take(bench.office, batch)
        before = await bench.office.database.read(audit.head)
        await intake.take(bench.office, batch)
        assert await bench.office.database.read(audit.head) == before
        assert await count(bench, SeenTransition) == 10


async def test_one_bad_message_does_not_hold_up_its_batch(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await intake.take(bench.office, [message(1, transition("a")), message(2, b"junk"), message(3, transition("b"))])
        assert (await count(bench, Alert), await count(bench, SetAside)) == (2, 1)


NO_B = "CREATE TRIGGER no_b BEFORE INSERT ON alerts WHEN NEW.rule = 'b' BEGIN SELECT RAISE(ABORT, 'no b'); END"


async def test_what_the_database_refuses_is_set_aside_alone(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.office.database.write(lambda session: session.execute(text(NO_B)))
        batch = [message(n, transition(rule)) for n, rule in enumerate(("a", "b", "c"), start=1)]
        await intake.take(bench.office, batch)
        rules = await bench.office.database.read(lambda session: session.scalars(select(Alert.rule)).all())
        aside = await bench.office.database.read(lambda session: session.scalars(select(SetAside)).one())
        assert (sorted(rules), aside.seq, "no b" in aside.reason) == (["a", "c"], 2, True)
        assert (await bench.office.database.read(audit.verify)).intact


async def test_fires_pass_the_queue_and_are_applied_once(tmp_path: Path) -> None:
    """The fire lane is ahead of the main lane, which then finds the fire's transitions done."""
    async with scene(tmp_path) as bench:
        raised, cleared = fire(place=EXIT), fire(TransitionKind.CLEARED, place=EXIT)
        log = [message(1, transition("a")), message(2, raised), message(3, b"junk"), message(4, cleared)]
        await intake.take(bench.office, [log[1], log[3]], intake.FIRE)
        record = await bench.alert(raised.id)
        assert (record.active, await count(bench, Alert), await count(bench, SetAside)) == (False, 1, 0)
        await intake.take(bench.office, log)
        assert (await count(bench, Alert), await count(bench, SetAside)) == (2, 1)
        assert (await bench.alert(raised.id)).cleared_at_ns == record.cleared_at_ns
        places = await bench.office.database.read(lambda session: session.scalars(select(Position)).all())
        assert {place.lane: place.seq for place in places} == {"ALARMS": 4, "ALARMS/fire": 4}


async def test_junk_in_the_fire_lane_is_left_to_the_main_lane(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await intake.take(bench.office, [message(1, b"junk")], intake.FIRE)
        assert await count(bench, SetAside) == 0
        await intake.take(bench.office, [message(1, b"junk")])
        assert await count(bench, SetAside) == 1


async def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.office.database.write(lambda session: session.execute(text("PRAGMA busy_timeout=50")))
        other = sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        taking = asyncio.create_task(intake.take(bench.office, [message(1, transition())]))
        async with asyncio.timeout(40):
            while bench.office.last_error is None:
                await asyncio.sleep(0.02)
        assert not taking.done()
        other.close()
        await taking
        assert await count(bench, Alert) == 1
