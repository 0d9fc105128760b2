"""What of the site somebody sees: the one place that knows what a scope of units hides.

What lies outside is *not there*: a list leaves it out, a single thing is 404 in the very words of a thing that does not
exist. Nobody learns from a refusal that another premises has an alert. Answer links are not scoped: each is for
one person and one alert, and signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.face import AlertDetail
from dashboards.api.context import Context
from dashboards.api.errors import NOT_FOUND, ForbiddenError
from dashboards.api.principal import Principal
from domain.alert import AlertView
from domain.errors import RefusedError


def units_of(who: Principal, wanted: str | None = None) -> tuple[str, ...] | None:
    """Return the units that a list is about, None for all: those of the scope, or the wanted one if it is in it.

    An empty tuple is about nothing: answer with an empty list.
    """
    if wanted is not None:
        return (wanted,) if who.sees(wanted) else ()
    return None if who.units is None else tuple(sorted(who.units))


def check_everywhere(who: Principal, what: str) -> None:
    """Raise ForbiddenError unless they see everything; ``what`` is about the whole site, in both languages."""
    if who.units is not None:
        raise ForbiddenError(what)


def no_such_alert(alert_id: str) -> RefusedError:
    """Return what the alerts service says of an alert that does not exist."""
    return RefusedError(f"没有告警 {alert_id} / no such alert", code=NOT_FOUND)


def seen(who: Principal, alert: AlertView) -> AlertView:
    """Return an alert that somebody sees; raises RefusedError with code 404."""
    if not who.sees(alert.place.unit):
        raise no_such_alert(alert.id)
    return alert


async def detail(context: Context, who: Principal, alert_id: str) -> AlertDetail:
    """Return an alert with its history, if they see it; raises RefusedError with code 404."""
    found = await context.link.alerts.get(alert_id)
    seen(who, found.alert)
    return found


async def check_alert(context: Context, who: Principal, alert_id: str) -> None:
    """Raise RefusedError with code 404 unless they see an alert; costs a question for those with a scope only."""
    if who.units is not None:
        await detail(context, who, alert_id)


def check_unit(who: Principal, unit: str) -> None:
    """Raise RefusedError with code 404 for a unit outside."""
    if not who.sees(unit):
        raise RefusedError(f"no such unit: {unit}", code=NOT_FOUND)


def points_seen(who: Principal, keys: Iterable[str]) -> list[str]:
    """Return the points (``unit/device/point``) that lie within."""
    return [key for key in keys if who.sees(unit_of(key))]


def check_points(context: Context, who: Principal, keys: Sequence[str]) -> None:
    """Raise RefusedError with code 404 for points that the site does not have, or that lie outside."""
    unknown = [key for key in keys if not who.sees(unit_of(key)) or context.registry.points.get(key) is None]
    if unknown:
        raise RefusedError(f"no such point: {', '.join(unknown)}", code=NOT_FOUND)


def sees_subject(who: Principal, subject: str) -> bool:
    """Tell whether an event of ``alert.<unit>.<class>.<event>`` or ``fact.<unit>.<day>`` is within."""
    if who.units is None:
        return True
    parts = subject.split(".")
    return len(parts) > 1 and who.sees(parts[1])


def unit_of(key: str) -> str:
    """Return the unit of a key ``unit/…``."""
    return key.partition("/")[0]
