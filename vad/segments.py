"""Segments of time and the algebra of timelines, in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A half-open span of time ``[start, end)`` in seconds.

    Raises:
        ValueError: when a time is not finite or `end` is not after `start`.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and self.start < self.end):
            raise ValueError(f"a segment needs finite start < end; received [{self.start}, {self.end})")

    @property
    def duration(self) -> float:
        """Length in seconds, always positive."""
        return self.end - self.start


class Timeline:
    """Speech segments of one recording: sorted, disjoint and immutable.

    Overlapping and touching segments are merged on construction, so equal sets of instants are equal
    timelines. Times may be negative (before the recording's start) until the caller crops them.

    Example:
        >>> Timeline([Segment(0.0, 1.0), Segment(0.5, 2.0)]).to_pairs()
        [(0.0, 2.0)]
    """

    __slots__ = ("_segments",)

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        merged: list[Segment] = []
        for segment in sorted(segments):
            if merged and segment.start <= merged[-1].end:
                if segment.end > merged[-1].end:
                    merged[-1] = Segment(merged[-1].start, segment.end)
            else:
                merged.append(segment)
        self._segments = tuple(merged)

    @classmethod
    def from_pairs(cls, pairs: Iterable[Iterable[float]]) -> Timeline:
        """Builds a timeline from (start, end) pairs in seconds.

        Raises:
            ValueError: when a pair is not two numbers with start < end.
        """
        return cls(Segment(*map(float, pair)) for pair in pairs)

    def to_pairs(self) -> list[tuple[float, float]]:
        """Returns the segments as (start, end) pairs in seconds."""
        return [(segment.start, segment.end) for segment in self._segments]

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments)

    def __len__(self) -> int:
        return len(self._segments)

    def __getitem__(self, index: int) -> Segment:
        return self._segments[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeline) and self._segments == other._segments

    def __hash__(self) -> int:
        return hash(self._segments)

    def __repr__(self) -> str:
        return f"Timeline({self.to_pairs()})"

    @property
    def speech_s(self) -> float:
        """Total length of the segments in seconds."""
        return math.fsum(segment.duration for segment in self._segments)

    def crop(self, start: float, end: float) -> Timeline:
        """Returns the part that lies in ``[start, end)``; times are kept, not shifted."""
        return self.intersection(Timeline([Segment(start, end)]))

    def shift(self, offset_s: float) -> Timeline:
        """Returns the timeline moved by `offset_s` seconds."""
        return Timeline(Segment(s.start + offset_s, s.end + offset_s) for s in self._segments)

    def gaps(self, start: float, end: float) -> Timeline:
        """Returns what the timeline leaves free of ``[start, end)``."""
        return Timeline([Segment(start, end)]).difference(self)

    def union(self, other: Timeline) -> Timeline:
        """Returns the instants that are in either timeline."""
        return Timeline([*self._segments, *other._segments])

    def intersection(self, other: Timeline) -> Timeline:
        """Returns the instants that are in both timelines."""
        found: list[Segment] = []
        i = j = 0
        while i < len(self) and j < len(other):
            start = max(self[i].start, other[j].start)
            end = min(self[i].end, other[j].end)
            if start < end:
                found.append(Segment(start, end))
            if self[i].end < other[j].end:
                i += 1
            else:
                j += 1
        return Timeline(found)

    def difference(self, other: Timeline) -> Timeline:
        """Returns the instants of this timeline that are not in `other`."""
        if not self._segments:
            return self
        edges = [-math.inf]
        for segment in other:
            edges += [segment.start, segment.end]
        edges.append(math.inf)
        low, high = self._segments[0].start, self._segments[-1].end
        free = [(max(a, low), min(b, high)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return self.intersection(Timeline(Segment(a, b) for a, b in free if a < b))
