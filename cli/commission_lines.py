"""The parts of a commissioning report about gateways and lines: settings, how long a cycle takes, what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.commission_facts import Facts
from cli.commission_paper import Cell, Section, Table, Tone, Words, cell, columns
from cli.commission_settings import transport_words
from cli.modbus_plan_command import Row
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.texts import text
from dashboards.live.board import Board
from dashboards.live.health import node_health
from domain.site import Connection, GatewaySettings

MOST_LOST = 8
NOT_ASKED = ("未询问（站点未运行）", "not asked (the site does not run)")


def gateways_section(facts: Facts) -> Section:
    """Return gateways, their lines with settings, and what their processes say."""
    gateways, lines = [], []
    for key, gateway in facts.session.registry.gateways.items():
        gateways.append(_gateway_row(facts, key, gateway))
        lines += [_line_row(facts, gateway, connection) for connection in gateway.connections]
    tables = (
        Table(
            columns(("网关", "gateway", 2), ("编号", "id", 2), ("状态", "state", 2), ("离线可存", "can be offline", 2)),
            tuple(gateways),
        ),
        Table(
            columns(
                ("线路", "line", 1.3), ("协议", "protocol", 1.2), ("连接参数", "settings", 2.6),
                ("周期", "period", 0.8), ("设备", "devices", 0.7), ("通信情况", "communication", 2.4),
            ),
            tuple(lines),
            title=Words("线路与连接参数（不含口令）", "lines and settings (without secrets)"),
        ),
    )  # fmt: skip
    return Section(Words("网关与线路", "Gateways and lines"), tables)


def _gateway_row(facts: Facts, key: str, gateway: GatewaySettings) -> tuple[Cell, ...]:
    board = Board(connected=facts.away is None, statuses=facts.statuses)
    health = node_health(board, facts.session.registry, key, facts.made_ns)
    state = cell(*NOT_ASKED, Tone.WARN)
    if facts.away is None:
        zh, en = (text(f"condition_{health.condition}", ScreenLanguage(language)) for language in ("zh", "en"))
        state = cell(zh, en, Tone.GOOD if health.fine else Tone.BAD)
    forecast = "—" if health.forecast_s is None else f"{health.forecast_s / 3600:.1f} h"
    return (cell(gateway.labels.zh, gateway.labels.en), cell(key), state, cell(forecast))


def _line_row(facts: Facts, gateway: GatewaySettings, connection: Connection) -> tuple[Cell, ...]:
    return (
        cell(connection.id),
        cell(connection.protocol),
        cell(transport_words(connection)),
        cell(f"{connection.period_s:g} s"),
        cell(len(connection.devices) + len(connection.transmitters)),
        _communication(facts, gateway, connection),
    )


def _communication(facts: Facts, gateway: GatewaySettings, connection: Connection) -> Cell:
    """Say how a line does: polls, missed polls, errors by kind, devices that don't answer."""
    if facts.away is not None:
        return cell(*NOT_ASKED, Tone.WARN)
    line = line_status(facts, f"{gateway.unit}/{gateway.gateway}", connection.id)
    if line is None:
        return cell("网关没有报告", "the gateway reports nothing", Tone.BAD)
    lost = [str(one) for one in line.get("lost", ())]
    errors = {str(name): int(count) for name, count in dict(line.get("errors", {})).items()}
    said = ", ".join(f"{name} {count}" for name, count in sorted(errors.items())) or None
    polls, missed = line.get("polls", 0), line.get("missed", 0)
    zh = f"轮询 {polls}，漏 {missed}；错误：{said or '无'}"
    en = f"{polls} polls, {missed} missed; errors: {said or 'none'}"
    if lost:
        named = ", ".join(lost[:MOST_LOST]) + (f" +{len(lost) - MOST_LOST}" if len(lost) > MOST_LOST else "")
        zh, en = f"{zh}；无应答：{named}", f"{en}; no answer from: {named}"
    ok = line.get("ok") is True and not lost
    return cell(zh, en, Tone.BAD if not ok else Tone.WARN if said or missed else Tone.GOOD)


