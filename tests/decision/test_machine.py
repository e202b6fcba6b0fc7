"""Laws of the decision: one machine for any chunking, against a rule written out frame by frame."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.decision import Decision, DecisionRule, decide
from vad.errors import ConfigError, NonFiniteError, ShapeError
from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Timeline

GRID = FrameGrid()
RATE = GRID.sample_rate
FRAME_S = GRID.hop_length / RATE
BARE = DecisionRule(min_speech_s=0.0, min_silence_s=0.0)

durations = st.integers(0, 12).map(lambda n: n * FRAME_S)
# Few distinct levels, so that thresholds are met exactly and runs of every kind occur.
posteriors = st.lists(st.sampled_from([0.0, 0.2, 0.35, 0.4, 0.5, 0.9]), min_size=1, max_size=120).map(
    lambda values: np.asarray(values, np.float32)
)
rules = st.builds(
    DecisionRule,
    onset_threshold=st.sampled_from([0.5, 0.75]),
    offset_threshold=st.sampled_from([0.25, 0.375, 0.5]),
    hangover_s=durations,
    min_speech_s=durations,
    min_silence_s=durations,
    pad_start_s=durations,
    pad_end_s=durations,
    merge_gap_s=durations,
    confirm_threshold=st.sampled_from([None, 0.75, 0.9]),
)
chunk_sizes = st.lists(st.integers(0, 40), min_size=1, max_size=20)


def chunks(values, sizes):
    """Cuts an array into chunks of the given sizes, the sizes over and over, the rest at the end."""
    at = 0
    for size in itertools.islice(itertools.cycle(sizes), 200):
        yield values[at : at + size]
        at += size
    yield values[at:]


def frames(text: str) -> np.ndarray:
    """Draws posteriors: # speech 0.9, - between the thresholds 0.4, . silence 0.1."""
    return np.asarray([{"#": 0.9, "-": 0.4, ".": 0.1}[mark] for mark in text], np.float32)


def drawn(text: str, rule: DecisionRule) -> str:
    """Decides on drawn posteriors and draws the frames whose centres lie in the segments."""
    n_samples = GRID.samples_for(len(text))
    found = decide(frames(text), rule, GRID, n_samples)
    times = GRID.times(len(text))
    return "".join("#" if any(s.start <= t < s.end for s in found) else "." for t in times)


@settings(deadline=None, max_examples=300)
@given(posteriors, rules, st.integers(0, 159))
def test_decide_is_the_stated_rule(expected, values, rule, extra):
    n_samples = GRID.samples_for(len(values)) + extra
    assert decide(values, rule, GRID, n_samples) == expected(values, rule, n_samples)


@settings(deadline=None, max_examples=300)
@given(posteriors, rules, chunk_sizes)
def test_any_chunking_gives_the_same_segments(values, rule, sizes):
    n_samples = GRID.samples_for(len(values)) + 40
    machine = Decision(rule, GRID)
    found = [segment for chunk in chunks(values, sizes) for segment in machine.push(chunk)]
    found += machine.flush(n_samples)
    assert Timeline(found) == decide(values, rule, GRID, n_samples)
    assert found == list(Timeline(found)), "segments must come in order, disjoint and final"
    assert machine.n_frames == 0


@settings(deadline=None, max_examples=200)
@given(posteriors, rules)
def test_kept_segments_obey_the_durations(values, rule):
    n_samples = GRID.samples_for(len(values))
    unpadded = rule.replace({"pad_start_s": 0.0, "pad_end_s": 0.0, "merge_gap_s": 0.0})
    found = decide(values, unpadded, GRID, n_samples)
    samples = [(seconds_to_samples(s.start, RATE), seconds_to_samples(s.end, RATE)) for s in found]
    for start, end in samples:
        assert 0 <= start < end <= n_samples
        assert end - start >= seconds_to_samples(rule.min_speech_s, RATE)
    for (_, end), (start, _) in itertools.pairwise(samples):
        assert start - end >= max(1, seconds_to_samples(rule.min_silence_s, RATE))


@settings(deadline=None, max_examples=100)
@given(posteriors, rules)
def test_a_segment_is_returned_as_early_as_the_rule_allows(values, rule):
    """Whatever was returned after t frames is final, whatever was not could still have changed."""
    machine = Decision(rule, GRID)
    returned = []
    for t, value in enumerate(values, start=1):
        returned += machine.push(np.asarray([value]))
        silence = np.concatenate([values[:t], np.zeros(200, np.float32)])
        speech = np.concatenate([values[:t], np.ones(200, np.float32)])
        # Speech from here on reaches back the furthest; silence from here on ends everything.
        futures = [decide(f, rule, GRID, GRID.samples_for(len(f))) for f in (silence, speech)]
        now = decide(values[:t], rule, GRID, GRID.samples_for(t))
        agreed = set(futures[0]) & set(futures[1]) & set(now)
        assert set(returned) == agreed


