"""Laws of segments and timelines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.segments import Segment, Timeline

# Integers keep the arithmetic exact, so that set laws hold to the last bit.
pairs = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: (float(p[0]), float(p[0] + p[1])))
timelines = st.lists(pairs, max_size=8).map(Timeline.from_pairs)


def _instants(timeline: Timeline) -> set[int]:
    return {t for start, end in timeline.to_pairs() for t in range(int(start), int(end))}


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
def test_segment_refuses_what_is_no_span(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="finite start < end"):
        Segment(start, end)


@given(timelines)
def test_timeline_is_sorted_and_disjoint(timeline: Timeline) -> None:
    edges = [edge for pair in timeline.to_pairs() for edge in pair]
    assert edges == sorted(set(edges))
    assert timeline.speech_s == len(_instants(timeline))


@given(timelines, timelines)
def test_algebra_is_that_of_sets(a: Timeline, b: Timeline) -> None:
    assert _instants(a.union(b)) == _instants(a) | _instants(b)
    assert _instants(a.intersection(b)) == _instants(a) & _instants(b)
    assert _instants(a.difference(b)) == _instants(a) - _instants(b)
    assert _instants(a.gaps(5, 50)) == set(range(5, 50)) - _instants(a)
    assert a.crop(5, 50) == a.intersection(Timeline([Segment(5, 50)]))


@given(timelines)
def test_pairs_and_shift_round_trip(timeline: Timeline) -> None:
    assert Timeline.from_pairs(timeline.to_pairs()) == timeline
    assert timeline.shift(3.0).shift(-3.0) == timeline
    assert hash(Timeline(list(timeline))) == hash(timeline)


def test_touching_segments_are_one() -> None:
    assert Timeline.from_pairs([(1, 2), (0, 1)]).to_pairs() == [(0.0, 2.0)]
