"""A rule as people are shown it, and how its alarms stand: models of `rules.face` for pages and the API."""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.alarm import AlarmClass, EntityKind, Level
from domain.errors import WireError

MOST_BYTES = 32 * 2**20
"""Of a catalogue's JSON: five thousand rules of six kilobytes."""


class Told(BaseModel):
    """Base of what rules tell: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Told):
    """A text in both languages."""

    zh: str = ""
    en: str = ""

    def of(self, language: str) -> str:
        """Return the text in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


class Aside(Told):
    """A condition beside the one that raises; ``name``: unless, level_when, stays_while or test."""

    name: str
    words: Words


class RuleCard(Told):
    """A rule in words. ``source``: where its numbers come from; ``own``: a site wrote it, not the library.

    ``condition`` and asides are lines of text with a hyphen and an indent for each level. ``needs_log``: it asks
    for a gateway's silence, of which stored readings know nothing.
    """

    name: str
    version: str
    owner: str
    source: str
    own: bool
    own_procedure: bool
    alarm_class: AlarmClass
    level: Level
    raised_level: Level | None
    entity: EntityKind
    latched: bool
    labels: Words
    description: Words
    procedure: Words
    watches: Words
    condition: Words
    asides: tuple[Aside, ...]
    on_delay_s: float
    off_delay_s: float
    hides: tuple[str, ...]
    hidden_by: tuple[str, ...]
    message: Words
    needs_log: bool

    @property
    def procedure_zh(self) -> str:
        """What the operator does, line by line; empty where nobody wrote it."""
        return self.procedure.zh

    @property
    def procedure_en(self) -> str:
        """The same in English."""
        return self.procedure.en


class Catalogue(Told):
    """The rules that run: ``version`` of the set, who applied it when (ns; 0: the site's folder)."""

    version: str
    by: str = ""
    applied_ns: int = 0
    note: str = ""
    cards: tuple[RuleCard, ...] = Field(default=())

    def encode(self) -> bytes:
        """Return the entry of KV ``rulesets``."""
        return zlib.compress(self.model_dump_json().encode(), 6)


class RuleState(NamedTuple):
    """How many alarms a rule keeps an eye on, how many are raised, how many can't be told; the last transition.

    ``unknown`` are not raised. ``last_ns`` is log time, 0: none is known.
    """

    entities: int
    alarm: int = 0
    unknown: int = 0
    last_ns: int = 0
    last_kind: str = ""

    def plus(self, other: RuleState) -> RuleState:
        """Add the alarms of another partition."""
        newest = max(self, other, key=lambda one: one.last_ns)
        return RuleState(
            self.entities + other.entities,
            self.alarm + other.alarm,
            self.unknown + other.unknown,
            newest.last_ns,
            newest.last_kind,
        )


def decode_catalogue(data: bytes) -> Catalogue:
    """Read an entry; raises WireError for anything that `Catalogue.encode` did not make."""
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(data, MOST_BYTES)
        if inflate.unconsumed_tail or not inflate.eof:
            raise WireError(f"a catalogue of rules is cut, or larger than {MOST_BYTES} bytes", data)
        return Catalogue.model_validate(json.loads(text))
    except (zlib.error, ValueError, RecursionError) as error:
        if isinstance(error, WireError):
            raise
        count = error.error_count() if isinstance(error, ValidationError) else 1
        raise WireError(f"a catalogue of rules can't be read: {count} problems", data) from error
