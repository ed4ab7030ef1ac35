"""Did the day end as it should? One function a question; each answers from the evidence alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from schemas.produced import Hold, ShipmentState, ViolationRecorded
from services.local.demo import story
from services.local.demo.consignments import Consignment
from services.local.demo.evidence import Evidence
from services.local.demo.subscribers import PROCEED

NAMES_MAX = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One question, whether the answer is the right one, and what was found."""

    name: str
    ok: bool
    found: str


def check_all(evidence: Evidence) -> list[Check]:
    """Every question, in the order of the day."""
    return [question(evidence) for question in QUESTIONS]


def released_within_its_licence(evidence: Evidence) -> Check:
    history = evidence.history(story.WITHIN_LICENCE.shipment_id)
    drawn = [
        draw
        for state in history
        if state.state == "RELEASED"
        for draw in state.draws
        if draw.licence_no == story.WITHIN_LICENCE.licences[0] and draw.quantity.value == Decimal(400)
    ]
    ok = bool(drawn) and all(state.state == "RELEASED" for state in history)
    milestone = evidence.logistics.milestone(story.WITHIN_LICENCE.shipment_id)
    return Check("a release within a licence", ok, f"{_states(history)}; went as far as {milestone}")


def a_gram_too_much_was_held(evidence: Evidence) -> Check:
    history = evidence.history(story.ONE_GRAM_MORE.shipment_id)
    hold = _hold(history, "QTY_EXCEEDED")
    excess = str(hold.detail.get("excess")) if hold else "-"
    ok = excess == "0.001 KGM" and history[-1].state == "RELEASED" and history[0].state == "HELD"
    return Check("quantity exceeded by 0.001, then corrected", ok, f"excess {excess}; {_states(history)}")


def the_wrong_end_user_was_held(evidence: Evidence) -> Check:
    return _held_for("wrong end user", evidence, story.WRONG_USER, "END_USER_MISMATCH")


def the_wrong_country_was_held(evidence: Evidence) -> Check:
    return _held_for("licence for DE, goods for US", evidence, story.WRONG_COUNTRY, "DESTINATION_MISMATCH")


def the_notice_became_effective(evidence: Evidence) -> Check:
    if evidence.notice is None:
        return Check("stop notice through the API", False, "none was recorded")
    status, lanes = evidence.notice.answer.get("status"), evidence.notice.answer.get("lanes", {})
    ok = status == "EFFECTIVE" and lanes.get("published") == lanes.get("total") != 0
    found = f"{status} in {lanes.get('published')} of {lanes.get('total')} lanes after {evidence.notice.seconds:.2f} s"
    return Check("stop notice through the API", ok, found)


def the_notice_met_every_state(evidence: Evidence) -> Check:
    outcomes = {state: set[str]() for state in ("HELD", "INTERCEPT", "INCIDENT")}
    for shipment_id in _touched(evidence):
        for state in evidence.history(shipment_id):
            if state.state in outcomes and any(hold.reason == "STOP_NOTICE" for hold in state.holds):
                outcomes[state.state].add(shipment_id)
    found = ", ".join(f"{len(ids)} {state}" for state, ids in outcomes.items())
    return Check("held, intercepted and incident", all(outcomes.values()), found)


def nothing_touched_went_on(evidence: Evidence) -> Check:
    free = [one for one in _touched(evidence) if evidence.statuses.get(one, {}).get("may_move") is not False]
    late = [one.shipment_id for one in story.AFTER_THE_NOTICE]
    freed = [one for one in late if not _only_held(evidence.history(one))]
    found = f"{len(list(_touched(evidence)))} touched, {len(free)} free; announced later: {len(late) - len(freed)} held"
    return Check("nothing that the notice stops may move", not free and not freed, found)


def the_successor_went_on(evidence: Evidence) -> Check:
    name = "gatekeeper killed (SIGKILL), successor goes on"
    if evidence.take_over_left_out is not None:
        return Check(name, True, f"left out: {evidence.take_over_left_out}")
    taken = evidence.take_over
    if taken is None or taken.seconds is None:
        return Check(name, False, "the successor did not catch up" if taken else "nothing was killed")
    found = (
        f"its {taken.lanes} lanes: {taken.undecided_at_kill} undecided, {taken.unpublished_at_kill} unpublished;"
        f" caught up after {taken.seconds:.1f} s, {taken.published_after} directives since"
    )
    return Check(name, taken.exit_code == -9 and taken.published_after > 0, found)


def the_subscribers_saw_no_gap(evidence: Evidence) -> Check:
    ok = all(one.gaps == 0 and one.duplicates == 0 and one.heard > 0 for one in evidence.subscribers)
    found = "; ".join(
        f"{one.role} {one.heard}: {one.gaps} gaps, {one.duplicates} double" for one in evidence.subscribers
    )
    return Check("subscribers: no gap, no duplicate", ok, found)


def the_topic_is_dense(evidence: Evidence) -> Check:
    topic = evidence.topic
    ok = topic.is_dense and topic.records > 0 and topic.duplicates == 0
    ok = ok and all(one.heard == topic.records for one in evidence.subscribers)
    ends = "/".join(str(len(numbers)) for _, numbers in sorted(topic.numbers.items()))
    return Check("the whole topic read raw: 1 … N per partition", ok, f"{topic.records} records, N = {ends}")


