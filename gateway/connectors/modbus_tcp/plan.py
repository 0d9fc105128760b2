"""Which blocks are read to have the points of the devices of one unit, and how each is decoded.

The cheapest cover is found by `planner`; here reads become spans and blocks get their rows back. A value is
never cut: it and the siblings that explain it (unit code, decimals) come from one reply, so they belong
together in time. Points of several devices of one unit come from one block where they lie together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.points import PointKind
from domain.site import Device, ProfilePoint
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions, unit_and_shift
from gateway.connectors.modbus_tcp.learned import Learned
from gateway.connectors.modbus_tcp.planner import Cost, Limits, Span, outer, partition, size, touches
from gateway.connectors.modbus_tcp.protocol import BlockDecoder, Field
from gateway.connectors.modbus_tcp.reads import Function, ModbusRead, Select

BITS_A_REGISTER = 16


@dataclass(frozen=True, slots=True)
class Block:
    """One read request; ``rows`` are the positions of its fields in the unit's list of points.

    ``spans`` are what is wanted of it. ``select`` is written before, in one step with the read.
    """

    function: Function
    address: int
    count: int
    rows: tuple[int, ...]
    spans: tuple[Span, ...] = ()
    select: Select | None = None


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """How one unit is read: blocks, each with its decoder; ``unread`` are the rows that are known as bad."""

    blocks: tuple[Block, ...]
    decoders: tuple[BlockDecoder, ...]
    unread: tuple[int, ...]
    cost: Cost

    def predicted_s(self) -> float:
        """Return the line time of one cycle."""
        return sum(block_cost(self.cost, block.function).of(block.count) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Part:
    """The points of one device that are read from one unit at one rate, by their positions in its profile."""

    device: Device
    shift: int
    points: tuple[int, ...]

    @property
    def profile_points(self) -> tuple[ProfilePoint, ...]:
        """The points as the profile has them."""
        return tuple(self.device.profile.points[at] for at in self.points)

    def fields(self) -> list[Field]:
        """Return how each is read; raises ValueError for a shift past the last register."""
        own = ModbusProfileOptions.model_validate(self.device.profile.options)
        return [
            Field(
                read=(read := ModbusRead.model_validate(point.read).shifted(self.shift)),
                order=read.order or own.word_order,
                quantity=point.quantity,
                floor=float("-inf") if point.floor is None else point.floor,
                ceiling=float("inf") if point.ceiling is None else point.ceiling,
                is_event=point.kind is not PointKind.MEASURE,
            )
            for point in self.profile_points
        ]


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of one unit, over all its devices, and what its profiles allow of a request."""

    fields: tuple[Field, ...]
    options: ModbusProfileOptions

    @classmethod
    def of(cls, parts: Iterable[Part | Device]) -> Layout:
        """Join the points of ``parts``, in their order; raises ValueError as `Part.fields` does.

        A whole device stands for all its points, as if they were on one unit.
        """
        chosen = [part if isinstance(part, Part) else _whole(part) for part in parts]
        options = [ModbusProfileOptions.model_validate(part.device.profile.options) for part in chosen]
        return cls(tuple(field for part in chosen for field in part.fields()), _strictest(options))

    def plan(self, cost: Cost, learned: Learned | None = None) -> UnitPlan:
        """Return the cheapest plan that keeps clear of what is declared or learned as bad.

        A pause that the device needs counts as part of each request: it is the dearest part of all.
        """
        cost = Cost(cost.request_s + self.options.pause_s, cost.register_s)
        learned = learned or Learned()
        reads = [field.read for field in self.fields]
        bad = {table: (*self.options.bad_ranges, *learned.bad_of(table)) for table in Function}
        unread = tuple(row for row, read in enumerate(reads) if touches(read.span, bad[read.function]))
        blocks = plan_blocks(reads, cost, self.options, learned, skip=unread)
        blocks.sort(key=lambda block: not any(self.fields[row].is_event for row in block.rows))  # a fire first
        decoders = [BlockDecoder(one.address, one.count, [self.fields[row] for row in one.rows]) for one in blocks]
        return UnitPlan(tuple(blocks), tuple(decoders), unread, cost)


