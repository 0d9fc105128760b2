"""The `Plan`: terms, nodes, alarms and who listens to whom, as arrays. `rules.compiler` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from domain.points import PointKind
from rules.banks import Bank
from rules.forest import Forest
from rules.kernels import Bools, Indexes, Truths, seen
from rules.links import Links
from rules.messages import shows_words
from rules.model import Rule
from rules.schedules import ScheduleLeaf
from rules.site_index import SiteIndex
from rules.slots import Slots

MAIN, RAISES, TESTING, STAYS = 0, 1, 2, 3
"""What a slot listens to a signal for."""


def columns(slots: Slots) -> dict[int, Truths]:
    """Return the truths of alarms by what they listen for, each of shape ``(slots,)``."""
    return {MAIN: slots.main, RAISES: slots.raises, TESTING: slots.testing, STAYS: slots.stays}


@dataclass(frozen=True, slots=True, kw_only=True)
class Absences:
    """Leaves that silence answers: devices first, then gateways, then points, each with its times; then schedules.

    A gateway is absent when it was not heard for ``within_ns``, or ``reconnect_ns`` after its death certificate.
    """

    first_signal: int
    device: Indexes
    gateway: Indexes
    within_ns: Indexes
    reconnect_ns: Indexes
    point: Indexes
    point_within_ns: Indexes
    schedules: tuple[ScheduleLeaf, ...]

    @property
    def first_schedule(self) -> int:
        """The first signal of a schedule."""
        return self.first_signal + len(self.device) + len(self.gateway) + len(self.point)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that does not change while a rule set runs on a site.

    | attribute | meaning |
    |---|---|
    | ``banks``, ``bank_signal`` | the banks and the first signal of each |
    | ``slot_rule``, ``slot_entity`` | (slots,) rule number and entity number of each alarm |
    | ``listeners`` | signal → links; ``listener_slot``, ``listener_role`` per link |
    | ``shown`` | per rule: entity → points whose values stand in its transitions |
    | ``counts``, ``pictures`` | per rule with such a selector: entity → points |
    | ``gateway_silence_ns`` | (gateways,) after which a gateway counts as away |
    """

    site: SiteIndex
    rules: tuple[Rule, ...]
    version: str
    banks: tuple[Bank, ...]
    bank_signal: tuple[int, ...]
    absences: Absences
    forest: Forest
    slot_rule: NDArray[np.int32]
    slot_entity: NDArray[np.int32]
    listeners: Links
    listener_slot: Indexes
    listener_role: NDArray[np.uint8]
    shown: Mapping[int, Links]
    counts: Mapping[int, Links]
    pictures: Mapping[int, Links]
    gateway_silence_ns: Indexes

    @cached_property
    def worded_rules(self) -> frozenset[int]:
        """Numbers of the rules whose messages show the words of a reading."""
        return frozenset(number for number, rule in enumerate(self.rules) if shows_words(rule))

    @cached_property
    def worded(self) -> frozenset[int]:
        """Points whose last words are kept: for pictures and for messages."""
        return frozenset(np.flatnonzero(self._pictured | self.quoted).tolist())

    @cached_property
    def quoted(self) -> Bools:
        """Which points are quoted in messages, and not shown as pictures; shape ``(points,)``."""
        shown = np.isin(self.slot_rule, sorted(self.worded_rules))
        found = np.zeros(len(self.site.table), np.bool_)
        found[self.slot_entity[shown]] = True
        return found & ~self._pictured

    @cached_property
    def _pictured(self) -> Bools:
        found = np.zeros(len(self.site.table), np.bool_)
        for links in self.pictures.values():
            found[links.targets] = True
        return found

    def momentary(self) -> list[Indexes]:
        """Return the terms on events, per bank: those that are over soon after they were told."""
        is_event = np.array([point.kind is PointKind.EVENT for point in self.site.table], np.bool_)
        none = np.empty(0, np.int64)
        return [none if bank.clocked else np.flatnonzero(is_event[bank.point]) for bank in self.banks]

    def slots(self) -> Slots:
        """Return the alarms, all normal."""
        on, off = (
            [round(getattr(rule, name) * NS_PER_S) for rule in self.rules] for name in ("on_delay_s", "off_delay_s")
        )
        return Slots(np.array(on, np.int64)[self.slot_rule], np.array(off, np.int64)[self.slot_rule])

    def listen(self, slots: Slots) -> None:
        """Set the truths of all alarms from the forest: after its leaves were set by hand."""
        signal = np.repeat(np.arange(len(self.forest.truth)), self.listeners.count)
        truth = seen(self.forest.truth[signal])
        for role, column in columns(slots).items():
            mine = self.listener_role == role
            column[self.listener_slot[mine]] = truth[mine]

    def scope(self, kind: EntityKind, entity: int) -> int:
        """Return the entity whose points tell the rest: of a point its device, of others themselves."""
        return int(self.site.device_of[entity]) if kind is EntityKind.POINT else entity

    def coverage(self) -> dict[str, int]:
        """Return how many alarms each rule has here; 0 means that nothing in the site fits it."""
        counts = np.bincount(self.slot_rule, minlength=len(self.rules))
        return {rule.id: int(count) for rule, count in zip(self.rules, counts, strict=True)}
