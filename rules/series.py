"""The compact notation of readings over time, one token a step.

| token | readings |
|---|---|
| ``4.2`` | one reading |
| ``0*5`` | five readings of 0 (not ``0x5``, which is a number in YAML) |
| ``300..240*7`` | seven readings in equal steps from 300 to 240, both included |
| ``_``, ``_*5`` | no reading for one step, for five |
| ``bad``, ``bad*3`` | readings of bad quality |
| ``@http://…``, ``4@operator_1`` | the value 1, or 4, with these words |

For a gateway or a transmitter: ``data`` (any message), ``birth``, ``death`` and ``_``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_STEPS = 100_000

_REPEATED = re.compile(r"^(?P<what>.+?)(?:\*(?P<times>\d{1,6}))?$")
_NUMBER = r"-?\d+(?:\.\d+)?"
_RAMP = re.compile(rf"^({_NUMBER})\.\.({_NUMBER})$")
_WORDED = re.compile(rf"^(?P<value>{_NUMBER})?@(?P<words>.+)$")
_WORDS = ("data", "birth", "death")


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a series: a number, good or not; or a gateway's ``word``; or ``text`` with value 1."""

    value: float = 1.0
    good: bool = True
    text: str | None = None
    word: str | None = None


def parse_series(text: str) -> list[Sample | None]:
    """Return one entry a step, None for no reading; raises ValueError with the wrong token."""
    found: list[Sample | None] = []
    for token in text.split():
        found += _samples(token)
        if len(found) > MOST_STEPS:
            raise ValueError(f"longer than {MOST_STEPS} steps → shorten the series")
    return found


def _samples(token: str) -> list[Sample | None]:
    worded = _WORDED.match(token)
    if worded:
        return [Sample(float(worded["value"] or 1), text=worded["words"])]
    match = _REPEATED.match(token)
    what, times = (match["what"], int(match["times"] or 1)) if match else (token, 1)
    if times > MOST_STEPS:
        raise ValueError(f"'{token}' is longer than {MOST_STEPS} steps → shorten the series")
    ramp = _RAMP.match(what)
    if ramp:
        low, high = float(ramp[1]), float(ramp[2])
        return [Sample(low + (high - low) * at / max(1, times - 1)) for at in range(times)]
    if what == "_":
        return [None] * times
    if what == "bad":
        return [Sample(good=False)] * times
    if what in _WORDS:
        return [Sample(word=what)] * times
    if re.match(f"^{_NUMBER}$", what):
        return [Sample(float(what))] * times
    raise ValueError(f"'{token}' is no reading → write 4.2, 0*5, 300..240*7, _, bad, @words, data, birth or death")
