"""The overview: areas, units, buildings, floor plans."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "nav_overview": ("总览", "Overview"),
    # places
    "overview_title": ("全部单位", "All premises"),
    "overview_by_area": ("片区", "Areas"),
    "overview_by_unit": ("单位", "Premises"),
    "overview_all_areas": ("全部片区", "All areas"),
    "overview_no_area": ("未分片区", "Without an area"),
    "overview_units": ("{count} 家单位", "{count} premises"),
    "overview_cut": ("告警过多，此处未计全", "too many alarms: not all are counted here"),
    "overview_lit": ("{count} 家有告警", "{count} with alarms"),
    "overview_find": ("查找单位", "Find premises"),
    "overview_nothing": ("没有符合的单位", "No premises of this name"),
    "overview_before": ("‹ 上一页", "‹ Back"),
    "overview_after": ("下一页 ›", "Next ›"),
    "overview_page": ("第 {page} / {pages} 页", "page {page} of {pages}"),
    "overview_silent": ("未知：{silent}/{total} 失联", "Unknown: {silent} of {total} silent"),
    "overview_no_lines": ("未接入设备", "Nothing connected"),
    "overview_nowhere": ("没有这个单位、建筑或楼层", "There is no such unit, building or floor"),
    # a unit
    "overview_devices": ("设备 {count} 台", "{count} devices"),
    "overview_plan": ("平面图", "Plan"),
    "overview_safety_manager": ("消防安全管理人", "Safety manager"),
    "overview_maintenance": ("维保单位", "Maintenance"),
    "overview_responsible": ("责任人", "Responsible"),
    # a floor
    "overview_floor_devices": ("本层设备", "Devices on this floor"),
    "overview_state": ("状态", "State"),
    "overview_more_rows": ("另有 {count} 台未列出", "{count} more not listed"),
    "overview_no_alarm": ("无告警", "No alarm"),
    "overview_no_plan": ("本层没有平面图，设备见列表", "No plan of this floor: its devices are in the list"),
    # a new fire
    "overview_to_plan": ("前往平面图", "Go to the plan"),
    "overview_to_floor": ("前往该楼层", "Go to the floor"),
    "overview_more_fires": ("另有 {count} 处火警未应答", "and {count} more unacknowledged"),
    # the day's figures
    "overview_today": ("今日告警", "Today's alarms"),
    "overview_raised": ("今日总数", "Raised"),
    "overview_hours": ("今日每小时告警数，共 {count} 条", "Alarms of today by the hour, {count} in all"),
    "overview_ebikes": ("电动自行车隐患", "E-bike hazards"),
    "overview_ebike_open": ("未关闭", "Open"),
    "overview_ebike_there": ("未整改", "Not fixed"),
    "overview_ebike_today": ("今日发现", "Found today"),
    "overview_ebike_charging": ("违规充电", "Charging at an exit"),
    "overview_ebike_parked": ("违规停放", "Parked at an exit"),
    "overview_ebike_indoors": ("疑似户内充电", "Likely charging indoors"),
    "overview_response": ("今日响应时间", "Response times today"),
    "overview_acknowledge": ("应答（中位数 / 95%）", "acknowledge p50 / p95"),
    "overview_confirm": ("确认（中位数 / 95%）", "confirm p50 / p95"),
    "overview_response_scope": ("多家单位的数字见各单位页", "For several premises: see the page of each"),
    "overview_links": ("链路", "Links"),
    "overview_gateways": ("网关在线", "Gateways"),
    "overview_transmitters": ("传输装置在线", "Transmitters"),
    "overview_services": ("服务正常", "Services"),
}
