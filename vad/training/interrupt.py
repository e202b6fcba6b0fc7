"""Ctrl-C and SIGTERM as a wish that is met between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopWish:
    """Whether somebody asked the training to stop.

    Attributes:
        is_set: True from the first signal on.
    """

    def __init__(self) -> None:
        self.is_set = False

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal; the second one stops at once, whatever is half done."""
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True


@contextmanager
def listening() -> Iterator[StopWish]:
    """Gives a wish that SIGINT and SIGTERM set, for the length of a block.

    Outside the main thread, where Python hands out no signals, the wish stays unset.
    """
    wish = StopWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.signal(number, wish.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
