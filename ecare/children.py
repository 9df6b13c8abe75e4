"""Processes started and watched by another one, which leave with it whatever happens to it.

Three guarantees, for servers and workers alike: the terminal's Ctrl-C reaches only the parent, which stops its
children in order; a parent killed by `kill -9` takes them along (the kernel sends them a signal: the one that stops
them, unless nobody is left to wait for a stop that lasts); and a child that does not stop in time is killed with all of
its group.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Identity:
    """The user a child runs as, when the parent is root. `crosses` lets it reach files under a closed home."""

    uid: int
    gid: int
    crosses: bool = False


def wrapped(command: Sequence[str], *, stop: signal.Signals, identity: Identity | None = None) -> list[str]:
    """The command, prefixed so that it runs as somebody and is sent `stop` when its parent dies.

    Raises FileNotFoundError when an identity is asked for and util-linux's setpriv is not there.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if identity is not None:
            raise FileNotFoundError("setpriv")
        return list(command)
    prefix = [setpriv, "--pdeathsig", stop.name.removeprefix("SIG")]
    if identity is not None:
        prefix += [f"--reuid={identity.uid}", f"--regid={identity.gid}", "--clear-groups"]
        # Everything of root is dropped but, where needed, the right to walk through folders closed to others.
        kept = ",+dac_override" if identity.crosses else ""
        if identity.crosses:  # without which the kernel forgets that right when a program only asks about its rights
            prefix.append("--securebits=+no_setuid_fixup")
        prefix += [f"--{capabilities}=-all{kept}" for capabilities in ("bounding-set", "inh-caps", "ambient-caps")]
    return [*prefix, "--", *command]


class Child:
    """One process, which can be started again under the same name."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        identity: Identity | None = None,
        stop: signal.Signals = signal.SIGTERM,
        orphaned: signal.Signals | None = None,
        log: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = environment
        self.identity = identity
        self.stop_signal = stop
        self.orphan_signal = orphaned or stop
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with contextlib.ExitStack() as stack:
            output: IO[bytes] | int = subprocess.PIPE
            if self.log is not None:
                output = stack.enter_context(self.log.open("wb"))
            self.process = subprocess.Popen(
                wrapped(self.command, stop=self.orphan_signal, identity=self.identity),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def output(self) -> IO[bytes]:
        """What it says, for a child without a log that was started."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def finish(self, *, until: float) -> None:
        """Wait for the end until that instant of the monotonic clock, then kill what is left of the group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def stop_all(children: Iterable[Child], *, within: float) -> None:
    """Ask all of them to stop, at once, and give them so many seconds."""
    asked = list(children)
    for child in asked:
        child.ask_to_stop()
    until = time.monotonic() + within
    for child in asked:
        child.finish(until=until)
