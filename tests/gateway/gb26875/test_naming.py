"""Names of learned points: one thing one name, never another point's, and a bound on how many."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import alias_of, is_token
from domain.points import Point, PointKind
from domain.site.transmitters import TransmitterSettings
from gateway.connectors.gb26875 import naming
from gateway.connectors.gb26875.naming import MOST_LABEL, Naming
from gateway.connectors.gb26875.objects import (
    AnalogValue,
    ComponentState,
    SystemOperation,
    SystemState,
    TransmitterOperation,
    text_bytes,
)
from gateway.connectors.gb26875.profile import DeviceProfile, component_bytes
from gateway.connectors.gb26875.profiles import STANDARD, profile_named
from tests.gateway.gb26875.made_frames import bytes1, profiles
from tests.gateway.gb26875.mapped import UTD, Hosted, Mapped

FIRE = 2


def fire(one: Mapped, zone: int, point: int, *, system: int = 1, text: str = "") -> ComponentState:
    raw = zone.to_bytes(2, "little") + point.to_bytes(2, "little")
    return ComponentState(system, 1, 40, raw, FIRE, text_bytes(text, 31), one.stamp())


def colliding() -> tuple[tuple[int, int], tuple[int, int]]:
    """Two addresses whose points of the device ``fas`` have one wire alias."""
    chance = random.Random(1)
    seen: dict[int, tuple[int, int]] = {}
    for _ in range(1_000_000):
        address = chance.randrange(0x10000), chance.randrange(0x10000)
        other = seen.setdefault(alias_of("fas", f"c40-{address[0]}-{address[1]}"), address)
        if other != address:
            return other, address
    raise AssertionError


def test_a_name_whose_wire_alias_is_anothers_gets_a_number() -> None:
    first, second = colliding()
    one = Mapped()
    one.say(fire(one, *first), fire(one, *second))
    names = [f"fas/c40-{first[0]}-{first[1]}", f"fas/c40-{second[0]}-{second[1]}_2"]
    assert [name for name, _, _ in one.rows] == names
    again = Mapped(hosted=one.hosted)
    again.say(fire(again, *second))
    assert [name for name, _, _ in again.rows] == names[1:]


def test_a_name_that_the_site_gave_to_something_else_gets_a_number() -> None:
    document = UTD.model_dump()
    document["systems"][0]["components"][0]["id"] = "c40-9-9"
    one = Mapped(settings=TransmitterSettings.model_validate(document))
    one.say(fire(one, 10, 2), fire(one, 9, 9))
    assert [name for name, _, _ in one.rows] == ["fas/c40-9-9", "fas/c40-9-9_2"]


def test_two_declared_components_at_one_address_are_told_by_their_type() -> None:
    document = UTD.model_dump()
    document["systems"][0]["components"] = [
        {"id": "smoke", "at": "1-1", "type": 40, "labels": {"zh": "烟", "en": "smoke"}},
        {"id": "heat", "at": "1-1", "type": 30, "labels": {"zh": "温", "en": "heat"}},
    ]
    one = Mapped(settings=TransmitterSettings.model_validate(document))
    raw = component_bytes("1-1", STANDARD)
    for kind in (30, 40, 99):
        one.say(ComponentState(1, 1, kind, raw, 1, bytes(31), one.stamp()))
        assert [name for name, _, _ in one.rows] == ["fas/heat" if kind == 30 else "fas/smoke"]


@given(profiles, st.binary(min_size=4, max_size=4), st.tuples(bytes1, bytes1, bytes1), bytes1)
def test_learned_names_are_tokens_and_a_function_of_what_the_wire_says(
    profile: DeviceProfile, raw: bytes, codes: tuple[int, int, int], code: int
) -> None:
    system, address, kind = codes
    hosted = Hosted()
    found = []
    for _ in range(2):
        names = Naming(UTD, profile, hosted)
        part = names.component(system, address, kind, raw)
        points = [names.state_of(part, "x" * 31), names.analog_of(part, code), names.state_of_system(part.home)]
        found.append(points)
    assert found[0] == found[1]
    assert None not in found[0]
    assert len(set(found[0])) == 3
    for point in hosted.learned:
        assert is_token(point.name)
        assert 0 < len(point.label_zh) <= MOST_LABEL
        assert 0 < len(point.label_en) <= MOST_LABEL


@given(profiles, st.tuples(st.integers(0, 255), st.integers(0, 255)))
def test_a_declared_component_is_found_under_every_profile_that_can_write_its_address(
    profile: DeviceProfile, address: tuple[int, int]
) -> None:
    document = UTD.model_dump()
    key = f"{address[0]}-{address[1]}"
    document["systems"][0]["components"] = [{"id": "one", "at": key, "labels": {"zh": "一", "en": "one"}}]
    settings = TransmitterSettings.model_validate(document)
    try:
        raw = component_bytes(key, profile)
    except ValueError:
        raw = component_bytes(key, STANDARD)
        expected = None
    else:
        expected = "one"
    part = Naming(settings, profile, Hosted(settings)).component(1, 1, 40, raw)
    assert (part.declared.id if part.declared else None) == expected


def test_a_declared_address_in_another_form_than_the_devices_is_learned_instead() -> None:
    one = Mapped(profile_named("plain_component_number"))
    one.say(fire(one, 10, 2))
    assert [name for name, _, _ in one.rows] == ["fas/c40-131082"]


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a transmitter have no more points than are declared."""
    monkeypatch.setattr(naming, "MOST_POINTS", 0)


