"""Balances equal ledgers and what stands on them, nothing is reserved twice, and no more than is granted (D4.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from services.gatekeeper.domain.accounts import DaySum, LineBalance
from services.gatekeeper.domain.aggregates import Draw, Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.periods import span_of, used_in
from services.gatekeeper.domain.quantity import EXACT, convert
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import Balance, OrderState, Place, ShipmentState
from services.gatekeeper.store.codec import load
from tests.checking.stored import Stored

ZERO = Decimal(0)
Days = dict[date, DaySum]
AMOUNTS = ("reserved", "consumed", "value_reserved", "value_consumed")
LicenceLineNo = tuple[str, int]
StandsAt = tuple[str, str, int, str, int, date | None]
"""Owner, its id and line; licence and its line; day."""


def balances(stored: Stored) -> Iterator[str]:
    """D4.1: a balance is the sum of its ledger, and nothing is below zero."""
    lines = _lines(stored)
    sums: dict[LicenceLineNo, list[Decimal]] = {}
    for row in stored.rows["ledger"]:
        if row["licence_line"]:
            _add(sums.setdefault((row["licence_no"], row["licence_line"]), [ZERO] * 4), row)
    for key in sorted(lines.keys() | sums.keys()):
        balance, total = lines.get(key, [ZERO] * 4), sums.get(key, [ZERO] * 4)
        if balance != total:
            yield f"licence {key[0]} line {key[1]}: balance {_shown(balance)}, ledger {_shown(total)}"
        if any(amount < 0 for amount in balance):
            yield f"licence {key[0]} line {key[1]}: below zero: {_shown(balance)}"
    uses: dict[str, tuple[int, int]] = {}
    for row in stored.rows["ledger"]:
        used, held = uses.get(row["licence_no"], (0, 0))
        uses[row["licence_no"]] = used + row["uses"], held + row["uses_reserved"]
    accounts = {row["licence_no"]: (row["uses"], row["uses_reserved"]) for row in stored.rows["accounts"]}
    for licence_no in sorted(accounts.keys() | uses.keys()):
        counted, booked = accounts.get(licence_no, (0, 0)), uses.get(licence_no, (0, 0))
        if counted != booked:
            yield f"licence {licence_no}: uses and reserved uses {counted}, ledger {booked}"
        if min(counted) < 0:
            yield f"licence {licence_no}: uses below zero: {counted}"


def _lines(stored: Stored) -> dict[LicenceLineNo, list[Decimal]]:
    return {(row["licence_no"], row["line_no"]): [row[name] for name in AMOUNTS] for row in stored.rows["balances"]}


def _add(total: list[Decimal], row: Mapping[str, Decimal]) -> None:
    for index, name in enumerate(AMOUNTS):
        total[index] = EXACT.add(total[index], row[name])


def days(stored: Stored) -> Iterator[str]:
    """D3.11: what is kept by day is the ledger's sum by day, and all of it together is the balance."""
    sums: dict[LicenceLineNo, Days] = {}
    for row in stored.rows["ledger"]:
        key = (row["licence_no"], row["licence_line"])
        if row["licence_line"] and row["day"] is None:
            yield f"licence {key[0]} line {key[1]}: the ledger has entries without a day"
        elif row["licence_line"]:
            day, known = row["day"], sums.setdefault(key, {})
            total = known.pop(day, DaySum())
            total = DaySum(EXACT.add(total.reserved, row["reserved"]), EXACT.add(total.consumed, row["consumed"]))
            known |= {day: total} if total != DaySum() else {}
    for key, balance in _balances(stored).items():
        if balance.days is not None and balance.days != sums.get(key, {}):
            yield f"licence {key[0]} line {key[1]}: by day {balance.days}, ledger {sums.get(key, {})}"


def _balances(stored: Stored) -> dict[LicenceLineNo, LineBalance]:
    return {
        (row["licence_no"], row["line_no"]): LineBalance(
            row["line_no"],
            row["reserved"],
            row["consumed"],
            row["value_reserved"],
            row["value_consumed"],
            None if row["days"] is None else load(Days, row["days"]),
        )
        for row in stored.rows["balances"]
    }


