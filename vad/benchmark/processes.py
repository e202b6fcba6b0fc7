"""Commands as whole processes: time from start to exit, processor time, peak memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vad.errors import VadError

_LAUNCHER = Path(__file__).with_name("launcher.py")
_LAST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Measured:
    """What a process took.

    Args:
        wall_s: from its start to its exit.
        cpu_s: processor time of it and its children; None where the system does not tell.
        peak_bytes: most memory it held at a time; None where the system does not tell.
    """

    wall_s: float
    cpu_s: float | None
    peak_bytes: int | None


def measure_process(command: Sequence[str], *, stdin: IO[bytes] | int = subprocess.DEVNULL) -> Measured:
    """Runs a command to its end; what it prints is thrown away.

    Args:
        command: the program and its arguments.
        stdin: what it reads, as `subprocess` takes it.

    Raises:
        VadError: when it ends in any other way than well; the message has its last words.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(_LAUNCHER), *command],
        stdin=stdin,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(done.stderr.decode(errors="replace")[-_LAST_CHARACTERS:].split())
        raise VadError(f"{' '.join(command)}: ended with {done.returncode}: {words}")
    return Measured(**json.loads(done.stdout))


@contextlib.contextmanager
def one_core() -> Iterator[bool]:
    """Keeps this process and the children it starts on one core, for the length of a ``with`` block.

    Yields:
        Whether the system can do that; where it cannot, single threads are all there is.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, allowed)
