"""From files to scenarios, or a BadScenario that names file, scenario, step and key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from schemas.values import instant
from services.kit.yaml_text import BadYaml, load_yaml
from services.local.scenarios.expectations import refuse_unknown
from services.local.scenarios.model import Advance, BadScenario, Event, Scenario, Step
from services.local.scenarios.parse_steps import parse_event, parse_step
from services.local.scenarios.policy_overrides import overridden

SUFFIXES = (".yaml", ".yml")
Parsed = TypeVar("Parsed")


def read_scenarios(paths: Sequence[Path]) -> list[Scenario]:
    """The scenarios of all files, in order; of a folder, those of every YAML file in it that has any.

    Raises BadScenario for the first file, scenario, step or key that can't be used.
    """
    return [scenario for path in paths for file in _files(path) for scenario in _read_file(file)]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise BadScenario(f"{path}: there is no such file")
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    found = [file for file in files if not _is_fixture(file)]
    if not found:
        raise BadScenario(f"{path}: there is no scenario file in this folder")
    return found


def _is_fixture(file: Path) -> bool:
    """Whether a file of a folder is there to be named as another's `fixture`."""
    document = _load(file)
    return isinstance(document, Mapping) and "given" in document and "scenarios" not in document


def _load(file: Path) -> Any:
    try:
        return load_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadYaml) as error:
        raise BadScenario(f"{file}: {error}") from error


def _read_file(file: Path) -> list[Scenario]:
    document = _load(file)
    where = str(file)
    _within(where, lambda: _keys(document, ("scenarios",), ("fixture",), "the file"))
    given = _fixture(file, document.get("fixture"))
    several = document["scenarios"]
    if not isinstance(several, list):
        raise BadScenario(f"{where}: scenarios must be a list")
    scenarios = [_scenario(where, number, one, given) for number, one in enumerate(several, start=1)]
    ids = [scenario.id for scenario in scenarios]
    for name in ids:
        if ids.count(name) > 1:
            raise BadScenario(f"{where}: scenario {name}: the id is given twice")
    return scenarios


def _fixture(file: Path, name: Any) -> tuple[Event, ...]:
    """The events of the file's fixture, whose path is relative to the file."""
    if name is None:
        return ()
    if not isinstance(name, str):
        raise BadScenario(f"{file}: fixture must be a path")
    path = file.parent / name
    if not path.is_file():
        raise BadScenario(f"{file}: fixture {name}: there is no such file")
    document = _load(path)
    _within(str(path), lambda: _keys(document, ("given",), (), "the fixture"))
    return _events(str(path), document["given"])


def _events(where: str, several: Any) -> tuple[Event, ...]:
    if not isinstance(several, list):
        raise BadScenario(f"{where}: given must be a list")
    return tuple(
        _within(f"{where}, given {number}", lambda one=one: parse_event(one))  # type: ignore[misc]
        for number, one in enumerate(several, start=1)
    )


def _scenario(where: str, number: int, given: Any, fixture: tuple[Event, ...]) -> Scenario:
    named = given.get("id") if isinstance(given, Mapping) else None
    here = f"{where}: scenario {named if isinstance(named, str) else f'no. {number}'}"
    _within(here, lambda: _keys(given, ("id", "clock", "steps"), ("title", "policy", "given"), "a scenario"))
    if not isinstance(named, str) or not named:
        raise BadScenario(f"{here}: id must be text")
    if not isinstance(given.get("title", ""), str):
        raise BadScenario(f"{here}: title must be text")
    clock = _within(here, lambda: _instant("clock", given["clock"]))
    policy = _within(here, lambda: overridden(_mapping("policy", given.get("policy") or {})))
    own = _events(here, given.get("given") or [])
    return Scenario(
        id=named,
        title=given.get("title", ""),
        file=where,
        clock=clock,
        policy=policy,
        given=(*fixture, *own),
        steps=_steps(here, given["steps"], clock),
    )


def _steps(here: str, several: Any, clock: datetime) -> tuple[Step, ...]:
    if not isinstance(several, list) or not several:
        raise BadScenario(f"{here}: steps must be a list of at least one step")
    steps = []
    for number, one in enumerate(several, start=1):
        step = _within(f"{here}, step {number}", lambda number=number, one=one: parse_step(number, one))  # type: ignore[misc]
        if isinstance(step.action, Advance):
            if step.action.until < clock:
                raise BadScenario(f"{here}, step {number}: advance_to lies before {clock.isoformat()}")
            clock = step.action.until
        steps.append(step)
    return tuple(steps)


def _within(where: str, work: Callable[[], Parsed]) -> Parsed:
    """`work`, whose BadScenario then says where."""
    try:
        return work()
    except BadScenario as error:
        raise BadScenario(f"{where}: {error}") from error


def _keys(given: Any, required: Collection[str], optional: Collection[str], what: str) -> None:
    """Raises BadScenario unless `given` is a mapping with all of `required` and nothing but `optional` besides."""
    _mapping(what, given)
    refuse_unknown(given, {*required, *optional}, what)
    for key in required:
        if key not in given:
            raise BadScenario(f"{key} is missing in {what}")


def _mapping(what: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadScenario(f"{what} must be a mapping")
    return given


def _instant(key: str, given: Any) -> datetime:
    try:
        return instant(given)
    except (TypeError, ValueError) as error:
        raise BadScenario(f"{key} must be a time with offset, not {given!r}") from error
