"""The read planner beside two that are common elsewhere: line time of one cycle, computed, and time to plan.

Maps: fields of one or two registers at random even addresses (seeded), at most 125 registers a request. A line costs
what `gateway.connectors.modbus_tcp.costs` says: 11 bits a character, gaps of 3.5 characters; a device takes 10 ms to
think at 9600 baud and 5 ms at 115200; on TCP a round trip and 20 µs a register. That no map is ever read
more dearly than by the better of the two is asserted in `tests/gateway/test_modbus_planner.py`.
"""

from __future__ import annotations

import random
import statistics
import time

from gateway.connectors.modbus_tcp.planner import Cost, Limits, Span, partition
from tests.gateway.modbus.other_planners import CONTIGUOUS, FILL, filled, price

LIMITS = Limits(most=125)
PLANNED, RUNS = 2000, 9


def serial(baud: int, think_s: float) -> Cost:
    """Return what a request (13 characters, two gaps of 3.5) and a register (two characters) take on a serial line."""
    character_s = 11 / baud
    return Cost((13 + 7) * character_s + think_s, 2 * character_s)


LINES = {
    "RTU 9600": serial(9600, 0.010),
    "RTU 115200": serial(115_200, 0.005),
    "TCP 5 ms": Cost(0.005, 20e-6),
    "TCP 100 ms": Cost(0.1, 20e-6),
}
MAPS = {"40 fields over 600": (40, 600), "200 over 2,000": (200, 2_000), "2,000 over 20,000": (2_000, 20_000)}


def rows() -> list[tuple[str, str, str]]:
    """Return line times of each map and line, and how long a plan takes."""
    found = []
    for name, (count, over) in MAPS.items():
        spans = random_map(count, over)
        for line, cost in LINES.items():
            ways = [filled(spans, LIMITS, CONTIGUOUS), filled(spans, LIMITS, FILL), partition(spans, cost, LIMITS)]
            told = " · ".join(f"{price(way, cost):.2f} s ({len(way)})" for way in ways)
            saved = 1 - price(ways[2], cost) / min(price(way, cost) for way in ways[:2])
            found.append((f"plan, {name}, {line}: contiguous · holes up to 50 · ours", told, f"-{saved:.0%}"))
    spent_ms = _planning_ms(random_map(PLANNED, 10 * PLANNED))
    return [*found, (f"  planning {PLANNED:,} fields", f"{spent_ms:.1f} ms of a processor", "-")]


def random_map(count: int, over: int) -> list[Span]:
    """Return ``count`` fields of one or two registers at even addresses below ``over``; always the same ones."""
    chance = random.Random(1)
    starts = chance.sample(range(0, over, 2), count)
    return sorted((start, start + chance.randint(0, 1)) for start in starts)


def _planning_ms(spans: list[Span]) -> float:
    spent = []
    for _ in range(RUNS):
        began = time.process_time()
        partition(spans, LINES["RTU 9600"], LIMITS)
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)
