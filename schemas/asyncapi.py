"""The AsyncAPI 3.1 document, built from topics, models and golden examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from schemas.events import READ_MODELS
from schemas.produced import WRITTEN_MODELS
from schemas.topics import ALL_TOPICS, HOLDS, TYPE_PREFIX, Topic, TopicKind
from schemas.values import BIGINT_MAX, ID_CHARS_MAX, INSTANT_PATTERN

ASYNCAPI_VERSION: Final = "3.1.0"
CONTRACT_VERSION: Final = "1.0.0"
KAFKA_BINDING_VERSION: Final = "0.5.0"
EXAMPLES_PER_MESSAGE: Final = 2

_MODELS: Final[dict[str, Any]] = {**READ_MODELS, **WRITTEN_MODELS}
_ABOUT: Final = """\
Holdgate stands between "an order exists" and "the goods have left": it reads orders, shipments, licences, references \
and stop notices, and writes for every shipment whether it may move, and if not, why.

CloudEvents 1.0, binary mode (`ce_*` headers, JSON value); what Holdgate reads may be in structured mode too, and a \
value may begin with the five bytes of a schema registry. Quantities and money are decimal strings, never JSON \
numbers. Days are Asia/Shanghai days. Codes that aren't an enum here are open lists.

A consumer of holdgate.holds.v1 obeys the highest `sequence` of each shipment, skips what isn't above its last \
`ce_laneseq` in a partition, raises an alarm at a gap, and treats a shipment that it never heard of as HELD.\
"""


class Untitled(GenerateJsonSchema):
    """JSON Schema without a title for every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def asyncapi_document(examples: Path) -> dict[str, Any]:
    """The whole document. `examples` is the folder of the golden examples; each message shows its valid ones."""
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Holdgate",
            "version": CONTRACT_VERSION,
            "description": _ABOUT,
            "tags": [{"name": kind.value.lower()} for kind in TopicKind],
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "Kafka 3.6 or later.",
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "A bootstrap server."}},
            }
        },
        "channels": {topic.name: _channel(topic) for topic in ALL_TOPICS},
        "operations": {_operation_name(topic): _operation(topic) for topic in ALL_TOPICS},
        "components": {
            "messages": {suffix: _message(topic, suffix, examples) for topic in ALL_TOPICS for suffix in topic.types},
            "schemas": {**_schemas(), **_header_schemas()},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    binding: dict[str, Any] = {"topic": topic.name, "bindingVersion": KAFKA_BINDING_VERSION}
    if topic is HOLDS:
        # Compaction would tear holes into the dense laneseq.
        binding["topicConfiguration"] = {"cleanup.policy": ["delete"]}
    return {
        "address": topic.name,
        "description": f"Record key: {topic.key}. All topics here have the same number of partitions.",
        "messages": {suffix: {"$ref": f"#/components/messages/{suffix}"} for suffix in topic.types},
        "tags": [{"name": topic.kind.value.lower()}],
        "bindings": {"kafka": binding},
    }


def _operation_name(topic: Topic) -> str:
    return f"{_action(topic)}-{topic.name.removesuffix('.v1').split('.')[-1]}"


def _action(topic: Topic) -> str:
    return "send" if topic is HOLDS else "receive"


def _operation(topic: Topic) -> dict[str, Any]:
    binding: dict[str, Any] = {"bindingVersion": KAFKA_BINDING_VERSION}
    if topic is not HOLDS:
        binding["groupId"] = {"type": "string", "description": "One group for all gatekeepers of an installation."}
    return {
        "action": _action(topic),
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": "What Holdgate decides." if topic is HOLDS else f"What Holdgate reads, keyed by {topic.key}.",
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{suffix}"} for suffix in topic.types],
        "bindings": {"kafka": binding},
    }


def _message(topic: Topic, suffix: str, examples: Path) -> dict[str, Any]:
    model = _MODELS[suffix]
    headers = "OurHeaders" if topic is HOLDS else "Headers"
    return {
        "name": TYPE_PREFIX + suffix,
        "title": suffix,
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": f"#/components/schemas/{headers}"},
                {"type": "object", "properties": {"ce_type": {"const": TYPE_PREFIX + suffix}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": topic.key, "minLength": 1, "maxLength": ID_CHARS_MAX},
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
        "examples": _examples(examples / suffix),
    }


def _examples(folder: Path) -> list[dict[str, Any]]:
    """The first valid golden examples in binary mode whose value stands there as JSON."""
    goldens = [
        (path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("valid-*.json"))
    ]
    shown = [(name, golden) for name, golden in goldens if "value" in golden and "ce_type" in golden["headers"]]
    return [
        {"name": name, "summary": golden["title"], "headers": golden["headers"], "payload": golden["value"]}
        for name, golden in shown[:EXAMPLES_PER_MESSAGE]
    ]


def _schemas() -> dict[str, Any]:
    """Every model and its parts, by class name."""
    models = sorted(set(_MODELS.values()), key=lambda model: str(model.__name__))
    _, definitions = models_json_schema(
        [(model, "validation") for model in models],
        by_alias=True,
        ref_template="#/components/schemas/{model}",
        schema_generator=Untitled,
    )
    return dict(sorted(definitions["$defs"].items()))


def _header_schemas() -> dict[str, Any]:
    """The `ce_*` headers: what every event has, and what Holdgate adds to its own."""
    text = {"type": "string", "minLength": 1, "maxLength": ID_CHARS_MAX}
    number = {"type": "string", "pattern": "^[0-9]{1,19}$"}
    common = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**text, "description": "The sender's; with ce_source it identifies an event."},
        "ce_source": {"type": "string", "minLength": 1},
        "ce_type": {"type": "string", "pattern": "^io\\.holdgate\\."},
        "ce_subject": {**text, "description": "The record key; absent: the record key counts."},
        "ce_time": {
            "type": "string",
            "pattern": INSTANT_PATTERN,
            "description": "RFC 3339 with an offset: when the fact became true at its source.",
        },
        "ce_traceparent": {"type": "string", "description": "W3C trace context, passed on from cause to effect."},
        "content-type": {
            "type": "string",
            "description": "application/json; beginning with application/cloudevents: "
            "structured mode, where the other headers don't count.",
        },
    }
    ours = {
        "ce_laneseq": {**number, "description": f"Position in the lane, dense, up to {BIGINT_MAX}."},
        "ce_rulesversion": {**number, "description": "Version of the rules that it was decided with."},
        "ce_causationid": {**text, "description": "Id of the event that caused it."},
    }
    required = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"]
    return {
        "Headers": {"type": "object", "properties": common, "required": required},
        "OurHeaders": {
            "type": "object",
            "properties": {**common, **ours},
            "required": [*required, "ce_subject", "ce_laneseq", "ce_rulesversion"],
        },
    }
