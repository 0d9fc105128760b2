"""Chinese for what is wrong with ``alerts:`` of a site; see `cli.problem_texts`."""

from __future__ import annotations

ALERTS_TEXTS: tuple[tuple[str, str], ...] = (
    ("the record of a fire is never reopened", "火警记录不能重新打开"),
    ("write 'reopen_within_s: 0' for fire, or remove it", "把 fire 的 reopen_within_s 写为 0，或删除它"),
)
"""English template → Chinese."""
