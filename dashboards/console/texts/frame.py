"""The frame: header, what is away, lamps, menu."""

from __future__ import annotations

from collections.abc import Mapping

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
    "walk_test": (
        "走动测试进行中：{where}，由 {by} 进行，至 {until} — 范围内的报警只记录，不推送",
        "WALK TEST in {where} by {by} until {until} — alarms in its scope are recorded and told to nobody",
    ),
    "and": ("、", ", "),
    "service_alerts": ("告警服务", "alerts"),
    "service_rules": ("规则引擎", "rules engine"),
    "service_ingest": ("数据存储", "data store"),
    "store_down": ("存储不可用，数据留在流中", "the store is away, data wait in the stream"),
    "store_denied": ("存储拒绝访问，须人工处理", "the store refuses us: a person must act"),
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
    "lamp_fresh": ("{count} 条未应答", "{count} new"),
    "lamp_handled": ("已应答", "Acknowledged"),
    "lamp_doubtful": ("当前未知", "Unknown now"),
    "link_fine": ("数据新鲜", "Data fresh"),
    "link_silent": ("{count} 处失联", "{count} silent"),
    # the menu
    "menu": ("页面", "Pages"),
    "nav_alarms": ("告警", "Alarms"),
    "nav_devices": ("设备", "Devices"),
    "nav_gateways": ("网关", "Gateways"),
    "nav_none": ("无此页面", "No such page"),
    "nowhere": ("没有此页面", "There is no such page"),
}
