"""Nothing that a gateway loses goes unwatched: each reason has a counter, a point, and a rule of the library."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gateway
from cli.yaml_documents import read_document
from domain.batch import ReadingBatch
from domain.clock import FakeClock, SystemClock
from domain.points import PointKind
from domain.site import itself
from gateway.connectors.contract import DeadLetter, Health
from gateway.losses import DEAD, DROPPED, EVENTS_LOST, POINTS, Drop, losses
from gateway.observing.itself import MEASURES, SINCE_START, Teller
from gateway.observing.observer import Observer
from gateway.spool import EVENT, Spool, SpoolLimits
from rules import library_dir, load
from tests.gateway.gateway_sites import GATEWAY, UNIT, connection, device, registry_of

SOURCE = Path(gateway.__file__).parent
RULES = load([read_document(path) for path in sorted(library_dir().glob("*.yaml"))])
REGISTRY = registry_of(connection("line", "modbus_tcp", {"host": "x"}, [device("p-1", "qdy30a_pressure", 1)]))
TABLE = REGISTRY.gateway_points(UNIT, GATEWAY)
OWN = itself.device_id(GATEWAY)
ITSELF = f"{UNIT}/{OWN}"
HAPPENS = (*POINTS, *SINCE_START, "uplink_away", "clock_step")
NOT_WATCHED_ITSELF = {"breaker_opened": "breakers_open"}
"""Points of history whose present state is what a rule watches."""


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path, node


def watched() -> set[str]:
    """Names of the gateway's own points that some rule of the library watches."""
    names = {point.id for point in REGISTRY.profiles[itself.PROFILE].points}
    own = [rule for rule in RULES if "gateway" in rule.watches.kind]
    return {name for name in names for rule in own if rule.watches.point and rule.watches.names(name)}


@pytest.mark.parametrize("point", HAPPENS)
def test_every_loss_has_a_point_that_a_shipped_rule_watches(point: str) -> None:
    found = TABLE.get(f"{ITSELF}/{point}")
    assert found is not None
    assert TABLE[found].kind is PointKind.EVENT  # of the lane that nothing is dropped from
    assert NOT_WATCHED_ITSELF.get(point, point) in watched()


def test_the_profile_has_the_points_that_are_told_and_no_others() -> None:
    names = [point.id for point in REGISTRY.profiles[itself.PROFILE].points]
    assert sorted(names) == sorted({*MEASURES, *HAPPENS})


def test_every_reason_of_a_drop_has_a_point_of_its_own() -> None:
    for reason in Drop:
        told = losses({DROPPED + reason: 7})
        assert {point: count.total() for point, count in told.items() if count} == {f"dropped_{reason.value}": 7}


def test_readings_are_dropped_for_reasons_of_the_list_only() -> None:
    written = {
        path.relative_to(SOURCE).as_posix()
        for path, node in sources()
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"(dropped|dead)\.", node.value)
    }
    assert written == {"losses.py", "report.py"}  # elsewhere the names come from `Drop`; the report only reads
    uses = {
        node.attr
        for path, node in sources()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Drop"
        and path.name != "losses.py"
    }  # fmt: skip
    assert uses == {reason.name for reason in Drop}


def letter_reasons() -> set[str]:
    """Every word in the gateway's code that becomes the reason of a dead letter, found by its shape."""
    found: set[object] = set(EVENTS_LOST)
    for _, node in sources():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UnusableError":
            found |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
        if isinstance(node, ast.keyword) and node.arg == "reason" and isinstance(node.value, ast.Constant):
            found.add(node.value.value)
    return {reason for reason in found if isinstance(reason, str)}


@pytest.mark.parametrize("reason", sorted(letter_reasons()))
def test_every_reason_of_a_dead_letter_is_told_by_a_watched_point(reason: str) -> None:
    assert len(letter_reasons()) > 8
    told = {point for point, count in losses({DEAD + reason: 1}).items() if count}
    assert told == {"letters_lost" if reason in EVENTS_LOST else "letters_unusable"}
    assert told <= watched()


def observer_of(spool: Spool, clock: SystemClock | FakeClock) -> Observer:
    return Observer(
        unit=UNIT, gateway=GATEWAY, spool=spool, clock=clock,
        health=lambda: {"line": Health(ok=True)}, hosting=dict,
    )  # fmt: skip


async def told_by(spool: Spool) -> dict[str, tuple[float, str]]:
    """What the events in a spool tell of the gateway, by point."""
    from gateway.values import told_by as read  # noqa: PLC0415  # its name is taken here

    rows = await spool.events(100)
    found: dict[str, tuple[float, str]] = {}
    for row, told in zip(rows, read(rows), strict=True):
        assert (row.lane, row.device) == (EVENT, OWN)
        for alias, value in zip(told.alias, told.value, strict=True):
            point = TABLE.by_alias(UNIT, GATEWAY, alias)
            assert point is not None
            found[TABLE[point].name] = value, ""
    return found


