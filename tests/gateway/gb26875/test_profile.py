"""Device profiles: times, addresses, component addresses and bit 0 in all the forms seen in the field."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import is_token
from gateway.connectors.gb26875.profile import (
    AddressForm,
    BitZero,
    ComponentForm,
    DeviceProfile,
    address_bytes,
    address_text,
    component_bytes,
    component_key,
    component_numbers,
    is_test,
    standard_state,
    time_bytes,
    time_of,
)
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD, profile_named
from gateway.connectors.gb26875.stamps import TimeForm, time_in, time_raw
from tests.gateway.gb26875.made_frames import NOW, profiles, raws6

HOST = bytes.fromhex("c0a801046d1d")
BY_COMPONENTS = {profile.components: profile for profile in PROFILES.values()}
BY_ADDRESSES = {profile.addresses: profile for profile in PROFILES.values()}

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)).map(  # noqa: DTZ001 - no zone
    lambda moment: moment.replace(microsecond=0)
)


@given(moments, profiles)
def test_a_time_comes_back_in_every_form(moment: datetime, profile: DeviceProfile) -> None:
    assert time_of(time_bytes(moment, profile), profile) == moment


@pytest.mark.parametrize(
    ("form", "raw"),
    [
        (TimeForm.BINARY, "233a091a091a"),
        (TimeForm.BCD, "355809260926"),
        (TimeForm.BINARY_YEAR_FIRST, "1a091a093a23"),
        (TimeForm.BCD_YEAR_FIRST, "260926095835"),
    ],
)
def test_the_tag_of_2026_09_26_09_58_35_in_each_form(form: TimeForm, raw: str) -> None:
    assert time_raw(NOW, form).hex() == raw
    assert time_in(bytes.fromhex(raw), form) == NOW


@given(raws6, st.sampled_from(TimeForm))
def test_a_tag_that_is_a_time_has_only_these_bytes(raw: bytes, form: TimeForm) -> None:
    moment = time_in(raw, form)
    assert moment is None or time_raw(moment, form) == raw


@pytest.mark.parametrize(
    "raw",
    [bytes(6), b"\xff" * 6, bytes((60, 0, 0, 1, 1, 26)), bytes((0, 0, 24, 1, 1, 26)), bytes((0, 0, 0, 31, 2, 26)),
     bytes((0, 0, 0, 1, 13, 26)), bytes((0, 0, 0, 1, 1, 100)), b"", bytes(5)],
)  # fmt: skip
def test_bytes_that_are_no_time_are_none_and_no_error(raw: bytes) -> None:
    assert time_of(raw, STANDARD) is None


def test_a_nibble_above_nine_is_no_bcd() -> None:
    assert time_in(bytes.fromhex("355809260a26"), TimeForm.BCD) is None


def test_a_year_that_does_not_fit_is_not_sent() -> None:
    with pytest.raises(ValueError, match="year 2100 does not fit a time tag → use 2000 to 2099"):
        time_bytes(NOW.replace(year=2100), STANDARD)


@given(raws6, profiles)
def test_an_address_comes_back_from_its_text(raw: bytes, profile: DeviceProfile) -> None:
    assert address_bytes(address_text(raw, profile), profile) == raw


@pytest.mark.parametrize(
    ("form", "address", "raw"),
    [
        (AddressForm.U48_LE, 889, "790300000000"),
        (AddressForm.U48_BE, 889, "000000000379"),
        (AddressForm.BCD_LE, 13800001234, "341200003801"),
        (AddressForm.BCD_LE, "013800001234", "341200003801"),
        (AddressForm.IPV4_PORT, 889, "790300000000"),
        (AddressForm.IPV4_PORT, "192.168.1.4:7533", "c0a801046d1d"),
        (AddressForm.U48_LE, "192.168.1.4:7533", "c0a801046d1d"),
        (AddressForm.U48_LE, "0xC0A801046D1D", "c0a801046d1d"),
        (AddressForm.U48_LE, (1 << 48) - 1, "ffffffffffff"),
    ],
)
def test_an_address_is_written_as_its_profile_writes_it(form: AddressForm, address: int | str, raw: str) -> None:
    assert address_bytes(address, BY_ADDRESSES[form]).hex() == raw


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (AddressForm.U48_LE, "32354055858368"),
        (AddressForm.U48_BE, "211827804106013"),
        (AddressForm.BCD_LE, "0xc0a801046d1d"),
        (AddressForm.IPV4_PORT, "192.168.1.4:7533"),
    ],
)
def test_one_address_reads_differently_under_each_profile(form: AddressForm, text: str) -> None:
    assert address_text(HOST, BY_ADDRESSES[form]) == text


@pytest.mark.parametrize(
    ("profile", "address", "mend"),
    [
        ("standard", "east", "write a number from 0 to 281474976710655"),
        ("standard", -1, "write a number from 0"),
        ("standard", 1 << 48, "write a number from 0"),
        ("standard", "٣", "write a number from 0"),
        ("standard", "192.168.1.400:1", "write it as 192.168.1.4:7533"),
        ("standard", "192.168.1.4:65536", "write it as 192.168.1.4:7533"),
        ("bcd", 10**12, "write up to 12 digits"),
        ("fanhai_sanjiang", "here", "write an IPv4 address and a port"),
        ("standard", "0x12", "write a number from 0"),
    ],
)
def test_what_is_no_address_is_refused_with_what_to_write(profile: str, address: int | str, mend: str) -> None:
    with pytest.raises(ValueError, match=f"→ {mend}"):
        address_bytes(address, profile_named(profile))


COMPONENT = bytes.fromhex("0a000200")


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        (ComponentForm.ZONE_POINT, (10, 2)),
        (ComponentForm.POINT_ZONE, (2, 10)),
        (ComponentForm.U32_LE, (0x0002_000A,)),
        (ComponentForm.BIG_ENDIAN, (0x0A00, 0x0200)),
        (ComponentForm.DOTTED, (10, 0, 2, 0)),
    ],
)
def test_al_01_zone_10_point_2_and_its_other_readings(form: ComponentForm, numbers: tuple[int, ...]) -> None:
    profile = BY_COMPONENTS[form]
    assert component_numbers(COMPONENT, profile) == numbers
    assert component_key(COMPONENT, profile) == "-".join(map(str, numbers))


@given(st.binary(min_size=4, max_size=4), profiles)
def test_a_component_key_is_a_token_and_comes_back(raw: bytes, profile: DeviceProfile) -> None:
    key = component_key(raw, profile)
    assert is_token(key)
    assert component_bytes(key, profile) == raw


@pytest.mark.parametrize(
    ("profile", "key", "mend"),
    [
        ("standard", "10", "write it as zone-point, such as 10-2, each number 0 to 65535"),
        ("standard", "10-65536", "write it as zone-point"),
        ("standard", "a-b", "write it as zone-point"),
        ("standard", "", "write it as zone-point"),
        ("standard", "10--2", "write it as zone-point"),
        ("plain_component_number", "10-2", "write it as one number"),
        ("dotted_component", "10-2-0-256", "write it as four bytes, such as 10-0-2-0, each number 0 to 255"),
    ],
)
def test_what_is_no_component_address_is_refused_with_what_to_write(profile: str, key: str, mend: str) -> None:
    with pytest.raises(ValueError, match=f"→ {mend}"):
        component_bytes(key, profile_named(profile))


def test_bit_0_is_turned_only_where_the_profile_says_that_1_means_test() -> None:
    dahua = profile_named("dahua")
    assert dahua.bit_zero is BitZero.TEST
    assert (standard_state(0b10, STANDARD), standard_state(0b10, dahua)) == (0b10, 0b11)
    assert (is_test(0b10, STANDARD), is_test(0b10, dahua)) == (True, False)
    assert (is_test(0b11, STANDARD), is_test(0b11, dahua)) == (False, True)


def test_a_profile_may_ignore_bit_0() -> None:
    ignoring = DeviceProfile(name="x", labels=STANDARD.labels, source="test", bit_zero=BitZero.IGNORED)
    assert is_test(0b10, ignoring) is None
    assert standard_state(0b10, ignoring) == 0b10


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_profile_has_a_token_a_source_and_deviates_in_something(profile: DeviceProfile) -> None:
    assert is_token(profile.name)
    assert profile.source
    assert profile_named(profile.name) is profile
    same = DeviceProfile(name=profile.name, labels=profile.labels, source=profile.source)
    assert (profile == same) == (profile is STANDARD)


def test_an_unknown_profile_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r"'dahau' is no device profile → did you mean 'dahua'\?"):
        profile_named("dahau")
