"""Segments as they are found, in any of the formats: one printer for all recordings of an output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vad.formats import FORMATS, Entry, Provenance
from vad.frames import seconds_to_samples
from vad.segments import Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vad.frames import FrameGrid

STYLES = ("table", "json", "jsonl", "csv", "rttm", "audacity", "textgrid", "srt", "vtt", "kaldi", "frames")
# Formats whose text for a recording is that of its segments one after the other.
_LINES = ("csv", "rttm", "audacity", "kaldi")


@dataclass(frozen=True)
class Style:
    """How segments are written.

    Args:
        name: one of `STYLES`.
        unit: of times, one of `vad.formats.UNITS`.
        grid: where the frames lie.
        provenance: what finds the segments.
    """

    name: str
    unit: str
    grid: FrameGrid
    provenance: Provenance

    @property
    def suffix(self) -> str:
        """Suffix of its files."""
        return ".txt" if self.name == "table" else FORMATS[self.name].suffixes[0]

    @property
    def holds_several(self) -> bool:
        """Whether one output can hold several recordings."""
        return self.name == "table" or FORMATS[self.name].several

    @property
    def takes_units(self) -> bool:
        """Whether times can be in another unit than seconds."""
        return self.name == "table" or FORMATS[self.name].units

    def printer(self, write: Callable[[str], None]) -> Printer:
        """Returns a new printer, which sends its text to `write`."""
        kinds = {"table": TablePrinter, "frames": FramesPrinter}
        kind = kinds.get(self.name, LinesPrinter if self.name in _LINES else DocumentPrinter)
        return kind(self, write)


class Printer:
    """Writes the segments of one recording after the other.

    Args:
        style: how.
        write: takes text and sends it on at once.
    """

    needs_posteriors = False

    def __init__(self, style: Style, write: Callable[[str], None]) -> None:
        self._style, self._write = style, write
        self._name, self._sample_rate = "", 0

    def begin(self, name: str, sample_rate: int) -> None:
        """Says whose segments come next, and that recording's own sample rate in Hz."""
        self._name, self._sample_rate = name, sample_rate

    def write(self, segments: Sequence[Segment], posteriors: NDArray[np.float32]) -> None:
        """Writes the segments that were found in the next frames of the recording begun, and their posteriors."""

    def end(self, duration_s: float) -> None:
        """Says that the recording begun is done, and how long it was."""

    def close(self) -> None:
        """Writes what comes after the last recording."""

    def _entry(self, segments: Sequence[Segment], duration_s: float | None = None) -> Entry:
        return Entry(self._name, segments, duration_s, self._sample_rate)

    def _format(self, entries: Sequence[Entry], **options: bool) -> str:
        form = FORMATS[self._style.name]
        units = {"unit": self._style.unit} if form.units else {}
        return form.write(entries, self._style.provenance, **units, **options)


class TablePrinter(Printer):
    """Columns for people: start, end, duration, file; the total at the end."""

    def __init__(self, style: Style, write: Callable[[str], None]) -> None:
        super().__init__(style, write)
        self._n_segments = self._n_recordings = 0
        self._speech_s = self._duration_s = 0.0

    def write(self, segments: Sequence[Segment], posteriors: NDArray[np.float32]) -> None:
        """Writes a line per segment, under a heading before the first."""
        lines = [self._line(segment) for segment in segments]
        if lines and not self._n_segments:
            unit = "" if self._style.unit == "s" else f"  ({self._style.unit})"
            lines.insert(0, f"{'start':>10} {'end':>10} {'duration':>9}  file{unit}\n")
        if lines:
            self._write("".join(lines))
        self._n_segments += len(segments)
        self._speech_s += sum(segment.duration for segment in segments)

    def _line(self, segment: Segment) -> str:
        if self._style.unit == "samples":
            start, end = (seconds_to_samples(time, self._sample_rate) for time in (segment.start, segment.end))
            return f"{start:>10d} {end:>10d} {end - start:>9d}  {self._name}\n"
        scale, decimals = (1000, 1) if self._style.unit == "ms" else (1, 3)
        start_s, end_s, length_s = (scale * time for time in (segment.start, segment.end, segment.duration))
        return f"{start_s:>10.{decimals}f} {end_s:>10.{decimals}f} {length_s:>9.{decimals}f}  {self._name}\n"

    def end(self, duration_s: float) -> None:
        """Counts the recording."""
        self._n_recordings += 1
        self._duration_s += duration_s

    def close(self) -> None:
        """Writes the total, unless there was nothing."""
        if self._n_segments and self._duration_s:
            share = 100 * self._speech_s / self._duration_s
            where = "" if self._n_recordings == 1 else f" in {self._n_recordings} recordings"
            count = "1 segment" if self._n_segments == 1 else f"{self._n_segments} segments"
            self._write(
                f"{count}{where}, {self._speech_s:.3f} s of speech in {self._duration_s:.3f} s ({share:.0f} %)\n"
            )


