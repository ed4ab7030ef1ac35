"""A mapping that is cheap to change by copy: the old value stays as it was, and both share what did not change."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

BUCKET_COUNT = 1024


class Buckets(Generic[Key, Value]):
    """Immutable; spread over 1,024 dicts by hash. Iteration order is not defined: sort where it matters."""

    __slots__ = ("_any", "_buckets")

    def __init__(self, buckets: tuple[dict[Key, Value], ...] | None = None) -> None:
        self._buckets: tuple[dict[Key, Value], ...] = buckets or ({},) * BUCKET_COUNT
        self._any = any(self._buckets)

    def get(self, key: Key) -> Value | None:
        return self._buckets[hash(key) % BUCKET_COUNT].get(key)

    def values(self) -> Iterator[Value]:
        for bucket in self._buckets:
            yield from bucket.values()

    def __bool__(self) -> bool:
        return self._any

    def edit(self) -> Edit[Key, Value]:
        """The next version, open for writing; this one is never touched."""
        return Edit(self, self._buckets)


class Edit(Generic[Key, Value]):
    """Copies a bucket at the first write into it, so that a delta of few keys costs a few small dicts."""

    __slots__ = ("_before", "_buckets", "_own")

    def __init__(self, before: Buckets[Key, Value], buckets: tuple[dict[Key, Value], ...]) -> None:
        self._before = before
        self._buckets: tuple[dict[Key, Value], ...] | list[dict[Key, Value]] = buckets
        self._own: set[int] = set()

    def get(self, key: Key) -> Value | None:
        return self._buckets[hash(key) % BUCKET_COUNT].get(key)

    def _writable(self, key: Key) -> dict[Key, Value]:
        if isinstance(self._buckets, tuple):
            self._buckets = list(self._buckets)
        index = hash(key) % BUCKET_COUNT
        if index not in self._own:
            self._buckets[index] = dict(self._buckets[index])
            self._own.add(index)
        return self._buckets[index]

    def put(self, key: Key, value: Value) -> None:
        self._writable(key)[key] = value

    def drop(self, key: Key) -> None:
        self._writable(key).pop(key, None)

    def done(self) -> Buckets[Key, Value]:
        """The next version; the former one itself when nothing was written."""
        return Buckets(tuple(self._buckets)) if self._own else self._before
