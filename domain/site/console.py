"""``console`` of ``site.yaml``: what the control-room page needs to know beside the site itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from domain.site.labels import Settings
from domain.wording import HTTP_PATTERN

Address = Annotated[str, Field(pattern=HTTP_PATTERN, max_length=400)]


class ConsoleSettings(Settings):
    """Addresses that the page may link to or fetch from; none of them is ever asked by a browser on its own."""

    grafana: Address | None = Field(default=None, description="Grafana's address; pages link to its boards")
    pictures: tuple[Address, ...] = Field(
        default=(), max_length=50, description="beginnings of addresses whose pictures the console fetches and shows"
    )
