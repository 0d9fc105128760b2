"""Laws of the mapping: any frame under any profile never raises, no fire is lost, times move forward only."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import NS_PER_MS, NS_PER_S
from domain.quality import BASE_MASK, GOOD
from gateway.connectors.gb26875 import naming
from gateway.connectors.gb26875.mapping import Harvest
from gateway.connectors.gb26875.objects import (
    ComponentState,
    InformationObject,
    SystemOperation,
    SystemState,
    TransmitterOperation,
    TransmitterState,
    decode_unit,
    encode_unit,
)
from gateway.connectors.gb26875.profile import DeviceProfile, component_bytes, standard_state
from gateway.connectors.gb26875.protocol import Frame
from gateway.connectors.gb26875.readings import Operation
from tests.gateway.gb26875.made_frames import FLAGS, frame, frames, objects_of, profiles
from tests.gateway.gb26875.mapped import NOW_NS, UTD, Hosted, Mapped

UPLINK = [flag for flag in FLAGS if flag < 61]
ROOMS = [20_000, 40, 0]
commands = st.sampled_from([2, 5, 4, 1, 200])


@st.composite
def uploads(draw: st.DrawFn, profile: DeviceProfile) -> Frame:
    """A frame of any type: what the profile reads, at random addresses near the declared ones or anywhere."""
    flag = draw(st.sampled_from(UPLINK))
    count = 1 if flag in (5, 8, 21, 25, 26, 28) else draw(st.integers(1, 3))
    items = [draw(objects_of(flag, profile)) for _ in range(count)]
    return frame(
        encode_unit(items, profile, flag), command=draw(commands), time=draw(st.binary(min_size=6, max_size=6))
    )


def says_fire(item: InformationObject) -> bool:
    match item:
        case ComponentState() | SystemState() | TransmitterState():
            return bool(item.state & 2)
        case SystemOperation() | TransmitterOperation():
            return bool(item.flags & 4)
        case _:
            return False


def fires(harvest: Harvest, one: Mapped) -> int:
    """How many readings say fire: bit 1 of a state, bit 2 (manual alarm) of an operation, one without a component."""
    found = 0
    for at, point in enumerate(harvest.point):
        entry, value = one.hosted.table[point], harvest.value[at]
        if entry.name == "operation" or entry.word.endswith("operation"):
            found += bool(int(value) & 4)
        elif entry.name == "fire_elsewhere":
            found += value == 1
        elif entry.kind == "state":
            found += bool(int(value) & 2)
    return found


@given(st.data(), profiles, st.sampled_from(ROOMS))
def test_every_fire_of_every_upload_is_a_reading_that_says_fire(
    data: st.DataObject, profile: DeviceProfile, room: int
) -> None:
    one = Mapped(profile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naming, "MOST_POINTS", room)
        for _ in range(3):
            upload = data.draw(uploads(profile))
            unit = decode_unit(upload, profile)
            harvest = one.take(upload)
            if upload.command != 5:  # operation records that are read again are no events
                assert fires(harvest, one) == sum(map(says_fire, unit.objects))


@given(st.lists(st.tuples(frames, st.integers(0, 2 * NOW_NS)), max_size=5), profiles, st.sampled_from(ROOMS))
def test_any_frame_under_any_profile_becomes_readings_or_dead_letters(
    given_frames: list[tuple[Frame, int]], profile: DeviceProfile, room: int
) -> None:
    one = Mapped(profile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naming, "MOST_POINTS", room)
        for upload, received_ns in given_frames:
            harvest = one.take(upload, received_ns)
            batch = harvest.batch(one.hosted.table)
            unusable = np.isnan(batch.value)
            assert ((batch.quality[unusable] & BASE_MASK) != GOOD).all()
            assert ((batch.quality[~unusable] & BASE_MASK) == GOOD).all()
            if any(type(item).__name__ == "Raw" for item in decode_unit(upload, profile).objects):
                assert harvest.letters


@given(st.data(), profiles)
@settings(max_examples=50)
def test_times_of_a_point_never_repeat_and_never_decrease(data: st.DataObject, profile: DeviceProfile) -> None:
    one = Mapped(profile)
    times = defaultdict(list)
    for _ in range(data.draw(st.integers(2, 6))):
        received_ns = NOW_NS + data.draw(st.integers(-400, 400)) * NS_PER_S
        harvest = one.take(data.draw(uploads(profile)), received_ns)
        for point, time_ns in zip(harvest.point, harvest.time_ns, strict=True):
            assert time_ns % NS_PER_MS == 0
            times[point].append(time_ns)
    assert all(column == sorted(set(column)) for column in times.values())


@given(st.data(), st.integers(0, 0xFFFF), profiles)
def test_a_declared_components_state_comes_back_in_the_standards_bits(
    data: st.DataObject, state: int, profile: DeviceProfile
) -> None:
    part = data.draw(st.sampled_from(UTD.systems[0].components))
    try:
        raw = component_bytes(part.at, profile)
    except ValueError:  # this profile writes addresses that the site does not have
        return
    one = Mapped(profile)
    one.say(ComponentState(1, 1, part.type or 91, raw, state, bytes(31), one.stamp()))
    [(name, value, _)] = one.rows
    own = any(state >> bit & 1 for bit in profile.component_bits)
    assert (name, value) == (f"fas/{part.id}", standard_state(state, profile) | (4 if own else 0))


@given(st.lists(frames, max_size=6), profiles)
def test_frames_in_one_commit_or_in_many_become_the_same_readings(some: list[Frame], profile: DeviceProfile) -> None:
    apart, together = Mapped(profile), Mapped(profile, hosted=Hosted())
    rows: list[tuple[str, int, float]] = []
    operations: list[Operation] = []
    for upload in some:
        harvest = apart.take(upload)
        operations += harvest.operations
        rows += told(apart, harvest)
    whole = Harvest()
    for upload in some:
        together.mapper.take(decode_unit(upload, profile), upload, NOW_NS, whole)
    assert repr(told(together, whole)) == repr(rows)  # as text, for NaN
    assert whole.operations == operations


def told(one: Mapped, harvest: Harvest) -> list[tuple[str, int, float]]:
    names = [one.hosted.table[point].key for point in harvest.point]
    return list(zip(names, harvest.time_ns, harvest.value, strict=True))
