"""The connectors, by protocol: adding one is a folder and a line here.

Input: a connection of the site and its devices. Output: a `contract.Connector` that reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from domain.site import Connection, Device, Profile, Registry
from domain.site.labels import Settings
from gateway.connectors.contract import Connector, Finding, ReadSettings, Wiring
from gateway.connectors.gb26875 import findings as gb26875_findings
from gateway.connectors.gb26875.config import Gb26875Options, Gb26875Read, Gb26875Settings
from gateway.connectors.gb26875.connector import Gb26875Connector
from gateway.connectors.http_push import findings as http_push_findings
from gateway.connectors.http_push.config import HttpPushOptions, HttpPushSettings
from gateway.connectors.http_push.connector import HttpPushConnector
from gateway.connectors.jbf293k import findings as jbf293k_findings
from gateway.connectors.jbf293k.config import Jbf293kOptions, Jbf293kRead, Jbf293kSettings
from gateway.connectors.jbf293k.connector import Jbf293kConnector
from gateway.connectors.json_read import JsonRead
from gateway.connectors.modbus_tcp import findings as modbus_findings
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions, ModbusTcpSettings
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from gateway.connectors.modbus_tcp.reads import ModbusRead
from gateway.connectors.mqtt_json import findings as mqtt_findings
from gateway.connectors.mqtt_json.config import MqttJsonSettings, MqttProfileOptions
from gateway.connectors.mqtt_json.connector import MqttJsonConnector
from gateway.connectors.sparkplug import findings as sparkplug_findings
from gateway.connectors.sparkplug.config import SparkplugOptions, SparkplugRead, SparkplugSettings
from gateway.connectors.sparkplug.connector import SparkplugConnector


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What a protocol's parts of the site must look like, and how its connector is made."""

    settings: type[Settings]
    options: type[Settings]
    read: type[ReadSettings]
    connector: Callable[[Wiring], Connector]
    check_connection: Callable[[Connection, Registry, Sequence[Device]], list[Finding]]
    check_profile: Callable[[Profile], list[Finding]]
    heeds: frozenset[str] = frozenset()
    """Which of ``report``, ``period_s`` and ``part`` of a point it acts on; the others are refused, never ignored."""


CONNECTORS: Mapping[str, Protocol] = MappingProxyType(
    {
        "gb26875": Protocol(
            settings=Gb26875Settings,
            options=Gb26875Options,
            read=Gb26875Read,
            connector=Gb26875Connector,
            check_connection=gb26875_findings.check_connection,
            check_profile=gb26875_findings.check_profile,
        ),
        "jbf293k": Protocol(
            settings=Jbf293kSettings,
            options=Jbf293kOptions,
            read=Jbf293kRead,
            connector=Jbf293kConnector,
            check_connection=jbf293k_findings.check_connection,
            check_profile=jbf293k_findings.check_profile,
        ),
        "http_push": Protocol(
            settings=HttpPushSettings,
            options=HttpPushOptions,
            read=JsonRead,
            connector=HttpPushConnector,
            check_connection=http_push_findings.check_connection,
            check_profile=http_push_findings.check_profile,
        ),
        "modbus_tcp": Protocol(
            settings=ModbusTcpSettings,
            options=ModbusProfileOptions,
            read=ModbusRead,
            connector=ModbusTcpConnector,
            check_connection=modbus_findings.check_connection,
            check_profile=modbus_findings.check_profile,
            heeds=frozenset({"report", "period_s", "part"}),
        ),
        "mqtt_json": Protocol(
            settings=MqttJsonSettings,
            options=MqttProfileOptions,
            read=JsonRead,
            connector=MqttJsonConnector,
            check_connection=mqtt_findings.check_connection,
            check_profile=mqtt_findings.check_profile,
            heeds=frozenset({"report"}),
        ),
        "sparkplug": Protocol(
            settings=SparkplugSettings,
            options=SparkplugOptions,
            read=SparkplugRead,
            connector=SparkplugConnector,
            check_connection=sparkplug_findings.check_connection,
            check_profile=sparkplug_findings.check_profile,
        ),
    }
)
