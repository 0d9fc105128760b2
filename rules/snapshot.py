"""The engine's state as bytes, and back: also into a plan that has changed in between.

Stored are the state of points, terms, gateways and of alarms that are not normal; nodes and truths of
alarms follow from these. Where the plan is another one, what kept its meaning keeps its state. An open
alarm whose rule changed stays open, because a fire does not end with an edit; its condition starts anew
and it is judged at the next tick. An open alarm whose rule or entity is gone is reported, not cleared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from domain.alarm import EntityKind
from domain.errors import WireError
from rules.alarm_states import OPEN, AlarmState
from rules.engine import Counts, Engine
from rules.identity import Identity
from rules.log_clock import LogClock
from rules.packing import AnyArray, pack, unpack
from rules.plan import Plan

FORMAT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a snapshot stands: last sequence in TELEMETRY, last one of its partition in ALARMS, lease epoch.

    ``log`` says which TELEMETRY that was: when the stream was made; "" in checkpoints of before.
    """

    seq: int
    alarm_seq: int
    epoch: int
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a snapshot's state.

    ``kept`` alarms had state and keep it; ``restarted`` are open while their condition starts anew;
    ``orphans`` were open and have no rule or entity any more (``rule entity``).
    """

    same_plan: bool
    kept: int = 0
    restarted: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()


def save(engine: Engine, place: Place, fingerprint: str) -> bytes:
    """Return the engine's state. ``fingerprint`` is that of its plan's `Identity`."""
    header, arrays = _state(engine)
    return pack({**header, "format": FORMAT, "fingerprint": fingerprint, "place": asdict(place)}, arrays)


def fingerprint_of(data: bytes) -> str:
    """Return the fingerprint of the plan that a snapshot belongs to; raises WireError."""
    header, _ = unpack(data)
    if header.get("format") != FORMAT:
        raise WireError(f"snapshot has format {header.get('format')}, this program reads {FORMAT}")
    return str(header.get("fingerprint"))


def restore(engine: Engine, data: bytes, mine: Identity, theirs: Identity) -> tuple[Place, Restored]:
    """Bring a new engine to a snapshot's state; raises WireError for a damaged one.

    ``mine`` are the keys of the engine's plan, ``theirs`` those of the snapshot's.
    """
    header, arrays = unpack(data)
    try:
        same = mine is theirs or mine.fingerprint == theirs.fingerprint
        place = Place(**header["place"])
        restored = _set(engine, header, arrays, mine, mine if same else theirs)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WireError(f"snapshot does not fit its keys: {error!r}") from error
    engine.judge_all |= not same
    return place, restored


def grown(engine: Engine, plan: Plan, mine: Identity, theirs: Identity) -> Engine:
    """Return an engine for a plan with further, learned points, in the state of ``engine``.

    Nothing is judged anew: a learned point is normal until its first reading, whatever asks about it.
    """
    fresh = Engine(plan, engine.partition)
    _set(fresh, *_state(engine), mine, theirs)
    return fresh


def carried(engine: Engine, plan: Plan, mine: Identity, theirs: Identity) -> tuple[Engine, Restored]:
    """Return an engine for a plan of other rules, in the state of ``engine`` where its meaning is the same.

    Open alarms are judged anew at the next tick.
    """
    fresh = Engine(plan, engine.partition)
    restored = _set(fresh, *_state(engine), mine, theirs)
    fresh.judge_all = True
    return fresh, restored


def _state(engine: Engine) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    """Return what an engine knows, as a header and arrays in the order of its plan."""
    plan, slots = engine.plan, engine.slots
    keys = plan.site.table
    header = {
        "rules": plan.version,
        "clock": [engine.clock.counted_ns, engine.clock.last_ns],
        "last_tick_ns": engine.liveness.last_tick_ns,
        "judge_all": engine.judge_all,
        "counts": asdict(engine.counts),
        "words": {keys[point].key: words for point, words in engine.known.words.items()},
    }
    uneasy = np.flatnonzero(slots.state != AlarmState.NORMAL)
    arrays: dict[str, AnyArray] = {
        **_point_arrays(engine),
        **_gateway_arrays(engine),
        "truth": plan.forest.truth[: plan.forest.leaves],
        "alarm": uneasy,
        **{f"alarm.{name}": column[uneasy] for name, column in _alarm_columns(engine).items()},
    }
    for what, memory in _timed(engine).items():
        arrays |= {f"{what}.{name}": column.ravel() for name, column in memory.items()}
    for bank in plan.banks:
        arrays |= {f"{type(bank).__name__}.{name}": getattr(bank, name) for name in bank.memory}
    return header, arrays


def _set(
    engine: Engine, header: Mapping[str, Any], arrays: Mapping[str, AnyArray], mine: Identity, theirs: Identity
) -> Restored:
    """Set an engine's state from that of another plan, matched by meaning."""
    engine.clock = LogClock(*header["clock"])
    engine.counts = Counts(**{one.name: int(header["counts"].get(one.name, 0)) for one in fields(Counts)})
    engine.liveness.last_tick_ns = int(header["last_tick_ns"])
    engine.judge_all = bool(header["judge_all"])
    points = _known_before(engine, arrays, mine.from_entities(EntityKind.POINT, theirs))
    _restore_points(engine, header, arrays, points)
    _restore_gateways(engine, arrays, mine.from_entities(EntityKind.GATEWAY, theirs))
    _restore_terms(engine, arrays, points, mine, theirs)
    _restore_timed(engine, arrays, mine, theirs)
    restored = _restore_alarms(engine, arrays, mine, theirs)
    engine.plan.forest.recount()
    engine.plan.listen(engine.slots)
    return restored


