"""Tables of the usual service, with a registry of their own: they are no part of Holdgate's schema."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import JSON, Column
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Usual(SQLModel, registry=registry()):
    """What these tables have in common."""


class UsualParty(Usual, table=True):
    party_id: str = Field(primary_key=True)
    country: str


class UsualItem(Usual, table=True):
    item_no: str = Field(primary_key=True)
    classification: str
    control_codes: list[str] = Field(sa_column=Column(JSON, nullable=False))


class UsualControl(Usual, table=True):
    control_code: str = Field(primary_key=True)
    effective_from: dt.date
    effective_until: dt.date | None = None


class UsualLicence(Usual, table=True):
    """A licence with its one line and that line's balance."""

    licence_no: str = Field(primary_key=True)
    status: str
    exporter_id: str = Field(index=True)
    end_users: list[str] = Field(sa_column=Column(JSON, nullable=False))
    end_uses: list[str] = Field(sa_column=Column(JSON, nullable=False))
    destinations: list[str] = Field(sa_column=Column(JSON, nullable=False))
    prohibited_transit: list[str] = Field(sa_column=Column(JSON, nullable=False))
    control_codes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    valid_from: dt.date
    valid_until: dt.date
    granted: Decimal
    granted_value: Decimal
    reserved: Decimal = Decimal(0)
    reserved_value: Decimal = Decimal(0)


class UsualShipment(Usual, table=True):
    shipment_id: str = Field(primary_key=True)
    version: int
    state: str
    licence_no: str | None = None
    body: str


class UsualLedger(Usual, table=True):
    entry_id: int | None = Field(default=None, primary_key=True)
    licence_no: str = Field(index=True)
    shipment_id: str
    quantity: Decimal
    amount: Decimal
