"""Conditions in Chinese and English sentences.

``PHRASES`` is a registry: each kind of test and each combination adds its phrase under its key in
`rules.conditions.condition`. A phrase gets the test's parameters as they are written (``model_dump``) and returns what
is said of the points, zh and en. A kind without a phrase is written with its parameters as they stand; a test lists
those kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.glossary import LANGUAGES, terms
from domain.quantity import symbol, to_canonical
from rules.conditions import Condition, Selector

Phrase = Callable[[Any], tuple[str, str]]
"""A test's parameters → what is true of its points, zh and en."""

_OF = {"low": ("档案下限", "the record's low limit"), "high": ("档案上限", "the record's high limit")}


def seconds(value: float) -> tuple[str, str]:
    """Write a time span, zh and en."""
    for size, zh, en in ((86_400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if value >= size and value % size == 0:
            return f"{value / size:g}{zh}", f"{value / size:g} {en}"
    return f"{value:g}秒", f"{value:g} s"


def number(value: Any, quantity: str | None) -> str:
    """Write a number with its quantity's symbol."""
    sign = quantity or ""
    if quantity is not None:
        canonical, factor, offset = to_canonical(quantity)
        sign = symbol(canonical) if (factor, offset) == (1.0, 0.0) else quantity
    return f"{value:g} {sign}".strip()


def limit(value: Any, quantity: str | None) -> tuple[str, str]:
    """Write a limit, a number or one of the point's record, zh and en."""
    if isinstance(value, str):
        return _OF[value]
    return (number(value, quantity),) * 2


def _band(asked: Mapping[str, Any]) -> tuple[str, str]:
    hysteresis = asked.get("hysteresis") or 0
    if not hysteresis:
        return "", ""
    amount = number(hysteresis, asked.get("quantity"))
    return f"（回差{amount}）", f" (hysteresis {amount})"


def _above(asked: Any) -> tuple[str, str]:
    zh, en = limit(asked["limit"], asked["quantity"])
    band = _band(asked)
    return f"高于{zh}{band[0]}", f"above {en}{band[1]}"


def _below(asked: Any) -> tuple[str, str]:
    zh, en = limit(asked["limit"], asked["quantity"])
    band = _band(asked)
    return f"低于{zh}{band[0]}", f"below {en}{band[1]}"


def _bits(asked: Any) -> tuple[str, str]:
    forms = {
        "any": ("任一置位", "any of {} set"),
        "all": ("全部置位", "all of {} set"),
        "none": ("均未置位", "none of {} set"),
    }
    how, mask = next((how, mask) for how, mask in asked.items() if mask is not None)
    bits = [str(at) for at in range(53) if mask >> at & 1]
    word = "bit" if len(bits) == 1 else "bits"
    zh, en = forms[how]
    if len(bits) == 1:
        one = {"any": ("置位", "set"), "all": ("置位", "set"), "none": ("未置位", "not set")}[how]
        return f"位{bits[0]}{one[0]}", f"{word} {bits[0]} {one[1]}"
    return f"位{'、'.join(bits)}{zh}", en.format(f"{word} {', '.join(bits)}")


def _equals(asked: Any) -> tuple[str, str]:
    numbers = [f"{one:g}" for one in asked["any"]]
    zh, en = f"等于{'、'.join(numbers)}", f"equal to {' or '.join(numbers)}"
    if asked.get("until"):
        ends = [f"{one:g}" for one in asked["until"]]
        zh, en = f"{zh}，直到{'、'.join(ends)}", f"{en}, until {' or '.join(ends)}"
    return zh, en


def _step(asked: Any) -> tuple[str, str]:
    low, high = number(asked["low"], asked["quantity"]), number(asked["high"], asked["quantity"])
    zh, en = seconds(asked["settle_s"])
    return (
        f"比平常高出{low}至{high}的阶跃（平常值以{zh}跟随）",
        f"{low} to {high} over the usual level (which settles in {en})",
    )


def _expression(asked: Any) -> tuple[str, str]:
    return f"满足公式 `{asked}`", f"such that `{asked}`"


def _absence(asked: Any) -> tuple[str, str]:
    names = {
        "device": ("设备在各测点的最长静默时间内没有有效读数", "no good reading of any point of the device in time"),
        "gateway": ("网关离线", "the gateway is away"),
        "transmitter": ("传输装置离线", "the transmitter is off line"),
        "point": ("测点在最长静默时间内没有有效读数", "no good reading of the point in time"),
    }
    zh, en = names.get(asked["of"], (f"{asked['of']}没有消息", f"nothing heard of the {asked['of']}"))
    if asked.get("within_s"):
        span = seconds(asked["within_s"])
        zh, en = f"{zh}：{span[0]}没有消息", f"{en}: nothing for {span[1]}"
    if asked.get("reconnect_s"):
        span = seconds(asked["reconnect_s"])
        zh, en = f"{zh}，或断开后{span[0]}未重连", f"{en}, or not back {span[1]} after it left"
    return zh, en


PHRASES: dict[str, Phrase] = {
    "above": _above,
    "below": _below,
    "bits": _bits,
    "equals": _equals,
    "at_least": lambda asked: (f"达到{asked:g}或以上", f"{asked:g} or more"),
    "at_most": lambda asked: (f"不超过{asked:g}", f"{asked:g} or less"),
    "step": _step,
    "expression": _expression,
    "absence": _absence,
    "all_of": lambda _: ("以下各项同时成立", "all of"),
    "any_of": lambda _: ("以下任一项成立", "any of"),
}
"""Kind → phrase. A new kind adds itself here, or with ``PHRASES[…] = …`` from its own module of words."""


def phrase(condition: Condition) -> tuple[str, str]:
    """Return what a condition asks, zh and en, without its selector and its parts."""
    asked = getattr(condition, condition.asks)
    data: Any = asked if isinstance(asked, int | float | str | tuple) else asked.model_dump(mode="json")
    known = PHRASES.get(condition.asks)
    if known is not None:
        return known(data)
    named = data if isinstance(data, dict) else {condition.asks: data}
    shown = {name: value for name, value in named.items() if value is not None and name not in ("condition", "steps")}
    told = ", ".join(f"{name}: {value}" for name, value in shown.items())
    return f"{condition.asks}（{told}）", f"{condition.asks} ({told})"


def subject(selector: Selector, *, spoken: bool = False) -> tuple[str, str]:
    """Return which points a selector means, zh and en; empty when it means all of them.

    ``spoken``: kinds of zones and devices are called as people call them; else they stand as a rule writes them.
    """
    told: list[list[str]] = []
    for at, language in enumerate(LANGUAGES):
        told.append([])
        for name, names in _PARTS.items():
            values = [str(getattr(one, "value", one)) for one in getattr(selector, name)]
            shown = [_called(name, value, language) if spoken else f"`{value}`" for value in values]
            if shown:
                told[-1].append(f"{names[at]} {('、' if spoken and language == 'zh' else ', ').join(shown)}")
    return "，".join(told[0]), ", ".join(told[1])


_PARTS = {
    "zones": ("部位", "zones"),
    "kind": ("设备", "devices"),
    "tags": ("标签", "tags"),
    "word": ("状态字", "state word"),
    "point": ("测点", "point"),
}
_GROUPS = {"zones": "zone_kind", "kind": "device_kind"}
"""What the glossary has words for."""


def _called(part: str, value: str, language: str) -> str:
    term = terms().get(f"{_GROUPS.get(part)}.{value}")
    return value if term is None else term.of(language)


def condition_lines(condition: Condition, language: str, level: int = 0, *, spoken: bool = False) -> list[str]:
    """Return a condition as nested Markdown bullets; ``spoken`` as in `subject`."""
    at = 0 if language == "zh" else 1
    own = Selector() if condition.parts or condition.expression else condition.selector
    who, what = subject(own, spoken=spoken)[at], phrase(condition)[at]
    between = "：" if language == "zh" else ": "
    head = f"{'  ' * level}- {who}{between if who else ''}{what}"
    parts = [line for part in condition.parts for line in condition_lines(part, language, level + 1, spoken=spoken)]
    return [f"{head}{between.strip() if parts else ''}", *parts]


def condition_text(condition: Condition, language: str) -> str:
    """Return a condition on one line, for tables and answers."""
    at = 0 if language == "zh" else 1
    if not condition.parts:
        who, what = subject(condition.selector if not condition.expression else Selector())[at], phrase(condition)[at]
        return f"{who} {what}".strip()
    joint = {"all_of": ("，并且", ", and "), "any_of": ("，或者", ", or ")}.get(condition.asks, ("；", "; "))[at]
    inner = joint.join(condition_text(part, language) for part in condition.parts)
    if condition.asks in ("all_of", "any_of"):
        return f"({inner})"
    return f"{phrase(condition)[at]} ({inner})"
