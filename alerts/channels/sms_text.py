"""The length of short messages: what is cut is the matter, never the place or the link.

A message in Chinese has 70 characters, or 67 a segment where it has several (GSM 03.38/03.40, UCS-2: 140 bytes, six of
them a header). Characters outside the basic plane count twice.
"""

from __future__ import annotations

SINGLE = 70
PART = 67
_ELLIPSIS = "…"


def length(text: str) -> int:
    """Return how many UCS-2 units a text has."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def segments(text: str) -> int:
    """Return how many messages a provider makes (and bills) of a text."""
    units = length(text)
    return 1 if units <= SINGLE else -(-units // PART)


def fit(text: str, place: str, link: str, most_segments: int) -> str:
    """Return text and link within ``most_segments``; a text that is too long ends with the place and "…".

    A link that leaves no room for the place takes one segment more: a short message without its link, or without its
    place, helps nobody.
    """
    end = f" {link}" if link else ""
    whole = _one_line(text)
    room = (SINGLE if most_segments == 1 else PART * most_segments) - length(end)
    if length(whole) <= room:
        return whole + end
    place = _one_line(place)
    if place and place not in _cut(whole, room):
        head = f"{place}：" if length(place) + 1 < room else place
        return head + _cut(whole, max(0, room - length(head))) + end
    return _cut(whole, max(room, length(place) + 1)) + end


def _cut(text: str, room: int) -> str:
    if length(text) <= room:
        return text
    while text and length(text) > max(0, room - 1):
        text = text[:-1]
    return text + _ELLIPSIS if room > 0 else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
