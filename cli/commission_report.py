"""A commissioning report put together: what needs mending first, then everything that is there, then who signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.commission_facts import Facts
from cli.commission_lines import by_line, cycle_of, gateways_section, line_status, plan_section
from cli.commission_paper import Cell, Paper, Section, Speech, Table, Tone, Words, cell, columns
from cli.commission_points import devices_section, moment, places_section
from cli.commission_walks import verdicts, walks_section
from cli.live_points import PointRow
from cli.walk_test_result import point_labels
from dashboards.live.walk_log import Sight
from domain.glossary import label_of
from domain.site import Labels

MOST_NAMED = 4
MOST_FINDINGS = 60
"""Findings that are listed one by one; the rest is counted. All of them stand in the tables behind."""


def paper_of(facts: Facts, language: Speech) -> Paper:
    """Return the report."""
    site = facts.session.registry.site
    findings = list(_findings(facts))
    sections = [
        _findings_section(findings),
        places_section(facts),
        gateways_section(facts),
        plan_section(facts),
        _alerts_section(facts),
        walks_section(facts),
        devices_section(facts),
        _signatures(),
    ]
    return Paper(
        title=Words("消防物联网系统调试报告", "Fire telemetry commissioning report"),
        subtitle=Words(site.labels.zh, site.labels.en),
        facts=_head(facts),
        tiles=_tiles(facts, findings),
        sections=tuple(section for section in sections if section is not None),
        language=language,
        footer=Words(f"{site.labels.zh} · {moment(facts, facts.made_ns)}", f"{site.labels.en}"),
    )


def _head(facts: Facts) -> tuple[tuple[Words, Cell], ...]:
    site = facts.session.registry.site
    running = cell("正在运行", "running", Tone.GOOD)
    if facts.away is not None:
        running = cell("未运行", "not running", Tone.BAD)
    return (
        (Words("站点", "site"), cell(f"{site.labels.zh}（{site.site}）", f"{site.labels.en} ({site.site})")),
        (Words("报告时间", "made at"), cell(moment(facts, facts.made_ns))),
        (Words("调试人", "commissioned by"), cell(facts.by)),
        (Words("系统状态", "state of the system"), running),
        (Words("软件", "software"), cell(facts.software)),
        (Words("站点文件摘要", "hash of the site's files"), cell(f"SHA-256 {facts.site_hash}")),
    )


def _tiles(facts: Facts, findings: list[Cell]) -> tuple[tuple[Words, Cell], ...]:
    rows = facts.points_zh
    known = sum(row.known for row in rows)
    good = facts.away is None and known == len(rows)
    tiles = [
        (Words("设备", "devices"), cell(len(facts.session.registry.devices))),
        (
            Words("测点有效", "points known"),
            cell("—" if facts.away is not None else f"{known} / {len(rows)}", tone=Tone.GOOD if good else Tone.BAD),
        ),
        (Words("走动测试", "walk-tested"), _walked(facts)),
        (Words("未关闭告警", "open alerts"), _open_alerts(facts)),
        (Words("待处理", "to be mended"), cell(len(findings), tone=Tone.BAD if findings else Tone.GOOD)),
    ]
    return tuple(tiles)


def _walked(facts: Facts) -> Cell:
    """Return how many points have alarmed in a valid test, of those that a fire would come from; by hand beside it."""
    wanted, found = {point.key for point in facts.to_be_walked}, verdicts(facts.walk_tests)
    if not wanted:
        return cell("—")
    done = sum(found.get(key) is Sight.ALARMED for key in wanted)
    works = sum(found.get(key) is Sight.HAND_WORKS for key in wanted)
    fails = sum(sight is Sight.HAND_FAILS for sight in found.values())
    zh = en = f"{done} / {len(wanted)}"
    if works or fails:
        zh, en = f"{zh}，手动正常 {works}、不正常 {fails}", f"{en}; by hand {works} work, {fails} fail"
    return cell(zh, en, Tone.GOOD if done + works == len(wanted) and not fails else Tone.BAD)


def _open_alerts(facts: Facts) -> Cell:
    if facts.alerts is None:
        return cell("—")
    return cell(len(facts.alerts), tone=Tone.WARN if facts.alerts else Tone.GOOD)


def _findings(facts: Facts) -> Iterator[Cell]:
    """Yield what an engineer would mend before anybody signs."""
    if facts.away is not None:
        yield cell("站点未运行，没有当前值", f"the site does not run, no present values: {facts.away}", Tone.BAD)
    for rows in by_line(facts.plan):
        predicted_s, measured_s, period_s, failed = cycle_of(rows)
        name = rows[0].connection
        if failed:
            yield cell(
                f"线路 {name}：{failed} 个请求无结果", f"line {name}: {failed} requests brought nothing", Tone.BAD
            )
        if max(predicted_s, measured_s or 0.0) > period_s:
            yield cell(f"线路 {name}：一轮超过周期", f"line {name}: a cycle is longer than its period", Tone.BAD)
    if facts.away is None:
        yield from _line_findings(facts)
        yield from _point_findings(facts)
    yield from _walk_findings(facts)


def _line_findings(facts: Facts) -> Iterator[Cell]:
    for key, gateway in facts.session.registry.gateways.items():
        for connection in gateway.connections:
            line = line_status(facts, key, connection.id)
            if line is None or line.get("ok") is not True:
                yield cell(f"线路 {connection.id} 不通", f"line {connection.id} is down", Tone.BAD)
            elif line.get("lost"):
                lost = ", ".join(str(one) for one in line["lost"])
                yield cell(
                    f"线路 {connection.id}：无应答 {lost}", f"line {connection.id}: no answer from {lost}", Tone.BAD
                )


def _point_findings(facts: Facts) -> Iterator[Cell]:
    """Yield devices with unknown points, a line each: a silent device has a dozen."""
    registry = facts.session.registry
    unknown: dict[str, list[tuple[PointRow, PointRow]]] = {}
    for zh, en in zip(facts.points_zh, facts.points_en, strict=True):
        if not zh.known:
            unknown.setdefault(zh.device.key, []).append((zh, en))
    for key, rows in unknown.items():
        labels = registry.devices[key].settings.labels
        points = [point_labels(registry, zh.point) for zh, _ in rows]
        why_zh, why_en = (row.shown.detail or row.shown.value for row in rows[0])
        yield cell(
            f"{labels.zh}（{key}）：{_named(points, 'zh')} 未知，{why_zh}",
            f"{labels.en} ({key}): {_named(points, 'en')} unknown, {why_en}",
            Tone.BAD,
        )


def _walk_findings(facts: Facts) -> Iterator[Cell]:
    """Yield detectors that no valid test has proven, and what was found not to work, a line for each device."""
    registry, found = facts.session.registry, verdicts(facts.walk_tests)
    for path, _, reason in facts.walk_tests:
        if reason is not None:
            yield cell(f"走动测试 {path.name} 的签名无效", f"the signature of {path.name} does not hold", Tone.BAD)
    left: dict[str, list[Labels]] = {}
    for point in facts.to_be_walked:
        if point.key not in found:
            left.setdefault(f"{point.unit}/{point.device}", []).append(point_labels(registry, point))
    for key, points in left.items():
        labels = registry.devices[key].settings.labels
        zh = f"走动测试未见报警：{labels.zh}（{key}）{_named(points, 'zh')}"
        yield cell(zh, f"no alarm in a walk test: {labels.en} ({key}) {_named(points, 'en')}", Tone.BAD)
    for key in (one for one, sight in found.items() if sight is Sight.HAND_FAILS):
        yield cell(f"走动测试手动检查不正常：{key}", f"found not to work by hand in a walk test: {key}", Tone.BAD)
    for test in facts.running_tests:
        yield cell(f"走动测试仍在进行（{test.unit}）", f"a walk test of {test.unit} is still running", Tone.BAD)


def _named(points: Sequence[Labels], language: str) -> str:
    """Name the first points, and count the rest."""
    more = len(points) - MOST_NAMED
    if language == "en":
        return ", ".join(one.en for one in points[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return "、".join(one.zh for one in points[:MOST_NAMED]) + (f" 等 {len(points)} 个测点" if more > 0 else "")


def _findings_section(findings: list[Cell]) -> Section:
    shown = findings[:MOST_FINDINGS]
    more = len(findings) - len(shown)
    if more:
        shown.append(cell(f"另有 {more} 项，见后文各表", f"{more} more, see the tables behind", Tone.BAD))
    if not findings:
        shown = [cell("没有待处理事项", "nothing to be mended", Tone.GOOD)]
    return Section(Words("结论与待处理事项", "Verdict and what is to be mended"), notes=tuple(shown))


def _alerts_section(facts: Facts) -> Section:
    if facts.alerts is None:
        notes = (cell("未询问（站点未运行）", "not asked (the site does not run)", Tone.WARN),)
        return Section(Words("未关闭告警", "Open alerts"), notes=notes)
    if not facts.alerts:
        return Section(Words("未关闭告警", "Open alerts"), notes=(cell("无", "none", Tone.GOOD),))
    rows = tuple(
        (
            cell(label_of(alert.alarm_class, "zh"), label_of(alert.alarm_class, "en")),
            cell(moment(facts, alert.raised_at_ns)[:19]),
            cell(alert.text_zh, alert.text_en),
            cell("报警中", "active", Tone.BAD) if alert.active else cell("已恢复", "cleared"),
        )
        for alert in facts.alerts
    )
    table = Table(
        columns(("类别", "class", 0.9), ("时间", "time", 1.3), ("内容", "text", 4.5), ("状态", "state", 0.9)), rows
    )
    return Section(Words("未关闭告警", "Open alerts"), (table,))


def _signatures() -> Section:
    notes = (
        cell(
            "签字人确认：以上测点与部位对应无误，待处理事项已知悉。",
            "Those who sign confirm that points and places agree, and that they know what is to be mended.",
        ),
    )
    people = (Words("调试单位（安装人员）", "installer"), Words("使用单位（业主）", "owner"))
    return Section(Words("签字", "Signatures"), notes=notes, signatures=people)
