"""Which lines an answer blames: pure, bytes → positions, never raising.

| server | status | says | the others are |
|---|---|---|---|
| InfluxDB 1 | 400 | ``error``: ``unable to parse '<line>': <why>``, one after the other | stored |
| InfluxDB 1 | 400 | ``error``: ``partial write: … input field "f" on measurement "m" … dropped=N`` | stored |
| InfluxDB 2 | 400 | ``message`` as above, or the number of the first bad ``line`` | not stored |
| InfluxDB 2 | 422 | ``message``: ``… partial write: … dropped=N`` | stored |
| InfluxDB 3 | 400 | ``data``: a list of ``line_number``, ``error_message`` | stored |
| InfluxDB 3 | 400 | ``data``: one such, ``error``: ``parsing failed …`` | not stored |

Lists are cut (cloud servers name a hundred lines at most), only the last reason of several is told, and whether the
others are stored is told by words alone. So nothing is believed but that these lines are worth a look: whoever sends
asks again with them alone and with the rest, which changes nothing where it was stored (`ingest.influx_http`).

Sources: InfluxDB 1.8, 2.7 and 3 Core API references; 1.6.7 as found by test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_WORDS = 500
MOST_BODY = 1 << 20
"""Bytes of an answer that are read; what a server says beyond is not needed to go on."""

_QUOTED = re.compile(r"unable to parse '(.*?)': ([^\n]*)")
_CONFLICT = re.compile(r'input field "(.*?)" on measurement "(.*?)"')
_DROPPED = re.compile(r"dropped=(\d+)")


@dataclass(frozen=True, slots=True)
class Blame:
    """What a server says is wrong: its words, lines that it names (position → why), and how many it left out.

    ``conflict`` is (measurement, field) where that is all that it says; ``dropped`` None: it does not say.
    """

    words: str
    named: Mapping[int, str] = field(default_factory=dict)
    conflict: tuple[str, str] | None = None
    dropped: int | None = None

    def suspects(self, lines: Sequence[bytes]) -> dict[int, str]:
        """Return the positions among ``lines`` that the answer points at, with the reason."""
        if self.named or self.conflict is None:
            return dict(self.named)
        measurement, name = self.conflict
        begin, key = _start(measurement), name.encode() + b"="
        return {at: self.words for at, line in enumerate(lines) if line.startswith(begin) and key in line}


def blame(body: bytes, lines: Sequence[bytes]) -> Blame:
    """Read the answer to a request that held ``lines``."""
    answer = _parsed(body[:MOST_BODY])
    words = words_of(answer, body)
    text = _text(answer, body)
    known = {line.decode("utf-8", "replace"): at for at, line in enumerate(lines)}
    named = dict(_by_number(answer, len(lines), words))
    named |= {known[line]: f"unable to parse: {why}" for line, why in _QUOTED.findall(text) if line in known}
    conflict, dropped = _CONFLICT.search(text), _DROPPED.search(text)
    return Blame(
        words,
        {at: why[:MOST_WORDS] for at, why in named.items()},
        (conflict[1], conflict[2]) if conflict else None,
        int(dropped[1][:18]) if dropped else None,
    )


def words_of(answer: object, body: bytes) -> str:
    """Return what the server says is wrong: InfluxDB 1 and 3 ``error``, InfluxDB 2 ``message``, or the body."""
    if isinstance(answer, dict):
        for key in ("error", "message"):
            if isinstance(answer.get(key), str):
                return str(answer[key])[:MOST_WORDS]
    return body[: 4 * MOST_WORDS].decode("utf-8", "replace").strip()[:MOST_WORDS]


def words_in(body: bytes) -> str:
    """Return what the body of an answer says is wrong."""
    return words_of(_parsed(body[:MOST_BODY]), body)


def _by_number(answer: object, count: int, words: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are named by their number, from 1."""
    if not isinstance(answer, dict):
        return
    data = answer.get("data")
    entries: list[Any] = data if isinstance(data, list) else [data]
    for entry in [*entries, {"line_number": answer.get("line"), "error_message": words}]:
        number = entry.get("line_number") if isinstance(entry, dict) else None
        if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= count:
            yield number - 1, str(entry.get("error_message") or words)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(answer: object, body: bytes) -> str:
    """Return the server's whole text, unescaped where it came as JSON."""
    if isinstance(answer, dict):
        return "\n".join(str(answer[key]) for key in ("error", "message") if isinstance(answer.get(key), str))
    return body[:MOST_BODY].decode("utf-8", "replace")


def _start(measurement: str) -> bytes:
    return measurement.replace(",", r"\,").replace(" ", r"\ ").encode()
