"""The tables of the record: what is known, what is owed, and what was done.

| table | one row is | written |
|---|---|---|
| alerts | one occurrence with its ISA-18.2 / IEC 62682 facts as independent columns | by transitions and people |
| hidden_rules | a rule whose alerts are consequences of one alert | with the alert |
| transitions | one transition seen, applied or not | once, with the stream position |
| walk_tests | a time in which the alarms of a unit, or of parts of it, are told to nobody | begun and ended once |
| out_of_service | a time in which points, devices, zones or gateways are out of service | begun and ended once |
| ladder_steps | one timer of an escalation ladder | made when the ladder starts, ended once |
| notifications | one message to one person on one channel | outbox: made with its cause |
| attempts | one try to send a notification | before the bytes leave, and after the answer |
| feed_events | one CloudEvent for the ALERTS stream | outbox: made with its cause |
| activations | one time that an alarm became active | with its alert's changes |
| floods | a time with more alarms than people can work on | begun and ended once |
| digest_items | a message that waits for the digest of a flood | with its cause; marked when it went |
| work_items | what is wrong with an alarm, for somebody to mend | opened and closed once |
| comments | what somebody said | append only |
| audit | one link of the hash chain | append only |
| positions | how far a stream has been read | in the transaction of what was read |
| set_aside | an input that could not be applied, with the reason | append only |

Times are ns since 1970 UTC in BIGINT; ids are text. Nothing here is special to SQLite: PostgreSQL
takes the same tables. The schema changes only by a migration in `alerts.migrations`.
"""

from alerts.schema.base import COUNTING, ID, TOKEN, Base, NoticeState, StepState, words
from alerts.schema.load import Activation, DigestItem, Flood, FloodScope, WorkItem, WorkItemKind
from alerts.schema.outgoing import FeedEvent
from alerts.schema.record import Alert, AuditEntry, Comment, HiddenRule, Position, SeenTransition, SetAside
from alerts.schema.restrictions import OutOfService, WalkTest
from alerts.schema.telling import Attempt, LadderStep, Notification

__all__ = [
    "COUNTING",
    "ID",
    "TOKEN",
    "Activation",
    "Alert",
    "Attempt",
    "AuditEntry",
    "Base",
    "Comment",
    "DigestItem",
    "FeedEvent",
    "Flood",
    "FloodScope",
    "HiddenRule",
    "LadderStep",
    "NoticeState",
    "Notification",
    "OutOfService",
    "Position",
    "SeenTransition",
    "SetAside",
    "StepState",
    "WalkTest",
    "WorkItem",
    "WorkItemKind",
    "words",
]
