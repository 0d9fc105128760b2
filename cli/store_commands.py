"""``fengsui store …``: the embedded store (DuckDB and its Parquet parts), while ingest runs or beside a stopped one.

Exit codes: 0 done; 1 refused or damaged (the reason is written); 2 wrong usage; 3 ingest has the store and is
silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from cli.alerts_commands import AWAY, REFUSED, JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_output import print_json
from domain.errors import LinkError, RefusedError, StoreError
from ingest.duckdb_export import LATEST_NS, Format

app = typer.Typer(
    no_args_is_help=True,
    help="内置存储：状态、备份、恢复、导出 / The embedded store: status, backup, restore, export.\n\n"
    "入库进程运行时由它完成，停止时直接打开文件 / While ingest runs it does the work; otherwise the file is opened.",
)

StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", help="站点数据目录，默认最近运行的 / the site's state folder; the one that ran last by default"
    ),
]
NewFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="新目录 / a new folder")]


@app.command("status")
def show_status(
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="读完每个分区并核对哈希 / read every partition and compare its hash")
    ] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """分区、读数、字节、时间范围、损坏 / Partitions, readings, bytes, span, damage."""
    from cli.store_tables import status_table
    from ingest.store_jobs import JobRequest, Task

    with _told(as_json=as_json):
        bad = _run(JobRequest(task=Task.VERIFY), state)["damaged"] if verify else []
        found = _run(JobRequest(task=Task.STATUS), state)
    if as_json:
        print_json(found)
    else:
        Console().print(status_table(found, lang))
    if bad:
        raise typer.Exit(REFUSED)


@app.command()
def compact(*, state: StateOption = None, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """立即压缩已结束的日子、删除过期的（平时自动）/ Compact closed days and drop old ones now; it happens by itself."""
    from ingest.store_jobs import JobRequest, Task

    with _told(as_json=as_json):
        found = _run(JobRequest(task=Task.COMPACT), state)
    words = {
        Language.ZH: "已压缩 {days} 日 {rows:,} 条读数；已删除 {dropped_days} 日 {dropped_rows:,} 条",
        Language.EN: "compacted {days} days, {rows:,} readings; dropped {dropped_days} days, {dropped_rows:,} readings",
    }
    _say(found, words[lang], as_json=as_json)


@app.command()
def backup(
    folder: NewFolder, *, state: StateOption = None, as_json: JsonOption = False, lang: LangOption = Language.ZH
) -> None:
    """备份到新目录，运行中也可，带清单和哈希 / Back up to a new folder, also while it runs, with hashes."""
    from ingest.store_jobs import JobRequest, Task

    with _told(as_json=as_json):
        found = _run(JobRequest(task=Task.BACKUP), state, folder)
    words = {
        Language.ZH: "已备份 {rows:,} 条读数，{files} 个文件，{bytes:,} 字节：{folder}",
        Language.EN: "backed up {rows:,} readings, {files} files, {bytes:,} bytes: {folder}",
    }
    _say(found | {"folder": str(folder)}, words[lang], as_json=as_json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="备份目录 / the backup's folder")],
    *,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="替换现有存储（改名保留）/ replace the store that is there (it is renamed)"),
    ] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """核对哈希后恢复备份；入库进程须先停止 / Restore a backup after checking every hash; ingest must be stopped."""
    from cli.store_door import door
    from ingest.duckdb_backup import restore as restored
    from ingest.duckdb_backup import shown

    with _told(as_json=as_json), _bar() as progress:
        path = door(state).path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = shown(restored(folder, path, overwrite=overwrite, progress=progress))
    words = {
        Language.ZH: "已恢复 {rows:,} 条读数：{path}",
        Language.EN: "restored {rows:,} readings: {path}",
    }
    _say(found | {"path": str(path)}, words[lang], as_json=as_json)


@app.command()
def export(
    folder: NewFolder,
    *,
    units: Annotated[list[str] | None, typer.Option("--unit", help="单位，可重复 / unit; may be repeated")] = None,
    devices: Annotated[
        list[str] | None,
        typer.Option("--device", help="设备 id 或 单位/设备 / device, or unit/device; may be repeated"),
    ] = None,
    points: Annotated[
        list[str] | None,
        typer.Option("--point", help="点位名或 单位/设备/点位 / point, or unit/device/point; may be repeated"),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="起 (含)，如 2027-01-15 或 2027-01-15T08:00:00+08:00 / from (included)")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="止 (不含) / to (not included)")] = None,
    file_format: Annotated[Format, typer.Option("--format", help="parquet 或 csv / parquet or csv")] = Format.PARQUET,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """导出读数供分析，每日一个文件 / Export readings for analysis, one file a day.

    没有时区的时间按 UTC / Times without a zone are UTC.
    """
    from ingest.duckdb_export import Selection
    from ingest.store_jobs import JobRequest, Task

    selection = Selection(
        units=tuple(units or ()),
        devices=tuple(devices or ()),
        points=tuple(points or ()),
        start_ns=_time_ns(start, 0),
        end_ns=_time_ns(end, LATEST_NS),
        format=file_format,
    )
    with _told(as_json=as_json):
        found = _run(JobRequest(task=Task.EXPORT, selection=selection), state, folder)
    words = {
        Language.ZH: "已导出 {rows:,} 条读数，{number} 个文件：{folder}",
        Language.EN: "exported {rows:,} readings, {number} files: {folder}",
    }
    _say(found | {"folder": str(folder), "number": len(found["files"])}, words[lang], as_json=as_json)


def _run(request: Any, state: Path | None, target: Path | None = None) -> dict[str, Any]:
    from cli.store_door import door

    with _bar() as progress:
        return door(state).run(request, target, progress)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how far the work is, once it says so."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def _told(*, as_json: bool) -> Iterator[None]:
    """Turn what goes wrong into words (or JSON) and an exit code."""
    try:
        yield
    except (RefusedError, StoreError, LinkError) as error:
        if as_json:
            print_json({"error": str(error)})
        typer.echo(str(error), err=True)
        raise typer.Exit(AWAY if isinstance(error, LinkError) else REFUSED) from error


def _say(found: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(words.format(**found))


def _time_ns(text: str | None, default: int) -> int:
    """Read a time; without a zone it is UTC."""
    if text is None:
        return default
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}': 2027-01-15, 2027-01-15T08:00:00Z, 2027-01-15T16:00:00+08:00") from error
    whole = found if found.tzinfo else found.replace(tzinfo=UTC)
    nanoseconds = round(whole.timestamp() * 1_000_000) * 1000
    if not 0 <= nanoseconds <= LATEST_NS:
        raise typer.BadParameter(f"'{text}' is out of range")
    return nanoseconds
