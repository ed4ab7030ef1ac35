"""YAML as it was written: dates, times and country codes stay strings, and a key that is given twice is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]
"""Keys, and numbers of list entries from 1 on, from the document down."""

DEPTH_MAX = 20


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Both from 1 on."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class BadYaml(ValueError):
    """The text is no YAML, or says what can't be kept; the message names the place, if there is one."""

    def __init__(self, why: str, place: Place | None = None) -> None:
        super().__init__(f"{place}: {why}" if place is not None else why)
        self.why = why
        self.place = place


class WrittenFloat(float):
    """A number with a point, and its digits as they stand in the text: for what must be exact."""

    text: str

    def __new__(cls, text: str) -> WrittenFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where libyaml is there."""

_TAG = "tag:yaml.org,2002:"


class _Loader(_Base):  # type: ignore[misc]
    """Scalars as JSON knows them. YAML 1.1 would make a date of 2026-03-02, false of NO and 725 of 12:05."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        given: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadYaml("a key must be text", _at(key))
            if key.value in given:
                raise BadYaml(f"the key {key.value!r} is given twice", _at(key))
            given.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping

    def construct_number(self, node: yaml.ScalarNode) -> int | WrittenFloat:
        return _number(node)


_Loader.yaml_implicit_resolvers = {}
_SCALARS = (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    # With a point: 1E902 is a control code.
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?", "-0123456789"),
    ("merge", r"<<", "<"),
)
for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), list(_first))
for _name in ("int", "float"):
    _Loader.add_constructor(_TAG + _name, _Loader.construct_number)


def load_yaml(text: str) -> Any:
    """The document in `text`: mappings, lists, strings, integers, floats, true, false and null. Raises BadYaml."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise BadYaml("it is nested too deeply") from error


@dataclass(frozen=True, slots=True)
class Placed:
    """A document, where its values and keys stand in the text, and the keys that are given again (the first counts)."""

    value: Any
    values: Mapping[Path, Place] = field(default_factory=dict)
    keys: Mapping[Path, Place] = field(default_factory=dict)
    repeated: tuple[tuple[Path, Place], ...] = ()


def load_placed(text: str) -> Placed:
    """The document in `text` with its places. Raises BadYaml, also for anchors, aliases and tags.

    So what is read is never longer than what was written, and stands where it says.
    """
    try:
        _refuse_indirect(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        why = ", ".join(part for part in (error.context, error.problem) if part)
        raise BadYaml(why, _place(error.problem_mark) if error.problem_mark is not None else None) from error
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error
    placing = _Placing()
    value = placing.read(root, ()) if root is not None else None
    return Placed(value, placing.values, placing.keys, tuple(placing.repeated))


def _refuse_indirect(text: str) -> None:
    """Before anything is built from it: neither its depth nor what its aliases stand for may exceed the text."""
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        place = Place(line, odd.start() - text.rfind("\n", 0, odd.start()))
        raise BadYaml(f"the character U+{ord(odd.group()):04X} is not for a text", place)
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise BadYaml("anchors, aliases and tags are not for this file: write it out", _at(event))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MAX:
            raise BadYaml("it is nested too deeply", _at(event))


@dataclass(slots=True)
class _Placing:
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    repeated: list[tuple[Path, Place]] = field(default_factory=list)

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.values[path] = _at(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, (*path, number)) for number, entry in enumerate(node.value, start=1)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadYaml("a key must be text", _at(key))
            below = (*path, str(key.value))
            if key.value in mapping:
                self.repeated.append((below, _at(key)))
                continue
            self.keys[below] = _at(key)
            mapping[key.value] = self.read(value, below)
        return mapping


def _scalar(node: Any) -> Any:
    match node.tag.removeprefix(_TAG):
        case "bool":
            return node.value == "true"
        case "null":
            return None
        case "int" | "float":
            return _number(node)
        case _:
            return str(node.value)


def _number(node: yaml.ScalarNode) -> int | WrittenFloat:
    try:
        return WrittenFloat(node.value) if node.tag == _TAG + "float" else int(node.value)
    except ValueError as error:
        raise BadYaml("this is no number, or has too many digits", _at(node)) from error


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _at(node: Any) -> Place:
    return _place(node.start_mark)
