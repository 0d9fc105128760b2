"""What a gateway starts by: the centre's bundle, else the local folder, else the last configuration that was good.

What was rolled back is not taken again only because the process was started anew.
"""

from __future__ import annotations

from dataclasses import replace

from domain.clock import Clock
from domain.errors import ConfigurationError, Problem
from gateway.reload.configuration import Configuration, Load, Outcome, as_data
from gateway.reload.kept import Kept


def choose(kept: Kept, load: Load, unit: str, gateway: str, clock: Clock) -> tuple[Configuration, Outcome | None]:
    """Return what to run, and what to tell when that is not simply what stands in the files.

    Raises ConfigurationError when neither they nor the last good configuration can be used.
    """
    bundle = kept.bundle()
    rejected = kept.rejected()
    problems: tuple[Problem, ...] = ()
    reason, version, refusal = "", "", ConfigurationError([])
    try:
        found = load(None if bundle is None else bundle.files)
        if bundle is not None:
            found = replace(found, source="remote", revision=bundle.revision, by=bundle.by)
        _must_have(found, unit, gateway)
        if rejected is None or rejected.version != found.version:
            return found, None
        reason, version = f"此前已回退 / it was rolled back before: {rejected.reason}", found.version
    except ConfigurationError as error:
        problems, refusal = error.problems, error
        reason = f"未通过检查，{len(problems)} 个问题 / not all right: {len(problems)} problems"
    good = kept.good(load)
    if good is None or good.settings(unit, gateway) is None:
        if version:
            return found, None  # nothing better is known
        raise refusal
    told = Outcome(
        kind="refused", version=version, source="local" if bundle is None else "remote",
        revision=0 if bundle is None else bundle.revision, by="" if bundle is None else bundle.by,
        time_ns=clock.now_ns(), reason=reason, problems=tuple(as_data(problem) for problem in problems),
    )  # fmt: skip
    return good, told


def _must_have(found: Configuration, unit: str, gateway: str) -> None:
    if found.settings(unit, gateway) is None:
        message, mend = f"there is no gateway {unit}/{gateway}", "name a gateway of the site with --unit and --gateway"
        raise ConfigurationError(
            [Problem(file="gateways/", line=1, field="gateway", value=None, message=message, mend=mend)]
        )
