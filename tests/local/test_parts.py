"""The real parts: records and rows go in, and come out again after a stop, a crash and a start."""

from __future__ import annotations

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.local.kafka import KafkaPart, start_kafka
from services.local.ladder import PartUnavailable
from services.local.postgres import PostgresPart, start_postgres, steps


async def _create_topic(servers: str, topic: str, partitions: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def _produce(servers: str, topic: str, value: bytes, *, commit: bool = True) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=f"{topic}-writer")
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, value, key=b"S1")
        if commit:
            await producer.commit_transaction()
        else:
            await producer.abort_transaction()
    finally:
        await producer.stop()


async def _consume(servers: str, topic: str, count: int) -> list[bytes]:
    """The first `count` committed values, read as the one member of a group."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=servers, group_id=f"{topic}-readers", auto_offset_reset="earliest",
        isolation_level="read_committed", enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_a_transactional_record_is_read_committed_and_an_aborted_one_is_not(
    kafka: KafkaPart, topic_prefix: str
) -> None:
    topic = topic_prefix + "holds"
    await _create_topic(kafka.bootstrap_servers, topic)
    await _produce(kafka.bootstrap_servers, topic, b"withdrawn", commit=False)
    await _produce(kafka.bootstrap_servers, topic, b"held")
    assert await _consume(kafka.bootstrap_servers, topic, 1) == [b"held"]


async def test_two_members_of_a_group_share_the_partitions(kafka: KafkaPart, topic_prefix: str) -> None:
    from tests.waiting import eventually

    topic = topic_prefix + "orders"
    await _create_topic(kafka.bootstrap_servers, topic, partitions=4)
    members = [
        AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, group_id=topic, auto_offset_reset="earliest")
        for _ in range(2)
    ]
    try:
        for member in members:
            await member.start()
        shares = await eventually(lambda: len(members[0].assignment()) == 2 and [one.assignment() for one in members])
        assert shares[0] | shares[1] == {TopicPartition(topic, number) for number in range(4)}
        assert not shares[0] & shares[1]
    finally:
        for member in members:
            await member.stop()


async def test_a_broker_keeps_address_and_records_over_a_crash_and_a_clean_stop(topic_prefix: str) -> None:
    topic = topic_prefix + "holds"
    try:
        async with start_kafka(rung=3) as kafka:
            servers = kafka.bootstrap_servers
            await _create_topic(servers, topic)
            await _produce(servers, topic, b"one")
            await kafka.kill()
            await kafka.restart()
            await _produce(servers, topic, b"two")
            await kafka.stop()
            await kafka.restart()
            assert kafka.bootstrap_servers == servers
            assert await _consume(servers, topic, 2) == [b"one", b"two"]
    except PartUnavailable as error:
        _skip_unless_required(error)


async def test_the_mock_says_that_it_knows_no_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDGATE_REQUIRE_REAL", raising=False)
    async with start_kafka(rung=4) as kafka:
        assert not kafka.transactions
        assert not kafka.rung.real
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
        await producer.start()
        try:
            sent = await producer.send_and_wait("first-look", b"held")
        finally:
            await producer.stop()
        assert sent.offset == 0
        with pytest.raises(PartUnavailable, match="can't be stopped"):
            await kafka.stop()


@pytest.mark.parametrize("rung", [3, 4])
async def test_a_database_keeps_address_and_rows_over_a_crash_and_a_clean_stop(rung: int) -> None:
    try:
        async with start_postgres(rung=rung) as postgres:
            await _write(postgres.url)
            await postgres.kill()
            with pytest.raises(OSError, match=r"."):
                await asyncpg.connect(postgres.url)
            await postgres.restart()
            await postgres.stop()
            await postgres.restart()
            connection = await asyncpg.connect(postgres.url)
            assert await connection.fetchval("SELECT shipment_id FROM hold") == "S1"
            await connection.close()
    except PartUnavailable as error:
        _skip_unless_required(error)


async def test_a_fresh_database_is_empty_and_set_up_for_holdgate(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SHOW timezone") == "UTC"
        assert await connection.fetchval("SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"
        assert int(await connection.fetchval("SHOW max_connections")) >= 200
    finally:
        await connection.close()


async def test_an_embedded_database_syncs_unless_told_otherwise_and_wants_its_password(postgres: PostgresPart) -> None:
    if not postgres.controllable:
        pytest.skip(f"not an embedded one: {postgres.rung}")
    async with start_postgres() as durable:
        connection = await asyncpg.connect(durable.url)
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
        stranger = durable.url.replace(durable.url.split(":")[2].split("@")[0], "guessed")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(stranger)


async def test_a_database_given_by_its_address_is_used_and_left_alone(
    postgres: PostgresPart, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with start_postgres() as given:
        assert given.rung.number == 1
        assert given.url == database_url
        with pytest.raises(PartUnavailable, match="can't be killed"):
            await given.kill()
    await _write(database_url)


async def test_an_address_that_was_given_but_is_dead_is_an_error_and_not_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    with pytest.raises(PartUnavailable, match="DATABASE_URL does not answer"):
        async with start_postgres():
            pass
    with pytest.raises(PartUnavailable, match="KAFKA_BOOTSTRAP_SERVERS"):
        async with start_kafka():
            pass


async def _write(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE hold (shipment_id text)")
    await connection.execute("INSERT INTO hold VALUES ('S1')")
    await connection.close()


def _skip_unless_required(error: PartUnavailable) -> None:
    from services.local.ladder import real_parts_required

    if real_parts_required():
        raise error
    pytest.skip(str(error))


def test_the_ladder_of_postgresql_has_four_rungs() -> None:
    assert [step.detect().number for step in steps()] == [1, 2, 3, 4]
