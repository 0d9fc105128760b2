"""What a scenario is: a complaint that people had about other gateways, made to happen here, and what must hold.

The complaints are numbered 1 to 40, by theme; `Scenario.complaints` says which ones it answers. A scenario passes when
all that it expects holds; it always says what it measured.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cli.faults.readings import Readings, SpoolCounts

Figure = float | int | str


class Theme(StrEnum):
    """What the complaints are about."""

    LOSS = "A"
    DEAD_UNIT = "B"
    SLOW = "C"
    FALSE_VALUE = "D"
    STALE = "E"


THEMES: Mapping[Theme, tuple[str, str]] = {
    Theme.LOSS: ("断线、重启、缓存满后数据丢失", "data lost on reconnect, restart or a full buffer"),
    Theme.DEAD_UNIT: ("一台设备掉线拖垮其他设备", "one dead device starves the others"),
    Theme.SLOW: ("轮询慢，需要成块读取", "slow polling, block reads wanted"),
    Theme.FALSE_VALUE: ("异常应答、坏报文、假数值", "exceptions, bad frames, false values"),
    Theme.STALE: ("时间戳与过时数据", "time stamps, and stale data that looks fresh"),
}


@dataclass(slots=True)
class Outcome:
    """What was measured, and which expectations did not hold (in English, with the numbers)."""

    figures: dict[str, Figure] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Tell whether all held."""
        return not self.broken

    def hold(self, holds: object, what: str) -> None:
        """Expect something; ``what`` is said when it does not hold."""
        if not holds:
            self.broken.append(what)

    def account(self, spool: SpoolCounts, found: Readings) -> None:
        """Expect that what was committed is in the log once, waits, or was dropped and counted.

        ``sent_again``: readings of rows that were sent again under their own id, live and then as history.
        ``in_doubt``: readings that the log has although they were counted as dropped: a cut took their acknowledgement.
        """
        self.figures |= {"in": spool.produced, "out": found.delivered, "dropped": spool.dropped}
        if found.history:
            self.figures["history"] = found.history
        if spool.waiting:
            self.figures["waiting"] = spool.waiting
        balance = spool.produced - found.delivered - spool.dropped - spool.waiting
        if spool.dropped and balance < 0:
            self.figures["in_doubt"] = -balance
            balance = 0
        self.hold(balance == 0, f"in {spool.produced} is not out {found.delivered} + dropped {spool.dropped}")
        if again := len(found) - found.delivered:
            self.figures["sent_again"] = again
        twice = found.delivered - found.distinct
        self.hold(twice == 0, f"{twice} readings stand in the log under two message ids")
        self.hold(len(found) > 0, "nothing was delivered at all")


Play = Callable[[Path], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario. ``complaint`` and ``holds`` in Chinese and English; ``peers`` names their issues.

    ``alone``: it measures times, so that nothing else may run beside it.
    """

    id: str
    theme: Theme
    complaints: tuple[int, ...]
    peers: str
    complaint: tuple[str, str]
    holds: tuple[str, str]
    play: Play
    needs_root: bool = False
    alone: bool = False


SCENARIOS: dict[str, Scenario] = {}
"""All scenarios by id, in the order of their themes; filled by the modules that hold them."""


def scenario(
    name: str,
    theme: Theme,
    complaints: tuple[int, ...],
    peers: str,
    *,
    complaint: tuple[str, str],
    holds: tuple[str, str],
    needs_root: bool = False,
    alone: bool = False,
) -> Callable[[Play], Play]:
    """Register a function as a scenario; it gets an empty folder and returns its outcome."""

    def register(play: Play) -> Play:
        if name in SCENARIOS:
            message = f"two scenarios are called {name}"
            raise ValueError(message)
        SCENARIOS[name] = Scenario(
            id=name, theme=theme, complaints=complaints, peers=peers, complaint=complaint, holds=holds, play=play,
            needs_root=needs_root, alone=alone,
        )  # fmt: skip
        return play

    return register
