"""Values in words: numbers with their symbol, state words by what their bits mean, quality by its reason.

A point whose ``word`` names a code table (`domain.words`) is spelled out by it. The tables here name the device
kinds of the shipped profiles that have none. A state point of any other kind shows its number: a wrong word would
be worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboards.console.texts import Language, text
from dashboards.live.board import Reading
from domain import words
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.points import Point, PointKind
from domain.quality import GOOD, base_of, is_historical, reason_of
from domain.quantity import symbol


class Look(StrEnum):
    """How a value is shown: grey when calm, coloured when abnormal, grey and dashed when unknown."""

    CALM = "calm"
    ALARM = "alarm"
    CAUTION = "caution"
    UNKNOWN = "unknown"


LOOKS = (Look.ALARM, Look.CAUTION, Look.UNKNOWN, Look.CALM)
"""From what needs somebody first to what needs nobody."""

_CAUTION, _ALARM, _CALM = Look.CAUTION, Look.ALARM, Look.CALM

_COMPONENT = {
    1: ("word_fire", _ALARM),
    2: ("word_fault", _CAUTION),
    3: ("word_shielded", _CAUTION),
    4: ("word_supervision", _CAUTION),
    5: ("word_started", _ALARM),
    6: ("word_feedback", _ALARM),
    7: ("word_delay", _CAUTION),
    8: ("word_power_fault", _CAUTION),
}
"""GB/T 26875.3 state word of a component; bit 0 set = normal running, clear = test."""

_SYSTEM = {
    **{bit: _COMPONENT[bit] for bit in range(1, 8)},
    8: ("word_mains_fault", _CAUTION),
    9: ("word_backup_fault", _CAUTION),
    10: ("word_bus_fault", _CAUTION),
    11: ("word_manual", _CALM),
    12: ("word_config", _CAUTION),
    13: ("word_reset", _CALM),
}
"""GB/T 26875.3 state word of the whole installation."""

_ENUMS: Mapping[tuple[str, str], Mapping[int, tuple[str, Look]]] = {
    ("camera", "behaviour"): {
        0: ("word_none", _CALM),
        1: ("word_entering", _CAUTION),
        2: ("word_parked", _ALARM),
        3: ("word_charging", _ALARM),
    },
    ("smoke_detector", "smoke"): {0: ("word_normal", _CALM), 1: ("word_alarm", _ALARM)},
    ("smoke_detector", "test"): {0: ("word_off", _CALM), 1: ("word_on", _CAUTION)},
}


_BIT_LOOKS: Mapping[str, Mapping[int, Look]] = {
    words.COMPONENT_STATE: {bit: look for bit, (_, look) in _COMPONENT.items()},
    words.SYSTEM_STATE: {bit: look for bit, (_, look) in _SYSTEM.items()},
    words.TRANSMITTER_STATE: {1: _ALARM} | dict.fromkeys(range(2, 7), _CAUTION),
    words.SYSTEM_OPERATION: {2: _ALARM},
    words.TRANSMITTER_OPERATION: {2: _ALARM},
}
"""How the bits of GB/T 26875.3 words look; those that are not named here are calm."""

_STATES = (words.COMPONENT_STATE, words.SYSTEM_STATE, words.TRANSMITTER_STATE)
_VALUE_LOOKS: Mapping[str, Mapping[int, Look]] = {
    words.ROLL_CALL: {0: _CAUTION, 2: _CAUTION, 3: _ALARM, 4: _CAUTION},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as people see it; ``detail`` is why it is unknown or abnormal."""

    value: str
    look: Look
    detail: str
    age_s: float | None