async def test_a_loss_is_told_once_and_again_only_for_what_is_new_also_after_a_restart(tmp_path: Path) -> None:
    clock = SystemClock()
    letter = DeadLetter(time_ns=1, connection="line", reason="not_json", detail="x")
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    await spool.dead_letter(letter)
    await spool.dead_letter(letter)
    await Teller(observer_of(spool, clock), spool, lambda: TABLE).tell()
    assert await told_by(spool) == {"letters_unusable": (2.0, "")}
    await Teller(observer_of(spool, clock), spool, lambda: TABLE).tell()
    assert await told_by(spool) == {}
    await spool.dead_letter(letter)
    await spool.close()
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    await Teller(observer_of(spool, clock), spool, lambda: TABLE).tell()
    rows = await spool.events(100)
    assert sum(row.readings for row in rows) == 2  # the two of before, and the new one
    await spool.close()


async def test_a_full_spool_says_what_it_gave_up_and_keeps_saying_so_in_one_sum(tmp_path: Path) -> None:
    clock = SystemClock()
    limits = SpoolLimits(most_bytes=2**20)
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=limits, clock=clock)
    teller = Teller(observer_of(spool, clock), spool, lambda: TABLE)
    point = TABLE.index(f"{UNIT}/p-1/pressure")
    for part in range(100):
        times = np.arange(1000, dtype=np.int64) * 1_000_000 + part * 10**9
        await spool.emit(ReadingBatch.build(TABLE, times, [point] * 1000, [float(part)] * 1000))
    await teller.tell()
    figures = await spool.figures()
    dropped = {name.removeprefix(DROPPED): n for name, n in figures.counters.items() if name.startswith(DROPPED) and n}
    assert dropped
    told = await told_by(spool)
    assert {name: value for name, (value, _) in told.items()} == {f"dropped_{r}": float(n) for r, n in dropped.items()}
    await spool.close()


async def test_a_file_that_was_damaged_when_the_process_began_is_told(tmp_path: Path) -> None:
    clock = SystemClock()
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    spool = await Spool.open(path, limits=SpoolLimits(), clock=clock)
    await Teller(observer_of(spool, clock), spool, lambda: TABLE).tell()
    assert (await told_by(spool))["damaged_file"] == (1.0, "")
    await spool.close()


async def test_reasons_and_refusals_travel_as_words(tmp_path: Path) -> None:
    clock = SystemClock()
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    batches: list[ReadingBatch] = []
    emit = spool.emit

    async def seen(batch: ReadingBatch, **more: object) -> None:
        batches.append(batch)
        await emit(batch, **more)  # type: ignore[arg-type]  # handed on as it came

    spool.emit = seen  # type: ignore[method-assign]  # listened to, not replaced
    observer = observer_of(spool, clock)
    observer.health = lambda: {"access": Health(ok=True, figures={"refused": 30, "cut_peers": 2})}
    for reason, times in (("not_json", 2), ("unknown_topic", 3)):
        for _ in range(times):
            await spool.dead_letter(DeadLetter(time_ns=1, connection="line", reason=reason, detail="x"))
    observer.absences.append(700.0)
    await Teller(observer, spool, lambda: TABLE).tell()
    (batch,) = batches
    words = {TABLE[int(batch.point[at])].name: text for at, text in batch.text.items()}
    values = {TABLE[int(point)].name: float(value) for point, value in zip(batch.point, batch.value, strict=True)}
    assert words == {"letters_unusable": "unknown_topic 3, not_json 2", "input_refused": "refused 30, cut_peers 2"}
    assert (values["letters_unusable"], values["input_refused"], values["uplink_away"]) == (5.0, 32.0, 700.0)
    await spool.close()


async def test_a_link_that_comes_back_says_how_long_it_was_away(tmp_path: Path) -> None:
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
    observer = observer_of(spool, SystemClock())
    for up in (False, True, True, False, False, True):
        observer.link_is_up = lambda up=up: up  # type: ignore[misc]  # the value of this turn
        observer.look()
    seen = (await observer.snapshot()).uplink
    assert (len(observer.absences), seen.reconnects, seen.up, seen.away_s) == (1, 1, True, 0.0)
    assert observer.absences[0] >= 0
    await spool.close()


async def test_a_clock_that_is_set_is_noticed_and_one_that_drifts_is_not(tmp_path: Path) -> None:
    clock = FakeClock(1_800_000_000_000_000_000)
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    observer = observer_of(spool, clock)
    for step_s in (0.5, 3600, 0.4, -7):
        clock.advance(step_s)
        observer.look()
    assert [round(step_s) for step_s in observer.steps] == [3600, -7]
    assert (await observer.snapshot()).clock.steps == 2
    await spool.close()
