"""Times in a recording from which silence was cut out, and the same instants in the original: both ways, exactly."""

from __future__ import annotations

import bisect
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vad.errors import ConfigError, ManifestError
from vad.frames import samples_to_seconds
from vad.segments import Segment, Timeline


@dataclass(frozen=True)
class TimeMap:
    """Which stretches of an original a trimmed recording is made of.

    Args:
        sample_rate: of both, in Hz.
        n_samples: length of the original.
        pieces: first sample and the one after the last, in the original, of each stretch that was kept; in order,
            without overlap.

    Raises:
        ConfigError: when the pieces are not in order or do not lie inside the original.

    Example:
        >>> times = TimeMap(100, 1000, ((200, 300), (500, 700)))
        >>> times.to_original(1.5), times.to_trimmed(5.5), times.to_trimmed(4.0)
        (5.5, 1.5, None)
    """

    sample_rate: int
    n_samples: int
    pieces: Sequence[tuple[int, int]]

    def __post_init__(self) -> None:
        edges = [0, *itertools.chain.from_iterable(self.pieces), self.n_samples]
        is_ordered = all(a <= b for a, b in itertools.pairwise(edges)) and all(a < b for a, b in self.pieces)
        if self.sample_rate <= 0 or not is_ordered:
            raise ConfigError(
                f"the pieces of a time map must be in order inside its {self.n_samples} samples; received {self.pieces}"
            )
        offsets = [0, *itertools.accumulate(stop - start for start, stop in self.pieces)]
        object.__setattr__(self, "_offsets", offsets)

    @property
    def offsets(self) -> list[int]:
        """Samples in the trimmed recording at which the pieces begin, and its length."""
        found: list[int] = getattr(self, "_offsets")  # noqa: B009  # frozen, so set behind the dataclass's back
        return found

    def to_original(self, seconds: float, *, is_end: bool = False) -> float:
        """Returns when an instant of the trimmed recording is in the original.

        Args:
            seconds: in the trimmed recording; before its start and after its end, time goes on as there.
            is_end: whether it ends something: where two pieces join, the end of the first is meant then, else the
                start of the second.
        """
        if not self.pieces:
            return seconds
        at = seconds * self.sample_rate
        # Arithmetic in seconds may land a hair beside the sample that is meant.
        at = round(at) if abs(at - round(at)) < 1e-3 else at
        find = bisect.bisect_left if is_end else bisect.bisect_right
        number = min(max(find(self.offsets, at) - 1, 0), len(self.pieces) - 1)
        return (self.pieces[number][0] + at - self.offsets[number]) / self.sample_rate

    def to_trimmed(self, seconds: float) -> float | None:
        """Returns when an instant of the original is in the trimmed recording; None where it was cut out."""
        at = seconds * self.sample_rate
        at = round(at) if abs(at - round(at)) < 1e-3 else at
        number = bisect.bisect_right(self.pieces, at, key=lambda piece: piece[0]) - 1
        if number < 0 or at > self.pieces[number][1]:
            return None
        return (self.offsets[number] + at - self.pieces[number][0]) / self.sample_rate

    def timeline_to_original(self, timeline: Timeline) -> Timeline:
        """Returns segments of the trimmed recording in the original; over a joint they fall apart."""
        found = []
        for segment in timeline:
            # One piece more on each side: which is the first to be touched hangs on rounding.
            first = bisect.bisect_right(self.offsets, segment.start * self.sample_rate) - 2
            last = bisect.bisect_left(self.offsets, segment.end * self.sample_rate)
            for number in range(max(0, first), min(last + 1, len(self.pieces))):
                start, stop = self.pieces[number]
                piece = Segment(start / self.sample_rate, stop / self.sample_rate)
                shift = piece.start - samples_to_seconds(self.offsets[number], self.sample_rate)
                left, right = max(piece.start, segment.start + shift), min(piece.end, segment.end + shift)
                if left < right:
                    found.append(Segment(left, right))
        return Timeline(found)

    def timeline_to_trimmed(self, timeline: Timeline) -> Timeline:
        """Returns segments of the original in the trimmed recording; what was cut out falls away."""
        found: list[Segment] = []
        first = 0  # segments before this one end before the piece at hand
        for number, (start, stop) in enumerate(self.pieces):
            begin, end = samples_to_seconds(start, self.sample_rate), samples_to_seconds(stop, self.sample_rate)
            shift = samples_to_seconds(self.offsets[number], self.sample_rate) - begin
            while first < len(timeline) and timeline[first].end <= begin:
                first += 1
            at = first
            while at < len(timeline) and timeline[at].start < end:
                segment = timeline[at]
                left, right = max(begin, segment.start) + shift, min(end, segment.end) + shift
                if left < right:
                    found.append(Segment(left, right))
                at += 1
        return Timeline(found)

    def to_dict(self) -> dict[str, Any]:
        """Returns the map as it stands in its file: of each piece where it begins and ends in the original, and at."""
        rate = self.sample_rate
        return {
            "sample_rate": rate,
            "n_samples": self.n_samples,
            "pieces": [
                {
                    "start": round(start / rate, 6),
                    "end": round(stop / rate, 6),
                    "trimmed_start": round(offset / rate, 6),
                    "start_sample": start,
                    "end_sample": stop,
                }
                for (start, stop), offset in zip(self.pieces, self.offsets, strict=False)
            ],
        }


def read_time_map(path: str | Path) -> TimeMap:
    """Reads the file that `vad trim` writes beside a recording.

    Raises:
        ManifestError: when it cannot be read or is no time map.
    """
    try:
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
        pieces = tuple((int(piece["start_sample"]), int(piece["end_sample"])) for piece in fields["pieces"])
        return TimeMap(int(fields["sample_rate"]), int(fields["n_samples"]), pieces)
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{path}: not a time map of `vad trim`: {error!r}") from None