def grouped(devices: Iterable[Device]) -> dict[tuple[int, float], list[Part]]:
    """Return what is read together: the points of all devices by unit id and period, in the devices' order.

    Most devices are one part of one group. One whose profile names parts has points on several units, and one
    whose points have periods of their own is read at several rates.
    """
    together: dict[tuple[int, float], list[Part]] = defaultdict(list)
    for device in devices:
        places: dict[tuple[int, int, float], list[int]] = defaultdict(list)
        for at, point in enumerate(device.profile.points):
            places[*unit_and_shift(device.address_of(point)), device.period_s(point)].append(at)
        for (unit, shift, period_s), points in places.items():
            together[unit, period_s].append(Part(device, shift, tuple(points)))
    return together


def _whole(device: Device) -> Part:
    _, shift = unit_and_shift(device.settings.address)
    return Part(device, shift, tuple(range(len(device.profile.points))))


def plan_blocks(
    reads: Sequence[ModbusRead],
    cost: Cost,
    options: ModbusProfileOptions,
    learned: Learned | None = None,
    *,
    skip: Iterable[int] = (),
) -> list[Block]:
    """Return the blocks that cover ``reads`` except the rows in ``skip``, by table and address; mailboxes last.

    Raises ValueError when one value alone needs more than the device allows.
    """
    rows_of: dict[tuple[Function, Select | None], list[int]] = defaultdict(list)
    left_out = set(skip)
    for row, read in enumerate(reads):
        if row not in left_out:
            rows_of[read.function, read.select].append(row)
    blocks: list[Block] = []
    order = {function: at for at, function in enumerate(Function)}
    for function, select in sorted(rows_of, key=lambda key: (key[1] is not None, order[key[0]])):
        rows = rows_of[function, select]
        spans = {row: reads[row].span for row in rows}
        limits = _limits(function, options, learned or Learned(), widest=max(map(size, spans.values())))
        for first, last in partition(spans.values(), block_cost(cost, function), limits):
            blocks.append(_block(function, (first, last), spans, select))
    return blocks


def block_cost(cost: Cost, function: Function) -> Cost:
    """Return the cost model of a table: sixteen bits travel as one register."""
    return Cost(cost.request_s, cost.register_s / BITS_A_REGISTER) if function.is_bits else cost


def _block(function: Function, block: Span, spans: dict[int, Span], select: Select | None) -> Block:
    """Make a block and take its rows out of ``spans``: where two blocks overlap, a row is read from the first."""
    rows = tuple(row for row, (first, last) in spans.items() if block[0] <= first and last <= block[1])
    wanted = tuple(outer(spans.pop(row) for row in rows))
    return Block(function, block[0], size(block), rows, wanted, select)


def _limits(function: Function, options: ModbusProfileOptions, learned: Learned, *, widest: int) -> Limits:
    """Join what the profile says and what was learned; a learned length never forbids a value that exists."""
    most = options.max_bits if function.is_bits else options.max_registers
    found = learned.most_of(function)
    return Limits(
        most=most if found is None else min(most, max(found, widest)),
        gap=options.gap_fill,
        bad=(*options.bad_ranges, *learned.bad_of(function)),
        seams=learned.seams_of(function),
    )


def _strictest(options: Sequence[ModbusProfileOptions]) -> ModbusProfileOptions:
    """Return what all profiles of one unit allow together."""
    gaps = [one.gap_fill for one in options if one.gap_fill is not None]
    return ModbusProfileOptions(
        max_registers=min(one.max_registers for one in options),
        max_bits=min(one.max_bits for one in options),
        gap_fill=min(gaps) if gaps else None,
        pause_s=max(one.pause_s for one in options),
        bad=tuple(item for one in options for item in one.bad),
    )
