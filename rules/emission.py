"""What slots said → `Transition`s: ids, places, values as they were at that instant, texts zh/en."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind, Place, Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.site import Labels
from rules.alarm_states import SAYINGS
from rules.kernels import Bools
from rules.links import Links
from rules.messages import count_text, floor_text, number_text, render, template_of, used_fields, words_text
from rules.model import Rule
from rules.plan import Plan
from rules.segment import Segment
from rules.slots import Said

UNKNOWN_VALUE = math.nan


PICTURE_AGE_NS = 60 * NS_PER_S
"""A picture from longer before the event may show something else (assumption: cameras report every few seconds)."""


@dataclass(slots=True)
class Known:
    """The last good value of every point, and last words (with their time) of points that pictures or messages show.

    It stands at the end of the last segment; both look-ups search the present segment first, so that a
    transition in its middle knows nothing of what came after.
    """

    value: NDArray[np.float64]
    words: dict[int, tuple[str, int]] = field(default_factory=dict)

    def value_at(self, segment: Segment, point: int, instant: int) -> float:
        """Return the value of a point as it was known at an instant, NaN when nobody knew."""
        row = segment.latest(point, instant)
        return float(self.value[point] if row < 0 else segment.value[row])

    def words_at(self, segment: Segment, point: int, instant: int) -> tuple[str, int] | None:
        """Return the last words of a point and their time, as known at an instant."""
        rows = [row for row in segment.text if segment.used[row] and segment.point[row] == point]
        rows = [row for row in rows if segment.instant[row] <= instant]
        if not rows:
            return self.words.get(point)
        last = max(rows, key=lambda row: (segment.instant[row], row))
        return segment.text[last], int(segment.time_ns[last])

    def own_words_at(self, segment: Segment, point: int, instant: int) -> str:
        """Return the words that came with the last reading of a point as known at an instant, none if it had none."""
        row = segment.latest(point, instant)
        return segment.text.get(row, "") if row >= 0 else self.words.get(point, ("", 0))[0]

    def commit(self, segment: Segment, worded: frozenset[int], momentary: Bools) -> None:
        """Move on to the end of a segment; words are kept for the points in ``worded`` only.

        Points in ``momentary``, shape ``(points,)``, forget theirs with the next reading.
        """
        if self.words:
            for point in segment.point[segment.used & momentary[segment.point]].tolist():
                self.words.pop(point, None)
        if segment.used.all():
            self.value[segment.point] = segment.value  # of a repeated point the last one stands
        else:
            self.value[segment.point[segment.used]] = segment.value[segment.used]
        for point in {int(segment.point[row]) for row in segment.text} & worded:
            end = len(segment.seq) * segment.width
            words = self.words_at(segment, point, end)
            if words is not None and not (momentary[point] and not self.own_words_at(segment, point, end)):
                self.words[point] = words


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
        event_ns = int(said.event_ns[at])
        place = self._plan.site.place(rule.entity, entity)
        value = known.value_at(segment, entity, instant) if rule.entity is EntityKind.POINT else UNKNOWN_VALUE
        scope = self._plan.scope(rule.entity, entity)
        told = (
            value,
            self._count(number, scope, segment, known, instant),
            self._words(number, entity, segment, known, instant),
        )
        text_zh, text_en = (
            render(getattr(rule.messages, language), self._fields(rule, entity, place, told, language), kind, language)
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
            event_time_ns=event_ns,
            log_time_ns=int(segment.log_ns[message]),
            delay_ns=round(rule.on_delay_s * NS_PER_S) if kind is TransitionKind.RAISED else 0,
            value=value if math.isfinite(value) else None,
            values=self._values(number, scope, segment, known, instant),
            latched=rule.is_latched,
            test=bool(said.test[at]),
            historical=bool(said.historical[at]),
            text_zh=text_zh,
            text_en=text_en,
            picture_url=self._picture(self._plan.pictures.get(number), scope, segment, known, (instant, event_ns)),
            resets=rule.resets,
            hides=rule.hides,
        )

    def _fields(
        self, rule: Rule, entity: int, place: Place, told: tuple[float, float, str], language: str
    ) -> Mapping[str, str]:
        """Return the words for the fields of messages; ``told`` are value, count and the reading's own words."""
        value, count, words = told
        fields = {name: labels.of(language) for name, labels in self._labels(place).items()}
        if place.floor is not None:
            fields["floor"] = floor_text(place.floor, language)
        if rule.entity is EntityKind.POINT:
            quantity = self._plan.site.table[entity].quantity
            fields["value"] = number_text(value, quantity)
            fields["limit"] = number_text(self._limit(rule, entity), quantity)
            beside = "point" in used_fields(template_of(rule, language))
            fields["text"] = words_text(words, language, fields["point"] if beside else "")
        fields["count"] = count_text(count, language)
        return fields

    def _labels(self, place: Place) -> dict[str, Labels]:
        """Return the registry's names for the steps of a place."""
        registry = self._plan.site.registry
        found = {"unit": registry.units[place.unit].labels}
        if place.gateway is not None:
            found["gateway"] = registry.gateways[f"{place.unit}/{place.gateway}"].labels
        if place.building is not None and place.zone is None:
            buildings = registry.units[place.unit].buildings
            found["building"] = next(one.labels for one in buildings if one.id == place.building)
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
        table, learned = self._plan.site.table, self._plan.site.learned
        value = {at: known.value_at(segment, at, instant) for at in self._plan.shown[number].of(scope).tolist()}
        there = [at for at in value if math.isfinite(value[at]) or not learned[at]]
        names = Counter(table[at].name for at in there)
        found = {
            table[at].name if names[table[at].name] == 1 else f"{table[at].device}/{table[at].name}": value[at]
            for at in there
        }
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _count(self, number: int, scope: int, segment: Segment, known: Known, instant: int) -> float:
        """Return the greatest known value of the rule's ``count`` points, NaN when none is known."""
        if number not in self._plan.counts:
            return UNKNOWN_VALUE
        found = [known.value_at(segment, int(at), instant) for at in self._plan.counts[number].of(scope)]
        return max((value for value in found if math.isfinite(value)), default=UNKNOWN_VALUE)

    def _words(self, number: int, entity: int, segment: Segment, known: Known, instant: int) -> str:
        """Return the words of the last reading of an alarm's point, where the rule's messages show them."""
        return known.own_words_at(segment, entity, instant) if number in self._plan.worded_rules else ""

    def _picture(
        self, links: Links | None, scope: int, segment: Segment, known: Known, when: tuple[int, int]
    ) -> str | None:
        """Return the words of the ``picture`` point that spoke last, unless that was long before the event.

        ``when``: instant and event time [ns].
        """
        instant, event_ns = when
        told = [known.words_at(segment, int(at), instant) for at in (links.of(scope) if links else ())]
        fresh = [words for words in told if words is not None and words[1] >= event_ns - PICTURE_AGE_NS]
        return max(fresh, key=lambda words: words[1])[0] if fresh else None


def _once(name: str, ids: Counter[str]) -> str:
    """Keep ids apart when one message makes one alarm say the same thing twice (late events come in bulk)."""
    ids[name] += 1
    return name if ids[name] == 1 else stable_id(name, ids[name])