def limits(stored: Stored) -> Iterator[str]:
    """D3.11: no more is reserved in a period than its limit allows. Only what has left may go beyond (D4.7)."""
    forced, balances_of = _forced(stored), _balances(stored)
    if stored.decided_last is None:
        return
    today = shanghai_day(stored.decided_last)
    for licence_no, licence in stored.licences.items():
        lines = {line.line_no: line for line in licence.lines}
        for limit in licence.period_limits if licence_no not in forced else ():
            line, balance = lines[limit.line_no], balances_of.get((licence_no, limit.line_no))
            allowed = convert(limit.quantity, line.quantity.unit)
            kept = balance.days if balance is not None else None
            if balance is None or kept is None or allowed is None:
                continue
            reserved = {max(day, today) for day, total in kept.items() if total.reserved}
            for span in {span_of(limit.period, day) for day in reserved}:
                used = used_in(balance, span, today)
                if used > allowed:
                    yield f"licence {licence_no} line {limit.line_no}: {used:f} of {limit} from {span.first} on"


def draws(stored: Stored) -> Iterator[str]:
    """What each order and shipment stands with is what the ledger booked for it, line by line and day; so are uses."""
    standing: dict[StandsAt, list[Decimal]] = {}
    for (owner, owner_id), body in stored.bodies.items():
        for draw in (*body.draws, *_past(body)):
            key = (owner, owner_id, draw.line_no, draw.licence_no, draw.licence_line, draw.day)
            total = standing.setdefault(key, [ZERO] * 4)
            offset = 0 if draw.balance is Balance.RESERVED else 1
            total[offset] = EXACT.add(total[offset], draw.quantity.value)
            total[2 + offset] = EXACT.add(total[2 + offset], draw.value.amount)
    booked: dict[StandsAt, list[Decimal]] = {}
    for row in stored.rows["ledger"]:
        if row["licence_line"]:
            key = (row["owner"], row["owner_id"], row["line_no"], row["licence_no"], row["licence_line"], row["day"])
            _add(booked.setdefault(key, [ZERO] * 4), row)
    for key in sorted(standing.keys() | booked.keys(), key=str):
        drawn, total = standing.get(key, [ZERO] * 4), booked.get(key, [ZERO] * 4)
        if drawn != total:
            where = f"{key[0]} {key[1]} line {key[2]} on licence {key[3]} line {key[4]}"
            yield f"{where}: draws {_shown(drawn)}, ledger {_shown(total)}, for {key[5]}"
    yield from _uses(stored)


def _past(body: Shipment | Order) -> tuple[Draw, ...]:
    return body.past_draws if isinstance(body, Shipment) else ()


def _uses(stored: Stored) -> Iterator[str]:
    uses: dict[tuple[str, str], list[int]] = {}
    for (owner, owner_id), body in stored.bodies.items():
        if owner == "shipment":
            of_one: dict[str, list[int]] = {}
            _count_uses(of_one, body.draws, _past(body))
            uses |= {(owner_id, licence_no): counted for licence_no, counted in of_one.items()}
    booked: dict[tuple[str, str], list[int]] = {}
    for row in stored.rows["ledger"]:
        total = booked.setdefault((row["owner_id"], row["licence_no"]), [0, 0])
        total[0] += row["uses"]
        total[1] += row["uses_reserved"]
    for owner_id, licence_no in sorted(uses.keys() | booked.keys()):
        stands, counted = uses.get((owner_id, licence_no), [0, 0]), booked.get((owner_id, licence_no), [0, 0])
        if stands != counted:
            yield f"licence {licence_no}: {owner_id} stands with {stands} uses, the ledger says {counted}"


def _count_uses(uses: dict[str, list[int]], present: Iterable[Draw], past: Iterable[Draw]) -> None:
    """One use of each licence for the present export, and one for each that ended with RETURNED."""
    for licence_no, balance in {(draw.licence_no, draw.balance) for draw in present}:
        uses.setdefault(licence_no, [0, 0])[0 if balance is Balance.CONSUMED else 1] += 1
    exports = Counter((draw.licence_no, draw.licence_line, draw.line_no) for draw in past)
    for licence_no in {key[0] for key in exports}:
        uses.setdefault(licence_no, [0, 0])[0] += max(n for key, n in exports.items() if key[0] == licence_no)


def overlaps(stored: Stored) -> Iterator[str]:
    """Nothing is reserved twice: not by who may not go, and not by an order for what its shipments stand with."""
    taken = _by_order_line(stored)
    for (owner, owner_id), body in stored.bodies.items():
        reserved = [draw for draw in body.draws if draw.balance is Balance.RESERVED]
        if reserved and not _may_reserve(body):
            yield f"{owner} {owner_id}: reserves although it is {body.state}"
        places = Counter((draw.line_no, draw.licence_no, draw.licence_line, draw.balance) for draw in body.draws)
        yield from (f"{owner} {owner_id}: line {key[0]} draws twice on {key[1]}" for key, n in places.items() if n > 1)
        if isinstance(body, Order):
            yield from _order_beside_shipments(body, reserved, taken)


