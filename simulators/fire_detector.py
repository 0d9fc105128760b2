"""A detector in a recorded fire: what it would have told, from the smoke and the temperature where it hangs.

Simple on purpose; all numbers are assumptions within the standards named:

* Smoke enters a chamber late: a first-order lag of 10 s (a length of entry of about 2 m at 0.2 m/s).
* It alarms at 0.3 dB/m, as the least sensitive detector that may be sold (EN 14604 tests for thresholds between 0.05
  and 0.3 dB/m), and holds the alarm for as long as the smoke stays over that.
* Its thermistor follows the air with a lag of 10 s; what it measures it reports as it is. Whether a temperature is a
  fire is not decided here: rules do that.

Recorded beams give the extinction k in 1/m, over the value that they showed before the fire; the obscuration in dB/m
is ``10 * log10(e) * k = 4.343 k``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.replay import MOST_BYTES, ReplayError

DB_PER_EXTINCTION = 10 * math.log10(math.e)
THRESHOLD_DB_PER_M = 0.3
SMOKE_LAG_S = HEAT_LAG_S = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """One report: time [s], obscuration [dB/m], alarm, temperature [°C]."""

    time_s: float
    obscuration: float
    smoke: bool
    temperature: float


class Detector:
    """Follows smoke and heat; `tell` moves it on."""

    def __init__(self, threshold: float = THRESHOLD_DB_PER_M) -> None:
        """``threshold`` [dB/m]."""
        self._threshold = threshold
        self._at_s: float | None = None
        self._obscuration = self._temperature = 0.0

    def tell(self, time_s: float, extinction: float, temperature: float) -> Told:
        """Take the air at a moment: extinction [1/m], temperature [°C]; times rise."""
        obscuration = max(extinction, 0.0) * DB_PER_EXTINCTION
        if self._at_s is None:
            self._obscuration, self._temperature = obscuration, temperature
        else:
            elapsed_s = time_s - self._at_s
            self._obscuration += (obscuration - self._obscuration) * -math.expm1(-elapsed_s / SMOKE_LAG_S)
            self._temperature += (temperature - self._temperature) * -math.expm1(-elapsed_s / HEAT_LAG_S)
        self._at_s = time_s
        return Told(time_s, self._obscuration, self._obscuration >= self._threshold, self._temperature)


@dataclass(frozen=True, slots=True)
class Activations:
    """When the recorded alarms of a test sounded [s], by name: ``Ion1A``, ``Pho2B``."""

    by_alarm: Mapping[str, float]

    def first(self, kind: str = "") -> float:
        """Return the first one of a kind (``Ion``, ``Pho``; all)."""
        return min(at for name, at in self.by_alarm.items() if name.startswith(kind))

    def last(self) -> float:
        """Return the last one of all."""
        return max(self.by_alarm.values())


def read_activations(path: Path) -> dict[str, Activations]:
    """Read ``Test-Alarm`` headings and one row of seconds; empty cells never sounded. Raises `ReplayError`."""
    rows = _rows(path)
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise ReplayError(f"{path.name} is no row of activation times", "give headings and one row of seconds")
    found: dict[str, dict[str, float]] = {}
    for name, cell in zip(rows[0][1:], rows[1][1:], strict=True):
        test, _, alarm = name.partition("-")
        if cell and alarm:
            found.setdefault(test, {})[alarm] = _number(cell, path)
    return {test: Activations(times) for test, times in found.items()}


def recorded_detectors(path: Path) -> Iterator[tuple[str, list[Told]]]:
    """Yield what a detector at each place of a recorded test would have told.

    The first moment is taken for the one before the fire. A place is a letter with a smoke meter and a thermocouple at
    the ceiling: ``SMA_1`` and ``TCA_1``. Raises `ReplayError`.
    """
    rows = _rows(path)
    at = {name: number for number, name in enumerate(rows[0])} if len(rows) > 1 else {}
    if "TIME" not in at or any(len(row) < len(rows[0]) for row in rows):
        raise ReplayError(f"{path.name} is no recorded test", "give headings with TIME, and rows as long as they are")
    for place in "ABCDEF":
        names = ("TIME", f"SM{place}_1", f"TC{place}_1")
        if at.keys() >= set(names):
            yield place, _told([[_number(row[at[name]], path) for name in names] for row in rows[1:]])


def _told(air: Sequence[Sequence[float]]) -> list[Told]:
    detector, rest = Detector(), air[0][1]
    return [detector.tell(time_s, extinction - rest, temperature) for time_s, extinction, temperature in air]


def _rows(path: Path) -> list[list[str]]:
    if path.stat().st_size > MOST_BYTES:
        raise ReplayError(f"{path.name} is too large", f"keep it under {MOST_BYTES} bytes")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReplayError(f"{path.name} is no CSV text: {error}", "save it as CSV in UTF-8") from error


def _number(cell: str, path: Path) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ReplayError(f"{path.name} has '{cell}' where a number should stand", "mend the file")
    return number
