"""The header ``Idempotency-Key``: a repeated click or a request that is sent again does nothing twice."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,128}$",
        description="the same key with the same request gives the same answer, for a day, and does nothing twice",
    ),
]
