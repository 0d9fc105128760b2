"""``fengsui notify …``: whether messages get out. A test goes the way of real ones, through the channel's own code."""

from __future__ import annotations

import asyncio
import getpass
import json
from typing import Annotated

import typer
from rich.console import Console

from alerts.channels_face import ChannelsFace, TestRequest, TestResult
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.asking import asked
from cli.check_command import Language
from cli.notify_mends import mend_of
from cli.notify_tables import channels_table, note, result_table
from cli.running_site import SiteOption, StateFolderOption, ask, find_session
from cli.session import ASK_S, Session
from cli.state import VAPID_KEY
from domain.errors import LinkError, StoreError

app = typer.Typer(no_args_is_help=True)

NOT_ACCEPTED = 1


@app.callback()
def _notify() -> None:
    """通知渠道 / Channels: test one before a fire does, and see how each is doing.

    Example: fengsui notify test duty-mail --person p-lin
    """


@app.command("test")
def send_test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="渠道编号，见 site.yaml / the channel's id")],
    *,
    person: Annotated[
        str | None, typer.Option(help="发给谁，默认为第一个用此渠道的人 / for whom; the first who has the channel")
    ] = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """发送测试消息 / Send a message marked as a test, and show what the other side said and what to do about a no.

    The site that runs sends it; when none runs, this command does, from the site's folder. Either way it counts in the
    channel's budget and is in the audit (notify_test).

    Example: fengsui notify test siren --site ./site --lang en

    Exit codes: 0 accepted; 1 refused or not now; 3 no such site.
    """

    async def main() -> TestResult:
        return await _sent(find_session(site, state), channel, person, by or getpass.getuser())

    result = ask(main)
    if as_json:
        mend = None if result.accepted else mend_of(result.kind, result.reason, lang)
        typer.echo(json.dumps(result.model_dump(mode="json") | {"mend": mend}, ensure_ascii=False, indent=1))
    else:
        Console().print(result_table(result, lang))
        if result.accepted:
            typer.echo(note(lang))
    raise typer.Exit(0 if result.accepted else NOT_ACCEPTED)


@app.command("list")
def list_channels(
    *,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出渠道 / List channels: kind, path, budget and use of the last minute, queue, last success and last error.

    Example: fengsui notify list --json

    Exit codes: 0; 3 the site does not answer.
    """
    views = asked(site, state, "notify", lambda backbone: ChannelsFace(backbone).list())
    if as_json:
        typer.echo(json.dumps([view.model_dump(mode="json") for view in views], ensure_ascii=False, indent=1))
    else:
        Console().print(channels_table(views, lang))


async def _sent(session: Session, channel: str, person: str | None, by: str) -> TestResult:
    """Let the running site send, or do it here when its alerts service does not answer."""
    answers = False
    try:
        async with await session.connect("notify", ASK_S) as backbone:
            face = ChannelsFace(backbone)
            await face.list()
            answers = True
            return await face.test(channel, by=by, person=person)
    except LinkError:
        if answers:  # it may have been sent: not twice
            raise
    return await _sent_here(session, TestRequest(channel=channel, person=person, by=by))


async def _sent_here(session: Session, request: TestRequest) -> TestResult:
    """Send without a running site, with its record, its secrets and its budget; raises LinkError without its record."""
    from alerts.channel_trial import try_channel
    from alerts.channels.contract import Aids
    from alerts.database import Database
    from alerts.directory import Directory
    from alerts.office import Office
    from alerts.subscriptions import SubscriptionBook
    from domain.clock import SystemClock

    try:
        database = await Database.open(session.state.alerts_url)
    except StoreError as error:
        raise LinkError(str(error)) from error
    try:
        office = Office(database, Directory(session.registry), SystemClock())
        office.aids = Aids(SubscriptionBook(office), await asyncio.to_thread(session.state.secret, VAPID_KEY))
        return await try_channel(office, request)
    except StoreError as error:
        raise LinkError(str(error)) from error
    finally:
        await database.close()
