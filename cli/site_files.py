"""A site folder on disk → documents → `Registry`.

    SITE/site.yaml          units, buildings, zones, people, channels, store      required
    SITE/gateways/*.yaml    gateways with their connections and devices           at least one
    SITE/profiles/*.yaml    device profiles; one named like a built-in replaces it
    SITE/calendars/*.yaml   public holidays and the working days that make up for them
    SITE/rules/*.yaml       the site's own rules (read by `load_documents` when rules are loaded)
    SITE/plans/*.svg        floor plans, those that site.yaml names

Every file that can't be read is reported in one go, before anything is checked against anything else. Entries with
``repeat`` are written out here (`domain.templates`): nobody behind this module knows of them.
"""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cli.store_url import with_named_store
from cli.yaml_documents import read_document
from domain.documents import Document, gathered
from domain.errors import ConfigurationError, Problem
from domain.site import Registry, build_registry
from domain.site.floor_plans import ReadPlan, no_plan_file
from domain.site.models import Profile
from domain.site.svg import MOST_BYTES
from domain.templates import expanded
from gateway import profiles_dir
from gateway.check import PROTOCOLS, check_site

BUILT_IN_PROFILES = profiles_dir()
"""Profiles that come with the gateway package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDocuments:
    """What a site's files say, unchecked; ``profiles`` includes the built-in ones it did not replace."""

    site: Document
    gateways: tuple[Document, ...]
    profiles: tuple[Document, ...]
    calendars: tuple[Document, ...] = ()
    read_plan: ReadPlan = field(default=no_plan_file, compare=False)


def load_registry(site: Path, environment: Mapping[str, str] = os.environ) -> Registry:
    """Read and check the site folder ``site``; raises `ConfigurationError` with every problem found.

    A store that the environment names (`cli.store_url`) stands in for that of ``site.yaml``.
    """
    documents = read_site(site, environment)
    return checked(replace(documents, site=with_named_store(documents.site, environment)))


def built_in_profiles() -> list[Profile]:
    """Return the profiles that come with the gateway, for who asks about device kinds without a site."""
    documents = load_documents(BUILT_IN_PROFILES, root=BUILT_IN_PROFILES.parent.parent)
    return [Profile.model_validate(expanded(document).data) for document in documents]


def checked(documents: SiteDocuments) -> Registry:
    """Check what a site's files say; raises `ConfigurationError` with every problem found."""
    registry = build_registry(
        documents.site,
        documents.gateways,
        documents.profiles,
        PROTOCOLS,
        calendars=documents.calendars,
        read_plan=documents.read_plan,
    )
    problems = check_site(registry, documents.gateways, documents.profiles)
    if not _is_time_zone(registry.site.timezone):
        problems.append(documents.site.problem(("timezone",), "no such time zone", "use a name such as Asia/Shanghai"))
    if problems:
        raise ConfigurationError(gathered(problems))
    return registry


def read_site(site: Path, environment: Mapping[str, str] = os.environ, *, needs_gateway: bool = True) -> SiteDocuments:
    """Read the YAML files of a site folder and the built-in profiles.

    Raises `ConfigurationError` with the problems of all unreadable files together.
    """
    if not site.is_dir():
        raise _missing(str(site), "no such folder", "give the folder that holds site.yaml")
    if not (site / "site.yaml").is_file():
        raise _missing("site.yaml", f"not found in {site}", "add site.yaml, or give the folder that holds it")
    if needs_gateway and not any((site / "gateways").glob("*.yaml")):
        raise _missing("gateways/", f"no gateway file in {site}", "add gateways/<id>.yaml, one file a gateway")
    problems: list[Problem] = []
    roots = _read([site / "site.yaml"], site, environment, problems)
    gateways = _read(_yaml_files(site / "gateways", site, problems), site, environment, problems)
    own = _read(_yaml_files(site / "profiles", site, problems), site, environment, problems)
    calendars = _read(_yaml_files(site / "calendars", site, problems), site, environment, problems)
    built_in = load_documents(BUILT_IN_PROFILES, root=BUILT_IN_PROFILES.parent.parent, environment=environment)
    roots, gateways, own, built_in = (_written_out(one, problems) for one in (roots, gateways, own, built_in))
    if problems:
        raise ConfigurationError(problems)
    replaced = {str(document.value(("profile",))) for document in own}
    kept = tuple(document for document in built_in if str(document.value(("profile",))) not in replaced)
    return SiteDocuments(
        site=roots[0], gateways=gateways, profiles=(*own, *kept), calendars=calendars, read_plan=_plan_reader(site)
    )


def _plan_reader(site: Path) -> ReadPlan:
    """Return what reads the bytes of floor plans, no more of a file than shows that it is too large."""

    def read(name: str) -> bytes | None:
        try:
            with (site / name).open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except OSError:
            return None

    return read


def read_list_site(
    site: Path, environment: Mapping[str, str] = os.environ
) -> tuple[SiteDocuments, dict[str, Document]]:
    """Read the site that a point list is for, which may have no gateway yet.

    The second value holds the gateways' files as they were read, before repeats were written out, by ``unit/gateway``.
    Raises `ConfigurationError` as `read_site` does.
    """
    documents = read_site(site, environment, needs_gateway=False)
    raw = load_documents(site / "gateways", root=site, environment=environment)
    return documents, {f"{one.value(('unit',))}/{one.value(('gateway',))}": one for one in raw}


def _written_out(documents: Iterable[Document], problems: list[Problem]) -> tuple[Document, ...]:
    """Write out what the documents repeat, adding what is wrong with it to ``problems``."""
    found = []
    for document in documents:
        try:
            found.append(expanded(document))
        except ConfigurationError as error:
            problems += error.problems
    return tuple(found)


def _is_time_zone(name: str) -> bool:
    """Tell whether this machine knows the time zone; without a zone database every name passes."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return not zoneinfo.available_timezones()
    return True


def load_documents(
    folder: Path,
    *,
    root: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    columns: bool = False,
) -> tuple[Document, ...]:
    """Read ``folder/*.yaml`` in order of their names; a folder that is not there holds none.

    ``root`` is the folder that shown file names are relative to; ``columns`` keeps those of values. Raises
    `ConfigurationError` with the problems of all files together.
    """
    problems: list[Problem] = []
    documents = _read(_yaml_files(folder, root, problems), root, environment, problems, columns=columns)
    if problems:
        raise ConfigurationError(problems)
    return documents


def _yaml_files(folder: Path, root: Path | None, problems: list[Problem]) -> list[Path]:
    """List the YAML files of a folder; a file called .yml would be overlooked, so it is a problem."""
    for path in sorted(folder.glob("*.yml")):
        name = str(path.relative_to(root)) if root else str(path)
        problems += _missing(name, "files must end in .yaml", f"rename it to {path.stem}.yaml").problems
    return sorted(folder.glob("*.yaml"))


def _read(
    paths: Iterable[Path],
    root: Path | None,
    environment: Mapping[str, str],
    problems: list[Problem],
    *,
    columns: bool = False,
) -> tuple[Document, ...]:
    """Read files, adding what is wrong with any of them to ``problems``."""
    documents = []
    for path in paths:
        try:
            documents.append(read_document(path, root, environment, columns=columns))
        except ConfigurationError as error:
            problems += error.problems
    return tuple(documents)


def _missing(file: str, message: str, mend: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=file, line=1, field="", value=None, message=message, mend=mend)])
