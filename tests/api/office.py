"""What the API's tests find in the database, and what they send."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.aggregates import Hold, Progress, Shipment
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine, Notice, Scope
from services.gatekeeper.domain.vocabulary import LicenceStatus, LicenceType, Milestone, NoticeOrigin, ShipmentState
from services.gatekeeper.store import rules
from services.gatekeeper.store.codec import dump
from services.gatekeeper.wiring import Gate

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOLD = Hold(
    "6f1c0c5e-6f0a-5a6f-9a43-5b9d5e1d6c11",
    Reason.QTY_EXCEEDED,
    (("licence_no", "L1"), ("line_no", 1)),
    {"requested": "1000.001 KGM", "available": "1000 KGM", "excess": "0.001 KGM"},
    False,
    AT,
)
LICENCE = Licence(
    licence_no="L1",
    version=1,
    authority_time=AT,
    type=LicenceType.INDIVIDUAL,
    status=LicenceStatus.ACTIVE,
    exporter_id="E1",
    end_users=("ALPHA",),
    end_uses=("CIVIL_MRI",),
    destinations=("DE",),
    importers=(),
    consignees=(),
    prohibited_transit=(),
    valid_from=date(2026, 3, 1),
    valid_until=date(2200, 8, 31),
    max_uses=3,
    lapses_on_completion=True,
    answers_notices=(),
    supersedes=(),
    risk_report_on_file=False,
    undertaking_on_file=False,
    period_limits=(),
    lines=(LicenceLine(1, ("1C902.b",), (), Quantity(Decimal("1000"), "KGM"), Money(Decimal("180000.00"), "USD")),),
)


@dataclass(frozen=True, slots=True)
class Office:
    gate: Gate

    async def shipment(
        self,
        shipment_id: str,
        state: ShipmentState = ShipmentState.RELEASED,
        *,
        forwarder_id: str = "FWD-1",
        exporter_id: str = "E1",
        holds: Sequence[Hold] = (),
        terms: Sequence[str] | None = ("dest:DE", "exporter:E1", "open"),
        recheck_at: datetime | None = None,
        rules_version: int = 0,
        sequence: int = 4,
    ) -> None:
        """A shipment as the pipeline leaves it; `terms` None: without scope terms."""
        facts = ShipmentFacts(shipment_id, 1, exporter_id=exporter_id, forwarder_id=forwarder_id)
        body = Shipment(
            shipment_id,
            1,
            facts,
            Progress(milestone=Milestone.PACKED),
            state,
            sequence,
            tuple(holds),
            recheck_at=recheck_at,
            decided_at=AT,
            rules_version=rules_version,
        )
        async with self.gate.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO shipment (shipment_id, lane, arrival, state, sequence, exporter_id, forwarder_id,"
                " rules_version, recheck_at, body) VALUES ($1, 0, 1, $2, $3, $4, $5, $6, $7, $8::jsonb)",
                shipment_id,
                state.value,
                sequence,
                exporter_id,
                forwarder_id,
                rules_version,
                recheck_at,
                dump(body),
            )
            if terms is not None:
                await tx.execute(
                    "INSERT INTO scope_terms (owner, owner_id, lane, arrival, terms) VALUES ('shipment', $1, 0, 1, $2)",
                    shipment_id,
                    [*terms, f"shipment:{shipment_id}"],
                )

    async def task(
        self,
        touches: list[list[list[str]]],
        *,
        kind: str = "SWEEP",
        rules_version: int = 7,
        can_add_hold: bool = True,
        items: Sequence[str] | None = None,
    ) -> int:
        """An unfinished task; `items`: the shipments that it stored and has not judged yet."""
        async with self.gate.database.transaction() as tx:
            task_id: int = await tx.fetchval(
                "INSERT INTO task (kind, key, touches, rules_version, can_add_hold, items_stored, cursor, created_at)"
                " VALUES ($1, 'k', $2::jsonb, $3, $4, $5, 0, clock_timestamp()) RETURNING task_id",
                kind,
                json.dumps(touches),
                rules_version,
                can_add_hold,
                items is not None,
            )
            await tx.executemany(
                "INSERT INTO sweep_item (task_id, position, owner, owner_id, lane) VALUES ($1, $2, 'shipment', $3, 0)",
                [(task_id, position, shipment_id) for position, shipment_id in enumerate(items or (), 1)],
            )
        return task_id

    async def finish(self, task_id: int) -> None:
        async with self.gate.database.transaction() as tx:
            await tx.execute("UPDATE task SET done_at = clock_timestamp() WHERE task_id = $1", task_id)

    async def publish(self, lanes: Sequence[int] = (0, 1, 2, 3)) -> None:
        """Everything that stands in `lanes` is out."""
        async with self.gate.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO lane_progress (lane, published_seq, published_at) SELECT lane, next_seq - 1,"
                " clock_timestamp() FROM lane WHERE lane = ANY($1::int[])"
                " ON CONFLICT (lane) DO UPDATE SET published_seq = EXCLUDED.published_seq",
                list(lanes),
            )

    async def licence(self, *, account: tuple[int, int, bool] | None = None, **changes: Any) -> None:
        async with self.gate.database.transaction() as tx:
            licence = dataclasses.replace(LICENCE, **changes)
            await rules.insert_rules(tx, [rules.NewRule(licence, None)], 1, AT)
            if account is not None:
                await tx.execute(
                    "INSERT INTO licence_account (licence_no, uses, uses_reserved, completed, alerts)"
                    " VALUES ($1, $2, $3, $4, '{}')",
                    licence.licence_no,
                    *account,
                )

    async def balance(self, licence_no: str, *sums: str) -> None:
        """Reserved, consumed, and both of value, of line 1."""
        async with self.gate.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO licence_line_balance (licence_no, line_no, reserved, consumed, value_reserved,"
                " value_consumed, unit, currency) VALUES ($1, 1, $2, $3, $4, $5, 'KGM', 'USD')",
                licence_no,
                *map(Decimal, sums),
            )

    async def kafka_notice(self, notice_id: str) -> None:
        """A notice that came by Kafka."""
        words = (("en", "Stop"), ("zh", "停"))
        scope = Scope(destinations=("DE",))
        notice = Notice(notice_id, 5, NoticeOrigin.AUTHORITY, "", words, AT, None, None, False, False, False, scope)
        async with self.gate.database.transaction() as tx:
            await rules.insert_rules(tx, [rules.NewRule(notice, "e1")], 1, AT)

    async def count(self, table: str) -> int:
        async with self.gate.database.reading() as connection:
            counted: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
            return counted


def notice(notice_id: str = "N1", **changes: Any) -> dict[str, Any]:
    """Data of a notice as it is posted."""
    return {
        "notice_id": notice_id,
        "origin": "AUTHORITY",
        "authority_ref": "MOFCOM 2026-17",
        "text": {"zh": "停止出口", "en": "Stop"},
        "effective_from": None,
        "effective_until": None,
        "everything": False,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": {"destinations": ["DE"]},
        **changes,
    }


def fresh_key() -> dict[str, str]:
    """The header that every changing POST needs."""
    return {"Idempotency-Key": secrets.token_hex(8)}
