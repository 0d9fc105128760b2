"""Where the Modbus commands read: ``HOST``, ``HOST:PORT`` or a serial port, and the options that go with it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from gateway.connectors.modbus_tcp.config import BAUDS, ModbusTcpSettings, Transport
from gateway.connectors.serial_port import Parity

TargetArgument = Annotated[
    str,
    typer.Argument(metavar="HOST[:PORT]|DEVICE", help="服务器或串口 / a server, or a serial port such as /dev/ttyUSB0"),
]
BaudOption = Annotated[int, typer.Option(help=f"串口速率 / speed of a serial port: {', '.join(map(str, BAUDS))}")]
ParityOption = Annotated[Parity, typer.Option(help="串口校验 / parity of a serial port")]
RtuOption = Annotated[
    bool, typer.Option("--rtu/--mbap", help="转换器透传 RTU 帧 / a converter that passes RTU frames through")
]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0.01, max=30, help="等待应答秒数 / seconds to wait")]


def settings_of(target: str, *, rtu: bool = False, timeout_s: float = 0.5, **serial: Any) -> ModbusTcpSettings:
    """Return the settings of a line; raises BadParameter for a target that makes no sense."""
    values: dict[str, Any] = {"timeout_s": timeout_s}
    if target.startswith("/"):
        values |= {"transport": Transport.SERIAL, "device": target, **serial}
    else:
        host, port = _host_and_port(target)
        values |= {"transport": Transport.RTU_OVER_TCP if rtu else Transport.TCP, "host": host, "port": port}
    try:
        return ModbusTcpSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _host_and_port(target: str) -> tuple[str, int]:
    """Part ``host:port``; an IPv6 address with a port stands in brackets."""
    host, colon, port = target.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return target.strip("[]"), 502
    if not port.isdecimal():
        raise typer.BadParameter(f"端口应为数字 / a port is a number: {target}")
    return host.strip("[]"), int(port)
