"""Did a line get worse? Compared are the seconds before a switch and those after it. Pure.

| sign | worse when |
|---|---|
| the line itself | it was ok, and is not ok at the end of the watch |
| its devices | one that had answered before is lost at the end; new devices can't be lost, for they never worked |
| errors | more than `ERROR_STEP` of the polls fail that did not fail before, of `FEWEST_POLLS` at least; not told (1) |

(1) Unless a new device does not answer yet: the errors may be its own.

"At the end" means in each of the last `SETTLED_LOOKS` looks: a line that is opened again a moment ago is no worse.
A line that is new never worked, so it can't be worse: it is told (`unwell`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.connectors.contract import Health

ERROR_STEP = 0.2
"""Assumption: a fifth of the polls is more than what a bad cable costs from one minute to the next."""

FEWEST_POLLS = 5
SETTLED_LOOKS = 3
NAMED = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One line at one moment; ``polls`` and ``errors`` count since the line began."""

    ok: bool
    lost: frozenset[str]
    polls: int
    errors: int


def look(health: Health) -> Look:
    """Return what is compared of a line's health."""
    return Look(health.ok, health.lost, health.polls, sum(health.errors.values()))


def worse(before: Sequence[Look], after: Sequence[Look], known: frozenset[str]) -> list[str]:
    """Return why a line is worse now, in both languages; empty when it is not.

    ``before`` and ``after`` are looks in the order of time; ``known`` are the devices that it had before and has now.
    """
    if not before or not after:
        return []
    old, settled = before[-1], after[-SETTLED_LOOKS:]
    if old.ok and not any(one.ok for one in settled):
        return ["原来正常，现在不通 / was ok and is not ok now"]
    reasons = []
    lost = frozenset.intersection(*(one.lost for one in settled))
    if gone := (lost & known) - old.lost:
        names = ", ".join(sorted(gone)[:NAMED]) + (" …" if len(gone) > NAMED else "")
        reasons.append(f"{len(gone)} 台设备失联 / {len(gone)} devices lost: {names}")
    share, then = error_share(after), error_share(before) or 0.0
    if share is not None and share > then + ERROR_STEP and lost <= known:
        reasons.append(f"错误比例 {then:.0%} → {share:.0%} / share of errors {then:.0%} → {share:.0%}")
    return reasons


def error_share(looks: Sequence[Look]) -> float | None:
    """Return errors for each poll between the first and the last look, None where there were too few polls."""
    polls = looks[-1].polls - looks[0].polls
    return (looks[-1].errors - looks[0].errors) / polls if polls >= FEWEST_POLLS else None


def verdict(
    before: Mapping[str, Sequence[Look]], after: Mapping[str, Sequence[Look]], known: Mapping[str, frozenset[str]]
) -> str:
    """Return why the lines together are worse now, empty when none is."""
    found = {name: worse(before.get(name, ()), looks, known.get(name, frozenset())) for name, looks in after.items()}
    return "; ".join(f"{name}: {', '.join(reasons)}" for name, reasons in found.items() if reasons)


def unwell(after: Mapping[str, Sequence[Look]], known: Mapping[str, frozenset[str]]) -> str:
    """Return which lines don't work at the end, and which new devices don't answer: told, and no reason to go back."""
    found = []
    for name, looks in after.items():
        settled = looks[-SETTLED_LOOKS:]
        if settled and not any(one.ok for one in settled):
            found.append(f"{name}: 不通 / not ok")
        elif settled and (new := settled[-1].lost - known.get(name, frozenset())):
            found.append(f"{name}: 新设备无应答 / new devices don't answer: {', '.join(sorted(new)[:NAMED])}")
    return "; ".join(found)
