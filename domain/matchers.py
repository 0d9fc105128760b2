r"""Matchers of labels as Alertmanager has them: ``name=value``, ``!=``, ``=~``, ``!~``, joined by "and".

Two ways to write several are read: ``{a="b", c=~"d.*"}`` and one by one, as amtool sends its filters. A
value stands in double quotes (with ``\"``, ``\\`` and ``\n``), or bare. Patterns are `domain.safe_pattern`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.safe_pattern import SafePattern

MOST_MATCHERS = 20
MOST_NAME = 128
MOST_VALUE = 1024
MOST_WRITTEN = 4096

NAME = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
_ONE = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^",{}]*?)\s*(,|$)', re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n"}


class Matcher(BaseModel):
    """One condition on one label; a label that is absent has the empty value. Raises ValueError for a bad pattern."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(pattern=NAME, max_length=MOST_NAME)
    value: str = Field(max_length=MOST_VALUE)
    is_regex: bool = Field(alias="isRegex")
    is_equal: bool = Field(default=True, alias="isEqual")

    @model_validator(mode="after")
    def _is_a_pattern(self) -> Matcher:
        if self.is_regex:
            _pattern(self.value)
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether ``labels`` meet it."""
        value = labels.get(self.name, "")
        found = _pattern(self.value).matches(value) if self.is_regex else value == self.value
        return found is self.is_equal

    def __str__(self) -> str:
        """Write it as people do."""
        sign = ("=~" if self.is_equal else "!~") if self.is_regex else ("=" if self.is_equal else "!=")
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{sign}"{value}"'


@lru_cache(maxsize=512)
def _pattern(text: str) -> SafePattern:
    return SafePattern(text)


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether ``labels`` meet every matcher."""
    return all(matcher.matches(labels) for matcher in matchers)


def read_matchers(text: str) -> list[Matcher]:
    """Read one filter: one matcher, or several in braces; raises ValueError with what is wrong."""
    if len(text) > MOST_WRITTEN:
        raise ValueError(f"a filter has at most {MOST_WRITTEN} characters")
    inside = text.strip()
    if inside.startswith("{") and inside.endswith("}"):
        inside = inside[1:-1].strip()
    found: list[Matcher] = []
    at = 0
    while at < len(inside):
        one = _ONE.match(inside, at)
        if one is None or len(found) >= MOST_MATCHERS:
            raise ValueError(f'no matcher: {inside[at:][:80]!r}; write name="value", or with !=, =~, !~')
        found.append(
            Matcher(name=one[1], value=_value(one[3]), is_regex="~" in one[2], is_equal=not one[2].startswith("!"))
        )
        at = one.end()
    if not found:
        raise ValueError("no matcher at all")
    return found


def _value(written: str) -> str:
    if not written.startswith('"'):
        return written
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[0]), written[1:-1], flags=re.DOTALL)
