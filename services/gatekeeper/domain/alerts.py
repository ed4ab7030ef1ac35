"""What licence holders are told about their balances: alerts (D4.9) and caps below what was used (D4.5, D4.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.ledger import settle_completion
from services.gatekeeper.domain.periods import takes_too_much
from services.gatekeeper.domain.quantity import EXACT, Money, Quantity, show, show_money
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine
from services.gatekeeper.domain.vocabulary import AlertKind, LicenceStatus, ViolationKind
from services.gatekeeper.domain.workspace import Alert, FollowUpKind, Violation, Workspace

HUNDRED = Decimal(100)
DRAWN_PERCENT = (
    (Decimal(80), AlertKind.DRAWN_80),
    (Decimal(90), AlertKind.DRAWN_90),
    (Decimal(95), AlertKind.DRAWN_95),
    (HUNDRED, AlertKind.DRAWN_100),
)


def watch_balances(workspace: Workspace, licence_nos: Iterable[str]) -> None:
    """Alerts and violations that follow from the accounts of `licence_nos` as they stand now.

    What goods that left while held took above the grant (D4.7), what a correction moved into a period (D3.11), and a
    last use that is gone, are missing to others that reserve: those are looked at again, the latest first, as when a
    cap is lowered (D4.5).
    """
    for licence_no in licence_nos:
        licence = workspace.references.licence(licence_no)
        if licence is not None:
            _watch_drawn(workspace, licence)
            _watch_completion(workspace, licence)
            check_caps(workspace, licence_no)
            account = workspace.account(licence_no)
            today = shanghai_day(workspace.as_of)
            full = any(takes_too_much(workspace.references, licence, line, today) for line in account.lines.values())
            if full or _must_give_back(account, licence) or _has_no_use_left(account, licence):
                workspace.follow_up(FollowUpKind.LICENCE, licence_no)


def check_caps(workspace: Workspace, licence_no: str) -> None:
    """CAP_BELOW_USED for every line, and the uses, of which more is consumed than the licence grants (D4.5, D4.7).

    One violation for each version of the licence and each line; its key says so. Needs the licence's account.
    """
    licence = workspace.references.licence(licence_no)
    account = workspace.account(licence_no)
    if licence is None:
        return
    for line_no, balance in sorted(account.lines.items()):
        line = next((each for each in licence.lines if each.line_no == line_no), None)
        detail = _overdrawn(line, balance)
        if detail:
            _record_cap(workspace, licence, str(line_no), {"licence_line": str(line_no), **detail})
    if licence.max_uses is not None and account.uses > licence.max_uses:
        _record_cap(workspace, licence, "uses", {"uses": str(account.uses), "max_uses": str(licence.max_uses)})


def _overdrawn(line: LicenceLine | None, balance: LineBalance) -> dict[str, str]:
    if line is None:
        return {"consumed": f"{balance.consumed:f}", "granted": "0"} if balance.consumed else {}
    cap, value_cap = granted(line)
    detail = {}
    if balance.consumed > cap:
        detail["consumed"] = show(Quantity(balance.consumed, line.quantity.unit))
        detail["granted"] = show(Quantity(cap, line.quantity.unit))
    if balance.value_consumed > value_cap:
        detail["value_consumed"] = show_money(Money(balance.value_consumed, line.value.currency))
        detail["value_granted"] = show_money(Money(value_cap, line.value.currency))
    return detail


def granted(line: LicenceLine) -> tuple[Decimal, Decimal]:
    """What may be drawn of quantity, with the line's own tolerance (D3.9), and of value."""
    factor = EXACT.add(Decimal(1), EXACT.multiply(line.tolerance_percent, Decimal("0.01")))
    return EXACT.multiply(line.quantity.value, factor), line.value.amount


def _record_cap(workspace: Workspace, licence: Licence, what: str, detail: dict[str, str]) -> None:
    key = f"{ViolationKind.CAP_BELOW_USED}:{licence.licence_no}:{what}:{licence.version}"
    if any(known.key == key for known in workspace.effects.licence_violations):
        return
    workspace.effects.licence_violations.append(
        Violation(ViolationKind.CAP_BELOW_USED, key, detail, workspace.as_of, licence_no=licence.licence_no)
    )


