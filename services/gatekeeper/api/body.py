"""Request bodies: JSON of a bounded size, read as the wire's models read events."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from schemas.repeated import repeated_name
from services.gatekeeper.api.limits import BODY_BYTES_MAX, BODY_SECONDS_MAX
from services.kit.problems import Problem, from_validation, invalid

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """The body's bytes. Refuses another media type (415), more than BODY_BYTES_MAX (413), and slow senders (408).

    A chunked body is counted while it comes in: what is too much is never kept.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Problem("unsupported-media-type", "Send application/json.", headers={"Accept": "application/json"})
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > BODY_BYTES_MAX:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _bounded(request)
    except TimeoutError:
        raise Problem("request-timeout", f"The body took more than {BODY_SECONDS_MAX:g} seconds.") from None
    except ClientDisconnect:
        raise Problem("malformed-request", "The body broke off.") from None


async def _bounded(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _too_large() -> Problem:
    # The rest of the body is not read: the connection can't be used again.
    return Problem("body-too-large", f"At most {BODY_BYTES_MAX} bytes are read.", headers={"Connection": "close"})


def parse(model: type[ModelT], body: bytes) -> ModelT:
    """`body` as `model`; 400 when it is no JSON, 422 naming each field that is wrong, or that is given twice."""
    try:
        read = model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from error
    twice = repeated_name(body)
    if twice is not None:
        raise invalid(twice, "is given twice in one object")
    return read
