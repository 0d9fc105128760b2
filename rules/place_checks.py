"""What may be asked of what: gateways have no points, one point is not several, a clock alone is no alarm."""

from __future__ import annotations

from collections.abc import Iterator

from domain.alarm import EntityKind
from domain.documents import Document, Path
from domain.errors import Problem
from rules.conditions import Absent, Condition, Counted, Selector
from rules.model import Rule

Placed = tuple[Path, Condition, EntityKind]
_OF_GATEWAY = (Absent.GATEWAY, Absent.TRANSMITTER)


def place_problems(rule: Rule, document: Document) -> list[Problem]:
    """Return what is wrong with a rule's conditions for its kind of entity."""
    problems = []
    if all(test.schedule is not None for test in rule.condition.tests()):
        mend = "put it into 'all_of' beside a test of readings"
        problems.append(document.problem(("condition",), "a schedule alone is no alarm", mend))
    for path, condition, kind in _placed(rule):
        found = _wrong_several(condition, kind, path) or _wrong_absence(rule, condition, kind, path)
        if found is not None:
            problems.append(document.problem(path, *found))
    return problems


def _placed(rule: Rule) -> Iterator[Placed]:
    """Yield every condition with its place, and the kind of entity that it is asked of."""
    around = EntityKind.DEVICE if rule.entity is EntityKind.POINT else rule.entity
    level = rule.level_when.condition if rule.level_when else None
    roots: list[tuple[Path, Condition | None, EntityKind]] = [
        (("condition",), rule.condition, rule.entity),
        (("unless",), rule.unless, around),
        (("test",), rule.test, around),
        (("level_when", "condition"), level, around),
        (("stays_while",), rule.stays_while, around),
    ]
    while roots:
        path, condition, kind = roots.pop(0)
        if condition is None:
            continue
        yield path, condition, kind
        below = kind if condition.several is None else EntityKind(condition.several.of.value)
        roots += [((*path, *place), part, below) for place, part in condition.placed]


def _wrong_several(condition: Condition, kind: EntityKind, path: Path) -> tuple[str, str] | None:
    if condition.several is None:
        return None
    if path[0] in ("unless", "test"):
        return "several are counted in 'condition' and 'level_when' only", "ask for a single test here"
    if kind is EntityKind.POINT:
        return "one point is not several", "write 'entity: zone' (device, gateway, building, unit)"
    if kind is EntityKind.DEVICE and condition.several.of is Counted.DEVICE:
        return "one device is not several", "write 'entity: zone' (gateway, building, unit), or count points"
    return None


def _wrong_absence(rule: Rule, condition: Condition, kind: EntityKind, path: Path) -> tuple[str, str] | None:
    """A gateway rule can only ask for a gateway's absence; nothing else has points to look at."""
    of = condition.absence.of if condition.absence is not None else None
    watches_word = bool(rule.watches.word) if path[0] == "condition" else False
    if of not in (None, Absent.POINT) and (condition.word or watches_word):
        mend = "remove 'word', or ask for 'bits' or 'equals' of the points"
        return "absence is of devices and gateways, a word is a point's", mend
    if kind is EntityKind.GATEWAY and of not in _OF_GATEWAY and not condition.parts and condition.schedule is None:
        return "a gateway has no points to test", "write 'absence: {of: gateway, within_s: 15}', or another entity"
    if of in _OF_GATEWAY and kind is not EntityKind.GATEWAY:
        return "this asks about gateways", "write 'entity: gateway'"
    if of is Absent.DEVICE and kind is EntityKind.POINT:
        return "this asks about devices", "write 'entity: device' or 'entity: zone'"
    if condition.schedule is not None and condition.selector != Selector():
        return "a schedule watches no points", "remove kind, point, word, tags and zones beside it"
    return None
