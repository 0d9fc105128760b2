"""What a gateway runs by: a checked registry, where it came from, and the files that it was made of.

`gateway` never reads YAML. Whoever starts the process hands it a `Load`: a function that reads the local folder,
or a bundle of files, checks it exactly as ``fengsui check`` does, and returns a `Configuration` or raises
`ConfigurationError` with every problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from domain.errors import Problem
from domain.site import GatewaySettings, Registry

Source = Literal["local", "remote"]
"""``local``: the site folder beside the gateway. ``remote``: a bundle of the centre, which wins while it is there."""

Kind = Literal["started", "applied", "unchanged", "refused", "rolled_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A checked configuration of one gateway.

    ``version`` is a function of what was written (``${NAME}`` as it stands, so that no secret can be guessed from
    it) in all that this gateway uses. ``files`` are the texts to make it of again, by name: the last good
    configuration outlives a broken folder. ``revision`` numbers the centre's bundles, 0 for the local folder.
    """

    registry: Registry
    version: str
    files: Mapping[str, str]
    source: Source = "local"
    revision: int = 0
    by: str = ""

    def settings(self, unit: str, gateway: str) -> GatewaySettings | None:
        """Return the part of a gateway, None where it has none."""
        return self.registry.gateways.get(f"{unit}/{gateway}")


Load = Callable[[Mapping[str, str] | None], Configuration]
"""Read and check the local folder (None) or the files of a bundle; raises ConfigurationError. Called in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a configuration; ``reason`` is told in both languages, ``problems`` with file and line."""

    kind: Kind
    version: str
    source: Source
    time_ns: int
    revision: int = 0
    by: str = ""
    reason: str = ""
    problems: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()

    def document(self, most: int) -> dict[str, Any]:
        """Return it as JSON has it, with at most so many problems and changes; their numbers say how many there are."""
        return {
            "kind": self.kind,
            "version": self.version,
            "source": self.source,
            "revision": self.revision,
            "time_ns": self.time_ns,
            "by": self.by,
            "reason": self.reason,
            "problem_count": len(self.problems),
            "problems": list(self.problems[:most]),
            "change_count": len(self.changes),
            "changes": list(self.changes[:most]),
        }


def as_data(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON has it; its value is shown as people may see it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "value": problem.shown_value,
        "message": problem.message,
        "mend": problem.mend,
    }
