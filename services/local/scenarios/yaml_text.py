"""YAML as it was written: dates, times and country codes stay strings, and a key that is given twice is refused."""

from __future__ import annotations

import re
from typing import Any

import yaml


class BadYaml(ValueError):
    """The text is no YAML, or gives a key twice; the message names the line."""


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where libyaml is there."""


class _Loader(_Base):  # type: ignore[misc]
    """Scalars as JSON knows them. YAML 1.1 would make a date of 2026-03-02, false of NO and 725 of 12:05."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        given: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadYaml(f"line {key.start_mark.line + 1}: a key must be text")
            if key.value in given:
                raise BadYaml(f"line {key.start_mark.line + 1}: the key {key.value!r} is given twice")
            given.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_Loader.yaml_implicit_resolvers = {}
_SCALARS = (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:null", r"null|~|", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    # With a point: 1E902 is a control code.
    ("tag:yaml.org,2002:float", r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?", "-0123456789"),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first))


def load_yaml(text: str) -> Any:
    """The document in `text`: mappings, lists, strings, integers, floats, true, false and null. Raises BadYaml."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise BadYaml("it is nested too deeply") from error