def line_status(facts: Facts, gateway: str, connection: str) -> Mapping[str, Any] | None:
    """Return what a gateway's status says of one of its lines."""
    document = facts.statuses.get(f"gateway.{gateway.replace('/', '.')}", {})
    lines = document.get("connections")
    line = lines.get(connection) if isinstance(lines, Mapping) else None
    return line if isinstance(line, Mapping) else None


def plan_section(facts: Facts) -> Section | None:
    """Return how Modbus lines are read, and whether a cycle fits into its period; None without such lines."""
    if not facts.plan:
        return None
    cycles = [_cycle_row(list(rows)) for rows in by_line(facts.plan)]
    requests = [_request_row(row, measured=facts.measured) for row in facts.plan]
    measured = (("实测", "measured", 1.2),) if facts.measured else ()
    tables = (
        Table(
            columns(
                ("线路", "line", 2), ("请求", "requests", 1), ("预计每轮", "cycle predicted", 1.4),
                ("实测每轮", "cycle measured", 1.4), ("周期", "period", 1), ("结论", "verdict", 2.4),
            ),
            tuple(cycles),
            title=Words("每轮耗时", "time of a cycle"),
        ),
        Table(
            columns(
                ("线路", "line", 1.5), ("单元", "unit", 0.6), ("设备", "devices", 1.8), ("寄存器区", "table", 1),
                ("地址", "address", 0.9), ("数量", "count", 0.7), ("测点", "points", 0.7),
                ("预计", "predicted", 1.0), *measured,
            ),
            tuple(requests),
            title=Words("读取请求", "requests"),
            notes=tuple(_troubles(facts.plan)),
        ),
    )  # fmt: skip
    return Section(Words("Modbus 读取计划", "Modbus plan"), tables)


def by_line(plan: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield the requests of each line."""
    for line in dict.fromkeys((row.gateway, row.connection) for row in plan):
        yield [row for row in plan if (row.gateway, row.connection) == line]


def cycle_of(rows: Sequence[Row]) -> tuple[float, float | None, float, int]:
    """Return seconds predicted, seconds measured (None: not tried), the shortest period, and requests that failed."""
    tried = [row.measured_s for row in rows if row.measured_s is not None]
    failed = sum(bool(row.trouble) for row in rows)
    measured = sum(tried) if tried else None
    return sum(row.predicted_s for row in rows), measured, min(row.period_s for row in rows), failed


def _cycle_row(rows: Sequence[Row]) -> tuple[Cell, ...]:
    predicted_s, measured_s, period_s, failed = cycle_of(rows)
    verdict = cell("一轮放得下", "a cycle fits", Tone.GOOD)
    if failed:
        verdict = cell(f"{failed} 个请求无结果", f"{failed} requests brought nothing", Tone.BAD)
    elif max(predicted_s, measured_s or 0.0) > period_s:
        verdict = cell("超过周期，会漏读：放长 period_s", "longer than the period: raise period_s", Tone.BAD)
    return (
        cell(rows[0].connection),
        cell(len(rows)),
        cell(_milliseconds(predicted_s)),
        cell("未测", "not measured", Tone.DIM) if measured_s is None else cell(_milliseconds(measured_s)),
        cell(f"{period_s:g} s"),
        verdict,
    )


def _request_row(row: Row, *, measured: bool) -> tuple[Cell, ...]:
    more = f" +{len(row.devices) - 1}" if len(row.devices) > 1 else ""
    cells = [
        cell(row.connection), cell(row.unit), cell(row.devices[0] + more), cell(row.function),
        cell(row.address), cell(row.count), cell(row.points), cell(_milliseconds(row.predicted_s)),
    ]  # fmt: skip
    if measured:
        bad = row.measured_s is None
        cells.append(cell("无结果", "nothing", Tone.BAD) if bad else cell(_milliseconds(row.measured_s or 0.0)))
    return tuple(cells)


def _troubles(plan: Sequence[Row]) -> Iterator[Words]:
    """Yield what went wrong on each line, each reason once."""
    for (line, trouble), count in Counter((row.connection, row.trouble) for row in plan if row.trouble).items():
        yield Words(f"{line}：{count} 个请求：{trouble}", f"{line}: {count} requests: {trouble}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
