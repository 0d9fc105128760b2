"""Asking for a second person."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "second_title": ("须由第二人确认", "A second person has to agree"),
    "second_hint": ("由另一人输入自己的账号和口令", "Somebody else enters their own account and password"),
    "second_agree": ("确认", "Agree"),
}
