"""Errors over HTTP: every one of them is an RFC 9457 problem, and none shows internals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.kit.postgres import is_data_error, is_retryable

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:holdgate:problem:"
RETRY_AFTER_SECONDS = 2
FIELD_ERRORS_MAX = 50

KINDS: Mapping[str, tuple[int, str]] = {
    "malformed-request": (400, "The request cannot be read"),
    "idempotency-key-required": (400, "An Idempotency-Key is required"),
    "unauthenticated": (401, "A valid API key is required"),
    "forbidden": (403, "This key may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This method is not offered here"),
    "request-timeout": (408, "The request came too slowly"),
    "closed": (409, "It is closed"),
    "too-many": (409, "There are too many of them"),
    "exists": (409, "It exists already"),
    "other-origin": (409, "It is kept by another system"),
    "request-in-progress": (409, "The same request is being handled"),
    "precondition-failed": (412, "It has changed meanwhile"),
    "body-too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body must be JSON"),
    "invalid": (422, "The request is not valid"),
    "idempotency-key-reused": (422, "This Idempotency-Key belongs to another request"),
    "precondition-required": (428, "If-Match is required"),
    "internal-error": (500, "Something failed here"),
    "unavailable": (503, "The service is not available at the moment"),
}
"""Kind (the end of the problem's `type`) to status and title."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a path such as `scope.parties.0`. The given value is never repeated."""

    field: str
    message: str


class Problem(Exception):
    """A refusal that the caller is told; `kind` is one of KINDS."""

    def __init__(
        self, kind: str, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.status, self.title = KINDS[kind]
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)[:FIELD_ERRORS_MAX]
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [asdict(error) for error in self.errors]
        return JSONResponse(body, self.status, self.headers, MEDIA_TYPE)


def invalid(field: str, message: str) -> Problem:
    """422 about one field."""
    return Problem("invalid", f"{field}: {message}", errors=[FieldError(field, message)])


def unavailable(detail: str = "Try again shortly.") -> Problem:
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def from_validation(error: ValidationError) -> Problem:
    """422 with each field and what is wrong with it; 400 when the body is no JSON at all."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Problem("malformed-request", "The body is not JSON in UTF-8.")
    return _from_faults([(fault["loc"], fault["msg"]) for fault in faults])


def _from_faults(faults: Sequence[tuple[tuple[int | str, ...], str]]) -> Problem:
    errors = [FieldError(".".join(map(str, where)) or "body", message) for where, message in faults]
    return Problem("invalid", f"{errors[0].field}: {errors[0].message}", errors=errors)


def install_problems(app: FastAPI) -> None:
    """Make every error of `app` a problem: refusals, unknown routes, bad parameters, a database that is away, bugs."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_parameters)
    for kind in (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        app.add_exception_handler(kind, _answer_database)
    app.add_exception_handler(Exception, _answer_bug)


async def _answer_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.response()


async def _answer_http(_request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses: the kind of its status, or a plain problem (RFC 9457, `about:blank`)."""
    assert isinstance(error, HTTPException)
    kind = next((name for name in _FRAMEWORK_KINDS if KINDS[name][0] == error.status_code), None)
    if kind is not None:
        return Problem(kind, KINDS[kind][1] + ".", headers=error.headers).response()
    body = {"type": "about:blank", "title": HTTPStatus(error.status_code).phrase, "status": error.status_code}
    return JSONResponse(body, error.status_code, error.headers, MEDIA_TYPE)


_FRAMEWORK_KINDS = ("malformed-request", "not-found", "method-not-allowed", "body-too-large", "unsupported-media-type")


async def _answer_parameters(_request: Request, error: Exception) -> JSONResponse:
    """Path, query and header parameters; the first part of a location says which of them, and is left out."""
    assert isinstance(error, RequestValidationError)
    return _from_faults([(tuple(fault["loc"][1:]), fault["msg"]) for fault in error.errors()]).response()


async def _answer_database(request: Request, error: Exception) -> JSONResponse:
    if is_retryable(error):
        log.warning("database_unavailable", path=request.url.path, error=type(error).__name__)
        return unavailable().response()
    if is_data_error(error):
        log.warning("data_refused", path=request.url.path, error=type(error).__name__)
        return Problem("invalid", "The database can't keep this data.").response()
    log.error("request_failed", path=request.url.path, exc_info=error)
    return _bug()


async def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return _bug()


def _bug() -> JSONResponse:
    return Problem("internal-error", "The request was not carried out; the cause is in the service's log.").response()
