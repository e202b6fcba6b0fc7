"""What `vad split` and `vad trim` share: the speech of a recording in its own samples, and a second reading of it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vad.cli.inputs import Hearing, Source
from vad.cli.progress import ByteCounter, Progress
from vad.cli.standard_streams import standard_input
from vad.frames import seconds_to_samples
from vad.segments import Segment

if TYPE_CHECKING:
    from vad.audio import Recording


@dataclass(frozen=True)
class Speech:
    """The speech of a recording in its own samples.

    Args:
        sample_rate: of the recording, in Hz.
        n_samples: its length.
        pieces: first sample and the one after the last of each segment.
    """

    sample_rate: int
    n_samples: int
    pieces: list[tuple[int, int]]

    def widened(self, seconds: float) -> list[tuple[int, int]]:
        """Returns the pieces with so much of the silence on each side, joined where they meet."""
        margin = seconds_to_samples(seconds, self.sample_rate)
        joined: list[tuple[int, int]] = []
        for start, stop in self.pieces:
            left, right = max(0, start - margin), min(self.n_samples, stop + margin)
            if joined and left <= joined[-1][1]:
                left = joined.pop()[0]
            joined.append((left, right))
        return joined


def find_speech(hearing: Hearing, source: Source, progress: Progress, counter: ByteCounter) -> Speech:
    """Listens to a recording.

    Raises:
        AudioError: when it cannot be read.
        FeatureError: when its samples cannot be judged.
    """
    segments: list[Segment] = []
    try:
        with hearing.listen(source) as heard:
            for output in heard.outputs():
                segments += output.segments
                counter.update(heard)
    finally:
        counter.finish()
        progress.clear()
    rate, n_samples = heard.recording.sample_rate, heard.recording.n_read
    return Speech(rate, n_samples, _to_pieces(segments, rate, n_samples, heard.duration_s))


def _to_pieces(
    segments: Sequence[Segment], sample_rate: int, n_samples: int, duration_s: float
) -> list[tuple[int, int]]:
    pieces = []
    for segment in segments:
        start, stop = (seconds_to_samples(time, sample_rate) for time in (segment.start, segment.end))
        # The end of the recording is rounded at the model's rate; what is spoken to the end is kept to the last sample.
        stop = n_samples if segment.end >= duration_s else min(stop, n_samples)
        if start < stop:
            pieces.append((start, stop))
    return pieces


@contextlib.contextmanager
def readable_twice(source: Source) -> Iterator[Source]:
    """Gives a recording that can be opened more than once: what comes through a pipe is kept in a temporary file."""
    if not source.is_live:
        yield source
        return
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path = Path(folder) / "recording"
        stream = standard_input() if source.path is None else stack.enter_context(source.path.open("rb"))
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        yield Source(source.name, path, source.inside)


@contextlib.contextmanager
def reopen(hearing: Hearing, source: Source) -> Iterator[Recording]:
    """Opens a recording that `readable_twice` gave, to copy from it."""
    from vad.audio import open_recording

    path = Path(source.name) if source.path is None else source.path
    with open_recording(path, hearing.raw, name=source.name) as recording:
        yield recording
