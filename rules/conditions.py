"""What a rule may ask of readings, as people write it: selectors, tests, combinations.

A condition is either a *combination* (``all_of``, ``any_of`` of further conditions) or a *test* on the
points that its selector matches within the rule's entity; one point that passes is enough. Tests:

| key | true when | watched |
|---|---|---|
| ``above``, ``below`` | value is over / under a limit; false again only past the hysteresis | points |
| ``bits`` | any / all / none of the bits of a mask are set in a state word | points |
| ``equals`` | value is one of the given numbers, and (with ``until``) was since, up to one of others | points |
| ``at_least``, ``at_most`` | value reaches a number (states and counts) | points |
| ``step`` | value stands between ``low`` and ``high`` above its usual level | points |
| ``absence`` | nothing good is heard | devices, gateways or transmitters |

A new test is a new key here, and a bank in `rules.banks` that evaluates it.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from fnmatch import translate
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from domain.ids import Token
from domain.quantity import Quantity, known_symbols, to_canonical
from domain.site import ZoneKind
from domain.site.labels import Settings
from domain.wording import nearest

MOST_MASK = 2**53
"""Words travel as float64, which is exact below this."""

NO_NAME = r"(?!)"
"""The expression that nothing matches."""

PLAIN = (Quantity.NONE, Quantity.COUNT)
"""Quantities of points that tests without a quantity can be asked of."""

COMBINATIONS = ("all_of", "any_of")
TESTS = ("above", "below", "bits", "equals", "at_least", "at_most", "step", "absence")


def _listed(value: Any) -> Any:
    """Let people write one word where a list of them may stand."""
    return [value] if isinstance(value, str | int | float) else value


def _is_pattern(value: str) -> str:
    if re.fullmatch(r"!?[A-Za-z0-9_*?-]{1,64}", value) is None:
        raise ValueError(
            "not the name of a point, nor a pattern → use letters, digits, _ - and * ? for any; ! excludes"
        )
    return value


PointPattern = Annotated[str, AfterValidator(_is_pattern)]
Tokens = Annotated[tuple[Token, ...], BeforeValidator(_listed)]
Patterns = Annotated[tuple[PointPattern, ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_listed), Field(min_length=1)]
Mask = Annotated[int, Field(gt=0, lt=MOST_MASK)]


class Selector(Settings):
    """Which points: device kinds, point names (``*`` and ``?`` match, ``!name`` excludes), words, tags, zone kinds.

    ``word`` means points whose state word is explained by one of these tables (`domain.words`): it finds
    points by what they say, also those that nobody wrote in the site. ``zones`` goes by the point's own zone.
    """

    kind: Tokens = ()
    point: Patterns = ()
    word: Tokens = ()
    tags: Tokens = ()
    zones: Annotated[tuple[ZoneKind, ...], BeforeValidator(_listed)] = ()

    def names(self, point: str) -> bool:
        """Tell whether a point's name is meant; no patterns mean every name."""
        wanted, refused = _expressions(self.point)
        return wanted.match(point) is not None and refused.match(point) is None


