"""Whether the quantities of a formula fit: kPa is added to and compared with kPa, and nothing else.

Products and ratios: a quantity times or divided by a plain number is that quantity, a quantity divided by its own is
plain, other products have no name here and are refused. Counts, ratios and states are plain numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.quantity import Quantity
from rules.conditions.expressions import WORDS, Name, Node, Number, Operation

_PLAIN = (Quantity.NONE, Quantity.COUNT, Quantity.RATIO)


class QuantityError(ValueError):
    """What does not fit; the text is "what → mend"."""


def check_quantities(tree: Operation, quantities: Mapping[str, Quantity]) -> None:
    """Check a formula on points of these quantities; raises QuantityError at the first place that does not fit."""
    _quantity(tree, quantities)


def _quantity(node: Node, known: Mapping[str, Quantity]) -> Quantity:
    """Return the quantity of a part, NONE for plain numbers and for what is true or false."""
    if isinstance(node, Number):
        return _plain(node.quantity)
    if isinstance(node, Name):
        return _plain(known[node.name])
    found = [_quantity(part, known) for part in node.parts]
    if node.sign in (*WORDS, "negative", "abs"):
        return found[0]
    if node.sign == "*":
        return _product(node, found[0], found[1])
    if node.sign == "/":
        return Quantity.NONE if found[0] is found[1] else _product(node, found[0], found[1], ratio=True)
    for other in found[1:]:
        if other is not found[0]:
            raise QuantityError(_unlike(node, found[0], other))
    return Quantity.NONE if node.is_true_or_false else found[0]


def _product(node: Operation, left: Quantity, right: Quantity, *, ratio: bool = False) -> Quantity:
    if right is Quantity.NONE:
        return left
    if left is Quantity.NONE and not ratio:
        return right
    what = f"'{node.sign}' at character {node.at} makes a quantity of {left.value} and {right.value} that has no name"
    raise QuantityError(f"{what} → multiply and divide by plain numbers, or divide by the same quantity")


def _unlike(node: Operation, left: Quantity, right: Quantity) -> str:
    what = f"'{node.sign}' at character {node.at} is between {left.value} and {right.value}"
    named = right if left is Quantity.NONE else left
    return f"{what} → bring both sides to one quantity, and write it behind numbers, e.g. '5 {named.value}'"


def _plain(quantity: Quantity) -> Quantity:
    return Quantity.NONE if quantity in _PLAIN else quantity
