"""What people ask of a running gateway about its lines: frames as they pass, and how every line fares."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from domain.errors import FengsuiError
from tests.gateway.gateway_place import Site, has, site, until
from tests.gateway.gateway_sites import GATEWAY, UNIT

SERVICE = f"svc.gateway.{UNIT}.{GATEWAY}"


async def tail(place: Site, **request: Any) -> dict[str, Any]:
    answer = await place.backbone.request(SERVICE, {"command": "frames_tail", **request})
    assert isinstance(answer, dict)
    return answer


async def test_frames_of_a_line_pass_before_who_asks_with_their_words(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA"))
        first = await tail(place)
        assert (first["connection"], first["frames"]) == ("line", [])
        seen: list[dict[str, Any]] = []

        async def enough() -> bool:
            answer = await tail(place, connection="line", after=seen[-1]["seq"] if seen else 0)
            seen.extend(answer["frames"])
            return len(seen) >= 12

        await until(enough)
        assert [one["seq"] for one in seen] == list(range(1, len(seen) + 1))
        assert {one["out"] for one in seen} == {True, False}
        asked = next(one for one in seen if one["out"])
        assert asked["zh"].startswith("从站 ")
        assert asked["en"].startswith("unit ")
        assert abs(asked["time_ns"] - time.time_ns()) < 60e9
        assert bytes.fromhex(asked["hex"])[7] == 3
        assert (await tail(place, stop=True))["frames"] == []
        assert (await tail(place))["frames"] == []


async def test_a_connection_that_is_not_there_and_a_number_that_is_none_are_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA"))
        with pytest.raises(FengsuiError, match="no connection 'other'"):
            await tail(place, connection="other")
        with pytest.raises(FengsuiError, match="whole number"):
            await tail(place, after="first")


async def test_diagnostics_tell_round_trips_errors_and_who_does_not_answer(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA", 12))
        place.plant.banks.pop(2)  # nobody answers for this unit any more

        async def lost() -> bool:
            answer = await place.backbone.request(SERVICE, {"command": "diagnostics"})
            return bool(answer["connections"]["line"]["lost"])

        await until(lost)
        told = await place.backbone.request(SERVICE, {"command": "diagnostics"})
    line = told["connections"]["line"]
    units = {one["unit"]: one for one in line["units"]}
    assert line["lost"] == ["pressure-2"]
    assert set(units) == {"1", "2", "3"}
    assert units["1"]["breaker"] == "closed"
    assert units["2"]["breaker"] == "open"
    assert units["1"]["period_s"] == 0.2
    assert 0 < units["1"]["median_s"] <= units["1"]["p99_s"] < 5
    assert units["1"]["devices"] == ["pressure-1"]
    assert units["2"]["errors"]
    assert told["uplink"]["up"] is True
    assert told["process"]["memory"] > 1_000_000
    assert told["lanes"]["live"]["count"] > 0
    assert 0 <= told["spool"]["used"] < 1