def _watch_drawn(workspace: Workspace, licence: Licence) -> None:
    """DRAWN_80 to DRAWN_100, once for each crossing; who jumps over several is told of the highest."""
    account = workspace.account(licence.licence_no)
    kept = [mark for mark in account.alerts if not mark.startswith("DRAWN_")]
    for line in licence.lines:
        reached = _reached(account, line)
        marks = [f"{kind}:{line.line_no}" for kind in reached]
        kept.extend(marks)
        if marks and marks[-1] not in account.alerts:
            detail = {"drawn_percent": f"{float(drawn_share(account, line) or 0) * 100:.2f}"}
            workspace.effects.alerts.append(Alert(reached[-1], detail, licence.licence_no, line.line_no))
    if tuple(kept) != account.alerts:
        workspace.put_account(evolve(account, alerts=tuple(kept)))


def _reached(account: LicenceAccount, line: LicenceLine) -> list[AlertKind]:
    """The thresholds at or below what is drawn of `line`, lowest first."""
    drawn = [(EXACT.multiply(taken, HUNDRED), whole) for taken, whole in _drawn(account, line)]
    return [
        kind for percent, kind in DRAWN_PERCENT if any(part >= EXACT.multiply(whole, percent) for part, whole in drawn)
    ]


def drawn_share(account: LicenceAccount, line: LicenceLine) -> Fraction | None:
    """Consumed plus reserved as a share of what is granted, of quantity or value, whichever is more; None: nothing."""
    return max((Fraction(taken) / Fraction(whole) for taken, whole in _drawn(account, line)), default=None)


def _drawn(account: LicenceAccount, line: LicenceLine) -> Iterator[tuple[Decimal, Decimal]]:
    """(Drawn, granted) of quantity and of value, as far as something is granted."""
    balance = account.lines.get(line.line_no)
    if balance is None:
        return
    if line.quantity.value > 0:
        yield EXACT.add(balance.reserved, balance.consumed), line.quantity.value
    if line.value.amount > 0:
        yield EXACT.add(balance.value_reserved, balance.value_consumed), line.value.amount


def _must_give_back(account: LicenceAccount, licence: Licence) -> bool:
    """Whether reservations no longer fit: what is drawn is told once they have been held (D4.5)."""
    for line in licence.lines:
        balance, (cap, value_cap) = account.lines.get(line.line_no, LineBalance(line.line_no)), granted(line)
        over = EXACT.add(balance.reserved, balance.consumed) > cap
        dear = EXACT.add(balance.value_reserved, balance.value_consumed) > value_cap
        if (balance.reserved or balance.value_reserved) and (over or dear):
            return True
    return False


def _has_no_use_left(account: LicenceAccount, licence: Licence) -> bool:
    """Whether orders that reserve, which hold no use, or more shipments than may, stand on a licence without one."""
    reserved = any(balance.reserved for balance in account.lines.values())
    used = account.uses + account.uses_reserved
    return licence.max_uses is not None and reserved and used >= licence.max_uses


def _watch_completion(workspace: Workspace, licence: Licence) -> None:
    account = workspace.account(licence.licence_no)
    told = AlertKind.CONSUMED in account.alerts
    if account.completed == told:
        return
    if account.completed:
        workspace.effects.alerts.append(Alert(AlertKind.CONSUMED, {}, licence.licence_no))
        alerts = (*account.alerts, AlertKind.CONSUMED.value)
    else:
        alerts = tuple(mark for mark in account.alerts if mark != AlertKind.CONSUMED)
    workspace.put_account(evolve(account, alerts=alerts))


def watch_licence_change(workspace: Workspace, before: Licence | None, after: Licence, open_draws: int) -> None:
    """What a new version of a licence says of its own: CAP_BELOW_USED, REVOKED_WITH_OPEN, and what is drawn of it now.

    `open_draws`: how many orders and shipments that are not CLOSED draw on it. Needs the licence's account.
    """
    check_caps(workspace, after.licence_no)
    settle_completion(workspace, after.licence_no)
    _watch_completion(workspace, after)
    if not _must_give_back(workspace.account(after.licence_no), after):
        _watch_drawn(workspace, after)
    revoked = after.status is LicenceStatus.REVOKED and (before is None or before.status is not LicenceStatus.REVOKED)
    if revoked and open_draws:
        detail = {"open": str(open_draws)}
        workspace.effects.alerts.append(Alert(AlertKind.REVOKED_WITH_OPEN, detail, after.licence_no))
