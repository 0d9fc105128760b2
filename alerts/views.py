"""Rows as other packages see them."""

from __future__ import annotations

import json

from alerts.face import AttachmentView, AuditView, CommentView, NotificationView
from alerts.schema import Alert, Attachment, AuditEntry, Comment, Notification
from domain.alert import AlertView

_FROM_PLACE = {"place"}
_SAME_NAME = tuple(name for name in AlertView.model_fields if name not in _FROM_PLACE)


def alert_view(alert: Alert) -> AlertView:
    """Return an alert with all its facts; the columns carry the view's names."""
    return AlertView(place=alert.place, **{name: getattr(alert, name) for name in _SAME_NAME})


def comment_view(comment: Comment) -> CommentView:
    """Return a comment."""
    return CommentView(by=comment.by, text=comment.text, at_ns=comment.at_ns)


def attachment_view(attachment: Attachment) -> AttachmentView:
    """Return a piece of evidence."""
    return AttachmentView(**{name: getattr(attachment, name) for name in AttachmentView.model_fields})


def audit_view(entry: AuditEntry) -> AuditView:
    """Return an audit entry with its details parsed."""
    return AuditView(
        number=entry.number,
        at_ns=entry.at_ns,
        actor=entry.actor,
        action=entry.action,
        details=json.loads(entry.details),
        hash=entry.hash,
    )


def notification_view(notice: Notification) -> NotificationView:
    """Return a notification with its receipts; the message itself stays here."""
    return NotificationView(**{name: getattr(notice, name) for name in NotificationView.model_fields})
