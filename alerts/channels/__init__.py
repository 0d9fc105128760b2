"""Ways to reach people; each turns one message into one try and says what the platform made of it.

`verdict` judges an answer by status *and* body; `webhook` sends JSON by HTTP POST.
"""

from alerts.channels.contract import FIRE_SLOTS, OTHER_SLOTS, Channel, Push
from alerts.channels.opening import open_channel
from alerts.channels.verdict import Outcome, Verdict, judge
from alerts.channels.webhook import WebhookChannel

__all__ = [
    "FIRE_SLOTS",
    "OTHER_SLOTS",
    "Channel",
    "Outcome",
    "Push",
    "Verdict",
    "WebhookChannel",
    "judge",
    "open_channel",
]
