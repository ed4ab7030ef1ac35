"""Ids in paths: any text, percent-encoded, slashes included."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send

Key = Annotated[str, Path(description="Percent-encoded."), AfterValidator(unquote)]


class RawPaths:
    """Routes by the path as it was sent: `%2F` inside an id is no separator. `Key` decodes each id by itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            # In place: the outer layers learn from the scope which route was taken.
            scope["path"] = scope["raw_path"].decode("ascii", "replace")
        await self.app(scope, receive, send)
