"""Places, times, spans and refusals as people read them."""

from __future__ import annotations

from datetime import UTC

import pytest

from dashboards.console.texts import Language
from dashboards.console.wording import (
    clock_text,
    moment_text,
    person_text,
    place_text,
    refusal_text,
    size_text,
    span_text,
)
from dashboards.live.zone import zone_of
from domain.alarm import Place
from tests.dashboards.board_makers import NOW_NS
from tests.dashboards.premises import premises

ZH, EN = Language.ZH, Language.EN
REGISTRY = premises()


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        (Place(unit="hotel", zone="exit"), "东楼 · 1楼 · 安全出口", "East building · floor 1 · exit"),
        (
            Place(unit="hotel", zone="pump", device="pressure"),
            "东楼 · 地下1层 · 消防泵房 · 喷淋泵压力",
            "East building · basement 1 · fire pump room · Sprinkler pump",
        ),
        (Place(unit="hotel", gateway="gw-east"), "东楼网关", "East gateway"),
        (Place(unit="gone", zone="z9", device="d9"), "gone · z9 · d9", "gone · z9 · d9"),
        (Place(unit="hotel", gateway="gw-9"), "gw-9", "gw-9"),
    ],
)
def test_a_place_is_written_from_the_building_to_the_device(place: Place, zh: str, en: str) -> None:
    assert place_text(REGISTRY, place, ZH) == zh
    assert place_text(REGISTRY, place, EN) == en


def test_a_person_is_named_and_a_stranger_keeps_the_name_they_gave() -> None:
    assert person_text(REGISTRY, "p-chen", ZH) == "陈师傅"
    assert person_text(REGISTRY, "李值班", EN) == "李值班"
    assert person_text(REGISTRY, None, ZH) == ""


def test_times_are_the_sites_own() -> None:
    zone = zone_of("Asia/Shanghai")
    assert (clock_text(NOW_NS, zone), moment_text(NOW_NS, UTC)) == ("16:00:00", "2027-01-15 08:00:00")
    assert zone_of("Nowhere/At_All") is UTC


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "—", "—"),
        (-3, "0 秒", "0 s"),
        (59.9, "59 秒", "59 s"),
        (61, "1 分", "1 min"),
        (3725, "1 时 2 分", "1 h 2 min"),
        (9 * 86_400 + 4 * 3600, "9 天 4 时", "9 d 4 h"),
    ],
)
def test_a_span_is_written_in_its_two_largest_steps(seconds: float | None, zh: str, en: str) -> None:
    assert (span_text(seconds, ZH), span_text(seconds, EN)) == (zh, en)


@pytest.mark.parametrize(
    ("size", "words"), [(None, "—"), (12, "12 B"), (4096, "4 kB"), (5_300_000, "5 MB"), (2.5e9, "2.5 GB")]
)
def test_sizes(size: float | None, words: str) -> None:
    assert size_text(size) == words


def test_a_refusal_speaks_the_language_of_the_screen() -> None:
    reason = "请先应答 / acknowledge it first"
    assert (refusal_text(reason, ZH), refusal_text(reason, EN)) == ("请先应答", "acknowledge it first")
    assert refusal_text("no such alert", EN) == "no such alert"
