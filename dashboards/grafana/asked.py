"""Asks a real server every statement of the boards, and counts the rows that come back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from dashboards.grafana.check import Asked
from domain.errors import LinkError, RefusedError

TIMEOUT_S = 30.0
DEFAULT_SPAN = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to ask in InfluxQL; ``authorization`` is the header's value."""

    url: str
    database: str
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Counted:
    """A statement as it was asked, and its rows; ``error`` is the server's word against it."""

    asked: Asked
    sent: str
    rows: int
    error: str | None = None


def filled(
    query: str, *, span: str = DEFAULT_SPAN, interval: str = "20s", chosen: Mapping[str, str] | None = None
) -> str:
    """Put values in for Grafana's variables: the last ``span``, a bucket, and "all" where nothing was chosen."""
    query = query.replace("$timeFilter", f"time > now() - {span} AND time <= now()")
    query = query.replace("$__interval", interval)
    return re.sub(r"\$(unit|building|zone|device)\b", lambda found: (chosen or {}).get(found[1], ".*"), query)


def count(server: Server, asked: Iterable[Asked], *, span: str = DEFAULT_SPAN) -> Iterator[Counted]:
    """Ask one statement after the other; raises LinkError when nobody answers, RefusedError when we may not ask."""
    headers = {"Authorization": server.authorization} if server.authorization else {}
    with httpx.Client(base_url=server.url, headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        for one in asked:
            sent = filled(one.query, span=span)
            try:
                answer = client.post("/query", params={"db": server.database, "epoch": "ms"}, data={"q": sent})
            except httpx.HTTPError as error:
                raise LinkError(f"no answer from {server.url}: {error}") from error
            if answer.status_code in {401, 403, 404}:
                raise RefusedError(f"{server.url} answered {answer.status_code}: {answer.text[:200]}")
            rows, problem = _rows(answer)
            yield Counted(one, sent, rows, problem)


def _rows(answer: httpx.Response) -> tuple[int, str | None]:
    """Return the rows that hold a value beside the time, and what the server said was wrong."""
    try:
        body = answer.json()
        if "error" in body:
            return 0, str(body["error"])
        result = body["results"][0]
        if "error" in result:
            return 0, str(result["error"])
        series = result.get("series", [])
        return sum(any(value is not None for value in row[1:]) for one in series for row in one["values"]), None
    except (ValueError, KeyError, IndexError, TypeError):
        return 0, f"answered {answer.status_code}: {answer.text[:200]!r}"
