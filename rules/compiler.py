"""From a `RuleSet` and a `SiteIndex` to a `Plan`.

Compilation never loops over points: a condition is compiled for all entities of a rule at once, as a
`Column` of (entity, signal) pairs. A part that an entity has no points for is left out: an instrument
that was never installed can't testify, which is normal, not unknown. (``any_of`` goes on without it,
``all_of`` can't be true, and an entity whose condition can't be true gets no alarm.) A learned point is
not there before its first reading: its terms begin as normal, so that it makes no difference when exactly
its birth was read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from rules.banks import Bank, bank_of
from rules.columns import Column, Nodes
from rules.conditions import Absence, Absent, Condition, Selector
from rules.forest import Forest, components
from rules.kernels import NORMAL, Indexes
from rules.lineage import lines_of, nearest
from rules.links import Links
from rules.model import ExplainedBy, Rule, RuleSet, TestedBy
from rules.place_leaves import PlaceLeaves
from rules.plan import MAIN, RAISES, STAYS, TESTING, Absences, Plan
from rules.site_index import SiteIndex
from rules.timed import joined_lasting, joined_sequences
from rules.timed_columns import TimedColumns

DEFAULT_GATEWAY_SILENCE_S = 15.0
"""A gateway without an absence rule counts as away after this (assumption: they speak every ten seconds)."""
DEFAULT_TRANSMITTER_SILENCE_S = 180.0
"""The same for transmitters (practice with GB/T 26875.3: 60 s to 3 min without a frame is off line)."""


def compile_plan(ruleset: RuleSet, site: SiteIndex) -> Plan:
    """Compile; `rules.loading.load` has checked the rules."""
    return _Compiler(ruleset, site).plan()


class _Compiler:
    def __init__(self, ruleset: RuleSet, site: SiteIndex) -> None:
        self._site = site
        self._ruleset = ruleset
        self._rules = tuple(ruleset)
        self._banks, self._bank_signal = self._make_banks()
        self._places = PlaceLeaves(site)
        self._absences = self._make_absences()
        absent = self._absences
        self._nodes = Nodes(absent.first_schedule + len(absent.schedules))
        self._timed = TimedColumns(site, self._nodes)
        self._slot_rule: list[NDArray[np.int32]] = []
        self._slot_entity: list[NDArray[np.int32]] = []
        self._heard: list[tuple[Indexes, Indexes, int]] = []
        self._owners: dict[tuple[bytes, bytes], Indexes] = {}
        self._lines: dict[tuple[bytes, bytes], tuple[Indexes, Indexes, Indexes]] = {}

    def plan(self) -> Plan:
        count = 0
        for number, rule in enumerate(self._rules):
            count += self._rule(number, rule, count)
        signal, slot, role = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in self._listeners())
        forest = self._forest(signal, slot, count)
        listeners = Links(signal, slot, len(forest.truth))
        for bank, start in zip(self._banks, self._bank_signal, strict=True):
            bank.truth = forest.truth[start : start + len(bank)]
            bank.truth[self._site.learned[bank.point]] = NORMAL
        forest.recount()
        return Plan(
            site=self._site,
            rules=self._rules,
            version=self._ruleset.version,
            banks=self._banks,
            bank_signal=self._bank_signal,
            absences=self._absences,
            forest=forest,
            slot_rule=np.concatenate([np.empty(0, np.int32), *self._slot_rule]),
            slot_entity=np.concatenate([np.empty(0, np.int32), *self._slot_entity]),
            listeners=listeners,
            listener_slot=listeners.targets,
            listener_role=role[listeners.order].astype(np.uint8),
            shown=self._shown(),
            counts=self._pointers("count"),
            pictures=self._pointers("picture"),
            gateway_silence_ns=self._gateway_silence(),
        )

    # ---- leaves ----

    def _make_banks(self) -> tuple[tuple[Bank, ...], tuple[int, ...]]:
        """Gather the points of every distinct test, then make one bank a kind."""
        watched: dict[type[Bank], dict[str, tuple[Condition, NDArray[np.bool_]]]] = {}
        for test, selectors in self._asked():
            if test.is_watched:
                tests = watched.setdefault(bank_of(test), {})
                mask = self._site.select_points(*selectors)
                before = tests.get(test.meaning)
                tests[test.meaning] = (test, mask if before is None else before[1] | mask)
        banks = [
            kind([test for test, _ in tests.values()], [np.flatnonzero(mask) for _, mask in tests.values()], self._site)
            for kind, tests in watched.items()
        ]
        starts = np.cumsum([0, *(len(bank) for bank in banks)])
        return tuple(banks), tuple(int(start) for start in starts)[:-1]

    def _asked(self) -> list[tuple[Condition, tuple[Selector, Selector]]]:
        """Return every test of every rule with the selectors that it stands under."""
        found: list[tuple[Condition, tuple[Selector, Selector]]] = []
        for rule in self._rules:
            found += [(test, (rule.watches, test.selector)) for test in rule.condition.tests()]
            found += [(test, (rule.around, test.selector)) for other in rule.asides for test in other.tests()]
        return found

    def _make_absences(self) -> Absences:
        device = np.zeros(len(self._site.devices), np.bool_)
        gateway: set[tuple[int, int, int]] = set()
        asked = self._asked()
        for test, selectors in asked:
            if test.absence is None or test.absence.of is Absent.POINT:
                continue
            if test.absence.of is Absent.DEVICE:
                device |= self._site.select_devices(*selectors)
            else:
                gateway |= {(int(at), *_times_ns(test.absence)) for at in self._gateways(test.absence, selectors)}
        point, point_within_ns = self._places.awaited(asked)
        times = np.array(sorted(gateway), np.int64).reshape(-1, 3)
        return Absences(
            first_signal=sum(len(bank) for bank in self._banks),
            device=np.flatnonzero(device),
            gateway=times[:, 0],
            within_ns=times[:, 1],
            reconnect_ns=times[:, 2],
            point=point,
            point_within_ns=point_within_ns,
            schedules=self._places.schedules(asked),
        )

    def _gateways(self, absence: Absence, selectors: Sequence[Selector]) -> Indexes:
        """Return the gateways (or transmitters) meant: all, or those with a device that the selectors mean."""
        hosted = self._site.host_of >= 0
        meant = self._site.own & (hosted == (absence.of is Absent.TRANSMITTER))
        if any(selector != Selector() for selector in selectors):
            chosen = np.zeros(len(meant), np.bool_)
            chosen[self._site.gateway_of[self._site.select_devices(*selectors)]] = True
            meant &= chosen
        return np.flatnonzero(meant)

    def _gateway_silence(self) -> Indexes:
        """The longest ``within_s`` that a rule gives a gateway is what its devices' silence goes by."""
        silence = np.zeros(len(self._site.gateways), np.int64)
        np.maximum.at(silence, self._absences.gateway, self._absences.within_ns)
        default_s = np.where(self._site.host_of >= 0, DEFAULT_TRANSMITTER_SILENCE_S, DEFAULT_GATEWAY_SILENCE_S)
        return np.where(silence == 0, np.round(default_s * NS_PER_S).astype(np.int64), silence)

    # ---- conditions ----

    def _column(self, condition: Condition, watches: Selector, kind: EntityKind) -> Column:
        """Compile a condition for all entities of ``kind``."""
        if condition.several is not None:
            inner = self._column(condition.several.condition, watches, EntityKind(condition.several.of.value))
            return self._timed.several(condition, condition.several, inner, watches, kind)
        if condition.sequence is not None:
            steps = [self._column(step, watches, kind) for step in condition.sequence.steps]
            return self._timed.sequence(condition, condition.sequence, steps, watches, kind)
        if not condition.parts:
            return self._any(*self._leaf(condition, watches, kind))
        parts = [self._column(part, watches, kind) for part in condition.parts]
        entity = np.concatenate([part.entity for part in parts])
        signal = np.concatenate([part.signal for part in parts])
        if condition.any_of:
            return self._any(entity, signal)
        whole = np.bincount(entity, minlength=1)[entity] == len(parts) if len(entity) else entity.astype(np.bool_)
        return self._together(entity[whole], signal[whole], all_parts=True)

    def _leaf(self, test: Condition, watches: Selector, kind: EntityKind) -> tuple[Indexes, Indexes]:
        """Return (entity, signal) of a test's terms; entities may repeat."""
        selectors = (watches, test.selector)
        if test.absence is not None:
            return self._absence_leaf(test.absence, selectors, kind)
        if test.schedule is not None:
            return self._places.schedule_leaf(test.schedule, selectors, kind, self._absences)
        number = next(at for at, bank in enumerate(self._banks) if type(bank) is bank_of(test))
        points, terms = self._banks[number].terms_of(test, np.flatnonzero(self._site.select_points(*selectors)))
        if kind is EntityKind.POINT:
            return points, self._bank_signal[number] + terms
        entity = self._site.entities_of_points(kind)[points]
        return entity.astype(np.int64), self._bank_signal[number] + terms

    def _absence_leaf(
        self, asked: Absence, selectors: tuple[Selector, Selector], kind: EntityKind
    ) -> tuple[Indexes, Indexes]:
        absent = self._absences
        if kind is EntityKind.GATEWAY:
            within_ns, reconnect_ns = _times_ns(asked)
            mine = np.flatnonzero(
                (absent.within_ns == within_ns)
                & (absent.reconnect_ns == reconnect_ns)
                & np.isin(absent.gateway, self._gateways(asked, selectors))
            )
            return absent.gateway[mine], absent.first_signal + len(absent.device) + mine
        if asked.of is Absent.POINT:
            return self._places.awaited_leaf(asked, selectors, kind, absent)
        mine = np.flatnonzero(self._site.select_devices(*selectors)[absent.device])
        entity = self._site.entities_of_devices(kind)[absent.device[mine]]
        return entity.astype(np.int64), absent.first_signal + mine

    def _any(self, entity: Indexes, signal: Indexes) -> Column:
        return self._together(entity, signal, all_parts=False)

    def _together(self, entity: Indexes, signal: Indexes, *, all_parts: bool) -> Column:
        """Join signals of the same entity in a node; a lone signal needs none."""
        order = np.argsort(entity, kind="stable")
        entity, signal = entity[order], signal[order]
        owner, group, count = np.unique(entity, return_inverse=True, return_counts=True)
        joined = np.empty(len(owner), np.int64)
        alone = count == 1
        joined[group[alone[group]]] = signal[alone[group]]
        number = np.cumsum(~alone) - 1
        many = ~alone[group]
        required = count[~alone] if all_parts else np.ones((~alone).sum())
        if many.any():
            joined[~alone] = self._nodes.add(required.astype(np.int32), signal[many], number[group[many]])
        return Column(owner, joined)

    # ---- rules ----

    def _rule(self, number: int, rule: Rule, first_slot: int) -> int:
        """Compile one rule; returns how many alarms it has."""
        main = self._column(rule.condition, rule.watches, rule.entity)
        scope = EntityKind.DEVICE if rule.entity is EntityKind.POINT else rule.entity
        entity = main.entity
        owner = self._site.device_of[entity].astype(np.int64) if rule.entity is EntityKind.POINT else entity
        if rule.unless is not None:
            main = Column(entity, self._unless(rule, rule.unless, main, owner))
        slot = first_slot + np.arange(len(entity))
        self._heard.append((main.signal, slot, MAIN))
        level = rule.level_when.condition if rule.level_when else None
        for other, role in ((level, RAISES), (rule.stays_while, STAYS)):
            if other is not None:
                rows, signal = self._column(other, rule.around, scope).of(owner)
                self._heard.append((signal, slot[rows], role))
        if rule.test is not None:
            if rule.entity is EntityKind.POINT and rule.tested_by is TestedBy.OVER:
                rows, signal = self._over(rule.test, rule, entity)
            else:
                rows, signal = self._column(rule.test, rule.around, scope).of(owner)
            self._heard.append((signal, slot[rows], TESTING))
        self._slot_rule.append(np.full(len(entity), number, np.int32))
        self._slot_entity.append(entity.astype(np.int32))
        return len(entity)

    def _unless(self, rule: Rule, unless: Condition, main: Column, owner: Indexes) -> Indexes:
        """Return signals "main, and not explained away"; the explaining points themselves go unchanged."""
        if rule.explained_by is ExplainedBy.UNDER:
            rows, signal = self._under(unless, rule, main.entity)
        else:
            rows, signal = self._column(unless, rule.around, EntityKind.DEVICE).of(owner)
        if unless.is_watched:
            explains = self._site.select_points(rule.around, unless.selector)[main.entity[rows]]
            rows, signal = rows[~explains], signal[~explains]
        result = main.signal.copy()
        if len(rows):
            ones, number = np.ones(len(rows), np.int32), np.arange(len(rows))
            doubt = self._nodes.add(ones, signal, number, doubting=True)
            parts = np.concatenate([main.signal[rows], doubt])
            result[rows] = self._nodes.add(2 * ones, parts, np.concatenate([number, number]))
        return result

    def _under(self, unless: Condition, rule: Rule, entity: Indexes) -> tuple[Indexes, Indexes]:
        """Return the rows of ``entity`` with points under them, and the signals "one of these is so"."""
        site = self._site
        points, signal = self._leaf(unless, rule.around, EntityKind.POINT)
        same = (entity.tobytes(), points.tobytes())
        if same not in self._owners:  # the same for all bits of the same words
            row_of = {site.keys[point]: row for row, point in enumerate(entity.tolist())}
            self._owners[same] = np.array([nearest(site.keys[point], row_of) for point in points.tolist()], np.int64)
        owner = self._owners[same]
        column = self._any(owner[owner >= 0], signal[owner >= 0])
        return column.entity, column.signal

    def _over(self, test: Condition, rule: Rule, entity: Indexes) -> tuple[Indexes, Indexes]:
        """Return the rows of ``entity`` that are, or are under, points of the test, and "one of these is so"."""
        asked = self._column(test, rule.around, EntityKind.POINT)
        same = (entity.tobytes(), asked.entity.tobytes())
        if same not in self._lines:  # the same for all rules about the same words
            self._lines[same] = lines_of(self._site.keys, entity, asked.entity)
        line, member, over = self._lines[same]
        return self._any(member, asked.signal[over]).of(line)

    def _listeners(self) -> tuple[list[Indexes], list[Indexes], list[Indexes]]:
        signals = [signal for signal, _, _ in self._heard]
        roles = [np.full(len(slot), role) for _, slot, role in self._heard]
        return signals, [slot for _, slot, _ in self._heard], roles

    def _forest(self, signal: Indexes, slot: Indexes, slots: int) -> Forest:
        nodes = self._nodes
        part = np.concatenate([np.empty(0, np.int64), *nodes.part])
        whole = np.concatenate([np.empty(0, np.int64), *nodes.whole])
        signals = nodes.leaves + nodes.count
        edges = (np.concatenate([part, signal]), np.concatenate([whole + nodes.leaves, slot + signals]))
        return Forest(
            leaves=nodes.leaves,
            required=np.concatenate([np.empty(0, np.int32), *nodes.required]),
            doubting=np.concatenate([np.empty(0, np.bool_), *nodes.doubting]),
            depth=np.concatenate([np.empty(0, np.int32), *nodes.depth]),
            parts=(part, whole),
            component=components(edges, signals + slots)[:signals],
            lasting=joined_lasting(self._timed.lasting),
            sequences=joined_sequences(self._timed.sequences),
        )

    # ---- what transitions show ----

    def _shown(self) -> dict[int, Links]:
        """Link the zones and devices of combined rules to the points that their conditions look at."""
        found = {}
        for number, rule in enumerate(self._rules):
            mask = np.zeros(len(self._site.table), np.bool_)
            level = rule.level_when.condition.tests() if rule.level_when else []
            for watches, tests in ((rule.watches, rule.condition.tests()), (rule.around, level)):
                for test in tests:
                    if test.is_watched:
                        mask |= self._site.select_points(watches, test.selector)
            if rule.entity in (EntityKind.ZONE, EntityKind.DEVICE) and mask.any():
                found[number] = self._by_entity(rule, mask)
        return found

    def _pointers(self, name: str) -> dict[int, Links]:
        found = {}
        for number, rule in enumerate(self._rules):
            selector: Selector | None = getattr(rule, name)
            if selector is not None:
                found[number] = self._by_entity(rule, self._site.select_points(rule.around, selector))
        return found

    def _by_entity(self, rule: Rule, mask: NDArray[np.bool_]) -> Links:
        kind = EntityKind.DEVICE if rule.entity is EntityKind.POINT else rule.entity
        points = np.flatnonzero(mask)
        owner = self._site.entities_of_points(kind)[points]
        return Links(owner, points, len(self._site.entities(kind)))


def _times_ns(absence: Absence) -> tuple[int, int]:
    """Return time to silence and time to reconnect [ns]."""
    return round((absence.within_s or 0.0) * NS_PER_S), round(absence.reconnect_s * NS_PER_S)
