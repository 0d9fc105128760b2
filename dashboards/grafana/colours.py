"""Colours, and the words that stand beside them: value mappings and thresholds.

The colours are Okabe and Ito's set for all kinds of colour vision (2008), with a purple for our own plant. Grey is for
"unknown" and nothing else. No colour stands alone: every mapping has a text, and every threshold a number beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from dashboards.grafana.texts import Language, text
from domain.alarm import AlarmClass
from domain.glossary import terms
from domain.measurements import STANDING_STATE
from domain.words import BITS, COMPONENT_STATE, SYSTEM_STATE

UNKNOWN = "#808080"
NORMAL = "#009E73"
CAUTION = "#E69F00"
DANGER = "#D55E00"
BLUE = "#0072B2"
SKY = "#56B4E9"

CLASS_COLOURS: Mapping[AlarmClass, str] = {
    AlarmClass.FIRE: DANGER,
    AlarmClass.LINKAGE: "#CC79A7",
    AlarmClass.SUPERVISORY: BLUE,
    AlarmClass.FAULT: CAUTION,
    AlarmClass.HAZARD: "#F0E442",
    AlarmClass.DUTY: SKY,
    AlarmClass.SYSTEM: "#8C6BB1",
}
BIT_COLOURS = {0: NORMAL, 1: DANGER, 2: CAUTION, 3: "#F0E442", 4: BLUE, 5: "#CC79A7", 6: "#CC79A7", 7: SKY}
"""Colours of a state word's bits (GB/T 26875.3 types 1 and 2); others are cautions."""
BIT_URGENCY = (1, 2, 3, 4, 5, 6, 7)
"""Which bit gives a combination its colour, the first that is set."""
MOST_TOGETHER = 2
"""Abnormal bits of which every combination has a text of its own; more of them are told as such."""

Mappings = list[models.ValueMapping]


def unknown(language: Language) -> Mappings:
    """Return the mapping that every panel has: nothing known is grey and says so."""
    result = models.ValueMappingResult(text=text("unknown", language), color=UNKNOWN, index=0)
    options = models.DashboardSpecialValueMapOptions(match=models.SpecialValueMatch.NULL_AND_NAN, result=result)
    return [models.SpecialValueMap(options=options)]


def words(values: Mapping[str, tuple[str, str]], language: Language) -> Mappings:
    """Return mappings of values to (text, colour), and that of nothing."""
    options = {
        value: models.ValueMappingResult(text=said, color=colour, index=index)
        for index, (value, (said, colour)) in enumerate(values.items(), start=1)
    }
    return [*unknown(language), models.ValueMap(options=options)]


def yes_no(language: Language, yes: str, no: str) -> Mappings:
    """Return the mapping of 1 (good) and 0 (bad); the texts are keys of the catalogue."""
    return words({"1": (text(yes, language), NORMAL), "0": (text(no, language), DANGER)}, language)


def zone_states(language: Language) -> Mappings:
    """Return the mapping of ``standing.state``."""
    found = {str(STANDING_STATE[one]): (class_name(one, language), CLASS_COLOURS[one]) for one in AlarmClass}
    return words({"0": (text("nothing_open", language), NORMAL), **found}, language)


def class_name(alarm_class: AlarmClass, language: Language) -> str:
    """Return the glossary's word."""
    term = terms()[f"alarm_class.{alarm_class.value}"]
    return term.zh if language == "zh" else term.en


def classes(language: Language) -> Mappings:
    """Return the mapping of the words of an alarm class."""
    return words({one.value: (class_name(one, language), CLASS_COLOURS[one]) for one in AlarmClass}, language)


def glossary_words(group: str, language: Language, colours: Mapping[str, str]) -> Mappings:
    """Return the mapping of a group of the glossary, such as ``alert_event``; those without a colour are blue."""
    found = {term.split(".")[1]: (one.zh if language == "zh" else one.en) for term, one in terms().items()
             if term.split(".")[0] == group}  # fmt: skip
    return words({value: (said, colours.get(value, BLUE)) for value, said in found.items()}, language)


def state_words(language: Language) -> Mappings:
    """Return the mapping of system and component words: single bits, pairs, with and without "running"."""
    names = {**BITS[COMPONENT_STATE], **BITS[SYSTEM_STATE]}
    known = {bit: names[bit].of(language) for bit in BIT_URGENCY}
    found = {"0": (text("test_or_nothing", language), SKY), "1": (names[0].of(language), NORMAL)}
    for size in range(1, MOST_TOGETHER + 1):
        for bits in combinations(known, size):
            said = text("and", language).join(known[bit] for bit in bits)
            value = sum(1 << bit for bit in bits)
            found |= {str(value | running): (said, BIT_COLOURS[bits[0]]) for running in (0, 1)}
    rest = models.ValueMappingResult(text=text("several_states", language), color=CAUTION, index=900)
    several = models.RangeMap(options=models.DashboardRangeMapOptions(from_val=2.0, to=65535.0, result=rest))
    return [*words(found, language), several]


def thresholds(*steps: tuple[float, str]) -> builders.ThresholdsConfig:
    """Return absolute thresholds above the grey of "nothing known"."""
    found = [models.Threshold(value=None, color=UNKNOWN), *(models.Threshold(value=at, color=to) for at, to in steps)]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)


LEAST = -1e9
"""Below every number that is measured here."""
CALM: Sequence[tuple[float, str]] = ((LEAST, NORMAL),)
"""Thresholds of a number that is no better or worse."""