@lru_cache(maxsize=1024)
def _expressions(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what names must match and must not match; they are asked of every point of a site."""
    wanted = [translate(one) for one in patterns if not one.startswith("!")]
    refused = [translate(one[1:]) for one in patterns if one.startswith("!")]
    return re.compile("|".join(wanted)), re.compile("|".join(refused) or NO_NAME)


class Measured(Settings):
    """Base of tests with numbers that have a quantity; the numbers are kept as written."""

    quantity: str

    @model_validator(mode="after")
    def _known_quantity(self) -> Self:
        if self.quantity not in known_symbols():
            raise ValueError(f"unknown quantity '{self.quantity}' → {nearest(self.quantity, known_symbols())}")
        return self

    @property
    def canonical(self) -> Quantity:
        """The canonical quantity of the dimension."""
        return to_canonical(self.quantity)[0]

    def value(self, number: float) -> float:
        """Return a number as written in the canonical quantity."""
        _, factor, offset = to_canonical(self.quantity)
        return number * factor + offset

    def difference(self, number: float) -> float:
        """Return a difference of two numbers in the canonical quantity (no offset: 9 °F are 5 °C apart)."""
        return number * to_canonical(self.quantity)[1]


class Limit(Measured):
    """A limit as a number, or ``low``/``high`` of the point's own record; clear only past ``hysteresis``."""

    limit: float | Literal["low", "high"]
    hysteresis: float = Field(default=0.0, ge=0)


class Bits(Settings):
    """One of: any, all or none of the mask's bits are set."""

    any: Mask | None = None
    all: Mask | None = None
    none: Mask | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a bits test needs exactly one of any, all, none → write e.g. 'bits: {any: 0x2}'")
        return self


class Equals(Settings):
    """One of some numbers. With ``until`` it holds until one of those comes, and other numbers change nothing.

    Written as a number or a list where there is no ``until``.
    """

    any: Numbers
    until: Annotated[tuple[float, ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"any": value} if isinstance(value, int | float | list | tuple) else value

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if set(self.any) & set(self.until):
            raise ValueError("a number can't begin and end it → write it in 'any' or in 'until'")
        return self


class LoadStep(Measured):
    """A load that was switched on: between ``low`` and ``high`` above the usual level.

    The usual level follows the value down at once and up with the time constant ``settle_s``, so slow
    drift is no step; a rise beyond ``high`` is another kind of load and becomes the usual level.
    """

    low: float = Field(gt=0)
    high: float = Field(gt=0)
    settle_s: float = Field(default=300.0, gt=0, le=86_400)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.low:
            raise ValueError("the step's high is not above its low → write low first, then a greater high")
        return self


class Absent(StrEnum):
    """What can be absent. A transmitter is a gateway that another gateway hosts; ``gateway`` means the others."""

    DEVICE = "device"
    GATEWAY = "gateway"
    TRANSMITTER = "transmitter"


class Absence(Settings):
    """Silence. Of a device: no good reading of any point within that point's ``max_silence``.

    Of a gateway: its death certificate, or no message within ``within_s``. Of a transmitter: the same, but
    while its host is away nobody knows, and a death counts only after ``reconnect_s``: lines that are
    dialled up anew are no outage.
    """

    of: Absent
    within_s: float | None = Field(default=None, ge=5, le=86_400)
    reconnect_s: float = Field(default=0.0, ge=0, le=3600)

    @model_validator(mode="after")
    def _time(self) -> Self:
        if (self.of is Absent.DEVICE) == (self.within_s is not None):
            raise ValueError(
                "within_s belongs to gateways and transmitters; devices have max_silence_s of their points"
                " → write 'absence: {of: device}' or 'absence: {of: gateway, within_s: 15}'"
            )
        if self.reconnect_s and self.of is not Absent.TRANSMITTER:
            raise ValueError("reconnect_s belongs to transmitters → remove it, or write 'of: transmitter'")
        return self


class Condition(Selector):
    """A combination, or a selector with one test."""

    all_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    any_of: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    above: Limit | None = None
    below: Limit | None = None
    bits: Bits | None = None
    equals: Equals | None = None
    at_least: float | None = None
    at_most: float | None = None
    step: LoadStep | None = None
    absence: Absence | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [name for name in (*COMBINATIONS, *TESTS) if getattr(self, name) is not None]
        if len(asked) != 1:
            found = f"found {' and '.join(asked)}" if asked else "found none"
            raise ValueError(f"a condition asks exactly one thing, {found} → write one of {', '.join(TESTS)}")
        if asked[0] in COMBINATIONS and self.model_fields_set & set(Selector.model_fields):
            raise ValueError("a combination selects nothing itself → move kind, point, … into its conditions")
        return self

    @cached_property
    def asks(self) -> str:
        """The one key of ``COMBINATIONS`` or ``TESTS`` that is set."""
        return next(name for name in (*COMBINATIONS, *TESTS) if getattr(self, name) is not None)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions of a combination, none for a test."""
        return self.all_of or self.any_of or ()

    @cached_property
    def selector(self) -> Selector:
        """The selector alone."""
        return Selector(kind=self.kind, point=self.point, word=self.word, tags=self.tags, zones=self.zones)

    @cached_property
    def meaning(self) -> str:
        """The test without its selector, as canonical JSON: equal meaning, equal state."""
        asked = self.model_dump(mode="json", include={self.asks}, exclude_none=True)
        return json.dumps(asked, sort_keys=True)

    def tests(self) -> list[Condition]:
        """Return the tests at the leaves, left to right."""
        return [self] if not self.parts else [test for part in self.parts for test in part.tests()]
