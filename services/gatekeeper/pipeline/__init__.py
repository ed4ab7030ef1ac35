"""Bytes in, directives out: batches, rule changes, sweeps, timers, quarantine and the publisher (design.md §2-§4)."""
