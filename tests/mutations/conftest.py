"""An installation with topics for each test here that asks for one, as the tests of the publisher have it."""

from __future__ import annotations

from tests.pipeline.kafka.conftest import site

__all__ = ["site"]
