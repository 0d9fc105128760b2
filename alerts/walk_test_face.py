"""`svc.alerts.walk_tests.*` as other processes see it: requests, replies, and a typed client."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.face import Model, Remark, Who
from backbone.client import Backbone
from domain.ids import Token
from domain.walk_test import WalkMark, WalkTestView

DEFAULT_S = 2 * 3600.0
MOST_S = 8 * 3600.0
LEAST_S = 1.0
MOST_NAMED = 500
MOST_LISTED = 100
MOST_MARKS = 300
"""Marks of a reply; those that follow are asked for."""
LAST_NUMBER = 2**62
"""No mark comes after it."""
MOST_MARK_WORDS = 200

TestId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
PointName = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}/[0-9A-Za-z_-]{1,64}$")]
"""``device/point``."""
MarkWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_MARK_WORDS)]


class WalkTestSubject(StrEnum):
    """Where the service answers."""

    BEGIN = "svc.alerts.walk_tests.begin"
    END = "svc.alerts.walk_tests.end"
    LIST = "svc.alerts.walk_tests.list"
    MARK = "svc.alerts.walk_tests.mark"
    MARKS = "svc.alerts.walk_tests.marks"


class BeginRequest(Model):
    """A test of a unit, or of the zones and devices that are named."""

    unit: Token
    zones: tuple[Token, ...] = Field(default=(), max_length=MOST_NAMED)
    devices: tuple[Token, ...] = Field(default=(), max_length=MOST_NAMED)
    by: Who
    note: Remark = ""
    duration_s: float = Field(default=DEFAULT_S, ge=LEAST_S, le=MOST_S, allow_inf_nan=False)


class EndRequest(Model):
    """Which test, and who ends it."""

    id: TestId
    by: Who


class WalkTestListRequest(Model):
    """Which tests, newest first; ``units`` is what the asker may see (None: all)."""

    unit: Token | None = None
    units: tuple[Token, ...] | None = None
    running: bool | None = Field(default=None, description="True: not ended; False: ended; None: both")
    limit: int = Field(default=20, ge=1, le=MOST_LISTED)


class MarkRequest(Model):
    """What somebody found at a point of a test that runs; ``reason``: why it can't come through by itself."""

    id: TestId
    point: PointName
    works: bool
    by: Who
    remark: MarkWords = ""
    reason: MarkWords = ""


class MarksRequest(Model):
    """The marks of a test after a number, oldest first."""

    id: TestId
    after: int = Field(default=0, ge=0, le=LAST_NUMBER)


class WalkTestFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def begin(self, request: BeginRequest) -> WalkTestView:
        """Begin a test; refused where one runs in the unit."""
        return WalkTestView.model_validate((await self._ask(WalkTestSubject.BEGIN, request))["walk_test"])

    async def end(self, test_id: str, *, by: str) -> WalkTestView:
        """End a test: what still stands is told as usual, the rest closes as test."""
        return WalkTestView.model_validate(
            (await self._ask(WalkTestSubject.END, EndRequest(id=test_id, by=by)))["walk_test"]
        )

    async def list(
        self,
        *,
        unit: str | None = None,
        units: tuple[str, ...] | None = None,
        running: bool | None = None,
        limit: int = 20,
    ) -> tuple[WalkTestView, ...]:
        """Return tests, newest first."""
        request = WalkTestListRequest(unit=unit, units=units, running=running, limit=limit)
        reply = await self._ask(WalkTestSubject.LIST, request)
        return tuple(WalkTestView.model_validate(test) for test in reply["walk_tests"])

    async def get(self, test_id: str) -> WalkTestView:
        """Return a test, by one question, whatever the number of its marks."""
        reply = await self._ask(WalkTestSubject.MARKS, MarksRequest(id=test_id, after=LAST_NUMBER))
        return WalkTestView.model_validate(reply["walk_test"])

    async def mark(self, request: MarkRequest) -> WalkMark:
        """Write down what a person found; refused where the test does not run, or the point is not within it."""
        return WalkMark.model_validate((await self._ask(WalkTestSubject.MARK, request))["mark"])

    async def marks(self, test_id: str, after: int = 0) -> tuple[WalkTestView, tuple[WalkMark, ...]]:
        """Return a test and its marks after a number, oldest first."""
        found: list[WalkMark] = []
        while True:
            reply = await self._ask(WalkTestSubject.MARKS, MarksRequest(id=test_id, after=after))
            found += [WalkMark.model_validate(mark) for mark in reply["marks"]]
            if not reply["more"]:
                return WalkTestView.model_validate(reply["walk_test"]), tuple(found)
            after = found[-1].number

    async def _ask(self, subject: WalkTestSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))
