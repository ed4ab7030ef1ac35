"""Whether a Docker daemon answers. A docker binary proves nothing, so the daemon is pinged.

The Docker rungs are tested for their detection only: the machines that this project is checked on have no daemon.
They go by the documented interface of testcontainers, and promise no stop, kill or restart.
"""

from __future__ import annotations

import importlib.util
import os
import socket

from services.local.ladder import Rung

DEFAULT_HOST = "unix:///var/run/docker.sock"
PING_SECONDS_MAX = 5


def docker_rung(part: str) -> Rung:
    """Rung 2 of `part`: a container, if the daemon answers and testcontainers is installed."""
    possible, why = ping_docker()
    return Rung(part, 2, "Docker", possible, why)


def ping_docker() -> tuple[bool, str]:
    """(possible, why)"""
    if not all(importlib.util.find_spec(package) for package in ("docker", "testcontainers")):
        return False, "testcontainers is not installed (pip install 'holdgate[local]')"
    unheard = _unheard_socket(os.environ.get("DOCKER_HOST") or DEFAULT_HOST)
    if unheard:
        return False, unheard
    import docker  # type: ignore[import-untyped]
    from docker.errors import DockerException  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=PING_SECONDS_MAX)
    except DockerException as error:
        return False, f"no Docker daemon answers: {_first_line(error)}"
    try:
        client.ping()
    except (DockerException, OSError) as error:
        return False, f"no Docker daemon answers: {_first_line(error)}"
    finally:
        client.close()
    return True, "the Docker daemon answers"


def _unheard_socket(host: str) -> str | None:
    """Why nobody listens on the daemon's unix socket; None if somebody does, or the daemon is elsewhere.

    The client library would say the same, but leaves its socket open when it can't connect.
    """
    if not host.startswith("unix://"):
        return None
    path = host.removeprefix("unix://")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PING_SECONDS_MAX)
        try:
            probe.connect(path)
        except OSError as error:
            return f"no Docker daemon answers at {path}: {error.strerror or error}"
    return None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
