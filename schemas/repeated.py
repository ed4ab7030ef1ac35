"""Names given twice in one JSON object: contradictory facts, of which every parser picks its own."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

NAME_CHARS_MAX: Final = 100


class _Repeated(Exception):
    """Carries the name up out of the parser."""


def repeated_name(text: bytes) -> str | None:
    """The first name in `text`, which is JSON in UTF-8, that one object has twice; at most 100 characters of it."""
    try:
        _DECODER.decode(text.decode())
    except _Repeated as found:
        return str(found)[:NAME_CHARS_MAX]
    return None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise _Repeated(next(name for name, count in counted.items() if count > 1))


# Numbers stay text: nobody looks at them here, and converting a long one takes long.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_each_once, parse_int=str, parse_float=str, strict=False)
