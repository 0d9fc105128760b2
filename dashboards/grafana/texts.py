"""The catalogue of texts on the boards, Chinese and English; a test holds it complete and without leftovers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from dashboards.grafana.panel_texts import PANEL_TEXTS

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_WORDS: Mapping[str, tuple[str, str]] = {
    "unknown": ("未知", "unknown"),
    "none_or_no_data": ("无，或没有数据", "none, or no data"),
    "all": ("全部", "All"),
    "and": ("、", ", "),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "not_yet": ("尚未", "not yet"),
    "confirmed_real": ("真实", "real"),
    "confirmed_false": ("误报", "false alarm"),
    "confirmed_test": ("测试", "test"),
    "nothing_open": ("无告警", "nothing open"),
    "unacknowledged": ("未应答", "not acknowledged"),
    "rules_behind": ("规则滞后", "rules behind"),
    "link_up": ("上行正常", "uplink up"),
    "link_down": ("上行中断", "uplink down"),
    "store_up": ("存储正常", "store up"),
    "store_down": ("存储中断", "store down"),
    "smoke_none": ("无烟雾", "no smoke"),
    "smoke_alarm": ("烟雾报警", "smoke alarm"),
    "ebike_none": ("无", "none"),
    "ebike_entering": ("进入", "entering"),
    "ebike_parked": ("停放", "parked"),
    "ebike_charging": ("充电", "charging"),
    "test_or_nothing": ("测试或未上报", "test, or nothing said"),
    "several_states": ("多种状态", "several states"),
    "variable_unit": ("单位", "Unit"),
    "variable_building": ("建筑", "Building"),
    "variable_zone": ("部位", "Zone"),
    "variable_device": ("设备", "Device"),
    "variable_console": ("值班台地址", "Address of the console"),
    "link_boards": ("看板", "Boards"),
    "link_console": ("值班台（应答、确认、复位）", "Console (acknowledge, confirm, reset)"),
    "annotation_alerts": ("告警", "Alerts"),
    "column_time": ("时间", "Time"),
    "column_class": ("类别", "Class"),
    "column_level": ("等级", "Level"),
    "column_event": ("变化", "Change"),
    "column_title": ("内容", "What"),
    "column_place": ("位置", "Where"),
    "column_acknowledged": ("已应答", "Acknowledged"),
    "column_confirmed": ("确认结果", "Found"),
    "column_fire_order": ("次序", "Order"),
    "column_device": ("设备", "Device"),
    "column_gateway": ("网关", "Gateway"),
    "column_last_word": ("最近报告", "Last word"),
    "column_uplink": ("上行", "Uplink"),
    "column_spool": ("缓存批数", "Spooled batches"),
    "column_dropped": ("丢弃读数", "Readings dropped"),
    "column_offline": ("尚可离线", "Can stay offline"),
    "column_zone": ("部位", "Zone"),
    "column_rule": ("规则", "Rule"),
    "column_times": ("次数", "Times"),
    "column_total": ("合计时长", "Total time"),
    "column_longest": ("最长", "Longest"),
    "column_p50": ("中位数", "Median"),
    "column_p95": ("95 百分位", "95th percentile"),
    "section_now": ("当前", "Now"),
    "section_zones": ("各建筑与部位", "Buildings and zones"),
    "section_open": ("未关闭的告警", "Open alerts"),
    "section_gateways": ("网关与数据新鲜度", "Gateways and freshness of data"),
    "section_values": ("数值与限值", "Values and limits"),
    "section_states": ("状态", "States"),
    "section_quality": ("数据质量与告警", "Quality of data, and alerts"),
    "section_night": ("夜间最低值与波动", "The night's minimum and spread"),
    "section_alerts": ("相关告警", "Alerts"),
    "section_cameras": ("摄像机", "Cameras"),
    "section_meters": ("电表与持续时间", "Meters and durations"),
    "section_fire": ("首警次序", "Which fire came first"),
    "section_shielded": ("屏蔽", "Shielded"),
    "section_rates": ("速率", "Rates"),
    "section_lags": ("滞后", "Lags"),
    "section_spool": ("缓存与丢弃", "Spool and drops"),
    "section_gateway_itself": ("网关自身", "The gateways themselves"),
    "section_load": ("告警负荷", "Load"),
    "section_limits": ("与目标值比较", "Beside the targets"),
    "section_actors": ("问题来源", "Bad actors"),
    "section_times": ("响应时间", "Response times"),
}

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType({**_WORDS, **PANEL_TEXTS})


def text(key: str, language: Language) -> str:
    """Return a text; raises KeyError for a key that the catalogue does not have."""
    zh, en = TEXTS[key]
    return zh if language == "zh" else en