@pytest.mark.parametrize(
    ("rule", "heard", "decided"),
    [
        pytest.param(BARE, "..--##--..", "....####..", id="between-the-thresholds-stays-as-it-is"),
        pytest.param(BARE, "--..-.", "......", id="never-reaches-the-onset"),
        pytest.param(BARE, "##", "##", id="all-speech"),
        pytest.param(DecisionRule(0.5, 0.5, 0, 0, 0), "--##--..", "..##....", id="one-threshold"),
        pytest.param(DecisionRule(0.5, 0.35, 0.02, 0, 0), ".#....#.", ".###..##", id="hangover"),
        pytest.param(DecisionRule(0.5, 0.35, 0.02, 0, 0), ".#..#...", ".######.", id="hangover-bridges"),
        pytest.param(
            DecisionRule(0.5, 0.35, 0.02, 0, 0), ".#..-...", ".######.", id="above-the-offset-renews-the-hangover"
        ),
        pytest.param(DecisionRule(0.5, 0.35, 0, 0.04, 0.02), ".##.#...", ".####...", id="fill-before-drop"),
        pytest.param(DecisionRule(0.5, 0.35, 0, 0.04, 0.02), ".##..#..", "........", id="too-far-to-fill"),
        pytest.param(DecisionRule(0.5, 0.35, 0, 0, 0, 0.01, 0.02), "..#.....", ".####...", id="pads"),
        pytest.param(DecisionRule(0.5, 0.35, 0, 0, 0, 0.01, 0.02), "..#...#.", ".#######", id="pads-merge"),
        pytest.param(DecisionRule(0.5, 0.35, 0, 0, 0, 0.01, 0.02), "..#....#..", ".####.####", id="pads-apart"),
    ],
)
def test_drawn_cases(rule, heard, decided):
    assert drawn(heard, rule) == decided


def test_the_first_and_the_last_frame_own_the_edges_of_the_recording():
    n_samples = GRID.samples_for(4) + 100
    assert decide(frames("####"), BARE, GRID, n_samples).to_pairs() == [(0.0, n_samples / RATE)]
    inner = decide(frames(".##."), BARE, GRID, n_samples).to_pairs()
    assert inner == [(GRID.boundary(1) / RATE, GRID.boundary(3) / RATE)]


def test_nothing_pushed_gives_nothing():
    machine = Decision(BARE, GRID)
    assert machine.push(np.zeros(0, np.float32)) == []
    assert machine.flush(0) == []


def test_a_flushed_machine_is_as_new():
    machine = Decision(DecisionRule(min_speech_s=0, hangover_s=0.05), GRID)
    first = [*machine.push(frames("..##.")), *machine.flush(GRID.samples_for(5))]
    again = [*machine.push(frames("..##.")), *machine.flush(GRID.samples_for(5))]
    assert first == again != []


def test_ten_hours_visit_runs_and_not_frames():
    values = np.tile(frames("#" * 3000 + "." * 3000), 600)
    found = decide(values, DecisionRule(), GRID, GRID.samples_for(len(values)))
    assert len(found) == 600


def test_wrong_input_is_refused():
    machine = Decision(BARE, GRID)
    with pytest.raises(ShapeError, match=r"\(n,\); received \(1, 3\)"):
        machine.push(np.zeros((1, 3), np.float32))
    with pytest.raises(NonFiniteError, match="frame 1 is not finite"):
        machine.push(np.asarray([0.1, np.nan], np.float32))
    with pytest.raises(ShapeError, match="has 2 frames; received posteriors of 0"):
        machine.flush(GRID.samples_for(2))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"onset_threshold": 1.5}, "onset_threshold must lie in"),
        ({"onset_threshold": float("nan")}, "onset_threshold must lie in"),
        ({"onset_threshold": 0.3}, "must not exceed onset_threshold; received 0.35 > 0.3"),
        ({"hangover_s": -1.0}, "hangover_s must be a finite number of seconds >= 0; received -1.0"),
        ({"pad_end_s": float("inf")}, "pad_end_s"),
        ({"min_speach_s": 1.0}, "did you mean 'min_speech_s'"),
        ({"min_speech_s": "1"}, "must be a number; received '1'"),
        ({"min_speech_s": True}, "must be a number; received True"),
    ],
)
def test_a_rule_that_cannot_act_is_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        DecisionRule.from_dict(fields)


def test_all_problems_of_a_rule_are_named_at_once():
    with pytest.raises(ConfigError, match=r"onset_threshold.*hangover_s.*pad_start_s"):
        DecisionRule(onset_threshold=0.0, hangover_s=-1.0, pad_start_s=-2.0)


def test_a_rule_survives_its_dict():
    rule = DecisionRule(0.7, 0.2, 0.1, 0.2, 0.3, 0.05, 0.15)
    assert DecisionRule.from_dict(rule.to_dict()) == rule


@pytest.mark.parametrize("threshold", [0.35, 0.1, 0.7, 0.5])
def test_a_posterior_that_equals_a_threshold_reaches_it_in_any_chunking(threshold):
    # 0.35 and 0.7 lie below themselves as float32, 0.1 above: only in float32 are they equal.
    grid, rule = FrameGrid(), DecisionRule(threshold, threshold, min_speech_s=0.0, min_silence_s=0.0)
    values = np.array([0.0, threshold, 0.0, 0.99, 0.0, 0.0], np.float32)
    n_samples = grid.samples_for(len(values))
    whole, single = Decision(rule, grid), Decision(rule, grid)
    found = whole.push(values) + whole.flush(n_samples)
    assert len(found) == 2
    assert [s for v in values for s in single.push(np.array([v]))] + single.flush(n_samples) == found
