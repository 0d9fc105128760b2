"""``expression``: a formula over points of one device, by name. A small grammar of its own; nothing is ever `eval`-ed.

    condition  = either {"or" either};  either = negation {"and" negation};  negation = ["not"] comparison
    comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
    sum        = product {("+" | "-") product};  product = factor {("*" | "/") factor}
    factor     = ["-"] (number [quantity] | name | `name` | ("min" | "max" | "abs") "(" sum {"," sum} ")" | "(" … ")")

A number may carry its quantity, ``50 kPa``, and is read in the canonical one. Names are ids of points; those that are
no plain words (``s1-1``) stand in backquotes. A formula is at most ``MOST_CHARACTERS`` long, ``MOST_LEVELS`` deep and
has ``MOST_PARTS`` parts over ``MOST_NAMES`` points (assumptions: a person must be able to read it at night). Every
error says at which character of the formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.quantity import Quantity, known_symbols, to_canonical
from domain.wording import nearest

MOST_CHARACTERS, MOST_LEVELS, MOST_PARTS, MOST_NAMES = 400, 20, 100, 8
FUNCTIONS = ("abs", "max", "min")
COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
WORDS = ("and", "or", "not")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|`(?P<quoted>[A-Za-z0-9_-]{1,64})`|(?P<sign><=|>=|==|!=|[-+*/<>(),]))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in its canonical quantity; ``at`` is its character in the formula, from 1."""

    value: float
    quantity: Quantity
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A point of the device."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or function, ``negative`` for the sign, and its parts."""

    sign: str
    parts: tuple[Node, ...]
    at: int

    @property
    def is_true_or_false(self) -> bool:
        """Whether it is a question; otherwise it is a number."""
        return self.sign in COMPARISONS or self.sign in WORDS


Node = Number | Name | Operation


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: the tree, and the points in the order in which they first stand in it."""

    tree: Operation
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=512)
def formula(text: str) -> Formula:
    """Read a formula; raises ValueError with what is wrong, the character, and the mend."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a formula of {len(text)} characters → keep within {MOST_CHARACTERS}, or split the rule")
    reader = _Reader(list(_tokens(text)))
    tree = reader.whole()
    names = tuple(dict.fromkeys(node.name for node in nodes(tree) if isinstance(node, Name)))
    if not names:
        raise ValueError("a formula without a point → name the points that it is about")
    if len(names) > MOST_NAMES:
        raise ValueError(f"a formula over {len(names)} points → name {MOST_NAMES} points or fewer, or split the rule")
    return Formula(tree, names)


def nodes(tree: Node) -> Iterator[Node]:
    """Yield all nodes of a tree, left to right."""
    yield tree
    for part in tree.parts if isinstance(tree, Operation) else ():
        yield from nodes(part)


def _readable(text: str) -> str:
    formula(text)
    return text


ExpressionText = Annotated[str, Field(min_length=1), AfterValidator(_readable)]


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            mend = "use numbers, names of points, + - * / < <= > >= == != and or not min max abs ( )"
            raise ValueError(f"'{text[at]}' at character {at + 1} has no meaning → {mend}")
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind) + 1)
        at = found.end()


