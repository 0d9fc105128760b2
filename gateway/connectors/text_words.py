"""A payload that is text, as people read it in a list of frames."""

from __future__ import annotations

MOST_WORDS = 300


def text_words(raw: bytes) -> tuple[str, str]:
    """Return the text of a payload on one line, the same in both languages; what is no UTF-8 shows as such."""
    words = " ".join(raw.decode("utf-8", "replace").split())
    short = words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"
    return short, short
