"""End-user statements (ECR 24, 25)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.calendar import end_of_day
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Statement
from services.gatekeeper.domain.vocabulary import StatementStatus


def end_user_statements(case: Case) -> Iterator[Finding]:
    """END_USER_STATEMENT_INVALID for each named statement that can't vouch for what it is named for.

    Unknown; INVALID or WITHDRAWN; expired on one of the case's days; or for another end user or end use: of every line
    that names it, or of one line for which no named statement speaks.
    """
    if not case.leaves_territory:
        return
    for number in sorted({number for line in case.lines for number in line.end_user_statements}):
        fault = _fault(case, number)
        if fault is not None:
            naming = ", ".join(str(line.line_no) for line in case.lines if number in line.end_user_statements)
            yield found(Reason.END_USER_STATEMENT_INVALID, {**fault, "lines": naming}, statement_no=number)


def next_dates(case: Case) -> Iterator[datetime]:
    """When a named statement expires (D7.1)."""
    for number in {number for line in case.lines for number in line.end_user_statements}:
        statement = case.references.statement(number)
        expiry = end_of_day(statement.valid_until) if statement is not None else None
        if expiry is not None:
            yield expiry


def _fault(case: Case, number: str) -> dict[str, str] | None:
    statement = case.references.statement(number)
    if statement is None:
        return {"fault": "UNKNOWN"}
    if statement.status is not StatementStatus.VALID:
        return {"fault": statement.status.value}
    day = max(case.days, default=case.today)
    if statement.valid_until < day:
        return {"fault": "EXPIRED", "valid_until": statement.valid_until.isoformat(), "day": day.isoformat()}
    naming = [line for line in case.lines if number in line.end_user_statements]
    amiss = [line for line in naming if _mismatch(case, line, statement)]
    unvouched = [line for line in amiss if not _vouched(case, line)]
    if len(amiss) < len(naming) and not unvouched:
        return None
    return _mismatch(case, (unvouched or amiss)[0], statement)


def _vouched(case: Case, line: CaseLine) -> bool:
    """Whether one of the statements that the line names is for its end user and end use."""
    statements = (case.references.statement(number) for number in line.end_user_statements)
    return any(statement is not None and not _mismatch(case, line, statement) for statement in statements)


def _mismatch(case: Case, line: CaseLine, statement: Statement) -> dict[str, str]:
    """What the statement says otherwise than the line; what the line doesn't say is no mismatch (MISSING_DATA)."""
    end_user = line.parties.get("end_user")
    if end_user is not None and statement.end_user not in case.references.resolve(end_user):
        asked = end_user.party_id or end_user.name or ""
        return {"fault": "OTHER_END_USER", "requested": asked, "allowed": statement.end_user}
    end_use = line.end_use.code if line.end_use is not None else None
    if end_use is not None and end_use not in statement.end_uses:
        return {"fault": "OTHER_END_USE", "requested": end_use, "allowed": ", ".join(statement.end_uses)}
    return {}
