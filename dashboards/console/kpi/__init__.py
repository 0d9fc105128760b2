"""``/kpi``: figures of the alarm load beside their limits (docs/alarm-performance.md), over a span that people choose.

`body` is the page; `spans`, `marks`, `rows` and `charts` make words, tables and plots of figures, without a browser.
"""
