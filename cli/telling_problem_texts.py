"""Chinese for what is wrong, or odd, about people, rosters and escalation policies; see `cli.problem_texts`."""

from __future__ import annotations

TELLING_TEXTS: tuple[tuple[str, str], ...] = (
    ("person", "人员"),
    ("channel", "通知渠道"),
    ("nobody has this role", "没有人担任此角色"),
    ("add a person with 'role: {role}' to 'people'", "在 people 中加一名 role: {role} 的人员"),
    ("roster", "值班表"),
    ("shift", "班次"),
    ("policy", "升级策略"),
    ("nobody is their own deputy", "不能由本人代替本人"),
    ("name another person", "写另一个人"),
    ("this policy is never used: those before it fit first", "此策略永远不会用到：前面的策略已全部覆盖"),
    ("move it up, narrow those before it, or remove it", "上移此策略，或缩小前面策略的范围，或删除"),
    ("no unit has a maintenance firm", "没有单位写明维保单位"),
    ("add 'maintenance_firm: <person>' to the unit", "在单位中加 'maintenance_firm: <人员>'"),
    ("'until' is not after 'from'", "“until”不晚于“from”"),
    ("write the beginning, then the end", "先写起，后写止"),
    ("a time with an offset", "时间带有时区偏移"),
    (
        'write the time of the site\'s wall clock, e.g. "2026-02-15 18:00"',
        '写站点当地时间，例如 "2026-02-15 18:00"',
    ),
    ("'turn' and 'since' belong together", "“turn”与“since”须同时写"),
    ("write both, e.g. 'turn: week, since: 2026-01-05'", "两项都写，例如 'turn: week, since: 2026-01-05'"),
    ("asks for nothing", "没有任何条件"),
    ("write days, times or opening, or leave 'when' out", "写日期、时间或营业状态，或不写“when”"),
    ("no policy is for class {class}: the default ladder is used", "类别 {class} 没有策略：使用默认升级"),
    (
        "some cases have no policy for class {class}: the default ladder is used",
        "类别 {class} 的部分情形没有策略：使用默认升级",
    ),
    (
        "add a last policy with 'classes: [{class}]' and no condition, or leave it so",
        "在最后加一条无条件的 'classes: [{class}]' 策略，或保持不变",
    ),
    (
        "nobody is on duty for {hours} h of the next {weeks} weeks, first on {time}",
        "今后 {weeks} 周内有 {hours} 小时无人值班，最早在 {time}",
    ),
    (
        "add a shift or 'deputies'; until then the safety manager is told, then the supervisors",
        "增加班次或“deputies”；在此之前通知消防安全管理人，再通知监管人员",
    ),
    ("this change changes nothing: no such shift or person on these days", "此换班无效：这些天没有该班次或该人员"),
    ("correct the dates, or remove it", "更正日期，或删除"),
)
