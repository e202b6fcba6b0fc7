"""Laws of the longest segment: kept to, cut at pauses, nothing lost, the same for any chunking."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.decision import Decision, DecisionRule, Dropped, Ended, Started, decide
from vad.decision.pause import Pauses
from vad.errors import ConfigError
from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Segment, Timeline

GRID = FrameGrid()
RATE = GRID.sample_rate
FRAME_S = GRID.hop_length / RATE


@st.composite
def runs(draw):
    """Posteriors in runs of some frames each, so that stretches outgrow the limit and pauses are of all lengths."""
    parts = draw(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.9]), st.integers(1, 90)), max_size=14))
    disorder = np.random.default_rng(draw(st.integers(0, 9))).uniform(0, draw(st.sampled_from([0.0, 0.1])), 1300)
    levels = np.concatenate([np.zeros(1), *(np.full(n, level) for level, n in parts)])
    return (levels + disorder[: len(levels)]).astype(np.float32)


@st.composite
def limited_rules(draw):
    durations = st.integers(0, 30).map(lambda n: n * FRAME_S)
    fields = {
        name: draw(durations)
        for name in ("hangover_s", "min_speech_s", "min_silence_s", "pad_start_s", "pad_end_s", "merge_gap_s")
    }
    least = fields["pad_start_s"] + fields["pad_end_s"] + fields["min_speech_s"] + 0.5
    fields["confirm_threshold"] = draw(st.sampled_from([None, 0.7, 0.92]))
    return DecisionRule(**fields, max_speech_s=least + draw(st.sampled_from([0.0, 0.3, 1.0])) + 1e-9)


def marks_of(values, rule, sizes=(10**9,)):
    machine = Decision(rule, GRID)
    found, at = [], 0
    for size in itertools.cycle(sizes):
        found += machine.advance(values[at : at + size])
        at += size
        if at >= len(values):
            return found + machine.finish(GRID.samples_for(len(values)) + 77)


@settings(deadline=None, max_examples=300)
@given(runs(), limited_rules())
def test_no_segment_is_longer_and_pads_never_cross(values, rule):
    n_samples = GRID.samples_for(len(values)) + 100
    machine = Decision(rule, GRID)
    found = machine.push(values) + machine.flush(n_samples)
    assert found == list(Timeline(found)), "the parts of a cut must stay apart"
    assert all(segment.duration <= rule.max_speech_s + 1e-9 for segment in found)
    assert all(segment.start >= 0 and segment.end <= n_samples / RATE for segment in found)


@settings(deadline=None, max_examples=300)
@given(runs(), limited_rules(), st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_any_chunking_gives_the_same_marks_at_the_same_times(values, rule, sizes):
    assert marks_of(values, rule, sizes) == marks_of(values, rule)


@settings(deadline=None, max_examples=300)
@given(runs(), limited_rules())
def test_only_cuts_and_pauses_are_taken_from_what_no_limit_finds(values, rule):
    n_samples = GRID.samples_for(len(values))
    free = rule.replace({"max_speech_s": None, "pad_start_s": 0.0, "pad_end_s": 0.0, "merge_gap_s": 0.0})
    found = decide(values, rule, GRID, n_samples)
    lost = decide(values, free, GRID, n_samples).difference(found)
    silent = values < rule.offset_threshold
    for gap in lost:
        frames = [t for t in range(len(values)) if gap.start <= GRID.centre(t) / RATE < gap.end]
        assert len(frames) <= 1 or silent[frames].mean() >= 1 - 1 / len(frames)
    # Beside the speech stand only pads and the gaps between merged segments.
    reach = rule.pad_start_s + rule.pad_end_s + rule.merge_gap_s
    for extra in found.difference(decide(values, free, GRID, n_samples)):
        assert extra.duration <= reach + 1e-9


@settings(deadline=None, max_examples=200)
@given(runs(), limited_rules())
def test_starts_and_ends_alternate_and_are_known_in_order(values, rule):
    marks = marks_of(values, rule)
    bounds = [mark for mark in marks if not isinstance(mark, Dropped)]
    assert all(isinstance(mark, Started) for mark in bounds[::2])
    assert all(isinstance(mark, Ended) for mark in bounds[1::2])
    assert len(bounds) % 2 == 0
    for started, ended in zip(bounds[::2], bounds[1::2], strict=True):
        assert started.start == ended.start <= started.onset < ended.offset
    assert [mark.known for mark in marks] == sorted(mark.known for mark in marks)


@settings(deadline=None, max_examples=200)
@given(runs(), limited_rules())
def test_no_segment_starts_before_what_the_machine_has_promised(values, rule):
    machine = Decision(rule, GRID)
    promised = 0
    for value in values:
        for mark in machine.advance(np.asarray([value])):
            if isinstance(mark, Started):
                assert mark.start >= promised
        assert machine.earliest_start >= promised
        promised = machine.earliest_start


def test_it_is_cut_in_the_deepest_pause_and_not_mid_word():
    values = np.full(400, 0.9, np.float32)
    values[150:156] = 0.45  # a shallow pause nearer to the limit than to the deep one
    values[120:132] = 0.36
    rule = DecisionRule(max_speech_s=2.0)
    first, second, *_ = decide(values, rule, GRID, GRID.samples_for(400))
    assert first.start == 0.0
    assert first.end == pytest.approx((GRID.centre(126)) / RATE, abs=0.03)
    assert second.start - first.end == pytest.approx(FRAME_S)


def test_a_filled_gap_at_the_cut_is_given_back():
    values = np.full(400, 0.9, np.float32)
    values[120:150] = 0.0
    rule = DecisionRule(min_silence_s=0.5, max_speech_s=2.0)
    first, second, *_ = decide(values, rule, GRID, GRID.samples_for(400))
    assert (first.end, second.start) == (GRID.boundary(120) / RATE, GRID.boundary(150) / RATE)


def test_segments_are_packed_up_to_the_limit():
    """As WhisperX packs chunks: the next segment is taken in as long as the whole stays within the limit."""
    values = np.tile(np.repeat(np.asarray([0.9, 0.0], np.float32), [80, 20]), 10)
    rule = DecisionRule(min_silence_s=0.1, merge_gap_s=0.5, max_speech_s=3.0)
    found = decide(values, rule, GRID, GRID.samples_for(1000))
    assert [round(segment.duration, 1) for segment in found] == [2.8, 2.8, 2.8, 0.8]


def test_pads_that_may_not_merge_share_the_room():
    values = np.repeat(np.asarray([0.9, 0.0, 0.9], np.float32), [80, 20, 80])
    rule = DecisionRule(pad_start_s=0.15, pad_end_s=0.15, max_speech_s=1.4)
    first, second = decide(values, rule, GRID, GRID.samples_for(180))
    middle = (GRID.boundary(80) + GRID.boundary(100)) / 2 / RATE
    assert (first.end, second.start) == pytest.approx((middle - FRAME_S / 2, middle + FRAME_S / 2))


def test_hours_without_a_pause_take_no_memory():
    machine = Decision(DecisionRule(max_speech_s=10.0), GRID)
    found = []
    for _ in range(600):
        found += machine.push(np.full(100, 0.9, np.float32))
    assert len(machine._pauses) < 4000
    assert len(found) >= 60
    starts = [seconds_to_samples(segment.start, RATE) for segment in found]
    assert all(Segment(a, b).duration <= 10 * RATE for a, b in itertools.pairwise(starts))


def test_an_array_may_be_used_again():
    rng = np.random.default_rng(1)
    values = rng.uniform(0.6, 0.9, 1000).astype(np.float32)
    rule, buffer = DecisionRule(max_speech_s=2.0), np.empty(10, np.float32)
    machine, found = Decision(rule, GRID), []
    for part in values.reshape(-1, 10):
        buffer[:] = part
        found += machine.push(buffer)
    n_samples = GRID.samples_for(1000)
    assert Timeline(found + machine.flush(n_samples)) == decide(values, rule, GRID, n_samples)


def test_a_long_stretch_takes_no_more_work_for_a_frame_than_a_short_one(monkeypatch, lines_of):
    """Lines of Python that ten seconds take, frame by frame, and posteriors that are moved."""
    machine = Decision(DecisionRule(hangover_s=0.0, min_silence_s=0.1, max_speech_s=200.0), GRID)
    moved, move = [], Pauses._move
    monkeypatch.setattr(Pauses, "_move", lambda self, more: (moved.append(self._end - self._begin), move(self, more)))
    values = np.tile(np.asarray([0.9, 0.9, 0.9, 0.0], np.float32), 4900)  # a gap is filled in every fourth frame

    def work(first):
        return sum(lines_of(lambda t=t: machine.push(values[t : t + 1])) for t in range(first, first + 1000))

    early = work(0)
    for value in values[1000:-1000]:
        machine.push(value[None])
    assert work(len(values) - 1000) < 1.5 * early
    assert sum(moved) < 4 * len(values)


@pytest.mark.parametrize("limit", [0.9, float("inf"), float("nan")])
def test_a_limit_that_cannot_be_kept_is_refused(limit):
    with pytest.raises(ConfigError, match=r"max_speech_s must be finite and at least .* = 1 s; received"):
        DecisionRule(pad_start_s=0.2, pad_end_s=0.2, max_speech_s=limit)
