"""Chinese for the problems of ``operators`` in ``site.yaml``."""

from __future__ import annotations

OPERATOR_TEXTS: tuple[tuple[str, str], ...] = (
    ("operator position", "值班席位"),
    ("'site' is the position of all other units", "“site”是其余所有单位的席位"),
    ("give it another id", "换一个编号"),
    ("unit '{unit}' is watched by position '{position}' already", "单位“{unit}”已由席位“{position}”值守"),
    ("leave it in one position", "只留在一个席位"),
    (
        "a flood would end before it begins, which takes more than {above} alarms",
        "告警泛滥以多于 {above} 条开始，按此数会先结束后开始",
    ),
    ("write a number below 'flood_above'", "写一个小于 flood_above 的数"),
)