@pytest.mark.usefixtures("no_room")
def test_a_fire_without_room_for_a_point_is_one_without_a_component() -> None:
    one = Mapped()
    one.say(fire(one, 9, 9, text="Ａ区"))
    assert one.rows == [("utd/fire_elsewhere", 1, "感烟火灾探测器 9-9 Ａ区")]
    assert [letter.reason for letter in one.letters] == ["fire_without_point"]


@pytest.mark.usefixtures("no_room")
def test_a_fire_of_an_unknown_system_without_room_names_it() -> None:
    one = Mapped()
    one.say(fire(one, 9, 9, system=12))
    assert one.rows == [("utd/fire_elsewhere", 1, "自动喷水灭火系统 1 感烟火灾探测器 9-9")]
    one.say(SystemState(12, 1, 0b111, one.stamp()))
    assert one.rows == [("utd/fire_elsewhere", 1, "自动喷水灭火系统 1")]
    one.say(SystemOperation(12, 1, 0b101, 3, one.stamp()))
    assert one.rows == [("utd/operation", 4, "自动喷水灭火系统 1 operator 3")]


@pytest.mark.usefixtures("no_room")
def test_anything_else_without_room_is_a_dead_letter() -> None:
    one = Mapped()
    one.say(ComponentState(1, 1, 40, bytes(4), 1, bytes(31), one.stamp()))
    assert (one.rows, [letter.reason for letter in one.letters]) == ([], ["no_point"])
    one.say(AnalogValue(1, 1, 40, bytes(4), 3, 1, one.stamp()))
    assert (one.rows, [letter.reason for letter in one.letters]) == ([], ["no_point"])
    one.say(SystemOperation(12, 1, 1, 3, one.stamp()))
    assert (one.rows, [letter.reason for letter in one.letters]) == ([], ["no_point"])


@pytest.mark.usefixtures("no_room")
def test_declared_points_need_no_room() -> None:
    one = Mapped()
    one.say(fire(one, 10, 2))
    one.say(TransmitterOperation(4, 1, one.stamp()))
    assert one.rows == [("utd/operation", 4, "operator 1")]
    assert one.letters == []


def test_the_bound_holds_over_a_flood_of_invented_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = Hosted()
    monkeypatch.setattr(naming, "MOST_POINTS", len(hosted.table) + 20)
    one = Mapped(hosted=hosted)
    for point in range(0, 44, 11):
        one.say(*(fire(one, 99, point + more) for more in range(11)))
    assert len(hosted.learned) == 20
    one = Mapped(hosted=hosted)
    one.say(fire(one, 98, 1))
    assert [name for name, _, _ in one.rows] == ["utd/fire_elsewhere"]


def test_a_hosting_that_does_not_take_a_point_loses_no_fire() -> None:
    hosted = Hosted()
    hosted.learns = False
    one = Mapped(hosted=hosted)
    one.say(fire(one, 9, 9))
    assert [(name, value) for name, value, _ in one.rows] == [("utd/fire_elsewhere", 1)]


def test_a_learned_point_survives_as_it_was_learned() -> None:
    one = Mapped()
    one.say(fire(one, 9, 9))
    assert one.hosted.learned == [
        Point(
            unit="hotel", gateway="utd", device="fas", name="c40-9-9", kind=PointKind.STATE,
            max_silence_s=one.hosted.learned[0].max_silence_s, label_zh="感烟火灾探测器 9-9",
            label_en="smoke detector 9-9", word="gb_component_state",
        )
    ]  # fmt: skip
