"""The one exception of reading."""

from __future__ import annotations


class Unreadable(Exception):
    """A record that can't be read as an event.

    `field` names what is wrong: a path in the data (`lines.0.net_quantity.value`), an attribute (`ce_time`), or
    `topic`, `key`, `value` for the record itself. `type_hint` (a type that Holdgate reads, without prefix) and
    `entity_key` are what could be saved, so that what the event is about can be held (D8.4).
    """

    def __init__(
        self, field: str, message: str, *, type_hint: str | None = None, entity_key: str | None = None
    ) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.type_hint = type_hint
        self.entity_key = entity_key
