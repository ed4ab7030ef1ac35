"""How a stored notice is shown: its status, how far the lanes are, its data, its ETag."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from services.gatekeeper.domain.notices import start
from services.gatekeeper.domain.rule_entities import Notice, Scope
from services.gatekeeper.domain.rulebook import NoticeEvent
from services.gatekeeper.store.notices_read import StoredNotice


class NoticeStatus(StrEnum):
    """contracts.md §4; `services.gatekeeper.api.views.NoticeRecorded` says what they mean."""

    RECORDED = "RECORDED"
    SCHEDULED = "SCHEDULED"
    EFFECTIVE = "EFFECTIVE"
    ENDED = "ENDED"


def status_of(stored: StoredNotice, at: datetime, partitions: int) -> tuple[NoticeStatus, int]:
    """Status at `at`, and in how many lanes the last word about it is published.

    A notice that was lifted before any lane was told of it has nothing to publish.
    """
    notice = stored.notice
    if notice.lifted or (notice.ends_at is not None and notice.ends_at <= at):
        told, published = stored.said.get(NoticeEvent.ENDED, (0, 0))
        return NoticeStatus.ENDED, partitions if notice.lifted and told == 0 else published
    if notice.starts_at is not None and notice.starts_at > at:
        return NoticeStatus.SCHEDULED, 0
    _, published = stored.said.get(NoticeEvent.IN_EFFECT, (0, 0))
    return (NoticeStatus.EFFECTIVE if published >= partitions else NoticeStatus.RECORDED), published


def is_settled(stored: StoredNotice, at: datetime, partitions: int) -> bool:
    """Whether every lane has published the last word about it."""
    status, published = status_of(stored, at, partitions)
    return status is not NoticeStatus.SCHEDULED and published >= partitions


def etag_of(stored: StoredNotice) -> str:
    """Strong, one for each version. Answers are not to be stored, so progress of the lanes need not change it."""
    return f'"{stored.notice.version}"'


def recorded_view(stored: StoredNotice, at: datetime, partitions: int) -> dict[str, Any]:
    status, published = status_of(stored, at, partitions)
    return {
        "notice_id": stored.notice.notice_id,
        "version": stored.notice.version,
        "status": status.value,
        "effective_at": start(stored.notice).isoformat(),
        "lanes": {"published": published, "total": partitions},
    }


def notice_view(stored: StoredNotice, at: datetime, partitions: int) -> dict[str, Any]:
    notice = stored.notice
    return recorded_view(stored, at, partitions) | {
        "origin": notice.origin.value,
        "authority_ref": notice.authority_ref or None,
        "text": {"zh": "", "en": ""} | dict(notice.text),
        "effective_from": _moment(notice.starts_at),
        "effective_until": _moment(notice.ends_at),
        "everything": notice.everything,
        "release_by_licence": notice.release_by_licence,
        "release_by_review": notice.release_by_review,
        "scope": _scope(notice),
        "lift_reason": notice.lift_reason,
        "recorded_at": stored.recorded_at.isoformat(),
        "recorded_through": "HTTP" if notice.by_http else "KAFKA",
        "rules_version": stored.rules_version,
    }


def _scope(notice: Notice) -> dict[str, list[str]]:
    return {name: list(getattr(notice.scope, name)) for name in Scope.__dataclass_fields__}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
