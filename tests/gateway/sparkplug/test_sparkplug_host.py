"""The Sparkplug host on a real Mosquitto: edges of another maker are born, tell, lose messages, die and come back."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from pysparkplug import DataType

from domain.errors import LinkError, StoreError
from domain.points import PointKind
from domain.quality import BAD, GOOD, STALE
from gateway.connectors.sparkplug import host
from gateway.connectors.sparkplug.points import point_name
from tests.gateway.gateway_sites import LABELS, UNIT
from tests.gateway.sparkplug.edges import NODE, death, desk, edge, metric, now_ms, until
from tests.servers import mosquitto

PUMP_1: dict[str, Any] = {"id": "pump-1", "name": "Pump 1", "profile": "pump_edge", "labels": LABELS}


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[int]:
    async with mosquitto(tmp_path) as port:
        yield port


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_births_make_points_and_data_readings_by_name_and_by_alias(
    tmp_path: Path, broker: int, version: str
) -> None:
    async with desk(tmp_path, broker, PUMP_1, version=version) as made, made.running(), edge(broker) as plc:
        stamp = now_ms() - 60_000
        await plc.nbirth(metric("Temp", 21.5, alias=1, at=stamp), metric("Door open", True, DataType.BOOLEAN, alias=2))
        await plc.dbirth(
            "Pump 1",
            metric("Discharge/Pressure", 0.4, DataType.FLOAT, alias=3),
            metric("Running", False, DataType.BOOLEAN, alias=4),
            metric("Model", "XBD 5/20", DataType.STRING, alias=5),
        )
        await plc.dbirth("Pump 2", metric("Discharge/Pressure", 0.6, alias=6))
        await plc.data(None, metric(None, -3.0, alias=1), metric("Door open", False, DataType.BOOLEAN))
        await plc.data("Pump 1", metric(None, True, DataType.BOOLEAN, alias=4), metric("Discharge/Pressure", 9.0))
        door, other = point_name(None, "Door open"), point_name("Pump 2", "Discharge/Pressure")
        await until(lambda: len(made.of("pump-1/pressure")) == 2)
        assert made.up == 1
        assert made.of(f"{NODE}/Temp")[0] == (21.5, GOOD, "NONE")
        assert made.times(f"{NODE}/Temp")[0] == stamp
        assert made.values(f"{NODE}/{door}") == [1.0, 0.0]
        assert made.of("pump-1/pressure") == [(pytest.approx(400.0), GOOD, "NONE"), (9000.0, BAD, "OUT_OF_RANGE")]
        assert made.values("pump-1/running") == [0.0, 1.0]
        assert (made.values("pump-1/Model"), made.texts("pump-1/Model")) == ([1.0], ["XBD 5/20"])
        assert made.values("pump-1/alive") == [1.0]
        assert made.values(f"{NODE}/{other}") == [0.6]
        table = made.hosting.table
        learned = table[table.index(f"{UNIT}/{NODE}/{other}")]
        assert (learned.kind, learned.label_en) == (PointKind.MEASURE, "Pump 2 Discharge/Pressure")
        assert table[table.index(f"{UNIT}/{NODE}/{door}")].kind is PointKind.STATE
        shown = (await made.connector.command({"command": "edges"}))["edges"][0]
        assert (shown["state"], shown["devices"], shown["seq_gaps"]) == ("up", ["Pump 1", "Pump 2"], 0)
        assert made.letters == []


async def test_integers_of_all_widths_are_read_with_their_sign_and_data_by_the_births_type(
    tmp_path: Path, broker: int
) -> None:
    numbers = {
        "I8": (DataType.INT8, -5), "I16": (DataType.INT16, -300), "I32": (DataType.INT32, -70_000),
        "I64": (DataType.INT64, -5_000_000_000), "U8": (DataType.UINT8, 200), "U16": (DataType.UINT16, 60_000),
        "U32": (DataType.UINT32, 4_000_000_000), "U64": (DataType.UINT64, 1 << 40),
    }  # fmt: skip
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:
        await plc.nbirth(*(metric(name, 1, kind, alias=at) for at, (name, (kind, _)) in enumerate(numbers.items())))
        await plc.data(
            None, *(metric(None, value, kind, alias=at) for at, (kind, value) in enumerate(numbers.values()))
        )
        await until(lambda: made.of(f"{NODE}/U64")[1:])
    assert {name: made.values(f"{NODE}/{name}") for name in numbers} == {
        name: [1.0, float(value)] for name, (_, value) in numbers.items()
    }


async def test_a_gap_asks_for_births_and_aliases_are_not_believed_until_they_came(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:

        async def births() -> None:
            await plc.nbirth(metric("Smoke", False, DataType.BOOLEAN, alias=2), metric("Door", 0, alias=1))

        await plc.nbirth(metric("Smoke", False, DataType.BOOLEAN, alias=1), metric("Door", 0, alias=2))
        await until(lambda: made.of(f"{NODE}/Door"))
        plc.births = births
        await plc.data(None, metric("Door", 1), lost=True)
        await plc.data(None, metric("Door", 2), metric(None, 1.0, alias=1))
        await until(lambda: plc.asked == 1)
        await until(lambda: made.connector.health().errors.get("alias_in_doubt"))
        await until(lambda: made.values(f"{NODE}/Door")[-1:] == [0.0])
        await plc.data(None, metric(None, 7.0, alias=1))
        await until(lambda: made.values(f"{NODE}/Door")[-1] == 7.0)
        assert set(made.values(f"{NODE}/Smoke")) == {0.0}
    assert made.connector.health().figures["seq_gaps"] == 1
    assert [letter.reason for letter in made.letters] == ["alias_in_doubt"]


async def test_what_was_not_born_is_set_aside_and_births_are_asked_for_at_most_so_often(
    tmp_path: Path, broker: int
) -> None:
    async with desk(tmp_path, broker, rebirth_s=60) as made, made.running(), edge(broker) as plc:
        await until(lambda: plc.asked <= 1)
        for _ in range(50):
            await plc.data(None, metric("Temp", 1.0))
        await until(lambda: made.connector.health().errors.get("not_born") == 50)
        assert made.connector.health().errors["rebirth_asked"] == 1
        await plc.nbirth(metric("Temp", 1.0, alias=9), metric("Twin", 2.0, alias=9))
        await plc.data("Ghost", metric("Temp", 1.0))
        await plc.data(None, metric(None, 5.0, alias=9), metric("New", 6.0), metric(None, 7.0, alias=77))
        await until(lambda: made.connector.health().errors.get("unknown_name"))
        errors = made.connector.health().errors
        assert (errors["alias_twice"], errors["unknown_alias"], errors["not_born"]) == (1, 2, 51)
        await until(lambda: made.values(f"{NODE}/Temp") == [1.0])
        await until(lambda: {letter.reason for letter in made.letters} == {"not_born", "alias_twice", "unknown_alias"})


async def test_late_data_are_historical_and_wrong_clocks_are_marked(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:
        start = now_ms()
        await plc.nbirth(metric("Temp", 1.0, at=start - 86_400_000))
        await plc.data(None, metric("Temp", 2.0, at=start - 7_200_000, is_historical=True))
        await plc.data(None, metric("Temp", 3.0, at=start))
        await plc.data(None, metric("Temp", 4.0, at=start))
        await plc.data(None, metric("Temp", 5.0, at=start - 7_200_000))
        await plc.data(None, metric("Temp", 6.0, at=start + 7_200_000))
        await until(lambda: len(made.of(f"{NODE}/Temp")) == 6)
    assert made.values(f"{NODE}/Temp") == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert made.times(f"{NODE}/Temp")[:4] == [start - 86_400_000, start - 7_200_000, start, start + 1]
    assert made.historical(f"{NODE}/Temp") == [False, True] + [False] * 4
    assert [reason for _, _, reason in made.of(f"{NODE}/Temp")] == ["NONE"] * 4 + ["CLOCK"] * 2


async def test_a_repeated_birth_tells_only_what_is_new(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:
        stamp = now_ms() - 5000
        for value in (1.0, 1.0, 2.0):
            await plc.nbirth(
                metric("Temp", value, at=stamp), metric("Model", "A", DataType.STRING, at=stamp),
                metric("None yet", None, at=stamp),
            )  # fmt: skip
        await until(lambda: made.values(f"{NODE}/Temp") == [1.0, 2.0])
        assert made.texts(f"{NODE}/Model") == ["A"]
        nothing = made.of(f"{NODE}/{point_name(None, 'None yet')}")
        assert [(math.isnan(value), base) for value, base, _ in nothing] == [(True, STALE)]
        assert made.connector.health().errors.get("device_clock", 0) == 0


async def test_deaths_of_devices_make_them_unknown_and_those_of_edges_take_their_node_down(
    tmp_path: Path, broker: int
) -> None:
    async with desk(tmp_path, broker, PUMP_1) as made, made.running():
        async with edge(broker, 7) as plc:
            await plc.nbirth()
            await plc.dbirth("Pump 1", metric("Running", True, DataType.BOOLEAN, alias=1))
            await plc.ddeath("Pump 1")
            await until(lambda: made.values("pump-1/alive") == [1.0, 0.0])
            (_, _, first), (value, base, reason) = made.of("pump-1/running")
            assert (first, math.isnan(value), base, reason) == ("NONE", True, STALE, "LINK_DOWN")
            await plc.dbirth("Pump 1", metric("Running", True, DataType.BOOLEAN, alias=1))
            await until(lambda: made.of("pump-1/running")[-1] == (1.0, GOOD, "NONE"))
            await plc.say("NDEATH", None, death(6), qos=1)  # of an earlier session
            await until(lambda: made.connector.health().errors.get("late_death"))
            assert made.up == 1
            plc._client._client._sock_close()  # the line is cut: the broker speaks its will
            await until(lambda: made.up == 0)
        count = len(made.of("pump-1/running"))
        async with edge(broker, 8) as plc:
            await plc.nbirth()
            await until(lambda: made.up == 1)
            assert len(made.of("pump-1/running")) == count


async def test_a_device_that_does_not_follow_its_edge_is_unknown(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "SILENT_S", 0.5)
    async with desk(tmp_path, broker, PUMP_1) as made, made.running(), edge(broker) as plc:
        await plc.nbirth()
        await plc.dbirth("Pump 1", metric("Running", True, DataType.BOOLEAN))
        await until(lambda: made.values("pump-1/alive") == [1.0])
        await plc.nbirth()
        await until(lambda: made.values("pump-1/alive") == [1.0, 0.0])


async def test_a_value_that_is_null_at_first_is_a_point_of_its_datatype(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:
        await plc.nbirth(metric("Fire", None, DataType.BOOLEAN), metric("Model", None, DataType.STRING))
        await plc.data(None, metric("Fire", True, DataType.BOOLEAN), metric("Model", "A", DataType.STRING))
        await until(lambda: made.values(f"{NODE}/Model")[-1:] == [1.0])
        table = made.hosting.table
        kinds = [table[table.index(f"{UNIT}/{NODE}/{name}")].kind for name in ("Fire", "Model")]
    assert kinds == [PointKind.STATE, PointKind.EVENT]
    assert made.values(f"{NODE}/Fire")[-1] == 1.0


async def test_a_death_that_the_disk_refused_is_told_when_the_device_does_not_return(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "SILENT_S", 0.5)
    async with desk(tmp_path, broker, PUMP_1) as made, edge(broker) as plc:
        async with made.running() as task:
            await plc.nbirth()
            await plc.dbirth("Pump 1", metric("Running", True, DataType.BOOLEAN))
            await until(lambda: made.values("pump-1/running") == [1.0])
            made.refuses = StoreError("disk full")
            await plc.ddeath("Pump 1")
            with pytest.raises(StoreError):
                await task
        made.refuses = None
        plc.births = plc.nbirth
        async with made.running():
            await until(lambda: made.values("pump-1/alive") == [1.0, 0.0])
            assert math.isnan(made.values("pump-1/running")[-1])


async def test_unregistered_edges_are_shown_and_nothing_is_asked_of_them(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker, name="Other") as other:
        other.births = None
        await other.nbirth(metric("Temp", 1.0))
        await other.dbirth("Pump 9", metric("Running", True, DataType.BOOLEAN))
        await until(lambda: made.connector.health().errors.get("unregistered") == 2)
        shown = (await made.connector.command({"command": "unregistered"}))["unregistered"]
        assert [(one["address"], one["messages"], one["last"]) for one in shown] == [
            ("Plant/Other", 2, "DBIRTH Pump 9: 1 metrics Running")
        ]
        assert (made.batches, made.letters, other.asked, made.up) == ([], [], 0, 0)


async def test_types_that_are_not_read_are_counted_and_told_once(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, made.running(), edge(broker) as plc:
        for _ in range(3):
            await plc.nbirth(metric("Temp", 1.0), metric("Blob", b"\x01", DataType.BYTES))
            await plc.say("NDATA", None, b"\xff\xff")
        await until(lambda: len(made.letters) == 4)
    assert made.connector.health().errors["datatype"] == 3
    assert sorted(letter.reason for letter in made.letters) == ["datatype", *["not_sparkplug"] * 3]


async def state(port: int, topic: str) -> AsyncIterator[tuple[bool, dict[str, Any]]]:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(topic, qos=1)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            yield bool(message.retain), json.loads(message.payload)


async def test_state_says_whether_the_host_is_there_and_contradicts_a_wrong_word(tmp_path: Path, broker: int) -> None:
    topic = "spBv1.0/STATE/fire-host"
    async with desk(tmp_path, broker, host_id="fire-host") as made:
        async with made.running():
            told = state(broker, topic)
            retained, first = await anext(told)
            assert (retained, first["online"]) == (True, True)
            async with aiomqtt.Client("127.0.0.1", broker) as liar:
                lie = json.dumps({"online": False, "timestamp": first["timestamp"]})
                await liar.publish(topic, lie, qos=1, retain=True)
            async with asyncio.timeout(40):
                assert (await anext(told))[1]["online"] is False
                assert (await anext(told))[1] == first
        async with asyncio.timeout(40):
            assert (await anext(told))[1] == {"online": False, "timestamp": first["timestamp"]}
        await told.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_broker_that_went_away_takes_its_edges_down_and_births_are_asked_for_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with mosquitto(tmp_path) as port, desk(tmp_path, port, link_grace_s=0.2) as made, edge(port) as plc:

        async def births() -> None:
            await plc.nbirth(metric("Temp", 2.0))

        async with made.running():
            await plc.nbirth(metric("Temp", 1.0))
            await until(lambda: made.up == 1)
        plc.births, before = births, plc.asked  # we were stopped: it is asked when we are back
        async with made.running():
            await until(lambda: plc.asked > before)
            await until(lambda: made.values(f"{NODE}/Temp")[-1:] == [2.0])
    for _ in range(3):
        with pytest.raises(LinkError):
            await made.connector.run(made)
        await asyncio.sleep(0.2)
    assert made.up == 0


async def test_a_birth_that_the_disk_refused_is_told_again_with_the_next(tmp_path: Path, broker: int) -> None:
    async with desk(tmp_path, broker) as made, edge(broker) as plc:
        stamp = now_ms() - 5000

        async def births() -> None:
            await plc.nbirth(metric("Temp", 20.0, at=stamp))

        made.refuses = StoreError("disk full")
        async with made.running() as task:
            await births()
            with pytest.raises(StoreError):
                await task
        made.refuses = None
        plc.births = births
        async with made.running():
            await until(lambda: made.values(f"{NODE}/Temp") == [20.0])
    assert not made.connector.health().ok


def test_learned_ids_are_the_edges_own_names_or_unique() -> None:
    names = [
        (None, "Temp"), (None, "Temp 1"), (None, "Temp_1"), (None, "Temp/1"), ("Temp", "1"), (None, "温度"),
        (None, "湿度"), ("A/B", "C"), ("A", "B/C"), (None, "x" * 65), (None, "x" * 66), (None, " "),
    ]  # fmt: skip
    made = [point_name(device, name) for device, name in names]
    assert made[0] == "Temp"
    assert len(set(made)) == len(names)
    assert all(len(name) <= 64 for name in made)
