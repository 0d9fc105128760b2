"""The feed's client on a real stream: named readers, replay from anywhere, and what is refused."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cloud_events import envelope
from alerts.feed_face import Event, Feed, Seen, Since, subject_of
from alerts.feeding.consumers import RULE, states, wants, watch_consumers
from alerts.schema import Alert
from backbone.client import Backbone
from backbone.consumers import ConsumerState
from backbone.durable import DurableReader
from backbone.layout import ALERTS, FACTS, FED
from backbone.messages import LogMessage
from domain.errors import RefusedError
from tests.alerts.alerts_scene import hotel, scene
from tests.alerts.test_alerts_process import until
from tests.servers import connected, embedded_server, require

START = datetime(2000, 1, 1, tzinfo=UTC)


async def tell(backbone: Backbone, *names: str, subject: str = "alert.hotel.fire.raised") -> None:
    """Publish events with the ids ``names``."""
    for name in names:
        payload = envelope(
            event_id=name, source="/sites/t/alerts", event_type="fengsui.alert.raised", subject=name,
            time_ns=1, schema="alert-event-v1", data={"n": name},
        )  # fmt: skip
        await backbone.publish(subject, payload.encode(), message_id=name)


async def first(events: AsyncIterator[Event], count: int) -> list[str]:
    """Return the ids of the next ``count`` events."""
    found: list[str] = []
    async with asyncio.timeout(60), aclosing(events) as open_events:  # type: ignore[type-var]  # an async generator
        async for event in open_events:
            found.append(event.id)
            if len(found) == count:
                break
    return found


async def all_of(feed: Feed, since: Since = 1, subjects: Iterable[str] = ()) -> list[str]:
    return [event.id async for event in feed.replay(since, subjects=subjects)]


async def test_a_named_reader_goes_on_where_it_acknowledged(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a", "b", "c", "d")
        feed = Feed(backbone)
        assert await first(feed.follow("units"), 3) == ["a", "b", "c"]
        # the third was in hand when its reader went away: it comes again
        assert await first(feed.follow("units"), 2) == ["c", "d"]
        assert await first(feed.follow("risk"), 1) == ["a"]


async def test_nothing_passes_what_a_reader_that_died_had_in_hand(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a", "b", "c")
        async with connected(server, "dies") as dying:
            reader = await dying.durable(ALERTS, name="units")
            assert [message.seq for message in await until(lambda: some(reader))] == [1, 2, 3]
            # it dies with all three in hand: nothing is acknowledged, nothing handed back
        await tell(backbone, "d")
        assert await first(Feed(backbone).follow("units"), 4) == ["a", "b", "c", "d"]


async def some(reader: DurableReader) -> list[LogMessage] | None:
    """Return three messages at once, or none yet."""
    found = list[LogMessage]()
    while len(found) < 3:
        found += await reader.fetch()
    return found


async def test_a_reader_without_a_name_begins_where_it_says(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a", "b")
        second = (await backbone.messages(ALERTS))[-1]
        await asyncio.sleep(0.01)
        await tell(backbone, "c")
        feed = Feed(backbone)
        assert await first(feed.follow(since=2), 2) == ["b", "c"]
        moment = datetime.fromtimestamp(second.time_ns / 1e9, UTC) + timedelta(milliseconds=5)
        assert await all_of(feed, moment) == ["c"]
        assert await all_of(feed, START) == ["a", "b", "c"]
        assert await all_of(feed, datetime(2150, 1, 1, tzinfo=UTC)) == []
        assert await all_of(feed) == ["a", "b", "c"]
        with pytest.raises(RefusedError, match="zone"):
            await all_of(feed, datetime(2026, 1, 1))  # noqa: DTZ001  # that is the mistake


async def test_some_events_only(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a")
        await tell(backbone, "b", subject="alert.school.fault.closed")
        feed = Feed(backbone)
        assert await all_of(feed, subjects=[subject_of(unit="school")]) == ["b"]
        assert await all_of(feed, subjects=[subject_of(alarm_class="fire")]) == ["a"]
        assert await all_of(feed, subjects=[subject_of(event="reset")]) == []
        assert await first(feed.follow("mine", subjects=["alert.school.>"]), 1) == ["b"]


async def test_what_is_no_event_is_passed_over_and_counted(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await backbone.publish("alert.hotel.fire.raised", b"no JSON")
        await tell(backbone, "a")
        feed = Feed(backbone)
        assert await first(feed.follow("units"), 1) == ["a"]
        assert feed.unreadable == 1


async def test_a_repeat_comes_once(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a")
        payload = (await backbone.messages(ALERTS))[0].data
        await backbone.publish("alert.hotel.fire.raised", payload)  # no message id: the stream takes it twice
        await tell(backbone, "b")
        assert await first(Feed(backbone).follow("units"), 2) == ["a", "b"]
        assert await first(Feed(backbone).follow(since=1), 2) == ["a", "b"]


async def test_mistakes_are_refused_with_what_to_do_instead(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        feed = Feed(backbone)
        for arguments, word in (
            ({"name": "units", "since": 1}, "without a name"),
            ({"name": "units", "subjects": ["alert.hotel.>"]}, "reserved"),
            ({"name": "a.b"}, "no name"),
        ):
            with pytest.raises(RefusedError, match=word):
                feed.follow(**arguments)


async def test_facts_hold_the_newest_revision_of_each_day(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "r1", "r2", subject="fact.hotel.2027-01-15")
        await tell(backbone, "next", subject="fact.hotel.2027-01-16")
        assert await all_of(Feed.facts(backbone)) == ["r2", "next"]


@given(st.lists(st.integers(0, 9)), st.integers(1, 20))
def test_an_id_is_new_once(ids: list[int], most: int) -> None:
    seen, known = Seen(most=most), list[int]()
    for one in ids:
        assert seen.is_new(str(one)) == (one not in known)
        if one not in known:
            known = [*known, one][-most:]


async def test_the_modules_that_are_fed_have_their_place_before_they_run(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await tell(backbone, "a", "b")
        found = {(state.name, state.stream): state for state in await states(backbone)}
        assert set(found) == {(name, stream) for name in FED for stream in (ALERTS, FACTS)}
        assert (found["units", ALERTS].lag, found["units", ALERTS].used) == (2, False)
        assert await first(Feed(backbone).follow("units"), 2) == ["a", "b"]
        await backbone.ensure_streams()  # every process does it at its start

        async def acknowledged() -> ConsumerState | None:
            state = next(one for one in await states(backbone) if (one.name, one.stream) == ("units", ALERTS))
            return state if state.acked_seq == 1 else None

        state = await until(acknowledged)
        assert (state.lag, state.used) == (1, True)
        assert state.last_ack_ns is not None
        assert await backbone.consumer_state(ALERTS, "nobody") is None


def test_a_module_that_never_read_is_no_alarm_and_one_that_is_far_behind_is() -> None:
    def state(lag: int, *, used: bool = True) -> ConsumerState:
        return ConsumerState(
            stream=ALERTS, name="units", lag=lag, in_hand=0, delivered_seq=0, acked_seq=0, used=used, last_ack_ns=None
        )

    assert not wants(state(11, used=False), 10, standing=False)
    assert not wants(state(10), 10, standing=False)
    assert wants(state(11), 10, standing=False)
    assert wants(state(6), 10, standing=True)
    assert not wants(state(5), 10, standing=True)


async def test_the_alarm_of_a_module_that_stopped_reading_comes_and_goes(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone, scene(tmp_path) as bench:
        await tell(backbone, *(f"e{number}" for number in range(8)))
        await first(Feed(backbone).follow("units"), 1)
        watch = asyncio.create_task(watch_consumers(bench.office, backbone, hotel(), most_lag=4))

        async def stands(wanted: bool) -> bool | None:  # noqa: FBT001  # it reads as a question
            def look(session: object) -> list[Alert]:
                return list(bench.office.desk(session).session.query(Alert).filter_by(rule=RULE))  # type: ignore[arg-type]

            found = await bench.office.database.read(look)
            return True if any(alert.active for alert in found) == wanted and found else None

        try:
            assert await until(lambda: stands(True), timeout_s=60)
            await first(Feed(backbone).follow("units"), 8)
            assert await until(lambda: stands(False), timeout_s=60)
            assert bench.office.shown["consumers"][0]["name"] == "units"
        finally:
            watch.cancel()


async def test_a_plain_mqtt_client_hears_the_feed(tmp_path: Path) -> None:
    """As docs/feed.md shows it; what an MQTT client hears is not stored for it."""
    require("mosquitto_sub")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        user = server.credentials["service"]
        process = await asyncio.create_subprocess_exec(
            shutil.which("mosquitto_sub") or "", "-h", "127.0.0.1", "-p", str(server.mqtt_port), "-u", user.user,
            "-P", user.password, "-t", "alert/+/fire/#", "-C", "1", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        heard = asyncio.create_task(process.stdout.readline())
        number = 0
        async with asyncio.timeout(60):
            while not heard.done():  # it is heard from the moment on at which it subscribed
                await tell(backbone, f"m{number}")
                number += 1
                await asyncio.sleep(0.2)
        await process.wait()
        assert json.loads(await heard)["type"] == "fengsui.alert.raised"
