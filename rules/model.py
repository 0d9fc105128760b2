"""A rule as people write it: one YAML file, frozen, unknown keys refused.

| field | meaning |
|---|---|
| ``id``, ``version``, ``labels`` | who it is; the version stands in every alarm |
| ``owner`` | who answers for the rule: ``fengsui`` for the library, a team or firm for a site's own |
| ``source``, ``reason`` | standard and clause that its numbers come from, or ``assumption``; why, for its page |
| ``class``, ``level`` | alarm class and level |
| ``entity`` | what one alarm is kept for: each point, device, zone or gateway |
| ``watches`` | which points (or gateways' places) it is about |
| ``condition`` | when it is true, see `rules.conditions` |
| ``unless`` | on other points of the same device: explains the alarm away, which then is no alarm of its own |
| ``explained_by`` | ``under``: only points under the alarm's own explain it, ``s1-1-c40`` an ``s1-1`` |
| ``on_delay_s``, ``off_delay_s`` | how long the condition must hold, in log time, to raise and to clear |
| ``latched`` | open in the record until a person resets it; always so for fire |
| ``resets`` | it is a reset at a panel: no alert of its own, it lets latched alerts of the panel go |
| ``level_when`` | a second condition that raises the level of the *same* alarm |
| ``stays_while`` | a raised alarm stays while this holds, though the condition no longer does; it raises none |
| ``hides`` | rules whose alerts on the same zone or entity are consequences of this one |
| ``test`` | when the device says "test": a flag on the alarm, never a mute |
| ``tested_by`` | ``over``: only the alarm's point and those over it say so, an ``s1-1`` of its ``s1-1-c40`` |
| ``count``, ``picture`` | points that tell how many, and where a picture is |
| ``procedure`` | zh and en: what the operator does, numbered short lines; a site may write its own, see below |
| ``messages`` | zh and en, with fields in braces, see `rules.messages` |

``test``, ``unless``, ``count``, ``picture``, ``level_when`` and ``stays_while`` look at all points of the entity, for
point rules at those of the point's device; ``point``, ``word`` and ``zones`` of ``watches`` are for the condition only.

A site's ``rules/procedures.yaml`` replaces the procedure of rules, the library's among them, and nothing else of them:
``procedures: {pressure_low: {zh: …, en: …}}``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pydantic import Field

from domain.alarm import AlarmClass, EntityKind, Level
from domain.documents import Document
from domain.ids import Token
from domain.site import Labels
from domain.site.labels import Settings
from rules.conditions import Condition, Selector


class ExplainedBy(StrEnum):
    """Which points may explain an alarm away: those of its device, or those *under* its point.

    Under ``s1-1`` are the points whose name begins with ``s1-1-``: the components of a system that has no
    device of its own. Under ``state``, which stands for its device, are all others of the device.
    """

    DEVICE = "device"
    UNDER = "under"


class TestedBy(StrEnum):
    """Which points may say that an alarm is a test: those of its device, or its own point and those *over* it.

    Over a point is what it is under (`ExplainedBy`): its system, and ``state`` of its device. Each is asked alone.
    """

    DEVICE = "device"
    OVER = "over"


class LevelWhen(Settings):
    """A second condition and the level it raises an open alarm to."""

    level: Level
    condition: Condition


class Messages(Settings):
    """Texts for people; fields in braces are filled in."""

    zh: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class Reason(Settings):
    """Why a rule is as it is, for people: what it is about, and where it is patient and why."""

    zh: str = Field(min_length=1, max_length=2000)
    en: str = Field(min_length=1, max_length=2000)


class Procedure(Settings):
    """What the operator does, line by line and in order. Times in the library's are assumptions, not a standard's."""

    zh: str = Field(min_length=1, max_length=2000)
    en: str = Field(min_length=1, max_length=2000)


class Procedures(Settings):
    """``procedures.yaml`` of a site: what its operators do about rules that it did not write, by the rule's id."""

    procedures: dict[Token, Procedure] = Field(min_length=1)


ASSUMPTION = "assumption"
"""The source of numbers that nobody prescribes."""


class Rule(Settings):
    """One rule; the module's table says what each field means."""

    id: Token
    version: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")
    owner: str = Field(default="", max_length=64)
    source: str = Field(default=ASSUMPTION, min_length=1, max_length=200)
    reason: Reason | None = None
    labels: Labels
    alarm_class: AlarmClass = Field(alias="class")
    level: Level
    entity: EntityKind = EntityKind.POINT
    watches: Selector = Selector()
    condition: Condition
    unless: Condition | None = None
    explained_by: ExplainedBy = ExplainedBy.DEVICE
    on_delay_s: float = Field(default=0.0, ge=0, le=86_400)
    off_delay_s: float = Field(default=0.0, ge=0, le=86_400)
    latched: bool | None = None
    resets: bool = False
    level_when: LevelWhen | None = None
    stays_while: Condition | None = None
    hides: tuple[Token, ...] = ()
    test: Condition | None = None
    tested_by: TestedBy = TestedBy.DEVICE
    count: Selector | None = None
    picture: Selector | None = None
    procedure: Procedure | None = None
    messages: Messages

    @property
    def is_latched(self) -> bool:
        """Whether its alarms wait for a person."""
        return self.alarm_class is AlarmClass.FIRE if self.latched is None else self.latched

    @cached_property
    def meaning(self) -> str:
        """Hash of version and conditions: state is kept over a change of rules where this is equal."""
        parts = self.model_dump(
            mode="json",
            include={
                "version",
                "entity",
                "watches",
                "condition",
                "unless",
                "level_when",
                "stays_while",
                "test",
                "explained_by",
                "tested_by",
            },
        )
        return hashlib.blake2s(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()

    @property
    def asides(self) -> tuple[Condition, ...]:
        """The conditions beside the one that raises it; they look around (see `around`)."""
        level = self.level_when.condition if self.level_when else None
        return tuple(one for one in (level, self.unless, self.test, self.stays_while) if one is not None)

    @cached_property
    def around(self) -> Selector:
        """What a rule watches without what tells points of one entity apart: where its other conditions look."""
        return self.watches.model_copy(update={"point": (), "word": (), "zones": ()})

    @property
    def sole_limit(self) -> Condition | None:
        """The condition when it is a single test on one point per alarm, which has a ``{limit}``."""
        alone = self.entity is EntityKind.POINT and not self.condition.parts
        return self.condition if alone else None


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Rules by id, in order of their ids, with the documents they came from."""

    rules: Mapping[str, Rule]
    documents: Mapping[str, Document]
    own: frozenset[str] = frozenset()
    """Ids of the rules that a site wrote itself."""
    own_procedures: frozenset[str] = frozenset()
    """Ids of the rules whose procedure is that of the site."""

    def __iter__(self) -> Iterator[Rule]:
        """Iterate over the rules."""
        return iter(self.rules.values())

    def __len__(self) -> int:
        """Return the number of rules."""
        return len(self.rules)

    @property
    def version(self) -> str:
        """Hash over all rules; it changes when any of them does."""
        text = "\n".join(rule.model_dump_json(by_alias=True) for rule in self)
        return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()

    def only(self, ids: Sequence[str]) -> RuleSet:
        """Return the set of the rules named; raises KeyError for an unknown one."""
        chosen = {name: self.rules[name] for name in sorted(set(ids))}
        return RuleSet(chosen, self.documents, self.own, self.own_procedures)
