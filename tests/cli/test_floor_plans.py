"""Floor plans of a site folder: read with it, part of its hash, followed, and kept from what gateways are given."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cli.file_watch import signature
from cli.gateway_configuration import load_files, load_folder
from cli.problem_texts import in_language
from cli.site_files import load_registry
from cli.site_follower import FOLLOWED
from cli.site_hash import site_hash
from domain.errors import ConfigurationError
from domain.site.svg import MOST_BYTES
from gateway.reload.plan import plan_of

HOTEL = Path(__file__).parents[2] / "examples" / "hotel"


@pytest.fixture
def hotel(tmp_path: Path) -> Path:
    folder = tmp_path / "hotel"
    shutil.copytree(HOTEL, folder)
    return folder


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")


def test_the_hotels_plans_and_places_are_known() -> None:
    registry = load_registry(HOTEL)
    assert [key[2] for key in registry.floor_plans] == [5, 4, 3, 2, 1, -1]
    plans = registry.floor_plans
    assert plans["hotel", "east", 2].drawing is plans["hotel", "east", 4].drawing
    placed = [device.settings.id for device in registry.devices.values() if device.settings.at is not None]
    assert len(placed) == 43
    assert all(
        device.settings.at in plans["hotel", "east", device.zone.settings.floor].drawing
        for device in registry.devices.values()
    )
    assert all(zone.settings.at and zone.settings.outline for zone in registry.zones.values())
    assert sum(len(plan.drawing.markup) for plan in set(plans.values())) < 60_000


def test_a_plan_is_a_part_of_the_site_and_of_nothing_else(hotel: Path) -> None:
    before, known = site_hash(hotel), signature(hotel, FOLLOWED)
    (hotel / "plans" / "notes.txt").write_text("not a part of it")
    assert (site_hash(hotel), signature(hotel, FOLLOWED)) == (before, known)
    change(hotel / "plans" / "east-1.svg", "<title>", "<!-- moved a wall --><title>")
    assert site_hash(hotel) != before
    assert signature(hotel, FOLLOWED) != known


def test_a_gateway_is_given_no_plans_and_runs_without_them(hotel: Path) -> None:
    given = load_folder(hotel, "hotel", "gw-east")
    assert not any("plans" in name or "<svg" in text or "outline" in text for name, text in given.files.items())
    taken = load_files(given.files, "hotel", "gw-east")
    assert taken.version == given.version
    assert not taken.registry.floor_plans
    assert plan_of(given.registry, taken.registry, "hotel", "gw-east").is_empty
    change(hotel / "plans" / "east-1.svg", "<title>", "<!-- moved a wall --><title>")
    assert load_folder(hotel, "hotel", "gw-east").version == given.version


def test_a_device_that_moves_on_its_plan_costs_no_poll(hotel: Path) -> None:
    before = load_registry(hotel)
    change(hotel / "gateways" / "gw-east.yaml", "at: [860, 430]", "at: [870, 440]")
    change(hotel / "gateways" / "gw-east.yaml", "at: [945, 535]", "at: [940, 530]")
    after = load_registry(hotel)
    assert after.devices["hotel/panel-1"].settings.at == (870, 440)
    assert plan_of(before, after, "hotel", "gw-east").is_empty
    assert before != replace(before, floor_plans={})


def test_a_plan_that_is_too_large_is_named_in_both_languages(hotel: Path) -> None:
    (hotel / "plans" / "east-1.svg").write_bytes(b"<svg>" + b" " * MOST_BYTES)
    with pytest.raises(ConfigurationError) as caught:
        load_registry(hotel)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("plans/east-1.svg", 1)
    assert problem.message == "larger than 262144 bytes"
    assert in_language(problem, "zh").message == "大于 262144 字节"
    assert in_language(problem, "zh").mend == "简化图形：平面图一般为 5 至 50 kB"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("viewBox=", "viewbox=", "缺少 viewBox"),
        ("<g ", '<g onload="x()" ', "平面图中不允许有 'onload'"),
        ("</svg>", "<script/></svg>", "平面图中不允许有 <script>"),
        ("</svg>", "<metadata><script/></metadata></svg>", "不绘制的部分里不允许有 <script>"),
        ("<svg", "<!DOCTYPE svg><svg", "平面图中不允许有文档类型声明"),
        ("<svg", "<?xml-stylesheet?><svg", "平面图中不允许有处理指令"),
        ("</svg>", "", "不是 XML："),
    ],
)
def test_what_is_wrong_with_a_plan_is_told_in_chinese(hotel: Path, before: str, after: str, message: str) -> None:
    change(hotel / "plans" / "east-b1.svg", before, after)
    with pytest.raises(ConfigurationError) as caught:
        load_registry(hotel)
    (problem,) = caught.value.problems
    assert problem.file == "plans/east-b1.svg"
    assert in_language(problem, "zh").message.startswith(message)
    assert in_language(problem, "zh").mend != problem.mend


def test_an_area_has_a_name_and_a_unit_a_place_on_the_earth(hotel: Path) -> None:
    change(hotel / "site.yaml", "units:", "areas: [{id: a1, labels: {zh: 台江, en: Taijiang}}]\nunits:")
    registry = load_registry(hotel)
    assert [area.labels.zh for area in registry.site.areas] == ["台江"]
    location = registry.units["hotel"].location
    assert location is not None
    assert (location.lat, location.lon) == (26.075, 119.306)
    change(hotel / "site.yaml", "lat: 26.075", "lat: 126.075")
    with pytest.raises(ConfigurationError, match="too large"):
        load_registry(hotel)


def test_components_have_a_spot_on_their_own_floor(tmp_path: Path) -> None:
    district = tmp_path / "district"
    shutil.copytree(HOTEL.parent / "district", district)
    (district / "plans").mkdir()
    shutil.copy(HOTEL / "plans" / "east-1.svg", district / "plans" / "b1.svg")
    before = 'labels: {zh: 榕城大酒店1号楼, en: "Rongcheng Hotel, building 1"}\n'
    change(district / "site.yaml", before, f"{before}        floors: [{{floor: 6, plan: plans/b1.svg}}]\n")
    access = district / "gateways" / "access.yaml"
    change(
        access,
        "{id: smoke-1, at: 6-1, type: 42, zone: b1-f6,",
        "{id: smoke-1, at: 6-1, type: 42, zone: b1-f6, spot: [9, 90],",
    )
    with pytest.raises(ConfigurationError, match=r"components\[0\]\.spot: beside the floor plan plans/b1\.svg"):
        load_registry(district)
    change(access, "spot: [9, 90]", "spot: [90, 90]")
    registry = load_registry(district)
    assert registry.spots == {"p01/u001-fas/smoke-1": (90, 90)}
    assert list(registry.floor_plans) == [("p01", "b1", 6)]
