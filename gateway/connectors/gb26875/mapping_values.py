"""Numbers and words of single objects: state words in the standard's bits, analog values in their quantity."""

from __future__ import annotations

import math

from domain.quality import BAD, Reason, pack
from domain.quantity import Quantity
from domain.site.labels import Labels
from domain.site.transmitters import AnalogSettings
from gateway.connectors.gb26875.fire import FIRE
from gateway.connectors.gb26875.objects import Raw, RawReason
from gateway.connectors.gb26875.profile import DeviceProfile, standard_state

NORMAL, FAULT = 1 << 0, 1 << 2
"""Bits of every state word (GB/T 26875.3-2011, types 1, 2 and 21)."""

REAL_FIRE = NORMAL | FIRE
"""The state of a larger thing that stands in for what has no point: without bit 0 it would read as a test."""

NO_TYPE = -1
"""Value of `unread` where the data has no type flag."""

LIKE_FIRE = "unread_like_fire"
"""Reason of a dead letter: what was not read looks like fire."""

HEAD = 32
"""Raw bytes that the text of `unread` shows."""

OUT_OF_RANGE = pack(BAD, Reason.OUT_OF_RANGE)
OF_OTHER_QUANTITY = pack(BAD, Reason.BAD_VALUE)

_BETWEEN = {(Quantity.AMPERE, Quantity.MILLIAMPERE): 1000.0, (Quantity.MILLIAMPERE, Quantity.AMPERE): 0.001}
"""Canonical quantities of one dimension."""

_UNREAD = {
    RawReason.RESERVED: Labels(zh="标准保留的类型", en="type reserved by the standard"),
    RawReason.OF_MAKER: Labels(zh="厂家自定义类型", en="type of the maker"),
    RawReason.UNDEFINED: Labels(zh="未定义类型", en="undefined type"),
    RawReason.SIZE: Labels(zh="长度与类型不符", en="size does not fit the type"),
    RawReason.CUT: Labels(zh="信息对象不完整", en="object is cut off"),
    RawReason.NO_TYPE: Labels(zh="没有类型标志", en="no type flag"),
}
_LIKE_FIRE = Labels(zh="未能解读但像火警的信息", en="unread message that looks like fire")
_OUT_OF_PLACE = Labels(zh="下行信息被上传", en="a centre's message was uploaded")


def component_state(state: int, profile: DeviceProfile) -> int:
    """Return a component's state in the standard's bits.

    A maker's own bits stay, and set the fault bit as well: all that are known (off line, open circuit, short
    circuit, removed, sensor fault…) are kinds of fault, and no rule would hear of them otherwise.
    """
    own = any(state >> bit & 1 for bit in profile.component_bits)
    return standard_state(state, profile) | (FAULT if own else 0)


def state_text(description: str, state: int, profile: DeviceProfile) -> str:
    """Return the text of a component's state: its description, and what the maker's own bits say."""
    own = "、".join(labels.zh for bit, labels in profile.component_bits.items() if state >> bit & 1)
    return f"{description}（{own}）" if own and description else own or description


def analog_value(
    count: int, code: int, settings: AnalogSettings | None, profile: DeviceProfile
) -> tuple[float, int | None, str]:
    """Return value, quality (None: good) and text of an analog value whose raw count is ``count``.

    The site's scale comes before the device profile's, and that before the standard's. A count outside the
    range of its scale, or of a quantity that can't be the point's, is NaN with the count as text.
    """
    if settings is not None and settings.scale is not None:
        return count * settings.scale, None, ""
    known = profile.analog(code)
    if known is None:
        return float(count), None, ""
    value = known.value(count)
    if (known.low is not None and value < known.low) or (known.high is not None and value > known.high):
        return math.nan, OUT_OF_RANGE, f"raw {count}"
    if settings is None or settings.quantity is known.quantity:
        return value, None, ""
    factor = _BETWEEN.get((known.quantity, settings.quantity))
    return (value * factor, None, "") if factor else (math.nan, OF_OTHER_QUANTITY, f"raw {count} ({known.quantity})")


def unread_text(item: object) -> str:
    """Return why an object was not read, zh and en, and the head of its bytes."""
    label = _UNREAD[item.reason] if isinstance(item, Raw) else _OUT_OF_PLACE
    head = item.data[:HEAD].hex(" ") if isinstance(item, Raw) else ""
    return f"{label.zh} / {label.en}: {head}" if head else f"{label.zh} / {label.en}"


def suspect_text(item: Raw) -> str:
    """Return what is told where bytes that were not read look like fire, zh and en, and their head."""
    return f"{_LIKE_FIRE.zh} / {_LIKE_FIRE.en}, hex {item.data[:HEAD].hex(' ')}"


def unread_reason(item: object) -> str:
    """Return the reason of a dead letter for an object that was not read."""
    return f"unread_{item.reason.value}" if isinstance(item, Raw) else "unread_out_of_place"
