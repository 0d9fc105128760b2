"""The keys of the alarm list: what ``static/alarm_table.js`` listens to, and the help shows.

A letter acts on the marked row only, and only while the list has the focus: in a field it is a letter. Letters of the
frame (M mutes everything at this desk, F, H, S) are left to it, wherever the focus is.
"""

from __future__ import annotations

from dashboards.console.alarms.offers import AlarmAction

ACTION_KEYS: dict[str, AlarmAction] = {
    "a": AlarmAction.ACKNOWLEDGE,
    "c": AlarmAction.CONFIRM,
    "n": AlarmAction.COMMENT,
    "d": AlarmAction.SHELVE,
    "e": AlarmAction.EXTEND,
    "u": AlarmAction.UNSHELVE,
    "r": AlarmAction.RESET,
    "o": AlarmAction.ASSIGN,
    "v": AlarmAction.RECHECK,
    "q": AlarmAction.MUTE,
}

KEYS: tuple[tuple[str, str], ...] = (
    ("↓ j", "key_next"),
    ("↑ k", "key_previous"),
    ("PgDn PgUp Home End", "key_pages"),
    ("Enter", "key_open"),
    ("x", "key_choose"),
    *((key, action.value) for key, action in ACTION_KEYS.items()),
)
"""What is pressed, and the name of the text that says what it does."""
