"""The demo as plain lines: for pipes, logs and `--once`. No control codes, nothing is written twice."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from services.local.demo.board import Board, DirectiveLine, Line, clock
from services.local.demo.checks import Check

STATUS_EVERY = 0.1
RELEASES_SHOWN = 6
HELD_SHOWN = 24
TEXT_CHARS_MAX = 230
TEXT_CHARS_AGAIN = 86
IN_FULL_MAX = 3


class PlainScreen:
    """Prints what happens, of the ordinary trade only the first few: the rest is in the status lines.

    Each reason is said in full a few times.
    """

    def __init__(self, board: Board, out: TextIO = sys.stdout) -> None:
        self._board = board
        self._out = out
        self._next_status = STATUS_EVERY
        self._releases = 0
        self._held = 0
        self._times_said: Counter[str] = Counter()
        board.on_line = self._line
        board.on_directive = self._directive

    def start(self) -> None:
        """Nothing to prepare."""

    def refresh(self) -> None:
        """A status line for every tenth of the day."""
        if self._board.now < self._next_status or self._board.checks:
            return
        while self._next_status <= self._board.now:
            self._next_status += STATUS_EVERY
        for text in _status(self._board):
            self._print(f"{clock(self._board.now)}  -- {text}")

    def verdict(self) -> None:
        """The checks as a table."""
        for text in check_table(self._board.checks):
            self._print(text)

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self, line: Line) -> None:
        self._print(f"{clock(line.at)}  {line.text}" if self._board.began is not None else line.text)

    def _directive(self, line: DirectiveLine) -> None:
        if not line.told and not self._is_shown(line.state):
            return
        where = f"{line.shipment_id:<17} {line.state:<9} {line.directive:<7}"
        self._print(f"{clock(line.at)}  {where} {self._said(line.lines[0])}")
        for text in line.lines[1:]:
            self._print(f"{'':42} {self._said(text)}")
        if line.zh:
            self._print(f"{'':42} {line.zh}")

    def _said(self, text: str) -> str:
        self._times_said[_reason(text)] += 1
        chars = TEXT_CHARS_MAX if self._times_said[_reason(text)] <= IN_FULL_MAX else TEXT_CHARS_AGAIN
        return text if len(text) <= chars else text[: chars - 1] + "…"

    def _is_shown(self, state: str) -> bool:
        if state == "RELEASED":
            self._releases += 1
            return self._releases <= RELEASES_SHOWN
        self._held += 1
        return self._held <= HELD_SHOWN

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _reason(text: str) -> str:
    return text.partition(":")[0]


def check_table(checks: Sequence[Check]) -> list[str]:
    """One line a check: ok or FAILED, the question, what was found."""
    width = max((len(check.name) for check in checks), default=0)
    return [f"{'ok' if check.ok else 'FAILED':<6}  {check.name:<{width}}  {check.found}" for check in checks]


def _status(board: Board) -> list[str]:
    first = (
        f"{board.sent} of {board.planned} planned events sent;"
        f" lag: {board.undecided} to decide, {board.unpublished} to publish"
    )
    roles = "; ".join(
        f"{one.role}: {one.count('PROCEED')} go, {one.count('STOP')} stop, {one.count('RECALL')} recall,"
        f" {one.count('NONE')} too late"
        for one in board.subscribers[:1]
    )
    deeds = []
    if board.logistics and board.freight and board.payment:
        moved = board.logistics.moved
        deeds = [
            f"{roles}; {moved['DEPARTED']} departed, {moved['DELIVERED']} delivered;"
            f" freight: {len(board.freight.booked)} booked, {len(board.freight.given_back)} given back;"
            f" payment: {len(board.payment.paid)} paid, {len(board.payment.blocked)} blocked"
        ]
    bars = "  ".join(f"{one.licence_no} {bar(one.share, 10)} {one.share:4.0%}" for one in board.balances[:4])
    return [first, *deeds, *([bars] if bars else [])]


def bar(share: float, width: int) -> str:
    """A bar of `width` characters."""
    filled = max(0, min(width, round(share * width)))
    return "#" * filled + "." * (width - filled)
