"""Reads InfluxQL as far as boards use it, to say what a statement asks for: measurements, columns, functions.

Grammar (after InfluxData's specification of InfluxQL, the part that 1.x, 2.x and 3.x all answer)::

    SELECT expr [AS name], … FROM source, … [WHERE condition] [GROUP BY item, … [fill(x)]]
           [ORDER BY time ASC|DESC] [LIMIT n] [tz('zone')]
    SHOW TAG VALUES [FROM source] WITH KEY = name [WHERE condition]

    source = name | /regex/ | ( SELECT … )

Names stand in double quotes: a column without them would be read as a keyword sooner or later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

FUNCTIONS = frozenset(
    {"count", "sum", "mean", "min", "max", "last", "first", "spread", "percentile", "top", "non_negative_derivative"}
)
"""Functions that all of them answer and our boards use."""

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\"[^\"\n]+\")|(?P<text>'[^'\n]*')|(?P<regex>/(?:[^/\\\n]|\\.)+/)|(?P<time>\d+(?:ns|us|ms|[smhdw])\b)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>\$?[A-Za-z_]\w*)|(?P<sign>=~|!~|<=|>=|!=|<>|[=<>,()+\-*]))"
)
LONGEST = 10_000
DEEPEST = 20


class StatementError(ValueError):
    """The text is no statement of this grammar."""


@dataclass(slots=True)
class Statement:
    """What one SELECT or SHOW asks for; ``inner`` are its subqueries. Regexes keep their slashes."""

    kind: str
    measurements: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    inner: list[Statement] = field(default_factory=list)

    def walk(self) -> Iterator[Statement]:
        """Yield it and its subqueries."""
        yield self
        for one in self.inner:
            yield from one.walk()


def parse(text: str) -> Statement:
    """Read a statement; raises StatementError with the place where it went wrong."""
    if len(text) > LONGEST:
        raise StatementError(f"{len(text)} characters")
    reader = _Reader(list(_tokens(text)))
    found = reader.statement(0)
    if reader.at != len(reader.tokens):
        raise StatementError(f"not understood from {reader.peek()[1]!r} on")
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise StatementError(f"not understood from {text[at : at + 20]!r} on")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


class _Reader:
    """A recursive descent over tokens (kind, text)."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, *wanted: str) -> str:
        """Take a token of a kind, or one that reads so (words in any case)."""
        kind, text = self.peek()
        if kind not in wanted and text.upper() not in wanted:
            raise StatementError(f"{' or '.join(wanted)} expected, {text or 'the end'!r} found")
        self.at += 1
        return text

    def found(self, *words: str) -> bool:
        """Take words when they are next."""
        following = [text.upper() for _, text in self.tokens[self.at : self.at + len(words)]]
        if following != list(words):
            return False
        self.at += len(words)
        return True

    def statement(self, depth: int) -> Statement:
        if depth > DEEPEST:
            raise StatementError("too deep")
        if self.found("SHOW", "TAG", "VALUES"):
            return self.show(depth)
        self.take("SELECT")
        result = Statement("select")
        self.listed(lambda: self.selected(result))
        self.take("FROM")
        self.listed(lambda: self.source(result, depth))
        self.where(result)
        if self.found("GROUP", "BY"):
            self.listed(lambda: self.group(result))
        if self.found("FILL", "("):
            self.take("number", "NULL", "NONE", "PREVIOUS", "LINEAR")
            self.take(")")
        if self.found("ORDER", "BY"):
            self.take("TIME")
            self.take("ASC", "DESC")
        if self.found("LIMIT"):
            self.take("number")
        if self.found("TZ", "("):
            self.take("text")
            self.take(")")
        return result

    def show(self, depth: int) -> Statement:
        result = Statement("show")
        if self.found("FROM"):
            self.listed(lambda: self.source(result, depth))
        for word in ("WITH", "KEY", "="):
            self.take(word)
        result.columns.append(_bare(self.take("name")))
        self.where(result)
        return result

    def listed(self, one: object) -> None:
        assert callable(one)  # noqa: S101  # the methods above
        one()
        while self.found(","):
            one()

    def selected(self, result: Statement) -> None:
        name = self.expression(result)
        if self.found("AS"):
            name = _bare(self.take("name"))
        result.results.append(name)

    def expression(self, result: Statement) -> str:
        """Read a column or a call; returns the name that its result has."""
        kind, text = self.peek()
        if kind == "word" and self.tokens[self.at + 1 : self.at + 2] == [("sign", "(")]:
            self.at += 2
            result.functions.append(text.lower())
            self.listed(lambda: self.argument(result))
            self.take(")")
            return text.lower()
        name = _bare(self.take("name", "regex"))
        result.fields.append(name)
        return name

    def argument(self, result: Statement) -> None:
        if self.peek()[0] in {"number", "time"}:
            self.at += 1
        else:
            self.expression(result)

    def source(self, result: Statement, depth: int) -> None:
        if self.found("("):
            result.inner.append(self.statement(depth + 1))
            self.take(")")
        else:
            result.measurements.append(_bare(self.take("name", "regex")))

    def where(self, result: Statement) -> None:
        if self.found("WHERE"):
            self.comparison(result)
            while self.peek()[1].upper() in {"AND", "OR"}:
                self.at += 1
                self.comparison(result)

    def comparison(self, result: Statement) -> None:
        if self.found("("):
            self.comparison(result)
            while self.peek()[1].upper() in {"AND", "OR"}:
                self.at += 1
                self.comparison(result)
            self.take(")")
            return
        if self.found("$TIMEFILTER"):
            return
        left = self.take("name", "TIME")
        if left.startswith('"'):
            result.columns.append(_bare(left))
        self.take("=", "=~", "!~", "!=", "<>", "<", "<=", ">", ">=")
        if self.found("NOW", "(", ")"):
            if self.found("-"):
                self.take("time")
            return
        self.take("text", "number", "regex", "time")

    def group(self, result: Statement) -> None:
        if self.found("TIME", "("):
            self.take("time", "$__INTERVAL")
            self.take(")")
        else:
            result.columns.append(_bare(self.take("name")))


def _bare(token: str) -> str:
    return token.strip('"') if token.startswith('"') else token
