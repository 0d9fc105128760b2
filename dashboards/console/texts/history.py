"""Searching the record."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "nav_history": ("历史", "History"),
    "history_search": ("查询", "Search"),
    "history_class": ("类别", "Class"),
    "history_since": ("起（发生时间）", "Raised from"),
    "history_until": ("止", "until"),
    "history_area": ("片区", "Area"),
    "history_unit": ("单位", "Unit"),
    "history_rule": ("规则", "Rule"),
    "history_confirmed": ("核实结论", "Finding"),
    "history_person": ("人员（姓名或编号）", "Person (name or id)"),
    "history_text": ("内容包含", "Text has"),
    "history_words": ("内容", "Alarm"),
    "history_raised": ("发生时间", "Raised"),
    "history_place": ("位置", "Place"),
    "history_outcome": ("结果", "Outcome"),
    "history_people": ("人员", "People"),
    "history_answered": ("应答用时", "Answered in"),
    "history_open": ("未关闭", "Open"),
    "history_closed": ("已关闭", "Closed"),
    "history_more": ("本页 {count} 条，还有更早的", "{count} on this page, there are more"),
    "history_all": ("共 {count} 条，已到最早", "{count}, and no more"),
    "history_none": ("没有符合条件的告警", "Nothing was found"),
    "history_none_yet": ("已查的部分没有符合条件的，可继续查找更早的", "Nothing so far: there is more to look through"),
    "history_next": ("更早的 →", "Earlier →"),
    "history_first": ("⇤ 最新的", "⇤ Newest"),
    "history_wrong": ("条件无法理解：{field}", "Not understood: {field}"),
    "history_units": ("有多个单位符合，请写全名称：{names}", "Several units fit, write the whole name: {names}"),
    "history_no_unit": ("没有这个单位", "No such unit"),
    "export_csv": ("导出 CSV", "Save as CSV"),
    "export_xlsx": ("导出 Excel", "Save as Excel"),
    "export_running": ("正在导出，已收到 {size}…", "Saving, {size} so far…"),
    "export_done": ("已保存 {size}", "Saved, {size}"),
    "export_cut": (
        "已保存 {size}；超出条数上限，更早的请缩小时间范围再导出",
        "Saved, {size}; there is more: narrow the time and save again",
    ),
    "export_failed": ("未导出：{reason}", "Not saved: {reason}"),
    "export_away": ("导出中断：控制台无应答", "Not saved: the console does not answer"),
}
