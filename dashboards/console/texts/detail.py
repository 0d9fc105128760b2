"""One alarm with its history."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "detail_rule": ("规则", "Rule"),
    "detail_value": ("触发值", "Deciding values"),
    "detail_event_time": ("现场时间", "At the device"),
    "detail_raised": ("告警生成", "Raised"),
    "detail_picture": ("查看现场图片", "Open the picture"),
    "detail_comments": ("备注", "Comments"),
    "detail_notifications": ("通知", "Notifications"),
    "detail_audit": ("操作记录", "Audit"),
    "audit_told": ("已通知", "Told"),
    "audit_nobody_to_tell": ("无人可通知", "Nobody to tell"),
    "actor_system": ("系统", "System"),
    "notice_queued": ("等待发送", "Waiting"),
    "notice_sending": ("正在发送", "Sending"),
    "notice_accepted": ("平台已接收", "Accepted by the platform"),
    "notice_dead": ("未送达", "Not delivered"),
    "detail_none": ("无", "none"),
}
