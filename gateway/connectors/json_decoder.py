"""JSON payloads → values; pure, and never a crash whatever a device sends.

| input | result |
|---|---|
| payload over 1 MiB, no UTF-8, no JSON, nested too deep, no object, none of the fields | `UnusableError` with a code |
| a field that is missing, null, of a wrong type, an unknown word, NaN, infinite | NaN, bad + BAD_VALUE |
| an ``optional`` field that is missing or null | no reading |
| a number outside floor..ceiling | the number, bad + OUT_OF_RANGE |

One bad field spoils its own reading, not the message. Which time a reading gets is the connector's job.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from domain.clock import NS_PER_MS
from domain.errors import WireError
from domain.quality import BAD, GOOD, Reason, pack
from domain.quantity import Quantity, to_canonical
from domain.site import ProfilePoint
from gateway.connectors.json_read import MOST_PAYLOAD, MOST_TEXT, JsonOptions, JsonRead, JsonType

Steps: TypeAlias = tuple[str | int, ...]

MOST_MS = 1 << 42
"""Latest time that our wire carries, ms since 1970 (in 2109)."""

MOST_INT = 1 << 53
"""Integers below this are exact as floats."""

_BAD_VALUE = pack(BAD, Reason.BAD_VALUE)
_OUT_OF_RANGE = pack(BAD, Reason.OUT_OF_RANGE)
_STEP = re.compile(r"[^.\[\]]+")


class UnusableError(WireError):
    """A message that no reading can be made of; ``code`` is what it is counted under."""

    def __init__(self, code: str, detail: str, raw: bytes = b"") -> None:
        """Keep the code beside the words."""
        super().__init__(f"{code}: {detail}", raw)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One point of a profile: how it is read, its canonical quantity and its possible range."""

    read: JsonRead
    quantity: Quantity = Quantity.NONE
    floor: float = -math.inf
    ceiling: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """A field, ready to be read: ``name`` is its only step, where it has only one; limits are finite."""

    read: JsonRead
    steps: Steps
    name: str | None
    is_number: bool
    factor: float
    offset: float
    floor: float
    ceiling: float


@dataclass(slots=True)
class Message:
    """The readings of one message: ``rows`` are positions in the profile's list of points.

    ``time_ns`` is the device's own time; None when it gave none that is a time.
    """

    time_ns: int | None
    rows: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    text: dict[int, str] = field(default_factory=dict)


class MessageDecoder:
    """Decodes the messages of all devices of one profile."""

    def __init__(self, options: JsonOptions, fields: Sequence[Field]) -> None:
        """Compile the paths."""
        self._time = steps_of(options.time) if options.time else None
        self._only = [(steps_of(path), wanted) for path, wanted in options.only.items()]
        self._fields = [_compiled(item) for item in fields]

    def decode(self, payload: bytes) -> Message | None:
        """Return the readings, None for a message that the profile leaves to others; raises UnusableError."""
        return self.read(parse(payload), payload)

    def read(self, document: Mapping[str, Any], raw: bytes = b"") -> Message | None:
        """Do the same with a document that was parsed before; ``raw`` is what an error shows."""
        if any(find(document, steps) != wanted for steps, wanted in self._only):
            return None
        message = Message(self._time_of(document))
        absent = 0
        for row, one in enumerate(self._fields):
            said: Any = document.get(one.name) if one.name is not None else find(document, one.steps)
            plain = one.is_number and (type(said) is float or (type(said) is int and -MOST_INT < said < MOST_INT))
            number = said * one.factor + one.offset if plain else math.nan
            if one.floor <= number <= one.ceiling:  # the everyday case stands here because it decides the message rate
                value, quality, text = number, GOOD, None
            elif said is None:
                absent += 1
                if one.read.optional:
                    continue
                value, quality, text = math.nan, _BAD_VALUE, None
            else:
                value, quality, text = _value(said, one)
            if text is not None:
                message.text[len(message.rows)] = text
            message.rows.append(row)
            message.value.append(value)
            message.quality.append(quality)
        if absent == len(self._fields):
            raise UnusableError("no_known_field", "none of the profile's fields is there", raw)
        return message

    @property
    def has_time(self) -> bool:
        """Tell whether these devices are expected to send their own time."""
        return self._time is not None

    def _time_of(self, document: Mapping[str, Any]) -> int | None:
        """Return the device's time in ns, None when it is absent or no plausible number of ms."""
        raw = find(document, self._time) if self._time else None
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw < MOST_MS:
            return None  # NaN compares false, so it ends here too
        return int(raw) * NS_PER_MS


