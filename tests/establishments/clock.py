"""Time that the database server spends on the connection of a test."""

import time
from pathlib import Path

from django.db import connection


def server_seconds() -> float:
    """Of its process on the processor, where the system tells: waiting for a busy machine is not its doing."""
    folder = Path(f"/proc/{connection.connection.info.backend_pid}")
    process = folder / "schedstat"
    if process.exists() and (folder / "comm").read_text().startswith("postgres"):
        return int(process.read_text().split()[0]) / 1e9
    return time.perf_counter()