def shown(
    point: Point, kind: str, reading: Reading | None, now_ns: int, language: Language, *, reachable: bool = True
) -> Shown:
    """Write the latest reading of a point of a device of ``kind``.

    No reading, a bad one or an old one is unknown, never normal; and so is any while the gateway is
    not ``reachable``: a state that is only sent when it changes would look fresh for minutes.
    """
    if reading is None:
        return Shown(text("value_none", language), Look.UNKNOWN, "", None)
    age_s = (now_ns - reading.time_ns) / NS_PER_S
    late = f" · {text('quality_historical', language)}" if is_historical(reading.quality) else ""
    if base_of(reading.quality) != GOOD or reading.value is None or not math.isfinite(reading.value):
        return Shown(text("value_unknown", language), Look.UNKNOWN, _reason(reading.quality, language) + late, age_s)
    if not reachable:
        return Shown(text("value_unknown", language), Look.UNKNOWN, text("quality_link_down", language) + late, age_s)
    if age_s > point.max_silence_s:
        return Shown(text("value_unknown", language), Look.UNKNOWN, text("quality_silent", language) + late, age_s)
    value, look, detail = _good(point, kind, reading.value, reading.text, language)
    return Shown(value, look, (detail or text("quality_good", language)) + late, age_s)


def _reason(quality: int, language: Language) -> str:
    reason = reason_of(quality)
    return text(f"quality_{reason.name.lower()}", language)


def spell(point: Point, kind: str, value: float, language: Language) -> tuple[str, Look]:
    """Write a value that was good, of a point of a device of ``kind``, without saying how old it is."""
    words, look, _ = _good(point, kind, value, None, language)
    return words, look


def _good(point: Point, kind: str, value: float, note: str | None, language: Language) -> tuple[str, Look, str]:
    if point.word in words.BITS or point.word in words.VALUES:
        return *_spoken(point.word, int(value), language), note or ""
    if note:
        return note, Look.CALM, ""
    if point.kind is not PointKind.MEASURE:
        return *_state(point, kind, int(value), language), ""
    written = f"{number(value)} {symbol(point.quantity)}".rstrip()
    if point.high is not None and value > point.high:
        return written, Look.ALARM, text("value_high", language)
    if point.low is not None and value < point.low:
        return written, Look.ALARM, text("value_low", language)
    return written, Look.CALM, ""


def _spoken(word: str, value: int, language: Language) -> tuple[str, Look]:
    """Spell a word out.

    "Normal running" beside something else says nothing. Bit 0 clear means "test" where nothing else is set: real
    devices often leave it at 0 with an alarm, which is then the alarm it says it is.
    """
    if word in _VALUE_LOOKS:
        return _sentence(words.spoken(word, value, language), language), _VALUE_LOOKS[word].get(value, _CALM)
    is_state = word in _STATES
    if is_state and not value:
        return text("word_testing", language), _CAUTION
    rest = value & ~1 if is_state and value > 1 else value
    said = _sentence(words.spoken(word, rest, language), language)
    looks = {_BIT_LOOKS.get(word, {}).get(bit, _CALM) for bit in range(max(rest, 0).bit_length()) if rest >> bit & 1}
    return said or str(value), min(looks, key=LOOKS.index, default=_CALM)


def _sentence(said: Sequence[str], language: Language) -> str:
    """Join words, and begin with a capital letter where the language has them."""
    joined = text("and", language).join(said)
    return joined[:1].upper() + joined[1:]


def _state(point: Point, kind: str, state: int, language: Language) -> tuple[str, Look]:
    """Write a state word: an enum's name, or the names of the bits that are set."""
    names = _ENUMS.get((kind, point.name))
    if names is not None and state in names:
        key, look = names[state]
        return text(key, language), look
    if kind != "fire_panel":
        return str(state), Look.CALM
    bits = _SYSTEM if point.name == "state" else _COMPONENT
    found = [named for bit, named in bits.items() if state >> bit & 1]
    if not state & 1:
        found.append(("word_testing", _CAUTION))
    looks = {look for _, look in found}
    look = Look.ALARM if Look.ALARM in looks else Look.CAUTION if Look.CAUTION in looks else Look.CALM
    return " ".join(text(key, language) for key, _ in found) or text("word_normal", language), look


def number(value: float) -> str:
    """Write a number with four significant digits, never in powers of ten for what a device tells."""
    if not math.isfinite(value):
        return "—"
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(digits, 4)}f}"


def open_words(classes: Sequence[AlarmClass], language: Language) -> str:
    """Say how many open alarms are of the worst class, which is first, and how many others: a fault is no fire."""
    count = classes.count(classes[0])
    worst = f"{text(f'class_{classes[0]}', language)} {count}"
    others = len(classes) - count
    return text("devices_open_others", language, worst=worst, count=others) if others else worst