class LinesPrinter(Printer):
    """A line a segment, written as it is found."""

    def __init__(self, style: Style, write: Callable[[str], None]) -> None:
        super().__init__(style, write)
        if style.name == "csv":
            self._write(self._format([]))

    def write(self, segments: Sequence[Segment], posteriors: NDArray[np.float32]) -> None:
        """Writes a line per segment."""
        if segments:
            options = {"header": False} if self._style.name == "csv" else {}
            self._write(self._format([self._entry(segments)], **options))


class DocumentPrinter(Printer):
    """Documents, which are written when all of what they say is known: JSON at the end, others with each recording."""

    def __init__(self, style: Style, write: Callable[[str], None]) -> None:
        super().__init__(style, write)
        self._entries: list[Entry] = []
        self._segments: list[Segment] = []

    def begin(self, name: str, sample_rate: int) -> None:
        """Forgets the segments of a recording that failed half way."""
        super().begin(name, sample_rate)
        self._segments = []

    def write(self, segments: Sequence[Segment], posteriors: NDArray[np.float32]) -> None:
        """Keeps the segments until the recording is done."""
        self._segments += segments

    def end(self, duration_s: float) -> None:
        """Writes the recording, or keeps it for the document."""
        entry = self._entry(self._segments, duration_s)
        if self._style.name == "json":
            self._entries.append(entry)
        else:
            self._write(self._format([entry]))

    def close(self) -> None:
        """Writes the document."""
        if self._style.name == "json":
            self._write(self._format(self._entries))


class FramesPrinter(Printer):
    """A row a frame, written once it is known whether the frame is speech, which is at the end of the next segment."""

    needs_posteriors = True

    def __init__(self, style: Style, write: Callable[[str], None]) -> None:
        from vad.formats.frames import HEADER

        super().__init__(style, write)
        self._write(HEADER)

    def begin(self, name: str, sample_rate: int) -> None:
        """Starts with the first frame."""
        super().begin(name, sample_rate)
        self._held: list[NDArray[np.float32]] = []
        self._n_written = self._n_frames = 0
        self._segments: list[Segment] = []

    def write(self, segments: Sequence[Segment], posteriors: NDArray[np.float32]) -> None:
        """Writes the rows of the frames up to the end of the last segment."""
        self._held.append(posteriors)
        self._n_frames += len(posteriors)
        self._segments += segments
        if segments:
            # The last frame of all may be longer than the others, and so waits for the end.
            self._write_rows(min(self._first_from(segments[-1].end), self._n_frames - 1), None)

    def end(self, duration_s: float) -> None:
        """Writes the rows of the frames that are left."""
        self._write_rows(self._n_frames, duration_s)

    def _first_from(self, seconds: float) -> int:
        """Returns the first frame whose centre does not lie before a time."""
        grid = self._style.grid
        past = seconds_to_samples(seconds, grid.sample_rate) - grid.centre(0)
        return max(0, -(-past // grid.hop_length))

    def _write_rows(self, stop: int, duration_s: float | None) -> None:
        import numpy as np

        from vad.formats.frames import rows

        first, grid = self._n_written, self._style.grid
        if stop <= first:
            return
        values = np.concatenate(self._held)
        speech = np.zeros(stop - first, np.bool_)
        for segment in self._segments:
            speech[max(0, self._first_from(segment.start) - first) : max(0, self._first_from(segment.end) - first)] = 1
        edges = grid.boundary(0) + np.arange(first, stop + 1) * grid.hop_length
        times = edges / grid.sample_rate
        times[0] = 0.0 if first == 0 else times[0]
        times[-1] = times[-1] if duration_s is None else duration_s
        self._write(rows(self._name, times, values[: stop - first], speech))
        self._held, self._n_written = [values[stop - first :].copy()], stop
        # The last one may reach over frames that are still held.
        self._segments = self._segments[-1:]
