"""Every text of the console and of the receipt page, in both languages.

Chinese first. ``{name}`` places are the same in both; a test checks that, and that each key is used.
Texts of alerts are the rules' own; labels of places and devices are the registry's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Language(StrEnum):
    """Languages of the screen."""

    ZH = "zh"
    EN = "en"

    @property
    def other(self) -> Language:
        """The one that the switch leads to."""
        return Language.EN if self is Language.ZH else Language.ZH


TEXTS: Mapping[str, tuple[str, str]] = {
    # header
    "product": ("烽燧", "Fengsui"),
    "product_line": ("消防物联监测", "Fire telemetry monitor"),
    "switch": ("English", "中文"),
    "operator": ("值班员", "Operator"),
    "operator_hint": ("请填写姓名", "Your name"),
    "sign_out": ("退出", "Sign out"),
    "sound_on": ("消音", "Mute"),
    "sound_off": ("已消音", "Muted"),
    # when something is away
    "away_page": ("与控制台失去连接 — 画面不可信", "CONNECTION TO THE CONSOLE LOST — do not trust this screen"),
    "away_backbone": ("与数据总线失去连接 — 画面不可信", "BACKBONE DISCONNECTED — do not trust this screen"),
    "away_services": ("服务无应答：{names} — 状态未知", "NO ANSWER FROM: {names} — state unknown"),
    "service_alerts": ("告警服务", "alerts"),
    "service_rules": ("规则引擎", "rules engine"),
    "service_ingest": ("数据存储", "data store"),
    # lamps
    "lamp_fire": ("火警", "Fire"),
    "lamp_linkage": ("联动", "Linkage"),
    "lamp_supervisory": ("监管", "Supervisory"),
    "lamp_fault": ("故障", "Fault"),
    "lamp_disabled": ("屏蔽", "Disabled"),
    "lamp_hazard": ("隐患", "Hazard"),
    "lamp_link": ("链路", "Link"),
    "lamp_calm": ("正常", "Normal"),
    "lamp_unknown": ("未知", "Unknown"),
    "lamp_fresh": ("{count} 条未应答", "{count} to acknowledge"),
    "lamp_handled": ("已应答", "Acknowledged"),
    "lamp_since": ("规则未运行或无应答", "not evaluated now"),
    "link_fine": ("数据新鲜", "Data fresh"),
    "link_silent": ("{count} 处失联", "{count} silent"),
    # alarm list
    "alarms": ("告警", "Alarms"),
    "alarms_open": ("未关闭 {count} 条", "{count} open"),
    "alarms_none": ("当前无告警", "No open alarms"),
    "alarms_unknown": ("告警状态未知：告警服务无应答", "Alarm state unknown: the alerts service does not answer"),
    "alarms_hidden": ("另有 {count} 条级别较低的告警未显示", "{count} more of lower priority not shown"),
    "alarms_cut": ("列表超过上限，仅含优先级最高的部分", "the list exceeds its limit: highest priority only"),
    "alarms_suppressed": ("已抑制（其他告警的后果） {count} 条", "{count} suppressed (consequences of other alarms)"),
    "first_alarm": ("首警", "First"),
    "column_class": ("类别", "Class"),
    "column_text": ("内容与部位", "Alarm and place"),
    "column_time": ("发生 / 持续", "Raised / for"),
    "column_state": ("状态", "State"),
    "column_owner": ("处理人 / 升级", "Handled by / next"),
    "column_action": ("处置", "Action"),
    "class_fire": ("火警", "Fire"),
    "class_linkage": ("联动", "Linkage"),
    "class_supervisory": ("监管", "Supervisory"),
    "class_fault": ("故障", "Fault"),
    "class_hazard": ("隐患", "Hazard"),
    "class_duty": ("值守", "Duty"),
    "class_system": ("系统", "System"),
    "level_notice": ("提示", "Notice"),
    "level_warning": ("警告", "Warning"),
    "level_critical": ("严重", "Critical"),
    "state_active": ("报警中", "Active"),
    "state_cleared": ("已恢复", "Cleared"),
    "state_unknown": ("数据未知", "Data unknown"),
    "state_unacknowledged": ("未应答", "Unacknowledged"),
    "state_acknowledged": ("已应答 {by}", "Acknowledged {by}"),
    "state_confirmed_real": ("确认：真实", "Confirmed: real"),
    "state_confirmed_false": ("确认：误报", "Confirmed: false"),
    "state_confirmed_test": ("确认：测试", "Confirmed: test"),
    "state_latched": ("锁存", "Latched"),
    "state_suppressed": ("被抑制", "Suppressed"),
    "state_test": ("测试标志", "Test flag"),
    "state_historical": ("迟到", "Late"),
    "owner_none": ("无人处理", "Nobody yet"),
    "responsible": ("责任人 {person}", "for {person}"),
    "escalates_in": ("升级", "next"),
    "escalated": ("已升级 {step} 次", "escalated {step}×"),
    # actions
    "acknowledge": ("应答", "Acknowledge"),
    "confirm": ("确认", "Confirm"),
    "reset": ("复位", "Reset"),
    "comment": ("备注", "Comment"),
    "details": ("详情", "Details"),
    "finding_question": ("现场核实结果？", "What was found on the spot?"),
    "finding_real": ("真实", "Real"),
    "finding_false": ("误报", "False alarm"),
    "finding_test": ("测试", "Test"),
    "comment_hint": ("写下情况", "What should be known"),
    "save": ("保存", "Save"),
    "close": ("关闭", "Close"),
    "name_first": ("请先填写值班员姓名", "Enter the operator's name first"),
    "refused": ("未执行：{reason}", "Not done: {reason}"),
    "unavailable": ("服务无应答，未执行", "The service does not answer: not done"),
    "done": ("已执行：{action}", "Done: {action}"),
    # details
    "detail_rule": ("规则", "Rule"),
    "detail_value": ("触发值", "Deciding values"),
    "detail_times": ("时间", "Times"),
    "detail_event_time": ("现场时间", "At the device"),
    "detail_raised": ("告警生成", "Raised"),
    "detail_picture": ("查看现场图片", "Open the picture"),
    "detail_comments": ("备注", "Comments"),
    "detail_notifications": ("通知", "Notifications"),
    "detail_audit": ("操作记录", "Audit"),
    "detail_none": ("无", "none"),
    # device values
    "device": ("设备", "Device"),
    "unit": ("单位", "Unit"),
    "zone": ("部位", "Place"),
    "column_point": ("测点", "Point"),
    "column_value": ("当前值", "Value"),
    "column_quality": ("质量", "Quality"),
    "column_age": ("数据龄", "Age"),
    "value_unknown": ("未知", "Unknown"),
    "value_none": ("无数据", "No data"),
    "value_high": ("高于上限", "Above high limit"),
    "value_low": ("低于下限", "Below low limit"),
    "quality_good": ("良好", "Good"),
    "quality_silent": ("静默超时", "Silent too long"),
    "quality_historical": ("迟到", "late"),
    "quality_none": ("无效", "Bad"),
    "quality_timeout": ("读取超时", "Timed out"),
    "quality_exception": ("设备异常码", "Device exception"),
    "quality_out_of_range": ("超出量程", "Out of range"),
    "quality_substituted": ("替代值", "Substituted"),
    "quality_clock": ("设备时钟偏差", "Device clock off"),
    "quality_test_mode": ("测试模式", "Test mode"),
    "quality_not_installed": ("未安装", "Not installed"),
    "quality_bad_frame": ("报文错误", "Bad frame"),
    "quality_bad_value": ("数值错误", "Bad value"),
    "quality_busy": ("设备忙", "Busy"),
    "quality_link_down": ("链路中断", "Link down"),
    # words of state points
    "word_normal": ("正常", "Normal"),
    "word_alarm": ("报警", "Alarm"),
    "word_on": ("是", "Yes"),
    "word_off": ("否", "No"),
    "word_fire": ("火警", "Fire"),
    "word_fault": ("故障", "Fault"),
    "word_shielded": ("屏蔽", "Disabled"),
    "word_supervision": ("监管", "Supervisory"),
    "word_started": ("启动", "Started"),
    "word_feedback": ("反馈", "Feedback"),
    "word_delay": ("延时", "Delay"),
    "word_power_fault": ("电源故障", "Power fault"),
    "word_mains_fault": ("主电故障", "Mains fault"),
    "word_backup_fault": ("备电故障", "Backup power fault"),
    "word_bus_fault": ("总线故障", "Bus fault"),
    "word_manual": ("手动", "Manual"),
    "word_config": ("配置改变", "Configuration changed"),
    "word_reset": ("复位", "Reset"),
    "word_testing": ("测试状态", "Test state"),
    "word_none": ("无", "None"),
    "word_entering": ("进入", "Entering"),
    "word_parked": ("停放", "Parked"),
    "word_charging": ("充电", "Charging"),
    # trend
    "trend": ("趋势", "Trend"),
    "trend_15min": ("15 分钟", "15 min"),
    "trend_1h": ("1 小时", "1 h"),
    "trend_24h": ("24 小时", "24 h"),
    "trend_none": ("该时段无数据", "No data in this span"),
    "trend_away": ("数据存储无应答", "The data store does not answer"),
    "limit_high": ("上限", "high"),
    "limit_low": ("下限", "low"),
    # gateways
    "gateways": ("网关与链路", "Gateways and link"),
    "column_gateway": ("网关", "Gateway"),
    "column_uplink": ("上行", "Uplink"),
    "column_spool": ("待发", "Unsent"),
    "column_oldest": ("最旧数据", "Oldest"),
    "column_forecast": ("可离线", "Can be offline"),
    "condition_fine": ("在线", "Online"),
    "condition_never": ("未知：从未上报", "Unknown: never seen"),
    "condition_silent": ("未知：已静默", "Unknown: silent"),
    "condition_link_down": ("上行中断", "Uplink down"),
    "condition_stale": ("数据陈旧", "Data stale"),
    "services": ("服务", "Services"),
    # spans of time
    "ago_never": ("—", "—"),
    "span_days": ("{days} 天 {hours} 时", "{days} d {hours} h"),
    "span_hours": ("{hours} 时 {minutes} 分", "{hours} h {minutes} min"),
    "span_minutes": ("{minutes} 分", "{minutes} min"),
    "span_seconds": ("{seconds} 秒", "{seconds} s"),
    "floor_up": ("{floor}楼", "floor {floor}"),
    "floor_down": ("地下{floor}层", "basement {floor}"),
    # signing in
    "login": ("登录", "Sign in"),
    "password": ("控制台口令", "Console password"),
    "login_wrong": ("口令不正确", "Wrong password"),
    # the receipt page
    "answer_title": ("告警回执", "Alarm receipt"),
    "answer_received": ("收到", "Received"),
    "answer_on_site": ("已到场", "On site"),
    "answer_false_alarm": ("误报", "False alarm"),
    "answer_note": ("补充说明（可不填）", "Note (optional)"),
    "answer_thanks": ("回执已记录：{answer}", "Your answer is on record: {answer}"),
    "answer_already": ("此链接已回执：{answer}", "This link has been answered: {answer}"),
    "answer_for": ("致 {person}", "For {person}"),
    "answer_not_possible": ("无法回执", "Not possible"),
}


def text(key: str, language: Language, **values: object) -> str:
    """Return a text; raises KeyError for a key that the catalogue has not."""
    zh, en = TEXTS[key]
    template = en if language is Language.EN else zh
    return template.format(**values) if values else template
