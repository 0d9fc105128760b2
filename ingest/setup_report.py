"""What a set-up did or would do, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What is set up."""

    DATABASE = "database"
    RETENTION = "retention"
    ROLL_UP_STORE = "roll_up_store"
    ROLL_UP = "roll_up"
    MAPPING = "mapping"


class Outcome(StrEnum):
    """What became of a step. ``undecided``: it would delete data, and nobody said that it may."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNDECIDED = "undecided"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was made sure of; ``detail`` says how it is now, in the server's own words where it has some."""

    part: Part
    name: str
    outcome: Outcome
    detail: str = ""


def days_text(days: int) -> str:
    """Write a retention for a detail."""
    return f"{days} d" if days else "for ever"
