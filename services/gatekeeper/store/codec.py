"""Domain values to JSON text and back, exactly: decimals as strings, times with offset.

pydantic builds a codec from the dataclasses themselves, once for each type; what was written is read back equal.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")
_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    adapter = _adapters.get(kind)
    if adapter is None:
        adapter = _adapters[kind] = TypeAdapter(kind)
    return adapter


def dump(value: Any, kind: Any = None) -> str:
    """JSON of `value`, as its own type or as `kind` (for tuples and unions)."""
    return _adapter(kind or type(value)).dump_json(value).decode()


def dump_compact(value: Any) -> str:
    """JSON of `value` without what equals its default: read back equal, a decimal then with the default's scale."""
    return _adapter(type(value)).dump_json(value, exclude_defaults=True).decode()


def load(kind: type[Value], text: str | bytes) -> Value:
    """The value of type `kind` that `dump` wrote."""
    loaded: Value = _adapter(kind).validate_json(text)
    return loaded
