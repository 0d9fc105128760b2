"""The tables and the pictures of docs/alert-life-cycle.md, from `alerts.life_cycle`: what decides is what is shown.

``python -m alerts.life_cycle_page docs/alert-life-cycle.md`` writes them into the page, between its marks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from alerts.life_cycle import MOST_SHELVED_S, MOVES, Action, Ask, Facts, allow, closes
from domain.alarm import AlarmClass
from domain.alert import Confirmation
from domain.errors import RefusedError
from domain.glossary import label_of
from domain.site.record import LINK_S, REOPEN_S

LATEST = "closed"


@dataclass(unsafe_hash=True)
class Course:
    """The facts of an alert on its way, as far as they decide; never changed, only replaced."""

    latched: bool
    active: bool = True
    data_unknown: bool = False
    acknowledged_at_ns: int | None = None
    acknowledged_by: str | None = None
    reset_at_ns: int | None = None
    closed_at_ns: int | None = None
    alarm_class: AlarmClass = AlarmClass.FAULT
    confirmed: Confirmation | None = None
    shelved_until_ns: int | None = None
    rechecked_at_ns: int | None = None
    owner: str | None = None


def actions_table() -> str:
    """Return what people can do, and when it is refused."""
    lines = ["| action | what it does | refused, with this reason, when |", "|---|---|---|"]
    for move in MOVES:
        reasons = "<br>".join(refusal.text(_any()).replace("None", "…") for refusal in move.refusals) or "never"
        lines.append(f"| **{move.action}** | {move.zh} / {move.en} | {reasons} |")
    return "\n".join(lines) + "\n"


def classes_table() -> str:
    """Return what differs by class."""
    lines = ["| class | shelved at most | two persons to shelve | comes back after its end |", "|---|---|---|---|"]
    for one in AlarmClass:
        within_s = REOPEN_S[one]
        again = f"within {within_s / 60:g} min the same record goes on, " if within_s else ""
        names = "always" if one is AlarmClass.FIRE else f"for {LINK_S / 86_400:g} days"
        lines.append(
            f"| {label_of(one, 'zh')} / {one} | {MOST_SHELVED_S[one] / 3600:g} h |"
            f" {'yes' if one is AlarmClass.FIRE else 'no'} |"
            f" {again}{'else a' if again else 'a'} new record that names the one before it ({names}) |"
        )
    return "\n".join(lines) + "\n"


def diagram(*, latched: bool) -> str:
    """Return the ways from raised to closed as a Mermaid state diagram, found by trying every step."""
    begin = Course(latched=latched)
    lines = ["stateDiagram-v2", f"    [*] --> {_name(begin)} : raised"]
    seen, left = {begin}, [begin]
    while left:
        here = left.pop(0)
        for step, there in _steps(here):
            lines.append(f"    {_name(here)} --> {_name(there)} : {step}")
            if there not in seen and there.closed_at_ns is None:
                left.append(there)
            seen.add(there)
    return "\n".join([*lines, f"    {LATEST} --> [*]"]) + "\n"


def blocks() -> Mapping[str, str]:
    """Return the parts of the page by the names of their marks."""
    return {
        "actions": actions_table(),
        "classes": classes_table(),
        "unlatched": f"```mermaid\n{diagram(latched=False)}```\n",
        "latched": f"```mermaid\n{diagram(latched=True)}```\n",
    }


def written(page: str) -> str:
    """Return the page with its marked parts made anew."""
    for name, block in blocks().items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = mark.sub(lambda found, block=block: f"{found[1]}{block}{found[2]}", page)  # type: ignore[misc]
    return page


def _any() -> Facts:
    return Course(latched=True)


def _name(here: Course) -> str:
    """Return the name of a state, in the words of ISA-18.2."""
    if here.closed_at_ns is not None:
        return LATEST
    telemetry = "active" if here.active else "returned"
    answer = "acknowledged" if here.acknowledged_at_ns is not None else "unacknowledged"
    unsure = "_unknown" if here.data_unknown else ""
    return f"{telemetry}_{answer}{unsure}"


def _steps(here: Course) -> list[tuple[str, Course]]:
    """Return the steps that lead somewhere else; a refused action leads nowhere."""
    found = []
    for name, step in _STEPS.items():
        try:
            there = step(here)
        except RefusedError:
            continue
        if closes(there, cause_answered=False):
            there = replace(there, closed_at_ns=1)
        if there != here:
            found.append((name, there))
    return found


def _acknowledge(here: Course) -> Course:
    allow(Action.ACKNOWLEDGE, here, Ask(by="somebody"))
    return replace(here, acknowledged_at_ns=1)


def _reset(here: Course) -> Course:
    allow(Action.RESET, here, Ask(by="somebody"))
    return replace(here, reset_at_ns=1)


_STEPS: Mapping[str, Callable[[Course], Course]] = {
    "cleared": lambda here: replace(here, active=False, data_unknown=False) if here.active else here,
    "raised again": lambda here: here if here.active else Course(latched=here.latched),
    "no data": lambda here: replace(here, data_unknown=True),
    "data back": lambda here: replace(here, data_unknown=False),
    "acknowledge": _acknowledge,
    "reset": _reset,
}


def main(path: Path) -> None:
    """Write the parts into the page at ``path``."""
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
