"""What the fields of a frame say to people, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from domain.quantity import symbol
from gateway.connectors.gb26875.layouts import ATTRIBUTES, LONG_TEXT, STAMP
from gateway.connectors.gb26875.profile import DeviceProfile, component_key, standard_state
from gateway.connectors.gb26875.shapes import AnalogValue, InformationObject, Texted, Timed
from gateway.connectors.gb26875.stamps import TimeForm, time_in
from gateway.connectors.gb26875.tables import analog_type_name, bit_names, component_type_name, system_type_name

_CODES: Mapping[str, Callable[[int, str], str]] = MappingProxyType(
    {"system_type": system_type_name, "component_type": component_type_name, "analog_type": analog_type_name}
)
"""Fields that hold a code of a table, with the names of the table."""

_NO_TIME = "无有效时间", "no valid time"


class Said(NamedTuple):
    """A text of any length in Chinese and English."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


def same(value: object) -> Said:
    """Return what reads alike in both languages."""
    return Said(str(value), str(value))


def name_words(code: int, name: Callable[[int, str], str]) -> Said:
    """Return a code with its name from a table."""
    zh, en = name(code, "zh"), name(code, "en")
    return Said(zh, en) if str(code) in zh.split() else Said(f"{code} {zh}", f"{code} {en}")


def moment_words(raw: bytes, form: TimeForm) -> Said:
    """Return a time tag as a date and time without a zone."""
    moment = time_in(raw, form)
    return Said(*_NO_TIME) if moment is None else same(moment)


def value_words(field: str, item: InformationObject, flag: int, profile: DeviceProfile) -> Said:
    """Return what a field of an object says; ``flag`` is the standard's type that it is laid out as."""
    if field == STAMP and isinstance(item, Timed) and item.stamp is not None:
        return moment_words(item.stamp.raw, item.stamp.form)
    if field in ("text", LONG_TEXT) and isinstance(item, Texted):
        return same(item.text)
    if field == "value" and isinstance(item, AnalogValue):
        return _analog_words(item, profile)
    value = getattr(item, ATTRIBUTES.get(field, field))
    if field in _CODES:
        return name_words(value, _CODES[field])
    match field:
        case "component":
            return same(component_key(value, profile))
        case "state" | "short_state" | "flags":
            return _bit_words(field, value, flag, profile)
        case "timeout_min":
            return Said(f"{value} 分钟", f"{value} min")
        case _:
            return same(value)


def _analog_words(item: AnalogValue, profile: DeviceProfile) -> Said:
    known = profile.analog(item.analog_type)
    if known is None:
        return Said(f"{item.value}（原始值）", f"{item.value} (raw count)")
    return same(f"{known.value(item.value):g} {symbol(known.quantity)}".strip())


def _bit_words(field: str, value: int, flag: int, profile: DeviceProfile) -> Said:
    """Return the word in hexadecimal and its set bits, brought to the standard's bit 0."""
    width = 4 if field == "state" else 2
    shown = value if field == "flags" else standard_state(value, profile)
    zh, en = "、".join(_names(shown, flag, profile, "zh")), ", ".join(_names(shown, flag, profile, "en"))
    return Said(f"{value:0{width}x} {zh}".strip(), f"{value:0{width}x} {en}".strip())


def _names(value: int, flag: int, profile: DeviceProfile, language: str) -> list[str]:
    extra = profile.component_bits if flag == 2 else {}
    known = bit_names(flag, value & ~sum(1 << bit for bit in extra), language)
    return [*known, *(labels.of(language) for bit, labels in extra.items() if value >> bit & 1)]
