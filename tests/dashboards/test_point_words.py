"""A rule's words with the site's labels of points: in both languages, and nothing that is no point is touched."""

from __future__ import annotations

import pytest

from dashboards.console.point_words import MOST_LABELS, Piece, key_words, named, names_of, pieces
from dashboards.console.texts import Language
from domain.site import Labels
from rules.cards import cards_of
from tests.dashboards.premises import premises
from tests.rules.rules_scene import ruleset

REGISTRY = premises()
CARDS = {card.name: card for card in cards_of(ruleset())}
ZH = {"smoke": "烟雾报警", "state": "系统状态", "heat": "感温", "level": "液位", "time": "时间", "low-1": "低液位"}
EN = {"smoke": "Smoke alarm", "state": "System state", "heat": "Heat", "level": "Level"}


@pytest.mark.parametrize(
    ("words", "names", "shown"),
    [
        ("- 测点 smoke：达到1或以上", ZH, "- 测点 烟雾报警 (smoke)：达到1或以上"),
        ("设备 感烟探测器，测点 smoke、heat", ZH, "设备 感烟探测器，测点 烟雾报警 (smoke)、感温 (heat)"),
        ("devices Smoke detector, point smoke, heat", EN,
         "devices Smoke detector, point Smoke alarm (smoke), Heat (heat)"),
        ("- state word gb_system_state, point state: bit 1 set", EN,
         "- state word gb_system_state, point System state (state): bit 1 set"),
        ("测点 `smoke` 达到1或以上", ZH, "测点 烟雾报警 (smoke) 达到1或以上"),
        ("point `smoke`, `heat` 1 or more", EN, "point Smoke alarm (smoke), Heat (heat) 1 or more"),
        ("满足公式 level - `low-1` > max(level, 3)", ZH,
         "满足公式 液位 (level) - 低液位 (low-1) > max(液位 (level), 3)"),
        ("such that level > 3\nsmoke stays", EN, "such that Level (level) > 3\nsmoke stays"),
        ("no good reading of the point in time", ZH, "no good reading of the point in time"),
        ("测点 smoke_*、!state", ZH, "测点 smoke_*、!state"),
        ("测点在最长静默时间内没有有效读数", ZH, "测点在最长静默时间内没有有效读数"),
        ("a smoke detector alarms", EN, "a smoke detector alarms"),
        ("", EN, ""),
    ],
)  # fmt: skip
def test_ids_are_called_as_the_site_calls_them(words: str, names: dict[str, str], shown: str) -> None:
    assert named(words, names) == shown
    assert named(words, {}) == words


def test_the_id_of_a_label_stands_beside_it() -> None:
    assert pieces("- 测点 smoke：1", ZH) == [Piece("- 测点 "), Piece("烟雾报警", "smoke"), Piece("：1")]


@pytest.mark.parametrize("language", Language)
def test_the_library_says_labels_where_the_site_has_them(language: Language) -> None:
    label = Labels(zh="烟雾报警", en="Smoke alarm")
    names = names_of([("hotel/s1/smoke", label), ("hotel/s2/smoke", label)], language)
    card = CARDS["smoke_alarm"]
    for words in (card.watches.of(language), card.condition.of(language) + "\n" + card.watches.of(language)):
        assert Piece(label.of(language), "smoke") in pieces(words, names)


def test_few_labels_of_one_id_are_named_and_of_many_the_id() -> None:
    def called(count: int) -> dict[str, str]:
        labels = [(f"hotel/d{at}/pressure", Labels(zh=f"压力{at}", en=f"P{at}")) for at in range(count)]
        return names_of(labels, Language.ZH)

    assert called(2) == {"pressure": "压力0 / 压力1"}
    assert called(MOST_LABELS + 1) == {}


def test_a_key_is_written_with_its_device() -> None:
    assert key_words(REGISTRY, "hotel/pressure/battery", Language.ZH) == "喷淋泵压力 · 电池 (hotel/pressure/battery)"
    assert key_words(REGISTRY, "hotel/gone/battery", Language.EN) == "hotel/gone/battery"
