"""Segment measures on small drawn timelines: a character is 100 ms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.errors import ConfigError
from vad.metrics import SegmentPool, compare
from vad.segments import Segment, Timeline


def _drawn(picture: str) -> Timeline:
    return Timeline(Segment(i / 10, (i + 1) / 10) for i, sign in enumerate(picture) if sign == "#")


def _measures(reference: str, detected: str, collar_s: float = 0.0) -> dict[str, float]:
    pool = SegmentPool()
    pool.add(_drawn(reference), _drawn(detected), len(reference) / 10, collar_s=collar_s)
    return pool.measures()


def test_every_kind_of_error_once() -> None:
    reference = "...######....######.....####...."
    detected_ = ".#..###.##.#.........########..#"
    counts, onsets, offsets = compare(_drawn(reference), _drawn(detected_), 3.2)
    assert counts.speech_s == pytest.approx(1.6)
    assert counts.nonspeech_s == pytest.approx(1.6)
    assert counts.hit_s == pytest.approx(0.3 + 0.1 + 0.4)
    assert counts.false_alarm_s == pytest.approx(0.1 + 0.1 + 0.1 + 0.3 + 0.1 + 0.1)
    assert counts.false_alarms == 3  # at 0.1, 1.1 and 3.1
    assert counts.front_clipped_s == pytest.approx(0.1)  # the first segment; the second is missed as a whole
    assert counts.mid_clipped_s == pytest.approx(0.1 + 0.6)
    assert counts.overhang_s == pytest.approx(0.1 + 0.1)
    assert counts.noise_as_speech_s == pytest.approx(0.6)
    assert (counts.pauses, counts.pauses_found) == (2, 1)  # of the second one 0.2 of 0.5 s stay silent
    assert (counts.onsets, counts.offsets) == (3, 3)
    # Starts .3 and .4; 1.3 and 1.1; 2.4 and 2.1. Ends .9 and 1.0; 1.9 and none within .5 s but 1.2's is nearer to .9.
    assert onsets == pytest.approx([0.1, -0.2, -0.3])
    assert offsets == pytest.approx([0.1, 0.1])


def test_rates_by_hand() -> None:
    m = _measures("....####....", "...###....#.")
    assert m["detection_error_rate"] == pytest.approx((0.2 + 0.2) / 0.4)
    assert m["detection_precision"] == pytest.approx(0.5)
    assert m["detection_recall"] == pytest.approx(0.5)
    assert m["false_alarms_per_hour"] == pytest.approx(1 / (0.8 / 3600))
    assert m["false_alarm_s_per_hour"] == pytest.approx(0.2 / (0.8 / 3600))
    assert m["fec"] == 0
    assert m["msc"] == pytest.approx(0.5)
    assert m["over"] == 0
    assert m["nds"] == pytest.approx(0.25)
    assert m["onset_delay_p50_s"] == pytest.approx(-0.1)
    assert m["offset_delay_p50_s"] == pytest.approx(-0.2)
    assert m["offset_error_p50_s"] == pytest.approx(0.2)


def test_the_collar_is_the_total_width() -> None:
    # Starts 0.1 early, ends 0.1 late: a collar of 0.2 s forgives both, one of 0.1 s half of each.
    reference, detected = "....####....", "...######..."
    assert _measures(reference, detected)["detection_error_rate"] == pytest.approx(0.2 / 0.4)
    assert _measures(reference, detected, 0.1)["detection_error_rate"] == pytest.approx(0.1 / 0.3)
    assert _measures(reference, detected, 0.2)["detection_error_rate"] == pytest.approx(0.0, abs=1e-9)


def test_the_collar_forgives_a_false_alarm_that_only_reaches_into_it() -> None:
    assert _measures("....####....", "........#...")["false_alarms_per_hour"] > 0
    assert _measures("....####....", "........#...", 0.1)["false_alarms_per_hour"] == 0


def test_ends_of_the_recording_are_no_boundaries() -> None:
    counts, onsets, offsets = compare(_drawn("####"), _drawn(".##."), 0.4, collar_s=0.2)
    assert (counts.onsets, counts.offsets, onsets.size, offsets.size) == (0, 0, 0, 0)
    assert counts.speech_s == pytest.approx(0.4)
    counts, onsets, _ = compare(_drawn(".###"), _drawn("####"), 0.4)
    assert (counts.onsets, onsets.size) == (1, 0)


def test_a_boundary_serves_one_partner_only_and_the_closest() -> None:
    # Reference starts at .1 and .4, one detected start at .5: it is the second's, the first is missed.
    m = _measures(".##.###...", ".....##...")
    assert m["onset_delay_p50_s"] == pytest.approx(0.1)
    assert m["onsets_missed"] == pytest.approx(0.5)


def test_boundaries_too_far_apart_are_missed() -> None:
    m = _measures("." * 3 + "#" * 10, "." * 9 + "#" * 4)
    assert m["onsets_missed"] == 1
    assert np.isnan(m["onset_delay_p50_s"])


@pytest.mark.parametrize(
    ("reference", "detected", "share"),
    [
        ("##..##", "######", 0.0),
        ("##..##", "##..##", 1.0),
        ("##..##", "###.##", 1.0),
        ("##..##...##", "#######..##", 0.5),
        ("##.##..", "#####..", np.nan),
        ("..##..", "..##..", np.nan),
    ],
)
def test_pauses(reference: str, detected: str, share: float) -> None:
    assert _measures(reference, detected)["pauses_found"] == pytest.approx(share, nan_ok=True)


def test_no_speech_in_the_reference() -> None:
    m = _measures("." * 10, "..##...#..")
    assert np.isnan(m["detection_error_rate"])
    assert m["false_alarms_per_hour"] == pytest.approx(2 * 3600)
    assert m["nds"] == pytest.approx(0.3)


def test_detection_outside_the_recording_is_ignored() -> None:
    counts, _, _ = compare(_drawn(".##."), Timeline([Segment(-1.0, 0.3), Segment(0.35, 9.0)]), 0.4)
    assert counts.false_alarm_s == pytest.approx(0.15)


_PICTURE = st.integers(1, 40).flatmap(lambda n: st.tuples(*[st.text(".#", min_size=n, max_size=n)] * 2))


@given(_PICTURE)
def test_clippings_make_up_the_misses_and_overhangs_the_false_alarms(pictures: tuple[str, str]) -> None:
    reference, detected = pictures
    counts, onsets, offsets = compare(_drawn(reference), _drawn(detected), len(reference) / 10)
    assert counts.speech_s + counts.nonspeech_s == pytest.approx(len(reference) / 10)
    assert counts.front_clipped_s + counts.mid_clipped_s == pytest.approx(counts.speech_s - counts.hit_s, abs=1e-9)
    assert counts.overhang_s + counts.noise_as_speech_s == pytest.approx(counts.false_alarm_s, abs=1e-9)
    assert min(counts.front_clipped_s, counts.mid_clipped_s, counts.noise_as_speech_s) >= -1e-9
    assert counts.pauses_found <= counts.pauses
    assert onsets.size <= counts.onsets
    assert offsets.size <= counts.offsets
    hits = sum(a == b == "#" for a, b in zip(reference, detected, strict=True))
    assert counts.hit_s == pytest.approx(hits / 10, abs=1e-9)


@given(_PICTURE)
def test_the_reference_itself_is_perfect(pictures: tuple[str, str]) -> None:
    m = _measures(pictures[0], pictures[0])
    for name in ("fec", "msc", "over", "nds", "false_alarms_per_hour", "onsets_missed", "onset_error_p50_s"):
        assert np.isnan(m[name]) or abs(m[name]) < 1e-9
    assert np.isnan(m["pauses_found"]) or m["pauses_found"] == 1


@given(st.lists(_PICTURE, min_size=1, max_size=4), st.data())
def test_a_weight_counts_like_that_many_copies(pictures: list[tuple[str, str]], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(pictures), max_size=len(pictures)))
    pool, copies, merged = SegmentPool(), SegmentPool(), SegmentPool()
    for (reference, detected), weight in zip(pictures, weights, strict=True):
        arguments = (_drawn(reference), _drawn(detected), len(reference) / 10)
        pool.add(*arguments)
        for _ in range(weight):
            copies.add(*arguments)
    merged.merge(copies)
    assert pool.measures(weights) == pytest.approx(copies.measures(), nan_ok=True)
    assert merged.measures() == pytest.approx(copies.measures(), nan_ok=True)


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="duration_s"):
        compare(Timeline(), Timeline(), 0.0)
    with pytest.raises(ConfigError, match="collar_s"):
        compare(Timeline(), Timeline(), 1.0, collar_s=-0.1)
