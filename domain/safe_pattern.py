r"""Regular expressions that strangers may write: the useful part of Go's RE2, in time that is linear in the text.

Python's own `re` tries ways one after the other, and a pattern such as ``(a+)+b`` makes it try for years. Here a
pattern becomes a small automaton that walks all ways at once (Thompson's construction), so that the work for a
text is at most (its length) × (steps of the pattern). No back references, no look-around: RE2 has none either.

Understood: literals, ``.``, ``[a-z]`` and ``[^…]``, ``\d \w \s`` and their opposites, ``|``, ``(…)``, ``(?:…)``,
``* + ?`` and ``{m,n}`` (and their lazy forms, which match the same), ``^ $``, and ``(?i)`` at the beginning. As in
Alertmanager, a pattern has to match the whole text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_PATTERN = 256
"""Characters of a pattern. Assumption: nobody types longer ones; Alertmanager has no limit."""
MOST_STEPS = 1000
"""Steps of the automaton: ``{m,n}`` is written out."""
MOST_TEXT = 2048
"""Characters of the text that are looked at; a longer text matches nothing."""
MOST_DEPTH = 40
MOST_REPEAT = 200
MOST_KNOWN = 4096
"""Moves that are remembered."""

_SPACE, _DIGITS = frozenset(" \t\n\r\f\v"), frozenset("0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_KINDS = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class _Set:
    """Characters: single ones and ranges, or all others."""

    single: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    without: tuple[frozenset[str], ...] = ()

    def has(self, char: str) -> bool:
        inside = (
            char in self.single
            or any(first <= char <= last for first, last in self.ranges)
            or any(char not in kind for kind in self.without)
        )
        return inside is not self.negated


_ANY = _Set(single=frozenset("\n"), negated=True)


@dataclass(slots=True)
class _Step:
    """One state: with ``takes`` it goes to ``to[0]`` over a character, without it to all of ``to`` at once."""

    takes: _Set | None = None
    to: list[int] = field(default_factory=list)
    anchor: str = ""


class SafePattern:
    """A compiled pattern; raises ValueError with the reason for one that is none, or too large."""

    def __init__(self, text: str) -> None:
        """Compile ``text``."""
        if len(text) > MOST_PATTERN:
            raise ValueError(f"a pattern has at most {MOST_PATTERN} characters")
        self._fold = text.startswith("(?i)")
        parser = _Parser(text[4:] if self._fold else text)
        self._steps = parser.steps
        start, self._end = parser.whole()
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._start = self._reached({start}, first=True, last=False)
        self._start_of_nothing = self._reached({start}, first=True, last=True)

    def matches(self, text: str) -> bool:
        """Tell whether the whole of ``text`` matches."""
        if len(text) > MOST_TEXT:
            return False
        if not text:
            return self._end in self._start_of_nothing
        states = self._start
        for char in text:
            states = self._after(states, char)
            if not states:
                return False
        return self._end in self._reached(states, first=False, last=True)

    def _after(self, states: frozenset[int], char: str) -> frozenset[int]:
        known = self._known.get((states, char))
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[states, char] = self._moved(states, char)
        return known

    def _moved(self, states: frozenset[int], char: str) -> frozenset[int]:
        forms = {char, char.lower(), char.upper()} if self._fold else {char}
        moved = set()
        for state in states:
            takes = self._steps[state].takes
            if takes is not None and any(takes.has(form) for form in forms):
                moved.add(self._steps[state].to[0])
        return self._reached(moved, first=False, last=False)

    def _reached(self, states: set[int] | frozenset[int], *, first: bool, last: bool) -> frozenset[int]:
        """Return all states that are reached without a character; ``$`` is passed at the end only."""
        seen, left = set(states), list(states)
        while left:
            step = self._steps[left.pop()]
            if step.takes is not None or (step.anchor == "^" and not first) or (step.anchor == "$" and not last):
                continue
            new = [state for state in step.to if state not in seen]
            seen.update(new)
            left += new
        return frozenset(seen)


class _Parser:
    """Recursive descent from text to steps; each part is a (first, last) pair of states."""

    def __init__(self, text: str) -> None:
        self.steps: list[_Step] = []
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> tuple[int, int]:
        """Read everything."""
        first, last = self._choice()
        if self._at < len(self._text):
            raise ValueError("a ) closes nothing")
        return first, last

    def _new(self, takes: _Set | None = None, anchor: str = "") -> int:
        if len(self.steps) >= MOST_STEPS:
            raise ValueError(f"the pattern is too large: over {MOST_STEPS} steps once repetitions are written out")
        self.steps.append(_Step(takes, [], anchor))
        return len(self.steps) - 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise ValueError("the pattern ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _choice(self) -> tuple[int, int]:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._next()
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        first, last = self._new(), self._new()
        self.steps[first].to = [part[0] for part in parts]
        for part in parts:
            self.steps[part[1]].to.append(last)
        return first, last

    def _sequence(self) -> tuple[int, int]:
        first = last = self._new()
        while self._peek() not in ("", "|", ")"):
            part = self._repeated()
            self.steps[last].to.append(part[0])
            last = part[1]
        return first, last

    def _repeated(self) -> tuple[int, int]:
        begin = self._at
        part = self._atom()
        end = self._at
        count = self._count()
        if count is None:
            return part
        if self._count() is not None:
            raise ValueError("a repetition repeats nothing: use ( )")
        least, most = count
        return self._times(part, (begin, end), least, most)

    def _times(self, part: tuple[int, int], source: tuple[int, int], least: int, most: int | None) -> tuple[int, int]:
        """Write a part out as often as it may come."""
        first = last = self._new()
        copies = most if most is not None else max(least, 1)
        ends: list[int] = []
        for number in range(copies):
            if number >= least:
                ends.append(last)
            one = part if number == 0 else self._again(source)
            self.steps[last].to.append(one[0])
            last = one[1]
            if most is None and number == copies - 1:
                self.steps[last].to.append(one[0])
        out = self._new()
        for end in {*ends, last}:
            self.steps[end].to.append(out)
        return first, out

    def _again(self, source: tuple[int, int]) -> tuple[int, int]:
        """Read a part of the text once more, for another copy."""
        kept, self._at = self._at, source[0]
        part = self._atom()
        self._at = kept
        return part

    def _count(self) -> tuple[int, int | None] | None:
        """Read ``*``, ``+``, ``?`` or ``{m,n}``, with the ``?`` of a lazy one; None when there is none."""
        char = self._peek()
        known: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if char in known:
            self._next()
            found = known[char]
        elif char == "{":
            read = self._braces()
            if read is None:
                return None
            found = read
        else:
            return None
        if self._peek() == "?":
            self._next()
        return found

    def _braces(self) -> tuple[int, int | None] | None:
        """Read ``{m}``, ``{m,}`` or ``{m,n}``; anything else in braces is text, as in RE2."""
        inside, closed, _ = self._text[self._at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not _number(least) or (most and not _number(most)):
            return None
        self._at += len(inside) + 2
        low = int(least)
        high = int(most) if most else (None if comma else low)
        if low > MOST_REPEAT or (high is not None and not low <= high <= MOST_REPEAT):
            raise ValueError(f"a repetition is {{m,n}} with m <= n <= {MOST_REPEAT}")
        return low, high

    def _atom(self) -> tuple[int, int]:
        char = self._next()
        if char == "(":
            return self._group()
        if char in "*+?":
            raise ValueError(f"{char} repeats nothing")
        if char in "^$":
            state = self._new(anchor=char)
            return state, self._follow(state)
        state = self._new(self._characters(char))
        return state, self._follow(state)

    def _follow(self, state: int) -> int:
        after = self._new()
        self.steps[state].to = [after]
        return after

    def _group(self) -> tuple[int, int]:
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                raise ValueError("of (?…) only (?:…), and (?i) at the beginning, are known")
            self._at += 2
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise ValueError(f"more than {MOST_DEPTH} ( within each other")
        part = self._choice()
        self._depth -= 1
        if self._next() != ")":
            raise ValueError("a ( is not closed")
        return part

    def _characters(self, char: str) -> _Set:
        if char == ".":
            return _ANY
        if char == "[":
            return self._brackets()
        if char == "\\":
            return self._escaped()
        return _Set(frozenset(char))

    def _escaped(self) -> _Set:
        char = self._next()
        if char in _KINDS:
            return _Set(_KINDS[char])
        if char.lower() in _KINDS:
            return _Set(without=(_KINDS[char.lower()],))
        if char in _CONTROL:
            return _Set(frozenset(_CONTROL[char]))
        if char.isalnum():
            raise ValueError(f"\\{char} is not known here")
        return _Set(frozenset(char))

    def _brackets(self) -> _Set:
        negated = self._peek() == "^"
        if negated:
            self._next()
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        without: list[frozenset[str]] = []
        empty = True
        while empty or self._peek() != "]":
            one = self._in_brackets()
            empty = False
            if (
                len(one.single) != 1
                or self._text[self._at : self._at + 1] != "-"
                or self._text[self._at + 1 :][:1] == "]"
            ):
                single |= one.single
                without += one.without
                continue
            self._next()
            other = self._in_brackets()
            first, last = min(one.single), min(other.single, default="")
            if len(other.single) != 1 or first > last:
                raise ValueError("a range in [ ] is no range")
            ranges.append((first, last))
        self._next()
        return _Set(frozenset(single), tuple(ranges), negated, tuple(without))

    def _in_brackets(self) -> _Set:
        char = self._next()
        if char == "[" and self._peek() == ":":
            raise ValueError("[:…:] is not known here")
        return self._escaped() if char == "\\" else _Set(frozenset(char))


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5
