"""Short titles of the reasons (domain.md §2), for lists and filters. The text of a hold says the particulars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.gatekeeper.vocabularies.names import Names

REASONS: Final[Mapping[str, Names]] = {
    "STOP_NOTICE": Names("Stop notice", "停止出口通知"),
    "PROHIBITED": Names("Prohibited", "禁止出口"),
    "CONTROL_LISTED": Names("On the control list", "列入管控名单"),
    "LICENCE_REVOKED": Names("Licence revoked", "许可证已撤销"),
    "LICENCE_SUSPENDED": Names("Licence suspended", "许可证已中止"),
    "LICENCE_RETURNED": Names("Licence returned", "许可证已交回"),
    "LICENCE_CHANGE_PENDING": Names("Change of licence pending", "许可证变更待批"),
    "LICENCE_CONFLICT": Names("Contradictory licence data", "许可证数据冲突"),
    "CATCH_ALL": Names("Catch-all control", "全面管制"),
    "END_USER_STATEMENT_INVALID": Names("End-user statement invalid", "最终用户证明无效"),
    "END_USE_CHANGED": Names("End use changed", "最终用途变更"),
    "END_USER_CHANGED": Names("End user changed", "最终用户变更"),
    "MOVED_UNRELEASED": Names("Moved without a release", "未放行即移动"),
    "NO_LICENCE": Names("No licence", "无许可证"),
    "EXPORTER_MISMATCH": Names("Exporter doesn't match", "出口经营者不符"),
    "ITEM_MISMATCH": Names("Item doesn't match", "物项不符"),
    "END_USER_MISMATCH": Names("End user doesn't match", "最终用户不符"),
    "END_USE_MISMATCH": Names("End use doesn't match", "最终用途不符"),
    "DESTINATION_MISMATCH": Names("Destination doesn't match", "目的地不符"),
    "IMPORTER_MISMATCH": Names("Importer doesn't match", "进口商不符"),
    "CONSIGNEE_MISMATCH": Names("Consignee doesn't match", "收货人不符"),
    "TRANSIT_PROHIBITED": Names("Transit prohibited", "途经许可证禁止的地区"),
    "LICENCE_NOT_YET_VALID": Names("Licence not yet valid", "许可证尚未生效"),
    "LICENCE_EXPIRED": Names("Licence expired", "许可证已过期"),
    "LICENCE_CONSUMED": Names("Licence used up", "许可证已用尽"),
    "USES_EXCEEDED": Names("No use left", "使用次数已满"),
    "QTY_EXCEEDED": Names("Quantity exceeded", "超出许可数量"),
    "VALUE_EXCEEDED": Names("Value exceeded", "超出许可金额"),
    "PERIOD_LIMIT_EXCEEDED": Names("Limit of the period exceeded", "超出期间限额"),
    "WATCH_LISTED": Names("On the watch list", "列入关注名单"),
    "SPLIT_SUSPECTED": Names("Splitting suspected", "疑似拆分"),
    "PARTY_REVIEW": Names("Party to be reviewed", "交易方待审查"),
    "CUSTOMS_CHALLENGE": Names("Customs challenge", "海关质疑"),
    "ITEM_UNCLASSIFIED": Names("Item not classified", "物项未判定"),
    "ORDER_UNKNOWN": Names("Order unknown", "订单未知"),
    "ORDER_CANCELLED": Names("Order cancelled", "订单已取消"),
    "OVER_DELIVERY": Names("Over-delivery", "超量交付"),
    "MISSING_DATA": Names("Data missing", "数据缺失"),
    "MISSING_NET": Names("Net quantity missing", "缺少净数量"),
    "UNIT_NOT_CONVERTIBLE": Names("Unit can't be converted", "计量单位无法换算"),
    "FX_UNAVAILABLE": Names("No exchange rate", "无可用汇率"),
    "REFERENCE_UNAVAILABLE": Names("Reference data too old", "参考数据过期"),
    "EVENT_UNREADABLE": Names("Event unreadable", "事件无法读取"),
    "ENGINE_ERROR": Names("Rule failed", "规则出错"),
    "MANUAL_HOLD": Names("Manual hold", "人工暂停放行"),
}
