"""What is shown fits a terminal, and a pipe gets plain lines."""

from __future__ import annotations

import io
import time
from decimal import Decimal

from rich.console import Console

from services.local.demo.board import Balance, Board, Tone, clock
from services.local.demo.checks import Check
from services.local.demo.plain import PlainScreen, bar
from services.local.demo.subscribers import Change, Subscriber
from services.local.demo.view import picture
from tests.local.demo.heard import draw, hold, state


def _board() -> Board:
    board = Board(60.0)
    board.began = time.monotonic()
    board.subscribers = [Subscriber("logistics")]
    board.balances = [Balance("L1", "SM-OXIDE", "KGM", Decimal(1000), Decimal(300), Decimal(200))]
    board.by_hand = "curl http://127.0.0.1:1/v1/shipments/S1/status"
    return board


def _show_some(board: Board) -> None:
    board.say("a stop notice is recorded", Tone.BAD)
    board.show(Change("STOP", "PROCEED", state("S1", "RELEASED", draws=(draw("L1", 400),)), True), told=False)
    board.show(Change("STOP", "STOP", state("S2", "HELD", holds=(hold("QTY_EXCEEDED"),)), True), told=True)


def test_the_live_picture_shows_directives_reasons_licences_and_subscribers() -> None:
    board = _board()
    _show_some(board)
    console = Console(file=io.StringIO(), width=160, height=45, force_terminal=True, record=True)
    console.print(picture(board, console))
    shown = console.export_text()
    for text in ("S1", "400 KGM on licence L1", "QTY_EXCEEDED", "第1项货物", "500 KGM free", "logistics", "curl http"):
        assert text in shown
    assert max(len(line) for line in shown.splitlines()) <= 160
    assert len(shown.splitlines()) <= 45


def test_the_live_picture_of_a_small_terminal_and_an_empty_morning_can_be_drawn() -> None:
    console = Console(file=io.StringIO(), width=60, height=20, record=True)
    console.print(picture(Board(60.0), console))
    assert "directives" in console.export_text()


def test_a_day_that_waits_for_something_passes_on_from_there() -> None:
    board = Board(10.0, began=time.monotonic() - 30.0, stands_at=0.6)
    assert board.now == 0.6
    assert 23.9 < board.go_on() < 25.0
    assert 0.59 < board.now < 0.7


def test_a_day_that_was_waited_for_loses_no_time() -> None:
    board = Board(1000.0, began=time.monotonic() - 30.0, stands_at=0.6)
    assert (board.go_on(), board.stands_at) == (0.0, None)
    assert 0.029 < board.now < 0.1


def test_a_failed_check_stands_out() -> None:
    board = _board()
    board.checks = [Check("wrong end user", False, "RELEASED"), Check("a release", True, "RELEASED")]
    console = Console(file=io.StringIO(), width=160, height=45, record=True)
    console.print(picture(board, console))
    assert "1 of 2 checks ok" in (shown := console.export_text())
    assert "FAILED wrong end user" in shown


def test_plain_lines_have_no_control_codes_and_tell_the_story() -> None:
    board = _board()
    out = io.StringIO()
    screen = PlainScreen(board, out)
    _show_some(board)
    board.checks = [Check("wrong end user", False, "RELEASED"), Check("a release", True, "RELEASED")]
    screen.verdict()
    shown = out.getvalue()
    assert "\x1b" not in shown
    assert "S2                HELD      STOP    QTY_EXCEEDED: Line 1: held." in shown
    assert "第1项货物：暂停。" in shown
    assert "FAILED  wrong end user  RELEASED" in shown
    assert "ok      a release       RELEASED" in shown


def test_the_ordinary_trade_does_not_flood_plain_lines() -> None:
    board = _board()
    out = io.StringIO()
    PlainScreen(board, out)
    for number in range(300):
        board.show(Change("STOP", "PROCEED", state(f"S{number}", "RELEASED"), True), told=False)
        board.show(Change("STOP", "STOP", state(f"T{number}", "HELD", reasons=("NO_LICENCE",)), True), told=False)
    assert len(out.getvalue().splitlines()) < 50


def test_the_day_goes_from_eight_to_six() -> None:
    assert (clock(0), clock(0.5), clock(1.0)) == ("08:00", "13:00", "18:00")


def test_a_bar_never_leaves_its_width() -> None:
    assert (bar(-1, 4), bar(0.5, 4), bar(3, 4)) == ("....", "##..", "####")
