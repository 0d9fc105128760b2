"""Words of the tests that remember readings, and of those about places and times."""

from __future__ import annotations

from typing import Any

from domain.quantity import known_symbols
from rules.pages.words import PHRASES, Phrase, limit, number, seconds

_DAYS = {
    "mon": "周一",
    "tue": "周二",
    "wed": "周三",
    "thu": "周四",
    "fri": "周五",
    "sat": "周六",
    "sun": "周日",
    "workday": "工作日",
    "day_off": "休息日",
}
_STATS = {
    "min": ("最小值", "minimum"),
    "max": ("最大值", "maximum"),
    "mean": ("平均值", "mean"),
    "sum": ("总和", "sum"),
    "std": ("标准差", "standard deviation"),
    "slope": ("斜率", "slope"),
}


def _amount(value: float, quantity: str) -> str:
    """Write a number with its quantity, also one for each time, as ``degC/min``."""
    return number(value, quantity) if quantity in known_symbols() else f"{value:g} {quantity}"


def _past(asked: Any) -> tuple[str, str]:
    """Write the limit of a rate or window, and its hysteresis."""
    above = asked.get("above") is not None
    value, quantity = asked["above" if above else "below"], asked["quantity"]
    zh, en = limit(value, quantity) if isinstance(value, str) else (_amount(value, quantity),) * 2
    band = _amount(asked["hysteresis"], quantity) if asked.get("hysteresis") else ""
    return (
        f"{'高于' if above else '低于'}{zh}{f'（回差{band}）' if band else ''}",
        f"{'above' if above else 'below'} {en}{f' (hysteresis {band})' if band else ''}",
    )


def _rate(asked: Any) -> tuple[str, str]:
    zh, en = _past(asked)
    span = seconds(asked["over_s"])
    return f"变化速率（按{span[0]}计）{zh}", f"rate of change (over {span[1]}) {en}"


def _changed(asked: Any) -> tuple[str, str]:
    amount, span = _amount(asked["by"], asked["quantity"]), seconds(asked["within_s"])
    return f"{span[0]}内变化超过{amount}", f"changed by more than {amount} within {span[1]}"


def _stuck(asked: Any) -> tuple[str, str]:
    amount, span = _amount(asked["by"], asked["quantity"]), seconds(asked["for_s"])
    return f"{span[0]}内变化不超过{amount}", f"not moved by more than {amount} for {span[1]}"


def _occurrence(of: Any) -> tuple[str, str]:
    kind, value = next((name, value) for name, value in of.items() if value is not None)
    return PHRASES[kind](value)


def _count(asked: Any) -> tuple[str, str]:
    zh, en = _occurrence(asked["of"])
    span = seconds(asked["within_s"])
    return f"{span[0]}内{asked['at_least']}次{zh}", f"{en}, {asked['at_least']} times within {span[1]}"


def _flap(asked: Any) -> tuple[str, str]:
    span = seconds(asked["within_s"])
    if asked.get("of") is None:
        return f"{span[0]}内变化{asked['changes']}次", f"changed {asked['changes']} times within {span[1]}"
    zh, en = _occurrence(asked["of"])
    return (
        f"“{zh}”在{span[0]}内变化{asked['changes']}次",
        f"'{en}' changed {asked['changes']} times within {span[1]}",
    )


def _window(asked: Any) -> tuple[str, str]:
    zh, en = _past(asked)
    span = seconds(asked["over_s"])
    percent = asked.get("percentile")
    stat = _STATS.get(asked["stat"]) or (f"{percent:g}%分位数", f"{percent:g}th percentile")
    moves = {"sliding": ("滑动", "sliding"), "tumbling": ("固定", "tumbling")}[asked["moves"]]
    return f"{span[0]}{moves[0]}窗口的{stat[0]}{zh}", f"{stat[1]} of a {moves[1]} window of {span[1]} {en}"


def _schedule(asked: Any) -> tuple[str, str]:
    if asked.get("opening"):
        return {"open": ("营业时间内", "while open"), "closed": ("营业时间外", "while closed")}[asked["opening"]]
    days = [str(day) for day in asked.get("days") or ()]
    begin, end = asked["start"], asked["end"]
    zh_days = "、".join(_DAYS.get(day, day) for day in days) or "每天"
    return f"{zh_days}{begin}至{end}", f"{', '.join(days) or 'every day'} from {begin} to {end}"


def _several(asked: Any) -> tuple[str, str]:
    what = {"point": ("个测点", "points"), "device": ("台设备", "devices")}[asked["of"]]
    least = [f"{asked['at_least']}"] if asked["at_least"] > 1 or asked.get("share") is None else []
    least += [f"{asked['share']:.0%}"] if asked.get("share") is not None else []
    span = seconds(asked["within_s"]) if asked.get("within_s") else None
    return (
        f"至少{'且'.join(least)}{what[0]}{f'在{span[0]}内' if span else '同时'}满足",
        f"at least {' and '.join(least)} {what[1]}{f' within {span[1]}' if span else ''} with",
    )


def _sequence(asked: Any) -> tuple[str, str]:
    zh, en = [], []
    if asked.get("within_s"):
        span = seconds(asked["within_s"])
        zh.append(f"每步间隔不超过{span[0]}")
        en.append(f"each within {span[1]} of the one before")
    if asked.get("whole_s"):
        span = seconds(asked["whole_s"])
        zh.append(f"全程不超过{span[0]}")
        en.append(f"all within {span[1]}")
    return f"依次发生（{'，'.join(zh)}）", f"one after the other ({', '.join(en)})"


def _load_signature(asked: Any) -> tuple[str, str]:
    low, high = _amount(asked["low"], asked["quantity"]), _amount(asked["high"], asked["quantity"])
    span = seconds(asked["plateau_s"])
    if asked["evidence"] == "steady":
        return f"{low}至{high}的负荷接通后持续{span[0]}", f"a load of {low} to {high} that stands for {span[1]}"
    return (
        f"{low}至{high}的负荷，{span[0]}后的曲线像电池充电",
        f"a load of {low} to {high} that after {span[1]} behaves like a battery being charged",
    )


def _baseline(asked: Any) -> tuple[str, str]:
    least = _amount(asked["least"], asked["quantity"])
    side = {"above": ("高出", "above"), "below": ("低出", "below"), "both": ("偏离", "away from")}[asked["side"]]
    return (
        f"{side[0]}前几周同一钟点的中位数超过{asked['deviations']:g}倍稳健标准差（至少{least}）",
        (
            f"more than {asked['deviations']:g} robust standard deviations (at least {least}) {side[1]} the median of "
            "this hour in past weeks"
        ),
    )


MORE: dict[str, Phrase] = {
    "rate": _rate,
    "changed": _changed,
    "stuck": _stuck,
    "count": _count,
    "flap": _flap,
    "window": _window,
    "schedule": _schedule,
    "several": _several,
    "sequence": _sequence,
    "load_signature": _load_signature,
    "baseline": _baseline,
}
