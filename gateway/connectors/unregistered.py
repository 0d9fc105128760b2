"""Who speaks and is in no file: counted, shown for adoption, bounded; the longest silent one makes room."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

MOST_KEPT = 500
MOST_SHOWN = 512
"""Characters of the last message that are kept: 500 of them fit one message of the backbone."""


@dataclass(slots=True)
class _Speaker:
    first_ns: int
    last_ns: int
    messages: int
    last: str
    more: dict[str, Any]


class Unregistered:
    """The unregistered speakers of one connection by their ``address``, in memory only: who lives speaks again."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._speakers: OrderedDict[str, _Speaker] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._speakers)

    def heard(self, address: str, now_ns: int, last: str, **more: Any) -> None:
        """Count a message; ``more`` is shown beside it, the newest of each."""
        speaker = self._speakers.get(address)
        if speaker is None:
            if len(self._speakers) >= MOST_KEPT:
                self._speakers.popitem(last=False)
            speaker = self._speakers[address] = _Speaker(now_ns, now_ns, 0, "", {})
        self._speakers.move_to_end(address)
        speaker.messages += 1
        speaker.last_ns, speaker.last = now_ns, last[:MOST_SHOWN]
        speaker.more |= more

    def documents(self) -> list[dict[str, Any]]:
        """Return all of them, the last heard first."""
        return [
            {
                "address": address,
                "first_ns": one.first_ns,
                "last_ns": one.last_ns,
                "messages": one.messages,
                "last": one.last,
                **one.more,
            }
            for address, one in reversed(self._speakers.items())
        ]
