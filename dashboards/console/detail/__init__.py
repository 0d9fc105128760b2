"""``/alarm/<id>``: one alarm and all about it: why, where, who was told, what was done, what was before.

`body` is the page. `deciding`, `contacts`, `receipts`, `past` and `course` turn facts into words and rows, without a
browser; `parts` draws them.
"""