def _may_reserve(body: Shipment | Order) -> bool:
    if isinstance(body, Order):
        return body.state is OrderState.CLEARED
    return body.state is ShipmentState.RELEASED and body.progress.place is Place.BEFORE_DEPARTURE


def _by_order_line(stored: Stored) -> dict[tuple[str, int | None, str], Decimal]:
    """What shipments stand with, by (order, order line, unit)."""
    taken: dict[tuple[str, int | None, str], Decimal] = {}
    for body in stored.bodies.values():
        if isinstance(body, Shipment) and body.facts is not None:
            lines = {line.line_no: line for line in body.facts.lines}
            for draw in body.draws:
                line = lines.get(draw.line_no)
                if line is not None and line.order_id is not None:
                    key = (line.order_id, line.order_line, draw.quantity.unit)
                    taken[key] = EXACT.add(taken.get(key, ZERO), draw.quantity.value)
    return taken


def _order_beside_shipments(
    order: Order, reserved: Iterable[Draw], taken: Mapping[tuple[str, int | None, str], Decimal]
) -> Iterator[str]:
    """Only where order, licence and shipments count in one unit."""
    lines = {line.line_no: line for line in order.facts.lines} if order.facts else {}
    sums: dict[int, Decimal] = {}
    for draw in reserved:
        ordered = lines[draw.line_no].quantity if draw.line_no in lines else None
        if ordered is not None and ordered.unit == draw.quantity.unit:
            sums[draw.line_no] = EXACT.add(sums.get(draw.line_no, ZERO), draw.quantity.value)
    for line_no, own in sums.items():
        ordered = lines[line_no].quantity
        if ordered is None:
            continue
        shipped = taken.get((order.order_id, line_no, ordered.unit), ZERO)
        if own and EXACT.add(own, shipped) > ordered.value:
            yield (
                f"order {order.order_id} line {line_no}: reserves {own:f} although its shipments stand with"
                f" {shipped:f} of {ordered.value:f} {ordered.unit}"
            )


def grants(stored: Stored) -> Iterator[str]:
    """Nothing is reserved above the grant. Only what has left may go beyond (D4.5, D4.7): then CAP_BELOW_USED says so.

    Goods that left against a hold, and corrections of what left, may push others' reservations above it.
    """
    told = {row["licence_no"] for row in stored.rows["violations"] if row["kind"] == "CAP_BELOW_USED"}
    forced = _forced(stored)
    for (licence_no, line_no), balance in sorted(_lines(stored).items()):
        licence = stored.licences.get(licence_no)
        where = f"licence {licence_no} line {line_no}"
        for what, reserved, consumed, cap in _against(licence, line_no, balance):
            if reserved and EXACT.add(reserved, consumed) > cap and licence_no not in forced:
                yield f"{where}: {what} {reserved:f} reserved and {consumed:f} consumed of {cap:f} granted"
            if consumed > cap and licence_no not in told:
                yield f"{where}: {what} {consumed:f} consumed of {cap:f} granted without CAP_BELOW_USED"
    for row in stored.rows["accounts"]:
        licence = stored.licences.get(row["licence_no"])
        limit = licence.max_uses if licence is not None else None
        over = limit is not None and row["uses"] + row["uses_reserved"] > limit
        if over and row["uses_reserved"] and row["licence_no"] not in forced:
            yield f"licence {row['licence_no']}: {row['uses']} uses and {row['uses_reserved']} reserved of {limit}"


def _against(
    licence: Licence | None, line_no: int, balance: list[Decimal]
) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """(what, reserved, consumed, granted with the line's own tolerance) of quantity and of value."""
    line = next((line for line in licence.lines if line.line_no == line_no), None) if licence else None
    cap = ZERO if line is None else line.quantity.value * (100 + line.tolerance_percent) / 100
    yield "quantity", balance[0], balance[1], cap
    yield "value", balance[2], balance[3], ZERO if line is None else line.value.amount


def _forced(stored: Stored) -> set[str]:
    """Licences on which goods that have left anyway were booked, fit or not."""
    ids = {row["shipment_id"] for row in stored.rows["violations"] if row["kind"] == "MOVED_WHILE_HELD"}
    forced: set[str] = set()
    for (_, owner_id), body in stored.bodies.items():
        if isinstance(body, Shipment) and body.progress.place is not Place.BEFORE_DEPARTURE:
            amended = body.corrections or (body.facts is not None and body.facts.version > 1)
            if amended or owner_id in ids:
                forced |= {draw.licence_no for draw in (*body.draws, *body.past_draws)}
    return forced


def _shown(amounts: Iterable[Decimal]) -> str:
    return " ".join(f"{amount:f}" for amount in amounts)
