"""How InfluxDB 2 and 3 answer lines that they won't have, as their API references say: no InfluxDB is behind it.

A line that holds one of the poison words is refused. Source: InfluxDB 2.7 and 3 Core, "Write data" and "Troubleshoot
issues writing data".
"""

from __future__ import annotations

import json
from collections.abc import Collection

from tests.ingest.answering_server import STORED, Answer, Judge


def bad(lines: list[bytes], poison: Collection[bytes]) -> list[int]:
    """Return the positions of refused lines."""
    return [at for at, line in enumerate(lines) if any(word in line for word in poison)]


def influxdb2_first_line(*poison: bytes) -> Judge:
    """Malformed lines: the first is named by its number, everything is rejected (400)."""

    def judge(lines: list[bytes]) -> Answer:
        found = bad(lines, poison)
        if not found:
            return STORED
        line = found[0] + 1
        body = {"code": "invalid", "message": f"line {line}: missing field value", "line": line}
        return Answer(400, json.dumps(body))

    return judge


def influxdb2_partial(field: str, measurement: str, *poison: bytes) -> Judge:
    """A field of another type: the others are stored, and only their number is told (422)."""

    def judge(lines: list[bytes]) -> Answer:
        found = bad(lines, poison)
        if not found:
            return STORED
        words = (
            "failure writing points to database: partial write: field type conflict: "
            f'input field "{field}" on measurement "{measurement}" is type float, already exists as type integer '
            f"dropped={len(found)}"
        )
        body = {"code": "unprocessable entity", "message": words}
        return Answer(422, json.dumps(body), kept=tuple(line for at, line in enumerate(lines) if at not in found))

    return judge


def influxdb3_partial(*poison: bytes, most: int = 100) -> Judge:
    """Any refused line (accept_partial=true): named by number up to ``most``, the others are stored (400)."""

    def judge(lines: list[bytes]) -> Answer:
        found = bad(lines, poison)
        if not found:
            return STORED
        data = [
            {
                "original_line": lines[at].decode(),
                "line_number": at + 1,
                "error_message": "invalid column type for column 'pressure', expected iox::column_type::field::integer",
            }
            for at in found[:most]
        ]
        body = {"error": "partial write of line protocol occurred", "data": data}
        return Answer(400, json.dumps(body), kept=tuple(line for at, line in enumerate(lines) if at not in found))

    return judge
