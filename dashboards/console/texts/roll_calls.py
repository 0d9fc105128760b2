"""Calling people on duty."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "nav_roll_calls": ("查岗", "Roll-calls"),
    "duty_today": ("今日查岗", "Roll-calls today"),
    "duty_all": ("全部", "All"),
    "duty_points": ("值班点", "Duty points"),
    "duty_history": ("查岗记录", "Past roll-calls"),
    "duty_none_today": ("今日尚未查岗", "Nobody was called today"),
    "duty_unknown": ("未知：接入网关尚无应答", "Unknown: the access gateway has not answered"),
    "duty_no_points": ("本站点没有可查岗的值班装置", "This site has no transmitter with somebody on duty beside it"),
    "duty_no_point": ("没有此值班点", "There is no such duty point"),
    "duty_away": ("接入网关无应答，以下为此前的情况", "No answer from the access gateway: this is as of before"),
    "duty_silent": ("网关 {names} 无应答，其查岗未列出", "No answer from {names}: its calls are not listed"),
    "duty_never": ("未查岗", "not called yet"),
    # columns
    "duty_column_whose": ("值班点", "Duty point"),
    "duty_column_result": ("结果", "Result"),
    "duty_column_called": ("呼叫", "Called"),
    "duty_column_by": ("发起", "By"),
    "duty_column_left": ("剩余 / 时限", "Left / limit"),
    "duty_column_answered": ("应答", "Answered"),
    "duty_column_took": ("用时", "Took"),
    "duty_column_operator": ("操作员", "Operator"),
    "duty_column_line": ("线路", "Line"),
    "duty_column_last": ("最近一次", "Last call"),
    "duty_minutes": ("{minutes} 分", "{minutes} min"),
    "duty_by_plan": ("计划", "plan"),
    "duty_unknown_result": ("未知结果", "unknown result"),
    "duty_cause_not_connected": ("装置不在线", "not connected"),
    "duty_cause_not_confirmed": ("装置未确认指令", "command not confirmed"),
    "duty_cause_denied": ("装置否认指令", "command denied"),
    "duty_cause_line_lost": ("查岗期间线路中断", "line lost during the call"),
    "duty_cause_we_were_away": ("查岗期间本平台中断", "we were away during the call"),
    # calling
    "duty_call": ("呼叫", "Call"),
    "duty_choose": ("选", "Choose"),
    "duty_drop": ("取消", "Drop"),
    "duty_call_unit": ("呼叫单位…", "Call premises…"),
    "duty_call_chosen": ("呼叫所选 {count}", "Call chosen {count}"),
    "duty_draw": ("随机抽点…", "Draw by lot…"),
    "duty_draw_now": ("抽取并呼叫", "Draw and call"),
    "duty_draw_of": ("只在这些单位中抽（可空）", "Only of these premises (may be empty)"),
    "duty_draw_count": ("抽取几个", "How many"),
    "duty_draw_range": ("可抽取 1 至 {most} 个", "Between 1 and {most} can be drawn"),
    "duty_draw_effect": (
        "从 {pool} 个线路在线的值班点中随机抽取；抽中前无人知道。",
        "Drawn from {pool} duty points whose line is up; nobody knows before.",
    ),
    "duty_drawn": ("抽中：{names}", "Drawn: {names}"),
    "duty_limit": ("应答时限（分钟）", "Minutes to answer"),
    "duty_limit_range": ("时限为 {least} 至 {most} 分钟", "The limit is {least} to {most} minutes"),
    "duty_too_many": ("一次最多呼叫 {most} 个", "{most} at once at most"),
    "duty_none_there": ("该单位没有值班点", "Nobody is on duty there"),
    "duty_effect": ("将呼叫 {count} 个值班点，装置会响铃。", "{count} duty points are called: their devices ring."),
    "duty_effect_down": (
        "其中 {count} 个线路不通，不会计为缺岗。",
        "{count} have no line now: that is nobody's absence.",
    ),
    "duty_some_refused": ("{count} 个未呼叫，如 {first}：{why}", "{count} were not called, such as {first}: {why}"),
    "duty_csv": ("导出当日 CSV", "CSV of the day"),
    # plan
    "duty_plan_title": ("查岗计划", "Plan"),
    "duty_plan_unknown": ("未知：网关尚无应答", "Unknown: no gateway has answered"),
    "duty_no_plan": ("未排计划，只在有人发起时查岗", "nothing is planned: people are called when somebody asks"),
    "duty_plan": (
        "每点每日 {per_day} 次（夜间 {at_night} 次），时限 {minutes} 分钟。",
        "{per_day} calls a day each ({at_night} at night), {minutes} min to answer.",
    ),
    "duty_plan_again": ("无人应答则 {span}后再查一次。", "After no answer a second call, {span} later."),
    "duty_window_open": (
        "正在时段 {hours}：已完成 {done}/{total} 次",
        "now in {hours}: {done} of {total} calls are done",
    ),
    "duty_window_next": ("下一时段 {hours}：每点 {calls} 次", "next hours {hours}: {calls} calls each"),
    "duty_plan_secret": (
        "具体时刻由网关随机抽取，事先无人（包括平台）能知道。",
        "The gateway draws the moments: nobody can know them before, not even this console.",
    ),
    # history
    "duty_month": ("近 30 天：{words}", "Last 30 days: {words}"),
    "duty_share": (
        "{calls} 次，应答率 {answered}，按时 {in_time}，应答用时中位 {took}；线路中断 {down} 次不计",
        "{calls} calls, {answered} answered, {in_time} in time, median {took}; {down} line down not counted",
    ),
    "duty_share_none": (
        "{calls} 次，均无法判定在岗（线路中断 {down} 次）",
        "{calls} calls, none of which says anything of a person ({down} line down)",
    ),
}
