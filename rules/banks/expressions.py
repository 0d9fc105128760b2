"""The bank of ``expression``: formulas over several points of a device, in three values.

A term belongs to a test and a device, and stands at the device's *anchor*: the point that the formula names first.
Several points move it, and they may come in different rounds of a segment, so it is asked after the rounds, instant by
instant (`ExpressionBank.read_together`). A point that is not known makes the parts of the formula that need it unknown:
``a or b`` is still true when ``a`` is.

Points learned from births are left out: what a formula may name is what people wrote in the site.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from domain.points import PointKind
from domain.quantity import Quantity
from rules.banks.bank import Bank, Moved
from rules.conditions import Condition
from rules.conditions.expressions import MOST_NAMES, Formula, Name, Node, Number, Operation, formula
from rules.conditions.formula_quantities import QuantityError, check_quantities
from rules.kernels import UNKNOWN, Bools, Floats, Indexes, Truths, ranks_within, rounds
from rules.links import Links
from rules.segment import Segment
from rules.site_index import SiteIndex

_ARITHMETIC: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}
_COMPARES: Mapping[str, Callable[[Floats, Floats], Bools]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


class ExpressionBank(Bank):
    """``expression``; ``v0`` … are the last known values of a term's points, NaN where one is not known."""

    memory: ClassVar[tuple[str, ...]] = tuple(f"v{at}" for at in range(MOST_NAMES))

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Return the anchors whose devices have every point that the formula names, in quantities that fit."""
        asked = formula(test.expression or "")
        anchors = points[~site.learned[points]]
        kept = [row for row in anchors.tolist() if site.table[row].name == asked.names[0]]
        return np.array([row for row in kept if _fits(asked, _rows(asked, row, site), site)], np.int64)

    def set_up(self, site: SiteIndex) -> None:
        """Link every named point to its terms."""
        self._formulas = [formula(test.expression or "") for test in self.tests]
        self._asked = [compiled(one) for one in self._formulas]
        point: list[int] = []
        term: list[int] = []
        place: list[int] = []
        for number, (anchor, test) in enumerate(zip(self.point.tolist(), self.test.tolist(), strict=True)):
            rows = _rows(self._formulas[test], anchor, site)
            point += rows
            term += [number] * len(rows)
            place += range(len(rows))
        self.links = Links(np.array(point, np.int64), np.array(term, np.int64), len(site.table))
        self._place = np.array(place, np.int64)[self.links.order]
        self._value = np.full((MOST_NAMES, len(self)), np.nan)
        for at, name in enumerate(self.memory):
            setattr(self, name, self._value[at])

    def read(self, point: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> None:
        """Nothing is told by single points."""
        del point, value, good, time_ns

    def read_together(self, segment: Segment) -> tuple[Moved, Indexes, Indexes] | None:
        """Ask the terms of a segment's readings, instant by instant; see `Bank.read_together`."""
        taken = np.flatnonzero(segment.taken & (self.links.count[segment.point] > 0))
        if not len(taken):
            return None
        at, link = self.links.expand(segment.point[taken])
        row, term, place = taken[at], self.links.targets[link], self._place[link]
        value = np.where(segment.used[row], segment.value[row], np.nan)
        found: list[tuple[Indexes, Truths, Truths, Indexes, Indexes]] = []
        for these in rounds(ranks_within(term, segment.instant[row])):
            self._value[place[these], term[these]] = value[these]
            asked, first = np.unique(term[these], return_index=True)
            last = np.zeros(len(asked), np.int64)
            np.maximum.at(last, np.searchsorted(asked, term[these]), row[these])
            before, after = self._ask(asked)
            found.append((asked, before, after, segment.instant[row[these][first]], last))
        term, before, after, instant, row = (np.concatenate(column) for column in zip(*found, strict=True))
        return (term, before, after), instant, row

    def forget(self, points: Indexes) -> Moved:
        """Make the values of points unknown, and with them what needs them."""
        _, link = self.links.expand(points)
        self._value[self._place[link], self.links.targets[link]] = np.nan
        term = np.unique(self.links.targets[link])
        return (term, *self._ask(term))

    def explained(self, term: int) -> dict[str, float]:
        """Return the present values of a term's points by name, NaN where one is not known."""
        names = self._formulas[int(self.test[term])].names
        return {name: float(self._value[at, term]) for at, name in enumerate(names)}

    def _ask(self, term: Indexes) -> tuple[Truths, Truths]:
        """Ask different terms anew and keep the truths; returns codes before and after, shape ``(n,)`` each."""
        before = self.truth.take(term)
        after = before | np.uint8(UNKNOWN)
        tests = self.test[term]
        for number in np.unique(tests).tolist():
            mine = np.flatnonzero(tests == number)
            true, false = self._asked[number](self._value[:, term[mine]])
            after[mine[true]] = 1
            after[mine[false]] = 0
        self.truth[term] = after
        return before, after


