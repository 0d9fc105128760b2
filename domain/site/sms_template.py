"""Templates of short messages: named fields in an address and in a body, filled so that values stay values.

| field | value |
|---|---|
| ``{phone}`` | the person's number, digits only |
| ``{text}`` | the message, within its segments, with the link |
| ``{link}`` ``{place}`` | the answer link and the place by themselves |
| ``{key}`` | the notification's id, the same on repeats |
| ``{time}`` ``{timestamp}`` | of this try: ISO 8601 UTC; seconds since 1970 |

Any other ``{word}`` is a mistake; braces around anything else are the template's own (JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, quote_plus

FIELDS = frozenset({"phone", "text", "link", "key", "place", "time", "timestamp"})
_FIELD = re.compile(r"\{([A-Za-z_]+)\}")
_HOSTILE = '"}]}\\\n&x=1#?{phone}'
"""What a device may call itself: it must come out of the filled template as it went in."""


Form = Literal["json", "url"]
"""How values are written: inside a JSON string, or URL-encoded."""


def fill(template: str, values: Mapping[str, str], form: Form) -> str:
    """Put ``values`` in, each once, written for ``form``; a word that is no field stays."""
    return _FIELD.sub(lambda field: _written(values[field[1]], form) if field[1] in values else field[0], template)


def check(url: str, body: str, form: Form, *, post: bool) -> None:
    """Raise ValueError ("what → mend") for templates that can't work or are not safe."""
    for template in (url, body):
        for word in _FIELD.findall(template):
            if word not in FIELDS:
                raise ValueError(f"{{{word}}} is no field of a short message → use one of: {', '.join(sorted(FIELDS))}")
    used = set(_FIELD.findall(url + body))
    if "phone" not in used or not used & {"text", "link"}:
        raise ValueError("the template sends no number or no text → write {phone} and {text} into 'body' or 'url'")
    if _FIELD.search(url.partition("?")[0]):
        raise ValueError("a field stands in the address before the '?' → write fields into the query only")
    if not post and body:
        raise ValueError("a GET request has no body → write the fields into 'url', or 'method: POST'")
    if post and body:
        _check_body(body, form)


def _check_body(body: str, form: Form) -> None:
    """Fill the template with something hostile and look whether it stays inside its value."""
    filled = fill(body, dict.fromkeys(FIELDS, _HOSTILE), form)
    if form == "json":
        try:
            values = list(_leaves(json.loads(filled)))
        except ValueError:
            raise ValueError('the body is no JSON when filled → put quotes around fields: {"to": "{phone}"}') from None
    else:
        values = [value for _, value in parse_qsl(filled, keep_blank_values=True)]
    wanted = sum(_HOSTILE in value for value in values)
    if wanted < len({word for word in _FIELD.findall(body) if word in FIELDS}):
        raise ValueError("a field does not stand in a value of the body → write each as a value of its own")


def _written(value: str, form: Form) -> str:
    if form == "json":
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return quote_plus(value)


def _leaves(node: Any) -> list[str]:
    if isinstance(node, Mapping):
        return [leaf for value in node.values() for leaf in _leaves(value)]
    if isinstance(node, list):
        return [leaf for value in node for leaf in _leaves(value)]
    return [node] if isinstance(node, str) else []
