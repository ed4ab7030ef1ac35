"""Every decision comes out the same from what was recorded of it (D1.1, design.md §4)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.checking.stored import Stored


def decided_again(stored: Stored) -> Iterator[str]:
    for one in stored.replays:
        for difference in one.differences:
            yield (
                f"decision {one.seq} about {one.owner} {one.owner_id}: {difference.what}: stored {difference.stored},"
                f" replayed {difference.replayed}"
            )
