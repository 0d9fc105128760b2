"""A scenario against the site it is played on: every name in it must exist there."""

from __future__ import annotations

from collections.abc import Iterable

from domain.documents import Path, nearest
from domain.errors import ConfigurationError, Problem
from domain.site import Device, Registry
from simulators.catalogue import fault_kinds, find_device, find_transmitter, make_model
from simulators.devices.model import DeviceModel
from simulators.errors import UnknownNameError
from simulators.gb26875.equipment import equipment_of
from simulators.scenario import Placed, Scenario
from simulators.scenario_model import (
    AnswerStep,
    DeviceStep,
    ExpectStep,
    FaultStep,
    OperatorStep,
    RollCallStep,
    TransmitterStep,
)


def check_against(scenario: Scenario, registry: Registry) -> None:
    """Raise `ConfigurationError` with every device, point, word, person and zone that the site lacks."""
    problems = _Check(scenario, registry).problems()
    if problems:
        raise ConfigurationError(problems)


class _Check:
    """Walks the steps and collects what does not exist."""

    def __init__(self, scenario: Scenario, registry: Registry) -> None:
        self._scenario = scenario
        self._registry = registry
        self._zones = {zone.settings.id for zone in registry.zones.values()}
        self._found: list[Problem] = []

    def problems(self) -> list[Problem]:
        for placed in self._scenario.steps:
            match placed.step:
                case DeviceStep() as step:
                    self._device_step(placed.path, step)
                case TransmitterStep() as step:
                    self._transmitter_step(placed.path, step)
                case RollCallStep() as step:
                    self._transmitter((*placed.path, "roll_call"), step.roll_call)
                case FaultStep() as step:
                    self._fault_step(placed.path, step)
                case AnswerStep() as step:
                    self._name((*placed.path, "person"), step.person, self._registry.people, "person")
                case OperatorStep() as step:
                    self._place(placed.path, step.zone, step.device)
                case ExpectStep() as step:
                    self._expectations(placed, step)
        return self._found

    def _device_step(self, path: Path, step: DeviceStep) -> None:
        model = self._model((*path, "device"), step.device)
        if model is None:
            return
        for point, value in step.set.items():
            self._point((*path, "set", point), model, point, value)
        for point in step.ramp:
            self._point((*path, "ramp", point), model, point, 0.0)
        if step.replay is not None:
            self._point((*path, "replay", "to"), model, step.replay.to, 0.0)

    def _transmitter_step(self, path: Path, step: TransmitterStep) -> None:
        device = self._transmitter((*path, "transmitter"), step.transmitter)
        if device is None or step.component is None:
            return
        try:
            equipment_of(self._registry.transmitters[device.key].settings).component(step.component)
        except UnknownNameError as error:
            self._add((*path, "component"), error.reason, error.mend)

    def _transmitter(self, path: Path, name: str) -> Device | None:
        try:
            return find_transmitter(self._registry, name)
        except UnknownNameError as error:
            self._add(path, error.reason, error.mend)
            return None

    def _fault_step(self, path: Path, step: FaultStep) -> None:
        if step.fault.transmitter is not None:
            self._transmitter((*path, "fault", "transmitter"), step.fault.transmitter)
        if step.fault.device is None:
            return
        place = (*path, "fault", "device")
        if self._model(place, step.fault.device) is None:
            return
        kinds = fault_kinds(find_device(self._registry, step.fault.device))
        if step.fault.kind not in kinds:
            mend = f"use one of: {', '.join(sorted(kinds))}"
            self._add((*path, "fault", "kind"), "a device of this protocol has no such fault", mend)

    def _expectations(self, placed: Placed, step: ExpectStep) -> None:
        for at, expectation in enumerate(step.expect):
            path = (*placed.path, "expect", at)
            if expectation.alert is not None:
                self._place((*path, "alert"), expectation.alert.zone, expectation.alert.device)
                if expectation.alert.gateway is not None:
                    nodes = {gateway.gateway for gateway in self._registry.gateways.values()}
                    self._name((*path, "alert", "gateway"), expectation.alert.gateway, nodes, "gateway")
            if expectation.roll_call is not None:
                self._transmitter((*path, "roll_call", "transmitter"), expectation.roll_call.transmitter)
            if expectation.push is not None:
                self._name((*path, "push", "person"), expectation.push.person, self._registry.people, "person")

    def _place(self, path: Path, zone: str | None, device: str | None) -> None:
        if zone is not None:
            self._name((*path, "zone"), zone, self._zones, "zone")
        if device is not None:
            known = {item.settings.id for item in self._registry.devices.values()}
            self._name((*path, "device"), device, known, "device")

    def _model(self, path: Path, name: str) -> DeviceModel | None:
        """Return a throw-away model of the device to try values on; None with a problem noted."""
        try:
            device = find_device(self._registry, name)
        except UnknownNameError as error:
            self._add(path, error.reason, error.mend)
            return None
        model = make_model(device)
        if model is None:
            profile = device.profile.profile
            self._add(path, f"devices of profile '{profile}' are not simulated", "choose a device of another profile")
        return model

    def _point(self, path: Path, model: DeviceModel, point: str, value: object) -> None:
        try:
            model.set(point, value)
        except UnknownNameError as error:
            self._add(path, error.reason, error.mend)

    def _name(self, path: Path, name: str, known: Iterable[str], what: str) -> None:
        names = set(known)
        if name not in names:
            self._add(path, f"no such {what}", nearest(name, names))

    def _add(self, path: Path, message: str, mend: str) -> None:
        self._found.append(self._scenario.document.problem(path, message, mend))
