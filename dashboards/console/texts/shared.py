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
    # forms, places
    "form_hours": ("{hours} 小时", "{hours} h"),
    "place_find": ("查找单位、部位、设备", "Find premises, places, devices"),
    "place_drop": ("移除 {place}", "Remove {place}"),
    "place_unit": ("单位", "Premises"),
    "place_zone": ("部位", "Place"),
    "place_device": ("设备", "Device"),
    "place_gateway": ("网关", "Gateway"),
}
