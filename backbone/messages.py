"""What readers hand on, and how a JetStream delivery says where it stands in the log."""

from __future__ import annotations

from dataclasses import dataclass, field

from nats.aio.msg import Msg

from domain.errors import WireError

MESSAGE_ID_HEADER = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class Ack:
    """The server's word that a message is stored; ``duplicate`` when its id was known already."""

    stream: str
    seq: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class CoreMessage:
    """A message that was not stored: live commands."""

    subject: str
    data: bytes


@dataclass(frozen=True, slots=True)
class KvEntry:
    """A value of a key with the revision to compare against."""

    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a delivery stands: stream and consumer sequence, receive time (ns UTC), times delivered."""

    seq: int
    consumer_seq: int
    time_ns: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A stored message, in the order of its stream."""

    subject: str
    data: bytes
    seq: int
    time_ns: int
    message_id: str | None = None
    redelivered: bool = False
    reply: str = field(default="", repr=False)


def position_of(reply: str) -> Position:
    """Read the ack subject of a delivery.

    Two forms are in use: ``$JS.ACK.<stream>.<consumer>.<n>.<seq>.<cseq>.<ns>.<pending>`` and one with
    domain and account in front of the stream; raises WireError for anything else.
    """
    parts = reply.split(".")
    at = 4 if len(parts) == 9 else 6
    try:
        deliveries, seq, consumer_seq, time_ns = (int(part) for part in parts[at : at + 4])
    except ValueError as error:
        raise WireError(f"'{reply}' is no JetStream ack subject") from error
    return Position(seq, consumer_seq, time_ns, deliveries)


def log_message(message: Msg, position: Position) -> LogMessage:
    """Make a `LogMessage` of a delivery."""
    headers = message.headers
    return LogMessage(
        subject=message.subject,
        data=message.data,
        seq=position.seq,
        time_ns=position.time_ns,
        message_id=headers.get(MESSAGE_ID_HEADER) if headers else None,
        redelivered=position.deliveries > 1,
        reply=message.reply,
    )
