"""Ways to reach people; each turns one message into one try and says what the platform made of it.

`verdict` judges an answer by status *and* body; `webhook` sends JSON by HTTP POST.
"""

from alerts.channels.verdict import Outcome, Verdict, judge
from alerts.channels.webhook import Push, WebhookChannel

__all__ = ["Outcome", "Push", "Verdict", "WebhookChannel", "judge"]
