"""The usual service, for comparison: one session, one commit and one `send_and_wait` for each event.

It makes the same licence check for the benchmark's shipments (item, codes in force, exporter, end user, end use,
destination, transit, validity today and on the planned day, quantity and value) and keeps balances and a ledger. It
knows no notices, orders, timers, replays or exactly-once. Run as a process: `python -m tests.bench.usual`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from schemas import produced
from schemas.envelope import write_binary
from schemas.parts import Reference
from schemas.reading import ReadEvent, read_event
from schemas.shipments import ShipmentLine, ShipmentUpserted
from schemas.topics import HOLDS, SHIPMENTS
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.pipeline.wire_out import directives
from services.gatekeeper.wiring import Settings
from tests.bench.trade import rules
from tests.bench.usual_tables import (
    Usual,
    UsualControl,
    UsualItem,
    UsualLedger,
    UsualLicence,
    UsualParty,
    UsualShipment,
)


def seed() -> list[Usual]:
    """The rules of the trade as rows."""
    rows: list[Usual] = []
    for kind, data in rules():
        if kind == "party.upserted":
            rows.append(UsualParty(party_id=data["party_id"], country=data["country"]))
        elif kind == "item.upserted":
            rows.append(UsualItem(**{name: data[name] for name in ("item_no", "classification", "control_codes")}))
        elif kind == "control.upserted":
            since = dt.date.fromisoformat(data["effective_from"])
            rows.append(UsualControl(control_code=data["control_code"], effective_from=since))
        elif kind == "licence.upserted":
            rows.append(_licence_row(data))
    return rows


def _licence_row(data: dict[str, Any]) -> UsualLicence:
    (line,) = data["lines"]
    same = ("licence_no", "status", "exporter_id", "end_users", "end_uses", "destinations", "prohibited_transit")
    return UsualLicence(
        **{name: data[name] for name in same},
        control_codes=line["control_codes"],
        valid_from=dt.date.fromisoformat(data["valid_from"]),
        valid_until=dt.date.fromisoformat(data["valid_until"]),
        granted=Decimal(line["quantity"]["value"]),
        granted_value=Decimal(line["value"]["amount"]),
    )


def fits(licence: UsualLicence, data: ShipmentUpserted, line: ShipmentLine, codes: set[str], today: dt.date) -> bool:
    """Whether `licence` covers `line` and has enough left."""
    user, use, departs = data.parties.end_user, data.end_use, data.planned_departure
    if user is None or use is None or departs is None or line.net_quantity is None or line.value is None:
        return False
    days = (today, max(today, shanghai_day(departs)))
    return (
        licence.status == "ACTIVE"
        and codes <= set(licence.control_codes)
        and user.party_id in licence.end_users
        and use.code in licence.end_uses
        and data.destination in licence.destinations
        and not set(data.transit) & set(licence.prohibited_transit)
        and all(licence.valid_from <= day <= licence.valid_until for day in days)
        and line.net_quantity.value <= licence.granted - licence.reserved
        and line.value.amount <= licence.granted_value - licence.reserved_value
    )


class UsualService:
    """Handles one event after the other."""

    def __init__(self, engine: AsyncEngine, producer: Any, topic: str) -> None:
        self._engine = engine
        self._producer = producer
        self._topic = topic
        self._counts: Counter[int] = Counter()

    async def handle(self, event: ReadEvent, lane: int) -> None:
        """One session with one commit, then one record that is waited for."""
        data = event.model
        assert isinstance(data, ShipmentUpserted)
        async with AsyncSession(self._engine) as session:
            known = await session.get(UsualShipment, data.shipment_id)
            if known is not None and known.version >= data.version:
                return
            draws = [await self._draw(session, data, line) for line in data.lines]
            held = any(draw is None for draw in draws)
            taken = tuple(draw for draw in draws if draw is not None)
            said = self._state(data, "HELD" if held else "RELEASED", () if held else taken)
            session.add(
                UsualShipment(
                    shipment_id=data.shipment_id, version=data.version, state=said.state,
                    licence_no=taken[0].licence_no if taken else None, body=data.model_dump_json(),
                )
            )  # fmt: skip
            await session.commit()
        await self._say(said, event, lane)

    async def _draw(self, session: AsyncSession, data: ShipmentUpserted, line: ShipmentLine) -> produced.Draw | None:
        """What `line` takes from the first licence that fits; None when none does."""
        item = await session.get(UsualItem, line.item_no)
        user = data.parties.end_user
        party = await session.get(UsualParty, user.party_id) if user is not None else None
        if item is None or party is None or line.net_quantity is None or line.value is None:
            return None
        today = shanghai_day(dt.datetime.now(dt.UTC))
        controls = await session.exec(
            select(UsualControl).where(
                col(UsualControl.control_code).in_(item.control_codes), UsualControl.effective_from <= today
            )
        )
        codes = {control.control_code for control in controls}
        candidates = await session.exec(
            select(UsualLicence)
            .where(UsualLicence.exporter_id == data.exporter_id)
            .order_by(col(UsualLicence.valid_until), col(UsualLicence.licence_no))
            .with_for_update()
        )
        licence = next((one for one in candidates if fits(one, data, line, codes, today)), None)
        if licence is None:
            return None
        quantity, amount = line.net_quantity.value, line.value.amount
        licence.reserved += quantity
        licence.reserved_value += amount
        session.add(
            UsualLedger(licence_no=licence.licence_no, shipment_id=data.shipment_id, quantity=quantity, amount=amount)
        )
        written = produced.WrittenQuantity(value=quantity, unit=line.net_quantity.unit)
        return produced.Draw(
            line_no=line.line_no, licence_no=licence.licence_no, licence_line=1, quantity=written, balance="RESERVED"
        )

    def _state(self, data: ShipmentUpserted, state: str, draws: tuple[produced.Draw, ...]) -> produced.ShipmentState:
        return produced.ShipmentState(
            shipment_id=data.shipment_id, sequence=1, state=state, may_move=state == "RELEASED", milestone=None,
            exporter_id=data.exporter_id, forwarder_id=data.forwarder_id, previous_forwarder_id=None,
            destination=data.destination, directives=produced.Directives(**directives(state)),
            references=tuple(Reference(scheme=one.scheme, value=one.value) for one in data.references),
            holds=(), placed=(), lifted=(), draws=draws, order_ids=(), decided_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip

    async def _say(self, said: produced.ShipmentState, event: ReadEvent, lane: int) -> None:
        self._counts[lane] += 1
        headers, value = write_binary(
            said,
            id=str(uuid.uuid4()),
            source="bench/usual",
            type=f"io.holdgate.shipment.{said.state.lower()}.v1",
            subject=said.shipment_id,
            time=dt.datetime.now(dt.UTC),
            laneseq=self._counts[lane],
            rulesversion=1,
            causationid=event.envelope.id,
        )
        await self._producer.send_and_wait(
            self._topic, value, key=said.shipment_id.encode(), partition=lane, headers=headers
        )


async def main() -> None:
    settings = Settings.from_environment()
    servers, prefix = settings.kafka_bootstrap_servers, settings.topic_prefix
    engine = create_async_engine(settings.database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(Usual.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add_all(seed())
        await session.commit()
    consumer = AIOKafkaConsumer(
        prefix + SHIPMENTS.name,
        bootstrap_servers=servers,
        group_id=f"{settings.environment}.usual",
        auto_offset_reset="earliest",
    )
    async with consumer, AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True) as producer:
        service = UsualService(engine, producer, prefix + HOLDS.name)
        async for record in consumer:
            event = read_event(SHIPMENTS.name, record.headers, record.key, record.value)
            await service.handle(event, record.partition)


if __name__ == "__main__":
    asyncio.run(main())
