"""Asking for a second person."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "second_title": ("须由第二人确认", "A second person has to agree"),
    "second_hint": ("由另一人输入自己的账号和口令", "Somebody else enters their own account and password"),
    "second_name": ("第二人姓名", "Name of the second person"),
    "second_agree": ("确认", "Agree"),
    "second_same": ("须由另一人确认", "It has to be another person"),
}
