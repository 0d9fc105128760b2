"""Text without secrets: what leaves a site for somebody who helps must hold none.

Removed are the values of keys that name secrets, API tokens and session cookies of ours, the query and the user part
of web addresses (robots of chat groups carry their token there), and every occurrence of a secret that this
installation knows. ``${NAME}`` stays: it says where a secret comes from and not what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from cli.state import State

REMOVED = "<removed>"
LEAST_SECRET = 6
"""Shorter words are looked for by their key only: everywhere else they would hide half the text."""

_VALUE = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\$\{[^}\n]*\}|[^\s,}\]#][^,}\]#\n]*"
_KEYED = re.compile(
    r"(?<![\w-])(?P<key>[\"']?[\w-]{0,40}?(?:secret|token|password|passwd|passphrase|api_?key|credential)[\w-]{0,40}"
    rf"[\"']?\s{{0,8}}[:=]\s{{0,8}})(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[\"']?\$\{\w+(?::-)?\}[\"']?\s*")
_QUERY = re.compile(r"(?P<before>\b\w{1,12}://[^\s\"'?<>]+)\?[^\s\"'<>]+")
_USER = re.compile(r"(?P<before>\b\w{1,12}://)[^/@\s\"']+@")
_OURS = re.compile(r"\bfst_[A-Za-z0-9_-]{16,}")
_COOKIE = re.compile(r"(?P<before>\bfengsui_(?:session|form)=)[^;\s\"']+")
_KEY = re.compile(r"(?P<before>\bkey:\s{0,8}[\"']?)[A-Za-z0-9_-]{30,}")
"""Keys of a robot (WeCom) and of Web Push, as a site writes them; keys of points are shorter or hold a slash."""
_HOOK = re.compile(r"(?P<before>/hook/)[\w-]{8,}")
"""Feishu's robots carry their secret in the path."""
_SERVICE = re.compile(
    r"(?P<before>(?<![\w+.-])(?!(?:https?|wss?|nats|tls|mqtts?|sqlite|postgres\w*|file)\b)[a-z][a-z0-9+.-]{1,19}://)"
    r"[^\s\"'<>]+",
    re.IGNORECASE,
)
"""Addresses of Apprise: nobody knows where in them the secret stands."""
_BEARER = re.compile(r"(?P<before>\bBearer\s+)\S+", re.IGNORECASE)


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """Return the text with every secret replaced; ``known`` are those of the installation."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, REMOVED)
    text = _QUERY.sub(rf"\g<before>?{REMOVED}", text)
    text = _COOKIE.sub(rf"\g<before>{REMOVED}", _OURS.sub(REMOVED, text))
    text = _KEYED.sub(_removed, text)
    text = _USER.sub(rf"\g<before>{REMOVED}@", text)
    for form in (_KEY, _HOOK, _SERVICE, _BEARER):
        text = form.sub(rf"\g<before>{REMOVED}", text)
    return text


def _removed(found: re.Match[str]) -> str:
    if _NAMED.fullmatch(found["value"]):
        return found[0]
    quote = '"' if found["value"].startswith('"') else ""
    return f"{found['key']}{quote}{REMOVED}{quote}"


def known_secrets(state: State) -> set[str]:
    """Return the secrets of a state folder: files of ``secrets/``, passwords of the server's users."""
    return {secret for secret in _secrets(state) if len(secret) >= LEAST_SECRET}


def _secrets(state: State) -> Iterator[str]:
    for path in (state.root / "secrets").glob("*"):
        yield path.read_text("utf-8", errors="replace").strip()
    users = state.nats / "users.json"
    if users.is_file():
        try:
            yield from (str(password) for password in json.loads(users.read_text("utf-8")).values())
        except (ValueError, AttributeError):  # no users then
            return
