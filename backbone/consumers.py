"""What the server knows of consumers: how far one is, and where a time stands in a stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

PROBE_S = 5.0
"""After this the server forgets a consumer that was made to ask for a time."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = EPOCH, datetime(2200, 1, 1, tzinfo=UTC)
NS_PER_US = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerState:
    """A durable consumer: ``lag`` are messages not acknowledged, delivered or not; ``in_hand`` those delivered.

    ``delivered_seq`` is the newest stream sequence that was handed to anybody.
    ``acked_seq`` is the stream sequence up to which all is acknowledged, 0 before the first ack; ``used``: somebody
    has read with it. ``last_ack_ns`` (ns UTC) is None before the first ack, or where the server does not tell.
    """

    stream: str
    name: str
    lag: int
    in_hand: int
    delivered_seq: int
    acked_seq: int
    used: bool
    last_ack_ns: int | None


async def consumer_state(js: JetStreamContext, stream: str, name: str) -> ConsumerState | None:
    """Return the state of a consumer, None where there is none; raises nats errors."""
    try:
        info = await js.consumer_info(stream, name)
    except NotFoundError:
        return None
    floor, delivered = info.ack_floor, info.delivered
    last = floor.last_active if floor is not None else None
    return ConsumerState(
        stream=stream,
        name=name,
        lag=(info.num_pending or 0) + (info.num_ack_pending or 0),
        in_hand=info.num_ack_pending or 0,
        delivered_seq=(delivered.stream_seq if delivered is not None else 0) or 0,
        acked_seq=(floor.stream_seq if floor is not None else 0) or 0,
        used=bool(delivered is not None and delivered.consumer_seq),
        last_ack_ns=None if last is None else (last - EPOCH) // timedelta(microseconds=1) * NS_PER_US,
    )


async def first_seq_since(js: JetStreamContext, stream: str, time_ns: int) -> int:
    """Return the sequence of the first message stored at ``time_ns`` or later, else the next one; raises nats errors.

    The server finds it for a consumer that is never read; it stands one before its first message.
    """
    moment = min(max(_moment(time_ns), EARLIEST), LATEST)
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_TIME,
        opt_start_time=moment,
        ack_policy=api.AckPolicy.NONE,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=PROBE_S,
    )
    info = await js.add_consumer(stream, config)
    await js.delete_consumer(stream, info.name)
    return (info.delivered.stream_seq if info.delivered else 0) + 1


def _moment(time_ns: int) -> datetime:
    """Return a time to the microsecond, never later than it is: the one before may be read again."""
    try:
        return EPOCH + timedelta(microseconds=time_ns // NS_PER_US)
    except OverflowError:
        return LATEST if time_ns > 0 else EARLIEST
