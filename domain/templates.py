"""One entry that makes many: ``repeat`` in any list of a site's files, before the files become models.

    devices:
      - repeat: 1-100
        id: meter-{n:03}
        address: "{n}"
        labels: {zh: "{n} 号电表", en: "Meter {n}"}

``repeat`` counts ``n``: ``1-100``, ``1-20,31,40-45`` or a list of numbers. Several counters go through all their
combinations: ``repeat: {loop: 1-4, p: 1-200}``. Entries may be nested; an inner one sees the counters of the outer.
How a counter is used: `domain.placeholders`. Models never see any of this; a problem of a made entry names the
line of the one that people wrote, and which one it is.

| limit | value |
|---|---|
| entries of one file | 20,000, with 2,000,000 values |
| a counter | 0 to 99,999 |
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from domain.documents import Document, Origin, Path
from domain.errors import ConfigurationError, Problem
from domain.placeholders import COUNTED, NAME, filled, value_of

REPEAT = "repeat"
MOST_MADE = 20_000
MOST_VALUES = 2_000_000

_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_RANGE_MEND = "write 1-100, or 1-20,31,40-45"


def expanded(document: Document) -> Document:
    """Return the document with every repeated entry written out; raises `ConfigurationError`.

    A document without ``repeat`` comes back as it is.
    """
    expander = _Expander(document)
    data = expander.value(document.data, (), (), {})
    if expander.problems:
        raise ConfigurationError(expander.problems)
    return replace(document, data=data, origins=expander.origins) if expander.origins else document


class _Expander:
    """Walks one document; paths ``made`` are those of the result, ``at`` those of the file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._made = 0
        self._values = 0
        self.origins: dict[Path, Origin] = {}
        self.problems: list[Problem] = []

    def value(self, node: Any, made: Path, at: Path, numbers: Mapping[str, int]) -> Any:
        """Return a node with its repeats written out and its placeholders filled."""
        self._values += 1
        if isinstance(node, Mapping):
            whole = self._unquoted(node, numbers)
            if whole is not None:
                return whole
            return {key: self.value(one, (*made, key), (*at, key), numbers) for key, one in node.items()}
        if isinstance(node, list):
            return self._list(node, made, at, numbers)
        return self._text(node, at, numbers) if isinstance(node, str) else node

    def _list(self, node: list[Any], made: Path, at: Path, numbers: Mapping[str, int]) -> list[Any]:
        result: list[Any] = []
        for number, item in enumerate(node):
            inner: Path = (*at, number)
            if isinstance(item, Mapping) and REPEAT in item:
                entry = {key: one for key, one in item.items() if key != REPEAT}
                for more in self._counted(item[REPEAT], (*inner, REPEAT), numbers):
                    place: Path = (*made, len(result))
                    self.origins[place] = Origin(inner, _which(more))
                    result.append(self.value(entry, place, inner, more))
            else:
                place = (*made, len(result))
                if place != inner:
                    self.origins[place] = Origin(inner, _which(numbers))
                result.append(self.value(item, place, inner, numbers))
        return result

    def _unquoted(self, node: Mapping[Any, Any], numbers: Mapping[str, int]) -> int | str | None:
        """Return the value of ``{n+256}`` without quotes, which YAML takes for a block with one empty key."""
        if not numbers or len(node) != 1:
            return None
        ((key, value),) = node.items()
        if value is not None or not isinstance(key, str):
            return None
        try:
            return value_of(key, numbers)
        except KeyError:
            return None

    def _text(self, text: str, at: Path, numbers: Mapping[str, int]) -> str | int:
        if "{" not in text:
            return text
        if not numbers:
            if COUNTED.search(text):
                self._problem(at, "'{n}' counts nothing here", "add 'repeat: 1-100' to the entry, or remove the braces")
            return text
        try:
            return filled(text, numbers)
        except KeyError as error:
            self._problem(at, f"no counter '{error.args[0]}'", f"use one of: {', '.join(sorted(numbers))}")
        except ValueError as error:
            self._problem(at, f"'{error}' is no sum of numbers and counters", "write {n}, {n:03} or {2*n+8192}")
        return text

    def _counted(self, written: Any, at: Path, outer: Mapping[str, int]) -> Iterator[dict[str, int]]:
        """Yield the numbers of each entry; what is wrong with ``repeat`` makes a problem and no entry."""
        named = written if isinstance(written, Mapping) else {"n": written}
        ranges: dict[str, list[int]] = {}
        for name, one in named.items():
            place: Path = (*at, name) if isinstance(written, Mapping) else at
            if not isinstance(name, str) or not re.fullmatch(NAME, name):
                self._problem(place, "not the name of a counter", "use 1 to 8 of the letters a-z")
            elif name in outer:
                mend = f"give this one another name: 'repeat: {{{'m' if name == 'n' else 'n'}: 1-10}}'"
                self._problem(place, f"the entry around this one counts '{name}' already", mend)
            else:
                ranges[name] = self._numbers(one, place)
        if len(ranges) != len(named):
            return
        for several in itertools.product(*ranges.values()):
            self._made += 1
            if self._made > MOST_MADE:
                self._problem(at, f"more than {MOST_MADE} entries in one file", "split the file")
                return
            if self._values > MOST_VALUES:
                self._problem(at, f"more than {MOST_VALUES} values in one file", "split the file")
                return
            yield {**outer, **dict(zip(ranges, several, strict=True))}

    def _numbers(self, written: Any, at: Path) -> list[int]:
        """Return what one counter goes through: a text of ranges, or a list of numbers."""
        parts = [str(one) for one in written] if isinstance(written, list) else str(written).split(",")
        if isinstance(written, int):
            self._problem(at, "one number is no range", f"write 1-{written}")
            return []
        found: list[int] = []
        for part in parts:
            ends = _RANGE.fullmatch(part.strip())
            if ends is None:
                self._problem(at, "not a range of numbers", _RANGE_MEND)
                return []
            first, last = int(ends[1]), int(ends[2] or ends[1])
            if last < first:
                self._problem(at, "the range goes down", f"write {last}-{first}")
                return []
            found += range(first, last + 1)
        if len(set(found)) != len(found):
            self._problem(at, "a number is counted twice", _RANGE_MEND)
            return []
        return found

    def _problem(self, at: Path, message: str, mend: str) -> None:
        problem = self._document.problem(at, message, mend)
        if problem not in self.problems:
            self.problems.append(problem)


def _which(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={number}" for name, number in numbers.items())
