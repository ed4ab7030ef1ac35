"""The generated contracts: JSON Schemas, the AsyncAPI document and, when given, `openapi.json`.

They are committed, and `check` says where what is committed differs from what the models give.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from schemas.asyncapi import Untitled, asyncapi_document
from schemas.events import READ_MODELS
from schemas.produced import WRITTEN_MODELS

FOLDER: Final = Path(__file__).parent
JSON_SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(type_suffix: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the data of one type. It says what to write; the reader tolerates a little more."""
    model = {**READ_MODELS, **WRITTEN_MODELS}[type_suffix]
    schema = model.model_json_schema(schema_generator=Untitled, by_alias=True)
    return {"$schema": JSON_SCHEMA_DIALECT, "$id": f"urn:holdgate:{type_suffix}", **schema}


def _expected(openapi: dict[str, Any] | None) -> dict[str, str]:
    """Relative path and content of every generated file."""
    documents: dict[str, Any] = {
        f"json/{suffix}.json": json_schema(suffix) for suffix in sorted({**READ_MODELS, **WRITTEN_MODELS})
    }
    documents["asyncapi.json"] = asyncapi_document(FOLDER / "examples")
    if openapi is not None:
        documents["openapi.json"] = openapi
    return {path: json.dumps(document, ensure_ascii=False, indent=2) + "\n" for path, document in documents.items()}


def _surplus(root: Path, expected: dict[str, str]) -> list[Path]:
    """Schemas under `root` of types that there aren't any more."""
    return sorted(path for path in (root / "json").glob("*.json") if f"json/{path.name}" not in expected)


def export(root: Path = FOLDER, openapi: dict[str, Any] | None = None) -> list[Path]:
    """Write every generated contract under `root` (the folder `schemas`) and return the files that changed."""
    expected = _expected(openapi)
    changed: list[Path] = []
    for relative, content in expected.items():
        path = root / relative
        if path.is_file() and path.read_text(encoding="utf-8") == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        changed.append(path)
    for path in _surplus(root, expected):
        path.unlink()
        changed.append(path)
    return changed


def check(root: Path = FOLDER, openapi: dict[str, Any] | None = None) -> list[str]:
    """One line for each generated contract under `root` that is missing, surplus or differs; empty when all agree."""
    expected = _expected(openapi)
    drift: list[str] = []
    for relative, content in expected.items():
        path = root / relative
        if not path.is_file():
            drift.append(f"{relative}: is missing")
        elif (committed := path.read_text(encoding="utf-8")) != content:
            drift.append(f"{relative}: differs from the models from line {_first_difference(committed, content)} on")
    drift.extend(f"json/{path.name}: no type has this schema" for path in _surplus(root, expected))
    return drift


def _first_difference(committed: str, expected: str) -> int:
    """Number of the first line, counted from 1, in which two different texts differ."""
    old, new = committed.splitlines(), expected.splitlines()
    pairs = zip(old, new, strict=False)
    return next((number for number, (a, b) in enumerate(pairs, 1) if a != b), min(len(old), len(new)) + 1)
