"""Work items: opened once for each finding, closed when it is over; both are in the audit and in the feed.

The id is a function of what it is about and of how many there were before, so a repeated look, or a restart, finds
the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from alerts.desk import Desk
from alerts.feeding.models import WorkItem as FedWorkItem
from alerts.feeding.work_items import work_item
from alerts.kpi_face import WorkItemView
from alerts.schema import Alert, WorkItem, WorkItemKind
from domain.clock import NS_PER_S
from domain.ids import stable_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with an alarm now; ``facts`` are figures in plain units (s, counts, shares)."""

    kind: WorkItemKind
    unit: str
    rule: str | None
    entity: str
    alert_id: str
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What it is about: one work item of a kind is open for it."""
        return f"{self.rule or ''}|{self.entity}"


def open_item(desk: Desk, finding: Finding) -> WorkItem:
    """Open a work item and tell of it."""
    alert = desk.alert(finding.alert_id)
    same = (WorkItem.kind == finding.kind, WorkItem.subject == finding.subject)
    earlier = desk.session.scalar(select(func.count()).select_from(WorkItem).where(*same))
    item = WorkItem(
        id=stable_id("work-item", finding.kind, finding.subject, earlier),
        kind=finding.kind,
        subject=finding.subject,
        unit=finding.unit,
        rule=finding.rule,
        entity=finding.entity,
        alarm_class=alert.alarm_class,
        alert_id=alert.id,
        facts=dict(finding.facts),
        opened_ns=desk.now_ns,
        seen_ns=desk.now_ns,
    )
    desk.session.add(item)
    _tell(desk, item, alert, "opened")
    return item


def close_item(desk: Desk, item: WorkItem) -> None:
    """Close a work item and tell of it."""
    item.closed_ns = desk.now_ns
    _tell(desk, item, desk.alert(item.alert_id), "closed")


def work_item_view(item: WorkItem) -> WorkItemView:
    """Return an item as other packages see it."""
    values = {name: getattr(item, name) for name in WorkItemView.model_fields if name != "kind"}
    return WorkItemView(kind=item.kind.value, **values)


def _tell(desk: Desk, item: WorkItem, alert: Alert, outcome: str) -> None:
    zh, en = words(item)
    fed = FedWorkItem(
        id=item.id,
        kind=item.kind.value,
        alarm_class=item.alarm_class,
        level=alert.level,
        place=alert.place,
        entity=item.entity,
        rule=item.rule,
        text_zh=zh,
        text_en=en,
        evidence={name: float(value) for name, value in item.facts.items()},
        alerts=(alert.id,),
        opened_ns=item.opened_ns,
        closed_ns=item.closed_ns,
    )
    work_item(desk, fed, outcome=outcome)


def words(item: WorkItem) -> tuple[str, str]:
    """Return what is to be mended, for people."""
    facts: Mapping[str, Any] = item.facts
    if item.kind is WorkItemKind.CHATTERING:
        return (
            f"{item.entity} 抖动报警：1 分钟内 {facts['in_a_minute']:.0f} 次，请检查触点、接线和回差。",
            f"{item.entity} chatters: {facts['in_a_minute']:.0f} times in a minute. Look at contact, wiring, deadband.",
        )
    if item.kind is WorkItemKind.STALE:
        hours = facts["age_s"] / 3600
        return (
            f"{item.entity} 持续报警 {hours:.0f} 小时，请处理或按规定停用。",
            f"{item.entity} has been active for {hours:.0f} h. Mend it, or take it out of service by the rules.",
        )
    if item.kind is WorkItemKind.HOG:
        return (
            f"{item.entity} 占全部报警的 {facts['share']:.0%}（{facts['count']:.0f} 条），请整改。",
            f"{item.entity} makes {facts['share']:.0%} of all alarms ({facts['count']:.0f}). Mend it.",
        )
    return (
        f"{item.entity} {facts['days']:.0f} 天内误报 {facts['false']:.0f} 次，请清洁、移位或更换。",
        f"{item.entity}: {facts['false']:.0f} false alarms in {facts['days']:.0f} days. Clean, move or replace it.",
    )


def seconds(span_ns: int) -> float:
    """Return a span in s."""
    return span_ns / NS_PER_S
