"""What the first frames of a device prove about its profile.

Only proof counts: a deviation is taken when the standard's reading is impossible. A time tag that is a time
in BCD alone, over all frames so far, proves BCD; one that could be both proves nothing. A heartbeat proves
itself. What makes the choice likely but proves nothing (versions, a maker's type) becomes a hint among the
reasons, for a person to decide. Without proof the standard stands. The same frames give the same verdict.

Addresses and component addresses can't be proven from frames: every six bytes are a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from domain.site.labels import Labels
from gateway.connectors.gb26875.profile import DeviceProfile, HeartbeatKind
from gateway.connectors.gb26875.profiles import KEEPALIVE_ANSWER, PROFILES, STANDARD
from gateway.connectors.gb26875.protocol import Command, Frame
from gateway.connectors.gb26875.stamps import TimeForm, time_in

Reason = tuple[str, str]
"""Why, in Chinese and English."""

_EVERY_FORM = frozenset(TimeForm)

_VERSIONS: Mapping[tuple[int, int], str] = MappingProxyType(
    {(0x10, 0x00): "fanhai_sanjiang", (0x01, 0x03): "dahua", (0x01, 0x20): "bt_firmware", (0x00, 0x02): "bt_firmware"}
)
"""Versions seen with a known make; a hint only, because versions are the maker's free choice."""

_FUBEI_FLAG = 0x96


@dataclass(slots=True)
class Evidence:
    """Gathers what frames of ONE device prove; holds a few sets, however many frames are added."""

    times: frozenset[TimeForm] = _EVERY_FORM
    heartbeats: frozenset[HeartbeatKind] = frozenset()
    answers_keepalive: bool = False
    timeless: frozenset[int] = frozenset()
    hints: frozenset[str] = frozenset()
    proofs: dict[TimeForm, bytes] = field(default_factory=dict)

    def add(self, frame: Frame) -> None:
        """Take a frame that the device sent; the tag of an answer may be a copy of ours, and proves nothing."""
        if frame.command not in (Command.CONFIRM, Command.RESPONSE, Command.DENY):
            self._add_time(frame.time)
        self._add_heartbeat(frame)
        data = frame.data
        if frame.command == Command.SEND and len(data) == 3 and data[:2] == b"\x15\x01":
            self.timeless |= {21}
        if frame.version in _VERSIONS:
            self.hints |= {_VERSIONS[frame.version]}
        if len(data) > 2 and data[0] == _FUBEI_FLAG and len(data) == 2 + 16 * data[1]:
            self.hints |= {"fubei"}

    def verdict(self) -> tuple[DeviceProfile, list[Reason]]:
        """Return the profile that is proven so far and why; equal evidence gives the very same profile object."""
        times, reasons = self._times()
        profile = _composed(times, self.heartbeats, self.timeless, answers_keepalive=self.answers_keepalive)
        reasons += [_HEARTBEAT_REASONS[kind] for kind in HeartbeatKind if kind in self.heartbeats]
        if self.answers_keepalive:
            reasons.append(("保活数据 16 需以 17 确认", "keepalive 16 is confirmed with 17"))
        if self.timeless:
            reasons.append(("类型 21 不带时间标签", "type 21 comes without its time"))
        reasons += [_hint(name) for name in sorted(self.hints)]
        return profile, reasons or [("无偏离标准的证据", "nothing proves a deviation from the standard")]

    def _add_time(self, raw: bytes) -> None:
        """Keep the forms in which every tag so far is a time; a tag that is none at all proves nothing."""
        possible = frozenset(form for form in TimeForm if time_in(raw, form) is not None)
        for form in (self.times - possible) if possible else ():
            self.proofs.setdefault(form, raw)
        if possible:
            self.times &= possible

    def _add_heartbeat(self, frame: Frame) -> None:
        match frame.command, len(frame.data):
            case Command.SEND, 1:
                self.answers_keepalive |= frame.data in KEEPALIVE_ANSWER
            case 7, 0:
                self.heartbeats |= {HeartbeatKind.COMMAND_7}
            case 254, _:
                self.heartbeats |= {HeartbeatKind.COMMAND_254}
            case _:
                pass

    def _times(self) -> tuple[TimeForm, list[Reason]]:
        """Return the form of times: the standard's while it is possible, else the only one that is left."""
        if TimeForm.BINARY in self.times:
            return TimeForm.BINARY, []
        tag = self.proofs[TimeForm.BINARY].hex(" ")
        if len(self.times) == 1:
            (form,) = self.times
            zh = f"时间标签 {tag} 不是二进制时间，只能按 {form.value} 读取"
            return form, [(zh, f"time tag {tag} is no binary time, only {form.value} fits")]
        zh = f"时间标签 {tag} 不是二进制时间，其他读法未定，暂按标准"
        return TimeForm.BINARY, [(zh, f"time tag {tag} is no binary time, and no other reading is certain")]


_HEARTBEAT_REASONS: Mapping[HeartbeatKind, Reason] = MappingProxyType(
    {
        HeartbeatKind.COMMAND_7: ("以命令 7 作心跳", "command 7 serves as heartbeat"),
        HeartbeatKind.COMMAND_254: ("以命令 254 作心跳", "command 254 serves as heartbeat"),
    }
)


def _hint(name: str) -> Reason:
    labels = PROFILES[name].labels
    return (
        f"提示：类似 {labels.zh}，确认后可设 profile: {name}",
        f"hint: looks like {labels.en}; set profile: {name} if it is",
    )


@lru_cache(maxsize=256)
def _composed(
    times: TimeForm, heartbeats: frozenset[HeartbeatKind], timeless: frozenset[int], *, answers_keepalive: bool
) -> DeviceProfile:
    """Return the standard with what was proven; one object for all devices that prove the same."""
    if times is TimeForm.BINARY and not (heartbeats or timeless or answers_keepalive):
        return STANDARD
    return replace(
        STANDARD,
        name="detected",
        labels=Labels(zh="由报文判定", en="Decided by its frames"),
        source="frames of the device itself",
        times=times,
        heartbeats=STANDARD.heartbeats | heartbeats,
        heartbeat_answers=KEEPALIVE_ANSWER if answers_keepalive else STANDARD.heartbeat_answers,
        timeless=timeless,
    )
