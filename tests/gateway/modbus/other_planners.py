"""How other systems cut a register map into requests, for comparison; written from their descriptions."""

from __future__ import annotations

from gateway.connectors.modbus_tcp.planner import Cost, Limits, Span, outer, size

CONTIGUOUS, FILL = 0, 50
"""Holes that are read along: none, or up to fifty registers, which is what installers find preset elsewhere."""


def filled(spans: list[Span], limits: Limits, gap: int) -> list[Span]:
    """The planners of others: go on while the hole is at most ``gap``; 0 joins only what touches."""
    blocks: list[Span] = []
    for first, last in outer(spans):
        if blocks:
            begin, end = blocks[-1]
            if first - end - 1 <= gap and last - begin + 1 <= limits.most:
                blocks[-1] = begin, max(end, last)
                continue
        blocks.append((first, last))
    return blocks


def price(blocks: list[Span], cost: Cost) -> float:
    return sum(cost.of(size(block)) for block in blocks)
