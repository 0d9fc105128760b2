"""Words for what is wrong: from a validator's finding to a sentence and a mend that an installer can use.

Pydantic speaks to programmers ("Extra inputs are not permitted"); these tables speak to the person who
wrote the file. Each kind of finding has one short sentence, so that screens can translate them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from domain.ids import TOKEN_PATTERN

HTTP_PATTERN = r"^https?://"
MAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
"""A mail address as SMTP takes it without the extension for other scripts (RFC 5321, without quoted names)."""

CONTACT_PATTERN = r"^(mailto:[^\s@]+@[^\s@]+|https://[^\s]+)$"
VAPID_PATTERN = r"^[A-Za-z0-9_-]{43}=?$"
"""32 bytes in base64url."""

NATS_PATTERN = r"^(nats|tls)://[^,\s]+(,(nats|tls)://[^,\s]+)*$"

PLAN_PATTERN = r"^plans/[A-Za-z0-9_-]{1,64}\.svg$"
"""A floor plan is a file of the site's own folder and of no other."""

_FORMS: Mapping[str, tuple[str, str]] = {
    TOKEN_PATTERN: ("not an id", "use 1 to 64 of the characters A-Z a-z 0-9 _ -; names for people go into 'labels'"),
    HTTP_PATTERN: ("not a web address", "start it with http:// or https://"),
    MAIL_PATTERN: ("not a mail address", "write it as name@example.com, in ASCII"),
    CONTACT_PATTERN: ("not a contact", "write mailto:name@example.com, or a page with https://"),
    VAPID_PATTERN: (
        "not a VAPID key",
        "leave 'key' out: one is made at the first start; or write its 32 bytes in base64url",
    ),
    NATS_PATTERN: ("not a NATS address", "start it with nats:// or tls://"),
    PLAN_PATTERN: ("not a plan's name", "write plans/<name>.svg: a file of the site's own folder"),
}
"""Pattern -> what it means to fail it, and the mend."""

_PLAIN: Mapping[str, tuple[str, str]] = {
    "string_type": ("must be text", "write text; put it in quotes when it looks like a number"),
    "int_type": ("must be a whole number", "write digits only, without quotes"),
    "int_parsing": ("must be a whole number", "write digits only, without quotes"),
    "int_from_float": ("must be a whole number", "write digits only, without a fraction"),
    "float_type": ("must be a number", "write a number such as 2.5"),
    "float_parsing": ("must be a number", "write a number such as 2.5"),
    "finite_number": ("must be a finite number", "write a number such as 2.5, or leave the line out"),
    "bool_type": ("must be true or false", "write true or false"),
    "bool_parsing": ("must be true or false", "write true or false"),
    "model_type": ("must be a block of 'name: value' lines", "write one 'name: value' a line, indented alike"),
    "dict_type": ("must be a block of 'name: value' lines", "write one 'name: value' a line, indented alike"),
    "tuple_type": ("must be a list", "write each item on its own line after '- '"),
    "list_type": ("must be a list", "write each item on its own line after '- '"),
}

_LIMITS: Mapping[str, tuple[str, str, str]] = {
    "greater_than": ("too small", "write a number above {limit}", "gt"),
    "greater_than_equal": ("too small", "write {limit} or more", "ge"),
    "less_than": ("too large", "write a number below {limit}", "lt"),
    "less_than_equal": ("too large", "write {limit} or less", "le"),
    "string_too_short": ("too short", "write at least {limit} characters", "min_length"),
    "string_too_long": ("too long", "write at most {limit} characters", "max_length"),
    "too_short": ("too few items", "write at least {limit}", "min_length"),
    "too_long": ("too many items", "write at most {limit}", "max_length"),
}
"""Kind -> what, mend, and the key of the limit in the finding's context."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the mend for a wrong name: the closest known one, or the list of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"use one of: {', '.join(names)}" if names else "none is defined yet"


def explain(finding: Mapping[str, Any], known: Iterable[str]) -> tuple[str, str]:
    """Return ``(what is wrong, what to write instead)`` for one entry of ``ValidationError.errors()``.

    ``known`` are the names that may stand where an unknown key was found. A validator of ours writes
    both halves itself, as ``ValueError("what → mend")``.
    """
    kind, context = finding["type"], finding.get("ctx", {})
    last = str(finding["loc"][-1]) if finding["loc"] else ""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _LIMITS:
        what, mend, key = _LIMITS[kind]
        return what, mend.format(limit=_digits(context.get(key)))
    if kind in {"missing", "union_tag_not_found"}:
        return "is missing", f"add the line '{tag_of(finding) or last}: …'"
    if kind == "extra_forbidden":
        return "unknown key", f"remove '{last}', or correct its spelling: {nearest(last, known)}"
    if kind in {"enum", "literal_error", "union_tag_invalid"}:
        given, expected = (
            context.get("tag", finding["input"]),
            context.get("expected_tags", context.get("expected", "")),
        )
        return "not one of the known words", nearest(str(given), _quoted(expected))
    if kind == "string_pattern_mismatch":
        pattern = context.get("pattern", "")
        return _FORMS.get(pattern, ("has the wrong form", f"write text that matches {pattern}"))
    if kind == "value_error":
        what, arrow, mend = str(context.get("error", finding["msg"])).partition(" → ")
        return (what, mend) if arrow else ("does not fit", what)
    return str(finding["msg"]), "write a value that fits"


def tag_of(finding: Mapping[str, Any]) -> str:
    """Return the key that tells the forms of a block apart, where the finding is about that; else nothing."""
    return str(finding.get("ctx", {}).get("discriminator", "")).strip("'")


def printable(told: str) -> str:
    """Return a text that somebody else wrote, fit to be shown: white space as a space, all else without print as �."""
    if told.isprintable():
        return told
    return "".join(one if one.isprintable() else " " if one.isspace() else "�" for one in told)


def _digits(limit: Any) -> str:
    """Write a limit as people do: 0, not 0.0."""
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


def _quoted(expected: str) -> list[str]:
    """Return the words of pydantic's list ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']*)'", expected)
