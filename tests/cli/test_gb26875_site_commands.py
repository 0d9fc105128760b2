"""Transmitters and strangers of a running site, as an installer sees and adopts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from backbone.services import NOT_FOUND
from domain.errors import RefusedError
from domain.site.transmitters import TransmitterSettings
from tests.cli.gateway_desk import STRANGERS, desk, listed, refusal


async def test_transmitters_are_listed_with_line_profile_and_clock(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        shown = await site.fengsui("gb26875", "transmitters", "hotel", "--lang", "en")
        chinese = await site.fengsui("gb26875", "transmitters")
        as_json = await site.fengsui("gb26875", "transmitters", "school", "--json")
    assert shown.exit_code == 0
    assert shown.stdout.index("west-utd") < shown.stdout.index("pump-utd") < shown.stdout.index("east-utd")
    for words in ("○ down", "– never seen", "● up", "binary time", "-28800 s too much"):
        assert words in shown.stdout
    assert "gate-utd" not in shown.stdout
    assert "离线" in chinese.stdout
    assert "超差" in chinese.stdout
    assert [(row["host"], row["id"]) for row in json.loads(as_json.stdout)] == [("hotel/gw-east", "gate-utd")]


async def test_a_gateway_that_is_away_makes_the_list_incomplete_and_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        await site.backbone.put_status("gateway.hotel.gw-west", {"hosting": {"known": 1}})
        shown = await site.fengsui("gb26875", "transmitters", "--json")
    assert shown.exit_code == 0
    assert len(json.loads(shown.stdout)) == 4
    assert "the list is not complete: hotel/gw-west" in shown.stderr


async def test_every_connection_of_a_gateway_is_asked_and_those_without_transmitters_are_passed_over(
    tmp_path: Path,
) -> None:
    def of_connection(request: dict[str, Any]) -> Mapping[str, Any]:
        if request["connection"] == "modbus":
            raise RefusedError("this gateway has no connection 'modbus' that takes requests", code=NOT_FOUND)
        return {"transmitters": [{"unit": "hotel", "id": f"{request['connection']}-utd", "state": "up"}]}

    async with desk(tmp_path) as site:
        await site.status("hotel", "gw-east", "modbus", "tcp", "udp")
        site.answers["transmitters"] = of_connection
        site.answers["set_clock"] = lambda _: {"outcome": "confirmed"}
        shown = await site.fengsui("gb26875", "transmitters", "--json")
        site.answers["transmitters"] = lambda request: (
            of_connection(request) if request["connection"] == "udp" else {"transmitters": []}
        )
        await site.fengsui("gb26875", "set-clock", "hotel/udp-utd")
    assert [row["id"] for row in json.loads(shown.stdout)] == ["tcp-utd", "udp-utd"]
    assert site.asked[-1]["connection"] == "udp"


async def test_a_gateway_with_more_transmitters_than_fit_an_answer_is_asked_on(tmp_path: Path) -> None:
    rows = [{"unit": "hotel", "id": f"utd-{number}", "state": "up"} for number in range(25)]

    def page(request: dict[str, Any]) -> Mapping[str, Any]:
        skip = request.get("skip", 0)
        return {"transmitters": rows[skip : skip + 10], "total": len(rows)}

    async with desk(tmp_path) as site:
        site.answers["transmitters"] = page
        shown = await site.fengsui("gb26875", "transmitters", "--json")
    assert [row["id"] for row in json.loads(shown.stdout)] == [row["id"] for row in rows]
    assert [one.get("skip") for one in site.asked] == [None, 10, 20]


async def test_strangers_are_listed_fire_first(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        shown = await site.fengsui("gb26875", "strangers", "--lang", "en")
    assert shown.stdout.index("889") < shown.stdout.index("013800001234")
    assert "▲ FIRE" in shown.stdout
    assert "2×1 21×2" in shown.stdout
    assert "10.0.0.9:1024" in shown.stdout


async def test_the_yaml_of_strangers_adopts_them_once_zones_are_written_in(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        shown = await site.fengsui("gb26875", "strangers", "--yaml")
        site.answers["strangers"] = listed((), "strangers")
        nobody = await site.fengsui("gb26875", "strangers", "--yaml")
    entries = yaml.safe_load(shown.stdout)
    adopted = [TransmitterSettings.model_validate(entry) for entry in entries]
    assert [one.address for one in adopted] == [889, "013800001234"]
    assert [one.profile for one in adopted] == ["auto", "bcd"]
    assert {one.unit for one in adopted} == {"hotel"}
    assert {one.zone for one in adopted} == {"ZONE"}
    assert all(str(row["peer"]) in shown.stdout for row in STRANGERS)
    assert yaml.safe_load(nobody.stdout) is None


async def test_a_reading_of_a_transmitter_goes_to_its_host_and_is_shown(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        site.answers["read"] = lambda _: {"objects": [{"sys_type": 1, "sys_addr": 1, "state": 5}]}
        shown = await site.fengsui("gb26875", "read", "hotel/east-utd", "61", "--system", "1-1")
        asked = site.asked[-1]
        site.answers["read"] = lambda _: {"objects": []}
        empty = await site.fengsui("gb26875", "read", "hotel/east-utd", "84", "--count", "5", "--lang", "en")
        wrong = await site.fengsui("gb26875", "read", "hotel/east-utd", "90")
        nobody = await site.fengsui("gb26875", "read", "hotel/north-utd", "81")
    assert asked == {"command": "read", "unit": "hotel", "transmitter": "east-utd", "type": 61, "system": "1-1"}
    assert "sys_type" in shown.stdout
    assert "nothing to tell" in empty.stdout
    assert (shown.exit_code, empty.exit_code, wrong.exit_code, nobody.exit_code) == (0, 0, 2, 1)
    assert "no transmitter hotel/north-utd is registered" in nobody.stderr


async def test_setting_a_clock_ends_with_what_the_transmitter_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        site.answers["set_clock"] = lambda _: {"outcome": "confirmed"}
        done = await site.fengsui("gb26875", "set-clock", "hotel/east-utd", "--lang", "en")
        site.answers["set_clock"] = lambda _: {"outcome": "no_answer"}
        unanswered = await site.fengsui("gb26875", "set-clock", "hotel/east-utd", "--lang", "en")
        site.answers["set_clock"] = refusal("its line is down")
        refused = await site.fengsui("gb26875", "set-clock", "hotel/west-utd")
        wrong = await site.fengsui("gb26875", "set-clock", "east-utd")
    assert (done.exit_code, unanswered.exit_code, refused.exit_code, wrong.exit_code) == (0, 1, 1, 2)
    assert "confirmed its new time" in done.stdout
    assert "not set: no_answer" in unanswered.stdout
    assert "its line is down" in refused.stderr


@pytest.mark.parametrize("command", [["transmitters"], ["strangers"]], ids=" ".join)
async def test_without_a_gateway_that_answers_the_exit_code_is_three(tmp_path: Path, command: list[str]) -> None:
    async with desk(tmp_path) as site:
        site.answers.clear()
        refused = await site.fengsui("gb26875", *command)
        await site.backbone.put_status("gateway.hotel.gw-east", {"hosting": None})
        nobody = await site.fengsui("gb26875", *command)
        await site.backbone.put_status("gateway.hotel.gw-gone", {"hosting": {}})
        away = await site.fengsui("gb26875", *command)
    assert (refused.exit_code, nobody.exit_code, away.exit_code) == (1, 1, 3)
    assert "no running gateway hosts transmitters" in nobody.stderr


async def test_initialising_asks_first_and_tells_whether_it_was_confirmed(tmp_path: Path) -> None:
    asked: list[Mapping[str, Any]] = []

    def confirm(request: dict[str, Any]) -> Mapping[str, Any]:
        asked.append(request)
        return {"outcome": "confirmed"}

    async with desk(tmp_path) as site:
        site.answers["initialise"] = confirm
        unsure = await site.fengsui("gb26875", "initialise", "hotel/east-utd")
        assert (unsure.exit_code, asked) == (1, [])
        done = await site.fengsui("gb26875", "initialise", "hotel/east-utd", "--yes", "--lang", "en")
        site.answers["initialise"] = refusal("devices may not be initialised here")
        refused = await site.fengsui("gb26875", "initialise", "hotel/east-utd", "--yes")
    assert done.exit_code == 0
    assert "confirmed that it begins anew" in done.stdout
    assert [(one["unit"], one["transmitter"]) for one in asked] == [("hotel", "east-utd")]
    assert refused.exit_code == 1
    assert "devices may not be initialised here" in refused.stderr
