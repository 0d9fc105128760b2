"""A frame told byte by byte, for people: where, which field, what it says, and where the standard has it.

The rows of one frame or refusal cover its bytes exactly once, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.site.labels import Labels
from gateway.connectors.gb26875.field_words import Said, moment_words, name_words, same, value_words
from gateway.connectors.gb26875.layouts import FIELD_LABELS, layout_of
from gateway.connectors.gb26875.objects import Heartbeat, InformationObject, Raw, RawReason, Unit, decode_unit
from gateway.connectors.gb26875.profile import DeviceProfile, address_text
from gateway.connectors.gb26875.protocol import END, Frame, FrameError, Received, Rejected
from gateway.connectors.gb26875.tables import command_name, type_name

STANDARD_NAME = "GB/T 26875.3-2011"

ERROR_LABELS: Mapping[FrameError, Labels] = MappingProxyType(
    {
        FrameError.START: Labels(zh="不属于任何报文的字节", en="bytes that belong to no frame"),
        FrameError.LENGTH: Labels(zh="长度超过 1024", en="length above 1024"),
        FrameError.OVERSIZE: Labels(zh="长度超过装置允许值", en="length above what the device's profile allows"),
        FrameError.END: Labels(zh="结束符不是 23 23", en="end is not 23 23"),
        FrameError.CHECKSUM: Labels(zh="校验和错误", en="wrong checksum"),
        FrameError.HALF: Labels(zh="报文不完整", en="frame broke off"),
        FrameError.REGISTRATION: Labels(zh="TD 注册行（非标准）", en="TD registration line, not in the standard"),
        FrameError.HEX_TEXT: Labels(zh="以十六进制文本发送的报文", en="frame sent as hexadecimal text"),
    }
)

RAW_LABELS: Mapping[RawReason, Labels] = MappingProxyType(
    {
        RawReason.RESERVED: Labels(zh="保留类型", en="reserved type"),
        RawReason.OF_MAKER: Labels(zh="用户自定义类型", en="maker's own type"),
        RawReason.UNDEFINED: Labels(zh="未定义类型", en="undefined type"),
        RawReason.SIZE: Labels(zh="长度与类型和对象数目不符", en="size does not fit type and object count"),
        RawReason.CUT: Labels(zh="信息对象不完整", en="object is cut off"),
        RawReason.NO_TYPE: Labels(zh="缺少类型或对象数目", en="type or object count missing"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field: ``offset`` counts from 0 within the frame, ``source`` is the place in the standard."""

    offset: int
    raw: bytes
    name: Said
    value: Said
    source: str


def explain(event: Received | Rejected, profile: DeviceProfile) -> list[Row]:
    """Return the rows of a frame, or of what was refused; never raises, whatever the bytes."""
    frame = event.frame
    if frame is None:
        error = ERROR_LABELS[event.error] if isinstance(event, Rejected) else ERROR_LABELS[FrameError.START]
        value = Said(error.zh, error.en)
        return [Row(offset=0, raw=event.raw, name=Said("未接收", "refused"), value=value, source=STANDARD_NAME)]
    return [*_control(event.raw, frame, profile), *_data(frame, profile), *_tail(event.raw)]


def _row(offset: int, raw: bytes, name: Said, value: Said, place: str) -> Row:
    return Row(offset=offset, raw=raw, name=name, value=value, source=f"{STANDARD_NAME}, {place}")


def _control(raw: bytes, frame: Frame, profile: DeviceProfile) -> Iterator[Row]:
    """Yield bytes 1 to 27."""
    fields = (
        (2, Said("启动符", "start"), same("@@")),
        (2, Said("业务流水号", "business sequence number"), same(frame.sequence)),
        (2, Said("协议版本号", "protocol version"), same(f"{frame.version[0]}.{frame.version[1]}")),
        (6, Said("时间标签", "time tag"), moment_words(frame.time, profile.times)),
        (6, Said("源地址", "source address"), same(address_text(frame.source, profile))),
        (6, Said("目的地址", "destination address"), same(address_text(frame.destination, profile))),
        (2, Said("应用数据单元长度", "application data length"), same(len(frame.data))),
        (1, Said("命令字节", "command"), name_words(frame.command, command_name)),
    )
    offset = 0
    for size, name, value in fields:
        place = f"bytes {offset + 1}-{offset + size}" if size > 1 else f"byte {offset + 1}"
        yield _row(offset, raw[offset : offset + size], name, value, place)
        offset += size


def _data(frame: Frame, profile: DeviceProfile) -> Iterator[Row]:
    """Yield the application data unit."""
    unit, data = decode_unit(frame, profile), frame.data
    if unit.type is None:
        if data:
            yield _row(
                27, data, Said("应用数据", "application data"), _unread(unit.objects[0]), "application data unit"
            )
        return
    yield _row(27, data[:1], Said("类型标志", "type flag"), name_words(unit.type, type_name), "type flags")
    yield _row(28, data[1:2], Said("信息对象数目", "object count"), same(unit.count), "application data unit")
    yield from _objects(unit, unit.type, profile)


def _objects(unit: Unit, flag: int, profile: DeviceProfile) -> Iterator[Row]:
    known, offset = profile.shapes.get(flag, flag), 29
    count = sum(not isinstance(item, Raw) for item in unit.objects)
    for number, item in enumerate(unit.objects, start=1):
        if isinstance(item, Raw):
            if item.data:
                yield _row(offset, item.data, Said("信息对象", "objects"), _unread(item), f"type {flag}")
            continue
        for field, raw in layout_of(item, flag, profile).pieces(item):
            value = value_words(field, item, known, profile)
            yield _row(offset, raw, _field_name(field, number, count), value, f"type {known}")
            offset += len(raw)


def _field_name(field: str, number: int, count: int) -> Said:
    labels = FIELD_LABELS[field]
    return Said(labels.zh, labels.en) if count == 1 else Said(f"{labels.zh} {number}", f"{labels.en} {number}")


def _tail(raw: bytes) -> Iterator[Row]:
    at = len(raw) - 3
    right = sum(raw[2:at]) & 0xFF
    wrong = Said(f"错误，应为 {right:02x}", f"wrong, should be {right:02x}")
    value = Said("正确", "right") if right == raw[at] else wrong
    yield _row(at, raw[at : at + 1], Said("校验和", "checksum"), value, "checksum")
    no_end = ERROR_LABELS[FrameError.END]
    end = same("##") if raw[at + 1 :] == END else Said(no_end.zh, no_end.en)
    yield _row(at + 1, raw[at + 1 :], Said("结束符", "end"), end, "end characters")


def _unread(item: InformationObject) -> Said:
    if isinstance(item, Heartbeat):
        return Said("心跳（非标准）", "heartbeat, not in the standard")
    labels = RAW_LABELS[item.reason] if isinstance(item, Raw) else RAW_LABELS[RawReason.NO_TYPE]
    return Said(labels.zh, labels.en)
