"""The phrases behind the texts of holds: for each reason what it says, then what its detail adds, English and Chinese.

A phrase whose placeholders are not all known is left out. Chinese terms are those of the Export Control Law and of the
Regulations on Export Control of Dual-use Items.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.reasons import Reason

Phrase = tuple[str, str]

_LICENSED: Phrase = ("the licence names {licensed}", "许可证载明为{licensed}")
_STATUS = (
    ("since {authority_time}", "自{authority_time}起"),
    ("replaced by {successor}", "已由{successor}替代"),
)
_BALANCE = (
    ("requested {requested}", "申请{requested}"),
    ("available {available}", "可用{available}"),
    ("{excess} too much", "超出{excess}"),
)
_VALIDITY = (
    ("on {day}", "所涉日期{day}"),
    ("valid {valid_from} to {valid_until}", "有效期{valid_from}至{valid_until}"),
)
_LISTED = (
    ("{role} {party}", "{role}{party}"),
    ("listed as {listed_name}", "名单所列名称{listed_name}"),
    ("{list}, entry {entry_id}", "{list}，条目{entry_id}"),
    ("matched by {matched_by}", "匹配方式：{matched_by}"),
    ("reference {authority_ref}", "文号{authority_ref}"),
)
_NOTICE = (
    ("notice {notice_id}", "通知编号{notice_id}"),
    ("from {origin}", "来源：{origin}"),
    ("reference {authority_ref}", "文号{authority_ref}"),
    ("lines {lines}", "涉及第{lines}项"),
    ("“{text_en}”", "“{text_zh}”"),
)

PHRASES: Mapping[Reason, tuple[Phrase, ...]] = {
    Reason.STOP_NOTICE: (("a stop notice is in effect", "停止出口通知正在生效"), *_NOTICE),
    Reason.PROHIBITED: (
        ("this export is prohibited", "该项出口属于禁止出口"),
        ("control code {control_code}", "管制编码{control_code}"),
        ("item {item_no}", "物项{item_no}"),
        ("{ban}", "{ban}"),
        ("destination {destination} is barred", "禁止出口至{destination}"),
        ("end use {end_use} is barred", "禁止用于最终用途{end_use}"),
        ("end users of type {end_user_type} are barred", "禁止出口给{end_user_type}类最终用户"),
    ),
    Reason.CONTROL_LISTED: (("a party is on the control list", "交易方已列入管控名单"), *_LISTED),
    Reason.LICENCE_REVOKED: (("the licence has been revoked", "许可证已被撤销"), *_STATUS),
    Reason.LICENCE_SUSPENDED: (("the licence is suspended", "许可证已被中止使用"), *_STATUS),
    Reason.LICENCE_RETURNED: (("the licence has been handed back", "许可证已交回"), *_STATUS),
    Reason.LICENCE_CHANGE_PENDING: (
        ("a change of the licence is pending; it must not be used", "许可证正在办理变更，期间不得使用"),
        *_STATUS,
    ),
    Reason.LICENCE_CONFLICT: (
        ("the licence came twice in one version with different content", "同一版本的许可证出现内容不一致"),
        ("version {version}", "版本{version}"),
    ),
    Reason.CATCH_ALL: (
        ("an unlisted item of concern needs a licence", "清单以外物项存在风险，须按全面管制要求申请许可"),
        ("item {item_no}", "物项{item_no}"),
        ("end use {end_use}", "最终用途{end_use}"),
        ("term “{term}”", "触发用语“{term}”"),
        ("party {party}", "交易方{party}"),
    ),
    Reason.END_USER_STATEMENT_INVALID: (
        ("the end-user statement can't be relied on", "最终用户和最终用途证明文件不能作为依据"),
        ("statement {statement_no}", "证明文件编号{statement_no}"),
        ("{fault}", "{fault}"),
        ("it names {allowed}, asked was {requested}", "证明载明{allowed}，实际为{requested}"),
        ("valid until {valid_until}", "有效期至{valid_until}"),
    ),
    Reason.END_USE_CHANGED: (
        (
            "the end use changed after the release and no licence covers the new one",
            "放行后最终用途发生变更，且无许可证涵盖变更后的用途",
        ),
        ("from {released} to {now}", "由{released}变更为{now}"),
    ),
    Reason.END_USER_CHANGED: (
        (
            "the end user changed after the release and no licence covers the new one",
            "放行后最终用户发生变更，且无许可证涵盖变更后的用户",
        ),
        ("from {released} to {now}", "由{released}变更为{now}"),
    ),
    Reason.MOVED_UNRELEASED: (
        ("the goods left without being released", "货物未获放行即已启运"),
        ("report {event_id}", "报告编号{event_id}"),
    ),
    Reason.NO_LICENCE: (
        ("no licence of this exporter covers the item", "该出口经营者没有涵盖该物项的许可证"),
        ("item {item_no}", "物项{item_no}"),
        ("control codes {control_codes}", "管制编码{control_codes}"),
        ("named but unknown: {named}", "所引用的许可证不存在：{named}"),
    ),
    Reason.EXPORTER_MISMATCH: (
        ("the exporter is not the licence's", "出口经营者与许可证不符"),
        ("exporter {exporter_id}", "出口经营者{exporter_id}"),
        _LICENSED,
    ),
    Reason.ITEM_MISMATCH: (
        ("the licence does not cover the item", "物项与许可证不符"),
        ("item {item_no}", "物项{item_no}"),
        ("control codes {control_codes}", "管制编码{control_codes}"),
        (
            "the licence line covers codes {licensed_codes} and items {licensed_items}",
            "许可证该项涵盖的编码：{licensed_codes}，物项：{licensed_items}",
        ),
    ),
    Reason.END_USER_MISMATCH: (
        ("the end user is not on the licence", "最终用户与许可证不符"),
        ("end user {end_user}", "最终用户{end_user}"),
        _LICENSED,
    ),
    Reason.END_USE_MISMATCH: (
        ("the end use is not on the licence", "最终用途与许可证不符"),
        ("end use {end_use}", "最终用途{end_use}"),
        _LICENSED,
    ),
    Reason.DESTINATION_MISMATCH: (
        ("the destination is not on the licence", "最终目的国（地区）与许可证不符"),
        ("destination {destination}", "目的国（地区）{destination}"),
        _LICENSED,
    ),
    Reason.IMPORTER_MISMATCH: (
        ("the importer is not on the licence", "进口商与许可证不符"),
        ("importer {importer}", "进口商{importer}"),
        _LICENSED,
    ),
    Reason.CONSIGNEE_MISMATCH: (
        ("the consignee is not on the licence", "收货人与许可证不符"),
        ("consignee {consignee}", "收货人{consignee}"),
        _LICENSED,
    ),
    Reason.TRANSIT_PROHIBITED: (
        ("the route passes where the licence forbids it", "运输路线经过许可证禁止的国家或地区"),
        ("via {transit}", "经由{transit}"),
    ),
    Reason.LICENCE_NOT_YET_VALID: (("the licence is not yet valid", "许可证尚未生效"), *_VALIDITY),
    Reason.LICENCE_EXPIRED: (("the licence has expired", "许可证已过有效期"), *_VALIDITY),
    Reason.LICENCE_CONSUMED: (("the licence was used up by its one export", "许可证已因一次出口完成而用讫"),),
    Reason.USES_EXCEEDED: (
        ("no use of the licence is left", "许可证使用次数已用完"),
        ("{uses} of {max_uses} used", "限{max_uses}次，已使用{uses}次"),
        ("{uses_reserved} more reserved", "另有{uses_reserved}次已预留"),
        *_BALANCE,
    ),
    Reason.QTY_EXCEEDED: (("the quantity exceeds the licence's balance", "数量超出许可证余量"), *_BALANCE),
    Reason.VALUE_EXCEEDED: (
        ("the value exceeds the licence's balance", "金额超出许可证余额"),
        *_BALANCE,
        ("rate {rate_id}", "汇率{rate_id}"),
    ),
    Reason.PERIOD_LIMIT_EXCEEDED: (
        ("the quantity exceeds what the licence allows in the period", "数量超出许可证规定的期间限额"),
        *_BALANCE,
        ("limit {limit}", "限额{limit}"),
    ),
    Reason.WATCH_LISTED: (
        (
            "a party is on the watch list; an individual licence with risk report and undertaking is needed",
            "交易方已列入关注名单，须凭单项许可并已提交风险评估报告和合规承诺",
        ),
        *_LISTED,
    ),
    Reason.SPLIT_SUSPECTED: (
        ("exports of one family to one end user may have been split", "同一最终用户的同类物项疑似拆分出口"),
        ("family {family}", "物项类别{family}"),
        ("together {total}, limit {limit}", "合计{total}，限额{limit}"),
        ("within {days} days", "{days}日内"),
        *_BALANCE,
    ),
    Reason.PARTY_REVIEW: (("a party must be reviewed", "交易方须人工复核"), *_LISTED),
    Reason.CUSTOMS_CHALLENGE: (("customs has challenged the goods", "海关已对货物提出质疑"), *_NOTICE),
    Reason.ITEM_UNCLASSIFIED: (
        ("the item has not been classified", "物项尚未完成归类判定"),
        ("item {item_no}", "物项{item_no}"),
        ("{classification}", "{classification}"),
    ),
    Reason.ORDER_UNKNOWN: (
        ("the order line is not known", "未收到对应的订单或订单行"),
        ("order line {order_line}", "订单第{order_line}行"),
    ),
    Reason.ORDER_CANCELLED: (("the order is cancelled or closed", "订单已取消或已关闭"), ("{status}", "{status}")),
    Reason.OVER_DELIVERY: (
        ("the shipments exceed the order line", "发货数量超出订单行数量"),
        ("ordered {ordered}", "订购{ordered}"),
        ("already taken {taken}", "已发{taken}"),
        ("tolerance {tolerance_percent}%", "允许超出{tolerance_percent}%"),
        *_BALANCE,
    ),
    Reason.MISSING_DATA: (
        ("data that the decision needs is missing", "缺少判定所需的信息"),
        ("{field}", "{field}"),
        ("nobody has described {party_id}", "{party_id}尚无登记资料"),
    ),
    Reason.MISSING_NET: (("the net quantity is missing", "缺少净数量（净重），毛重不能替代"), ("{field}", "{field}")),
    Reason.UNIT_NOT_CONVERTIBLE: (
        ("the unit can't be converted", "计量单位无法换算"),
        ("{unit} into {licence_unit}", "由{unit}换算为许可证单位{licence_unit}"),
        ("{unit} into {order_unit}", "由{unit}换算为订单单位{order_unit}"),
        ("item {item_no} has no factor for it", "物项{item_no}没有相应的换算系数"),
    ),
    Reason.FX_UNAVAILABLE: (
        ("no exchange rate can be used", "没有可用的汇率"),
        ("{from} to {to}", "{from}兑{to}"),
        ("on {day}", "日期{day}"),
    ),
    Reason.REFERENCE_UNAVAILABLE: (
        ("reference data is too old", "基础数据超过允许的更新时限"),
        ("feed {feed}", "数据源{feed}"),
        ("last refreshed {as_of}", "最近更新时间{as_of}"),
        ("limit {limit_hours} hours", "时限{limit_hours}小时"),
    ),
    Reason.EVENT_UNREADABLE: (
        ("an event could not be read", "相关事件无法读取"),
        ("about {about}", "涉及{about}"),
        ("event {event}", "事件标识{event}"),
        ("{error}", "{error}"),
    ),
    Reason.ENGINE_ERROR: (
        ("a rule failed; nothing is released on its word", "规则执行出错，未经判定不予放行"),
        ("rule {rule}", "规则{rule}"),
    ),
    Reason.MANUAL_HOLD: (
        ("held by a person", "人工暂停放行"),
        ("by {placed_by}", "操作人{placed_by}"),
        ("“{text}”", "“{text}”"),
    ),
}
