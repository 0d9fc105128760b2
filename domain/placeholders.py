"""``{n}``, ``{n:03}``, ``{2*n+8192}`` in what people write: a number that a ``repeat`` counts, and sums with it.

An expression is a sum of products of whole numbers (decimal or 0x…) and names. Behind a colon stands how it is
written: ``03`` three digits with zeros, ``04x`` four hexadecimal ones. Nothing else is evaluated, and nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

NAME = r"[a-z]{1,8}"
_ATOM = rf"(?:0x[0-9a-fA-F]{{1,8}}|[0-9]{{1,9}}|{NAME})"
_TERM = rf"{_ATOM}(?: *\* *{_ATOM}){{0,4}}"
_SUM = rf"{_TERM}(?: *[+-] *{_TERM}){{0,8}}"
EXPRESSION = re.compile(rf" *({_SUM}) *(?::(0[1-9][0-9]?)?([xX])?)?")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
COUNTED = re.compile(r"\{ *n *(?:[:+*-][^{}]*)?\}")
"""What is a placeholder beyond doubt, even where nothing is repeated."""

_SIGNED = re.compile(r"([+-]?)([^+-]+)")


def value_of(expression: str, numbers: Mapping[str, int]) -> int | str | None:
    """Return what an expression is worth: a number, or its digits where it says how they are written.

    None when it is no expression; raises KeyError with the name that nothing counts.
    """
    found = EXPRESSION.fullmatch(expression)
    if found is None:
        return None
    total = sum(_product(term, numbers) * (-1 if sign == "-" else 1) for sign, term in _SIGNED.findall(found[1]))
    if found[2] is None and found[3] is None:
        return total
    return format(total, (found[2] or "") + (found[3] or ""))


def filled(text: str, numbers: Mapping[str, int]) -> str | int:
    """Fill the placeholders of a text; one that is all of it and says no form becomes a number.

    Raises KeyError as `value_of`, ValueError for braces that hold something else.
    """
    whole = PLACEHOLDER.fullmatch(text)
    if whole:
        return _needed(whole[1], numbers)
    return PLACEHOLDER.sub(lambda found: str(_needed(found[1], numbers)), text)


def _needed(expression: str, numbers: Mapping[str, int]) -> int | str:
    value = value_of(expression, numbers)
    if value is None:
        raise ValueError(expression)
    return value


def _product(term: str, numbers: Mapping[str, int]) -> int:
    return prod(_number(atom.strip(), numbers) for atom in term.split("*"))


def _number(atom: str, numbers: Mapping[str, int]) -> int:
    if atom[0].isdigit():
        return int(atom, 16 if atom.startswith("0x") else 10)
    return numbers[atom]
