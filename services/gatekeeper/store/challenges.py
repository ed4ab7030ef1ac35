"""Challenges of customs as tasks of people: each is answered within some working days (ECR 22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.gatekeeper.domain.notices import answer_due
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.vocabulary import NoticeOrigin

Connection = Any


@dataclass(frozen=True, slots=True)
class Challenge:
    """An open one; `due_on` is the last Asia/Shanghai day on which an answer is in time."""

    notice_id: str
    version: int
    due_on: date
    opened_at: datetime


async def keep_challenges(
    connection: Connection, told: Sequence[tuple[Notice, bool]], policy: Policy, as_of: datetime
) -> None:
    """One task for each notice of customs that is in effect (the flag); what ended, or is no longer customs', closes.

    Of several words about one notice the last counts.
    """
    newest = {notice.notice_id: (notice, in_effect) for notice, in_effect in told}
    opened = [one for one, in_effect in newest.values() if in_effect and one.origin is NoticeOrigin.CUSTOMS]
    closed = sorted(newest.keys() - {notice.notice_id for notice in opened})
    if opened:
        await connection.execute(
            "INSERT INTO customs_challenge AS c (notice_id, version, due_on, opened_at)"
            " SELECT n, v, d, $4 FROM unnest($1::text[], $2::bigint[], $3::date[]) AS u(n, v, d)"
            " ON CONFLICT (notice_id) DO UPDATE SET version = excluded.version, due_on = excluded.due_on, closed_at ="
            " NULL, opened_at = CASE WHEN c.closed_at IS NULL THEN c.opened_at ELSE excluded.opened_at END",
            [notice.notice_id for notice in opened],
            [notice.version for notice in opened],
            [answer_due(notice, policy) for notice in opened],
            as_of,
        )
    if closed:
        await connection.execute(
            "UPDATE customs_challenge SET closed_at = $2 WHERE notice_id = ANY($1::text[]) AND closed_at IS NULL",
            closed,
            as_of,
        )


async def open_challenges(connection: Connection) -> list[Challenge]:
    """Those not closed yet, the most urgent first."""
    rows = await connection.fetch(
        "SELECT notice_id, version, due_on, opened_at FROM customs_challenge WHERE closed_at IS NULL"
        " ORDER BY due_on, notice_id"
    )
    return [Challenge(**row) for row in rows]
