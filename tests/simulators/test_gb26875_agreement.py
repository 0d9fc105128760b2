"""The two halves of GB/T 26875.3 agree: what each simulated maker sends is what its device profile reads, and back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from domain.clock import FakeClock
from gateway.connectors.gb26875.centre import Sender, confirm
from gateway.connectors.gb26875.objects import AnalogValue, ComponentState, Raw, decode_unit
from gateway.connectors.gb26875.profile import address_bytes, component_bytes, component_key, standard_state, time_of
from gateway.connectors.gb26875.profiles import PROFILES
from gateway.connectors.gb26875.protocol import Command, Decoder, Frame, Received
from simulators.gb26875.buttons import Push, push
from simulators.gb26875.dialect import DIALECTS
from simulators.gb26875.equipment import bench_equipment
from simulators.gb26875.orders import answer
from simulators.gb26875.presses import Press
from simulators.gb26875.stamps import ComponentForm
from simulators.gb26875.transmitter import Transmitter

SHOWN = datetime(2027, 1, 15, 16, 0, 0)  # noqa: DTZ001 -- the wire has no zone
"""What a clock in China shows at `FakeClock`'s start."""


def transmitter_of(profile: str) -> Transmitter:
    dialect = DIALECTS[profile]
    address: int | str = "10.0.0.7:5900" if profile == "fanhai_sanjiang" else 13800001234
    return Transmitter(
        "utd",
        address,
        bench_equipment(0),
        dialect,
        clock=FakeClock(),
        zone=timezone(timedelta(hours=8)),
    )


def component_of(transmitter: Transmitter) -> str:
    """Return an address as this maker writes it."""
    return {ComponentForm.NUMBER: "655", ComponentForm.DOTTED: "1-0-2-0"}.get(transmitter.dialect.component, "10-2")


def answered(transmitter: Transmitter, order: Frame) -> Frame:
    """Let a transmitter answer the centre's frame; what it says is a good frame."""
    [taken] = transmitter.received(order.encode())
    [found] = Decoder().feed(answer(transmitter, taken, 0.0))
    assert isinstance(found, Received)
    assert found.frame.sequence == order.sequence
    assert found.frame.destination == order.source
    return found.frame


def test_every_device_profile_of_the_gateway_has_a_simulated_maker() -> None:
    assert set(DIALECTS) == set(PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_makers_fire_and_level_are_read_by_its_profile(profile: str) -> None:
    transmitter, reader = transmitter_of(profile), PROFILES[profile]
    at = component_of(transmitter)
    push(transmitter, Push(press=Press.FIRE, component=f"c42-{at}"), 0.0)
    push(transmitter, Push(press=Press.MEASURE, component=f"c42-{at}", analog=2, value=3.25), 0.0)
    frames, now_s = [], 0.0
    while (raw := transmitter.due(now_s)) is not None:
        [found] = Decoder().feed(raw)
        assert isinstance(found, Received)
        frames.append(found.frame)
        transmitter.outbox.confirmed(found.frame.sequence)
    units = {unit.type: unit.objects for frame in frames for unit in (decode_unit(frame, reader),)}
    fire = units[2][0]
    assert isinstance(fire, ComponentState)
    assert (standard_state(fire.state, reader) & ~1, fire.component_type) == (2, 42)
    assert component_key(fire.component, reader) == at
    assert fire.time == SHOWN
    level = next(one for objects in units.values() for one in objects if isinstance(one, AnalogValue))
    assert (level.analog_type, level.value) == (2, 325)
    assert time_of(frames[0].time, reader) == SHOWN
    assert frames[0].source == address_bytes(transmitter.address, reader)


@pytest.mark.parametrize("profile", PROFILES)
def test_requests_61_to_88_are_answered_so_that_the_profile_reads_them(profile: str) -> None:
    transmitter, reader = transmitter_of(profile), PROFILES[profile]
    at = component_of(transmitter)
    transmitter.equipment.component(f"c42-{at}").values[2] = 1.5
    push(transmitter, Push(press=Press.MUTE, operator=3), 0.0)
    push(transmitter, Push(press=Press.RESET, operator=4), 0.0)
    sender = Sender(centre=bytes(6), device=address_bytes(transmitter.address, reader), profile=reader)
    early = SHOWN - timedelta(days=1)
    where = component_bytes(at, reader)
    orders = [
        *(sender.read_system(flag, 1, 1, sequence=flag, now=SHOWN) for flag in (61, 65, 66, 68)),
        *(sender.read_component(flag, 1, 1, where, sequence=flag, now=SHOWN) for flag in (62, 63, 67)),
        *(sender.read_transmitter(flag, sequence=flag, now=SHOWN) for flag in (81, 85, 86, 88)),
        sender.read_system_operations(1, 1, 5, early, sequence=64, now=SHOWN),
        sender.read_transmitter_operations(5, early, sequence=84, now=SHOWN),
    ]
    for order in orders:
        unit = decode_unit(answered(transmitter, order), reader)
        assert len(unit.objects) == 1
        assert not isinstance(unit.objects[0], Raw), order


@pytest.mark.parametrize("profile", PROFILES)
def test_orders_89_to_91_are_confirmed_and_obeyed(profile: str) -> None:
    transmitter, reader = transmitter_of(profile), PROFILES[profile]
    sender = Sender(centre=bytes(6), device=address_bytes(transmitter.address, reader), profile=reader)
    later = SHOWN + timedelta(seconds=90)
    assert answered(transmitter, sender.set_clock(sequence=1, now=later)).command == Command.CONFIRM
    assert transmitter.local_time() == later
    assert answered(transmitter, sender.roll_call(3, sequence=2, now=SHOWN)).command == Command.CONFIRM
    assert transmitter.ringing_s(0.0) == (600.0 if profile == "roll_call_empty" else 180.0)
    assert answered(transmitter, sender.initialise(sequence=3, now=SHOWN)).command == Command.CONFIRM


@pytest.mark.parametrize("profile", PROFILES)
def test_the_confirm_of_the_centre_settles_a_heartbeat_and_a_state(profile: str) -> None:
    transmitter, reader = transmitter_of(profile), PROFILES[profile]
    transmitter.connected(0.0)
    for now_s in (0.0, 0.1, 1_000.0):
        while (raw := transmitter.due(now_s)) is not None:
            [found] = Decoder().feed(raw)
            assert isinstance(found, Received)
            transmitter.received(confirm(found.frame, SHOWN, reader).encode())
    assert transmitter.outbox.idle
    assert transmitter.outbox.counts.sent >= 3
