"""The tables of the record: what is known, what is owed, and what was done.

| table | one row is | written |
|---|---|---|
| alerts | one occurrence with its ISA-18.2 / IEC 62682 facts as independent columns | by transitions and people |
| hidden_rules | a rule whose alerts are consequences of one alert | with the alert |
| transitions | one transition seen, applied or not | once, with the stream position |
| walk_tests | a time in which the alarms of a unit, or of parts of it, are told to nobody | begun and ended once |
| walk_marks | what a person found at a point in a walk test | append only |
| out_of_service | a time in which points, devices, zones or gateways are out of service | begun and ended once |
| ladders | what the ladder of an occurrence was begun with | when it starts |
| maintenance_windows | a planned time in which alerts of a scope are told to nobody | planned, begun and ended once |
| ladder_steps | one timer of an escalation ladder | made when the ladder starts, ended once |
| notifications | one message to one person on one channel | outbox: made with its cause |
| attempts | one try to send a notification | before the bytes leave, and after the answer |
| feed_events | one CloudEvent for the ALERTS or FACTS stream | outbox: made with its cause |
| push_subscriptions | one browser that a person is pushed to | by the person's phone, and when it is gone |
| channel_health | a channel that fails: tries in a row, since when it is down | with each failed try |
| daily_facts | the facts of one day of one unit | when the day is over; again when late facts change it |
| facts_progress | how far the daily facts are | with the facts |
| activations | one time that an alarm became active | with its alert's changes |
| floods | a time with more alarms than people can work on | begun and ended once |
| digest_items | a message that waits for the digest of a flood | with its cause; marked when it went |
| work_items | what is wrong with an alarm, for somebody to mend | opened and closed once |
| comments | what somebody said | append only |
| attachments | evidence that lies elsewhere, by address and SHA-256 | append only |
| audit | one link of the hash chain | append only |
| shift_handovers, shift_takings | a shift that was handed over, and that it was taken | append only |
| positions | how far a stream has been read | in the transaction of what was read |
| users | an account of a person | by administrators |
| api_tokens | a program's token, hashed | made and revoked once |
| user_sessions | a browser that signed in | begun, seen, ended once |
| silences, silenced | what programs asked not to be told of for a time, and what that shelved | begun and ended once |
| foreign_alerts | what another maker's alert said, beside the alert that it became | with the alert, resolved once |
| once_replies | a request that was done, by its client's key | with what it did; kept a day |
| set_aside | an input that could not be applied, with the reason | append only |

Times are ns since 1970 UTC in BIGINT; ids are text. Nothing here is special to SQLite: PostgreSQL
takes the same tables. What is "append only" the database itself refuses to change or delete, and an
alert or a notification to delete, nor a time of a notification to change once it is set (triggers: migrations 0005,
0013, 0014).
The schema changes only by a migration in `alerts.migrations`.
"""

from alerts.schema.accounts import ApiToken, User, UserSession
from alerts.schema.base import COUNTING, ID, TOKEN, Base, NoticeState, StepKind, StepState, words
from alerts.schema.load import Activation, DigestItem, Flood, FloodScope, WorkItem, WorkItemKind
from alerts.schema.outgoing import DailyFactRow, FactsProgress, FeedEvent
from alerts.schema.outside import ForeignAlert, OnceReply, Silence, Silenced
from alerts.schema.record import Alert, Attachment, AuditEntry, Comment, HiddenRule, Position, SeenTransition, SetAside
from alerts.schema.restrictions import MaintenanceWindow, OutOfService, WalkTest, WalkTestMark
from alerts.schema.shifts import ShiftHandover, ShiftTaking
from alerts.schema.subscriptions import PushSubscription
from alerts.schema.telling import Attempt, ChannelHealth, Ladder, LadderStep, Notification

__all__ = [
    "COUNTING",
    "ID",
    "TOKEN",
    "Activation",
    "Alert",
    "ApiToken",
    "Attachment",
    "Attempt",
    "AuditEntry",
    "Base",
    "ChannelHealth",
    "Comment",
    "DailyFactRow",
    "DigestItem",
    "FactsProgress",
    "FeedEvent",
    "Flood",
    "FloodScope",
    "ForeignAlert",
    "HiddenRule",
    "Ladder",
    "LadderStep",
    "MaintenanceWindow",
    "NoticeState",
    "Notification",
    "OnceReply",
    "OutOfService",
    "Position",
    "PushSubscription",
    "SeenTransition",
    "SetAside",
    "ShiftHandover",
    "ShiftTaking",
    "Silence",
    "Silenced",
    "StepKind",
    "StepState",
    "User",
    "UserSession",
    "WalkTest",
    "WalkTestMark",
    "WorkItem",
    "WorkItemKind",
    "words",
]
