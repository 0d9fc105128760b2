"""Where somebody comes back to after signing in: an address of ours, and never one of others (open redirect).

What a browser makes of a strange address differs from what a parser makes of it (two slashes, a backslash,
a tab in the middle). So an address is taken by what it consists of: one slash, then characters that mean nothing else.
"""

from __future__ import annotations

import re
from urllib.parse import quote

MOST_BACK = 500
SIGN_IN = "/login"

_OURS = re.compile(r"/(?:[A-Za-z0-9_.~%-][A-Za-z0-9_.~%/-]*)?(?:\?[A-Za-z0-9_.~%&=+:,;/@!*()'-]*)?")
_NOT_BACK = ("/login", "/logout", "/password", "/api/", "/alertmanager/", "/answer/", "/_nicegui")


def ours(given: str) -> str:
    """Return an address if it is a page of ours, else the first page."""
    given = given.removesuffix("?")
    is_page = len(given) <= MOST_BACK and _OURS.fullmatch(given) is not None and not given.startswith(_NOT_BACK)
    return given if is_page else "/"


def sign_in_at(address: str) -> str:
    """Return the address of the sign-in that leads back to ``address``."""
    back = ours(address)
    return SIGN_IN if back == "/" else f"{SIGN_IN}?next={quote(back, safe='')}"
