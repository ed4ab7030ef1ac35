"""(f): how long a status query over HTTP takes, one after the other on a kept connection."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.bench.hearing import BenchFailed, percentiles_ms

ASK_SECONDS_MAX = 10.0
WARM_QUERIES = 50


def measure_status(url: str, token: str, shipment_ids: Sequence[str], count: int) -> dict[str, float]:
    """p50 and p99 in milliseconds. Blocks: run it in a thread. Plain sockets, so that no client is measured."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ASK_SECONDS_MAX)
    headers = {"Authorization": f"Bearer {token}"}
    taken = []
    try:
        for number in range(WARM_QUERIES + count):
            shipment_id = shipment_ids[number * 7919 % len(shipment_ids)]
            began = time.perf_counter()
            connection.request("GET", f"/v1/shipments/{shipment_id}/status", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - began)
            if answer.status != 200 or json.loads(body)["state"] not in ("HELD", "RELEASED"):
                raise BenchFailed(f"the status of {shipment_id} was answered by {answer.status}: {body!r}")
    finally:
        connection.close()
    return percentiles_ms(taken[WARM_QUERIES:])
