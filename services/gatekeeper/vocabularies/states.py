"""Names of milestones, classifiers, states, directives, roles and movements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.gatekeeper.vocabularies.names import Names

MILESTONES: Final[Mapping[str, Names]] = {
    "CREATED": Names("Created", "已创建"),
    "PICKED": Names("Picked", "已拣货"),
    "PACKED": Names("Packed", "已装箱"),
    "HANDED_OVER": Names("Handed over to the carrier", "已交承运人"),
    "DECLARED": Names("Declared to customs", "已报关"),
    "CUSTOMS_RELEASED": Names("Released by customs", "海关已放行"),
    "DEPARTED": Names("Departed", "已离境"),
    "ARRIVED": Names("Arrived", "已抵达"),
    "DELIVERED": Names("Delivered", "已交付"),
    "CANCELLED": Names("Cancelled", "已取消"),
    "SHIPPING_VOIDED": Names("Departure voided", "离境已作废"),
    "RETURNED": Names("Returned", "已退运"),
}

CLASSIFIERS: Final[Mapping[str, Names]] = {
    "ACTUAL": Names("Actual", "实际"),
    "PLANNED": Names("Planned", "计划"),
    "ESTIMATED": Names("Estimated", "预计"),
}

SHIPMENT_STATES: Final[Mapping[str, Names]] = {
    "HELD": Names("Held", "已扣留"),
    "RELEASED": Names("Released", "已放行"),
    "INTERCEPT": Names("To be intercepted", "须拦截"),
    "INCIDENT": Names("Incident", "事件"),
    "CLOSED": Names("Closed", "已关闭"),
    "UNKNOWN": Names("Unknown", "未知"),
}

ORDER_STATES: Final[Mapping[str, Names]] = {
    "HELD": Names("Held", "已扣留"),
    "CLEARED": Names("Cleared", "预审通过"),
    "CLOSED": Names("Closed", "已关闭"),
}

DIRECTIVES: Final[Mapping[str, Names]] = {
    "PROCEED": Names("Proceed", "可以继续"),
    "STOP": Names("Stop", "停止"),
    "RECALL": Names("Recall", "召回"),
    "NONE": Names("Nothing to do", "无须行动"),
}

ROLES: Final[Mapping[str, Names]] = {
    "logistics": Names("Logistics", "物流"),
    "freight": Names("Freight forwarding", "货运代理"),
    "customs": Names("Customs broking", "报关"),
    "delivery": Names("Delivery", "寄递"),
    "platform": Names("Trading platform", "交易平台"),
    "payment": Names("Payment", "支付"),
}

MOVEMENTS: Final[Mapping[str, Names]] = {
    "EXPORT": Names("Export", "出口"),
    "TECHNOLOGY_TRANSFER": Names("Technology transfer", "技术转让"),
    "DOMESTIC": Names("Domestic", "境内"),
    "INTO_BONDED": Names("Into a bonded area", "入保税区"),
    "OUT_OF_BONDED": Names("Out of a bonded area", "出保税区"),
    "TRANSIT": Names("Transit", "过境"),
    "REPAIR_RETURN": Names("Return after repair", "修理复运出境"),
}
