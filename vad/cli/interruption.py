"""Ctrl-C while listening: the end of the recording, not of the program."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Interruption:
    """Lets Ctrl-C end the wait for sound at once, and nothing else in the middle.

    Attributes:
        requested: whether it was pressed.
    """

    def __init__(self) -> None:
        self.requested = False
        self._waiting = False

    def __enter__(self) -> Interruption:
        self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, *_: object) -> None:
        self.requested = True
        if self._waiting:
            raise KeyboardInterrupt

    def guard(self, chunks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yields chunks until they end or Ctrl-C is pressed."""
        from vad.errors import AudioError

        while not self.requested:
            try:
                self._waiting = True
                chunk = next(chunks, None)
            except KeyboardInterrupt:
                return
            except AudioError:
                # The recorder at the other end of the pipe was interrupted too, where it stood.
                if self.requested:
                    return
                raise
            finally:
                self._waiting = False
            if chunk is None:
                return
            yield chunk
