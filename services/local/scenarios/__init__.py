"""Scenario files: a compliance team's own policy under test, through the real handling code and a real PostgreSQL."""
