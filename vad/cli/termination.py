"""A request to end (SIGTERM) unwinds the command as Ctrl-C does, so that nothing half-written stays behind."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

# What shells report of a process that SIGTERM ended.
_EXIT_STATUS = 128 + signal.SIGTERM


@contextlib.contextmanager
def clean_termination() -> Iterator[None]:
    """Has SIGTERM raise SystemExit in the main thread for the length of a ``with`` block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(_EXIT_STATUS)
