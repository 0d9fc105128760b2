"""One word for a thing: the screens say what the glossary says, in both languages."""

from __future__ import annotations

import pytest

from cli.check_command import COUNTS
from dashboards.console.texts import TEXTS
from domain.glossary import terms

GROUPS = {
    "class_": ("alarm_class",),
    "level_": ("level",),
    "lamp_": ("lamp",),
    "quality_": ("reason",),
    "finding_": ("confirmation",),
    "answer_": ("answer",),
    "word_": ("panel_bit", "behaviour"),
    "": ("action",),
}
"""Prefix of the console's text keys -> groups of the glossary whose words follow it."""

OTHER_SENSE = {"quality_none": "bad without a reason", "mute": "the sound of one alarm, not all that sounds"}
"""Keys that look like a term but mean something else, with what they mean."""

PAIRS = sorted(
    (prefix + term.id.split(".")[1], term.id)
    for prefix, groups in GROUPS.items()
    for term in terms().values()
    if term.id.split(".")[0] in groups and prefix + term.id.split(".")[1] in TEXTS
)


@pytest.mark.parametrize(("key", "term"), [pair for pair in PAIRS if not OTHER_SENSE.get(pair[0])])
def test_the_console_uses_the_words_of_the_glossary(key: str, term: str) -> None:
    assert TEXTS[key] == (terms()[term].zh, terms()[term].en)


def test_enough_words_of_the_console_are_held_to_the_glossary() -> None:
    assert len(PAIRS) >= 40
    assert {key for key in TEXTS if key.startswith("class_")} == {key for key, _ in PAIRS if key.startswith("class_")}
    assert {key for key in TEXTS if key.startswith("level_")} == {key for key, _ in PAIRS if key.startswith("level_")}


@pytest.mark.parametrize("thing", ["unit", "zone", "gateway", "device", "point"])
def test_the_check_command_uses_the_words_of_the_glossary(thing: str) -> None:
    assert COUNTS[f"{thing}s"] == (terms()[f"term.{thing}"].zh, f"{thing}s")
