"""An index from a term to the keys of what has it, cheap to change by copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.gatekeeper.domain.buckets import Buckets, Edit


class Index:
    """From a term to the keys of what has it."""

    __slots__ = ("_terms",)

    def __init__(self, terms: Buckets[str, frozenset[str] | set[str]] | None = None) -> None:
        self._terms: Buckets[str, frozenset[str] | set[str]] = terms or Buckets()

    def union(self, terms: Iterable[str]) -> set[str]:
        """The keys that have at least one of `terms`."""
        found: set[str] = set()
        for term in terms:
            keys = self._terms.get(term)
            if keys:
                found |= keys
        return found

    def sets(self) -> Iterator[frozenset[str] | set[str]]:
        return self._terms.values()

    def __bool__(self) -> bool:
        return bool(self._terms)

    def edit(self) -> IndexEdit:
        return IndexEdit(self._terms.edit())


class IndexEdit:
    """Copies the set of a term at its first change, so that the older index keeps its own."""

    __slots__ = ("_edit", "_own")

    def __init__(self, edit: Edit[str, frozenset[str] | set[str]]) -> None:
        self._edit = edit
        self._own: dict[str, set[str]] = {}

    def _members(self, term: str) -> set[str]:
        if term not in self._own:
            self._own[term] = set(self._edit.get(term) or ())
            self._edit.put(term, self._own[term])
        return self._own[term]

    def replace(self, key: str, before: Iterable[str], after: Iterable[str]) -> None:
        """`key` has the terms `after` instead of `before`."""
        old, new = set(before), set(after)
        for term in new - old:
            self._members(term).add(key)
        for term in old - new:
            members = self._members(term)
            members.discard(key)
            if not members:
                self._edit.drop(term)
                del self._own[term]

    def done(self) -> Index:
        return Index(self._edit.done())
