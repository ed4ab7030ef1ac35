"""Licences and their balances over HTTP (D4.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from schemas.values import decimal_text
from services.gatekeeper.api.describing import operation, problems
from services.gatekeeper.api.limits import reading
from services.gatekeeper.api.paths import Key
from services.gatekeeper.api.principal import Principal, ReadsLicences
from services.gatekeeper.api.views import BalanceView, LicenceView
from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.quantity import EXACT, Money, Quantity
from services.gatekeeper.domain.restated import is_drawn
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine
from services.gatekeeper.domain.vocabulary import LicenceStatus
from services.gatekeeper.store.codec import dump
from services.gatekeeper.store.keys import NAME_CHARS_MAX
from services.gatekeeper.store.licences_read import StoredLicence, read_licence
from services.gatekeeper.wiring import Gate
from services.kit.problems import Problem

EXPIRED, CONSUMED = "EXPIRED", "CONSUMED"
NOTHING = Decimal(0)
router = APIRouter(tags=["licences"])
_NO_STORE = {"Cache-Control": "no-store"}


@router.get(
    "/v1/licences/{licence_no}",
    response_model=LicenceView,
    responses=problems(404),
    openapi_extra=operation("licences:read"),
    summary="A licence and its balances",
)
async def get_licence(request: Request, licence_no: Key, principal: ReadsLicences) -> JSONResponse:
    """The newest version of a licence, with its balances."""
    stored, day = await _read(request.app.state.gate, licence_no, principal)
    return JSONResponse(licence_view(stored, day), headers=_NO_STORE)


@router.get(
    "/v1/licences/{licence_no}/balance",
    response_model=BalanceView,
    responses=problems(404),
    openapi_extra=operation("licences:read"),
    summary="What is left of a licence",
)
async def get_balance(request: Request, licence_no: Key, principal: ReadsLicences) -> JSONResponse:
    """What is granted, reserved, consumed and free, by line, as decimal strings in the line's own unit."""
    stored, day = await _read(request.app.state.gate, licence_no, principal)
    return JSONResponse(balance_view(stored, day), headers=_NO_STORE)


async def _read(gate: Gate, licence_no: str, principal: Principal) -> tuple[StoredLicence, date]:
    """The licence and the Asia/Shanghai day that its status is of; 404 when it is unknown or not this principal's."""
    missing = Problem("not-found", f"There is no licence {licence_no[:NAME_CHARS_MAX]}.")
    if not 1 <= len(licence_no) <= NAME_CHARS_MAX or "\x00" in licence_no:
        raise missing
    async with reading(gate) as connection:
        at = await gate.clock.now(connection)
        stored = await read_licence(connection, licence_no, principal.visibility)
    if stored is None:
        raise missing
    return stored, shanghai_day(at)


def derived_status(licence: Licence, account: LicenceAccount, day: date) -> str:
    """What the authority says; an ACTIVE one is CONSUMED by its completed export (D4.2) and EXPIRED after its days."""
    if licence.status is not LicenceStatus.ACTIVE:
        return licence.status.value
    if account.completed:
        return CONSUMED
    return EXPIRED if licence.valid_until < day else licence.status.value


def balance_view(stored: StoredLicence, day: date) -> dict[str, Any]:
    licence, account = stored.licence, stored.account
    return {
        "licence_no": licence.licence_no,
        "status": derived_status(licence, account, day),
        "uses": account.uses,
        "uses_reserved": account.uses_reserved,
        "max_uses": licence.max_uses,
        "lines": [_line(line, account) for line in sorted(_lines(licence, account), key=lambda line: line.line_no)],
    }


def _lines(licence: Licence, account: LicenceAccount) -> Iterator[LicenceLine]:
    """Those of the newest version, and those that it dropped while something was drawn on them: granting nothing."""
    yield from licence.lines
    known = {line.line_no for line in licence.lines}
    for line_no, balance in account.lines.items():
        if line_no not in known and is_drawn(balance) and balance.unit and balance.currency:
            yield LicenceLine(line_no, (), (), Quantity(NOTHING, balance.unit), Money(NOTHING, balance.currency))


def _line(line: LicenceLine, account: LicenceAccount) -> dict[str, Any]:
    balance = account.lines.get(line.line_no, LineBalance(line.line_no))
    return {
        "line_no": line.line_no,
        "unit": line.quantity.unit,
        **_sums(line.quantity.value, balance.reserved, balance.consumed),
        "value": {
            "currency": line.value.currency,
            **_sums(line.value.amount, balance.value_reserved, balance.value_consumed),
        },
        "uses": account.uses,
        "uses_reserved": account.uses_reserved,
    }


def _sums(granted: Decimal, reserved: Decimal, consumed: Decimal) -> dict[str, str]:
    """D4.1: what is free, never shown below zero; exact."""
    free = EXACT.subtract(EXACT.subtract(granted, reserved), consumed)
    amounts = {"granted": granted, "reserved": reserved, "consumed": consumed, "free": max(free, NOTHING)}
    return {name: decimal_text(amount) for name, amount in amounts.items()}


_SHOWN_ELSEWHERE = {"licence_no", "version", "authority_time", "type", "status", "exporter_id", "max_uses", "conflict"}
_INTERNAL = {"as_issued"}


def licence_view(stored: StoredLicence, day: date) -> dict[str, Any]:
    licence = stored.licence
    facts = json.loads(dump(licence))
    return balance_view(stored, day) | {
        "version": licence.version,
        "authority_time": licence.authority_time.isoformat(),
        "authority_status": licence.status.value,
        "type": licence.type.value,
        "exporter_id": licence.exporter_id,
        "facts": {name: value for name, value in facts.items() if name not in _SHOWN_ELSEWHERE | _INTERNAL},
        "conflict": licence.conflict,
        "rules_version": stored.rules_version,
    }
