"""What slots said → `Transition`s: ids, places, values as they were at that instant, texts zh/en."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind, Place, Transition
from domain.ids import stable_id
from domain.site import Labels
from rules.alarm_states import SAYINGS
from rules.messages import count_text, floor_text, number_text, render
from rules.model import Rule
from rules.plan import Plan
from rules.segment import Segment
from rules.slots import Said

UNKNOWN_VALUE = math.nan


@dataclass(slots=True)
class Known:
    """The last good value of every point, and the last words of those that tell pictures.

    It stands at the end of the last segment; `at` looks into the present segment first.
    """

    value: NDArray[np.float64]
    text: dict[int, str] = field(default_factory=dict)

    def at(self, segment: Segment, point: int, instant: int) -> tuple[float, str | None]:
        """Return value and words of a point as they were known at an instant of a segment."""
        row = segment.latest(point, instant)
        if row < 0:
            return float(self.value[point]), self.text.get(point)
        return float(segment.value[row]), segment.text.get(row)

    def commit(self, segment: Segment, worded: frozenset[int]) -> None:
        """Move on to the end of a segment; words are kept for the points in ``worded`` only."""
        if segment.used.all():
            self.value[segment.point] = segment.value  # of a repeated point the last one stands
        else:
            self.value[segment.point[segment.used]] = segment.value[segment.used]
        for row, words in segment.text.items():
            if segment.used[row] and int(segment.point[row]) in worded:
                self.text[int(segment.point[row])] = words


class Emitter:
    """Makes transitions for one partition."""

    def __init__(self, plan: Plan, partition: int) -> None:
        """Keep what every transition needs."""
        self._plan, self._partition = plan, partition

    def transitions(self, said: Said, segment: Segment, known: Known) -> list[Transition]:
        """Make one transition for each row of ``said``, in its order."""
        ids: Counter[str] = Counter()
        return [self._transition(said, at, segment, known, ids) for at in range(len(said))]

    def _transition(self, said: Said, at: int, segment: Segment, known: Known, ids: Counter[str]) -> Transition:
        slot, instant = int(said.slot[at]), int(said.as_of[at])
        number, entity = int(self._plan.slot_rule[slot]), int(self._plan.slot_entity[slot])
        rule = self._plan.rules[number]
        kind = SAYINGS[said.kind[at]]
        assert kind is not None  # noqa: S101  # silence is never said
        key = self._plan.site.entity_key(rule.entity, entity)
        message = int(said.instant[at]) // segment.width
        seq = int(segment.seq[message])
        place = self._plan.site.place(rule.entity, entity)
        value = known.at(segment, entity, instant)[0] if rule.entity is EntityKind.POINT else UNKNOWN_VALUE
        scope = self._plan.scope(rule.entity, entity)
        numbers = (value, self._count(number, scope, segment, known, instant))
        text_zh, text_en = (
            render(
                getattr(rule.messages, language), self._fields(rule, entity, place, numbers, language), kind, language
            )
            for language in ("zh", "en")
        )
        return Transition(
            id=_once(stable_id(rule.id, key, seq, kind.value), ids),
            kind=kind,
            rule=rule.id,
            rule_version=rule.version,
            alarm_class=rule.alarm_class,
            level=rule.level_when.level if rule.level_when and said.high[at] else rule.level,
            entity_kind=rule.entity,
            entity=key,
            place=place,
            partition=self._partition,
            input_seq=seq,
            event_time_ns=int(said.event_ns[at]),
            log_time_ns=int(segment.log_ns[message]),
            value=value if math.isfinite(value) else None,
            values=self._values(number, scope, segment, known, instant),
            latched=rule.is_latched,
            test=bool(said.test[at]),
            historical=bool(said.historical[at]),
            text_zh=text_zh,
            text_en=text_en,
            picture_url=self._picture(number, scope, segment, known, instant),
            hides=rule.hides,
        )

    def _fields(
        self, rule: Rule, entity: int, place: Place, numbers: tuple[float, float], language: str
    ) -> Mapping[str, str]:
        """Return the words for the fields of messages; ``numbers`` are value and count."""
        value, count = numbers
        fields = {name: labels.of(language) for name, labels in self._labels(place).items()}
        if place.floor is not None:
            fields["floor"] = floor_text(place.floor, language)
        if rule.entity is EntityKind.POINT:
            quantity = self._plan.site.table[entity].quantity
            fields["value"] = number_text(value, quantity)
            fields["limit"] = number_text(self._limit(rule, entity), quantity)
        fields["count"] = count_text(count, language)
        return fields

    def _labels(self, place: Place) -> dict[str, Labels]:
        """Return the registry's names for the steps of a place."""
        registry = self._plan.site.registry
        found = {"unit": registry.units[place.unit].labels}
        if place.gateway is not None:
            found["gateway"] = registry.gateways[f"{place.unit}/{place.gateway}"].labels
        if place.zone is not None:
            zone = registry.zones[f"{place.unit}/{place.zone}"]
            found |= {"building": zone.building.labels, "zone": zone.settings.labels}
        if place.device is not None:
            found["device"] = registry.devices[f"{place.unit}/{place.device}"].settings.labels
        if place.point is not None:
            bare = Labels(zh=place.point, en=place.point)
            found["point"] = registry.point_labels.get(f"{place.unit}/{place.device}/{place.point}", bare)
        return found

    def _limit(self, rule: Rule, point: int) -> float:
        """Return the limit of a rule with a single ``above`` or ``below``."""
        sole = rule.sole_limit
        limit = (sole.above or sole.below) if sole else None
        if limit is None:
            return UNKNOWN_VALUE
        if limit.limit == "low":
            return float(self._plan.site.low[point])
        return float(self._plan.site.high[point]) if limit.limit == "high" else limit.value(limit.limit)

    def _values(self, number: int, scope: int, segment: Segment, known: Known, instant: int) -> dict[str, float]:
        """Return the values a combined rule looked at, by point name, or device/point where names repeat."""
        if number not in self._plan.shown:
            return {}
        points = self._plan.shown[number].of(scope).tolist()
        table = self._plan.site.table
        names = Counter(table[at].name for at in points)
        found = {
            table[at].name if names[table[at].name] == 1 else f"{table[at].device}/{table[at].name}": known.at(
                segment, at, instant
            )[0]
            for at in points
        }
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _count(self, number: int, scope: int, segment: Segment, known: Known, instant: int) -> float:
        """Return the greatest known value of the rule's ``count`` points, NaN when none is known."""
        if number not in self._plan.counts:
            return UNKNOWN_VALUE
        found = [known.at(segment, int(at), instant)[0] for at in self._plan.counts[number].of(scope)]
        return max((value for value in found if math.isfinite(value)), default=UNKNOWN_VALUE)

    def _picture(self, number: int, scope: int, segment: Segment, known: Known, instant: int) -> str | None:
        """Return the words of the first ``picture`` point that has any."""
        if number not in self._plan.pictures:
            return None
        words = (known.at(segment, int(at), instant)[1] for at in self._plan.pictures[number].of(scope))
        return next((text for text in words if text), None)


def _once(name: str, ids: Counter[str]) -> str:
    """Keep ids apart when one message makes one alarm say the same thing twice (late events come in bulk)."""
    ids[name] += 1
    return name if ids[name] == 1 else stable_id(name, ids[name])
