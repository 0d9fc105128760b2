"""What can still be read of application data whose size does not fit its type flag and object count.

A transmitter that adds a byte, leaves times out, counts wrongly or cuts its last object short may be saying
fire all the same, and a frame that is confirmed never comes again. So states, values and operations are read
from the front, whole object by whole object, and what is behind them is kept raw.
"""

from __future__ import annotations

from gateway.connectors.gb26875.layouts import LAYOUTS, TIME_SIZE, TIMELESS, Layout
from gateway.connectors.gb26875.profile import DeviceProfile
from gateway.connectors.gb26875.shapes import InformationObject, Raw, RawReason
from gateway.connectors.gb26875.stamps import is_likely_time

READ_FROM_THE_FRONT = (1, 2, 3, 4, 21, 24)
"""Types (GB/T 26875.3-2011) whose objects are worth reading one by one: what devices send unasked."""


def read_misfit(flag: int, body: bytes, count: int, profile: DeviceProfile) -> tuple[InformationObject, ...]:
    """Return what can be read of ``body``, and as the last object a `Raw` with the bytes behind it.

    ``flag`` is the type flag as sent. The `Raw` says CUT when fewer objects were read than counted and it holds
    the beginning of the next one; SIZE otherwise, also where nothing is left over.
    """
    known = profile.shapes.get(flag, flag)
    objects: tuple[InformationObject, ...] = ()
    size = 0
    if known in READ_FROM_THE_FRONT:
        objects, size = _front(body, count, LAYOUTS[known], TIMELESS[known], profile)
    rest = body[size:]
    is_cut = known in READ_FROM_THE_FRONT and bool(rest) and len(objects) < max(count, 1)
    return (*objects, Raw(flag, RawReason.CUT if is_cut else RawReason.SIZE, rest))


def _front(
    body: bytes, count: int, timed: Layout, timeless: Layout, profile: DeviceProfile
) -> tuple[tuple[InformationObject, ...], int]:
    """Return the objects at the front and their bytes.

    Times decide: where the six bytes at the end of each object are none, and the size fits objects without
    times, they have none. More objects than counted are read while each has a time: padding has not.
    """
    tags = [body[end - TIME_SIZE : end] for end in range(timed.size, len(body) + 1, timed.size)]
    if len(body) == timeless.size * count and not (tags and all(map(is_likely_time, tags))):
        return timeless.read(body, count, profile) or (), len(body)
    wanted = count or max(len(tags), 1)
    number = min(wanted, len(tags))
    while number < len(tags) and any(tags[number]) and is_likely_time(tags[number]):
        number += 1
    size = number * timed.size
    objects = timed.read(body[:size], number, profile) or ()
    if number < wanted and len(body) >= size + timeless.size:
        objects += timeless.read(body[size : size + timeless.size], 1, profile) or ()
        size += timeless.size
    return objects, size
