"""The golden examples of `schemas/examples`, as Kafka records."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"


@dataclass(frozen=True)
class Golden:
    """One example: a whole record and, when it must be refused, the field that is to blame."""

    path: Path
    type_suffix: str
    topic: str
    headers: list[tuple[str, bytes]]
    key: bytes
    value: bytes
    document: dict[str, Any]
    field: str | None

    def __str__(self) -> str:
        return f"{self.type_suffix}-{self.path.stem}"


def _load(path: Path) -> Golden:
    document = json.loads(path.read_text(encoding="utf-8"))
    if "value_text" in document:
        value = document["value_text"].encode()
    elif "value_base64" in document:
        value = base64.b64decode(document["value_base64"])
    else:
        value = json.dumps(document["value"], ensure_ascii=False).encode()
    headers = [(name, text.encode()) for name, text in document["headers"].items()]
    return Golden(
        path=path,
        type_suffix=path.parent.name,
        topic=document["topic"],
        headers=headers,
        key=document["key"].encode(),
        value=value,
        document=document,
        field=document.get("field"),
    )


GOLDENS = [_load(path) for path in sorted(EXAMPLES.glob("*/*.json"))]
VALID = [golden for golden in GOLDENS if golden.path.stem.startswith("valid-")]
INVALID = [golden for golden in GOLDENS if golden.path.stem.startswith("invalid-")]
