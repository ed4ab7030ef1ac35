"""Events about stop notices, `trade.notices.v1`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from schemas.values import Codes, Countries, Flag, Id, Ids, Instant, Text, Texts, Version, Wire
from schemas.vocabulary import NoticeOrigin

SCOPE_BYTES_MAX: Final = 800_000
"""A scope's written JSON. With the longest texts, and the reason of a lift, the events about its notice then still fit
into a record of 900,000 bytes."""


class NoticeText(Wire):
    """What people are told, in both languages."""

    zh: Text
    en: Text


class NoticeScope(Wire):
    """What a notice matches: every field given, and in a field any value (D6.2). A field left out doesn't limit."""

    parties: Texts = ()
    """Party ids in any role, or names."""
    exporters: Ids = ()
    forwarders: Ids = ()
    items: Ids = ()
    control_codes: Codes = ()
    """`1C902` also matches `1C902.b`."""
    hs_prefixes: Codes = ()
    destinations: Countries = ()
    end_uses: Codes = ()
    licences: Ids = ()
    orders: Ids = ()
    shipments: Ids = ()

    @property
    def is_empty(self) -> bool:
        """Whether no field limits it, so that it matches everything."""
        return not any(getattr(self, name) for name in type(self).model_fields)


class NoticeState(Wire):
    """A stop notice's data, as it is read and as it is told."""

    notice_id: Id
    version: Version
    origin: NoticeOrigin
    authority_ref: Text | None
    text: NoticeText
    effective_from: Instant | None = None
    """Absent: at once. It may lie in the future."""
    effective_until: Instant | None
    """Exclusive (D6.1); null: until it is lifted."""
    everything: Flag
    """Must be true for an empty scope (D6.7)."""
    release_by_licence: Flag
    """A licence granted later that names this notice lifts its hold (D6.6)."""
    release_by_review: Flag
    """A four-eyes review may lift its hold."""
    scope: NoticeScope

    @field_validator("scope")
    @classmethod
    def _says_so_when_it_stops_everything(cls, scope: NoticeScope, info: ValidationInfo) -> NoticeScope:
        """D6.7."""
        if scope.is_empty and info.data.get("everything") is False:
            raise PydanticCustomError("empty_scope", "is empty without everything: true")
        return scope


class NoticeUpserted(NoticeState):
    """The full state of a stop notice."""

    @field_validator("effective_until")
    @classmethod
    def _ends_after_it_begins(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        start = info.data.get("effective_from")
        if until is not None and start is not None and until <= start:
            raise PydanticCustomError("ends_before_it_begins", "must be after effective_from")
        return until

    @field_validator("scope")
    @classmethod
    def _can_be_told(cls, scope: NoticeScope) -> NoticeScope:
        if len(scope.model_dump_json().encode()) > SCOPE_BYTES_MAX:
            message = "has more than {bytes_max} bytes when it is written: make several notices of it"
            raise PydanticCustomError("scope_too_large", message, {"bytes_max": SCOPE_BYTES_MAX})
        return scope


class NoticeLifted(Wire):
    """A notice ends; of notices and lifts the highest version wins (D6.4)."""

    notice_id: Id
    version: Version
    reason: Text
