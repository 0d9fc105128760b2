"""Finding a device among many, and how each stands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboards.console.devices import finding
from dashboards.console.devices.finding import MOST_SHOWN, Filter, IndexInMaking, find, index_of, place_of
from dashboards.console.texts import Language
from dashboards.live.device_health import Standing, lost_devices
from dashboards.live.health import Condition
from domain.alarm import AlarmClass, Place
from domain.site.registry import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, alert, well
from tests.dashboards.district import district
from tests.dashboards.premises import premises

SITE = district(300)
INDEX = index_of(SITE, Language.ZH)


def keys(**wanted: Any) -> list[str]:
    return [device.key for device in find(INDEX, Filter(**wanted)).devices]


def test_every_word_must_occur_in_names_place_kind_or_address() -> None:
    assert keys(words="utd-33") == ["u0008/utd-33", "u0008/fas-33"]
    assert keys(words="33号传输装置 1033") == ["u0008/utd-33"]
    assert keys(words="TRANSMITTER UTD-33 传输装置") == ["u0008/utd-33"]
    assert keys(words="1033 transmitter") == ["u0008/utd-33"]
    assert keys(words="utd-33 corridor nowhere") == []


def test_filters_narrow_and_what_is_not_shown_is_counted() -> None:
    assert {key.partition("/")[0] for key in keys(unit="hotel")} == {"hotel"}
    assert all(key.partition("/")[2].startswith("fas-") for key in keys(kind="facility_system"))
    assert keys(zone="roof") == []
    found = find(INDEX, Filter())
    assert (len(found.devices), found.count) == (MOST_SHOWN, len(SITE.devices))


def test_a_filter_is_read_from_an_address_and_written_back() -> None:
    given = {"q": "泵 room", "unit": "hotel", "kind": "", "zone": "exit", "other": "x"}
    assert Filter.read(given) == Filter(words="泵 room", unit="hotel", zone="exit")
    assert Filter.read(given).query() == {"q": "泵 room", "unit": "hotel", "zone": "exit"}
    assert len(Filter.read({"q": "x" * 5000}).words) == 100


async def test_an_index_of_many_is_made_beside_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert IndexInMaking(SITE, Language.ZH).index is not None
    monkeypatch.setattr(finding, "MADE_AT_ONCE", 10)
    made = IndexInMaking(SITE, Language.EN)
    assert made.index is None
    async with asyncio.timeout(30):
        while made.index is None:  # a page looks once a second, too
            await asyncio.sleep(0.01)
    assert len(made.index.texts) == len(SITE.devices)


def test_a_place_is_written_from_the_building_down() -> None:
    device = premises().devices["hotel/pressure"]
    assert place_of(device, Language.ZH) == "东楼 · 地下1层 · 消防泵房"
    assert place_of(device, Language.EN) == "East building · basement 1 · fire pump room"


def standing(registry: Registry, *alerts: Any, **changes: Any) -> Standing:
    board = well(*alerts)
    board.statuses["gateway.hotel.gw-east"] = {**GATEWAY_WELL, **changes}
    return Standing(board, registry, NOW_NS)


def test_a_device_that_does_not_answer_is_lost_while_its_gateway_is_heard() -> None:
    site = premises()
    lines = {"line": {"ok": True, "lost": ["pressure", 7]}, "junk": None}
    now = standing(site, connections=lines)
    assert now.is_lost(site.devices["hotel/pressure"])
    assert not now.is_lost(site.devices["hotel/panel"])
    silent = standing(site, connections=lines, time_ns=0)
    assert not silent.is_lost(site.devices["hotel/pressure"])
    assert silent.condition(site.devices["hotel/pressure"]) is Condition.SILENT
    assert lost_devices(now.board, "hotel/other") == frozenset()


def test_open_alarms_of_a_device_come_by_class() -> None:
    site = premises()
    place = Place(unit="hotel", zone="pump", device="pressure")
    fault, fire = alert(2, place=place, alarm_class=AlarmClass.FAULT), alert(1, place=place)
    now = standing(site, fault, fire, alert(3))
    assert [one.id for one in now.open_alerts(site.devices["hotel/pressure"])] == ["a1", "a2"]
    assert now.open_alerts(site.devices["hotel/panel"]) == []
