"""What can go wrong while a simulation runs, apart from bad files (`domain.errors.ConfigurationError`)."""

from __future__ import annotations

from domain.errors import FengsuiError


class SimulationError(FengsuiError):
    """Root of this package's run-time errors."""


class UnknownNameError(SimulationError, KeyError):
    """A device, point, word or link that the simulated site does not have."""

    def __init__(self, reason: str) -> None:
        """Keep the sentence; `KeyError` alone would show it in quotes."""
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Return the sentence as it is."""
        return self.reason


class NotStartedError(SimulationError, RuntimeError):
    """A listener was asked for its port before it had one."""
