"""What messages say: templates by class and event (``templates.csv``), filled from a notification's body."""

from alerts.messages.rendering import render
from alerts.messages.templates import FIELDS, MessageEvent, event_of, fill, template
from alerts.messages.words import Words

__all__ = ["FIELDS", "MessageEvent", "Words", "event_of", "fill", "render", "template"]
