"""What a decision needs and its transaction has not read yet."""

from __future__ import annotations


class NotGathered(Exception):
    """The engine needs what the transaction did not lock or load; it is gathered again with `kind`/`key` added."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"{kind} {key} was not gathered")
        self.kind = kind
        self.key = key
