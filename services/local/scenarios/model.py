"""What a scenario file says, once it is known to be well formed (scenarios.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.policy import Policy


class BadScenario(ValueError):
    """A file, scenario, step or key that can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event to be sent. `type_suffix` without prefix, with version; `time` None: the clock's."""

    type_suffix: str
    data: Mapping[str, Any]
    id: str | None = None
    time: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """A record whose bytes and headers are sent just as they are."""

    value: bytes | None
    topic: str
    key: str | None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Advance:
    """Moves the virtual clock, and runs what falls due on the way."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API by `principal`, who has every scope."""

    method: str
    path: str
    principal: str
    body: Any
    has_body: bool
    headers: Mapping[str, str]


Action = Event | Raw | Advance | Call


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of `expect`: which kind of thing it is about, and the line as it was written."""

    form: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """`number` counts from 1, as messages name it."""

    number: int
    action: Action | None
    expect: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`given`: the fixture's events, then its own."""

    id: str
    title: str
    file: str
    clock: datetime
    policy: Policy
    given: tuple[Event, ...]
    steps: tuple[Step, ...]
