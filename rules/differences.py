"""What is different between two sets of rules: new, gone, changed, and whether an alarm's state survives the change."""

from __future__ import annotations

from dataclasses import dataclass

from rules.model import Rule, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One rule that differs; ``kind`` is new, gone or changed.

    ``keeps_state``: open alarms and timers go on as they are. Without it an open alarm stays open and its condition
    starts anew (changed), or is left to the people who handle it (gone).
    """

    rule: str
    kind: str
    fields: tuple[str, ...] = ()
    keeps_state: bool = False

    def as_data(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"rule": self.rule, "kind": self.kind, "fields": list(self.fields), "keeps_state": self.keeps_state}


def differences(before: RuleSet, after: RuleSet) -> list[Difference]:
    """Return all differences in order of ids; the same rule in another file is none."""
    found = []
    for name in sorted({*before.rules, *after.rules}):
        old, new = before.rules.get(name), after.rules.get(name)
        if old is None or new is None:
            found.append(Difference(rule=name, kind="new" if old is None else "gone"))
        elif fields := _fields(old, new):
            found.append(Difference(rule=name, kind="changed", fields=fields, keeps_state=old.meaning == new.meaning))
    return found


def _fields(old: Rule, new: Rule) -> tuple[str, ...]:
    one, other = old.model_dump(by_alias=True), new.model_dump(by_alias=True)
    return tuple(name for name in one if one[name] != other[name])