def parse(payload: bytes) -> Mapping[str, Any]:
    """Return the JSON object in ``payload``; raises UnusableError for everything else."""
    if len(payload) > MOST_PAYLOAD:
        raise UnusableError("too_large", f"{len(payload)} bytes; at most {MOST_PAYLOAD}", payload)
    try:
        document = json.loads(payload.decode())
    except UnicodeDecodeError as error:
        raise UnusableError("not_json", f"no UTF-8 at byte {error.start}", payload) from error
    except (ValueError, RecursionError) as error:
        raise UnusableError("not_json", str(error) or type(error).__name__, payload) from error
    if not isinstance(document, dict):
        raise UnusableError("not_json", f"a {type(document).__name__} where an object is expected", payload)
    return document


def steps_of(path: str) -> Steps:
    """Split ``a.b[2]`` into ``("a", "b", 2)``."""
    return tuple(
        int(part) if bracket == "[" else part
        for bracket, part in ((path[max(found.start() - 1, 0)], found[0]) for found in _STEP.finditer(path))
    )


def find(document: Any, steps: Steps) -> Any:
    """Return what stands at a path, None when the path ends early."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return None
        elif not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    return document


def fields_of(points: Iterable[ProfilePoint]) -> list[Field]:
    """Return how the points of a profile are read; the profile has been checked before."""
    return [
        Field(
            read=JsonRead.model_validate(point.read),
            quantity=point.quantity,
            floor=-math.inf if point.floor is None else point.floor,
            ceiling=math.inf if point.ceiling is None else point.ceiling,
        )
        for point in points
    ]


def _compiled(item: Field) -> _Compiled:
    steps = steps_of(item.read.path)
    _, factor, shift = to_canonical(item.read.quantity or item.quantity.value)
    return _Compiled(
        read=item.read,
        steps=steps,
        name=steps[0] if len(steps) == 1 and isinstance(steps[0], str) else None,
        is_number=item.read.type is JsonType.NUMBER,
        factor=item.read.scale * factor,
        offset=item.read.offset * factor + shift,
        floor=max(item.floor, -sys.float_info.max),
        ceiling=min(item.ceiling, sys.float_info.max),
    )


def _value(raw: Any, one: _Compiled) -> tuple[float, int, str | None]:
    """Return value, quality and words of one field that is there."""
    if one.read.type is JsonType.TEXT:
        fits = isinstance(raw, str) and len(raw) <= MOST_TEXT
        return (1.0, GOOD, raw) if fits else (math.nan, _BAD_VALUE, None)
    number = _number(raw, one.read)
    if number is None:
        return math.nan, _BAD_VALUE, None
    if one.is_number:
        number = number * one.factor + one.offset
    if not math.isfinite(number):
        return math.nan, _BAD_VALUE, None
    return number, GOOD if one.floor <= number <= one.ceiling else _OUT_OF_RANGE, None


def _number(raw: Any, read: JsonRead) -> float | None:
    """Return a field as a number, None when its type is not the one expected."""
    if read.type is JsonType.WORD:
        return read.words.get(raw) if isinstance(raw, str) else None
    if read.type is JsonType.FLAG:
        return float(raw) if isinstance(raw, bool | int | float) and raw in (0, 1) else None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        return float(raw)
    except OverflowError:  # an integer of hundreds of digits
        return None