def every_shipment_was_answered(evidence: Evidence) -> Check:
    silent = [one for one in evidence.consignments if not evidence.history(one)]
    found = f"{len(evidence.consignments) - len(silent)} of {len(evidence.consignments)} shipments{_names(silent)}"
    return Check("every shipment was answered", evidence.settled and not silent, found)


def the_api_agrees(evidence: Evidence) -> Check:
    differing = [
        f"{one.role} {shipment_id}"
        for one in evidence.subscribers
        for shipment_id, state in one.states.items()
        if not _agrees(evidence, shipment_id, state)
    ]
    stranger = evidence.stranger.get("state") == "UNKNOWN" and evidence.stranger.get("may_move") is False
    found = f"{len(evidence.statuses)} statuses compared, {len(differing)} differ{_names(differing)}"
    ok = bool(evidence.statuses) and not differing and stranger
    return Check("status API and subscribers agree", ok, found + f"; a stranger is {evidence.stranger.get('state')}")


def released_means_no_hold(evidence: Evidence) -> Check:
    wrong = [
        shipment_id
        for shipment_id, history in evidence.histories.items()
        for state in history
        if (state.state == "RELEASED") != state.may_move or (state.may_move and state.holds)
    ]
    return Check("released means: no reason open", not wrong, f"{len(evidence.histories)} shipments{_names(wrong)}")


def nothing_moved_unreleased(evidence: Evidence) -> Check:
    """Goods that left while the notice was on its way are its business: the violation says so, nobody erred."""
    wrong = [violation for violation in evidence.violations if not _left_before_the_word_came(evidence, violation)]
    kinds = sorted({violation.kind for violation in wrong})
    moved = sum(evidence.logistics.moved.values())
    found = f"{moved} milestones reported, {len(wrong)} violations {', '.join(kinds)}".rstrip()
    if crossed := len(evidence.violations) - len(wrong):
        found += f"; {crossed} crossed the notice"
    return Check("logistics moved released goods only", moved > 0 and not wrong, found)


def _left_before_the_word_came(evidence: Evidence, violation: ViolationRecorded) -> bool:
    consignment = evidence.consignments.get(violation.shipment_id or "")
    notice = evidence.notice
    if consignment is None or notice is None or not story.is_touched(consignment):
        return False
    return violation.kind == "MOVED_WHILE_HELD" and violation.occurred_at <= notice.answered_at


def nothing_stopped_was_paid(evidence: Evidence) -> Check:
    never = [one for one in evidence.payment.paid if not any(s.may_move for s in evidence.history(one))]
    paid, blocked = evidence.payment.paid, evidence.payment.blocked
    found = f"{len(paid)} invoices, {evidence.payment.total:,.2f} USD; {len(blocked)} blocked"
    return Check("payment paid released goods only", not never and bool(paid), found + _names(never))


def the_ledger_adds_up(evidence: Evidence) -> Check:
    ledger = evidence.ledger
    if ledger is None:
        return Check("balances equal the ledger", False, "the ledger was not read")
    faults = [*ledger.wrong, *ledger.overdrawn]
    found = f"{ledger.entries} entries{_names(faults)}"
    return Check("balances equal the ledger, none above its grant", ledger.entries > 0 and not faults, found)


QUESTIONS: tuple[Callable[[Evidence], Check], ...] = (
    released_within_its_licence,
    a_gram_too_much_was_held,
    the_wrong_end_user_was_held,
    the_wrong_country_was_held,
    the_notice_became_effective,
    the_notice_met_every_state,
    nothing_touched_went_on,
    the_successor_went_on,
    the_subscribers_saw_no_gap,
    the_topic_is_dense,
    every_shipment_was_answered,
    the_api_agrees,
    released_means_no_hold,
    nothing_moved_unreleased,
    nothing_stopped_was_paid,
    the_ledger_adds_up,
)


def _held_for(name: str, evidence: Evidence, consignment: Consignment, reason: str) -> Check:
    history = evidence.history(consignment.shipment_id)
    reasons = sorted({hold.reason for state in history for hold in state.holds})
    return Check(name, _only_held(history) and reasons == [reason], f"{_states(history)}: {', '.join(reasons)}")


def _only_held(history: list[ShipmentState]) -> bool:
    return bool(history) and all(state.state == "HELD" for state in history)


def _hold(history: list[ShipmentState], reason: str) -> Hold | None:
    return next((hold for state in history for hold in state.holds if hold.reason == reason), None)


def _states(history: list[ShipmentState]) -> str:
    return " > ".join(state.state for state in history) or "never heard of"


def _touched(evidence: Evidence) -> Iterator[str]:
    return (one.shipment_id for one in evidence.consignments.values() if story.is_touched(one))


def _agrees(evidence: Evidence, shipment_id: str, state: ShipmentState) -> bool:
    status = evidence.statuses.get(shipment_id)
    return (
        status is not None
        and (status["state"], status["sequence"]) == (state.state, state.sequence)
        and status["may_move"] == (state.directives.logistics == PROCEED)
    )


def _names(ids: list[str]) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - NAMES_MAX} more" if len(ids) > NAMES_MAX else ""
    return f" ({', '.join(ids[:NAMES_MAX])}{more})"
