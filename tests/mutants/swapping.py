"""A mutant put in place of what is loaded already: new code in the same functions, new values under the same names.

So nothing has to be imported anew. What can't be exchanged that way is shown in a process of its own (showing.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

PLAIN = (int, str, tuple, frozenset, dict)
PROJECT = ("services", "tests", "schemas")


def swap_in(module: ModuleType, source: str) -> bool:
    """Make `module` behave as `source`; False when nothing of what is loaded differs."""
    path = str(module.__file__)
    namespace: dict[str, Any] = {"__name__": module.__name__, "__file__": path}
    exec(compile(source, path, "exec", dont_inherit=True), namespace)
    fresh = dict(_functions(namespace, module.__name__, path))
    changed = False
    for name, function in _functions(vars(module), module.__name__, path):
        new = fresh.get(name)
        if new is None or _made_of(new) == _made_of(function):
            continue
        function.__code__, function.__defaults__, function.__kwdefaults__ = _made_of(new)
        changed = True
    changed = _swap_defaults(module, namespace) or changed
    return _swap_values(module, namespace) or changed


def _made_of(function: FunctionType) -> tuple[Any, Any, Any]:
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _functions(namespace: dict[str, Any], module: str, path: str) -> Iterator[tuple[str, FunctionType]]:
    """Every function that was written in the file, by its qualified name."""
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__ == module:
            inner = {f"{value.__name__}.{name}": member for name, member in vars(value).items()}
            for member in inner.values():
                for found in _within(member):
                    if Path(found.__code__.co_filename) == Path(path):
                        yield found.__qualname__, found
        else:
            for found in _within(value):
                if found.__module__ == module and Path(found.__code__.co_filename) == Path(path):
                    yield found.__qualname__, found


def _within(value: Any) -> Iterator[FunctionType]:
    """The function itself, or what a property, a static or class method, or a cache wraps."""
    if isinstance(value, FunctionType):
        yield value
    elif isinstance(value, property):
        yield from (one for one in (value.fget, value.fset) if isinstance(one, FunctionType))
    else:
        inner = getattr(value, "__wrapped__", None) or getattr(value, "__func__", None)
        if isinstance(inner, FunctionType):
            yield inner


def _swap_defaults(module: ModuleType, namespace: dict[str, Any]) -> bool:
    """What the fields of a dataclass are when nobody says: its __init__ was written by no line of the file."""
    changed = False
    for name, new in namespace.items():
        old = vars(module).get(name)
        if not (isinstance(new, type) and isinstance(old, type) and new.__module__ == module.__name__):
            continue
        if not (is_dataclass(new) and is_dataclass(old)):
            continue
        before, after = (getattr(one.__init__, "__defaults__", None) or () for one in (old, new))
        pairs = list(zip(before, after, strict=True))
        defaults = tuple(theirs if _is_plain(theirs) and ours != theirs else ours for ours, theirs in pairs)
        if defaults != before:
            vars(old)["__init__"].__defaults__ = defaults
            changed = True
    return changed


def _swap_values(module: ModuleType, namespace: dict[str, Any]) -> bool:
    """Plain values that differ, in the module and wherever they were imported from it."""
    changed = False
    for name, new in namespace.items():
        old = vars(module).get(name)
        if name.startswith("__") or type(old) is not type(new) or not _is_plain(old) or old == new:
            continue
        for other in list(sys.modules.values()):
            ours = getattr(other, "__name__", "").startswith(PROJECT)
            if ours and vars(other).get(name) is old:
                setattr(other, name, new)
                changed = True
    return changed


def _is_plain(value: Any) -> bool:
    return isinstance(value, PLAIN) or type(value).__module__ in ("decimal", "fractions", "datetime")
