"""Laws of time maps: both ways are inverses on what was kept, and what was cut is nowhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import ConfigError, ManifestError
from vad.segments import Timeline
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
