"""The demo as a live view in a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from services.local.demo.board import Board, DirectiveLine, Line, Tone, clock
from services.local.demo.plain import check_table
from services.local.demo.processes import Process

STATE_STYLES = {
    "RELEASED": "green",
    "HELD": "yellow",
    "INTERCEPT": "bold red",
    "INCIDENT": "bold magenta",
    "CLOSED": "dim",
}
REFRESH_PER_SECOND = 6
LAG_BAR_FULL = 200
REASONS_MAX = 3
INDENT = 6
HEAD_ROWS = 5
ROLE_ROWS = 6


class LiveScreen:
    """Redraws itself from the board; leaves the last picture and the checks behind."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, screen=True, redirect_stdout=False)
        self._on = False
        board.on_line = self._before_the_day

    def start(self) -> None:
        """Take the screen."""
        self._board.on_line = lambda _line: None
        self._live.start()
        self._on = True

    def refresh(self) -> None:
        if self._on:
            self._live.update(picture(self._board, self._console), refresh=True)

    def verdict(self) -> None:
        """The checks are part of the picture."""
        self.refresh()

    def close(self) -> None:
        """Give the screen back; what is worth keeping stays in the scroll-back."""
        if not self._on:
            return
        self._on = False
        self._live.stop()
        for line in _of_the_day(self._board):
            self._console.print(f"{clock(line.at)}  {line.text}", style=line.tone.value, markup=False)
        for text in check_table(self._board.checks):
            self._console.print(text, style="green" if text.startswith("ok") else "bold red", markup=False)

    def _before_the_day(self, line: object) -> None:
        text, tone = getattr(line, "text", ""), getattr(line, "tone", Tone.PLAIN)
        self._console.print(text, style=tone.value, markup=False, highlight=False)


def picture(board: Board, console: Console) -> RenderableType:
    """Everything on the board, for a console of this size."""
    layout = Layout()
    layout.split_column(
        Layout(_head(board), size=HEAD_ROWS), Layout(name="middle"), Layout(_roles(board), size=ROLE_ROWS)
    )
    rows = max(4, console.height - HEAD_ROWS - ROLE_ROWS - 2)
    layout["middle"].split_row(Layout(name="stream", ratio=3), Layout(name="right", ratio=2))
    layout["stream"].update(Panel(_stream(board, console, rows), title="directives and reasons", border_style="cyan"))
    layout["right"].split_column(
        Layout(Panel(_licences(board), title="licences", border_style="cyan"), size=len(board.balances) + 2),
        Layout(Panel(_lag(board), title="lag", border_style="cyan"), size=4),
        Layout(Panel(_story(board), title="what happens (newest first)", border_style="cyan")),
    )
    return layout


def _head(board: Board) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 2))
    table.add_column(ratio=1)
    table.add_column(justify="right")
    over = board.now >= 1
    when = "the day is over" if over else f"trading day, {clock(board.now)}"
    alive = "   ".join(_process(one) for one in board.processes)
    table.add_row(Text(when, style="bold"), Text(alive, style="cyan"))
    by_hand = Text(board.by_hand, style="dim", overflow="fold")
    return Panel(Group(table, by_hand), title="holdgate: no release, no ship (Ctrl-C ends)", border_style="blue")


def _process(process: Process) -> str:
    if not process.alive:
        return f"{process.name}: killed"
    return f"{process.name}: {process.lanes} lanes" if process.lanes else f"{process.name}: up"


def _stream(board: Board, console: Console, rows: int) -> RenderableType:
    width = console.width * 3 // 5 - 6
    texts: list[Text] = []
    for line in reversed(board.directives):
        texts = [*_directive(line, console, width), *texts]
        if len(texts) >= rows:
            break
    return Group(*texts[-rows:])


def _directive(line: DirectiveLine, console: Console, width: int) -> list[Text]:
    """One row for the ordinary trade; what the story is about is said in full."""
    first, *others = line.lines
    more = [Text(text, style="dim", no_wrap=True, overflow="ellipsis") for text in others[: REASONS_MAX - 1]]
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{clock(line.at)} {line.shipment_id:<17} ", style="bold" if line.told else "")
    head.append(f"{line.state:<9} {line.directive:<7} ", style=STATE_STYLES.get(line.state, ""))
    if line.zh:
        more = [*Text(first).wrap(console, width - INDENT), *more, *Text(line.zh, "dim").wrap(console, width - INDENT)]
    else:
        head.append(first)
    for text in more:
        text.pad_left(INDENT)
    return [head, *more]


def _licences(board: Board) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    for ratio in (None, 1, None):
        table.add_column(ratio=ratio, no_wrap=True)
    for one in board.balances:
        style = "red" if one.share >= 0.95 else "yellow" if one.share >= 0.8 else "green"
        meter = ProgressBar(total=1.0, completed=min(1.0, one.share), complete_style=style, finished_style=style)
        left = one.granted - one.reserved - one.consumed
        table.add_row(f"{one.licence_no} {one.item}", meter, f"{left:,f} {one.unit} free")
    return table


def _lag(board: Board) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    for ratio in (None, 1, None):
        table.add_column(ratio=ratio, no_wrap=True)
    for name, lag in (("to decide", board.undecided), ("to publish", board.unpublished)):
        style = "red" if lag > LAG_BAR_FULL / 2 else "yellow" if lag > 20 else "green"
        meter = ProgressBar(
            total=LAG_BAR_FULL, completed=min(LAG_BAR_FULL, lag), complete_style=style, finished_style=style
        )
        table.add_row(name, meter, f"{lag}")
    return table


def _story(board: Board) -> RenderableType:
    texts = [Text(f"{clock(line.at)} {line.text}", style=line.tone.value) for line in reversed(_of_the_day(board))]
    if board.checks:
        failed = [check for check in board.checks if not check.ok]
        verdict = f"{len(board.checks) - len(failed)} of {len(board.checks)} checks ok"
        texts = [
            Text(verdict, style="bold red" if failed else "bold green"),
            *(Text(f"FAILED {check.name}: {check.found}", style="red") for check in failed),
            *texts,
        ]
    return Group(*texts)


def _of_the_day(board: Board) -> list[Line]:
    """What was said before the day began stands in the terminal already."""
    return [line for line in board.lines if line.at > 0]


def _roles(board: Board) -> RenderableType:
    table = Table(expand=True, box=None)
    for heading in ("subscriber", "heard", "go", "stop", "recall", "too late", "gaps", "double", "what it did"):
        table.add_column(heading, justify="left" if heading in ("subscriber", "what it did") else "right")
    deeds = _deeds(board)
    for one in board.subscribers:
        counts = (one.heard, *(one.count(word) for word in ("PROCEED", "STOP", "RECALL", "NONE")))
        alarm = "bold red" if one.gaps or one.duplicates else ""
        cells = [str(count) for count in (*counts, one.gaps, one.duplicates)]
        table.add_row(one.role, *cells, deeds.get(one.role, ""), style=alarm)
    return Panel(table, title="subscribers that obey", border_style="cyan")


def _deeds(board: Board) -> dict[str, str]:
    if not (board.logistics and board.freight and board.payment):
        return {}
    moved, freight, payment = board.logistics.moved, board.freight, board.payment
    return {
        "logistics": f"{moved['PACKED']} packed, {moved['DEPARTED']} departed, {moved['DELIVERED']} delivered",
        "freight": f"{len(freight.booked)} booked, {len(freight.given_back)} given back,"
        f" {len(freight.turned_round)} turned round",
        "payment": f"{len(payment.paid)} paid ({payment.total / 1000:,.0f} kUSD), {len(payment.blocked)} blocked",
    }
