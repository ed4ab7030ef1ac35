"""Scope terms as they are stored: one that does not fit an entry of the index, or its way there, goes by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

TERM_BYTES_MAX = 1_000
"""Above every term that is made of an id; a GIN entry takes 2,712 bytes, and a name may have 4,000 characters."""
TERMS_REMEMBERED_MAX = 20_000
SEPARATOR = "\x1f"
"""Between the terms of one row on their way to PostgreSQL; ids may contain it, stored terms never do."""


@lru_cache(TERMS_REMEMBERED_MAX)
def term_key(term: str) -> str:
    """`term` itself, or its prefix with the digest of all of it. Terms and what selects by them go through here."""
    written = term.encode()
    if len(written) <= TERM_BYTES_MAX and SEPARATOR not in term:
        return term
    return f"{term.partition(':')[0]}:sha256:{hashlib.sha256(written).hexdigest()}"


def term_keys(terms: Iterable[str]) -> list[str]:
    """The stored form of `terms`, sorted."""
    return sorted(map(term_key, terms))