class _Reader:
    """Recursive descent over tokens; ``_level`` bounds the recursion."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._next, self._level, self._count = tokens, 0, 0, 0

    def whole(self) -> Operation:
        tree = self._either()
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            mend = "join comparisons with 'and' or 'or'" if token.text in COMPARISONS else "remove it, or join it"
            raise ValueError(f"'{token.text}' at character {token.at} is too much → {mend}")
        return _question(tree)

    def _either(self) -> Node:
        return self._chain(("or",), self._both, _question)

    def _both(self) -> Node:
        return self._chain(("and",), self._negation, _question)

    def _negation(self) -> Node:
        token = self._take("not")
        if token is None:
            return self._comparison()
        return self._made("not", (_question(self._deeper(self._negation)),), token.at)

    def _comparison(self) -> Node:
        left = self._sum()
        token = self._take(*COMPARISONS)
        if token is None:
            return left
        return self._made(token.text, (_number(left), _number(self._sum())), token.at)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product, _number)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._factor, _number)

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Node], fit: Callable[[Node], Node]) -> Node:
        tree = part()
        while (token := self._take(*signs)) is not None:
            tree = self._made(token.text, (fit(tree), fit(part())), token.at)
        return tree

    def _factor(self) -> Node:
        if (token := self._take("-")) is not None:
            return self._made("negative", (_number(self._deeper(self._factor)),), token.at)
        if self._take("(") is not None:
            inner = self._deeper(self._either)
            self._close()
            return inner
        return self._atom()

    def _atom(self) -> Node:
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        if token is None or token.kind == "sign" or (token.kind == "word" and token.text in WORDS):
            where = "the end" if token is None else f"'{token.text}' at character {token.at}"
            raise ValueError(f"a number or a point is missing before {where} → write it there")
        self._next += 1
        self._counted()
        if token.kind == "number":
            return self._with_quantity(token)
        if token.kind == "word" and token.text in FUNCTIONS:
            return self._call(token)
        return Name(token.text, token.at)

    def _with_quantity(self, token: _Token) -> Number:
        follows = self._tokens[self._next] if self._next < len(self._tokens) else None
        if follows is None or follows.kind != "word" or follows.text in WORDS:
            return Number(float(token.text), Quantity.NONE, token.at)
        self._next += 1
        if follows.text not in known_symbols():
            mend = nearest(follows.text, known_symbols())
            raise ValueError(f"unknown quantity '{follows.text}' at character {follows.at} → {mend}")
        quantity, factor, offset = to_canonical(follows.text)
        if offset:
            what = f"'{follows.text}' at character {follows.at} has another zero, which a difference would not have"
            raise ValueError(f"{what} → write the number in {quantity.value}")
        return Number(float(token.text) * factor, quantity, token.at)

    def _call(self, token: _Token) -> Node:
        if self._take("(") is None:
            raise ValueError(f"'{token.text}' at character {token.at} is a function → write {token.text}(…)")
        parts = [_number(self._deeper(self._sum))]
        while self._take(",") is not None:
            parts.append(_number(self._deeper(self._sum)))
        self._close()
        if (token.text == "abs") != (len(parts) == 1):
            mend = "write one number in abs(…), two or more in min(…) and max(…)"
            raise ValueError(f"'{token.text}' at character {token.at} of {len(parts)} → {mend}")
        return self._made(token.text, tuple(parts), token.at)

    def _close(self) -> None:
        if self._take(")") is None:
            raise ValueError("a bracket is not closed → write ')'")

    def _take(self, *texts: str) -> _Token | None:
        """Take the next token when it is one of some signs or words."""
        if self._next == len(self._tokens):
            return None
        token = self._tokens[self._next]
        if token.text not in texts or token.kind not in ("sign", "word"):
            return None
        self._next += 1
        return token

    def _deeper(self, part: Callable[[], Node]) -> Node:
        self._level += 1
        if self._level > MOST_LEVELS:
            raise ValueError(f"brackets within brackets, more than {MOST_LEVELS} deep → write it flatter")
        found = part()
        self._level -= 1
        return found

    def _made(self, sign: str, parts: tuple[Node, ...], at: int) -> Operation:
        self._counted()
        return Operation(sign, parts, at)

    def _counted(self) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise ValueError(f"a formula of more than {MOST_PARTS} parts → split the rule")


def _question(node: Node) -> Operation:
    if isinstance(node, Operation) and node.is_true_or_false:
        return node
    raise ValueError(f"character {node.at} begins a number, where a comparison is needed → write e.g. '> 0'")


def _number(node: Node) -> Node:
    if isinstance(node, Operation) and node.is_true_or_false:
        mend = "compare numbers, and join comparisons with and, or, not"
        raise ValueError(f"'{node.sign}' at character {node.at} is true or false, where a number is needed → {mend}")
    return node
