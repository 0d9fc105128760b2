"""What was learned is kept over a restart, whatever a crash left of the file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import StoreError
from domain.points import Point, PointKind
from domain.quantity import Quantity
from ingest.catalogue import FILE_NAME, Catalogue
from tests.ingest.ingest_site import GATEWAY, UNIT, site

SITE = site()
FULL = Point(
    unit=UNIT,
    gateway=GATEWAY,
    device="camera-1",
    name="c40-10-2",
    kind=PointKind.STATE,
    quantity=Quantity.KPA,
    low=-5.5,
    high=70.0,
    max_silence_s=31_622_400.0,
    label_zh="点型光电感烟火灾探测器 10-2 Ａ区１层走廊",
    label_en="point photoelectric smoke detector 10-2",
    word="gb_component_state",
    zone="east-b1-pump",
)


def plain(name: str) -> Point:
    return Point(unit=UNIT, gateway=GATEWAY, device="camera-1", name=name)


def test_a_learned_point_is_there_after_a_restart_with_everything_it_holds(tmp_path: Path) -> None:
    first = Catalogue(SITE, tmp_path)
    assert first.learn([FULL, FULL]) == 1
    assert first.learn([FULL]) == 0
    first.save()
    again = Catalogue(SITE, tmp_path)
    assert again.learned == 1
    assert again.table[len(SITE.points)] == FULL
    assert again.registry.point_labels[FULL.key].zh == FULL.label_zh
    assert again.is_learned(len(SITE.points))
    assert not again.is_learned(0)


def test_points_of_devices_that_the_site_has_not_are_no_business_of_ours(tmp_path: Path) -> None:
    catalogue = Catalogue(SITE, tmp_path)
    assert catalogue.learn([Point(unit=UNIT, gateway=GATEWAY, device="nobody", name="p")]) == 0


def test_what_was_not_saved_is_not_there(tmp_path: Path) -> None:
    Catalogue(SITE, tmp_path).learn([FULL])
    assert Catalogue(SITE, tmp_path).learned == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 400), junk=st.binary(max_size=30))
def test_a_file_that_a_crash_cut_short_keeps_its_whole_lines_and_takes_new_ones(
    tmp_path: Path, cut: int, junk: bytes
) -> None:
    path = tmp_path / FILE_NAME
    path.unlink(missing_ok=True)
    catalogue = Catalogue(SITE, tmp_path)
    catalogue.learn([FULL, plain("second")])
    catalogue.save()
    whole = path.read_bytes()
    at = min(cut, len(whole))
    path.write_bytes(whole[:at] + junk)
    after = Catalogue(SITE, tmp_path)
    assert after.learned <= 2
    assert after.learned >= whole[:at].count(b"\n")
    after.learn([plain("third")])
    after.save()
    assert f"{UNIT}/camera-1/third" in Catalogue(SITE, tmp_path).table


async def test_points_learned_while_others_are_saved_are_saved_next(tmp_path: Path) -> None:
    catalogue = Catalogue(SITE, tmp_path)
    for number in range(50):
        catalogue.learn([plain(f"p{number}")])
        saving = asyncio.create_task(asyncio.to_thread(catalogue.save))
        catalogue.learn([plain(f"q{number}")])
        await saving
    catalogue.save()
    assert Catalogue(SITE, tmp_path).learned == 100


def test_a_disk_that_will_not_take_it_is_told(tmp_path: Path) -> None:
    catalogue = Catalogue(SITE, tmp_path)
    catalogue.learn([FULL])
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="learned points can't be written"):
        catalogue.save()
    (tmp_path / FILE_NAME).rmdir()
    catalogue.save()
    assert Catalogue(SITE, tmp_path).learned == 1
