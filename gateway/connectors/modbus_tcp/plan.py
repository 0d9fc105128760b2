"""Which blocks to read: as few requests as the device allows, without reading far past what is needed.

Fields of one function are sorted by address and joined while the registers in between are at most
``gap_fill`` and the block stays within ``max_registers``. A field is never cut: its value and the
siblings that explain it (unit code, decimals) come from one reply, so they belong together in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.site import Device
from gateway.connectors.modbus_tcp.config import Function, ModbusProfileOptions, ModbusRead
from gateway.connectors.modbus_tcp.protocol import BlockDecoder, Field


@dataclass(frozen=True, slots=True)
class Block:
    """One read request; ``rows`` are the positions of its fields in the device's list of points."""

    function: Function
    address: int
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """How one device is read: blocks, each with its decoder."""

    blocks: tuple[Block, ...]
    decoders: tuple[BlockDecoder, ...]


def plan_blocks(reads: Sequence[ModbusRead], *, max_registers: int, gap_fill: int) -> list[Block]:
    """Return the blocks that cover ``reads``, by function and address.

    Raises ValueError when one field alone needs more than ``max_registers``.
    """
    blocks: list[Block] = []
    for function in Function:
        rows = [row for row, read in enumerate(reads) if read.function is function]
        blocks += _join(function, sorted(rows, key=lambda row: reads[row].span), reads, max_registers, gap_fill)
    return blocks


def plan_device(device: Device) -> UnitPlan:
    """Plan a device of the registry; the profile has been checked before."""
    options = ModbusProfileOptions.model_validate(device.profile.options)
    fields = [
        Field(
            read=(read := ModbusRead.model_validate(point.read)),
            order=read.order or options.word_order,
            quantity=point.quantity,
            floor=float("-inf") if point.floor is None else point.floor,
            ceiling=float("inf") if point.ceiling is None else point.ceiling,
        )
        for point in device.profile.points
    ]
    blocks = plan_blocks(
        [field.read for field in fields], max_registers=options.max_registers, gap_fill=options.gap_fill
    )
    decoders = [BlockDecoder(block.address, block.count, [fields[row] for row in block.rows]) for block in blocks]
    return UnitPlan(tuple(blocks), tuple(decoders))


def _join(
    function: Function, rows: Sequence[int], reads: Sequence[ModbusRead], max_registers: int, gap_fill: int
) -> list[Block]:
    blocks: list[Block] = []
    members: list[int] = []
    start = end = -1
    for row in rows:
        first, last = reads[row].span
        if last - first + 1 > max_registers:
            raise ValueError(f"one value spans {last - first + 1} registers, a request may have {max_registers}")
        fits = bool(members) and first - end - 1 <= gap_fill and max(end, last) - start + 1 <= max_registers
        if not fits and members:
            blocks.append(Block(function, start, end - start + 1, tuple(members)))
            members = []
        if not members:
            start, end = first, last
        members.append(row)
        end = max(end, last)
    if members:
        blocks.append(Block(function, start, end - start + 1, tuple(members)))
    return blocks
