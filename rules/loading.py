"""Documents → `RuleSet`: every problem of every file in one go, each with its line and mend."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path as FilePath

from pydantic import ValidationError

from domain.alarm import AlarmClass, EntityKind, Level
from domain.documents import Document, Path, nearest, problems_of
from domain.errors import ConfigurationError, Problem
from domain.site import Registry
from rules.consequences import consequence_problems
from rules.dimensions import dimension_problems
from rules.messages import allowed_fields, used_fields
from rules.model import Procedure, Procedures, Rule, RuleSet
from rules.place_checks import place_problems

TEST_SUFFIX = ".test.yaml"
PROCEDURES_FILE = "procedures.yaml"
"""In a site's folder of rules: procedures for rules that it did not write."""


def library_dir() -> FilePath:
    """Return the folder of the rules that come with the package."""
    return FilePath(__file__).parent / "library"


def load(library: Sequence[Document], site: Sequence[Document] = (), *, registry: Registry | None = None) -> RuleSet:
    """Check rule documents; a rule of ``site`` replaces the one of ``library`` with the same id.

    ``procedures.yaml`` of ``site`` replaces procedures and nothing else. Documents that are rule tests
    (``*.test.yaml``) are passed over. With a ``registry`` the quantities
    of limits are held against those of the points they would watch. Raises `ConfigurationError` with
    every problem found.
    """
    problems: list[Problem] = []
    own = _read(site, problems)
    found = {**_read(library, problems), **own}
    for rule, document in found.values():
        problems += _cross_checks(rule, document, set(found))
    procedures = _procedures(site, set(found), problems)
    chosen = RuleSet(
        {name: _with(found[name][0], procedures.get(name)) for name in sorted(found)},
        {name: document for name, (_, document) in found.items()},
        frozenset(own),
        frozenset(procedures),
    )
    problems += consequence_problems(chosen.rules, chosen.documents)
    if registry is not None and not problems:
        problems += dimension_problems(chosen, registry)
    if problems:
        raise ConfigurationError(problems)
    return chosen


def _read(documents: Sequence[Document], problems: list[Problem]) -> dict[str, tuple[Rule, Document]]:
    """Validate one folder's documents; an id may stand once in it."""
    found: dict[str, tuple[Rule, Document]] = {}
    for document in documents:
        if document.file.endswith(TEST_SUFFIX) or _is_procedures(document):
            continue
        try:
            rule = Rule.model_validate(document.data)
        except ValidationError as error:
            problems += problems_of(error, document, model=Rule)
            continue
        if rule.id in found:
            other = found[rule.id][1].file
            problems.append(document.problem(("id",), f"{other} has this id too", "give each rule its own id"))
        found[rule.id] = (rule, document)
    return found


def _is_procedures(document: Document) -> bool:
    return document.file.rpartition("/")[2] == PROCEDURES_FILE


def _procedures(documents: Sequence[Document], known: Collection[str], problems: list[Problem]) -> dict[str, Procedure]:
    """Read a site's own procedures for rules that stand elsewhere."""
    found: dict[str, Procedure] = {}
    for document in filter(_is_procedures, documents):
        try:
            found |= Procedures.model_validate(document.data).procedures
        except ValidationError as error:
            problems += problems_of(error, document, model=Procedures)
            continue
        for name in (name for name in found if name not in known):
            mend = nearest(name, known)
            problems.append(document.problem(("procedures", name), "no rule has this id", mend))
    return found


def _with(rule: Rule, procedure: Procedure | None) -> Rule:
    """Return the rule with another procedure; its meaning stays what it is."""
    return rule if procedure is None else rule.model_copy(update={"procedure": procedure})


def _cross_checks(rule: Rule, document: Document, known: set[str]) -> list[Problem]:
    """Return what no single field can tell."""
    problems = _message_problems(rule, document) + _contradictions(rule, document)
    for at, hidden in enumerate(rule.hides):
        if hidden not in known or hidden == rule.id:
            mend = nearest(hidden, known - {rule.id})
            problems.append(document.problem(("hides", at), "no other rule has this id", mend))
    return problems + place_problems(rule, document)


def _contradictions(rule: Rule, document: Document) -> list[Problem]:
    problems = []
    if rule.alarm_class is AlarmClass.FIRE and rule.latched is False:
        what = "fire alarms are latched until a person resets them"
        problems.append(document.problem(("latched",), what, "remove 'latched: false'"))
    levels = list(Level)
    if rule.level_when and levels.index(rule.level_when.level) <= levels.index(rule.level):
        mend = "give it a level above the rule's own"
        problems.append(document.problem(("level_when", "level"), "level_when does not raise the level", mend))
    if rule.unless is not None and (rule.entity is not EntityKind.POINT or rule.unless.parts):
        mend = "use 'entity: point' and a single test"
        problems.append(document.problem(("unless",), "unless is for point rules and one test", mend))
    return problems


def _message_problems(rule: Rule, document: Document) -> list[Problem]:
    problems = []
    allowed = allowed_fields(rule)
    for language in ("zh", "en"):
        path: Path = ("messages", language)
        try:
            names = used_fields(getattr(rule.messages, language))
        except ValueError as error:
            what, arrow, mend = str(error).partition(" → ")
            if not arrow:  # Python's own words
                what, mend = "braces do not match", "close each { with a }, and write {{ for a brace itself"
            problems.append(document.problem(path, what, mend))
            continue
        for name in (name for name in names if name not in allowed):
            mend = "add 'count: {kind: …, point: …}' to the rule" if name == "count" else nearest(name, allowed)
            problems.append(document.problem(path, f"this rule has no field {{{name}}}", mend))
    return problems
