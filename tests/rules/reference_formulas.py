"""Formulas of rules, slowly: Python's own parser reads them, and a walk over its tree answers in three values.

Python's precedence of ``or and not``, comparisons and arithmetic is that of the grammar in
`rules.conditions.expressions`; quantities behind numbers are multiplied out beforehand.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache

from domain.points import Point, PointKind
from domain.quantity import to_canonical

N, A, U = "normal", "alarm", "unknown"
_FACTOR = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?+)\s*([A-Za-z_]+)")
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALCULATE: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@lru_cache(maxsize=256)
def _tree(text: str) -> ast.expr:
    def multiplied(found: re.Match[str]) -> str:
        number, word = found.groups()
        if word in ("and", "or"):
            return found[0]
        return repr(float(number) * to_canonical(word)[1])

    return ast.parse(_FACTOR.sub(multiplied, text), mode="eval").body


def names_in(text: str) -> list[str]:
    """Return the points of a formula in the order in which they stand."""
    found = [node for node in ast.walk(_tree(text)) if isinstance(node, ast.Name) and node.id not in _FUNCTIONS]
    return list(dict.fromkeys(node.id for node in sorted(found, key=lambda node: node.col_offset)))


_FUNCTIONS = ("min", "max", "abs")


def formula_fits(text: str, key: str, points: Mapping[str, Point], learned: AbstractSet[str]) -> bool:
    """Tell whether a point is the anchor of a formula whose points are all there (the scene's quantities fit)."""
    device, _, name = key.rpartition("/")
    named = [f"{device}/{one}" for one in names_in(text)]
    return name == names_in(text)[0] and all(
        one in points and one not in learned and points[one].kind is not PointKind.EVENT for one in named
    )


def formula_truth(text: str, value: Callable[[str], float]) -> str:
    """Return what a formula says; ``value`` gives a point's present value, NaN where it is not known."""
    return _question(_tree(text), value)


def _question(node: ast.expr, value: Callable[[str], float]) -> str:
    if isinstance(node, ast.UnaryOp):
        return {N: A, A: N, U: U}[_question(node.operand, value)]
    if isinstance(node, ast.BoolOp):
        parts = [_question(part, value) for part in node.values]
        decisive, other = (N, A) if isinstance(node.op, ast.And) else (A, N)
        return decisive if decisive in parts else U if U in parts else other
    assert isinstance(node, ast.Compare)
    left, right = _number(node.left, value), _number(node.comparators[0], value)
    if not (math.isfinite(left) and math.isfinite(right)):
        return U
    return A if _COMPARE[type(node.ops[0])](left, right) else N


def _number(node: ast.expr, value: Callable[[str], float]) -> float:
    match node:
        case ast.Constant(value=float() | int() as number):
            return float(number)
        case ast.Name(id=name):
            return value(name)
        case ast.UnaryOp(operand=inner):
            return -_number(inner, value)
        case ast.Call(func=ast.Name(id=name), args=parts):
            found = [_number(part, value) for part in parts]
            if any(math.isnan(one) for one in found):
                return math.nan
            return abs(found[0]) if name == "abs" else max(found) if name == "max" else min(found)
        case ast.BinOp(left=left, op=sign, right=right):
            one, other = _number(left, value), _number(right, value)
            try:
                return _CALCULATE[type(sign)](one, other)
            except ZeroDivisionError:
                return math.nan
        case _:
            raise AssertionError(ast.dump(node))
