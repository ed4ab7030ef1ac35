"""Whether what is so is what was expected: exact sets, subsets, exact decimals (scenarios.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.local.scenarios.amounts import is_amount, same_amount
from services.local.scenarios.model import Expectation

_SETS = ("reasons", "kinds")
_INCLUDES = {"reasons_include": "reasons", "detail_includes": "detail", "body_includes": "body"}


def differences(expectation: Expectation, actual: Mapping[str, Any]) -> list[str]:
    """What is otherwise than expected, in words; nothing: it is as expected."""
    return list(_differences(expectation.given, actual))


def _differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[str]:
    for key, wanted in expected.items():
        name = _INCLUDES.get(key, key)
        found = actual.get(name)
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            yield from _differences(wanted, found)
        elif not _fits(key, wanted, found):
            yield f"{name} is {_shown(found)}, expected {_shown(wanted)}" + (" in it" if name != key else "")


def _fits(key: str, wanted: Any, found: Any) -> bool:
    if key in _SETS:
        return isinstance(found, list) and set(wanted) == set(found)
    if key == "reasons_include":
        return isinstance(found, list) and set(wanted) <= set(found)
    return includes(found, wanted)


def includes(found: Any, wanted: Any) -> bool:
    """Whether `found` is `wanted`, or has all of it where both are mappings. Amounts compare as exact decimals."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(key in found and includes(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        several = isinstance(found, list) and len(found) == len(wanted)
        return several and all(includes(one, other) for one, other in zip(found, wanted, strict=True))
    if is_amount(wanted) and is_amount(found):
        return same_amount(wanted, found)
    # Details of holds are texts; a number in a scenario means its digits there.
    if isinstance(wanted, int) and not isinstance(wanted, bool) and isinstance(found, str):
        return str(wanted) == found
    return type(wanted) is type(found) and bool(wanted == found)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return "null" if value is None else str(value)
