"""What `fengsui check` finds in a connection with transmitters: file, field, what is wrong, what to write."""

from __future__ import annotations

from typing import Any

import pytest

from domain.documents import Document
from gateway.check import check_site
from tests.gateway.gateway_sites import LABELS, UNIT, built_in_profiles, device, gateway_document, registry_of
from tests.gateway.gb26875.access_servers import access_connection, transmitter


def problems(*transmitters: dict[str, Any], **settings: Any) -> list[str]:
    return found_in(access_connection(transmitters, settings))


def found_in(*connections: dict[str, Any]) -> list[str]:
    registry = registry_of(*connections)
    documents: list[Document] = [gateway_document(*connections)]
    return [str(problem) for problem in check_site(registry, documents, built_in_profiles())]


def with_components(*components: dict[str, Any]) -> dict[str, Any]:
    described = [{"labels": LABELS, **one} for one in components]
    return transmitter(systems=[{"id": "fas", "type": 1, "labels": LABELS, "components": described}])


def test_a_sound_connection_has_no_problems() -> None:
    assert problems(transmitter(), transmitter("other", 890, profile="auto"), set_clocks=[f"{UNIT}/utd"]) == []


@pytest.mark.parametrize(
    ("transmitters", "said", "mend"),
    [
        ([transmitter(address="889x")], "transmitters[0].address", "a number from 0"),
        ([transmitter(address=2**48)], "does not fit six bytes", "a number from 0"),
        ([transmitter(address=10**12, profile="bcd")], "more than 12 digits", "013800001234"),
        ([transmitter(), transmitter("other", "889")], f"{UNIT}/utd has this address", "peer"),
        ([transmitter(profile="standart")], "no such device profile", "did you mean 'standard'"),
        ([with_components({"id": "smoke", "at": "ten"})], "components[0].at", "10-2"),
        ([with_components({"id": "a", "at": "1-1"}, {"id": "b", "at": "1-1"})], "'a' has this address", "own address"),
        (
            [transmitter(systems=[{"id": name, "type": 1, "labels": LABELS} for name in ("one", "two")])],
            "two systems have this type and address",
            "own address",
        ),
    ],
)
def test_each_wrong_value_of_a_transmitter_is_named_with_its_mend(
    transmitters: list[dict[str, Any]], said: str, mend: str
) -> None:
    (problem,) = problems(*transmitters)
    assert said in problem
    assert mend in problem


def test_one_address_may_be_used_twice_where_the_peer_tells_them_apart() -> None:
    assert problems(transmitter(peer="10.0.0.1"), transmitter("other", peer="10.0.0.2")) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"port": 70_000}, "settings.port"),
        ({"inspection_s": 7201}, "settings.inspection_s"),
        ({"allow": ["10.0.0.0/33"]}, "settings.allow"),
        ({"set_clocks": [f"{UNIT}/nobody"]}, "no such transmitter"),
        ({"limits": {"waiting": 1}}, "waiting_per_transmitter"),
        ({"roll_call": {"minutes": 11}}, "roll_call.minutes"),
    ],
)
def test_each_wrong_setting_is_named(settings: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(transmitter(), **settings))


def test_only_the_access_server_itself_is_a_device_of_the_connection() -> None:
    connection = access_connection([], {})
    wrong = {**connection, "devices": [device("panel", "gb26875_system", "1-1")]}
    assert any("under 'transmitters'" in problem for problem in found_in(wrong))
    twice = {**connection, "devices": [*connection["devices"], device("second", "gb26875_access", "access")]}
    assert any("one access server" in problem for problem in found_in(twice))
    elsewhere = {**connection, "devices": [device("own", "gb26875_access", 7)]}
    assert any("address: access" in problem for problem in found_in(elsewhere))


def test_strangers_are_confirmed_only_where_a_fire_of_theirs_is_told() -> None:
    connection = access_connection([], {"confirm_strangers": True})
    assert found_in(connection) == []
    (problem,) = found_in({**connection, "devices": []})
    assert "settings.confirm_strangers" in problem
    assert "gb26875_access" in problem


def test_two_connections_of_a_gateway_need_two_ports() -> None:
    first = {"id": "one", "protocol": "gb26875", "settings": {"port": 5900}, "devices": [], "transmitters": []}
    assert any(
        "connection 'one' listens on this port" in problem for problem in found_in(first, {**first, "id": "two"})
    )
    elsewhere = {**first, "id": "two", "settings": {"port": 5901}}
    assert found_in(first, elsewhere) == []
