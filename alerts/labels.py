"""The labels of a row: those that another maker's alert came with, or those that an alert of ours has."""

from __future__ import annotations

from sqlalchemy.orm import Session

from alerts.schema import Alert, ForeignAlert
from alerts.views import alert_view
from domain.alert_labels import labels_of

FOREIGN_RULE = "prometheus"


def labels_of_row(session: Session, alert: Alert) -> dict[str, str]:
    """Return the labels by which matchers and other tools know an alert."""
    foreign = session.get(ForeignAlert, alert.id) if alert.rule == FOREIGN_RULE else None
    return dict(foreign.labels) if foreign is not None else labels_of(alert_view(alert))
