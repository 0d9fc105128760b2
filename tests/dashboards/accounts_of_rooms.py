"""Accounts that tests make over HTTP, with the installation's own token."""

from __future__ import annotations

import httpx

from tests.dashboards.control_room import API_TOKEN, ControlRoom

BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
SECOND_PASSWORD = "colours of the tram 17"  # noqa: S105  # of a test


async def employ(room: ControlRoom, account: str, name: str, *roles: str, **scope: object) -> dict[str, str]:
    """Make an account (everywhere unless ``scope`` says where); returns it as the API takes a second person."""
    where = scope or {"everywhere": True}
    body = {"id": account, "name": name, "roles": roles, "password": SECOND_PASSWORD, "must_change": False, **where}
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as root:
        made = await root.post("/api/v1/users", json=body)
        assert made.status_code == 201, made.text
    return {"user": account, "password": SECOND_PASSWORD}
