"""The session of one edge as a host must see it: births, aliases, sequence, deaths; no input or output.

| what comes | what is done |
|---|---|
| NBIRTH | all aliases are forgotten and those of the birth learned; its devices must be born again |
| DBIRTH | the device's aliases are replaced |
| data with a name that a birth has | taken |
| data with an alias only | taken, unless a message is missing since the last NBIRTH |
| data of what is not born, an unknown name or alias, one that a birth gives twice | set aside; births are asked for |
| NDEATH with another bdSeq than the birth's | a late word about an earlier session: nothing |

A missing message may have been a birth that dealt the aliases anew, and a fire must not be read as another point's.
What is set aside is a code and words; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway.connectors.sparkplug.protocol import Message, MessageType, Metric, Topic, as_datatype

SEQ_VALUES = 256

Device = str | None
"""An edge's own name of a device; None for the edge itself."""


@dataclass(slots=True)
class Heard:
    """What a message means; ``rebirth`` is why births should be asked for, empty where they need not."""

    came_up: bool = False
    went_down: bool = False
    born: list[Device] = field(default_factory=list)
    died: list[Device] = field(default_factory=list)
    values: list[tuple[Device, Metric]] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    rebirth: str = ""
    is_birth: bool = False
    gap: bool = False


class EdgeSession:
    """Takes the messages of one edge in their order."""

    def __init__(self) -> None:
        """Begin with an edge that is not born."""
        self.is_up = False
        self.bd_seq: int | None = None
        self.in_doubt = False
        """Tells whether a message is missing since the last NBIRTH: aliases may mean something else by now."""
        self._seq: int | None = None
        self._births: dict[Device, dict[str, int | None]] = {}
        self._aliases: dict[int, tuple[Device, str] | None] = {}
        """None for an alias that was given twice."""

    @property
    def devices(self) -> list[str]:
        """The devices that are born, by the edge's own names."""
        return [device for device in self._births if device is not None]

    def missed(self) -> None:
        """The broker was away: nobody knows what was said meanwhile."""
        self.in_doubt, self._seq = True, None

    def gone(self) -> None:
        """Forget the session: the edge is taken for dead."""
        self.is_up = False
        self._births, self._aliases = {}, {}

    def take(self, topic: Topic, message: Message) -> Heard:
        """Return what a message means."""
        heard = Heard()
        if topic.type is MessageType.NBIRTH:
            self._node_birth(message, heard)
            return heard
        if topic.type is MessageType.NDEATH:
            self._node_death(message, heard)
            return heard
        if not self.is_up:
            heard.aside.append(("not_born", f"{topic.type} before an NBIRTH"))
            heard.rebirth = "not_born"
            return heard
        self._follow(message, heard)
        match topic.type:
            case MessageType.DBIRTH:
                self._birth(topic.device, message, heard)
            case MessageType.DDEATH:
                self._device_death(topic.device, heard)
            case _:
                self._data(topic.device, message, heard)
        return heard

    def _node_birth(self, message: Message, heard: Heard) -> None:
        heard.came_up = not self.is_up or message.bd_seq != self.bd_seq
        self.is_up, self.bd_seq, self.in_doubt = True, message.bd_seq, False
        self._seq = message.seq if message.seq is not None else 0
        self._births, self._aliases = {}, {}
        self._birth(None, message, heard)

    def _node_death(self, message: Message, heard: Heard) -> None:
        if None not in (message.bd_seq, self.bd_seq) and message.bd_seq != self.bd_seq:
            heard.aside.append(("late_death", f"NDEATH of session {message.bd_seq}, now it is {self.bd_seq}"))
            return
        heard.went_down = self.is_up
        self.gone()

    def _follow(self, message: Message, heard: Heard) -> None:
        """Follow the sequence; a number that does not follow puts aliases in doubt."""
        if message.seq is None:
            heard.aside.append(("no_seq", "a message without seq"))
            return
        if self._seq is not None and message.seq != (self._seq + 1) % SEQ_VALUES:
            heard.gap = self.in_doubt = True
            heard.rebirth = "gap"
        self._seq = message.seq % SEQ_VALUES

    def _birth(self, device: Device, message: Message, heard: Heard) -> None:
        """Learn the names and aliases of a birth; its values are readings too."""
        self._forget(device)
        names = self._births[device] = {}
        heard.is_birth = True
        heard.born.append(device)
        for metric in message.metrics:
            if not metric.name or metric.name in names:
                heard.aside.append(("birth_name", f"'{metric.name[:80]}' is no name, or stands twice in a birth"))
                continue
            names[metric.name] = metric.datatype
            if metric.alias is not None:
                if metric.alias in self._aliases:
                    heard.aside.append(
                        ("alias_twice", f"alias {metric.alias} of '{metric.name[:80]}' is another's too")
                    )
                    self._aliases[metric.alias] = None
                else:
                    self._aliases[metric.alias] = (device, metric.name)
            heard.values.append((device, metric))

    def _device_death(self, device: Device, heard: Heard) -> None:
        if device in self._births:
            heard.died.append(device)
        self._forget(device)

    def _data(self, device: Device, message: Message, heard: Heard) -> None:
        if device not in self._births:
            heard.aside.append(("not_born", f"data of '{device}' before its DBIRTH"))
            heard.rebirth = "not_born"
            return
        for metric in message.metrics:
            found = self._named(device, metric, heard)
            if found is not None:
                heard.values.append((device, found))

    def _named(self, device: Device, metric: Metric, heard: Heard) -> Metric | None:
        """Return a metric with its name and datatype; None when it is set aside."""
        code, name = self._name_of(device, metric)
        if code:
            what = f"'{metric.name[:80]}'" if metric.name else f"alias {metric.alias}"
            heard.aside.append((code, f"{what} of {device or 'the edge itself'}"))
            heard.rebirth = heard.rebirth or code
            return None
        known = as_datatype(metric, self._births[device][name])
        return known if metric.name else replace(known, name=name)

    def _name_of(self, device: Device, metric: Metric) -> tuple[str, str]:
        """Return why a metric can't be placed, or its name."""
        owner = self._aliases.get(metric.alias) if metric.alias is not None else None
        if metric.name:
            if metric.name not in self._births[device]:
                return "unknown_name", ""
            is_other = owner is not None and not self.in_doubt and owner != (device, metric.name)
            return ("alias_conflict", "") if is_other else ("", metric.name)
        if self.in_doubt:
            return "alias_in_doubt", ""
        if owner is None:
            return "unknown_alias", ""
        return ("", owner[1]) if owner[0] == device else ("alias_of_another", "")

    def _forget(self, device: Device) -> None:
        self._births.pop(device, None)
        for alias in list(self._of(device)):
            del self._aliases[alias]

    def _of(self, device: Device) -> Iterator[int]:
        return (alias for alias, owner in self._aliases.items() if owner is not None and owner[0] == device)
