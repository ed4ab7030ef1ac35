"""The ladder that every embedded part is taken from: the first rung that is possible here and starts."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

REQUIRE_REAL_VARIABLE = "HOLDGATE_REQUIRE_REAL"

PartT = TypeVar("PartT")


class PartUnavailable(RuntimeError):
    """A part cannot be had, started or controlled here; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to get a part (`postgres` or `kafka`); `why` says why it is possible or why not."""

    part: str
    number: int
    name: str
    possible: bool
    why: str
    real: bool = True

    def __str__(self) -> str:
        return f"{self.part}: rung {self.number}, {self.name} ({self.why})"


@dataclass(frozen=True, slots=True)
class Step(Generic[PartT]):
    """A rung that can be looked at (`detect`, blocking) and taken (`start`)."""

    detect: Callable[[], Rung]
    start: Callable[[Rung], Awaitable[PartT]]


def real_parts_required() -> bool:
    """Whether HOLDGATE_REQUIRE_REAL turns every missing real part into a failure."""
    return os.environ.get(REQUIRE_REAL_VARIABLE, "") not in ("", "0")


async def climb(
    part: str, steps: Sequence[Step[PartT]], detect: Callable[[Step[PartT]], Awaitable[Rung]], only: int | None = None
) -> PartT:
    """The part from the first rung that is possible and starts, or from rung `only`.

    An address that was given (rung 1) is meant: if it fails, nothing else is tried. A later rung that fails to start
    gives way to the next one, whose `why` then says so. Raises PartUnavailable with every rung's reason.
    """
    reasons: list[str] = []
    failures: list[str] = []
    for step in steps:
        rung = await detect(step)
        if only is not None and rung.number != only:
            continue
        if not rung.possible:
            reasons.append(f"rung {rung.number}, {rung.name}: {rung.why}")
            continue
        if not rung.real and real_parts_required():
            reasons.append(f"rung {rung.number}, {rung.name}: no real {part}, and {REQUIRE_REAL_VARIABLE} is set")
            continue
        try:
            return await step.start(replace(rung, why="; ".join([rung.why, *failures])))
        except PartUnavailable as error:
            if rung.number == 1:
                raise
            failures.append(f"rung {rung.number} failed: {str(error).splitlines()[0]}")
            reasons.append(f"rung {rung.number}, {rung.name}, did not start: {error}")
    raise PartUnavailable("\n  ".join([f"no {part} can be had here:", *reasons]))
