"""Errors of the backbone, under the families of `domain.errors`."""

from __future__ import annotations

from domain.errors import LinkError, RefusedError


class FencedError(RefusedError):
    """Somebody else wrote first: this writer has lost its place and must stop or start anew."""


class ServerStartError(LinkError):
    """The embedded nats-server did not come up; the message has the end of its log."""

    retryable = False
