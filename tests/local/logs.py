"""The log that a failed start kept for its reader."""

from __future__ import annotations

from pathlib import Path


def take_kept_log(error: BaseException) -> str:
    """The text of the log that `error` points to; removed, so that tests leave nothing."""
    log = Path(str(error).split("its log is ")[1].split(" and ends")[0])
    text = log.read_text()
    log.unlink()
    return text
