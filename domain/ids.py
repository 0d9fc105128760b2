"""Ids: tokens that are safe in a subject, a topic, a file name and a URL alike.

An id is ``[A-Za-z0-9_-]{1,64}``; whatever is shown to people lives in labels. A *point key* is
``unit/device/point``; it names one channel on the whole platform and never changes meaning.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Annotated

from pydantic import StringConstraints

TOKEN_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"  # noqa: S105 - a token is an id here, not a password
_TOKEN = re.compile(TOKEN_PATTERN)

Token = Annotated[str, StringConstraints(pattern=TOKEN_PATTERN)]

ALIAS_FLOOR = 1 << 28
"""Lowest alias. Aliases in [2**28, 2**32) are five bytes long as a protobuf varint, all of them,
which makes every data metric of a payload the same size (see `backbone.sparkplug`)."""


def is_token(text: str) -> bool:
    """Tell whether ``text`` may be used as an id."""
    return _TOKEN.fullmatch(text) is not None


def point_key(unit: str, device: str, point: str) -> str:
    """Return the platform-wide name of a point."""
    return f"{unit}/{device}/{point}"


def alias_of(device: str, point: str) -> int:
    """Return the Sparkplug alias of a point: a function of its name, never of configuration order.

    A restart or a changed site therefore never changes what an alias in the log means. Two names
    of one gateway may collide (about 1 in 2,000 for 2,000 points); `PointTable` refuses such a pair.
    """
    return ALIAS_FLOOR + zlib.crc32(f"{device}/{point}".encode()) % ((1 << 32) - ALIAS_FLOOR)


def stable_id(*parts: object) -> str:
    """Return a 32-character id that is a function of ``parts``, for outputs that may be replayed."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2s(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
