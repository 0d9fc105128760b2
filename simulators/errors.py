"""What can go wrong while a simulation runs, apart from bad files (`domain.errors.ConfigurationError`)."""

from __future__ import annotations

from domain.errors import FengsuiError


class SimulationError(FengsuiError):
    """Root of this package's run-time errors."""


class UnknownNameError(SimulationError, KeyError):
    """A device, point, word or link that the simulated site does not have."""

    def __init__(self, reason: str, mend: str) -> None:
        """``reason``: what is wrong; ``mend``: what to write instead."""
        super().__init__(reason)
        self.reason = reason
        self.mend = mend

    def __str__(self) -> str:
        """Return both; `KeyError` alone would show a quoted word."""
        return f"{self.reason} → {self.mend}"


class NotStartedError(SimulationError, RuntimeError):
    """A listener was asked for its port before it had one."""