Question = Callable[[Floats], tuple[Bools, Bools]]
"""Values, shape ``(names, n)`` → what is known to be true, what is known to be false, shape ``(n,)`` each."""
_Value = Callable[[Floats], Floats]


def compiled(asked: Formula) -> Question:
    """Turn a formula into numpy calls."""
    place = {name: at for at, name in enumerate(asked.names)}
    question = _question(asked.tree, place)

    def quiet(values: Floats) -> tuple[Bools, Bools]:
        with np.errstate(all="ignore"):  # what is divided by nothing is not known
            return question(values)

    return quiet


def _question(node: Operation, place: Mapping[str, int]) -> Question:
    if node.sign in _COMPARES:
        return _comparison(node, place)
    parts = [_question(part, place) for part in node.parts if isinstance(part, Operation)]
    if node.sign == "not":
        return lambda values: parts[0](values)[::-1]
    left, right = parts

    def both(values: Floats) -> tuple[Bools, Bools]:
        (left_true, left_false), (right_true, right_false) = left(values), right(values)
        return left_true & right_true, left_false | right_false

    def either(values: Floats) -> tuple[Bools, Bools]:
        (left_true, left_false), (right_true, right_false) = left(values), right(values)
        return left_true | right_true, left_false & right_false

    return both if node.sign == "and" else either


def _comparison(node: Operation, place: Mapping[str, int]) -> Question:
    compare = _COMPARES[node.sign]
    left, right = (_value(part, place) for part in node.parts)

    def ask(values: Floats) -> tuple[Bools, Bools]:
        one, other = left(values), right(values)
        known, answer = np.isfinite(one) & np.isfinite(other), compare(one, other)
        return answer & known, ~answer & known

    return ask


def _value(node: Node, place: Mapping[str, int]) -> _Value:
    if isinstance(node, Number):
        number = node.value
        return lambda values: np.full(values.shape[1], number)
    if isinstance(node, Name):
        at = place[node.name]
        return lambda values: values[at]
    parts = [_value(part, place) for part in node.parts]
    if node.sign == "negative":
        return lambda values: -parts[0](values)
    if node.sign == "abs":
        return lambda values: np.abs(parts[0](values))
    calculate = _ARITHMETIC[node.sign]

    def folded(values: Floats) -> Floats:
        found = parts[0](values)
        for part in parts[1:]:
            found = calculate(found, part(values))
        return found

    return folded


def _rows(asked: Formula, anchor: int, site: SiteIndex) -> list[int]:
    """Return where the points of a formula stand on the anchor's device; fewer when it lacks one."""
    device = site.table[anchor].key.rpartition("/")[0]
    found = (site.table.get(f"{device}/{name}") for name in asked.names)
    return [row for row in found if row is not None]


def _fits(asked: Formula, rows: Sequence[int], site: SiteIndex) -> bool:
    """Tell whether a formula can be asked of these points: all there, no events, quantities that fit."""
    if len(rows) < len(asked.names) or site.learned[list(rows)].any():
        return False
    points = [site.table[row] for row in rows]
    if any(point.kind is PointKind.EVENT for point in points):
        return False
    quantities: dict[str, Quantity] = {point.name: point.quantity for point in points}
    try:
        check_quantities(asked.tree, quantities)
    except QuantityError:
        return False
    return True
