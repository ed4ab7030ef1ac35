"""The topics: one number of partitions for all, kept by deletion and never compacted (contracts.md §2, §3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.topics import ALL_TOPICS, HOLDS
from services.kit.kafka import LOOK_UP_SECONDS_MAX, STOP_SECONDS_MAX, bounded, pause

MESSAGE_BYTES_MIN = 1_000_000
"""A lane's record has at most 900 kB of payload, and headers."""

_SETTLED_SECONDS_MAX = 20.0
_POLL_SECONDS = 0.05


class TopicsDiffer(Exception):
    """A topic is there with another number of partitions; it is never changed: keys would change their lane."""


def topic_names(prefix: str = "") -> tuple[str, ...]:
    """The full names of all topics that Holdgate reads and writes."""
    return tuple(prefix + topic.name for topic in ALL_TOPICS)


async def create_topics(
    bootstrap_servers: str, *, partitions: int, prefix: str = "", replication_factor: int = 1
) -> tuple[str, ...]:
    """Make the topics that are missing; their full names. Idempotent; doesn't touch what is there.

    Raises TopicsDiffer when one is there with another number of partitions; nothing is made then.
    Holds are kept without limit, and no topic is compacted: laneseq is dense. Returns once every topic can be used.
    """
    async with _admin(bootstrap_servers) as admin:
        found = await _partitions(admin, topic_names(prefix))
        if faults := _wrong_counts(found, partitions):
            raise TopicsDiffer("; ".join(faults))
        missing = [
            NewTopic(name, partitions, replication_factor, topic_configs=_configuration(name, prefix))
            for name in topic_names(prefix)
            if name not in found
        ]
        if missing:
            answer = await bounded(admin.create_topics(missing), LOOK_UP_SECONDS_MAX)
            for name, code, *message in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name} could not be made: {message}")
            async with asyncio.timeout(_SETTLED_SECONDS_MAX):
                while len(await _partitions(admin, topic_names(prefix))) < len(ALL_TOPICS):
                    await pause(_POLL_SECONDS)
        return tuple(str(topic.name) for topic in missing)


async def missing_topics(bootstrap_servers: str, *, partitions: int, prefix: str = "") -> list[str]:
    """Full names of the topics that aren't there yet; raises TopicsDiffer like `create_topics`."""
    async with _admin(bootstrap_servers) as admin:
        found = await _partitions(admin, topic_names(prefix))
    if faults := _wrong_counts(found, partitions):
        raise TopicsDiffer("; ".join(faults))
    return [name for name in topic_names(prefix) if name not in found]


async def check_topics(bootstrap_servers: str, *, partitions: int, prefix: str = "") -> list[str]:
    """What is wrong with the topics, one sentence each; empty when all is well."""
    async with _admin(bootstrap_servers) as admin:
        names = topic_names(prefix)
        found = await _partitions(admin, names)
        faults = [f"topic {name} does not exist" for name in names if name not in found]
        faults += _wrong_counts(found, partitions)
        configuration = await _configurations(admin, found)
    for name, values in configuration.items():
        if "compact" in values.get("cleanup.policy", ""):
            faults.append(f"topic {name} is compacted: records that must be read would vanish")
    holds = configuration.get(prefix + HOLDS.name, {})
    if int(holds.get("max.message.bytes", MESSAGE_BYTES_MIN)) < MESSAGE_BYTES_MIN:
        faults.append(f"topic {prefix + HOLDS.name} takes less than {MESSAGE_BYTES_MIN} bytes: its lanes would stall")
    return faults


def _wrong_counts(found: Mapping[str, int], partitions: int) -> list[str]:
    return [
        f"topic {name} has {count} partitions, not {partitions}: keys would not stay in their lane"
        for name, count in found.items()
        if count != partitions
    ]


def _configuration(name: str, prefix: str) -> dict[str, str]:
    configuration = {"cleanup.policy": "delete"}
    if name == prefix + HOLDS.name:
        configuration |= {"retention.ms": "-1", "retention.bytes": "-1"}
    return configuration


@asynccontextmanager
async def _admin(bootstrap_servers: str) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await bounded(admin.start(), LOOK_UP_SECONDS_MAX)
        yield admin
    finally:
        await bounded(admin.close(), STOP_SECONDS_MAX)


async def _partitions(admin: Any, names: Iterable[str]) -> dict[str, int]:
    """The number of partitions of each of `names` that exists, with a leader everywhere."""
    described = await bounded(admin.describe_topics(list(names)), LOOK_UP_SECONDS_MAX)
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if not topic["error_code"] and all(not one["error_code"] for one in topic["partitions"])
    }


async def _configurations(admin: Any, names: Iterable[str]) -> Mapping[str, dict[str, str]]:
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not wanted:
        return {}
    answers = await bounded(admin.describe_configs(wanted), LOOK_UP_SECONDS_MAX)
    return {
        name: {entry[0]: entry[1] or "" for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }
