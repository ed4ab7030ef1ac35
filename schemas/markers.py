"""Markers for `Annotated` from which the types of the wire are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def refuse(code: str, message: str) -> PydanticCustomError:
    """What a validator raises for a value that must not be read."""
    return PydanticCustomError(code, message)


@dataclass(frozen=True)
class Read:
    """Reads a string that matches `pattern` with `read`; takes a finished `kind` from Python through `check`."""

    kind: type[Any]
    pattern: str
    pattern_error: str
    read: Callable[[str], Any]
    check: Callable[[Any], Any]
    write: Callable[[Any], str]
    then: Callable[[Any], Any] | None = None
    schema: tuple[tuple[str, Any], ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=self.pattern, strict=True),
            custom_error_type="malformed",
            custom_error_message=self.pattern_error,
        )
        from_text: CoreSchema = core_schema.no_info_after_validator_function(self.read, text)
        either = core_schema.no_info_plain_validator_function(self._from_python)
        writer = core_schema.plain_serializer_function_ser_schema(self.write, return_schema=core_schema.str_schema())
        if self.then is not None:
            schema = core_schema.json_or_python_schema(json_schema=from_text, python_schema=either)
            return core_schema.no_info_after_validator_function(self.then, schema, serialization=writer)
        return core_schema.json_or_python_schema(json_schema=from_text, python_schema=either, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", **dict(self.schema)}

    def _from_python(self, value: Any) -> Any:
        if isinstance(value, self.kind):
            return self.check(value)
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return self.read(value)
        raise refuse("malformed", self.pattern_error)


@dataclass(frozen=True)
class OneOf:
    """A code out of `codes`; the JSON Schema gives its shape instead of the whole list."""

    codes: frozenset[str]
    name: str
    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(
            core_schema.literal_schema(sorted(self.codes)),
            custom_error_type="unknown_code",
            custom_error_message=f"must be a code of {self.name}",
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": self.pattern, "description": f"A code of {self.name}."}


@dataclass(frozen=True)
class NullIs:
    """Null counts as left out, and what is left out is `absent`. Must be given last."""

    absent: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            self._or_absent, core_schema.nullable_schema(handler(source))
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # What senders are asked to write; null is only tolerated.
        return handler(schema["schema"]["schema"])

    def _or_absent(self, value: Any) -> Any:
        return self.absent if value is None else value
