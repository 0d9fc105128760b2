"""``fengsui feed …``: what leaves for other modules, seen by a person or a pipe.

Exit codes: 0 done; 1 refused (the reason is written); 2 wrong usage; 3 the backbone is away.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from alerts.feed_face import Event, Feed, schema, schema_names, subject_of
from alerts.feeding.consumers import shown, states
from backbone.client import Backbone
from backbone.subjects import WORK_ITEM, fact
from cli.alerts_commands import AWAY, REFUSED, JsonOption, LangOption
from cli.check_command import Language
from cli.feed_since import since as place_of
from cli.feed_tables import consumer_table, event_line, fact_table
from cli.session import connect_service
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.errors import LinkError, RefusedError
from domain.ids import is_token

T = TypeVar("T")

EVENTS = (*(event.value for event in AlertEvent), WORK_ITEM)

app = typer.Typer(
    no_args_is_help=True,
    help="数据供给：事件流、日报、模式 / The feed for other modules: events, daily facts, schemas. See docs/feed.md.",
)

UnitOption = Annotated[str | None, typer.Option(help="单位 / unit")]


@app.command()
def tail(
    *,
    unit: UnitOption = None,
    alarm_class: Annotated[AlarmClass | None, typer.Option("--class", help="类别 / class")] = None,
    event: Annotated[str | None, typer.Option(help="事件 / event, such as raised, closed, workitem")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME|SEQ", help="从何处起 / from where on: 2h, an ISO time, or a sequence")
    ] = None,
    follow: Annotated[bool, typer.Option(help="持续等待 / wait for what comes; Ctrl-C ends it")] = True,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """跟踪事件流，每行一条 / Follow the feed, a line for each event; JSON lines with --json.

    Example, all that happened to fires since yesterday, as CloudEvents: fengsui feed tail --class fire --since 1d
    --no-follow --json. Without --since: what comes from now on; with --no-follow: all that the stream holds.
    """
    if event is not None and event not in EVENTS:
        raise typer.BadParameter(f"'{event}' 不是事件 / is no event → {', '.join(EVENTS)}")
    _check_token(unit, "unit")
    subjects = [subject_of(unit=unit, alarm_class=alarm_class.value if alarm_class else None, event=event)]
    console = Console()

    async def work(backbone: Backbone) -> None:
        start = None if since is None else place_of(since, datetime.now(UTC))
        feed = Feed(backbone)
        events = (
            feed.follow(since=start, subjects=subjects)
            if follow
            else feed.replay(1 if start is None else start, subjects=subjects)
        )
        await _show(events, lambda one: _say(one, console, lang, as_json=as_json))

    _over_backbone(work)


@app.command("schema")
def show_schema(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="模式名 / name; without one, the names")] = None,
) -> None:
    """输出 JSON Schema（2020-12）/ Write a JSON Schema of the feed; without NAME the names that there are."""
    if name is None:
        for known in schema_names():
            typer.echo(known)
        return
    try:
        typer.echo(json.dumps(schema(name), ensure_ascii=False, indent=2))
    except RefusedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from None


@app.command()
def consumers(*, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """模块读取进度：units、risk / How far the modules are that are fed: lag, last acknowledgement."""
    found = _over_backbone(states)
    if as_json:
        typer.echo(json.dumps([shown(state) for state in found], indent=1))
    else:
        Console().print(consumer_table(found, lang))


@app.command()
def facts(
    *,
    unit: UnitOption = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="日期 / local day of the site")] = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """单位日报 / Daily facts of units, newest revision of each day. Example: fengsui feed facts --unit hotel."""
    _check_token(unit, "unit")
    _check_token(day, "day")

    async def work(backbone: Backbone) -> list[dict[str, Any]]:
        subject = fact(unit or "*", day or "*")
        return [one.data async for one in Feed.facts(backbone).replay(subjects=[subject])]

    found = sorted(_over_backbone(work), key=lambda one: (one["day"], one["unit"]))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        Console().print(fact_table(found, lang))


async def _show(events: AsyncIterator[Event], say: Callable[[Event], None]) -> None:
    async with aclosing(events) as open_events:  # type: ignore[type-var]  # it is an async generator
        async for event in open_events:
            say(event)


def _say(event: Event, console: Console, lang: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"seq": event.seq, **event.message}, ensure_ascii=False))
    else:
        console.print(event_line(event, lang), soft_wrap=True)


def _check_token(value: str | None, what: str) -> None:
    if value is not None and not is_token(value):
        raise typer.BadParameter(f"'{value[:80]}' is no {what} → letters, digits, _ and -")


def _over_backbone(work: Callable[[Backbone], Awaitable[T]]) -> T:
    """Run ``work`` over a connection; an error becomes a sentence and an exit code."""

    async def main() -> T:
        async with await connect_service() as backbone:
            return await work(backbone)

    try:
        return asyncio.run(main())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except RefusedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from None
    except LinkError as error:
        typer.echo(f"消息总线不可用 / the backbone is away: {error}", err=True)
        raise typer.Exit(AWAY) from None
