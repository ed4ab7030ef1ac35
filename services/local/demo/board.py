"""What there is to see: the one place that the day writes to and the screens read from."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from schemas.produced import ShipmentState
from services.local.demo.checks import Check
from services.local.demo.processes import Process
from services.local.demo.service_roles import Freight, Logistics, Payment
from services.local.demo.subscribers import Change, Subscriber

LINES_MAX = 200
IN_CHINESE_MAX = 2


class Tone(Enum):
    """How a line is meant."""

    PLAIN = ""
    GOOD = "green"
    WARNING = "yellow"
    BAD = "bold red"
    QUIET = "dim"


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in words; `at` is a share of the day."""

    at: float
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class DirectiveLine:
    """One directive as it is shown; `told`: part of the story, not of the ordinary trade; `zh` may be empty."""

    at: float
    shipment_id: str
    state: str
    directive: str
    lines: Sequence[str]
    zh: str
    told: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """One licence line as the API gives it."""

    licence_no: str
    item: str
    unit: str
    granted: Decimal
    reserved: Decimal
    consumed: Decimal

    @property
    def share(self) -> float:
        """How much of the grant is gone, from 0 to 1."""
        return float((self.reserved + self.consumed) / self.granted) if self.granted else 0.0


@dataclass(slots=True)
class Board:
    """Everything on show. `on_line` and `on_directive` are told of each new line at once.

    `stands_at`: the share of the day at which it stands still, if it gets there, until it is told to `go_on`.
    """

    day_seconds: float
    on_line: Callable[[Line], None] = lambda _line: None
    on_directive: Callable[[DirectiveLine], None] = lambda _line: None
    began: float | None = None
    stands_at: float | None = None
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=LINES_MAX))
    directives: deque[DirectiveLine] = field(default_factory=lambda: deque(maxlen=LINES_MAX))
    balances: list[Balance] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    logistics: Logistics | None = None
    freight: Freight | None = None
    payment: Payment | None = None
    checks: list[Check] = field(default_factory=list)
    planned: int = 0
    sent: int = 0
    undecided: int = 0
    unpublished: int = 0
    violations: int = 0
    by_hand: str = ""
    _in_chinese: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> float:
        """The share of the day that is over; above 1 in the evening, 0 before it began."""
        passed = self._passed
        return passed if self.stands_at is None else min(passed, self.stands_at)

    @property
    def _passed(self) -> float:
        return 0.0 if self.began is None else (time.monotonic() - self.began) / self.day_seconds

    def go_on(self) -> float:
        """The day passes on from where it is by now; how many seconds it has stood still."""
        stood = 0.0 if self.stands_at is None else max(0.0, self._passed - self.stands_at) * self.day_seconds
        self.began = None if self.began is None else self.began + stood
        self.stands_at = None
        return stood

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        line = Line(self.now, text, tone)
        self.lines.append(line)
        self.on_line(line)

    def show(self, change: Change, told: bool) -> None:
        holds = change.state.holds
        zh = holds[0].text.zh if holds and told else ""
        if zh:
            self._in_chinese[holds[0].reason] += 1
            zh = zh if self._in_chinese[holds[0].reason] <= IN_CHINESE_MAX else ""
        line = DirectiveLine(
            self.now, change.state.shipment_id, change.state.state, change.after, _said(change.state), zh, told
        )
        self.directives.append(line)
        self.on_directive(line)

    def balance(self, answer: dict[str, Any], item: str) -> Balance:
        """The first line of a licence balance as the API answers it."""
        line = answer["lines"][0]
        amounts = (Decimal(line[name]) for name in ("granted", "reserved", "consumed"))
        return Balance(answer["licence_no"], item, line["unit"], *amounts)


def clock(at: float) -> str:
    """A share of the day as the trade's clock would show it, from 08:00 to 18:00."""
    minutes = round(at * 600)
    return f"{8 + minutes // 60:02d}:{minutes % 60:02d}"


def _said(state: ShipmentState) -> list[str]:
    """Why it is held, or on what it may go."""
    if state.holds:
        return [f"{hold.reason}: {hold.text.en}" for hold in state.holds]
    drawn = [f"{draw.quantity.value:f} {draw.quantity.unit} on licence {draw.licence_no}" for draw in state.draws]
    lines = drawn or ["no licence needed" if state.may_move else ""]
    if state.lifted:
        lines[0] += f" ({len(state.lifted)} hold{'s' * (len(state.lifted) > 1)} lifted)"
    return lines
