"""Text for chat robots: markdown that a device's words can't break out of, within the platform's size.

Robots know no idempotency key: a try whose answer got lost is repeated, and the group may read the message twice (at
least once, `alerts.outbox`). So each message ends with the first eight characters of its key, the same on repeats,
behind the word 烽燧, which a site may give its robot as the keyword that the platform asks for.
"""

from __future__ import annotations

from alerts.channels.contract import Push

MARK = "烽燧"
SHOWN_KEY = 8

_MARKUP = str.maketrans({"[": "［", "]": "］", "<": "＜", ">": "＞", "`": "＇", "|": "｜", "\\": "＼"})
BUTTON = {"zh": "收到 / 到场 / 误报", "en": "Received / on site / false alarm"}
_ELLIPSIS = "…"


def safe(text: str) -> str:
    """Return a text as one line in which no markup is left: no links, mentions or tags of a device's making."""
    return " ".join(text.translate(_MARKUP).split())


def footer(push: Push) -> str:
    """Return the mark and the shown key: what tells a repeat from a second alarm."""
    return f"{MARK} #{push.key[:SHOWN_KEY]}"


def paragraphs(push: Push) -> list[str]:
    """Return the message's lines: title, text, the text in the other language, time."""
    words = push.words
    lines = [safe(words.title), safe(words.text)]
    if safe(words.other_text) not in ("", lines[1]):
        lines.append(safe(words.other_text))
    raised_at = push.body.get("raised_at")
    if raised_at:
        lines.append(safe(str(raised_at)))
    return [line for line in lines if line]


def button(push: Push) -> str:
    """Return the words of the answer button."""
    return BUTTON["en" if push.words.language == "en" else "zh"]


def within(text: str, most_bytes: int) -> str:
    """Cut a text to ``most_bytes`` of UTF-8, between characters, and show that it was cut."""
    data = text.encode(errors="replace")
    if len(data) <= most_bytes:
        return text
    return data[: most_bytes - len(_ELLIPSIS.encode())].decode(errors="ignore") + _ELLIPSIS


def signed_text(timestamp: int, secret: str) -> bytes:
    """Return what DingTalk and Feishu sign: time stamp, newline, secret."""
    return f"{timestamp}\n{secret}".encode()
