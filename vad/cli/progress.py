"""One line on standard error about a batch, when that is a terminal and it takes a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vad.cli.inputs import Heard, Source

_REDRAW_S = 0.1
_SHOW_AFTER_S = 0.5
_BAR = 24


class Progress:
    """How far a batch is, by the bytes of its recordings; nothing is shown of what has no size.

    Args:
        sources: the recordings.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._n_bytes = sum(source.n_bytes for source in sources)
        self._n_sources = len(sources)
        self._shows = sys.stderr.isatty() and self._n_bytes > 0
        self._begun = time.monotonic()
        self._drawn = 0.0
        self._visible = False
        self._n_done = 0

    def done(self) -> None:
        """Counts a recording."""
        self._n_done += 1

    def update(self, n_bytes: float) -> None:
        """Says how many bytes of all recordings have been heard."""
        now = time.monotonic()
        if not self._shows or now - max(self._begun + _SHOW_AFTER_S, self._drawn) < _REDRAW_S:
            return
        share = min(1.0, n_bytes / self._n_bytes)
        left = f", {(now - self._begun) * (1 - share) / share:.0f} s left" if share > 0 else ""
        bar = ("━" * round(share * _BAR)).ljust(_BAR, "·")
        sys.stderr.write(f"\r{bar} {share:4.0%}, {self._n_done} of {self._n_sources} recordings{left}\x1b[K")
        sys.stderr.flush()
        self._drawn, self._visible = now, True

    def clear(self) -> None:
        """Takes the line away, before something else is written."""
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._visible = False
            self._drawn = 0.0  # to be drawn again at once, under what is written now


class ByteCounter:
    """Turns the seconds heard of a recording into bytes of its file.

    Args:
        source: the recording.
        add: takes how many bytes more have been heard.
    """

    def __init__(self, source: Source, add: Callable[[float], None]) -> None:
        self._n_bytes, self._add = source.n_bytes, add
        self._n_counted = 0.0

    def update(self, heard: Heard) -> None:
        """Counts what has been heard so far, where the recording states its length."""
        n_samples = heard.recording.n_samples
        if n_samples:
            share = min(1.0, heard.duration_s * heard.recording.sample_rate / n_samples)
            self._count(share * self._n_bytes)

    def finish(self) -> None:
        """Counts the rest."""
        self._count(self._n_bytes)

    def _count(self, n_bytes: float) -> None:
        self._add(n_bytes - self._n_counted)
        self._n_counted = n_bytes
