"""Hosted nodes on a real server: born with their link, dead with it, never heard while dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone import subjects
from backbone.client import Backbone
from backbone.messages import LogMessage
from backbone.server_config import GatewayUser
from backbone.sparkplug import Birth, decode_birth, decode_death, encode_birth
from backbone.sparkplug.learning import births
from domain.points import Point, PointKind, PointTable
from domain.quantity import Quantity
from domain.site.itself import device_id
from domain.words import COMPONENT_STATE, FIRE_BITS
from gateway.nodes import AT_ONCE
from gateway.spool import NodeRecord
from gateway.values import Values, birth_size, told_by
from tests.gateway.foreign_host import ForeignHost
from tests.gateway.gateway_sites import GATEWAY, UNIT
from tests.gateway.house import House, found, hosting_registry, house, node
from tests.servers import connected, embedded_server

T0_NS = 1_800_000_000_000_000_000
FIRE = FIRE_BITS[COMPONENT_STATE]


async def log(backbone: Backbone) -> list[LogMessage]:
    return await backbone.messages("TELEMETRY")


def kinds(messages: list[LogMessage], number: int) -> list[str]:
    sources = [subjects.parse(message.subject) for message in messages]
    return [source.type for source in sources if source.gateway == f"utd-{number}"]


async def until(backbone: Backbone, condition: Callable[[list[LogMessage]], bool]) -> list[LogMessage]:
    """Wait until the log is as wanted, and return it."""
    async with asyncio.timeout(40):
        while not condition(messages := await log(backbone)):
            await asyncio.sleep(0.03)
    return messages


@asynccontextmanager
async def hosted(folder: Path, count: int) -> AsyncIterator[tuple[House, Backbone]]:
    async with (
        embedded_server(folder) as server,
        connected(server) as backbone,
        house(folder, hosting_registry(count)) as place,
    ):
        yield place, backbone


async def test_a_node_is_born_with_its_link_and_dies_with_it(tmp_path: Path) -> None:
    async with hosted(tmp_path, 2) as (place, backbone), place.speaking(backbone):
        place.hosting.up(node(0))
        await until(backbone, lambda seen: kinds(seen, 0) == ["NBIRTH", "DBIRTH", "DBIRTH"])
        await place.tell(0, "smoke", 2)
        await place.emptied()
        place.hosting.down(node(0))
        seen = await until(backbone, lambda seen: kinds(seen, 0)[-1] == "NDEATH")
        place.hosting.up(node(0))
        again = await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 4)
    assert kinds(seen, 0) == ["NBIRTH", "DBIRTH", "DBIRTH", "DDATA", "NDEATH"]
    assert kinds(again, 1) == []
    numbers = [decode_birth(m.data).bd_seq for m in again if ".NBIRTH.utd-0" in m.subject]
    assert numbers == [1, 2]
    host = ForeignHost()
    host.take(again)
    assert host.nodes[node(0)].values == [("fas-0", "smoke", 1_800_000_000_001, 2.0)]


async def test_births_list_every_point_with_all_that_it_holds(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone), place.speaking(backbone):
        point = found(0, "c40-10-2")
        place.hosting.learn([point, found(0, "smoke"), found(7, "of-nobody")])
        place.hosting.up(node(0))
        await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 2)
        async with asyncio.timeout(40):
            while len(learned := await births(backbone)) < 9:
                await asyncio.sleep(0.02)
    assert point in learned
    assert [one.name for one in learned if one.device == "fas-0"] == ["state", "operation", "smoke", "c40-10-2"]


async def test_a_point_that_is_learned_in_a_session_is_born_before_its_first_data(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone), place.speaking(backbone):
        place.hosting.up(node(0))
        await place.tell(0, "smoke", 1)
        await place.emptied()
        place.hosting.learn([found(0, "c40-10-2")])
        await place.tell(0, "c40-10-2", 3)
        await place.emptied()
        seen = await log(backbone)
    assert kinds(seen, 0) == ["NBIRTH", "DBIRTH", "DBIRTH", "DDATA", "DBIRTH", "DDATA"]
    ForeignHost().take(seen)
    assert [metric.value for metric in decode_birth(seen[-2].data).metrics if metric.name == "smoke"] == [1.0]


async def test_rows_with_new_points_share_a_birth_and_fire_waits_for_none(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone), place.speaking(backbone):
        place.hosting.up(node(0))
        await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 2)
        for at in range(40):
            place.hosting.learn([found(0, f"c40-{at}")])
            await place.tell(0, f"c40-{at}", 4)
        place.hosting.learn([found(0, "c40-fire")])
        await place.tell(0, "c40-fire", FIRE)
        await place.emptied()
        seen = await log(backbone)
    assert kinds(seen, 0).count("DDATA") == 41
    assert kinds(seen, 0).count("DBIRTH") < 30
    host = ForeignHost()
    host.take(seen)
    names = [name for _, name, *_ in host.nodes[node(0)].values]
    assert [name for name in names if name != "c40-fire"] == [f"c40-{at}" for at in range(40)]
    assert names.index("c40-fire") < 40


async def test_what_a_dead_node_left_is_told_between_a_birth_and_a_death(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone), place.speaking(backbone):
        await place.tell(0, "smoke", 2)
        seen = await until(backbone, lambda seen: "NDEATH" in kinds(seen, 0))
    assert kinds(seen, 0) == ["NBIRTH", "DBIRTH", "DBIRTH", "DDATA", "NDEATH"]
    host = ForeignHost()
    host.take(seen)
    assert not host.nodes[node(0)].alive


async def test_history_of_a_learned_point_waits_for_its_birth(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone):
        place.hosting.learn([found(0, "level", PointKind.MEASURE)])
        await place.tell(0, "level", 4)
        place.clock.advance(60)
        async with place.speaking(backbone):
            await place.emptied()
            history = await backbone.messages("BACKFILL")
            seen = await log(backbone)
    assert [message.subject for message in history] == [f"backfill.{UNIT}.utd-0.fas-0"]
    assert "DBIRTH" in kinds(seen, 0)
    assert max(m.time_ns for m in seen if ".DBIRTH." in m.subject) < history[0].time_ns


async def test_events_of_all_nodes_keep_the_order_in_which_they_were_stored(tmp_path: Path) -> None:
    async with hosted(tmp_path, 6) as (place, backbone):
        wanted = [(number * 5 + step) % 6 for step in range(20) for number in range(6)]
        await asyncio.gather(*(place.tell(number, "smoke", 4 * at) for at, number in enumerate(wanted)))
        for number in range(3):
            place.hosting.up(node(number))
        async with place.speaking(backbone):
            await place.emptied()
        host = ForeignHost()
        host.take(await log(backbone))
    assert [(source, value) for source, _, value in host.order] == [
        (node(number), 4.0 * at) for at, number in enumerate(wanted)
    ]


async def test_fires_go_before_all_that_waits_and_the_first_alarm_stays_first(tmp_path: Path) -> None:
    async with hosted(tmp_path, 6) as (place, backbone):
        faults = [(number, 4) for number in range(6)] * 20
        fires = [(3, FIRE), (1, FIRE | 4), (5, FIRE)]
        for number, state in [*faults[:60], *fires, *faults[60:]]:
            await place.tell(number, "smoke", state)
        async with place.speaking(backbone):
            await place.emptied()
        host = ForeignHost()
        host.take(await log(backbone))
    told = [(source, value) for source, _, value in host.order]
    assert told[:3] == [(node(number), float(state)) for number, state in fires]
    assert told[3:] == [(node(number), float(state)) for number, state in faults]


async def test_fires_that_waited_over_a_restart_still_go_first(tmp_path: Path) -> None:
    async with house(tmp_path, hosting_registry(2)) as place:
        for state in (4, 8, FIRE):
            await place.tell(0, "smoke", state)
    async with hosted(tmp_path, 2) as (place, backbone):
        async with place.speaking(backbone):
            await place.emptied()
        host = ForeignHost()
        host.take(await log(backbone))
    assert [value for _, _, value in host.order] == [float(FIRE), 4.0, 8.0]


async def test_a_clean_stop_says_that_all_are_dead(tmp_path: Path) -> None:
    count = AT_ONCE * 2 + 1
    async with hosted(tmp_path, count) as (place, backbone):
        async with place.speaking(backbone):
            for number in range(count):
                place.hosting.up(node(number))
            await until(backbone, lambda seen: sum(".NBIRTH." in m.subject for m in seen) == count + 1)
        host = ForeignHost()
        host.take(await log(backbone))
    assert [host.nodes[node(number)].alive for number in range(count)] == [False] * count
    assert not any(record.born for record in await records(tmp_path))


async def records(folder: Path) -> tuple[NodeRecord, ...]:
    async with house(folder, hosting_registry(1)) as place:
        return place.spool.remembered.nodes


async def test_after_a_kill_the_next_start_says_who_is_dead(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        registry = hosting_registry(3)
        async with house(tmp_path, registry) as place, place.speaking(backbone, farewell=False):
            for number in range(2):
                place.hosting.up(node(number))
            await until(backbone, lambda seen: all(kinds(seen, at).count("DBIRTH") == 2 for at in (0, 1)))
        async with house(tmp_path, registry) as place, place.speaking(backbone):
            place.hosting.up(node(1))
            await until(backbone, lambda seen: "NDEATH" in kinds(seen, 0))
            seen = await until(backbone, lambda seen: kinds(seen, 1).count("DBIRTH") == 4)
    assert kinds(seen, 2) == []
    assert [decode_death(m.data) for m in seen if m.subject.endswith("NDEATH.utd-0")] == [1]
    assert [decode_birth(m.data).bd_seq for m in seen if m.subject.endswith("NBIRTH.utd-1")] == [1, 2]
    ForeignHost().take(seen)


async def test_learned_points_names_and_states_are_there_after_a_restart(tmp_path: Path) -> None:
    registry = hosting_registry(1)
    async with house(tmp_path, registry) as place:
        place.hosting.learn([found(0, "c40-10-2")])
        told_ms = await place.tell(0, "c40-10-2", 3, label=b"frame-1")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with house(tmp_path, registry) as place:
            index = place.hosting.table.index(f"{UNIT}/fas-0/c40-10-2")
            assert place.hosting.table[index] == found(0, "c40-10-2")
            assert place.hosting.is_taken(b"frame-1")
            assert not place.hosting.is_taken(b"frame-2")
            assert place.hosting.last_ns(index) == told_ms * 1_000_000
            async with place.speaking(backbone):
                await place.emptied()
            host = ForeignHost()
            host.take(await log(backbone))
            assert host.nodes[node(0)].values == [("fas-0", "c40-10-2", told_ms, 3.0)]
            first = next(m for m in await log(backbone) if m.subject.endswith("DBIRTH.utd-0.fas-0"))
        async with house(tmp_path, registry) as place, place.speaking(backbone):
            place.hosting.up(node(0))
            seen = await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 4)
    values = [
        next(metric.value for metric in decode_birth(message.data).metrics if metric.name == "c40-10-2")
        for message in (first, seen[-1])
    ]
    assert values == [None, 3.0]  # before the log had it, and after


async def test_rebirth_is_given_to_the_nodes_that_are_up_under_the_same_bd_seq(tmp_path: Path) -> None:
    async with hosted(tmp_path, 2) as (place, backbone), place.speaking(backbone):
        place.hosting.up(node(0))
        await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 2)
        place.nodes.repeat_births([node(0), node(1), f"{UNIT}/stranger", f"{UNIT}/{GATEWAY}"])
        seen = await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 4)
    assert kinds(seen, 1) == []
    assert [decode_birth(m.data).bd_seq for m in seen if m.subject.endswith("NBIRTH.utd-0")] == [1, 1]
    assert [decode_birth(m.data).bd_seq for m in seen if m.subject.endswith(f"NBIRTH.{GATEWAY}")] == [1, 1]
    ForeignHost().take(seen)


def saves(statements: list[str]) -> int:
    """Return how many commits wrote sessions of nodes."""
    groups = "\n".join(statements).split("COMMIT")
    return sum("INSERT OR REPLACE INTO nodes" in group for group in groups)


async def test_a_rebirth_that_was_asked_for_delays_no_fire_and_writes_nothing_to_disk(tmp_path: Path) -> None:
    async with hosted(tmp_path, 3) as (place, backbone), backbone.publisher() as live:
        place.voice.attach(live)
        for number in range(3):
            place.hosting.up(node(number))
            await place.tell(number, "smoke", 4)
        told_to_disk: list[str] = []
        rows = await place.spool.events(10)
        place.spool._file._database.set_trace_callback(told_to_disk.append)
        await place.nodes.bear_for(rows)
        assert saves(told_to_disk) == 1  # three sessions, one commit
        place.nodes.repeat_births()
        for row, told in zip(rows, told_by(rows), strict=True):
            await place.nodes.data(row, row.body, f"row-{row.id}", told)
        assert saves(told_to_disk) == 1
        place.voice.alive.set()
        running = asyncio.create_task(place.nodes.run())
        seen = await until(backbone, lambda seen: all(kinds(seen, at).count("DBIRTH") == 4 for at in range(3)))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert saves(told_to_disk) == 1
    assert kinds(seen, 0) == ["NBIRTH", "DBIRTH", "DBIRTH", "DDATA", "NBIRTH", "DBIRTH", "DBIRTH"]
    ForeignHost().take(seen)


async def test_rows_of_a_node_that_the_site_no_longer_has_become_dead_letters(tmp_path: Path) -> None:
    async with house(tmp_path, hosting_registry(2)) as place:
        await place.tell(1, "smoke", 2)
        await place.tell(0, "smoke", 3)
    async with hosted(tmp_path, 1) as (place, backbone):
        async with place.speaking(backbone):
            await place.emptied()
        letters = await place.spool.letters()
        host = ForeignHost()
        host.take(await log(backbone))
    assert [letter.reason for letter in letters] == ["unknown_node"]
    assert [value for *_, value in host.nodes[node(0)].values] == [3.0]


async def test_a_node_that_the_server_does_not_know_keeps_no_other_node_silent(tmp_path: Path) -> None:
    """The server's list of users is older than the gateway's site: utd-1 is not on it."""
    users = [GatewayUser(UNIT, GATEWAY, ((UNIT, "utd-0"),))]
    async with embedded_server(tmp_path, users) as server, connected(server) as service:
        credentials = server.credentials[f"gateway.{UNIT}.{GATEWAY}"]
        async with (
            await Backbone.connect(server.url, credentials=credentials, name="gw") as backbone,
            house(tmp_path, hosting_registry(2)) as place,
            place.speaking(backbone, refused_wait_s=0.05),
        ):
            place.hosting.up(node(1))
            await place.tell(1, "smoke", FIRE)
            place.hosting.up(node(0))
            await until(service, lambda seen: kinds(seen, 0).count("DBIRTH") == 2)
            for step in range(20):
                await place.tell(0, "smoke", FIRE | 4 * (step % 2))
                await asyncio.sleep(0.02)
            await place.emptied()
            letters = await place.spool.letters()
            assert f"spbv1//0.{UNIT}.nbirth.utd-1" in backbone.forbidden
        seen = await log(service)
    assert [letter.reason for letter in letters] == ["refused"]
    assert kinds(seen, 0).count("DDATA") == 20
    assert kinds(seen, 1) == []


async def test_made_up_components_end_where_a_birth_is_full_and_the_log_takes_it(tmp_path: Path) -> None:
    async with hosted(tmp_path, 1) as (place, backbone), place.speaking(backbone):
        long = "部" * 120
        flood = [replace(found(0, f"c40-{at}"), label_zh=long, label_en=long) for at in range(5000)]
        for part in range(0, 5000, 100):
            place.hosting.learn(flood[part : part + 100])
        count = len(place.hosting.table) - place.hosting.table.count_of_device(UNIT, device_id(GATEWAY))
        assert 500 < count < 5000
        assert place.hosting.table.get(flood[-1].key) is None
        place.hosting.up(node(0))
        await until(backbone, lambda seen: kinds(seen, 0).count("DBIRTH") == 2)
        await place.tell(0, "c40-7", 1)
        await place.emptied()
        host = ForeignHost()
        host.take(await log(backbone))
    assert host.nodes[node(0)].values[0][1] == "c40-7"
    assert sum(map(len, host.nodes[node(0)].aliases.values())) == count


@given(
    st.builds(
        Point,
        unit=st.just("u"), gateway=st.just("g"), device=st.just("d"), name=st.text("abc-9", min_size=1, max_size=64),
        kind=st.sampled_from(PointKind), quantity=st.sampled_from(Quantity), word=st.text("ab_", max_size=64),
        zone=st.none() | st.text("ab", max_size=64), low=st.none() | st.floats(), high=st.none() | st.floats(),
        max_silence_s=st.floats(0, 1e9), label_zh=st.text(max_size=120), label_en=st.text(max_size=120),
    )
)  # fmt: skip
def test_a_point_takes_no_more_of_a_birth_than_is_reckoned(point: Point) -> None:
    values = Values(PointTable([point]))
    values.set(0, T0_NS, 1.0, 500)
    full = encode_birth(Birth(metrics=values.metrics("u", "d", 0), seq=255, time_ns=T0_NS))
    empty = encode_birth(Birth(metrics=(), seq=255, time_ns=T0_NS))
    assert len(full) - len(empty) <= birth_size(point)


async def test_links_of_nodes_that_are_not_hosted_are_a_mistake_of_the_connector(tmp_path: Path) -> None:
    async with house(tmp_path, hosting_registry(1)) as place:
        with pytest.raises(KeyError):
            place.hosting.up(node(5))