def _known_before(engine: Engine, arrays: Mapping[str, AnyArray], old: AnyArray) -> AnyArray:
    """Leave out points that were learned then and never spoke, and are in the site now: to the site they are new."""
    was = arrays["point.heard_ns"][old] if len(arrays["point.heard_ns"]) else np.zeros(len(old), np.int64)
    unmet = (was < 0) & ~engine.plan.site.learned
    return np.where(unmet, -1, old)


def _point_arrays(engine: Engine) -> dict[str, AnyArray]:
    live = engine.liveness
    columns = {"last_ns": engine.last_ns, "value": engine.known.value, "heard_ns": live.heard_ns}
    return {f"point.{name}": column for name, column in (columns | {"expired": live.expired}).items()}


def _gateway_arrays(engine: Engine) -> dict[str, AnyArray]:
    live = engine.liveness
    columns = {
        "heard_ns": live.gateway_heard_ns,
        "dead": live.dead,
        "died_ns": live.died_ns,
        "session": live.session,
        "returned_ns": live.returned_ns,
    }
    return {f"gateway.{name}": column for name, column in columns.items()}


def _alarm_columns(engine: Engine) -> dict[str, AnyArray]:
    return {name: getattr(engine.slots, name) for name in ("state", "due_ns", "since_ns", "late", "high")}


def _carry(target: AnyArray, source: AnyArray, old: AnyArray) -> None:
    """Copy what existed before; ``old`` has its place in ``source``, -1 for new things."""
    there = old >= 0
    target[there] = source[old[there]]


def _restore_points(engine: Engine, header: Mapping[str, Any], arrays: Mapping[str, AnyArray], old: AnyArray) -> None:
    """Points that are new in the site count as heard now, so that they have their time to report."""
    live = engine.liveness
    live.heard_ns[:] = np.where(engine.plan.site.learned, live.heard_ns, engine.clock.counted_ns)
    for name, column in _point_arrays(engine).items():
        _carry(column, arrays[name], old)
    table = engine.plan.site.table
    engine.known.words = {
        point: (str(words), int(time_ns))
        for key, (words, time_ns) in header["words"].items()
        if (point := table.get(str(key))) is not None
    }


def _restore_gateways(engine: Engine, arrays: Mapping[str, AnyArray], old: AnyArray) -> None:
    engine.liveness.gateway_heard_ns[:] = engine.clock.counted_ns
    for name, column in _gateway_arrays(engine).items():
        _carry(column, arrays[name], old)


def _restore_terms(
    engine: Engine, arrays: Mapping[str, AnyArray], points: AnyArray, mine: Identity, theirs: Identity
) -> None:
    """Carry truths and memories; the leaves are the terms, bank by bank, and then the absences."""
    starts = dict(zip((bank.name for bank in theirs.banks), theirs.starts, strict=False))
    truth = arrays["truth"]
    for bank, old in zip(engine.plan.banks, mine.from_terms(theirs, points), strict=True):
        kind = type(bank).__name__
        if kind in starts:
            _carry(bank.truth, truth[starts[kind] :], old)
            for name in bank.memory:
                column = getattr(bank, name)
                _carry(column, arrays[f"{kind}.{name}"].reshape(-1, *column.shape[1:]), old)
    absences = engine.plan.forest.truth[mine.starts[-1] : engine.plan.forest.leaves]
    _carry(absences, truth[theirs.starts[-1] :], mine.from_absences(theirs))


def _timed(engine: Engine) -> dict[str, dict[str, AnyArray]]:
    return {"lasting": engine.plan.forest.lasting.memory, "sequences": engine.plan.forest.sequences.memory}


def _restore_timed(engine: Engine, arrays: Mapping[str, AnyArray], mine: Identity, theirs: Identity) -> None:
    """Carry what nodes remember; a condition that is new remembers nothing."""
    for what, memory in _timed(engine).items():
        old = mine.from_groups(theirs, what)
        count = sum(len(group.entity) for group in getattr(theirs, what))
        for name, column in memory.items():
            if not (count and len(column)):
                continue
            target, source = column.reshape(len(column), -1), arrays[f"{what}.{name}"].reshape(count, -1)
            width = min(target.shape[1], source.shape[1])  # a row has as many steps as its plan's longest sequence
            _carry(target[:, :width], source[:, :width], old)
        if what == "sequences":
            engine.plan.forest.sequences.carried[:] = old >= 0


def _restore_alarms(engine: Engine, arrays: Mapping[str, AnyArray], mine: Identity, theirs: Identity) -> Restored:
    columns, uneasy = _alarm_columns(engine), arrays["alarm"]
    new = mine.alarms(theirs, uneasy)
    is_open = OPEN[arrays["alarm.state"]]
    same = np.array(
        [at >= 0 and mine.meaning(at) == theirs.meaning(was) for at, was in zip(new, uneasy, strict=True)], np.bool_
    )
    for name, column in columns.items():
        column[new[same]] = arrays[f"alarm.{name}"][same]
    changed = (new >= 0) & ~same & is_open
    engine.slots.state[new[changed]] = AlarmState.ACTIVE
    engine.slots.high[new[changed]] = arrays["alarm.high"][changed]
    gone = (new < 0) & is_open
    return Restored(
        same_plan=mine is theirs,
        kept=int(np.count_nonzero(same)),
        restarted=tuple(mine.alarm(at) for at in new[changed].tolist()),
        orphans=tuple(theirs.alarm(at) for at in uneasy[gone].tolist()),
    )
