"""``fengsui gb26875 decode|encode``: frames as people read them, as JSON, and back to bytes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_capture import Capture, CaptureError, read_capture, read_words
from cli.gb26875_output import print_json
from cli.gb26875_stream import Found, Profiles, take_apart
from cli.gb26875_view import frame_table, verdict_lines
from domain.site import Labels
from domain.site.transmitters import AUTO
from gateway.connectors.gb26875.profile import DeviceProfile, address_text
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD, profile_named
from gateway.connectors.gb26875.protocol import MOST_DATA, Received
from gateway.connectors.gb26875.wire_json import frame_document, frame_from_document

SOME_BAD = 1
STDIN = "-"

ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME",
        help=f"装置型号档案 / how the device deviates: {', '.join(PROFILES)}; {AUTO}: by its first frames",
    ),
]


def decode(
    hexes: Annotated[
        list[str] | None,
        typer.Argument(metavar="HEX…", help="十六进制报文，- 为标准输入 / hex, or - : standard input"),
    ] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="抓包文件 / a capture: hex, a dump, a log, or raw bytes"),
    ] = None,
    profile: ProfileOption = STANDARD.name,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """逐字节解释报文 / Explain frames byte by byte: name, value, and where the standard has it.

    Hex comes from the arguments, from standard input, or from a file: any number of frames, of both
    directions, with spaces, commas, 0x, line breaks, log lines or dumps around them.

    Exit codes: 0 all frames good; 1 something was refused (it is shown where it stands, with the mend); 2 wrong usage.
    """
    capture = _capture(hexes or [], file)
    profiles = Profiles(chosen_profile(profile))
    found = take_apart(capture.data, profiles.chosen.most_data if profiles.chosen else MOST_DATA)
    for one in found:
        if isinstance(one.event, Received):
            profiles.add(one.event.frame)
    if as_json:
        print_json([frame_document(one.event, profiles.of_event(one.event)) for one in found])
    else:
        _show(found, capture, profiles, lang)
    _say_verdicts(profiles, lang, asked=profile == AUTO)
    if any(not isinstance(one.event, Received) for one in found):
        raise typer.Exit(SOME_BAD)


def encode(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON 文件，- 为标准输入 / JSON; - : standard input")
    ] = STDIN,
    *,
    profile: ProfileOption = STANDARD.name,
    binary: Annotated[
        bool,
        typer.Option("--binary/--hex", help="二进制，或每行一帧十六进制 / raw bytes, or hex, a frame a line"),
    ] = False,
) -> None:
    """由 JSON 生成报文 / Make frames of the JSON that decode --json writes: a list, an object, or one object a line.

    Documents of refused bytes ("ok": false) are left out, and said so.

    Exit codes: 0 all written; 1 some were left out; 2 the JSON or a value in it is wrong.
    """
    chosen = chosen_profile(profile)
    if chosen is None:
        raise typer.BadParameter("编码时请写明型号档案 / name the profile to write in", param_hint="--profile")
    documents = list(_documents(_text(file)))
    good = [(number, one) for number, one in enumerate(documents, 1) if one.get("ok", True)]
    frames = [_frame(one, number, chosen) for number, one in good]
    if binary:
        sys.stdout.buffer.write(b"".join(frames))
        sys.stdout.buffer.flush()
    else:
        for frame in frames:
            typer.echo(frame.hex())
    if left := len(documents) - len(good):
        typer.echo(f"略去 {left} 个未接收的报文 / left out {left} documents of refused bytes", err=True)
        raise typer.Exit(SOME_BAD)


def _capture(hexes: Sequence[str], file: Path | None) -> Capture:
    """Return the bytes that were meant; raises BadParameter for none, and for two sources."""
    piped = list(hexes) == [STDIN] or not (hexes or file or sys.stdin.isatty())
    if file is not None and hexes:
        raise typer.BadParameter("给出报文或文件，不要都给 / give hex or --file, not both")
    if not (hexes or file or piped):
        raise typer.BadParameter("给出报文、--file 或管道输入 / give hex, --file, or pipe something in")
    try:
        if file is not None:
            return read_capture(file.read_bytes())
        return read_capture(sys.stdin.buffer.read()) if piped else read_words(hexes)
    except (CaptureError, OSError) as error:
        raise typer.BadParameter(str(error)) from None


def chosen_profile(name: str) -> DeviceProfile | None:
    """Return the profile of an option, None for ``auto``; raises BadParameter with the nearest name."""
    if name == AUTO:
        return None
    try:
        return profile_named(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--profile") from None


def _show(found: Sequence[Found], capture: Capture, profiles: Profiles, lang: Language) -> None:
    console = Console()
    for number, one in enumerate(found, 1):
        console.print(frame_table(one.event, profiles.of_event(one.event), _title(number, one, capture, lang), lang))
    good = sum(isinstance(one.event, Received) for one in found)
    bad = len(found) - good
    counts = Labels(zh=f"{good} 帧正确，{bad} 处未接收", en=f"{good} good frames, {bad} refusals")
    console.print(counts.of(lang), highlight=False)
    if capture.passed_over:
        lines = capture.passed_over
        console.print(Labels(zh=f"{lines} 行没有报文字节", en=f"{lines} lines held no bytes").of(lang), highlight=False)


def _title(number: int, one: Found, capture: Capture, lang: Language) -> str:
    line = capture.line_of(one.offset)
    last = one.offset + (len(one.event.raw) if isinstance(one.event, Received) else one.event.size)
    zh = f"#{number}  字节 {one.offset + 1}–{last}" + (f"  第 {line} 行" if line else "")
    en = f"#{number}  bytes {one.offset + 1}–{last}" + (f"  line {line}" if line else "")
    return Labels(zh=zh, en=en).of(lang)


def _say_verdicts(profiles: Profiles, lang: Language, *, asked: bool) -> None:
    """Say on standard error what is proven: all of it when asked, else only what the chosen profile contradicts."""
    console = Console(stderr=True)
    for source, (proven, reasons) in profiles.verdicts().items():
        if asked:
            console.print(verdict_lines(address_text(source, proven), proven, reasons, lang), soft_wrap=True)
        elif profiles.chosen is STANDARD and proven is not STANDARD:
            text = verdict_lines(address_text(source, proven), proven, reasons, lang)
            console.print(text.append(f" → --profile {AUTO}"), soft_wrap=True)


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == STDIN else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error)) from None


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the documents of a list, of one object, or of one object a line."""
    try:
        content = json.loads(text)
    except ValueError:
        content = [_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, one in enumerate(content if isinstance(content, list) else [content], 1):
        if not isinstance(one, dict):
            raise typer.BadParameter(
                f"第 {number} 项不是对象 / item {number} is no object, as decode --json writes them"
            )
        yield one
    if content == []:
        raise typer.BadParameter("没有报文 / no frames in it")


def _line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise typer.BadParameter(f"第 {number} 行不是 JSON / line {number} is no JSON: {error}") from None


def _frame(document: Mapping[str, Any], number: int, profile: DeviceProfile) -> bytes:
    try:
        return frame_from_document(document, profile).encode()
    except ValueError as error:
        raise typer.BadParameter(f"第 {number} 个报文 / frame {number}: {error}") from None
