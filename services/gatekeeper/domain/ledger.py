"""Every change of a balance: ledger rows, and the account that always equals their sum (D4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from services.gatekeeper.domain.accounts import LedgerEntry, LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.ledger_standing import ZERO, Place, Standing, by_place, is_as_big, kind_of, standing_of
from services.gatekeeper.domain.periods import has_limits, period_came_back, with_entry
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.vocabulary import Balance
from services.gatekeeper.domain.workspace import FollowUpKind, Workspace


def book(
    workspace: Workspace,
    owner: str,
    owner_id: str,
    before: tuple[Draw, ...],
    after: tuple[Draw, ...],
) -> None:
    """Moves the balances from what `before` stood with to what `after` stands with, in ledger rows and accounts.

    A shipment holds one use of each licence that it reserves on, and has used one of each that it consumed; an order
    none (D4.1). What moves to another day is taken from the one and put to the other. Needs the accounts of every
    licence in `before` and `after`.
    """
    if before == after:
        return
    old, new = by_place(before), by_place(after)
    for place in sorted(old.keys() | new.keys()):
        _book_line(workspace, owner, owner_id, place, old.get(place, ()), new.get(place, ()))
    if owner == "shipment":
        for licence_no in sorted({draw.licence_no for draw in (*before, *after)}):
            _book_uses(workspace, owner_id, licence_no, before, after)


def _book_line(
    workspace: Workspace, owner: str, owner_id: str, place: Place, old: tuple[Draw, ...], new: tuple[Draw, ...]
) -> None:
    """One entry, or one for each day where the day changed, the day that is left first."""
    was, now = standing_of(old), standing_of(new)
    days = tuple(dict.fromkeys(draw.day for draw in (*old, *new)))
    kind = "MOVE" if len(days) > 1 and is_as_big(was, now) else kind_of(was, now)
    for day in days:
        if len(days) > 1:
            was, now = (standing_of(draw for draw in draws if draw.day == day) for draws in (old, new))
        entry = _entry(owner, owner_id, place, kind, was, now, day)
        # What is drawn stands in one unit: a line of which something is drawn is not restated (LICENCE_CONFLICT).
        drawn = (*new, *old)[0]
        _book_day(workspace, evolve(entry, unit=drawn.quantity.unit, currency=drawn.value.currency))


def _entry(
    owner: str, owner_id: str, place: Place, kind: str, old: Standing, new: Standing, day: date | None
) -> LedgerEntry:
    licence_no, licence_line, line_no = place
    return LedgerEntry(
        licence_no=licence_no,
        licence_line=licence_line,
        owner=owner,
        owner_id=owner_id,
        line_no=line_no,
        kind=kind,
        reserved=EXACT.subtract(new.reserved, old.reserved),
        consumed=EXACT.subtract(new.consumed, old.consumed),
        value_reserved=EXACT.subtract(new.value_reserved, old.value_reserved),
        value_consumed=EXACT.subtract(new.value_consumed, old.value_consumed),
        rate_id=new.rate_id or old.rate_id,
        day=day,
    )


def _book_day(workspace: Workspace, entry: LedgerEntry) -> None:
    if entry.reserved or entry.consumed or entry.value_reserved or entry.value_consumed:
        _post(workspace, entry)


def _book_uses(
    workspace: Workspace, owner_id: str, licence_no: str, before: tuple[Draw, ...], after: tuple[Draw, ...]
) -> None:
    used = _draws_on(after, licence_no, Balance.CONSUMED) - _draws_on(before, licence_no, Balance.CONSUMED)
    held = _draws_on(after, licence_no, Balance.RESERVED) - _draws_on(before, licence_no, Balance.RESERVED)
    if used or held:
        kind = "USE" if used > 0 else "USE_REVERSED" if used < 0 else "USE_HELD" if held > 0 else "USE_RETURNED"
        entry = LedgerEntry(
            licence_no, 0, "shipment", owner_id, 0, kind, ZERO, ZERO, ZERO, ZERO, uses=used, uses_reserved=held
        )
        _post(workspace, entry)


def _draws_on(draws: Iterable[Draw], licence_no: str, balance: Balance) -> int:
    return int(any(draw.licence_no == licence_no and draw.balance is balance for draw in draws))


def _post(workspace: Workspace, entry: LedgerEntry) -> None:
    account = workspace.account(entry.licence_no)
    lines = account.lines
    if entry.licence_line:
        line = lines.get(entry.licence_line) or _untouched(workspace, entry)
        lines = {**lines, entry.licence_line: _moved(line, entry)}
    workspace.put_account(
        evolve(
            account,
            lines=lines,
            uses=account.uses + entry.uses,
            uses_reserved=account.uses_reserved + entry.uses_reserved,
        )
    )
    workspace.effects.ledger.append(entry)


def _untouched(workspace: Workspace, entry: LedgerEntry) -> LineBalance:
    """A licence line of which nothing has been drawn: its sums by day are kept from the start where a limit counts."""
    return LineBalance(entry.licence_line, days={} if has_limits(workspace.references, entry.licence_no) else None)


def _moved(line: LineBalance, entry: LedgerEntry) -> LineBalance:
    return LineBalance(
        line_no=line.line_no,
        reserved=EXACT.add(line.reserved, entry.reserved),
        consumed=EXACT.add(line.consumed, entry.consumed),
        value_reserved=EXACT.add(line.value_reserved, entry.value_reserved),
        value_consumed=EXACT.add(line.value_consumed, entry.value_consumed),
        days=None if line.days is None else with_entry(line.days, entry),
        unit=entry.unit,
        currency=entry.currency,
    )


def close_books(workspace: Workspace, begun: int) -> tuple[str, ...]:
    """What follows from the ledger rows written since the row number `begun`; the licences they touched, sorted.

    A licence that got something back has its waiters looked at (D4.4). One that lapses on completion becomes CONSUMED
    with its first export, and is open again when that export is reversed (D4.2).
    """
    entries = workspace.effects.ledger[begun:]
    touched = tuple(sorted({entry.licence_no for entry in entries}))
    for licence_no in touched:
        own = [entry for entry in entries if entry.licence_no == licence_no]
        if _came_back(own) or _period_came_back(workspace, licence_no, own):
            workspace.follow_up(FollowUpKind.WAITERS, licence_no)
        settle_completion(workspace, licence_no)
    return touched


def _came_back(entries: Iterable[LedgerEntry]) -> bool:
    """Whether on balance something is free that was not: quantity, value or a use."""
    quantity: dict[int, Decimal] = {}
    value: dict[int, Decimal] = {}
    uses = 0
    for entry in entries:
        line = entry.licence_line
        quantity[line] = EXACT.add(quantity.get(line, ZERO), EXACT.add(entry.reserved, entry.consumed))
        value[line] = EXACT.add(value.get(line, ZERO), EXACT.add(entry.value_reserved, entry.value_consumed))
        uses += entry.uses + entry.uses_reserved
    return uses < 0 or any(change < 0 for change in (*quantity.values(), *value.values()))


def _period_came_back(workspace: Workspace, licence_no: str, entries: Iterable[LedgerEntry]) -> bool:
    """Whether a limited period has room that it had not, though the balance may be what it was (D3.11)."""
    licence = workspace.references.licence(licence_no)
    if licence is None or not licence.period_limits:
        return False
    return period_came_back(licence.period_limits, entries, shanghai_day(workspace.as_of))


def settle_completion(workspace: Workspace, licence_no: str) -> None:
    """CONSUMED by the first completed export of a licence that lapses on completion, whatever is left (D4.2)."""
    account = workspace.account(licence_no)
    licence = workspace.references.licence(licence_no)
    completed = account.uses > 0 and licence is not None and licence.lapses_on_completion
    if completed == account.completed:
        return
    workspace.put_account(evolve(account, completed=completed))
    workspace.follow_up(FollowUpKind.LICENCE if completed else FollowUpKind.WAITERS, licence_no)


def free_of(account: LicenceAccount, line_no: int, granted: Decimal, granted_value: Decimal) -> tuple[Decimal, Decimal]:
    """What is left of quantity and value on one licence line, never below zero (D4.1)."""
    line = account.lines.get(line_no, LineBalance(line_no))
    quantity = EXACT.subtract(granted, EXACT.add(line.reserved, line.consumed))
    value = EXACT.subtract(granted_value, EXACT.add(line.value_reserved, line.value_consumed))
    return max(ZERO, quantity), max(ZERO, value)
