"""Words that all pages share: spans of time, floors, tables, dialogs."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "ago_never": ("—", "—"),
    "span_days": ("{days} 天 {hours} 时", "{days} d {hours} h"),
    "span_hours": ("{hours} 时 {minutes} 分", "{hours} h {minutes} min"),
    "span_minutes": ("{minutes} 分", "{minutes} min"),
    "span_seconds": ("{seconds} 秒", "{seconds} s"),
    "floor_up": ("{floor}楼", "floor {floor}"),
    "floor_down": ("地下{floor}层", "basement {floor}"),
    "yes": ("确定", "Yes"),
    "needed": ("请填写：{fields}", "Please fill in: {fields}"),
}
