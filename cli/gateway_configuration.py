"""One gateway's part of a site: read from a folder or from the few files of a bundle, by the same code.

A bundle holds the gateway's own file and the profiles it uses word for word, and of ``site.yaml`` what a gateway
needs: name, time zone, the units of the gateway and of its transmitters with their zones. No people, no channels, no
floor plans, no other gateway. ``${NAME}`` stays as it is written: secrets are filled in where the gateway runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli.site_files import SiteDocuments, checked, read_site
from domain.documents import Document
from domain.documents import Path as FieldPath
from domain.errors import ConfigurationError, Problem
from domain.site import Registry
from gateway.reload.bundle import MOST_BYTES, NAME, Bundle, BundleError
from gateway.reload.configuration import Configuration
from gateway.reload.plan import lines_of

VERSION_DIGITS = 12
KEPT_KEYS = ("site", "labels", "timezone", "backbone")
"""Of ``site.yaml``, beside the units."""


def loader(site: Path, unit: str, gateway: str) -> Callable[[Mapping[str, str] | None], Configuration]:
    """Return what reads a gateway's configuration: see `gateway.reload.configuration.Load`."""

    def load(files: Mapping[str, str] | None) -> Configuration:
        return load_folder(site, unit, gateway) if files is None else load_files(files, unit, gateway)

    return load


def load_folder(site: Path, unit: str, gateway: str, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check a site folder for one of its gateways; raises ConfigurationError with every problem."""
    documents = read_site(site, environment)
    registry = checked(documents)
    document = _document_of(documents, unit, gateway)
    if document is None:
        return Configuration(registry=registry, version="", files={})
    profiles = _profiles_of(registry, documents, unit, gateway)
    units = _units_of(registry, unit, gateway)
    reduced = _reduced(written(documents.site), units)
    told = {
        "site": reduced,
        "gateway": written(document),
        "profiles": {name: written(one) for name, one in profiles.items()},
    }
    files = {"site.yaml": json.dumps(reduced, ensure_ascii=False, indent=1)}
    files[_name("gateways", document.file, gateway)] = _text(site / document.file)
    for name, profile in profiles.items():
        if (site / profile.file).is_file() and profile.file.startswith("profiles/"):
            files[_name("profiles", profile.file, name)] = _text(site / profile.file)
    return Configuration(registry=registry, version=version_of(told), files=files)


def load_files(
    files: Mapping[str, str], unit: str, gateway: str, environment: Mapping[str, str] = os.environ
) -> Configuration:
    """Read and check the files of a bundle, as a folder of their own; raises ConfigurationError."""
    with tempfile.TemporaryDirectory(prefix="fengsui-config-") as name:
        folder = Path(name)
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return load_folder(folder, unit, gateway, environment)


def bundle_of(configuration: Configuration, *, by: str, note: str, time_ns: int) -> Bundle:
    """Return what the centre stores for a gateway; raises ConfigurationError when it is too large."""
    bundle = Bundle(files=configuration.files, by=by, note=note, time_ns=time_ns)
    try:
        bundle.encode()
    except BundleError as error:
        mend = f"split the gateway's devices over two gateways; a bundle has at most {MOST_BYTES} bytes"
        problem = Problem(file="gateways/", line=1, field="", value=None, message=str(error), mend=mend)
        raise ConfigurationError([problem]) from error
    return bundle


def version_of(told: Any) -> str:
    """Return the version of what was written: comments, the order of keys and values of variables don't count."""
    text = json.dumps(_plain(told), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:VERSION_DIGITS]


def written(document: Document) -> Any:
    """Return a document's data with ``${NAME}`` where the environment filled something in."""

    def copied(value: Any, path: FieldPath) -> Any:
        text = document.written.get(document.in_file(path))
        if text is not None:
            return text
        if isinstance(value, Mapping):
            return {key: copied(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [copied(item, (*path, at)) for at, item in enumerate(value)]
        return value

    return copied(document.data, ())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _document_of(documents: SiteDocuments, unit: str, gateway: str) -> Document | None:
    for document in documents.gateways:
        if (document.value(("unit",)), document.value(("gateway",))) == (unit, gateway):
            return document
    return None


def _profiles_of(registry: Registry, documents: SiteDocuments, unit: str, gateway: str) -> dict[str, Document]:
    """Return the documents of the profiles that a gateway uses, by name."""
    lines = lines_of(registry, registry.gateways[f"{unit}/{gateway}"]).values()
    names = {profile.profile for line in lines for profile in line.profiles}
    found = {str(one.value(("profile",))): one for one in documents.profiles}
    return {name: found[name] for name in sorted(names)}


def _units_of(registry: Registry, unit: str, gateway: str) -> frozenset[str]:
    return frozenset({unit, *(one.settings.unit for one in registry.hosted_by(unit, gateway))})


def _reduced(site: Any, units: frozenset[str]) -> dict[str, Any]:
    """Return the part of ``site.yaml`` that a gateway of these units needs."""
    kept = {key: site[key] for key in KEPT_KEYS if key in site}
    return {**kept, "units": [_without_people(one) for one in site["units"] if one["id"] in units]}


def _without_people(unit: Mapping[str, Any]) -> dict[str, Any]:
    """Return a unit without people, and without its drawings: those of the centre's screens."""
    told = _without(unit, "safety_manager", "location")
    told["buildings"] = [
        {
            **_without(building, "floors"),
            "zones": [_without(zone, "responsible", "at", "outline") for zone in building.get("zones") or []],
        }
        for building in unit["buildings"]
    ]
    return told


def _without(thing: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in keys}


def _name(folder: str, file: str, fallback: str) -> str:
    """Return the name of a file in a bundle: its own where that is a plain one."""
    return file if NAME.fullmatch(file) else f"{folder}/{fallback}.yaml"


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")
