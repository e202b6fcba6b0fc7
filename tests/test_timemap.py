"""Laws of time maps: both ways are inverses on what was kept, and what was cut is nowhere."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import ConfigError, ManifestError
from vad.segments import Segment, Timeline
from vad.timemap import TimeMap, read_time_map

TIMES = TimeMap(100, 1000, ((200, 300), (500, 700)))


def test_instants():
    assert TIMES.to_original(0) == 2
    assert TIMES.to_original(0.999) == pytest.approx(2.999)
    assert TIMES.to_original(1) == 5
    assert TIMES.to_original(1, is_end=True) == 3
    assert TIMES.to_original(3) == 7
    assert TIMES.to_original(3.5) == 7.5
    assert [TIMES.to_trimmed(t) for t in (1.99, 2, 3, 3.01, 5, 7, 7.01)] == [None, 0, 1, None, 1, 3, None]
    assert TimeMap(100, 50, ()).to_original(0.25) == 0.25
    assert TimeMap(100, 50, ()).to_trimmed(0.25) is None


def test_segments():
    assert TIMES.timeline_to_original(Timeline.from_pairs([(0.5, 1.5)])).to_pairs() == [(2.5, 3), (5, 5.5)]
    assert TIMES.timeline_to_trimmed(Timeline.from_pairs([(2.5, 5.5), (6, 9)])).to_pairs() == [(0.5, 1.5), (2, 3)]


@settings(max_examples=80, deadline=None)
@given(edges=st.sets(st.integers(0, 10**7), min_size=2, max_size=20), rate=st.sampled_from([8000, 16000, 44100]))
def test_every_kept_sample_comes_back(edges, rate):
    ordered = sorted(edges)
    pieces = tuple(zip(ordered[::2], ordered[1::2], strict=False))
    times = TimeMap(rate, 10**7, pieces)
    at = 0
    for start, stop in pieces:
        for sample in {start, (start + stop) // 2, stop - 1}:
            trimmed = times.to_trimmed(sample / rate)
            assert trimmed is not None
            assert round(trimmed * rate) == at + sample - start
            assert round(times.to_original(trimmed) * rate) == sample
        at += stop - start
    assert times.offsets[-1] == at


@st.composite
def maps_and_timelines(draw):
    """Pieces that may touch, and segments with edges on, beside and far from theirs."""
    rate = draw(st.sampled_from([1, 8000, 44100]))
    edges = sorted(draw(st.lists(st.integers(0, 60), max_size=16)))
    pieces = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b)
    times = st.one_of(st.integers(-5, 70).map(lambda n: n / rate), st.floats(-5 / rate, 70 / rate))
    pairs = draw(st.lists(st.tuples(times, times), max_size=12))
    return TimeMap(rate, 60, pieces), Timeline(Segment(a, b) for a, b in pairs if a < b)


@settings(max_examples=300, deadline=None)
@given(maps_and_timelines())
def test_timelines_come_back_as_every_piece_of_every_segment(drawn):
    times, timeline = drawn
    spans = [(a / times.sample_rate, b / times.sample_rate) for a, b in times.pieces]
    shifts = [a - offset / times.sample_rate for (a, _), offset in zip(spans, times.offsets, strict=False)]
    back = [
        (max(a, segment.start + shift), min(b, segment.end + shift))
        for segment, ((a, b), shift) in itertools.product(timeline, zip(spans, shifts, strict=True))
    ]
    assert times.timeline_to_original(timeline) == Timeline(Segment(a, b) for a, b in back if a < b)
    there = [
        (max(a, segment.start) - shift, min(b, segment.end) - shift)
        for segment, ((a, b), shift) in itertools.product(timeline, zip(spans, shifts, strict=True))
    ]
    assert times.timeline_to_trimmed(timeline) == Timeline(Segment(a, b) for a, b in there if a < b)


def test_four_times_the_pieces_take_four_times_the_work(lines_of):
    def work(n):
        times = TimeMap(1, 4 * n, tuple((4 * k, 4 * k + 2) for k in range(n)))
        spoken = Timeline(Segment(4 * k, 4 * k + 1) for k in range(n))
        trimmed = times.timeline_to_trimmed(spoken)
        assert len(trimmed) == n
        return [
            lines_of(lambda: times.timeline_to_trimmed(spoken)),
            lines_of(lambda: times.timeline_to_original(trimmed)),
        ]

    assert all(many < 5 * few for few, many in zip(work(50), work(200), strict=True))


def test_the_file_comes_back(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"original": "a.wav", **TIMES.to_dict()}))
    assert read_time_map(path) == TIMES
    assert TIMES.to_dict()["pieces"][1] == {
        "start": 5.0,
        "end": 7.0,
        "trimmed_start": 1.0,
        "start_sample": 500,
        "end_sample": 700,
    }


@pytest.mark.parametrize("pieces", [((300, 200),), ((0, 10), (5, 20)), ((900, 1001),), ((-1, 4),), ((5, 5),)])
def test_pieces_out_of_order_are_refused(pieces):
    with pytest.raises(ConfigError, match="in order inside its 1000 samples"):
        TimeMap(100, 1000, pieces)


@pytest.mark.parametrize("text", ["", "[]", '{"sample_rate": 1}', '{"sample_rate": 1, "n_samples": 1, "pieces": [{}]}'])
def test_what_is_no_map_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ManifestError, match=r"a\.json: not a time map"):
        read_time_map(tmp_path / "a.json")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_time_map(tmp_path / "missing.json")
