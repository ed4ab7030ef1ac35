"""Every event that Holdgate reads, by type (without the prefix `io.holdgate.`)."""

from __future__ import annotations

from typing import Final

from schemas.licences import LicenceUpserted
from schemas.notices import NoticeLifted, NoticeUpserted
from schemas.orders import OrderCancelled, OrderUpserted
from schemas.references import (
    ControlUpserted,
    EndUserStatementUpserted,
    FeedRefreshed,
    FxRateUpserted,
    ItemUpserted,
    ListEntryUpserted,
    PartyUpserted,
)
from schemas.shipments import ShipmentCorrected, ShipmentMilestone, ShipmentUpserted

ReadModel = (
    OrderUpserted
    | OrderCancelled
    | ShipmentUpserted
    | ShipmentMilestone
    | ShipmentCorrected
    | LicenceUpserted
    | PartyUpserted
    | ListEntryUpserted
    | ItemUpserted
    | ControlUpserted
    | EndUserStatementUpserted
    | FxRateUpserted
    | FeedRefreshed
    | NoticeUpserted
    | NoticeLifted
)

READ_MODELS: Final[dict[str, type[ReadModel]]] = {
    "order.upserted.v1": OrderUpserted,
    "order.cancelled.v1": OrderCancelled,
    "shipment.upserted.v1": ShipmentUpserted,
    "shipment.milestone.v1": ShipmentMilestone,
    "shipment.corrected.v1": ShipmentCorrected,
    "licence.upserted.v1": LicenceUpserted,
    "party.upserted.v1": PartyUpserted,
    "list-entry.upserted.v1": ListEntryUpserted,
    "item.upserted.v1": ItemUpserted,
    "control.upserted.v1": ControlUpserted,
    "end-user-statement.upserted.v1": EndUserStatementUpserted,
    "fx-rate.upserted.v1": FxRateUpserted,
    "feed.refreshed.v1": FeedRefreshed,
    "notice.upserted.v1": NoticeUpserted,
    "notice.lifted.v1": NoticeLifted,
}
