"""Recording notices, revisions and lifts: the one place where the API changes rules (design.md §4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.gatekeeper.api.limits import CHANGE_SECONDS_MAX, bounded
from services.gatekeeper.api.notice_views import etag_of, recorded_view
from services.gatekeeper.api.once import Answer
from services.gatekeeper.api.principal import Principal
from services.gatekeeper.api.views import NoticeData
from services.gatekeeper.domain.rule_entities import Notice, Scope
from services.gatekeeper.domain.rulebook import RuleOutcome
from services.gatekeeper.pipeline.gather import keep_newest
from services.gatekeeper.pipeline.notices import lock_rules_exclusively, record_notice
from services.gatekeeper.pipeline.translate_rules import lifted_notice, notice_entity
from services.gatekeeper.store import rules
from services.gatekeeper.store.audit import write_audit
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.notices_read import StoredNotice, read_notice
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection
from services.kit.problems import Problem, invalid

ACCEPTED = 202


async def catch_up(gate: Gate) -> None:
    """Load what is new of the rules while decisions go on, so that the exclusive lock is held for a delta only."""
    async with bounded(CHANGE_SECONDS_MAX), gate.database.transaction() as tx:
        await rules.lock_shared(tx)
        references, _ = await rules.refresh(tx, gate.references)
        keep_newest(gate, references)


async def record(gate: Gate, tx: Connection, principal: Principal, given: NoticeData) -> Answer:
    """A new notice. 409 when its id is taken, whoever may see that one."""
    await lock_rules_exclusively(tx)
    if await read_notice(tx, given.notice_id, Visibility.everything()) is not None:
        raise Problem("exists", f"There is a notice {given.notice_id} already: change it with PUT.")
    return await _store(gate, tx, principal, await _entity(gate, tx, given, 1), "notice_recorded")


async def revise(gate: Gate, tx: Connection, principal: Principal, given: NoticeData, if_match: str) -> Answer:
    """New data for a notice; above a lift it puts it in effect again (D6.4)."""
    await lock_rules_exclusively(tx)
    stored = await changeable(tx, given.notice_id, principal, if_match)
    entity = await _entity(gate, tx, given, stored.notice.version + 1)
    return await _store(gate, tx, principal, entity, "notice_revised")


async def lift(gate: Gate, tx: Connection, principal: Principal, notice_id: str, reason: str, if_match: str) -> Answer:
    """End a notice. One that is lifted already stays as it is, and the audit shows the attempt (D6.4)."""
    await lock_rules_exclusively(tx)
    stored = await changeable(tx, notice_id, principal, if_match)
    at = await gate.clock.now(tx)
    if stored.notice.lifted:
        await write_audit(tx, principal.name, "notice_lift_ignored", notice_id, {"reason": reason})
        return _answer(gate, stored, at)
    entity = lifted_notice(notice_id, stored.notice.version + 1, reason, at, by_http=True)
    return await _store(gate, tx, principal, entity, "notice_lifted")


async def changeable(tx: Connection, notice_id: str, principal: Principal, if_match: str | None) -> StoredNotice:
    """The notice, if this principal may change it by HTTP: 404, 409 (D6.8), and 412 when `if_match` is given."""
    stored = await read_notice(tx, notice_id, principal.visibility)
    if stored is None:
        raise Problem("not-found", f"There is no notice {notice_id}.")
    if not stored.notice.by_http:
        raise Problem("other-origin", f"Notice {notice_id} came by Kafka: it is changed there (D6.8).")
    if if_match is not None and not _matches(if_match, etag_of(stored)):
        raise Problem("precondition-failed", f"Notice {notice_id} is at version {stored.notice.version}.")
    return stored


def _matches(if_match: str, etag: str) -> bool:
    """Strong comparison (RFC 9110): a weak tag never matches."""
    return if_match.strip() == "*" or etag in (tag.strip() for tag in if_match.split(","))


def refuse_unless_own(principal: Principal, given: NoticeData) -> None:
    """422 without the confirmation for everything; 403 when the notice goes beyond what the principal sees."""
    if not given.is_confirmed:
        raise invalid("confirm", 'must be "everything" when everything is true')
    if not _within(principal.visibility, given):
        raise Problem("forbidden", "This key records notices for its own forwarders or exporters only.")


def _within(visibility: Visibility, given: NoticeData) -> bool:
    limits = ((given.scope.forwarders, visibility.forwarder_ids), (given.scope.exporters, visibility.exporter_ids))
    own = any(named and allowed is not None and allowed.issuperset(named) for named, allowed in limits)
    return visibility.sees_everything or (own and not given.everything)


async def _entity(gate: Gate, tx: Connection, given: NoticeData, version: int) -> Notice:
    numbered = given.model_copy(update={"version": version})
    return notice_entity(numbered, await gate.clock.now(tx), by_http=True)


async def _store(gate: Gate, tx: Connection, principal: Principal, entity: Notice, action: str) -> Answer:
    recorded = await record_notice(gate, tx, entity)
    if recorded.outcome is not RuleOutcome.APPLIED:
        raise Problem("precondition-failed", f"Notice {entity.notice_id} has changed meanwhile.")
    await write_audit(tx, principal.name, action, entity.notice_id, _detail(recorded.notice))
    stored = await read_notice(tx, entity.notice_id, Visibility.everything())
    if stored is None:
        raise RuntimeError(f"notice {entity.notice_id} was recorded and is not there")
    return _answer(gate, stored, await gate.clock.now(tx))


def _answer(gate: Gate, stored: StoredNotice, at: datetime) -> Answer:
    return Answer(ACCEPTED, recorded_view(stored, at, gate.partitions), etag_of(stored))


def _detail(notice: Notice) -> dict[str, Any]:
    fields = {name: list(getattr(notice.scope, name)) for name in Scope.__dataclass_fields__}
    scope = {name: values for name, values in fields.items() if values}
    return {
        "version": notice.version,
        "everything": notice.everything,
        "scope": scope,
        "authority_ref": notice.authority_ref,
        **({"reason": notice.lift_reason} if notice.lifted else {}),
    }
